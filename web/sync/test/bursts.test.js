import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { createBursts } from "../src/bursts.js";
import { createTimers } from "../src/timers.js";

const change = (number) => ({ kind: "event_created", event: { id: String(number) } });
let clock = 0;
let told = [];
let bursts;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  [clock, told] = [1_000_000, []];
  bursts = createBursts({ timers: createTimers({ setTimeout, clearTimeout }), environment: { now: () => clock }, tell: (message) => told.push(message.changes.length) });
});
afterEach(() => mock.timers.reset());

function passed(milliseconds) {
  for (let count = 0; count < milliseconds; count += 1) {
    clock += 1;
    mock.timers.tick(1);
  }
}

test("what comes close together is told at once, and a single change soon", () => {
  bursts.add("d", [change(1)]);
  passed(9);
  assert.deepEqual(told, [1]);
  for (let number = 0; number < 10; number += 1) {
    bursts.add("d", [change(number)]);
    passed(4);
  }
  passed(9);
  assert.deepEqual(told, [1, 10]);
});

test("a burst without an end is told every tenth of a second", () => {
  for (let number = 0; number < 100; number += 1) {
    bursts.add("d", [change(number)]);
    passed(5);
  }
  passed(20);
  assert.equal(told.reduce((sum, count) => sum + count), 100);
  assert.ok(told.length >= 4 && told.length <= 6, told.join());
});

for (const hours of [-1, 1]) {
  test(`a clock that is put ${hours < 0 ? "back" : "forward"} holds nothing up`, () => {
    bursts.add("d", [change(1)]);
    passed(4);
    clock += hours * 3_600_000;
    bursts.add("d", [change(2)]);
    passed(20);
    assert.equal(told.reduce((sum, count) => sum + count), 2);
  });
}

test("what is forgotten isn't told", () => {
  bursts.add("d", [change(1)]);
  bursts.add("e", [change(2), change(3)]);
  bursts.forget("d");
  passed(20);
  assert.deepEqual(told, [2]);
});
