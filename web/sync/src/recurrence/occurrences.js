// The occurrences of a series as plain events. Pure.
//
// A port of the server's teamcal/domain/occurrences.py. An occurrence carries the version of its series as it is held here: the server
// takes it for an occurrence that hasn't changed since.

import { daysBetween, FIRST_DAY, isDay, LAST_DAY, moved } from "../days.js";
import { lastDay as lastDayOf, occurrenceId, PATCHABLE } from "../events.js";
import { timeText } from "../time-text.js";
import { ordinalOf, textOf } from "./civil.js";
import { days } from "./days-of-rule.js";
import { ruleOf } from "./rule-text.js";

const DEFAULT_ZONE = "Asia/Seoul";
const OF_SERIES = ["recurrence", "until_day", "exceptions", "uid", "create_digest"];
/** Days of a window, and occurrences of one series in it: more is nobody's question. */
const MOST_DAYS = 3_660;
const MOST_OCCURRENCES = 10_000;

const expanded = new WeakMap();

/** Returns the occurrences whose days touch `from` to `to`; [] for a series that can't be read. */
export function expand(series, from, to) {
  const known = expanded.get(series);
  if (known?.from === from && known.to === to) return known.events;
  const last = daysBetween(from, to) > MOST_DAYS ? moved(from, MOST_DAYS) : to;
  const length = series.end_date ? daysBetween(series.event_date, series.end_date) : 0;
  const events = [];
  try {
    for (const event of occurrences(series, moved(from, -length), last)) {
      if (lastDayOf(event) >= from) events.push(event);
      if (events.length >= MOST_OCCURRENCES) break;
    }
  } catch (error) {
    if (error.reason === undefined) throw error;
  }
  expanded.set(series, { from, to, events });
  return events;
}

/** Yields the occurrences whose own first days are `first` to `last`; those with exceptions last. */
export function* occurrences(series, first, last) {
  const patches = series.exceptions ?? {};
  const shared = sharedOf(series);
  for (const day of ruleDays(series, first, last)) if (!Object.hasOwn(patches, day)) yield onDay(series, shared, day, day);
  for (const [day, patch] of Object.entries(patches)) {
    const own = patch.event_date ?? day;
    if (!patch.excluded && first <= own && own <= last) yield patched(series, day, patch);
  }
}

/** Yields the dates that the rule gives, exceptions aside. */
export function* ruleDays(series, first, last) {
  if (!series.recurrence) return;
  const until = series.until_day !== undefined && series.until_day < last ? series.until_day : last;
  const from = first < series.event_date ? series.event_date : first;
  if (from > until || !isDay(series.event_date)) return;
  const start = ordinalOf(series.event_date);
  for (const day of days(ruleOf(series.recurrence), start, ordinalOf(from), ordinalOf(until))) yield textOf(day);
}

/** Whether the series' rule gives this date, exceptions aside. */
export function gives(series, day) {
  return !ruleDays(series, day, day).next().done;
}

/** The occurrence of an original date; undefined if the series has none there. */
export function occurrence(series, original) {
  if (!isDay(original)) return undefined;
  const patch = series.exceptions?.[original];
  if (patch === undefined) return gives(series, original) ? onDay(series, sharedOf(series), original, original) : undefined;
  return patch.excluded ? undefined : patched(series, original, patch);
}

/** The occurrence as the series alone has it. */
export const unpatched = (series, original) => onDay(series, sharedOf(series), original, original);

/** Whether any occurrence is left. */
export function hasAny(series) {
  const patches = series.exceptions ?? {};
  if (Object.values(patches).some((patch) => !patch.excluded)) return true;
  for (const day of ruleDays(series, series.event_date ?? FIRST_DAY, series.until_day ?? LAST_DAY)) if (!Object.hasOwn(patches, day)) return true;
  return false;
}

/** What all occurrences have in common. */
function sharedOf(series) {
  const shared = { ...series, series_id: series.id };
  for (const name of OF_SERIES) delete shared[name];
  return shared;
}

/** The occurrence of this original date, without its exception, at the date at which it begins. */
function onDay(series, shared, original, begins) {
  const event = { ...shared, id: occurrenceId(series.id, original), original_date: original, event_date: begins };
  if (series.end_date) {
    event.end_date = moved(begins, daysBetween(series.event_date, series.end_date));
    event.time = series.time === timeText(series) ? timeText(event) : series.time;
  }
  return event;
}

function patched(series, original, patch) {
  const event = onDay(series, sharedOf(series), original, patch.event_date ?? original);
  for (const name of PATCHABLE) {
    if (!Object.hasOwn(patch, name)) continue;
    if (patch[name] === null) delete event[name];
    else event[name] = patch[name];
  }
  if (patch.pending) event.pending = true;
  settleZone(event, series);
  return event;
}

/** The exception may be older than what the series has become: all-day, say. */
function settleZone(event, series) {
  if (event.start_time) event.time_zone ??= series.time_zone ?? DEFAULT_ZONE;
  else {
    delete event.end_time;
    delete event.time_zone;
  }
}
