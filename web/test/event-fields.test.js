import assert from "node:assert/strict";
import test from "node:test";
import {
  changedFields, colourOf, FIELDS, fieldsOf, isSeries, listIn, suggestions, timeKind, toCreate, toSend, valuesOf,
} from "../page/events/event-fields.js";
import { MESSAGES } from "../page/messages.js";

const event = (fields = {}) => ({ id: "a", department_id: "d", title: "회의", event_date: "2026-11-11", time: "", description: "", url: "", ...fields });
/** What is sent when the form of `record` is changed by `fields`. */
function sent(record, fields, series) {
  const before = fieldsOf(valuesOf(record, series));
  const after = fieldsOf({ ...valuesOf(record, series), ...fields });
  return toSend(changedFields(before, after), after);
}

test("whether a text names a time is for the server to say", () => {
  assert.equal(timeKind(event({ time: "오후 2:00", start_time: "14:00" })), "clock");
  assert.equal(timeKind(event({ time: "오후 2:00" })), "text");
  for (const time of ["", "종일", "하루 종일", "All day", "종일 (~11/13)"]) assert.equal(timeKind(event({ time })), "all_day", time);
  for (const time of ["점심", "종일반 수업", "종일 (점심 제외)"]) assert.equal(timeKind(event({ time })), "text", time);
});

test("a form that isn't touched changes nothing", () => {
  const records = [
    event(), event({ time: "점심" }), event({ time: "종일 (~11/13)", end_date: "2026-11-13" }), event({ description: "한 줄\r\n두 줄" }),
    event({
      time: "오후 2:00~오후 3:00", start_time: "14:00", end_time: "15:00", time_zone: "Asia/Seoul", location: "3층", categories: ["회의", "a b"],
      people: ["김"], status: "tentative", color: "#e03131", busy: false, reminders: [10], recurrence: "FREQ=WEEKLY", until_day: "2026-12-31",
    }),
    event({ recurrence: "FREQ=MONTHLY;BYMONTHDAY=-1" }),
  ];
  for (const record of records) {
    assert.deepEqual(sent(record, {}), {});
    assert.deepEqual(sent(record, { description: (record.description ?? "").replace(/\r\n/g, "\n") }), {});
  }
});

test("a start goes with its end, and takes the text's place", () => {
  const record = event({ time: "오후 2:00~오후 3:00", start_time: "14:00", end_time: "15:00" });
  assert.deepEqual(sent(record, { start_time: "14:30" }), { start_time: "14:30", end_time: "15:00" });
  assert.deepEqual(sent(record, { end_time: "" }), { start_time: "14:00", end_time: null });
  assert.deepEqual(sent(record, { time_kind: "all_day" }), { start_time: null, end_time: null });
  assert.deepEqual(sent(event({ time: "점심" }), { time_kind: "clock", start_time: "12:00" }), { start_time: "12:00", end_time: null });
});

test("a text goes alone: the server reads it", () => {
  assert.deepEqual(sent(event({ start_time: "14:00", time: "오후 2:00" }), { time_kind: "text", time: "점심" }), { time: "점심" });
  assert.deepEqual(sent(event({ time: "점심" }), { time: "오후 1시" }), { time: "오후 1시" });
  assert.deepEqual(sent(event({ time: "점심" }), { time_kind: "all_day" }), { time: "" });
});

test("several days, and what is taken away", () => {
  assert.deepEqual(sent(event(), { end_date: "2026-11-13" }), { end_date: "2026-11-13" });
  assert.deepEqual(sent(event({ end_date: "2026-11-13" }), { end_date: "" }), { end_date: null });
  assert.deepEqual(sent(event(), { end_date: "2026-11-11" }), {});
  const record = event({ location: "3층", categories: ["a"], people: ["b"], color: "#e03131", status: "cancelled" });
  const nothing = { location: "", categories: "", people: " , ", color: "", status: "" };
  assert.deepEqual(sent(record, nothing), { location: null, categories: null, people: null, status: null, color: null });
});

test("an occurrence has its series' rule, which changes only if the user changes it", () => {
  const series = event({ recurrence: "FREQ=WEEKLY", event_date: "2026-11-04" });
  const occurrence = event({ id: "a_20261111", series_id: "a", original_date: "2026-11-11" });
  assert.deepEqual(sent(occurrence, { event_date: "2026-11-12" }, series), { event_date: "2026-11-12" });
  assert.deepEqual(sent(occurrence, { repeat_days: ["WE", "FR"] }, series), { recurrence: "FREQ=WEEKLY;BYDAY=WE,FR" });
  assert.deepEqual(sent(occurrence, { recurrence: "none" }, series), { recurrence: null });
});

test("a new event is sent with what it has", () => {
  const values = valuesOf({ event_date: "2026-11-11", department_id: "d" });
  assert.deepEqual(toCreate(fieldsOf({ ...values, title: "x" })), { title: "x", event_date: "2026-11-11", time: "", description: "", url: "" });
  const made = toCreate(fieldsOf({ ...values, title: "x", time_kind: "clock", start_time: "09:00", recurrence: "weekly", categories: "a，b, a" }));
  assert.deepEqual([made.start_time, made.recurrence, made.categories, "end_time" in made], ["09:00", "FREQ=WEEKLY;BYDAY=WE", ["a", "b"], false]);
});

test("a colour reaches a style only as #rrggbb", () => {
  assert.equal(colourOf(event({ color: "#A0b1C2" })), "#A0b1C2");
  for (const color of ["red", "#fff", "#e03131;x", "url(//x)", "#e0313", "", undefined]) assert.equal(colourOf(event({ color })), "", color);
});

test("a series has a rule or exceptions", () => {
  assert.ok(isSeries(event({ recurrence: "FREQ=DAILY" })));
  assert.ok(isSeries(event({ exceptions: { "2026-11-12": { added: true } } })));
  assert.ok(!isSeries(event()));
  assert.ok(!isSeries(event({ exceptions: {} })));
});

test("the last item of a list is completed", () => {
  assert.deepEqual(suggestions("", ["회의", "행사"]), ["회의", "행사"]);
  assert.deepEqual(suggestions("회의, 행", ["회의", "행사"]), ["회의, 행사"]);
  assert.deepEqual(listIn(" a ,b、 c,, a"), ["a", "b", "c"]);
});

test("each field has a name to be compared by", () => {
  for (const field of FIELDS) assert.ok(MESSAGES.ko[`field_${field}`], field);
});
