import assert from "node:assert/strict";
import test from "node:test";
import { asked, departmentIn } from "../page/links.js";

test("a link's fragment says what it is for", () => {
  assert.deepEqual(asked("#setup=q-R_9"), ["setup", "q-R_9"]);
  assert.deepEqual(asked("#device=BCDF-GHJK"), ["device", "BCDF-GHJK"]);
  assert.deepEqual(asked("#sign-in=sign_in_refused"), ["sign-in", "sign_in_refused"]);
  for (const fragment of ["", "#", "#day", "#setup=", "#other=1", "#%E0%A4%A", "#setup"]) assert.deepEqual(asked(fragment), [], fragment);
});

test("a department is meant by its link or by its id", () => {
  assert.equal(departmentIn(" https://calendar.example.com/a/#department=d-1 "), "d-1");
  assert.equal(departmentIn("#department=d-1"), "d-1");
  assert.equal(departmentIn(" d-1 "), "d-1");
});
