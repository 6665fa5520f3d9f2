import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting } from "../page/views/fitting.js";
import { heightsOf, linesFor } from "../page/views/paper.js";

const event = (day, title, fields = {}) => ({ event_date: day, title, ...fields });

test("a month on paper has one sheet as long as its lines are legible", () => {
  for (const counts of [[0, 0, 0, 0], [2, 1, 6, 2, 3], [7, 7, 7, 6, 6, 6], [12, 3, 3, 3, 20]]) {
    const { line, heights, isWide } = linesFor(counts);
    const taken = counts.map((count, week) => Math.max(heights[week], 5.4 + count * line * (isWide ? 2 : 1)));
    assert.ok(taken.reduce((sum, each) => sum + each) <= 170.01, `${counts}`);
  }
  assert.equal(linesFor([70, 70, 70, 70, 70]).line, 2.3);
});

test("rows that need no more are equally high", () => {
  assert.deepEqual(heightsOf([10, 10, 10, 10, 10]), [34, 34, 34, 34, 34]);
  assert.deepEqual(heightsOf([90, 10, 10, 10, 10]), [90, 20, 20, 20, 20]);
});

test("the grid gets what has room and one more, long events always", () => {
  const events = [
    ...Array.from({ length: 9 }, (_, number) => event("2026-10-14", `${number}`, { start_time: `1${9 - number}:00`, end_time: "20:00" })),
    event("2026-10-14", "종일"), event("2026-10-15", "하루"), event("2026-10-01", "출장", { end_date: "2026-10-20" }),
  ];
  const titles = fitting(events, 2).map(({ title }) => title);
  assert.deepEqual(titles, ["출장", "종일", "8", "7", "하루"]);
  // All of them, those of a day in their order.
  assert.deepEqual(fitting(events, false).map(({ title }) => title), ["출장", "종일", ..."876543210", "하루"]);
});
