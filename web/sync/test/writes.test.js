// Own writes: shown at once, sent exactly once and in order, whatever becomes of answers, tabs and people.

import assert from "node:assert/strict";
import test from "node:test";

import { memoryStorage } from "../index.js";
import { isLive, sleep, titles, until, withBrowser } from "./helpers.js";

const fields = (title, more = {}) => ({ title, event_date: "2026-11-26", ...more });
const events = (server, id = "d1") => [...server.departments.get(id).events.values()];
const writesOf = (server) => server.requests.filter(({ method, path }) => method !== "GET" && path.includes("/events/"));
const isIdle = (sync) => sync.waiting.length === 0;

test("a write is shown at once, then as the server has it", withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  const write = sync.create("d1", fields("a"));
  assert.deepEqual([sync.find(write.event.id).pending, sync.connection.waiting], [true, 1]);
  const event = await write.done;
  assert.deepEqual([event.version, sync.find(event.id).pending, sync.find(event.id).version], [1, undefined, 1]);
  await until(() => isIdle(sync) && sync.told("changed").at(-1)?.changes.some(({ event: { version } }) => version === 1));
  assert.ok(sync.told("changed").flatMap(({ changes }) => changes).every(({ own }) => own), "its live message is known as one's own");
}));

test("writes to one event are a chain: each goes with the version that the one before has made", withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  const { event } = sync.create("d1", fields("a"));
  sync.update(sync.find(event.id), { title: "b" });
  sync.update(sync.find(event.id), { location: "3층" });
  const last = sync.update(sync.find(event.id), { title: "c" });
  assert.deepEqual([sync.find(event.id).title, sync.find(event.id).location], ["c", "3층"]);
  await last.done;
  assert.deepEqual(writesOf(server).map(({ headers }) => headers["If-Match"]), [undefined, '"1"', '"2"', '"3"']);
  assert.deepEqual(events(server).map(({ title, location, version }) => [title, location, version]), [["c", "3층", 4]]);
}));

test("an answer that is lost makes no second write", withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  let losses = 3;
  server.faults.push(({ method }) => (method !== "GET" && (losses -= 1) >= 0 ? "lose" : undefined));
  const created = await sync.create("d1", fields("a")).done;
  losses = 2;
  await sync.update(sync.find(created.id), { title: "b" }).done;
  losses = 2;
  await sync.remove(sync.find(created.id)).done;
  await until(() => isIdle(sync));
  assert.deepEqual(server.departments.get("d1").log.map(({ kind }) => kind), ["event_created", "event_updated", "event_deleted"]);
  assert.ok(writesOf(server).length > 3);
}));

test("an answer that is lost makes no second write where the server knows no keys, either", withBrowser(async ({ server, open }) => {
  server.keys = { has: () => false, set: () => {} };
  const sync = await open();
  await until(() => isLive(sync));
  let losses = 1;
  server.faults.push(({ method }) => (method !== "GET" && (losses -= 1) >= 0 ? "lose" : undefined));
  const created = await sync.create("d1", fields("a")).done;
  losses = 1;
  await sync.update(sync.find(created.id), { title: "b" }).done;
  losses = 1;
  await sync.remove(sync.find(created.id)).done;
  assert.deepEqual(server.departments.get("d1").log.map(({ kind }) => kind), ["event_created", "event_updated", "event_deleted"]);
}));

test("503, 429 and answers of something in between are tried again, for as long as it takes", withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  const trouble = [
    new Response("<html>", { status: 404 }), new Response("<html>", { status: 200 }),
    new Response('{"code":"storage_unavailable"}', { status: 503 }), new Response('{"code":"too_many_requests"}', { status: 429 }),
  ];
  server.faults.push(({ method }) => (method === "POST" ? trouble.shift() : undefined));
  await sync.create("d1", fields("a")).done;
  assert.equal(events(server).length, 1);
}));

test("what the server refuses is told, and what was made on top of it goes as well", withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  const write = sync.create("d1", fields(""));
  const second = sync.update(write.event, { location: "x" });
  await assert.rejects(write.done, { status: 400, code: "validation_error", errors: [{ field: "title", message: "required" }] });
  await assert.rejects(second.done, { code: "validation_error" });
  assert.deepEqual(sync.told("refused").map(({ write: { id } }) => id), [write.id, second.id]);
  assert.deepEqual([titles(sync), sync.waiting.length, events(server).length], [[], 0, 0]);
}));

test("offline, writes are kept over a reload and sent on return, once", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", { id: "old", ...fields("old") });
  const first = await open();
  await until(() => isLive(first));
  server.down = true;
  server.cut();
  first.create("d1", fields("new"));
  first.update(first.find("old"), { title: "older" });
  await until(() => first.connection.state === "offline");
  await sleep(50);
  first.stop();
  const second = await open();
  await until(() => second.calendar("d1").loaded);
  assert.deepEqual(titles(second), ["new", "older"], "the cache and the queue are there without a server");
  assert.equal(second.connection.waiting, 2);
  server.down = false;
  await until(() => isLive(second) && isIdle(second), 8);
  assert.deepEqual(events(server).map(({ title }) => title).sort(), ["new", "older"]);
  assert.equal(server.departments.get("d1").log.length, 3);
}));

