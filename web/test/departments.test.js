import assert from "node:assert/strict";
import test from "node:test";
import { inOrder, placing } from "../page/departments/order.js";
import { COLOUR_NAMES, colourOf, freeColour } from "../page/departments/palette.js";
import { soloed, takesNew, toggled } from "../page/departments/selection.js";

const listed = (...departments) => new Map(departments.map((department) => [department.id, { name: department.id, ...department }]));
const ids = (departments) => inOrder(departments).map(({ id }) => id);

test("departments stand by their position; those without one come after, by name", () => {
  assert.deepEqual(ids(listed({ id: "c" }, { id: "b", position: 2 }, { id: "a" }, { id: "d", position: 1 })), ["d", "b", "a", "c"]);
});

/** Applies what is to be stored, as the server would. */
function moved(departments, id, to) {
  const next = new Map(departments);
  for (const { id: which, position } of placing(departments, id, to)) next.set(which, { ...next.get(which), position });
  return next;
}

test("a department comes to the place that it is dragged to, wherever it was", () => {
  for (const positions of [[1, 2, 3, 4], [undefined, undefined, undefined, undefined], [1, 1, 1, 1], [5, 6, undefined, undefined]]) {
    const before = listed(...positions.map((position, index) => ({ id: "abcd"[index], position })));
    const order = ids(before);
    for (const id of order) {
      for (let to = 0; to < 4; to += 1) {
        const expected = order.filter((each) => each !== id);
        expected.splice(to, 0, id);
        assert.deepEqual(ids(moved(before, id, to)), expected, `${positions} ${id} to ${to}`);
      }
    }
  }
});

test("one write is enough where there is room, and none where nothing changes", () => {
  const departments = listed({ id: "a", position: 1 }, { id: "b", position: 2 }, { id: "c", position: 3 });
  assert.deepEqual(placing(departments, "c", 1), [{ id: "c", position: 1.5 }]);
  assert.deepEqual(placing(departments, "a", 0), []);
  assert.deepEqual(placing(departments, "b", 99), [{ id: "b", position: 4 }]);
  assert.deepEqual(placing(departments, "unknown", 0), []);
});

test("hundreds of moves into one gap never lose the order", () => {
  let departments = listed({ id: "a", position: 1 }, { id: "b", position: 2 }, { id: "c", position: 3 });
  for (let count = 0; count < 300; count += 1) {
    const last = ids(departments)[2];
    departments = moved(departments, last, 1);
    assert.equal(ids(departments)[1], last);
  }
});

test("a department keeps its colour, whatever becomes of the others", () => {
  const departments = listed(...Array.from({ length: 30 }, (_, number) => ({ id: `department-${number}` })));
  const before = new Map([...departments].map(([id, department]) => [id, colourOf(department)]));
  departments.delete("department-3");
  for (const [id, department] of departments) assert.deepEqual(colourOf(department), before.get(id));
});

test("a stored colour counts: one of the palette, or its own", () => {
  assert.deepEqual(colourOf({ id: "a", color: "green" }), { number: COLOUR_NAMES.indexOf("green"), own: null });
  assert.equal(colourOf({ id: "a", color: "#12aB9f" }).own, "#12aB9f");
  assert.equal(colourOf({ id: "a", color: "url(evil)" }).own, null);
});

test("a new department gets a colour that is free", () => {
  const departments = listed(...COLOUR_NAMES.slice(0, 9).map((color, number) => ({ id: String(number), color })));
  assert.equal(freeColour(departments), COLOUR_NAMES[9]);
  assert.equal(freeColour(new Map()), COLOUR_NAMES[0]);
});

test("only this one, and back to what was shown before", () => {
  const all = listed({ id: "a" }, { id: "b" }, { id: "c" });
  const alone = soloed(new Set(["a", "b"]), "b", null, all);
  assert.deepEqual([...alone.shown], ["b"]);
  assert.deepEqual([...soloed(alone.shown, "b", alone.before, all).shown], ["a", "b"]);
  assert.deepEqual([...soloed(new Set(["b"]), "b", null, all).shown], ["a", "b", "c"]);
  const fewer = listed({ id: "b" }, { id: "c" });
  assert.deepEqual([...soloed(new Set(["b"]), "b", new Set(["a", "b"]), fewer).shown], ["b", "c"]);
  assert.deepEqual([...toggled(new Set(["a"]), "b", true)], ["a", "b"]);
  assert.deepEqual([...toggled(new Set(["a"]), "a", false)], []);
});

test("a new department is shown to who looks at all others, unless they are many", () => {
  const departments = new Map([["a"], ["b"], ["c"]]);
  assert.equal(takesNew({ shown: new Set(["a", "b"]), departments }, "c", 10), true);
  assert.equal(takesNew({ shown: new Set(["a"]), departments }, "c", 10), false);
  assert.equal(takesNew({ shown: new Set(["a", "b"]), departments }, "c", 2), false);
  assert.equal(takesNew({ shown: new Set(["c"]), departments: new Map([["c"]]) }, "c", 10), false);
  assert.equal(takesNew({ shown: new Set(), departments: new Map([["c"]]) }, "c", 10), true);
});
