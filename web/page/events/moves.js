// What dragging, resizing and selecting on the calendar mean for an event's fields. Pure.
//
// A point is `{day, time}`, time null for a whole day; ends are exclusive, as FullCalendar has them. Only changed fields are returned.

import { addDays, daysBetween } from "../dates.js";

const DAY = 1_440;
const HOUR = 60;
const minutesOf = (time) => Number(time.slice(0, 2)) * HOUR + Number(time.slice(3, 5));
const two = (number) => String(number).padStart(2, "0");
const timeOf = (minutes) => `${two(Math.floor(minutes / HOUR) % 24)}:${two(minutes % HOUR)}`;

/** Returns the point that FullCalendar writes as `2026-11-26` or `2026-11-26T10:00:00+09:00`; null for none. */
export function pointOf(text, allDay) {
  return text ? { day: text.slice(0, 10), time: allDay ? null : text.slice(11, 16) || "00:00" } : null;
}

/** Returns the minutes that an event with a start and an end lasts; null without an end. */
export function lengthOf({ event_date: day, end_date: last, start_time: start, end_time: end }) {
  if (!start || !end) return null;
  const days = last ? daysBetween(day, last) : 0;
  const minutes = days * DAY + minutesOf(end) - minutesOf(start);
  return minutes > 0 ? minutes : minutes + DAY;
}

/** Returns the end of an event that begins at a time and lasts so many minutes: an end in the next night needs no date. */
function endAfter({ day, time }, minutes) {
  const total = minutesOf(time) + minutes;
  const days = Math.floor(total / DAY);
  const end = timeOf(total % DAY);
  const isImplied = days === 0 || (days === 1 && end <= time);
  return { end_time: end, end_date: isImplied ? null : addDays(day, days) };
}

/** Returns the fields of a new event on what was selected. */
export function selected(start, end) {
  if (start.time === null) {
    const last = end ? addDays(end.day, -1) : start.day;
    return { event_date: start.day, ...(last > start.day ? { end_date: last } : {}) };
  }
  const made = { event_date: start.day, start_time: start.time };
  return end ? { ...made, ...withoutNulls(endAfter(start, between(start, end))) } : made;
}

const between = (start, end) => daysBetween(start.day, end.day) * DAY + minutesOf(end.time) - minutesOf(start.time);
const withoutNulls = (record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));

/** Returns what changes of an event that now begins at `start`; it lasts as long as before. */
export function dropped(event, start) {
  if (start.time === null) {
    const shifted = event.end_date ? addDays(event.end_date, daysBetween(event.event_date, start.day)) : null;
    const timeless = event.start_time ? { start_time: null, end_time: null } : {};
    return changed(event, { event_date: start.day, end_date: shifted, ...timeless });
  }
  if (!event.start_time) return changed(event, { event_date: start.day, start_time: start.time, ...endAfter(start, HOUR) });
  const length = lengthOf(event);
  if (length === null) {
    const last = event.end_date ? addDays(event.end_date, daysBetween(event.event_date, start.day)) : null;
    return changed(event, { event_date: start.day, start_time: start.time, end_date: last });
  }
  return changed(event, { event_date: start.day, start_time: start.time, ...endAfter(start, length) });
}

/** Returns what changes of an event that now reaches from `start` to `end`. */
export function resized(event, start, end) {
  if (start.time === null) {
    const last = addDays(end.day, -1);
    return changed(event, { event_date: start.day, end_date: last > start.day ? last : null });
  }
  return changed(event, { event_date: start.day, start_time: start.time, ...endAfter(start, between(start, end)) });
}

function changed(event, fields) {
  const after = { ...fields };
  // The night's end may have been written with its date: that is the same.
  if (after.end_date === null && event.end_date && event.end_date === impliedEnd({ ...event, ...after })) {
    if (after.event_date === event.event_date) delete after.end_date;
  }
  const differs = Object.fromEntries(Object.entries(after).filter(([name, value]) => (event[name] ?? null) !== value));
  // A start goes with its end, since the server keeps the duration of an event of which only the start is written.
  if ("start_time" in differs && "end_time" in after) differs.end_time = after.end_time;
  if ("event_date" in differs && event.end_date) differs.end_date = after.end_date ?? null;
  return differs;
}

const impliedEnd = ({ event_date: day, start_time: start, end_time: end }) => (start && end && end <= start ? addDays(day, 1) : day);

const COPIED = [
  "title", "event_date", "end_date", "start_time", "end_time", "time", "time_zone", "location", "categories", "people", "status", "color",
  "description", "url", "busy", "reminders", "department_id",
];

/** Returns what a duplicate of an event has; an occurrence's is an event of its own, a series' one of its days. */
export const duplicateOf = (event) => Object.fromEntries(COPIED.filter((name) => event[name] !== undefined).map((name) => [name, event[name]]));
