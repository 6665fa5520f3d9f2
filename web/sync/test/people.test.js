// Queues and caches are of one person at one server.

import assert from "node:assert/strict";
import test from "node:test";

import { isLive, titles, until, withBrowser } from "./helpers.js";

const user = (id, more = {}) => ({ mode: "token", kind: "user", user: { id, name: id, ...more }, departments: null });
const NOBODY = { mode: "token", kind: "nobody", user: null };
const fields = { title: "김의 일정", event_date: "2026-11-26" };

test("another person's queue is never sent, and waits for him", withBrowser(async ({ server, open }) => {
  server.session = user("kim");
  const sync = await open();
  await until(() => isLive(sync));
  server.down = true;
  server.cut();
  const { event } = sync.create("d1", fields);
  await until(() => sync.connection.state === "offline");
  server.session = user("lee");
  server.down = false;
  await sync.refreshSession();
  await until(() => isLive(sync) && sync.session.user.id === "lee");
  assert.deepEqual([sync.waiting.length, titles(sync), sync.find(event.id)], [0, [], undefined]);
  assert.equal(server.departments.get("d1").log.length, 0);
  server.session = user("kim");
  await sync.refreshSession();
  await until(() => server.departments.get("d1").log.length === 1 && sync.waiting.length === 0);
  assert.deepEqual(titles(sync), ["김의 일정"]);
}));

test("who is signed out sees nothing, and nothing of him stays in the cache", withBrowser(async ({ server, open, storage }) => {
  server.session = user("kim");
  server.write("d1", "event_created", { id: "a", ...fields });
  const sync = await open();
  await until(() => isLive(sync));
  server.session = null;
  const [socket] = server.sockets;
  server.session = NOBODY;
  socket.fire("error", { success: false, code: "token_invalid" });
  await until(() => sync.connection.state === "signed_out");
  assert.deepEqual([sync.departments.size, titles(sync), sync.told("session").at(-1).session.kind], [0, [], "nobody"]);
  const area = await storage.open("teamcal-sync http://calendar.test/team/ user kim");
  const main = await storage.open("teamcal-sync http://calendar.test/team/");
  assert.deepEqual([await area.keys("calendars"), await main.get("meta", "last")], [[], undefined]);
  server.session = user("kim");
  await sync.refreshSession();
  await until(() => isLive(sync) && titles(sync).length === 1);
}));

test("a write that meets a session that has ended waits for the next sign-in", withBrowser(async ({ server, open }) => {
  server.session = user("kim");
  const sync = await open();
  await until(() => isLive(sync));
  let ended = true;
  server.faults.push(({ method }) => (ended && method === "POST" ? new Response('{"code":"token_invalid"}', { status: 401 }) : undefined));
  server.session = NOBODY;
  sync.create("d1", fields);
  await until(() => sync.connection.state === "signed_out");
  ended = false;
  server.session = user("kim");
  await sync.refreshSession();
  await until(() => server.departments.get("d1").log.length === 1);
}));

test("rights that change are told, and the session is looked at again", withBrowser(async ({ server, open }) => {
  server.session = user("kim");
  const sync = await open();
  await until(() => isLive(sync) && sync.listed);
  const [socket] = server.sockets;
  socket.fire("access_changed", { department_id: "d1", role: "viewer" });
  assert.equal(sync.departments.get("d1").role, "viewer");
  server.session = user("kim", { admin: true });
  socket.fire("access_changed", { department_id: null, role: null });
  await until(() => sync.session.user.admin === true);
  assert.deepEqual(sync.told("access"), [{ departmentId: "d1", role: "viewer" }, { departmentId: null, role: null }]);
  assert.ok(isLive(sync) || sync.connection.state === "catching_up");
}));

test("a program sends its token, a page the name that one gives oneself", withBrowser(async ({ server, open }) => {
  const sync = await open({ auth: () => ({ token: "t1" }), name: () => "김 하늘", language: "en" });
  await until(() => isLive(sync));
  await sync.create("d1", fields).done;
  const { headers } = server.requests.find(({ method }) => method === "POST");
  assert.deepEqual([headers.Authorization, headers["X-Display-Name"], headers["Accept-Language"]], ["Bearer t1", "%EA%B9%80%20%ED%95%98%EB%8A%98", "en"]);
  assert.deepEqual([...server.sockets][0].auth, { token: "t1", name: "김 하늘" });
}));

test("others are seen, oneself isn't", withBrowser(async ({ server, open }) => {
  const sync = await open({ presence: true });
  await until(() => isLive(sync));
  const [socket] = server.sockets;
  await until(() => socket.sent.some(([name]) => name === "presence"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const people = [{ id: "me", name: "나", event_id: null }, { id: "p2", name: "이", event_id: "e1" }];
  socket.fire("presence", { department_id: "d1", people, count: 2 });
  const { looking, editing, count } = sync.presence("d1");
  assert.deepEqual([looking, [...editing], count], [[{ id: "p2", name: "이" }], [["e1", [{ id: "p2", name: "이" }]]], 1]);
  sync.editing("d1", "e9");
  assert.deepEqual(socket.sent.at(-1), ["presence", { department_id: "d1", event_id: "e9" }]);
}));

test("a name that has changed goes along with a connection made anew", withBrowser(async ({ server, open }) => {
  let name = "김";
  const sync = await open({ name: () => name });
  await until(() => isLive(sync));
  name = "김민지";
  sync.renamed();
  await until(() => [...server.sockets].some(({ connected, auth }) => connected && auth?.name === "김민지"));
  await until(() => isLive(sync));
  server.write("d1", "event_created", { id: "a", ...fields });
  await until(() => titles(sync).length === 1);
}));
