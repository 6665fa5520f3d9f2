// What this client has written itself: which live messages are its own, and which version follows which without anybody else's doing.

import { occurrenceOf, sameValue, valueOf } from "../events.js";
import { chainOf, rename } from "./records.js";

const MOST = 500;

/** A Map that forgets what was put in first. */
function put(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST) map.delete(map.keys().next().value);
}

export function createOwn() {
  /** "id version" → the version after it, where an own write made it. */
  const steps = new Map();
  /** "id version" of events as own writes made them. */
  const made = new Map();
  const results = new Map();
  /** Ids under which second halves of series were foreseen → the server's. */
  const aliases = new Map();

  function latest(id, version) {
    let current = version;
    while (steps.has(`${id} ${current}`)) current = steps.get(`${id} ${current}`);
    return current;
  }

  function step(id, from, to) {
    // A greater step has somebody else's change in it.
    if (to === from + 1) put(steps, `${id} ${from}`, to);
  }

  return {
    /** Returns a new record with the version that it is sent with. `all` are those in the queue. */
    versioned(record, all) {
      const id = chainOf(record.target);
      const shown = record.before?.version ?? record.shownVersion ?? null;
      const basis = shown === null ? null : latest(id, shown);
      const previous = all.findLast(({ chain }) => chain === record.chain);
      const follows = previous !== undefined && (basis === null || (previous.basis === null ? null : latest(id, previous.basis)) === basis);
      return { ...record, basis, version: basis, follows };
    },
    /** Gives a record of an event that was foreseen under another id the server's. It is changed. */
    renamed(record) {
      const from = chainOf(record.target);
      if (aliases.has(from)) rename(record, from, aliases.get(from));
      return record;
    },
    /** The server has answered a write. */
    settled(record, result) {
      // Of a removal, the event as it was: its revision tells what to restore.
      put(results, record.id, result ?? record.before);
      if (result === null) return;
      if (record.newId) put(aliases, record.newId, result.id);
      put(made, `${result.id} ${result.version}`, true);
      if (typeof record.version === "number" && chainOf(result.id) === chainOf(record.target)) step(chainOf(record.target), record.version, result.version);
    },
    resultOf: (writeId) => results.get(writeId) ?? null,
    /** Whether a change is a write of this client's, be its answer here or not. `all` are those in the queue. */
    isOwn(change, all) {
      const { event, before } = change;
      const isKnown = made.has(`${event.id} ${event.version}`) || [...Object.entries(event.exceptions ?? {})].some(([day, { version }]) => version === event.version && made.has(`${event.id}_${day.replaceAll("-", "")} ${version}`));
      if (!isKnown && !all.some((record) => record.sent && isOf(record, change))) return false;
      if (before && change.kind === "event_updated") step(event.id, before.version, event.version);
      return true;
    },
  };
}

/** Whether a change is what a write on its way has asked for. */
function isOf(record, { kind, event, before }) {
  const which = occurrenceOf(record.target);
  const isNext = before !== null && event.version === before.version + 1;
  if (which && record.kind !== "move") {
    if (event.id === which.seriesId) return isNext || kind === "event_deleted";
    return record.scope === "following" && kind === "event_created" && event.version === 1 && event.event_date >= which.original;
  }
  if (event.id !== record.target) return record.kind === "move" && which !== null && event.id === which.seriesId && isNext;
  if (record.kind === "create") return kind === "event_created";
  if (record.kind === "remove") return kind === "event_deleted";
  if (record.kind === "move") return kind !== "event_updated";
  if (record.kind === "restore") return kind !== "event_deleted";
  return kind === "event_updated" && isNext && hasFields(event, record.fields);
}

/** The text of a time may come back in another form. */
const hasFields = (event, fields) =>
  Object.keys(fields).every((name) => ["time", "recurrence", "exceptions", "end_date"].includes(name) || sameValue(fields[name] ?? valueOf({}, name), valueOf(event, name)));
