// An event's fields: from its record into what the form holds, and back; what was changed. Pure.
//
// A record is what the server sends: unset fields are absent, and `time` is a Korean text of the times unless it is a
// text of its own ("점심"). Whether a text names a time is for the server to say: it then has a `start_time`, too.

import { formOf, ruleOf, unrepeated } from "./recurrence.js";

/** Fields of a record that the form writes, in its order. */
export const FIELDS = [
  "title", "event_date", "start_time", "end_date", "end_time", "time", "time_zone", "recurrence", "location", "categories", "people", "status", "color",
  "description", "url",
];
/** What is always a text; the others are absent unless they are set. */
const SIMPLE = ["title", "event_date", "time", "description", "url"];
const LISTS = ["categories", "people"];

// Texts that say "all day", the server's own for several days among them ("종일 (~11/11)").
const ALL_DAY = /^((하루 ?|온)?종일|all[ -]?day)?( \(~.*\))?$/i;

/** Returns clock, text or all_day: whether an event has a start, only a text for it, or neither. */
export function timeKind(event) {
  if (event.start_time) return "clock";
  return ALL_DAY.test((event.time ?? "").trim()) ? "all_day" : "text";
}

/** Returns the beginning as the server understood it, worded by `clock`, or the text that stands for one; "" for all day. */
export function shownTime(event, clock) {
  const kind = timeKind(event);
  return kind === "clock" ? clock(event.start_time) : kind === "text" ? event.time : "";
}

export const isSeries = (event) => Boolean(event.recurrence) || Object.keys(event.exceptions ?? {}).length > 0;
/** The last day that an event is shown on; an end after midnight doesn't count. */
export const lastDay = (event) => event.end_date ?? event.event_date;
export const colourOf = (event) => (/^#[0-9a-f]{6}$/i.test(event.color ?? "") ? event.color : "");

/** Returns what the form holds for an event; `series` is the whole one of an occurrence. */
export function valuesOf(event, series = null) {
  const kind = timeKind(event);
  const whole = series ?? event;
  return {
    title: event.title ?? "", event_date: event.event_date, end_date: event.end_date ?? "",
    time_kind: kind, start_time: event.start_time ?? "", end_time: event.end_time ?? "", time: kind === "text" ? event.time : "",
    time_zone: event.time_zone ?? "", location: event.location ?? "", categories: written(event.categories), people: written(event.people),
    status: event.status ?? "", color: colourOf(event), description: event.description ?? "", url: event.url ?? "",
    department_id: event.department_id,
    ...(whole.recurrence ? formOf(whole.recurrence, whole.event_date) : unrepeated(event.event_date)),
    repeat_start: whole.recurrence ? whole.event_date : "",
  };
}

const written = (list) => (list ?? []).join(", ");
export const listIn = (typed) => [...new Set(typed.split(/[,，、]/).map((each) => each.trim()).filter(Boolean))];

/** Returns the fields that the form expresses, each as a record has it, null or "" for those it lacks. */
export function fieldsOf(values) {
  const clock = values.time_kind === "clock";
  const or = (value) => (value === "" ? null : value);
  return {
    title: values.title, event_date: values.event_date,
    start_time: clock ? or(values.start_time) : null,
    end_date: values.end_date === values.event_date ? null : or(values.end_date),
    end_time: clock && values.start_time !== "" ? or(values.end_time) : null,
    time: values.time_kind === "text" ? values.time : "",
    time_zone: or(values.time_zone ?? ""),
    recurrence: ruleOf(values, values.repeat_start || values.event_date),
    location: or(values.location), categories: orNone(listIn(values.categories)), people: orNone(listIn(values.people)),
    status: or(values.status), color: or(values.color), description: values.description, url: values.url,
  };
}

const orNone = (list) => (list.length > 0 ? list : null);

// A textarea only has \n and the desktop client writes \r\n; that isn't a change.
const lines = (value) => (typeof value === "string" ? value.replace(/\r\n?/g, "\n") : JSON.stringify(value ?? null));
export const sameValue = (a, b) => lines(a) === lines(b);

/** Returns the fields of `after` that differ from `before`; both are what `fieldsOf` returned. */
export const changedFields = (before, after) =>
  Object.fromEntries(FIELDS.filter((field) => !sameValue(before[field], after[field])).map((field) => [field, after[field]]));

/**
 * Returns what is sent for the changed fields of `after`. A start goes with its end, since the server keeps the duration
 * of an event of which only the start is written. A text goes alone: the server reads the times in it.
 */
export function toSend(changed, after) {
  const sent = { ...changed };
  if ("time" in changed && after.time !== "") {
    delete sent.start_time;
    delete sent.end_time;
  } else if ("start_time" in changed || "end_time" in changed) {
    Object.assign(sent, { start_time: after.start_time, end_time: after.end_time });
    delete sent.time;
  }
  return sent;
}

/** Returns the fields of a new event: those that are set. */
export const toCreate = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([name, value]) => SIMPLE.includes(name) || value !== null));

/** Returns a field as a text for people to compare. */
export const shownValue = (name, value) => (LISTS.includes(name) ? written(value) : value ?? "");

/** Returns suggestions for a comma-separated list: what is typed, with each of `known` as the last item. */
export function suggestions(typed, known) {
  const items = typed.split(",");
  const begun = items.slice(0, -1).map((each) => each.trim()).filter(Boolean);
  return known.filter((each) => !begun.includes(each)).map((each) => [...begun, each].join(", "));
}
