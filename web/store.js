// The state of the page as plain values. The functions are pure: each returns a new value.
//
// A calendar is one department's events at a revision:
//   events    Map of id → event
//   revision  number of the newest change in it, null if the server doesn't number changes
//   cursor    the server's opaque name for that state, null if there is none
//   syncing   a request is running: live changes wait in `pending`, so that none is lost
//   stale     a change is missing: the calendar must be synced again

import { minutesOf } from "./dates.js";

export const COLOURS = 10;

export function emptyCalendar() {
  return { events: new Map(), revision: null, cursor: null, loaded: false, syncing: false, stale: false, pending: [] };
}

export const beginSync = (calendar) => ({ ...calendar, syncing: true, stale: false, pending: [] });

/** Applies the answer to a join or a list: `full: false` has the changes only, any other answer all events. */
export function applyAnswer(calendar, answer) {
  const events = answer.full === false ? new Map(calendar.events) : new Map();
  for (const id of answer.deleted ?? []) events.delete(id);
  for (const event of answer.events) events.set(event.id, event);
  const synced = {
    events,
    revision: answer.revision ?? null,
    cursor: answer.cursor ?? null,
    loaded: true,
    syncing: false,
    stale: false,
    pending: [],
  };
  return calendar.pending.reduce((state, change) => applyChange(state, change.kind, change.payload), synced);
}

/** Applies a live message. An old one changes nothing; one that skips a revision makes the calendar stale. */
export function applyChange(calendar, kind, payload) {
  if (calendar.syncing) return { ...calendar, pending: [...calendar.pending, { kind, payload }] };
  const { cursor, ...event } = payload;
  if (isNumber(event.revision) && isNumber(calendar.revision)) {
    if (event.revision <= calendar.revision) return calendar;
    if (event.revision > calendar.revision + 1) return { ...calendar, stale: true };
  }
  const events = new Map(calendar.events);
  if (kind === "event_deleted") events.delete(event.id);
  else events.set(event.id, event);
  return { ...calendar, events, revision: event.revision ?? calendar.revision, cursor: cursor ?? calendar.cursor };
}

/** Applies a write of this page before its live message. The revision stays, since others' changes may precede. */
export function applyOwn(calendar, event) {
  const held = calendar.events.get(event.id);
  if (isNumber(event.revision) && isNumber(calendar.revision) && event.revision <= calendar.revision) return calendar;
  if (held && isNumber(held.version) && held.version >= event.version) return calendar;
  return { ...calendar, events: new Map(calendar.events).set(event.id, event) };
}

export function applyOwnDeletion(calendar, id) {
  const events = new Map(calendar.events);
  events.delete(id);
  return { ...calendar, events };
}

const isNumber = (value) => typeof value === "number";

/** Returns `on(day)`, the events of a day in order, of the selected departments that still exist. */
export function eventsByDay({ departments, selected, calendars }) {
  const days = new Map();
  for (const id of selected) {
    if (!departments.has(id)) continue;
    for (const event of calendars.get(id)?.events.values() ?? []) {
      if (!days.has(event.event_date)) days.set(event.event_date, []);
      days.get(event.event_date).push(event);
    }
  }
  return { on: (day) => (days.get(day) ?? []).sort(inOrder) };
}

const collator = new Intl.Collator("ko", { numeric: true });

export function inOrder(a, b) {
  const [first, second] = [minutesOf(a.time ?? ""), minutesOf(b.time ?? "")];
  if (first !== second) return first < second ? -1 : 1;
  return collator.compare(a.title, b.title) || (a.id < b.id ? -1 : 1);
}

export const byName = (departments) =>
  [...departments.values()].sort((a, b) => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));

/**
 * Returns a Map of department id → colour number. The id determines the colour, so that all users see the same;
 * if two ids want one colour, the older department gets it.
 */
export function coloursOf(departments) {
  const elders = [...departments.values()].sort((a, b) =>
    `${a.created_at ?? ""}${a.id}` < `${b.created_at ?? ""}${b.id}` ? -1 : 1,
  );
  const colours = new Map();
  let taken = new Set();
  for (const { id } of elders) {
    if (taken.size === COLOURS) taken = new Set();
    let colour = hash(id) % COLOURS;
    while (taken.has(colour)) colour = (colour + 1) % COLOURS;
    taken.add(colour);
    colours.set(id, colour);
  }
  return colours;
}

function hash(string) {
  let value = 7;
  for (const character of string) value = (value * 31 + character.codePointAt(0)) >>> 0;
  return value;
}

/** Returns the departments to show at the start: those of last time that still exist, or else the first few. */
export function initialSelection(departments, remembered) {
  if (remembered) return new Set(remembered.filter((id) => departments.has(id)));
  return new Set(byName(departments).slice(0, COLOURS).map(({ id }) => id));
}

/** Returns the address as a URL if it is http or https, otherwise null. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url : null;
  } catch {
    return null;
  }
}

export const FIELDS = ["title", "event_date", "time", "description", "url"];

// A textarea only has \n and the desktop client writes \r\n; that isn't a change.
const lines = (value) => (value ?? "").replace(/\r\n?/g, "\n");
export const sameText = (a, b) => lines(a) === lines(b);

/** Returns the fields of `form` that differ from `event`. */
export function changedFields(event, form) {
  return Object.fromEntries(FIELDS.filter((field) => !sameText(event[field], form[field])).map((field) => [field, form[field]]));
}
