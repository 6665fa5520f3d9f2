import assert from "node:assert/strict";
import test from "node:test";
import { addDays, addMonths, clockOf, localDay, minutesOf, monthGrid, weekday } from "../dates.js";

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

test("free-text times are put in order", () => {
  const order = ["종일", "오전 12:10", "오전 9:30", "10시", "11:00 AM", "오후 12:00", "1:30 p.m.", "14:00", "오후 2시 반", "오후 3시 5분", "점심 이후"];
  const minutes = order.map(minutesOf);
  assert.deepEqual(minutes, [-1, 10, 570, 600, 660, 720, 810, 840, 870, 905, Infinity]);
  assert.equal(minutesOf(""), -1);
  assert.equal(minutesOf("All day"), -1);
});

test("a number alone is no time", () => {
  assert.equal(minutesOf("회의실 3"), Infinity);
  assert.equal(minutesOf("99:00"), Infinity);
});

test("a cell shows a time on the 24-hour clock, or none", () => {
  assert.equal(clockOf("오후 2:00"), "14:00");
  assert.equal(clockOf("오전 9:05"), "09:05");
  assert.equal(clockOf("종일"), "");
  assert.equal(clockOf("나중에"), "");
  assert.equal(clockOf(undefined), "");
});
