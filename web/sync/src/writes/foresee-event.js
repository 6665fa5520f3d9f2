// What setting fields will make of an event, as far as it can be foreseen. Pure.
//
// After the server's teamcal/domain/event_edit.py and series_edit.py, except for what only the server decides: which times a text means.
// Until it has answered, an event with a new text has no times.

import { daysBetween, moved } from "../days.js";
import { FIELDS, isSeries, sameValue, valueOf } from "../events.js";
import { ordinalOf, textOf, dateFrom } from "../recurrence/civil.js";
import { firstDay, lastDay } from "../recurrence/days-of-rule.js";
import { gives } from "../recurrence/occurrences.js";
import { canonical, ruleFrom } from "../recurrence/rule-text.js";
import { timeText } from "../time-text.js";

const DEFAULT_ZONE = "Asia/Seoul";
const DAY_MINUTES = 24 * 60;
const CLOCKS = ["start_time", "end_time"];

const minutesOf = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
const clockOf = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** Returns the event with `fields` set, and what follows from them; the event itself if nothing changes. */
export function edited(event, fields) {
  const changed = new Set(FIELDS.filter((name) => name in fields && !sameValue(fields[name] === "" && name !== "time" ? valueOf({}, name) : fields[name], valueOf(event, name))));
  if (changed.size === 0) return event;
  const after = { ...event };
  for (const name of changed) {
    if (fields[name] === null || (fields[name] === "" && valueOf({}, name) === null)) delete after[name];
    else after[name] = fields[name];
  }
  moveEnd(event, after, changed);
  if (CLOCKS.some((name) => changed.has(name))) keepDuration(event, after, fields);
  else if (changed.has("time")) for (const name of CLOCKS) delete after[name];
  settleZone(event, after);
  settleEnd(after);
  settleText(event, after, changed);
  if (isSeries(event) || isSeries(after)) settleSeries(event, after, changed);
  return after;
}

function moveEnd(event, after, changed) {
  if (!changed.has("event_date") || changed.has("end_date") || !event.end_date) return;
  after.end_date = moved(event.end_date, daysBetween(event.event_date, after.event_date));
}

function keepDuration(event, after, fields) {
  if ("end_time" in fields || "end_date" in fields || !event.end_time || !event.start_time || !after.start_time) return;
  const minutes = minutesOf(after.start_time) + durationOf(event);
  after.end_time = clockOf(minutes % DAY_MINUTES);
  after.end_date = moved(after.event_date, Math.floor(minutes / DAY_MINUTES));
}

function durationOf(event) {
  const minutes = minutesOf(event.end_time) - minutesOf(event.start_time);
  if (event.end_date) return minutes + DAY_MINUTES * daysBetween(event.event_date, event.end_date);
  return minutes > 0 ? minutes : minutes + DAY_MINUTES;
}

function settleZone(event, after) {
  if (after.start_time) after.time_zone ??= event.time_zone ?? DEFAULT_ZONE;
  else for (const name of ["end_time", "time_zone"]) delete after[name];
}

/** An `end_date` that says nothing more goes. */
function settleEnd(after) {
  if (!after.end_date) return;
  const isPastMidnight = after.end_time !== undefined && after.end_time <= after.start_time;
  if (daysBetween(after.event_date, after.end_date) <= (isPastMidnight ? 1 : 0)) delete after.end_date;
}

function settleText(event, after, changed) {
  const clocks = CLOCKS.some((name) => changed.has(name));
  if (changed.has("time") && !clocks) return;
  const isOwnText = (after.time ?? "") !== "" && after.time !== (event.event_date ? timeText(event) : "");
  if (!after.start_time && isOwnText) return;
  if (clocks || changed.has("end_date") || (changed.has("event_date") && after.end_date)) after.time = timeText(after);
}

/** Rule, last day and exceptions of a series fit each other. */
function settleSeries(event, after, changed) {
  const by = event.event_date && changed.has("event_date") && !changed.has("exceptions") ? daysBetween(event.event_date, after.event_date) : 0;
  let patches = Object.entries(after.exceptions ?? {}).map(([day, patch]) => (by === 0 ? [day, patch] : [moved(day, by), movedPatch(patch, by)]));
  if (!after.recurrence) delete after.until_day;
  else {
    if (changed.has("recurrence") || changed.has("event_date")) settleRule(event, after, changed);
    patches = patches.filter(([day, patch]) => patch.added || gives(after, day));
  }
  if (patches.length > 0) after.exceptions = Object.fromEntries(patches);
  else delete after.exceptions;
}

function movedPatch(patch, by) {
  const after = { ...patch };
  for (const name of ["event_date", "end_date"]) if (after[name]) after[name] = moved(after[name], by);
  return after;
}

/** Raises RuleRefused for a rule that the server will refuse. */
function settleRule(event, after, changed) {
  let rule = ruleFrom(after.recurrence, { startTime: after.start_time ?? null, timeZone: after.time_zone ?? null });
  if (event.event_date && !changed.has("recurrence")) rule = turned(rule, event.event_date, after.event_date);
  const first = firstDay(rule, ordinalOf(after.event_date));
  if (first !== null && textOf(first) !== after.event_date) {
    if (after.end_date) after.end_date = moved(after.end_date, daysBetween(after.event_date, textOf(first)));
    after.event_date = textOf(first);
  }
  const last = lastDay(rule, ordinalOf(after.event_date));
  after.recurrence = canonical(rule);
  if (last === null) delete after.until_day;
  else after.until_day = textOf(last);
}

/** A rule that names just the weekday, the day or the month of the first date names the new one's. */
function turned(rule, before, after) {
  const [old, now] = [dateFrom(before), dateFrom(after)];
  if (rule.frequency === "WEEKLY" && rule.byDay.length === 1 && rule.byDay[0][0] === old.weekday) return { ...rule, byDay: [[now.weekday, 0]] };
  const only = (list, number) => list.length === 1 && list[0] === number;
  return {
    ...rule,
    byMonthDay: only(rule.byMonthDay, old.day) ? [now.day] : rule.byMonthDay,
    byMonth: only(rule.byMonth, old.month) ? [now.month] : rule.byMonth,
  };
}
