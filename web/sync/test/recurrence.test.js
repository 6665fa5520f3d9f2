// The port of the server's expander, held to the cases that the server's own answers (tests/web/recurrence_cases.py).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { ordinalOf, textOf } from "../src/recurrence/civil.js";
import { days, firstDay, lastDay } from "../src/recurrence/days-of-rule.js";
import { expand, occurrence, occurrences } from "../src/recurrence/occurrences.js";
import { canonical, ruleFrom } from "../src/recurrence/rule-text.js";

const cases = JSON.parse(readFileSync(new URL("../../../tests/web/recurrence_cases.json", import.meta.url), "utf8"));

function take(count, iterable) {
  const taken = [];
  for (const one of iterable) {
    if (taken.length === count) break;
    taken.push(one);
  }
  return taken;
}

const textOrNull = (ordinal) => (ordinal === null ? null : textOf(ordinal));

function answerTo({ rule: text, event_date: begin, start_time: startTime, time_zone: timeZone, windows = [] }) {
  const answer = { rule: text, event_date: begin, start_time: startTime, time_zone: timeZone };
  try {
    const rule = ruleFrom(text, { startTime, timeZone });
    answer.canonical = canonical(rule);
    const start = ordinalOf(begin);
    answer.first_day = textOrNull(firstDay(rule, start));
    const last = lastDay(rule, start);
    answer.last_day = textOrNull(last);
    answer.windows = windows.map(({ from, to, days: { length } }) => {
      const until = last === null ? ordinalOf(to) : Math.min(ordinalOf(to), last);
      // One more than the case has: there must be no further one, unless the case was cut.
      const found = take(length === cases.most_shown ? length : length + 1, days(rule, start, ordinalOf(from), until)).map(textOf);
      return { from, to, days: found };
    });
  } catch (error) {
    if (error.reason === undefined) throw error;
    answer.refused = error.reason;
  }
  return answer;
}

test(`${cases.rules.length} rules are read and expanded as the server does`, () => {
  for (const one of cases.rules) assert.deepEqual(answerTo(one), one, one.rule);
});

test(`${cases.series.length} series have the occurrences that the server shows`, () => {
  for (const { series, windows, single } of cases.series) {
    for (const { from, to, occurrences: expected } of windows) {
      assert.deepEqual(take(cases.most_shown, occurrences(series, from, to)), expected, `${series.recurrence} ${from}`);
    }
    for (const [day, expected] of Object.entries(single)) assert.deepEqual(occurrence(series, day) ?? null, expected);
  }
});

test("an occurrence of several days counts on each of them", () => {
  const series = { id: "s", event_date: "2026-01-30", end_date: "2026-02-02", recurrence: "FREQ=MONTHLY;BYDAY=-1FR", time: "" };
  assert.deepEqual(expand(series, "2026-02-02", "2026-02-10").map(({ id }) => id), ["s_20260130"]);
  assert.deepEqual(expand(series, "2026-02-03", "2026-02-10"), []);
});

test("a series that can't be read has no occurrences, and breaks nothing", () => {
  assert.deepEqual(expand({ id: "s", event_date: "2026-01-30", recurrence: "FREQ=FORTNIGHTLY" }, "2026-01-01", "2026-12-31"), []);
});

test("a month of 1,000 series takes milliseconds, however old they are", () => {
  const series = Array.from({ length: 1_000 }, (_, index) => ({
    id: `s${index}`, event_date: `19${String(50 + (index % 50))}-01-0${1 + (index % 9)}`, time: "",
    recurrence: ["FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=DAILY;INTERVAL=3", "FREQ=YEARLY"][index % 4],
  }));
  const before = process.cpuUsage();
  for (const one of series) expand(one, "2026-11-01", "2026-11-30");
  const { user } = process.cpuUsage(before);
  assert.ok(user < 300_000, `${user} µs`);
});
