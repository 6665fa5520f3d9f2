// The calendars of the shown departments: what is read from them, and the days that are held.

import { HeldCalendar } from "./calendar.js";
import { isSeries, occurrenceOf, sortedByDay, touches } from "./events.js";
import { expand, occurrence } from "./recurrence/occurrences.js";

/** Of one answer to `occurrences`. */
const MOST_OCCURRENCES = 20_000;
const EMPTY = Object.freeze({ events: new Map(), revision: null, cursor: null, loaded: false });

/** `lay(departmentId, calendar)` returns the events with own waiting writes laid over. */
export function createCalendars({ lay }) {
  const calendars = new Map();

  const eventsOf = (id) => (calendars.has(id) ? lay(id, calendars.get(id)) : EMPTY.events);

  function find(id) {
    const which = occurrenceOf(id);
    for (const departmentId of calendars.keys()) {
      const events = eventsOf(departmentId);
      if (events.has(id)) return events.get(id);
      const series = which && events.get(which.seriesId);
      const found = series && isSeries(series) && occurrence(series, which.original);
      if (found) return found;
    }
    return undefined;
  }

  function occurrences({ from, to, departments = calendars.keys() }) {
    const found = [];
    for (const id of departments) {
      for (const event of eventsOf(id).values()) {
        if (isSeries(event)) found.push(...expand(event, from, to));
        else if (touches(event, from, to)) found.push(event);
        if (found.length > MOST_OCCURRENCES) return sortedByDay(found).slice(0, MOST_OCCURRENCES);
      }
    }
    return sortedByDay(found);
  }

  return {
    held: (id) => calendars.get(id),
    ids: () => [...calendars.keys()],
    has: (id) => calendars.has(id),
    add(id) {
      if (!calendars.has(id)) calendars.set(id, new HeldCalendar(id));
      return calendars.get(id);
    },
    delete: (id) => calendars.delete(id),
    clear: () => calendars.clear(),
    view(id) {
      const calendar = calendars.get(id);
      if (!calendar) return EMPTY;
      const { revision, cursor, loaded } = calendar;
      return { events: eventsOf(id), revision, cursor, loaded };
    },
    find,
    occurrences,
  };
}