test("what waits is bounded in bytes: a further write is refused, and those before it are sent", { timeout: 60_000 }, withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  server.down = true;
  server.cut();
  const long = "가".repeat(100_000);
  const writes = Array.from({ length: 60 }, (_, number) => sync.create("d1", { ...fields(`e${number}`), description: long }));
  await until(() => sync.told("refused").length > 0);
  const refused = sync.told("refused").map(({ write }) => write.id);
  assert.ok(Buffer.byteLength(JSON.stringify(sync.waiting)) < 4 * 1024 * 1024);
  assert.equal(sync.waiting.length + refused.length, writes.length);
  assert.ok(sync.waiting.length >= 4);
  await assert.rejects(writes.at(-1).done, { status: 0, code: "queue_full" });
  server.down = false;
  await until(() => isLive(sync) && isIdle(sync), 20);
  assert.equal(events(server).length, writes.length - refused.length);
}));

test("two tabs share a queue: one sends, and the other takes over when it dies", { timeout: 30_000 }, withBrowser(async ({ server, open }) => {
  const [first, second] = [await open(), await open()];
  await until(() => isLive(first) && isLive(second));
  for (let number = 0; number < 20; number += 1) (number % 2 ? first : second).create("d1", fields(`e${number}`));
  await until(() => isIdle(first) && isIdle(second));
  assert.deepEqual([events(server).length, server.departments.get("d1").log.length, writesOf(server).length], [20, 20, 20]);
  server.faults.push(({ method }) => (method === "POST" ? "fail" : undefined));
  first.create("d1", fields("left"));
  await until(() => writesOf(server).length > 20);
  await until(() => titles(second).includes("left"));
  first.stop();
  server.faults.length = 0;
  await until(() => events(server).some(({ title }) => title === "left"), 10);
  await until(() => isIdle(second));
  assert.equal(server.departments.get("d1").log.length, 21);
}));

test("without a BroadcastChannel tabs look for themselves", { timeout: 30_000 }, withBrowser(async ({ server, open }) => {
  const [first, second] = [await open(), await open()];
  await until(() => isLive(first) && isLive(second));
  await Promise.all([first.create("d1", fields("a")).done, second.create("d1", fields("b")).done]);
  await until(() => isIdle(first) && isIdle(second), 10);
  assert.equal(server.departments.get("d1").log.length, 2);
}, { BroadcastChannel: null }));

for (const keep of ["mine", "theirs", "new"]) {
  test(`a conflict is asked about: ${keep}`, withBrowser(async ({ server, open }) => {
    server.write("d1", "event_created", { id: "x", ...fields("x") });
    let conflict;
    const sync = await open({ onConflict: async (asked) => ((conflict = asked), { keep }) });
    await until(() => isLive(sync));
    const shown = sync.find("x");
    server.write("d1", "event_updated", { id: "x", title: "theirs", location: "there" });
    await until(() => titles(sync)[0] === "theirs");
    const write = sync.update(shown, { title: "mine" });
    const event = await write.done.catch((error) => error);
    assert.deepEqual([conflict.kind, conflict.base.title, conflict.mine.title, conflict.theirs.title, conflict.fields], ["changed", "x", "mine", "theirs", { title: "mine" }]);
    assert.deepEqual(conflict.changed, ["title"]);
    const expected = { mine: ["mine"], theirs: ["theirs"], new: ["mine", "theirs"] };
    assert.deepEqual(events(server).map(({ title }) => title).sort(), expected[keep]);
    if (keep === "theirs") assert.equal(event.code, "discarded");
    await until(() => isIdle(sync));
    assert.deepEqual(titles(sync), expected[keep]);
  }));
}

test("what was written after it in the chain goes the way of the decision", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", { id: "x", ...fields("x") });
  let decide;
  const sync = await open({ onConflict: ({ mine }) => new Promise((resolve) => (decide = () => resolve({ keep: "mine" }), assert.equal(mine.location, "here"))) });
  await until(() => isLive(sync));
  const shown = sync.find("x");
  server.write("d1", "event_updated", { id: "x", title: "theirs" });
  sync.update(shown, { title: "mine" });
  const second = sync.update({ ...sync.find("x"), version: shown.version }, { location: "here" });
  const other = sync.create("d1", fields("other"));
  await until(() => decide !== undefined);
  await other.done; // another chain isn't held up
  assert.equal(sync.waiting.find(({ state }) => state === "asking").kind, "update");
  decide();
  await second.done;
  assert.deepEqual(events(server).map(({ title, location }) => [title, location]), [["mine", "here"], ["other", undefined]]);
}));

