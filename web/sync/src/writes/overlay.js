// Own writes laid over what the server has. Pure, but for the memory of what was laid last.
//
// An entry is `{record, result}`: `result` is the server's answer, null as long as there is none. An entry with a result stays until the
// calendar has caught up with it, so that nothing jumps back in between.

import { occurrenceOf } from "../events.js";
import { edited } from "./foresee-event.js";
import { begunAt, endedBefore, isFirst, ofWhole, withOccurrence, withoutOccurrence } from "./foresee-series.js";

const marked = (event, isWaiting) => (isWaiting ? { ...event, pending: true } : event);

/** Lays one entry over the events of a department; `events` is changed. What can't be foreseen is left for the server. */
export function lay(events, departmentId, { record, result = null }) {
  try {
    LAYERS[record.kind](events, departmentId, record, result);
  } catch (error) {
    if (error.reason === undefined) throw error; // a rule that the server will refuse
  }
}

const LAYERS = { create: layCreation, update: layUpdate, remove: layRemoval, move: layMove, restore: layRestoration };

/** Sets the server's event, unless a newer one is there. */
function put(events, event) {
  if (!(events.get(event.id)?.version > event.version)) events.set(event.id, event);
}

function layCreation(events, departmentId, record, result) {
  if (result !== null) put(events, result);
  else if (!(events.get(record.target)?.version >= 1)) events.set(record.target, marked(record.event, true));
}

function layUpdate(events, departmentId, record, result) {
  const which = occurrenceOf(record.target);
  const event = events.get(which ? which.seriesId : record.target);
  if (result !== null && !occurrenceOf(result.id)) {
    if (record.scope === "following" && result.id !== which.seriesId && event) keep(events, event, endedBefore(event, which.original), false);
    put(events, result);
  } else if (event === undefined) return;
  else if (!which) events.set(event.id, marked(edited(event, record.fields), true));
  else laySeriesUpdate(events, event, which.original, record, result === null);
}

function laySeriesUpdate(events, series, original, { fields, scope, newId }, isWaiting) {
  if (scope === "all" || (scope === "following" && isFirst(series, original))) {
    events.set(series.id, marked(edited(series, ofWhole(series, original, fields)), isWaiting));
  } else if (scope === "following") {
    const begun = begunAt(series, original, fields, newId);
    keep(events, series, endedBefore(series, original), false);
    events.set(newId, marked(begun, isWaiting));
  } else {
    const after = withOccurrence(series, original, fields);
    if (after === null) return;
    if (isWaiting) after.exceptions[original].pending = true;
    events.set(series.id, after);
  }
}

function keep(events, before, after, isWaiting) {
  if (after === null) events.delete(before.id);
  else events.set(before.id, marked(after, isWaiting));
}

function layRemoval(events, departmentId, { target, scope }) {
  const which = occurrenceOf(target);
  if (!which || scope === "all") {
    events.delete(which ? which.seriesId : target);
    return;
  }
  const series = events.get(which.seriesId);
  if (series) keep(events, series, scope === "following" ? endedBefore(series, which.original) : withoutOccurrence(series, which.original), false);
}

function layMove(events, departmentId, record, result) {
  if (departmentId === record.departmentId) layRemoval(events, departmentId, { target: record.target, scope: "this" });
  if (departmentId !== record.to) return;
  if (result !== null) put(events, result);
  else events.set(record.event.id, marked(record.event, true));
}

function layRestoration(events, departmentId, record, result) {
  const which = occurrenceOf(record.target);
  const series = which && events.get(which.seriesId);
  if (series?.exceptions?.[which.original]?.excluded) {
    const { [which.original]: excluded, ...exceptions } = series.exceptions;
    events.set(series.id, { ...series, exceptions });
  } else if (result === null) {
    if (record.foreseen && !events.has(record.event.id)) events.set(record.event.id, marked(record.event, true));
  } else if (result.department_id === departmentId && !occurrenceOf(result.id)) put(events, result);
}

/** `entriesOf(departmentId)` returns what has to be laid over a calendar, in its order; `edition()` grows whenever that changes. */
export function createOverlay({ entriesOf, edition }) {
  const laid = new Map();
  return (departmentId, calendar) => {
    const entries = entriesOf(departmentId);
    if (entries.length === 0) {
      laid.delete(departmentId);
      return calendar.events;
    }
    const key = `${calendar.edition} ${edition()}`;
    const known = laid.get(departmentId);
    if (known?.key === key && known.calendar === calendar) return known.events;
    const events = new Map(calendar.events);
    for (const entry of entries) lay(events, departmentId, entry);
    laid.set(departmentId, { key, calendar, events });
    return events;
  };
}
