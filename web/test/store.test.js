import assert from "node:assert/strict";
import test from "node:test";
import {
  applyAnswer, applyChange, applyOwn, applyOwnDeletion, beginSync, changedFields, coloursOf, emptyCalendar,
  eventsByDay, initialSelection, webAddress,
} from "../store.js";

const event = (id, fields = {}) => ({ id, department_id: "d", title: id, event_date: "2024-01-20", time: "", ...fields });
const snapshot = (revision, ...events) => ({ full: true, events, revision, cursor: `c${revision}` });
const loaded = (...args) => applyAnswer(beginSync(emptyCalendar()), snapshot(...args));
const ids = (calendar) => [...calendar.events.keys()];

test("a full answer replaces, a partial one adds and removes", () => {
  const first = loaded(3, event("a"), event("b"));
  const partial = applyAnswer(beginSync(first), { full: false, events: [event("c")], deleted: ["a"], revision: 5, cursor: "c5" });
  assert.deepEqual(ids(partial), ["b", "c"]);
  assert.deepEqual([partial.revision, partial.cursor], [5, "c5"]);
  assert.deepEqual(ids(applyAnswer(beginSync(partial), snapshot(1, event("z")))), ["z"]);
});

test("a list without numbers is a full answer", () => {
  const calendar = applyAnswer(beginSync(emptyCalendar()), { success: true, events: [event("a")] });
  assert.deepEqual([ids(calendar), calendar.revision, calendar.cursor, calendar.loaded], [["a"], null, null, true]);
});

test("a live change moves revision and cursor on", () => {
  const calendar = applyChange(loaded(3), "event_created", { ...event("a", { revision: 4 }), cursor: "c4" });
  assert.deepEqual([ids(calendar), calendar.revision, calendar.cursor], [["a"], 4, "c4"]);
  assert.equal("cursor" in calendar.events.get("a"), false);
});

test("a live change that the snapshot already holds is ignored", () => {
  const calendar = loaded(4, event("a", { title: "new", revision: 4 }));
  assert.equal(applyChange(calendar, "event_updated", event("a", { title: "old", revision: 3 })), calendar);
  assert.equal(applyChange(calendar, "event_deleted", { id: "a", department_id: "d", revision: 4 }), calendar);
});

test("a hole in the revisions makes the calendar stale and leaves it as it was", () => {
  const calendar = applyChange(loaded(3), "event_created", event("a", { revision: 5 }));
  assert.deepEqual([calendar.stale, calendar.revision, ids(calendar)], [true, 3, []]);
  assert.equal(beginSync(calendar).stale, false);
});

test("changes without revisions are applied as they come", () => {
  let calendar = applyAnswer(beginSync(emptyCalendar()), { events: [event("a")] });
  calendar = applyChange(calendar, "event_updated", event("a", { title: "two" }));
  assert.equal(calendar.events.get("a").title, "two");
  assert.deepEqual(ids(applyChange(calendar, "event_deleted", { id: "a", department_id: "d" })), []);
});

test("what comes while an answer is under way waits for it", () => {
  let calendar = beginSync(loaded(3, event("a")));
  calendar = applyChange(calendar, "event_deleted", { id: "b", department_id: "d", revision: 4 });
  calendar = applyChange(calendar, "event_created", event("c", { revision: 5 }));
  assert.deepEqual(ids(calendar), ["a"]);
  calendar = applyAnswer(calendar, snapshot(4, event("a")));
  assert.deepEqual([ids(calendar), calendar.revision, calendar.pending], [["a", "c"], 5, []]);
});

test("one's own write shows at once and its live message changes nothing more", () => {
  const written = event("a", { revision: 6, version: 1 });
  let calendar = applyOwn(loaded(4), written);
  assert.deepEqual([ids(calendar), calendar.revision], [["a"], 4]);
  calendar = applyChange(calendar, "event_created", event("b", { revision: 5 }));
  calendar = applyChange(calendar, "event_created", written);
  assert.deepEqual([ids(calendar), calendar.revision], [["a", "b"], 6]);
});

test("a late answer to one's own write doesn't undo what came after it", () => {
  const newer = event("a", { title: "theirs", version: 3, revision: 6 });
  const own = event("a", { title: "mine", version: 2, revision: 5 });
  assert.equal(applyOwn(loaded(6, newer), own).events.get("a").title, "theirs");
  const unnumbered = { ...loaded(6, newer), revision: null };
  assert.equal(applyOwn(unnumbered, own).events.get("a").title, "theirs");
  assert.deepEqual(ids(applyOwnDeletion(loaded(6, newer), "a")), []);
});

test("no function changes the calendar that it was given", () => {
  const calendar = loaded(3, event("a"));
  applyChange(calendar, "event_deleted", { id: "a", department_id: "d", revision: 4 });
  applyOwn(calendar, event("b"));
  applyAnswer(beginSync(calendar), { full: false, events: [], deleted: ["a"] });
  assert.deepEqual(ids(calendar), ["a"]);
});

test("a day shows the selected departments' events in order of time", () => {
  const state = {
    departments: new Map([["d", {}], ["e", {}]]),
    selected: new Set(["d", "gone"]),
    calendars: new Map([
      ["d", loaded(1, event("late", { time: "오후 2:00" }), event("early", { time: "9:00" }), event("all", { time: "종일" }))],
      ["e", loaded(1, event("hidden"))],
      ["gone", loaded(1, event("orphan"))],
    ]),
  };
  assert.deepEqual(eventsByDay(state).on("2024-01-20").map(({ id }) => id), ["all", "early", "late"]);
  assert.deepEqual(eventsByDay(state).on("2024-01-21"), []);
});

test("up to ten departments have ten colours, and a newcomer changes none", () => {
  const departments = new Map(Array.from({ length: 10 }, (_, index) => [`id-${index}`, { id: `id-${index}`, created_at: `2024-01-0${index}` }]));
  const all = coloursOf(departments);
  assert.equal(new Set(all.values()).size, 10);
  departments.delete("id-9");
  for (const [id, colour] of coloursOf(departments)) assert.equal(colour, all.get(id));
});

test("the selection of last time is kept, as far as it still exists", () => {
  const departments = new Map(["a", "b"].map((id) => [id, { id, name: id }]));
  assert.deepEqual([...initialSelection(departments, ["b", "gone"])], ["b"]);
  assert.deepEqual([...initialSelection(departments, [])], []);
  assert.deepEqual([...initialSelection(departments, null)], ["a", "b"]);
});

test("only web addresses become links", () => {
  assert.equal(webAddress("https://example.com/a").href, "https://example.com/a");
  for (const text of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "www.example.com", "", undefined]) {
    assert.equal(webAddress(text), null);
  }
});

test("only what the writer changed is sent, and line ends are no change", () => {
  const base = { ...event("a"), description: "one\r\ntwo", url: "" };
  const form = { title: "new", event_date: "2024-01-20", time: "", description: "one\ntwo", url: "" };
  assert.deepEqual(changedFields(base, form), { title: "new" });
});