test("an event that is gone is offered to be saved as a new one", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", { id: "x", ...fields("x", { location: "3층" }) });
  const kinds = [];
  const sync = await open({ onConflict: async ({ kind, theirs }) => (kinds.push(kind, theirs), { keep: "new" }) });
  await until(() => isLive(sync));
  const shown = sync.find("x");
  server.write("d1", "event_deleted", { id: "x" });
  await until(() => titles(sync).length === 0);
  const event = await sync.update(shown, { title: "kept" }).done;
  assert.deepEqual([kinds, event.title, event.location, event.id === "x"], [["gone", null], "kept", "3층", false]);
}));

test("without somebody to ask, a conflict refuses the write", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", { id: "x", ...fields("x") });
  const sync = await open();
  await until(() => isLive(sync));
  const shown = sync.find("x");
  server.write("d1", "event_updated", { id: "x", title: "theirs" });
  await assert.rejects(sync.update(shown, { title: "mine" }).done, { code: "version_conflict", status: 412 });
  assert.deepEqual([titles(sync), sync.told("refused").length], [["theirs"], 1]);
}));

test("own earlier writes are no conflict for a form that was opened before them", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", { id: "x", ...fields("x") });
  const sync = await open();
  await until(() => isLive(sync));
  const form = sync.find("x");
  await sync.update(sync.find("x"), { event_date: "2026-11-27" }).done;
  await until(() => isIdle(sync));
  await sync.update(form, { title: "y" }).done;
  assert.deepEqual(events(server).map(({ title, event_date: day }) => [title, day]), [["y", "2026-11-27"]]);
}));

test("every kind of write can be undone", withBrowser(async ({ server, open }) => {
  server.department("d2");
  server.write("d1", "event_created", { id: "x", ...fields("x", { start_time: "10:00" }) });
  const sync = await open();
  await until(() => isLive(sync));
  const updated = sync.update(sync.find("x"), { title: "y", start_time: null, location: "3층" });
  await updated.done;
  await sync.undo(updated).done;
  assert.deepEqual(events(server).map(({ title, start_time, location }) => [title, start_time, location]), [["x", "10:00", undefined]]);
  const removed = sync.remove(sync.find("x"));
  await sync.undo(removed).done;
  assert.deepEqual(events(server).map(({ title }) => title), ["x"]);
  await until(() => isIdle(sync) && sync.find("x").pending === undefined);
  const moved = sync.move(sync.find("x"), "d2");
  assert.deepEqual([titles(sync, "d1"), titles(sync, "d2")], [[], ["x"]]);
  await sync.undo(moved).done;
  assert.deepEqual([events(server, "d1").length, events(server, "d2").length], [1, 0]);
  const created = sync.create("d1", fields("z"));
  await sync.undo(created).done;
  assert.deepEqual(events(server).map(({ title }) => title), ["x"]);
}));

test("a write that hasn't been sent can be discarded", withBrowser(async ({ server, open }) => {
  const sync = await open();
  await until(() => isLive(sync));
  server.down = true;
  server.cut();
  await until(() => sync.connection.state === "offline");
  const sent = sync.create("d1", fields("tried"));
  await sleep(50);
  assert.equal(await sync.discard(sent.id), false, "it may have reached the server");
  const next = sync.update(sent.event, { title: "second" });
  await sleep(20);
  assert.equal(await sync.discard(next.id), true);
  await assert.rejects(next.done, { code: "discarded" });
  assert.deepEqual(titles(sync), ["tried"]);
}));

/** A storage that is full for a queue. */
function fullStorage() {
  const storage = memoryStorage();
  const full = (rows, size) => rows.size > size && [...rows.keys()].some((key) => key !== "~lease");
  return {
    async open(name) {
      const area = await storage.open(name);
      const change = (table, work) => area.change(table, (rows) => {
        const size = rows.size;
        const result = work(rows);
        if (full(rows, size)) throw new Error("QuotaExceededError");
        return result;
      });
      return { ...area, change };
    },
  };
}

test("a queue that can't be stored is kept in memory and sent, and that is told", withBrowser(async ({ server, open }) => {
  const sync = await open({ storage: fullStorage() });
  await until(() => isLive(sync));
  assert.equal(sync.connection.keeping, true);
  const { event, done } = sync.create("d1", fields("a"));
  await done;
  assert.equal(sync.connection.keeping, false);
  server.down = true;
  server.cut();
  sync.update(event, { title: "b" });
  await until(() => sync.connection.state === "offline" && sync.connection.waiting === 1);
  server.down = false;
  await until(() => isLive(sync) && sync.connection.waiting === 0, 10);
  assert.deepEqual([titles(sync), sync.told("refused"), server.departments.get("d1").log.length], [["b"], [], 2]);
}));

test("a storage that can't be opened doesn't keep the page from working", withBrowser(async ({ open }) => {
  const sync = await open({ storage: { open: () => Promise.reject(new Error("SecurityError")) } });
  await until(() => isLive(sync));
  await sync.create("d1", fields("a")).done;
  assert.deepEqual([titles(sync), sync.connection.keeping], [["a"], false]);
}));
