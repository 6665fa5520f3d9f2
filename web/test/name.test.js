import assert from "node:assert/strict";
import test from "node:test";
import { cleanName, createName } from "../page/name.js";

function browser(stored = {}) {
  globalThis.localStorage = { getItem: (key) => stored[key] ?? null, setItem: (key, value) => (stored[key] = value) };
  return stored;
}

test("a name is one line of at most 100 characters, and can always be sent", () => {
  assert.equal(cleanName("  김철수\n"), "김철수");
  assert.equal(cleanName("a\u0000b\u0085c"), "a b c");
  assert.equal(cleanName("\ud800"), "");
  assert.equal([...cleanName("😀".repeat(101))].length, 100);
  assert.equal(encodeURIComponent(cleanName("가\ud800나")), encodeURIComponent("가 나"));
});

test("a name is asked for once: to have none is an answer, too", () => {
  const stored = browser();
  const first = createName();
  assert.equal(first.isSettled(), false);
  first.set("");
  assert.deepEqual([first.isSettled(), createName().isSettled(), createName().get()], [true, true, ""]);
  createName().set("이영희");
  assert.equal(createName().get(), "이영희");
  assert.deepEqual(stored, { "teamcal.name": "이영희" });
});

test("where the browser stores nothing, a name lasts as long as the page", () => {
  globalThis.localStorage = { getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); } };
  const name = createName();
  assert.equal(name.isSettled(), false);
  name.set("김철수");
  assert.deepEqual([name.isSettled(), name.get()], [true, "김철수"]);
});
