import assert from "node:assert/strict";
import { test } from "node:test";
import { createFeed, eventOf } from "../page/views/fc-events.js";

const event = (id, fields = {}) => ({ id, event_date: "2026-10-14", title: id, start_time: "10:00", version: 1, ...fields });

/** A FullCalendar that only keeps what it is given, and counts how often. */
function room({ mayEdit = () => true } = {}) {
  const kept = new Map();
  const counts = { layouts: 0, redrawn: [] };
  const put = (input) => {
    const made = { ...input, remove: () => kept.delete(input.id) };
    kept.set(input.id, made);
    return made;
  };
  const calendar = {
    batchRendering(work) {
      counts.layouts += 1;
      work();
    },
    addEvent: put, addEventSource: ({ events }) => events.forEach(put), removeAllEvents: () => kept.clear(), removeAllEventSources() {}, getEventById: (id) => kept.get(id),
  };
  const feed = createFeed(calendar, { lookOf: (each) => [each], surroundings: () => "", mayEdit, redraw: (key, next, before) => counts.redrawn.push(`${before.id}→${next.id}`) });
  const shown = () => [...kept.values()].sort((a, b) => a.start.localeCompare(b.start) || (a.extendedProps.rank ?? 0) - (b.extendedProps.rank ?? 0)).map((each) => eventOf(each).id);
  return { feed, kept, counts, shown };
}

test("in a month another event takes a place, and nothing is laid out", () => {
  const { feed, counts, shown, kept } = room();
  const [a, b, c] = ["a", "b", "c"].map((id) => event(id));
  const far = event("far", { event_date: "2026-10-20" });
  feed.show([a, b, far], false);
  assert.equal(counts.layouts, 1);
  feed.show([c, a, far], false);
  assert.deepEqual([counts.layouts, counts.redrawn, shown()], [1, ["a→c", "b→a"], ["c", "a", "far"]]);
  // One more needs a layout, but only one.
  feed.show([c, a, b, far], false);
  assert.deepEqual([counts.layouts, shown()], [2, ["c", "a", "b", "far"]]);
  feed.show([a, far], false);
  assert.deepEqual([counts.layouts, shown(), kept.size], [3, ["a", "far"], 2]);
});

test("another time is another place only where there are hours", () => {
  for (const [hasHours, layouts] of [[false, 1], [true, 2]]) {
    const { feed, counts, shown } = room();
    feed.show([event("a"), event("b", { start_time: "11:00" })], hasHours);
    feed.show([event("a", { start_time: "09:00" }), event("b", { start_time: "11:00" })], hasHours);
    assert.deepEqual([counts.layouts, shown()], [layouts, ["a", "b"]]);
  }
});

test("what lasts all day, several days, or may not be dragged, has a place of its own", () => {
  const { feed, counts, shown } = room({ mayEdit: ({ isMine = true }) => isMine });
  feed.show([event("a"), event("b", { start_time: undefined })], false);
  feed.show([event("a"), event("b", { start_time: undefined, isMine: false })], false);
  assert.equal(counts.layouts, 2);
  feed.show([event("a"), event("b", { start_time: undefined, isMine: false, end_date: "2026-10-16" })], false);
  assert.equal(counts.layouts, 3);
  assert.deepEqual(shown().sort(), ["a", "b"]);
});

test("what was dropped elsewhere is put where it belongs", () => {
  const { feed, kept, counts, shown } = room();
  feed.show([event("a"), event("b")], false);
  const [dropped] = kept.values();
  dropped.start = "2026-10-21T00:00";
  feed.displaced(dropped.id);
  feed.show([event("b"), event("a", { event_date: "2026-10-21", version: 2 })], false);
  assert.deepEqual([counts.layouts, shown(), [...kept.values()].map(({ start }) => start).sort()], [2, ["b", "a"], ["2026-10-14T00:00", "2026-10-21T00:00"]]);
});
