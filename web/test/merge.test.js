import assert from "node:assert/strict";
import test from "node:test";
import { comparable, createConflicts } from "../page/events/conflicts.js";
import { compare, without } from "../page/events/merge.js";

const event = (fields = {}) => ({
  id: "a", department_id: "d", title: "회의", event_date: "2026-11-26", time: "오전 10:00~11:00", start_time: "10:00", end_time: "11:00", description: "", url: "", version: 1, ...fields,
});
const of = (fields) => comparable(event(fields));

test("what only one has changed is put together, what both have changed is asked", () => {
  assert.deepEqual(compare(of(), of({ title: "조회" }), of({ location: "3층" })), { taken: ["location"], kept: ["title"], clashes: [] });
  assert.deepEqual(compare(of(), of({ title: "조회" }), of({ title: "점검" })), { taken: [], kept: [], clashes: ["title"] });
  assert.deepEqual(compare(of(), of({ title: "조회" }), of({ title: "조회" })).clashes, []);
});

test("another day and another start are the same question", () => {
  assert.deepEqual(compare(of(), of({ start_time: "14:00", end_time: "15:00" }), of({ event_date: "2026-11-27" })).clashes, ["when"]);
});

test("a colleague's move isn't undone by a change of something else", () => {
  assert.deepEqual(compare(of(), of({ description: "x" }), of({ event_date: "2026-12-01" })), { taken: ["when"], kept: ["description"], clashes: [] });
  assert.deepEqual(compare(of(), of({ description: "x" }), of({ department_id: "e" })).taken, ["department_id"]);
});

test("line ends of the desktop client are no change", () => {
  assert.deepEqual(compare(of({ description: "a\r\nb" }), of({ description: "a\nb" }), of({ description: "a\r\nb" })), { taken: [], kept: [], clashes: [] });
});

test("fields of a group leave together", () => {
  assert.deepEqual(without({ start_time: "14:00", end_time: "15:00", title: "x" }, ["when"]), { title: "x" });
});

function conflict({ mine, theirs, fields = mine, kind = "changed", write = "update" }) {
  return { kind, base: event(), mine: event(mine), theirs: theirs && event({ ...theirs, version: 2 }), fields, changed: null, write: { kind: write }, signal: new AbortController().signal };
}

test("a write that contradicts nobody goes through with its own fields only", async () => {
  const onConflict = createConflicts({ ask: () => assert.fail("nobody is to be asked") });
  assert.deepEqual(await onConflict(conflict({ mine: { title: "조회" }, theirs: { event_date: "2026-12-01" } })), { keep: "mine", fields: { title: "조회" } });
});

test("each group is chosen by itself", async () => {
  const asked = [];
  const onConflict = createConflicts({ ask: (question) => asked.push(question.groups) && { keep: "mine", groups: ["when"] } });
  const both = conflict({ mine: { title: "조회", event_date: "2026-11-30", location: "1층" }, theirs: { title: "점검", event_date: "2026-12-01" } });
  assert.deepEqual(await onConflict(both), { keep: "mine", fields: { title: "조회", location: "1층" } });
  assert.deepEqual(asked, [["title", "when"]]);
  assert.deepEqual(await onConflict(conflict({ mine: { event_date: "2026-11-30" }, theirs: { event_date: "2026-12-01" } })), { keep: "theirs" });
});

test("a deletion of what somebody has changed is asked, and so is a change of what is gone", async () => {
  const kinds = [];
  const onConflict = createConflicts({ ask: ({ conflict: { kind, write } }) => kinds.push([kind, write.kind]) && { keep: "theirs" } });
  await onConflict(conflict({ mine: {}, theirs: { title: "점검" }, fields: null, write: "remove" }));
  await onConflict(conflict({ mine: { title: "조회" }, theirs: null, kind: "gone" }));
  assert.deepEqual(kinds, [["changed", "remove"], ["gone", "update"]]);
});

test("one question after another", async () => {
  let open = 0;
  const onConflict = createConflicts({
    ask: async () => {
      assert.equal((open += 1), 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      return { keep: "theirs" };
    },
  });
  const one = () => onConflict(conflict({ mine: { title: "a" }, theirs: { title: "b" } }));
  await Promise.all([one(), one(), one()]);
});
