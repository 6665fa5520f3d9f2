import assert from "node:assert/strict";
import test from "node:test";
import { editable, isNobody, isSame, isUser, mayAdminister, mayEdit, mayManage, namesHimself } from "../page/accounts/rights.js";

const open = { mode: "open", kind: "open", user: null };
const token = (kind, more = {}) => ({ mode: "token", kind, user: null, departments: null, ...more });
const user = (more = {}) => token("user", { user: { id: "u", login: "kim", name: "김철수", admin: false, ...more } });
const rights = (session, department) => [mayEdit(session, department), mayManage(session, department)];

test("in open mode everybody may do everything", () => {
  assert.deepEqual(rights(open, { id: "d" }), [true, true]);
  assert.equal(mayAdminister(open), true);
});

test("as long as nobody knows who one is, one may do nothing", () => {
  assert.deepEqual(rights(null, { id: "d", role: "manager" }), [false, false]);
  assert.equal(mayAdminister(null), false);
});

test("in token mode the role that the list says decides", () => {
  const expected = { viewer: [false, false], editor: [true, false], manager: [true, true], administrator: [true, true] };
  for (const [role, may] of Object.entries(expected)) {
    for (const session of [user(), token("guest"), token("passcode")]) assert.deepEqual(rights(session, { role }), may, role);
  }
  assert.equal(mayAdminister(user()), false);
});

test("a role that isn't known yet, or that this page doesn't know, is a viewer's", () => {
  for (const role of [undefined, null, "owner"]) assert.deepEqual(rights(user(), { role }), [false, false]);
  assert.deepEqual(rights(user(), undefined), [false, false]);
});

test("an administrator may do everything everywhere", () => {
  assert.deepEqual(rights(user({ admin: true }), { id: "d" }), [true, true]);
  assert.equal(mayAdminister(user({ admin: true })), true);
});

test("events are made where one may edit", () => {
  const departments = new Map([["a", { role: "viewer" }], ["b", { role: "editor" }], ["c", {}]]);
  assert.deepEqual([...editable(user(), departments).keys()], ["b"]);
  assert.deepEqual([...editable(open, departments).keys()], ["a", "b", "c"]);
});

test("whoever isn't signed in, but may be here, names himself", () => {
  assert.deepEqual([open, token("guest"), token("passcode"), user(), token("nobody"), null].map(namesHimself), [true, true, true, false, false, false]);
});

test("it is seen when somebody else sits here", () => {
  assert.equal(isSame(user(), user({ name: "김영희" })), true);
  assert.equal(isSame(user(), user({ id: "v" })), false);
  assert.equal(isSame(user(), token("guest")), false);
  assert.equal(isSame(token("passcode", { departments: ["a"] }), token("passcode", { departments: ["b"] })), false);
  assert.deepEqual([isNobody(token("nobody")), isNobody(open), isUser(user()), isUser(open)], [true, false, true, false]);
});
