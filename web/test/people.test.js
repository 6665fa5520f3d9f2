import assert from "node:assert/strict";
import test from "node:test";
import { changesOf, keyOf, matching } from "../page/accounts/people.js";

const users = [
  { id: "1", login: "Kim@example.com", name: "김철수" },
  { id: "2", login: "lee", name: "이영희" },
];

test("a member is named by the login, whatever its case, or as a group", () => {
  assert.equal(keyOf(" kim@EXAMPLE.com ", users), "1");
  assert.equal(keyOf("group:개발팀".normalize("NFD"), users), "group:개발팀");
  for (const typed of ["", "김철수", "park", "group:"]) assert.equal(keyOf(typed, users), null, typed);
});

test("what wasn't changed isn't sent", () => {
  const before = { access: "members", roles: { 1: "editor", 2: "viewer" }, has_passcode: true };
  const same = { access: "members", roles: { 2: "viewer", 1: "editor" }, passcode: "", removesPasscode: false };
  assert.deepEqual(changesOf(before, same), {});
  assert.deepEqual(changesOf(before, { ...same, access: "private" }), { access: "private" });
  assert.deepEqual(changesOf(before, { ...same, roles: { 1: "editor" } }), { roles: { 1: "editor" } });
  assert.deepEqual(changesOf(before, { ...same, passcode: " 암호 " }), { passcode: " 암호 " });
  assert.deepEqual(changesOf(before, { ...same, removesPasscode: true }), { passcode: null });
  assert.deepEqual(changesOf(before, { ...same, passcode: "1234", removesPasscode: true }), { passcode: "1234" });
});

test("users are found by a part of the login or the name", () => {
  const found = (typed) => matching(users, typed).map(({ id }) => id);
  assert.deepEqual(found(""), ["1", "2"]);
  assert.deepEqual(found("KIM"), ["1"]);
  assert.deepEqual(found("영희".normalize("NFD")), ["2"]);
  assert.deepEqual(found("kim 김"), []);
});
