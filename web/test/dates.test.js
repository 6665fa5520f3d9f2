import assert from "node:assert/strict";
import test from "node:test";
import { addDays, addMonths, daysBetween, localDay, monthGrid, shiftedEnd, weekday } from "../page/dates.js";

test("a month's grid starts on a Sunday and holds the whole month", () => {
  for (let month = 1; month <= 12; month += 1) {
    const day = `2024-${String(month).padStart(2, "0")}-15`;
    const days = monthGrid(day).flat();
    const inside = days.filter((each) => each.startsWith(day.slice(0, 7)));
    assert.equal(weekday(days[0]), 0);
    assert.equal(days.length % 7, 0);
    assert.equal(inside.length, new Date(Date.UTC(2024, month, 0)).getUTCDate());
    assert.deepEqual(days, days.map((_, index) => addDays(days[0], index)));
  }
});

test("no week of the grid lies wholly outside the month", () => {
  assert.equal(monthGrid("2015-02-10").length, 4);
  assert.equal(monthGrid("2024-06-10").length, 6);
  assert.deepEqual(monthGrid("2024-01-31")[0][0], "2023-12-31");
});

test("going by months keeps the day or takes the month's last", () => {
  assert.equal(addMonths("2024-01-31", 1), "2024-02-29");
  assert.equal(addMonths("2024-03-31", -1), "2024-02-29");
  assert.equal(addMonths("2024-12-15", 1), "2025-01-15");
  assert.equal(addMonths("2024-01-15", -1), "2023-12-15");
});

test("today is the day on the local clock", () => {
  assert.equal(localDay(new Date(2024, 0, 5, 0, 1)), "2024-01-05");
  assert.equal(localDay(new Date(2024, 0, 5, 23, 59)), "2024-01-05");
});

test("the days between two, over a change of the clock and a leap day", () => {
  assert.equal(daysBetween("2024-02-28", "2024-03-01"), 2);
  assert.equal(daysBetween("2026-03-28", "2026-03-30"), 2);
  assert.equal(daysBetween("2024-03-01", "2024-02-28"), -2);
});

test("a month is shown in whole weeks", () => {
  const weeks = monthGrid("2026-11-15");
  assert.deepEqual({ first: weeks[0][0], last: weeks.at(-1)[6] }, { first: "2026-11-01", last: "2026-12-05" });
});

test("an end moves as far as its start, also past midnight", () => {
  assert.equal(shiftedEnd("10:00", "10:30", "11:00"), "11:30");
  assert.equal(shiftedEnd("10:00", "09:15", "11:00"), "10:15");
  assert.equal(shiftedEnd("10:00", "23:30", "11:00"), "00:30");
  assert.equal(shiftedEnd("23:00", "21:00", "01:00"), "23:00");
});
