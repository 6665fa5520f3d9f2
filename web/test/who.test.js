import assert from "node:assert/strict";
import test from "node:test";
import { shownName } from "../page/accounts/shown-name.js";
import { MESSAGES, translator } from "../page/messages.js";
import { isSameName } from "../page/departments/same-name.js";

test("the bar says who one is, in every mode", () => {
  const user = { mode: "token", kind: "user", user: { name: "김철수" } };
  assert.deepEqual(shownName(user, "x"), { values: { name: "김철수" }, isName: true });
  assert.equal(shownName({ mode: "token", kind: "nobody" }, "").key, "sign_in");
  assert.equal(shownName({ mode: "token", kind: "guest" }, "").key, "guest");
  assert.deepEqual(shownName({ mode: "token", kind: "guest" }, "박"), { key: "guest_of", values: { name: "박" } });
  assert.equal(shownName({ mode: "token", kind: "passcode" }, "").key, "by_passcode");
  assert.equal(shownName({ mode: "open" }, "").key, "name_missing");
  assert.deepEqual(shownName({ mode: "open" }, "박"), { values: { name: "박" }, isName: true });
});

test("a department's name is the same composed and decomposed, but not another one", () => {
  assert.ok(isSameName(" 개발팀 ".normalize("NFD"), "개발팀"));
  assert.ok(!isSameName("개발", "개발팀"));
  assert.ok(!isSameName("", "개발팀"));
});
