// Which events of a month FullCalendar is given: those that have room. It would lay out all others, too, with every change; they are
// only counted.

import { lastDay, timeKind } from "../events/event-fields.js";

const beginning = (event) => (timeKind(event) === "clock" ? event.start_time : "");
const collator = new Intl.Collator(undefined, { numeric: true });

/** FullCalendar's own order: what begins first, what takes longer, the title. */
const inGrid = (a, b) => {
  const [first, second] = [beginning(a), beginning(b)];
  if (first !== second) return first < second ? -1 : 1;
  const [end, otherEnd] = [a.end_time ?? "", b.end_time ?? ""];
  return end !== otherEnd ? (end < otherEnd ? 1 : -1) : collator.compare(a.title, b.title);
};

/**
 * Returns the events that may be seen where a day shows `most`, and one more of each day that has more; those of one day in their order.
 * @param {object[]} events
 * @param {number | false} most false: all of them
 */
export function fitting(events, most) {
  const days = new Map();
  const kept = [];
  for (const event of events) {
    if (lastDay(event) > event.event_date) kept.push(event);
    else if (days.has(event.event_date)) days.get(event.event_date).push(event);
    else days.set(event.event_date, [event]);
  }
  for (const own of days.values()) kept.push(...own.sort(inGrid).slice(0, most === false ? own.length : most + 1));
  return kept;
}
