// What an answer to a write means. Pure.

import { changedFields, FIELDS, sameValue, valueOf } from "../events.js";
import { edited } from "./foresee-event.js";

const GONE = ["event_not_found", "event_deleted"];
/** An event that was created and is deleted since was created. */
const MEANING_OF_GONE = { remove: "done", create: "done", update: "gone", move: "gone", restore: "refused" };
/** What may be answered by something between here and the server; refusals of the server itself have a code. */
const isForeign = (error) => error.code.startsWith("http_") && error.status !== 413;

/**
 * Returns `again` (nothing is decided), `signed_out`, `done` (what was wanted is so already), `changed` or `gone` (a conflict),
 * `new_key` or `refused`.
 */
export function meaningOf(record, error) {
  if (error.code === "stopped" || error.uncertain || error.status === 429 || isForeign(error)) return "again";
  if (error.status === 401) return "signed_out";
  if (error.code === "key_reused") return "new_key";
  if (GONE.includes(error.code)) return MEANING_OF_GONE[record.kind];
  if (error.code !== "version_conflict") return "refused";
  return isAsWanted(record, error.current) ? "done" : "changed";
}

/** The others have made the event what the user wanted; or it was this write, whose answer was lost. */
function isAsWanted({ kind, fields }, current) {
  return kind === "update" && current !== null && Object.keys(fields).every((name) => !FIELDS.includes(name) || sameValue(fields[name] ?? valueOf({}, name), valueOf(current, name)));
}

/** What the user wants of an event, with what he wrote after it in the same chain. */
export function mineOf(record, successors) {
  const fields = { ...record.fields };
  for (const next of successors) if (next.kind === "update" && next.target === record.target) Object.assign(fields, next.fields);
  const mine = record.kind === "update" && record.before ? edited(record.before, fields) : record.event;
  return { fields: record.kind === "update" ? fields : record.fields, mine };
}

/** Fields of a new event that is like this one. */
export function fieldsOf(event) {
  const fields = {};
  for (const name of FIELDS) {
    const value = valueOf(event, name);
    if (value !== null && value !== "") fields[name] = value;
  }
  // The text would be read once more, and could say something else.
  if (fields.start_time) delete fields.time;
  return fields;
}

/** Fields that make `after` into `before` again. */
export function inverseOf(before, after) {
  const names = new Set(changedFields(before, after));
  if (["start_time", "end_time", "end_date", "time_zone"].some((name) => names.has(name))) {
    for (const name of ["start_time", "end_time", "end_date"]) names.add(name);
    if (before.start_time) names.add("time_zone");
  }
  if (["event_date", "recurrence"].some((name) => names.has(name)) && (before.recurrence || after.recurrence)) {
    for (const name of ["event_date", "recurrence", "exceptions"]) names.add(name);
  }
  const fields = Object.fromEntries([...names].map((name) => [name, valueOf(before, name)]));
  if (before.start_time && "start_time" in fields) delete fields.time;
  return fields;
}
