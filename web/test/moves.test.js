import assert from "node:assert/strict";
import test from "node:test";
import { dropped, duplicateOf, lengthOf, pointOf, resized, selected } from "../page/events/moves.js";

const timed = { event_date: "2026-11-26", start_time: "10:00", end_time: "11:30" };
const day = (text) => pointOf(text, true);
const at = (text) => pointOf(text, false);

test("what FullCalendar says of a point", () => {
  assert.deepEqual(at("2026-11-26T10:00:00Z"), { day: "2026-11-26", time: "10:00" });
  assert.deepEqual(at("2026-11-26T10:00:00+09:00"), { day: "2026-11-26", time: "10:00" });
  assert.deepEqual(at("2026-11-26"), { day: "2026-11-26", time: "00:00" });
  assert.deepEqual(day("2026-11-26"), { day: "2026-11-26", time: null });
  assert.equal(pointOf("", true), null);
});

test("what is selected", () => {
  assert.deepEqual(selected(day("2026-11-26"), day("2026-11-27")), { event_date: "2026-11-26" });
  assert.deepEqual(selected(day("2026-11-30"), day("2026-12-03")), { event_date: "2026-11-30", end_date: "2026-12-02" });
  assert.deepEqual(selected(at("2026-11-26T10:00"), at("2026-11-26T11:30")), { event_date: "2026-11-26", start_time: "10:00", end_time: "11:30" });
  assert.deepEqual(selected(at("2026-11-26T22:00"), at("2026-11-27T02:00")), { event_date: "2026-11-26", start_time: "22:00", end_time: "02:00" });
  assert.deepEqual(selected(at("2026-11-26T22:00"), at("2026-11-27T23:00")), { event_date: "2026-11-26", start_time: "22:00", end_time: "23:00", end_date: "2026-11-27" });
});

const DROPS = [
  ["to another day", timed, at("2026-11-28T10:00"), { event_date: "2026-11-28" }],
  ["to another time", timed, at("2026-11-26T14:00"), { start_time: "14:00", end_time: "15:30" }],
  ["over midnight", timed, at("2026-11-26T23:00"), { start_time: "23:00", end_time: "00:30" }],
  ["nowhere", timed, at("2026-11-26T10:00"), {}],
  ["to the all-day part", timed, day("2026-11-27"), { event_date: "2026-11-27", start_time: null, end_time: null }],
  ["from the all-day part", { event_date: "2026-11-26" }, at("2026-11-26T09:00"), { start_time: "09:00", end_time: "10:00" }],
  ["all-day", { event_date: "2026-11-26" }, day("2026-11-30"), { event_date: "2026-11-30" }],
  ["a text stays", { event_date: "2026-11-26", time: "점심" }, day("2026-11-30"), { event_date: "2026-11-30" }],
  ["several days", { event_date: "2026-11-26", end_date: "2026-11-28" }, day("2026-11-30"), { event_date: "2026-11-30", end_date: "2026-12-02" }],
  ["a start alone", { event_date: "2026-11-26", start_time: "10:00" }, at("2026-11-27T11:00"), { event_date: "2026-11-27", start_time: "11:00" }],
  ["a night", { event_date: "2026-11-26", start_time: "22:00", end_time: "02:00" }, at("2026-11-27T21:00"), { event_date: "2026-11-27", start_time: "21:00", end_time: "01:00" }],
  ["a night with its date", { event_date: "2026-11-26", start_time: "22:00", end_date: "2026-11-27", end_time: "02:00" }, at("2026-11-28T22:00"), { event_date: "2026-11-28", end_date: null }],
  ["two days with times", { event_date: "2026-11-26", start_time: "09:00", end_date: "2026-11-27", end_time: "18:00" }, at("2026-11-30T09:00"), { event_date: "2026-11-30", end_date: "2026-12-01" }],
  ["two days to all-day", { event_date: "2026-11-26", start_time: "09:00", end_date: "2026-11-27", end_time: "18:00" }, day("2026-11-30"), { event_date: "2026-11-30", end_date: "2026-12-01", start_time: null, end_time: null }],
];
for (const [name, event, start, fields] of DROPS) {
  test(`dragged ${name}`, () => assert.deepEqual(dropped(event, start), fields));
}

test("what is resized", () => {
  assert.deepEqual(resized(timed, at("2026-11-26T10:00"), at("2026-11-26T12:00")), { end_time: "12:00" });
  assert.deepEqual(resized(timed, at("2026-11-26T09:00"), at("2026-11-26T11:30")), { start_time: "09:00", end_time: "11:30" });
  assert.deepEqual(resized(timed, at("2026-11-26T10:00"), at("2026-11-27T00:00")), { end_time: "00:00" });
  assert.deepEqual(resized({ event_date: "2026-11-26" }, day("2026-11-26"), day("2026-11-29")), { end_date: "2026-11-28" });
  assert.deepEqual(resized({ event_date: "2026-11-26", end_date: "2026-11-28" }, day("2026-11-26"), day("2026-11-27")), { end_date: null });
  assert.deepEqual(resized({ event_date: "2026-11-26", end_date: "2026-11-28" }, day("2026-11-25"), day("2026-11-29")), { event_date: "2026-11-25", end_date: "2026-11-28" });
});

test("how long an event lasts", () => {
  assert.equal(lengthOf(timed), 90);
  assert.equal(lengthOf({ event_date: "2026-11-26", start_time: "22:00", end_time: "02:00" }), 240);
  assert.equal(lengthOf({ event_date: "2026-11-26", start_time: "22:00", end_time: "02:00", end_date: "2026-11-27" }), 240);
  assert.equal(lengthOf({ event_date: "2026-11-26" }), null);
});

test("a duplicate is a new event of its own", () => {
  const copy = duplicateOf({ ...timed, id: "a_20261126", series_id: "a", version: 3, title: "회의", recurrence: "FREQ=DAILY", uid: "u", people: ["김"], department_id: "d" });
  assert.deepEqual(copy, { title: "회의", ...timed, people: ["김"], department_id: "d" });
});
