// Calendars stay what the server has: joins, live changes, gaps, lost connections, a frozen server, windows.

import assert from "node:assert/strict";
import test from "node:test";

import { isLive, sleep, titles, until, withBrowser } from "./helpers.js";

const event = (id, fields = {}) => ({ id, title: id, event_date: "2026-11-26", ...fields });

test("a joined calendar is there, and live changes are applied and told once", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", event("a"));
  const sync = await open();
  await until(() => isLive(sync));
  assert.deepEqual(titles(sync), ["a"]);
  server.write("d1", "event_created", { ...event("b"), by: "김하늘", by_verified: false });
  server.write("d1", "event_updated", { id: "a", title: "A" });
  server.write("d1", "event_deleted", { id: "b" });
  await until(() => sync.told("changed").flatMap(({ changes }) => changes).length === 3);
  assert.deepEqual(titles(sync), ["A"]);
  const [created, updated, deleted] = sync.told("changed").at(-1).changes;
  assert.deepEqual([created.kind, created.by, created.byVerified, created.own], ["event_created", "김하늘", false, false]);
  assert.deepEqual([updated.before.title, updated.event.title], ["a", "A"]);
  assert.equal(deleted.kind, "event_deleted");
  assert.equal(sync.told("changed").filter(({ changes }) => changes.length > 0).length, 1, "a burst is told once");
}));

test("what was missed while away is caught up, and said to be", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", event("a"));
  const sync = await open();
  await until(() => isLive(sync));
  server.cut();
  assert.equal(sync.connection.state, "offline");
  server.write("d1", "event_created", event("b"));
  server.write("d1", "event_deleted", { id: "a" });
  await until(() => isLive(sync));
  assert.deepEqual(titles(sync), ["b"]);
  await until(() => sync.told("changed").some(({ caughtUp }) => caughtUp));
  const { changes } = sync.told("changed").find(({ caughtUp }) => caughtUp);
  assert.deepEqual(changes.map(({ kind }) => kind).sort(), ["event_created", "event_deleted"]);
}));

test("a change that was skipped is noticed, and one that is repeated is not applied", withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  const [socket] = server.sockets;
  const { tell } = socket;
  socket.tell = () => {};
  server.write("d1", "event_created", event("lost"));
  socket.tell = tell;
  server.write("d1", "event_created", event("next"));
  await until(() => titles(sync).length === 2 && isLive(sync));
  socket.fire("event_created", { ...event("next", { title: "again" }), department_id: "d1", revision: 2, version: 1 });
  assert.deepEqual(titles(sync), ["lost", "next"]);
}));

test("a table that was restored is just another calendar", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", event("a"));
  server.write("d1", "event_created", event("b"));
  const sync = await open();
  await until(() => isLive(sync));
  const calendar = server.departments.get("d1");
  Object.assign(calendar, { epoch: "e2", revision: 40 });
  calendar.events.delete("b");
  server.cut();
  await until(() => isLive(sync));
  assert.deepEqual([titles(sync), sync.calendar("d1").revision], [["a"], 40]);
  server.write("d1", "event_created", event("c"));
  await until(() => titles(sync).length === 2);
}));

test("a frozen server is noticed within ten seconds", { timeout: 20_000 }, withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  server.frozen = true;
  const frozenAt = Date.now();
  await until(() => sync.connection.state === "offline", 11);
  assert.ok(Date.now() - frozenAt < 10_000);
  server.frozen = false;
  server.write("d1", "event_created", event("a"));
  await until(() => isLive(sync));
  assert.deepEqual(titles(sync), ["a"]);
}));

test("who is refused while connected connects anew", { timeout: 20_000 }, withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  const [socket] = server.sockets;
  socket.refuse();
  assert.equal(sync.connection.state, "offline");
  server.write("d1", "event_created", event("a"));
  await until(() => isLive(sync), 6);
  assert.deepEqual(titles(sync), ["a"]);
  assert.equal(server.sockets.size, 1);
}));

