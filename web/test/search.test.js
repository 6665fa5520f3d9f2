import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { choices, counted, passes, switched } from "../page/search/categories.js";
import { createEventSearch } from "../page/search/event-search.js";
import { inTime, isMatch, marked, merged, queryOf } from "../page/search/matching.js";
import { deletedOf, differences, isRestorable, lastState, stepsOf } from "../page/search/steps.js";

const event = (id, more = {}) => ({ id, department_id: "dev", title: `일정 ${id}`, event_date: "2026-11-10", ...more });

test("the search looks where the server looks, without regard to case and composition", () => {
  const found = event("1", { title: "주간 회의", people: ["김민지"], location: "Room A" });
  for (const typed of ["회의", "김민지", "room a", "주간".normalize("NFD"), "  간 회 "]) assert.ok(isMatch(found, queryOf(typed)), typed);
  for (const typed of ["월간", "dev"]) assert.ok(!isMatch(found, queryOf(typed)), typed);
});

test("what is to come is first, the nearest at the top; then the past, backwards", () => {
  const events = [event("old", { event_date: "2025-01-01" }), event("late", { event_date: "2027-01-01" }), event("soon", { event_date: "2026-11-27" }),
    event("recent", { event_date: "2026-11-20" }), event("going", { event_date: "2026-11-20", end_date: "2026-11-30" }), event("series", { event_date: "2020-01-01", recurrence: "FREQ=WEEKLY" })];
  const order = inTime(events, "2026-11-26", () => "2026-12-01");
  assert.deepEqual(order.map(({ event: { id } }) => id), ["going", "soon", "series", "late", "recent", "old"]);
  assert.deepEqual(order.map(({ past }) => past), [false, false, false, false, true, true]);
  assert.equal(order[2].day, "2026-12-01");
  assert.equal(inTime([events[5]], "2026-11-26", () => null)[0].past, true);
});

test("what is held and what the server finds is one list, each event at its newest", () => {
  const both = merged([event("1", { version: 3, title: "mine" })], [event("1", { version: 2 }), event("2", { version: 1 })]);
  assert.deepEqual(both.map(({ id, title }) => [id, title]), [["1", "mine"], ["2", "일정 2"]]);
  assert.equal(merged([event("1", { version: 1 })], [event("1", { version: 2, title: "new" })])[0].title, "new");
  assert.equal(merged([event("1", { title: "waiting" })], [event("1", { version: 2 })])[0].title, "waiting");
});

test("the hit is marked in the title", () => {
  assert.deepEqual(marked("Weekly weekly", "week").filter(({ hit }) => hit).map(({ text }) => text), ["Week", "week"]);
  assert.equal(marked("회의와 회의", "회의").map(({ text }) => text).join(""), "회의와 회의");
  assert.deepEqual(marked("abc", "x"), [{ text: "abc", hit: false }]);
});

test("typing asks the server once, after a pause, and an older answer is dropped", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  const shown = [];
  const eventSearch = createEventSearch({
    departments: () => ["a", "b"], held: (id) => (id === "a" ? [event("1", { title: "회의" })] : []),
    found: async (id, query) => {
      asked.push([id, query]);
      if (id === "b") throw new Error("offline");
      return [event("2", { title: query })];
    },
    shown: (state) => shown.push(state),
  });
  eventSearch.look("회");
  eventSearch.look("회의");
  assert.deepEqual(shown.at(-1).events.map(({ id }) => id), ["1"]);
  assert.equal(shown.at(-1).done, false);
  mock.timers.tick(300);
  mock.timers.reset();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, [["a", "회의"], ["b", "회의"]]);
  assert.deepEqual(shown.at(-1), { query: "회의", events: [event("1", { title: "회의" }), event("2", { title: "회의" })], done: true, failed: 1 });
  eventSearch.look("");
  assert.deepEqual(shown.at(-1).events, []);
});

test("a filter shows events with one of its categories", () => {
  const leave = event("1", { categories: ["연차", "기타"] });
  assert.ok(passes(leave, new Set()));
  assert.ok(passes(leave, new Set(["연차"])));
  assert.ok(!passes(leave, new Set(["출장"])));
  assert.ok(passes(event("2"), new Set([""])));
  assert.ok(!passes(event("2"), new Set(["연차"])));
  assert.deepEqual([...switched(switched(new Set(), "연차"), "출장")], ["연차", "출장"]);
  assert.deepEqual([...switched(new Set(["연차"]), "연차")], []);
});

