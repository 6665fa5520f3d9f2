import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { bothHalves, timesFrom } from "../page/events/time-texts.js";

// text → what the server takes it for; tests/domain/test_time_texts.py holds the server to the same file.
const CASES = JSON.parse(readFileSync(new URL("time-texts.json", import.meta.url), "utf8"));
const shown = (times) => (times === null ? null : times.start === null ? "all" : times.start + (times.end ? `-${times.end}` : ""));

test("texts are understood as the server understands them", () => {
  assert.ok(Object.keys(CASES).length > 900);
  for (const [text, expected] of Object.entries(CASES)) {
    assert.equal(shown(timesFrom(text)), expected, text);
    assert.equal(shown(timesFrom(text.normalize("NFD"))), expected, text);
  }
});

test("a time that misses its half of the day may be in both", () => {
  assert.deepEqual(bothHalves("3시 반"), ["03:30", "15:30"]);
  assert.deepEqual(bothHalves("12:15"), ["00:15", "12:15"]);
  for (const text of ["오후 3시", "14:00", "점심", "2시쯤", "0시", "12:60"]) assert.deepEqual(bothHalves(text), [], text);
});