test("a window is held first, other days are loaded when they are asked for, live changes are of all days", withBrowser(async ({ server, open }) => {
  for (const month of ["09", "10", "11", "12"]) server.write("d1", "event_created", event(month, { event_date: `2026-${month}-15` }));
  server.write("d1", "event_created", event("series", { event_date: "2020-01-01", recurrence: "FREQ=YEARLY" }));
  const sync = await open({}, []);
  await sync.range("2026-11-01", "2026-11-30");
  sync.show(["d1"]);
  await until(() => isLive(sync));
  assert.deepEqual(titles(sync), ["11", "series"]);
  await sync.range("2026-10-01", "2026-12-31");
  assert.deepEqual(titles(sync), ["10", "11", "12", "series"]);
  assert.deepEqual(sync.told("held").at(-1), { from: "2026-10-01", to: "2026-12-31" });
  server.write("d1", "event_updated", { id: "09", title: "far" });
  await until(() => titles(sync).includes("far"));
  assert.deepEqual(sync.occurrences({ from: "2026-09-01", to: "2026-12-31" }).map(({ title }) => title), ["far", "10", "11", "12"]);
}));

test("what is deleted while a range is on its way stays deleted", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", event("x", { event_date: "2026-12-15" }));
  const sync = await open({}, []);
  await sync.range("2026-11-01", "2026-11-30");
  sync.show(["d1"]);
  await until(() => isLive(sync));
  server.faults.push((request) => {
    if (request.query.from !== "2026-12-01") return undefined;
    const answer = server.answerTo(request);
    server.write("d1", "event_deleted", { id: "x" });
    return new Promise((resolve) => setTimeout(() => resolve(answer), 30));
  });
  await sync.range("2026-12-01", "2026-12-31");
  assert.deepEqual(titles(sync), []);
}));

test("departments come, change and go", withBrowser(async ({ server, open }) => {
  server.department("d2", "둘");
  const sync = await open();
  await until(() => isLive(sync) && sync.listed);
  const [socket] = server.sockets;
  socket.fire("department_updated", { id: "d2", name: "둘째", color: "teal", position: 2, revision: 9, cursor: "c" });
  assert.deepEqual(sync.departments.get("d2"), { id: "d2", name: "둘째", color: "teal", position: 2 });
  server.departments.delete("d2");
  socket.fire("department_deleted", { id: "d2" });
  assert.deepEqual([sync.departments.has("d2"), [...sync.shown], sync.told("gone").map(({ departmentId }) => departmentId)], [false, ["d1"], ["d2"]]);
}));

test("without Socket.IO the calendar comes over REST, and own writes are seen", { timeout: 20_000 }, withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", event("a"));
  server.io = () => ({ on() {}, onAny() {}, emit() {}, connect() { return this; }, disconnect() { return this; }, connected: false, active: true });
  const sync = await open();
  await until(() => titles(sync).length === 1, 6);
  await sync.create("d1", event("b")).done;
  await until(() => sync.calendar("d1").events.get("b")?.pending === undefined && titles(sync).length === 2);
}));

test("listeners that throw stop nothing, and stop() leaves no timer", withBrowser(async ({ server, open }) => {
  const timers = new Set();
  const environment = {
    setTimeout: (work, after) => {
      const timer = setTimeout(() => (timers.delete(timer), work()), after);
      timers.add(timer);
      return timer;
    },
    clearTimeout: (timer) => (timers.delete(timer), clearTimeout(timer)),
  };
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const sync = await open({ environment });
  sync.on("changed", () => { throw new Error("of a listener"); });
  await until(() => isLive(sync));
  server.write("d1", "event_created", event("a"));
  await until(() => titles(sync).length === 1 && reported.length > 0);
  delete globalThis.reportError;
  sync.stop();
  await sleep(20);
  assert.equal(timers.size, 0);
}));

test("a new version of the server is told once", withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync) && sync.version !== null);
  server.version = "1.1.0";
  server.cut();
  await until(() => sync.told("newversion").length > 0);
  assert.deepEqual(sync.told("newversion"), [{ version: "1.1.0" }]);
}));