test("own categories stand beside the fixed ones, the chosen are never lost", () => {
  const counts = counted([event("1", { categories: ["고객"] }), event("2", { categories: ["고객", "연차"] }), event("3")]);
  assert.deepEqual([...counts], [["고객", 2], ["", 1], ["연차", 1]]);
  assert.deepEqual(choices(["출장", "연차"], counts, new Set(["출장", "옛 분류"])), ["출장", "연차", "고객", "옛 분류", ""]);
});

const step = (revision, kind, of, more = {}) => ({ revision, kind: `event_${kind}`, event: of, department_id: of.department_id, at: "2026-11-26T01:00:00.000Z", by: "김민지", by_verified: false, ...more });

test("a history says what each step has changed", () => {
  const [first, second, third] = [event("1"), event("1", { title: "새 제목", start_time: "10:00" }), event("1", { title: "새 제목", start_time: "11:00", categories: ["회의"] })];
  const steps = stepsOf([step(3, "updated", third), step(2, "updated", second), step(1, "created", first)]);
  assert.deepEqual(steps.map(({ kind, fields }) => [kind, fields]), [["updated", ["when", "categories"]], ["updated", ["title", "when"]], ["created", []]]);
  assert.deepEqual(steps.map(isRestorable), [false, true, true]);
  assert.equal(steps[0].before.start_time, "10:00");
});

test("a move is one step, and so is what was brought back", () => {
  const [here, there] = [event("1"), event("1", { department_id: "hr" })];
  const moved = stepsOf([step(1, "created", there), step(2, "deleted", here), step(1, "created", here)]);
  assert.deepEqual(moved.map(({ kind, fields }) => [kind, fields]), [["moved", ["department_id"]], ["created", []]]);
  const restored = stepsOf([step(3, "created", here), step(2, "deleted", here), step(1, "created", here)]);
  assert.deepEqual(restored.map(({ kind }) => kind), ["restored", "deleted", "created"]);
  assert.deepEqual(stepsOf([step(9, "updated", here)]).map(({ kind }) => kind), ["first"]);
});

test("an absent field and an empty one are the same", () => {
  assert.deepEqual(differences({ title: "a", categories: [] }, { title: "a", location: "" }), []);
});

test("deleted events are those that haven't come back, the last one first", () => {
  const changes = [step(1, "created", event("1")), step(2, "deleted", event("1")), step(3, "created", event("2")), step(4, "deleted", event("2")),
    step(5, "created", event("1")), { revision: 6, kind: "department_created", event: null }, step(7, "deleted", event("3"))];
  assert.deepEqual(deletedOf(changes).map(({ event: { id } }) => id), ["3", "2"]);
});

test("occurrences that were deleted on their own are among them, until they are back or their series is gone", () => {
  const series = (exceptions, id = "s") => ({ ...event(id), event_date: "2026-11-03", end_date: "2026-11-04", recurrence: "FREQ=WEEKLY", exceptions });
  const [at, later] = ["2026-11-27T01:00:00.000Z", "2026-11-27T02:00:00.000Z"];
  const gone = (time) => ({ excluded: true, last_modified: time });
  const one = { ...step(2, "updated", series({ "2026-11-10": gone(at) })), at, by: "이준호", by_verified: true };
  const two = { ...step(3, "updated", series({ "2026-11-10": gone(at), "2026-11-17": gone(later), "2026-11-24": { title: "b", last_modified: later } })), at: later };
  const found = deletedOf([step(1, "created", series({})), one, two]);
  assert.deepEqual(found.map(({ event: { id, event_date: day, end_date: end, recurrence } }) => [id, day, end, recurrence]), [
    ["s_20261117", "2026-11-17", "2026-11-18", undefined], ["s_20261110", "2026-11-10", "2026-11-11", undefined],
  ]);
  assert.deepEqual([found[1].at, found[1].by, found[1].verified], [at, "이준호", true]);
  // Dates that an import or a form left out from the beginning were nothing.
  assert.deepEqual(deletedOf([{ ...step(1, "created", series({ "2026-11-10": gone(at) })), at }]), []);
  assert.deepEqual(deletedOf([one, { ...step(3, "updated", series({})), at: later }]), []);
  assert.deepEqual(deletedOf([one, step(3, "deleted", series({}))]).map(({ event: { id } }) => id), ["s"]);
});

test("what can come back is the newest state that wasn't a deletion", () => {
  assert.equal(lastState([step(3, "deleted", event("1")), step(2, "updated", event("1")), step(1, "created", event("1"))]).revision, 2);
  assert.equal(lastState([step(4, "created", event("1")), step(3, "deleted", event("1"))]), null);
  assert.equal(lastState([]), null);
});
