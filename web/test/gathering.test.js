import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { createGathering } from "../page/notices/gathering.js";

test("what comes in quick succession comes out at once, and not later than it may", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const all = [];
  const gathering = createGathering((items) => all.push(items), { quiet: 600, longest: 2_500 });
  gathering.add([1]);
  mock.timers.tick(500);
  gathering.add([2]);
  mock.timers.tick(599);
  assert.deepEqual(all, []);
  mock.timers.tick(1);
  assert.deepEqual(all, [[1, 2]]);
  for (let number = 0; number < 10; number += 1) {
    gathering.add([number]);
    mock.timers.tick(500);
  }
  assert.equal(all.length, 2 + 1);
  assert.equal(all[1].length, 5);
  gathering.finish();
  mock.timers.reset();
});

test("of many, more is waited for", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const all = [];
  const gathering = createGathering((items) => all.push(items), { quiet: 600, longest: 2_500, many: 20 });
  for (let part = 0; part < 5; part += 1) {
    gathering.add(Array.from({ length: 60 }));
    mock.timers.tick(1_500);
  }
  assert.deepEqual(all, []);
  mock.timers.tick(300);
  assert.deepEqual(all.map(({ length }) => length), [300]);
  for (let part = 0; part < 10; part += 1) {
    gathering.add(Array.from({ length: 60 }));
    mock.timers.tick(1_000);
  }
  assert.equal(all[1].length, 480, "but not for ever");
  gathering.finish();
  mock.timers.reset();
});
