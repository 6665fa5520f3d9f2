// What an event is: a plain event, a series or an occurrence; the days it has, and its order on a day. Pure.

import { numberOf } from "./days.js";

/** Fields that a client writes, those that are always there as a text first. */
export const SIMPLE = ["event_date", "title", "description", "time", "url"];
export const OPTIONAL = [
  "start_time", "end_time", "end_date", "time_zone", "recurrence", "exceptions", "location", "categories", "people", "color", "status",
  "busy", "reminders",
];
export const FIELDS = [...SIMPLE, ...OPTIONAL];
/** What an occurrence may have of its own. */
export const PATCHABLE = FIELDS.filter((name) => !["recurrence", "exceptions", "reminders"].includes(name));

export const isSeries = (event) => Boolean(event.recurrence) || Object.keys(event.exceptions ?? {}).length > 0;
/** The last day that an event is shown on; an end after midnight doesn't count. */
export const lastDay = (event) => event.end_date ?? event.event_date;
export const touches = (event, from, to) => event.event_date <= to && lastDay(event) >= from;

/** `{id of the series}_{yyyymmdd}` → `{seriesId, original}`; null for other ids. */
export function occurrenceOf(id) {
  const match = /^(.+)_(\d{4})(\d\d)(\d\d)$/s.exec(id);
  return match && { seriesId: match[1], original: `${match[2]}-${match[3]}-${match[4]}` };
}

export const occurrenceId = (seriesId, original) => `${seriesId}_${original.replaceAll("-", "")}`;

/** A field as clients write it: "" for a simple one that is missing, null for another. */
export function valueOf(event, name) {
  if (SIMPLE.includes(name)) return event[name] ?? "";
  if (name === "exceptions") return bare(event.exceptions);
  return event[name] ?? null;
}

/** The exceptions without what only the server writes. */
function bare(exceptions) {
  const entries = Object.entries(exceptions ?? {}).map(([day, { version, revision, last_modified, ...patch }]) => [day, patch]);
  return entries.length > 0 ? Object.fromEntries(entries) : null;
}

/** Texts without regard to the kind of line breaks, everything else by its content. */
const comparable = (value) => (typeof value === "string" ? value.replace(/\r\n?/g, "\n").normalize("NFC") : JSON.stringify(sorted(value)));

function sorted(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value ?? null;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

export const sameValue = (a, b) => comparable(a) === comparable(b);
export const changedFields = (before, after) => FIELDS.filter((name) => !sameValue(valueOf(before, name), valueOf(after, name)));

/** Ids of what a change of this event is about: of a series, the occurrences that were changed alone, if any. */
export function changedIds(event) {
  const days = Object.entries(event.exceptions ?? {}).filter(([, { version }]) => version !== undefined && version === event.version);
  return days.length > 0 ? days.map(([day]) => occurrenceId(event.id, day)) : [event.id];
}

// Texts that say "all day", the server's own for several days among them ("종일 (~11/11)").
const ALL_DAY = /^((하루 ?|온)?종일|all[ -]?day)?( \(~.*\))?$/i;
const collator = new Intl.Collator("ko", { numeric: true });

/** What lasts all day or has begun before comes first, then what has a start; then what has a text for one. */
function startOn(event, day) {
  if (lastDay(event) > event.event_date && event.event_date < day) return "";
  if (event.start_time) return event.start_time;
  return ALL_DAY.test((event.time ?? "").trim()) ? "" : "~";
}

/** Compares two events as they stand on a day. */
export function inOrder(a, b, day = a.event_date) {
  const [first, second] = [startOn(a, day), startOn(b, day)];
  if (first !== second) return first < second ? -1 : 1;
  if (first === "~" && a.time !== b.time) return collator.compare(a.time, b.time);
  if (a.event_date !== b.event_date) return a.event_date < b.event_date ? -1 : 1;
  return collator.compare(a.title, b.title) || (a.id < b.id ? -1 : 1);
}

/** Compares two events by day, then as on that day. */
export const byDay = (a, b) => (a.event_date === b.event_date ? inOrder(a, b) : a.event_date < b.event_date ? -1 : 1);

// Event → {event, key, place, sorting}: its place when it was sorted last, and in which sorting. An event that has changed is another one.
const entries = new WeakMap();
let sortings = 0;

/**
 * Returns events sorted by day: as `byDay` compares them, but what decides most often is a number, worked out once for each. They begin
 * in their last order, since few are new, and what is nearly sorted is sorted in no time.
 */
export function sortedByDay(events) {
  const ordered = inLastOrder(events.map(entryOf));
  ordered.sort((a, b) => a.key - b.key || (a.sorting === b.sorting && a.sorting > 0 ? a.place - b.place : byDay(a.event, b.event)));
  sortings += 1;
  return ordered.map((entry, place) => {
    [entry.place, entry.sorting] = [place, sortings];
    return entry.event;
  });
}

function entryOf(event) {
  if (!entries.has(event)) entries.set(event, { event, key: numberOf(event.event_date) * 10_000 + minuteOf(startOn(event, event.event_date)), place: 0, sorting: 0 });
  return entries.get(event);
}

function inLastOrder(all) {
  const [known, others] = [[], []];
  for (const entry of all) {
    // Two that were sorted apart may have had the same place.
    if (entry.sorting === 0 || known[entry.place] !== undefined) others.push(entry);
    else known[entry.place] = entry;
  }
  return [...known.filter((entry) => entry !== undefined), ...others];
}

/** The place of a start on its day. */
const minuteOf = (start) => (start === "" ? 0 : start === "~" ? 9_999 : 1 + Number(start.slice(0, 2)) * 60 + Number(start.slice(3, 5)));
