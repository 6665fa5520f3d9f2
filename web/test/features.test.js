// Each feature of the page has steps by mouse and by keyboard, and there are no steps of anything else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FEATURES } from "../e2e/features/list.mjs";

for (const [part, features] of Object.entries(FEATURES)) {
  test(`each feature of ${part} is done by mouse and by keyboard`, async () => {
    const { STEPS } = await import(`../e2e/features/${part}.mjs`);
    const names = features.map(([name]) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) {
      for (const by of ["mouse", "keyboard"]) assert.equal(typeof STEPS[name]?.[by], "function", `${name}, by ${by}`);
      assert.notEqual(STEPS[name].mouse, STEPS[name].keyboard, name);
    }
    assert.deepEqual(Object.keys(STEPS).toSorted(), names.toSorted());
  });
}
