// Both storages keep the same promises.

import assert from "node:assert/strict";
import test from "node:test";

import "fake-indexeddb/auto";
import { indexedDbStorage, memoryStorage } from "../index.js";
import { isLive, sleep, titles, until, withBrowser } from "./helpers.js";

for (const [name, make] of [["memory", memoryStorage], ["IndexedDB", indexedDbStorage]]) {
  test(`${name}: rows are kept by name and table, and changed in one piece`, async () => {
    const storage = make();
    const [one, same, other] = [await storage.open("kim"), await storage.open("kim"), await storage.open("lee")];
    await one.put("meta", "a", { value: 1 });
    assert.deepEqual([await same.get("meta", "a"), await other.get("meta", "a"), await one.get("queue", "a")], [{ value: 1 }, undefined, undefined]);
    const added = (area, key) => area.change("queue", (rows) => (rows.set(key, { id: key, seq: rows.size }), rows.size));
    assert.deepEqual(await Promise.all(["x", "y", "z"].map((key, index) => added(index % 2 ? same : one, key))), [1, 2, 3]);
    await assert.rejects(one.change("queue", (rows) => {
      rows.clear();
      throw new Error("no");
    }));
    assert.deepEqual(await same.keys("queue"), ["x", "y", "z"]);
    await one.change("queue", (rows) => void rows.delete("y"));
    await one.delete("queue", "x");
    assert.deepEqual(await same.keys("queue"), ["z"]);
    await one.clear("queue");
    assert.deepEqual(await same.keys("queue"), []);
    for (const area of [one, same, other]) area.close();
  });
}

test("with IndexedDB a reload shows calendar and queue at once", withBrowser(async ({ server, open }) => {
  server.write("d1", "event_created", { id: "a", title: "a", event_date: "2026-11-26" });
  const first = await open();
  await until(() => isLive(first));
  await first.create("d1", { title: "b", event_date: "2026-11-26" }).done;
  await until(() => first.waiting.length === 0 && first.find("a") !== undefined);
  server.down = true;
  server.cut();
  first.create("d1", { title: "c", event_date: "2026-11-26" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  first.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const second = await open();
  await until(() => second.calendar("d1").loaded);
  assert.deepEqual([titles(second), second.departments.size, second.listed], [["a", "b", "c"], 1, true]);
  server.down = false;
  await until(() => isLive(second) && second.waiting.length === 0, 8);
  assert.deepEqual(server.departments.get("d1").log.length, 3);
}, { storage: indexedDbStorage() }));

const memory = memoryStorage();
let open = () => {};
/** A browser whose storage opens when it is told to. */
const hesitant = { open: async (name) => (await new Promise((resolve) => (open = resolve)), memory.open(name)) };

test("who one is is asked while the storage opens, and taken up once it is open", withBrowser(async ({ server, open: openPage }) => {
  server.write("d1", "event_created", { id: "a", title: "a", event_date: "2026-11-15" });
  const page = openPage();
  await until(() => server.requests.length > 0, 2);
  assert.deepEqual(server.requests.map(({ path }) => path), ["/api/session"]);
  await sleep(20);
  assert.equal(server.requests.length, 1);
  for (let opened = 0; opened < 2; opened += 1) {
    open();
    await sleep(10);
  }
  const sync = await page;
  await until(() => isLive(sync));
  assert.deepEqual(titles(sync), ["a"]);
}, { storage: hesitant }));
