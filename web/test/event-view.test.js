import assert from "node:assert/strict";
import test from "node:test";
import { translator } from "../page/messages.js";
import { titleFor } from "../page/events/categories.js";
import { createEventView, createWords } from "../page/views/event-view.js";

const text = translator("ko");
const view = createEventView({ text, words: createWords("ko", text), known: () => ({ departments: new Map(), fresh: new Set(), find: () => null }), today: () => "2026-11-27", mayEdit: () => true });
const event = (more) => ({ id: "1", department_id: "d", event_date: "2026-11-30", title: "", ...more });

test("what the title of an event says already isn't said again beside it", () => {
  const leave = { categories: ["연차"], people: ["김민수"] };
  assert.match(view.label(event({ title: "김민수 연차", ...leave })), /^김민수 연차,/);
  assert.match(view.label(event({ title: "휴가", ...leave })), /^휴가 연차 · 김민수/);
});

test("what has a deadline is counted down to, in the name of its box, too", () => {
  assert.match(view.label(event({ title: "제안서", categories: ["마감"] })), /^D-3 제안서 마감,/);
  assert.match(view.label(event({ title: "제안서", event_date: "2026-11-27", categories: ["디데이"] })), /^D-day 제안서 디데이/);
  assert.match(view.label(event({ title: "제안서", categories: ["회의"] })), /^제안서 회의/);
});

test("a rule names its weekdays in full", () => {
  assert.equal(createWords("ko", text).rule({ event_date: "2026-11-30", recurrence: "FREQ=WEEKLY;BYDAY=MO" }), "매주 월요일");
});

test("an absence is called by who is away, or by its category alone", () => {
  assert.equal(titleFor(["회의", "연차"], "김하늘", text), "김하늘 연차");
  assert.equal(titleFor(["연차"], "", text), "연차");
  assert.equal(titleFor(["회의"], "김하늘", text), "");
});
