// An event's history as steps that people understand. Pure.

import { addDays, daysBetween } from "../dates.js";

const WHEN = ["event_date", "end_date", "start_time", "end_time", "time", "time_zone"];
const FIELDS = ["title", "recurrence", "exceptions", "location", "categories", "people", "status", "color", "description", "url"];
const KINDS = { event_created: "created", event_updated: "updated", event_deleted: "deleted" };

const written = (value) => JSON.stringify(value ?? "") === "[]" ? '""' : JSON.stringify(value ?? "");
const differs = (field, one, other) => written(one[field]) !== written(other[field]);

/** Returns the names of what differs: of the times together `when`, and of a move `department_id`. */
export function differences(before, after) {
  const fields = FIELDS.filter((field) => differs(field, before, after));
  const when = WHEN.some((field) => differs(field, before, after)) ? ["when"] : [];
  const department = differs("department_id", before, after) ? ["department_id"] : [];
  const title = fields.filter((field) => field === "title");
  return [...title, ...when, ...department, ...fields.filter((field) => field !== "title")];
}

/**
 * Returns steps, newest first, of what `GET /api/events/{id}/history` answered:
 * `{kind, at, by, verified, revision, departmentId, event, before, fields}`. A kind is created, updated, moved, deleted,
 * restored, or first (the oldest that is known, if it isn't the creation).
 */
export function stepsOf(history) {
  const steps = [];
  history.forEach((change, index) => {
    const older = history[index + 1];
    const newer = history[index - 1];
    // A move is a deletion in one department and a creation in another.
    if (change.kind === "event_deleted" && newer?.kind === "event_created" && newer.department_id !== change.department_id) return;
    steps.push(stepOf(change, older));
  });
  return steps;
}

function stepOf(change, older) {
  const before = older?.event ?? null;
  const kind = kindOf(change, older);
  return {
    kind, at: change.at, by: change.by ?? "", verified: change.by_verified === true, revision: change.revision,
    departmentId: change.department_id, event: change.event, before,
    fields: before && kind !== "deleted" && kind !== "created" ? differences(before, change.event) : [],
  };
}

function kindOf(change, older) {
  if (!older) return change.kind === "event_created" ? "created" : change.kind === "event_deleted" ? "deleted" : "first";
  if (change.kind === "event_created" && older.department_id !== change.department_id) return "moved";
  if (change.kind === "event_created" && older.kind === "event_deleted") return "restored";
  return KINDS[change.kind] ?? "updated";
}

/** Whether one can go back to a step: not to the newest state, nor to one in which there is nothing. */
export const isRestorable = (step, index) => step.kind !== "deleted" && index > 0;

/**
 * Returns the events, and single occurrences, that were deleted last, newest first, of a department's newest changes (oldest first):
 * `{event, at, by, verified}`. Those that have come back since aren't among them.
 */
export function deletedOf(changes) {
  const newest = new Map(changes.filter(({ event }) => event).map((change) => [change.event.id, change]));
  return changes.flatMap((change) => {
    const last = newest.get(change.event?.id);
    if (last?.kind === "event_deleted") return change === last ? [told(change, change.event)] : [];
    return last && change.kind === "event_updated" ? excludedBy(change, last.event).map((event) => told(change, event)) : [];
  }).reverse();
}

const told = ({ at, by, by_verified: verified }, event) => ({ event, at, by: by ?? "", verified: verified === true });

/** The occurrences that a change took out of a series, as far as they still are: an exception has the time of its change. */
function excludedBy({ at }, series) {
  const { recurrence, exceptions = {}, ...fields } = series;
  const days = Object.keys(exceptions).filter((day) => exceptions[day].excluded === true && exceptions[day].last_modified === at);
  return days.map((day) => ({
    ...fields, id: `${series.id}_${day.replaceAll("-", "")}`, event_date: day,
    ...(series.end_date ? { end_date: addDays(day, daysBetween(series.event_date, series.end_date)) } : {}),
  }));
}

/** Returns the newest state that a deleted event can have again; null if it isn't deleted, or nothing is known of it. */
export function lastState(history) {
  if (history[0]?.kind !== "event_deleted") return null;
  return history.find(({ kind }) => kind !== "event_deleted") ?? null;
}
