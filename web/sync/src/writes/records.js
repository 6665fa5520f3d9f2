// A write as it waits in the queue: a plain object, so that it can be stored. Pure.
//
//   id, key        of the write, and its Idempotency-Key
//   seq, chain     its place in the queue; writes to one event (or series) are a chain, sent one after another
//   kind, target   create, update, remove, move, restore, and the id of the event or occurrence
//   version        goes along as If-Match; null: whatever is there
//   basis          the version that was shown when the write was made
//   follows        `version` is to become that of the result of the write before it in the chain
//   sent           it may have reached the server
//   state          waiting, asking (there is a conflict), refused (to be told)

import { occurrenceOf } from "../events.js";
import * as paths from "../paths.js";

export const chainOf = (target) => occurrenceOf(target)?.seriesId ?? target;

/** The request that makes a write. */
export function requestOf(record) {
  const { kind, target, fields, scope, departmentId, to, key, version, revision } = record;
  const headers = { "Idempotency-Key": key };
  if (version !== null && ["update", "remove", "move"].includes(kind)) headers["If-Match"] = `"${version}"`;
  switch (kind) {
    case "create": return { method: "POST", path: paths.creation(departmentId), body: { ...fields, id: target }, headers };
    case "update": return { method: "PUT", path: paths.event(target, scope), body: fields, headers };
    case "remove": return { method: "DELETE", path: paths.event(target, scope), headers };
    case "move": return { method: "POST", path: paths.moving(target), body: { department_id: to }, headers };
    default: return { method: "POST", path: paths.restoring(target), body: { revision, ...(departmentId ? { department_id: departmentId } : {}) }, headers };
  }
}

/** Gives the writes that come after `record` in its chain what they need of its result. They are changed. */
export function advance(record, result, successors) {
  if (record.kind === "update" && record.scope === "following" && result) {
    for (const next of successors) rename(next, record.newId, result.id);
  }
  const [next] = successors;
  if (next === undefined) return;
  if (next.follows) next.version = nextVersion(next, record, result);
  // Those after it were made on the same state.
  if (next.follows) for (const each of successors) if (each.follows) each.basis = next.version;
  if (result && next.kind === "remove" && (next.target === result.id || next.before.revision === undefined)) next.before = { ...next.before, revision: result.revision };
  if (record.kind === "remove" && next.kind === "restore" && next.revision === null) next.revision = record.before.revision ?? null;
}

/** The version that an own write leaves behind, provided that nobody else has written in between. */
const plusOne = ({ version }) => (version === null ? null : version + 1);

function nextVersion(next, record, result) {
  const isOfResult = result !== null && chainOf(next.target) === chainOf(result.id);
  if (record.kind === "update" && record.scope === "following") return isOfResult ? result.version : plusOne(record);
  if (result !== null && (next.target === result.id || (isOfResult && !occurrenceOf(result.id)))) return result.version;
  // The write before was to one occurrence. Another one's own version is what it was.
  if (occurrenceOf(next.target) && next.target !== record.target) return next.version;
  return plusOne(record);
}

/** A new series got another id than it was foreseen under. */
export function rename(record, from, to) {
  const renamed = (id) => (id === from || id?.startsWith(`${from}_`) ? to + id.slice(from.length) : id);
  record.target = renamed(record.target);
  for (const name of ["before", "event"]) {
    const event = record[name];
    if (event) record[name] = { ...event, id: renamed(event.id), ...(event.series_id ? { series_id: renamed(event.series_id) } : {}) };
  }
}

/** What users of the library see of a record. */
export function shownOf({ id, kind, departmentId, event, before, fields, scope, at, state, tries = 0 }, isSending = false) {
  return Object.freeze({ id, kind, departmentId, event, before, fields, scope, at, tries, state: state === "waiting" && isSending ? "sending" : state });
}
