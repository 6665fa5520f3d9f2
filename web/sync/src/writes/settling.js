// Own writes that the server has answered, until the calendars have caught up with them.

import { occurrenceOf } from "../events.js";

/** Milliseconds after which a calendar that hasn't heard of an answered write is brought up to date, and the write forgotten. */
const PATIENCE = 5_000;
const LONGEST = 20_000;

/** `behind(departmentId)` brings a calendar up to date, `dropped(departmentIds)` is called when something isn't laid over it any more. */
export function createSettling({ timers, calendars, isLive, behind, dropped }) {
  let entries = [];

  const departmentsOf = ({ departmentId, to }) => [departmentId, ...(to && to !== departmentId ? [to] : [])].filter((id) => calendars.has(id));

  /** Whether the calendar of a department knows what the write has made. */
  function isCaughtUp({ record, result, seen }, id) {
    const calendar = calendars.held(id);
    if (!calendar) return true;
    if (!calendar.loaded) return false;
    const seriesId = occurrenceOf(record.target)?.seriesId ?? record.target;
    if (result !== null && result.department_id === id) return calendar.revision >= result.revision;
    // What is gone from here, or an occurrence less: the answer doesn't say at which revision.
    const held = calendar.events.get(seriesId);
    return held === undefined || (occurrenceOf(record.target) !== null && held.version > (seen.get(id) ?? 0));
  }

  function remove(entry) {
    if (!entries.includes(entry)) return false;
    entry.cancel();
    entries = entries.filter((each) => each !== entry);
    return true;
  }

  return {
    entries: () => entries,
    add(record, result) {
      const ids = departmentsOf(record);
      const seriesId = occurrenceOf(record.target)?.seriesId ?? record.target;
      // The version before the write; the live message may have come before the answer.
      const seen = new Map(ids.map((id) => [id, record.version ?? calendars.held(id).events.get(seriesId)?.version ?? 0]));
      const entry = { record, result, seen, cancel: () => {} };
      if (ids.every((id) => isCaughtUp(entry, id))) return;
      entries = [...entries, entry];
      const catchUp = () => {
        entry.cancel = timers.later(LONGEST, () => remove(entry) && dropped(ids));
        for (const id of ids) behind(id);
      };
      entry.cancel = timers.later(isLive() ? PATIENCE : 0, catchUp);
    },
    /** A calendar has changed. Returns whether something isn't laid over it any more. */
    prune(id) {
      const done = entries.filter((entry) => departmentsOf(entry.record).includes(id) && departmentsOf(entry.record).every((each) => isCaughtUp(entry, each)));
      for (const entry of done) remove(entry);
      return done.length > 0;
    },
    clear() {
      for (const { cancel } of entries) cancel();
      entries = [];
    },
  };
}
