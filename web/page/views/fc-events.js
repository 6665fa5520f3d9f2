// Events as FullCalendar takes them, and how what it holds follows what is to be shown.

import { addDays } from "../dates.js";
import { lastDay, timeKind } from "../events/event-fields.js";

const clockMinutes = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/** Our event of one of FullCalendar's: as it is now, whatever FullCalendar has drawn. */
export const eventOf = (shown) => shown.extendedProps.holder?.event;

/**
 * Returns FullCalendar's input for an event or an occurrence. Times are written on no zone's clock: as the server understood them.
 * @param {object} event
 * @param {boolean} editable whether it may be dragged
 * @param {number | null} rank its place among those of its day in a month, where times count for the order only; null where there are hours
 */
export function inputOf(event, editable, rank = null) {
  // FullCalendar keeps the holder: what it holds can change without a drawing.
  const base = { title: event.title, editable, extendedProps: { holder: { event }, rank } };
  const last = lastDay(event);
  if (timeKind(event) !== "clock") return { ...base, allDay: true, start: event.event_date, end: addDays(last, 1) };
  const start = `${event.event_date}T${rank === null ? event.start_time : "00:00"}`;
  if (last > event.event_date) return { ...base, start, end: `${last}T${(rank === null && event.end_time) || "23:59"}` };
  const hasEnd = rank === null && event.end_time && clockMinutes(event.end_time) > clockMinutes(event.start_time);
  return { ...base, start, ...(hasEnd ? { end: `${event.event_date}T${event.end_time}` } : {}) };
}

/** What FullCalendar lays out by. Titles only order what has the same time (`stays`), and nothing where there are ranks. */
const placeOf = ({ title, extendedProps: { rank }, ...input }) => JSON.stringify([input, rank]);

/** The events by where they are and how long: their titles are what orders those of one key. */
function namesakes(events) {
  const counts = new Map();
  for (const event of events) counts.set(slotOf(event), (counts.get(slotOf(event)) ?? 0) + 1);
  return counts;
}
const slotOf = ({ event_date, end_date, start_time, end_time }) => `${event_date} ${end_date} ${start_time} ${end_time}`;

/**
 * Returns a Map of key → {event, rank}. Where there are hours an event's key is its id. In a month an event of one day has a place
 * among those of its day: another one may take it, of which FullCalendar knows nothing.
 */
function slots(events, hasHours) {
  const ranks = new Map();
  return new Map(events.map((event) => {
    if (hasHours) return [event.id, { event, rank: null }];
    if (lastDay(event) > event.event_date) return [event.id, { event, rank: 0 }];
    const day = `${event.event_date} ${timeKind(event) === "clock" ? "timed" : "all day"}`;
    const rank = ranks.get(day) ?? 0;
    ranks.set(day, rank + 1);
    return [`${day} ${rank}`, { event, rank }];
  }));
}

/**
 * Keeps a FullCalendar's events as they are to be shown: only what differs is touched, in one drawing.
 * `lookOf(event)` is what an event's look depends on, `surroundings()` what of it lies outside of events, `mayEdit(event)` whether it
 * may be dragged. `redraw(key, event, before)` draws another event, or another state of it, in the place that FullCalendar knows by
 * `key`: FullCalendar would lay out all of them anew.
 */
export function createFeed(calendar, { lookOf, surroundings, mayEdit, redraw }) {
  // Key → {look, holder, place, held}: what FullCalendar holds
  const held = new Map();

  // Event → its look: an event that changes is another object. Occurrences depend on their series besides.
  let known = new WeakMap();
  let knownIn = "";

  function lookAt(event) {
    if (event.series_id) return JSON.stringify(lookOf(event));
    if (!known.has(event)) known.set(event, JSON.stringify(lookOf(event)));
    return known.get(event);
  }

  /** `hasHours`: each event has its place by the clock; else `events` are in the order of their days. */
  function show(events, hasHours) {
    if (knownIn !== surroundings()) [known, knownIn] = [new WeakMap(), surroundings()];
    const wanted = slots(events, hasHours);
    for (const slot of wanted.values()) slot.look = lookAt(slot.event);
    const counts = namesakes(hasHours ? events : []);
    const changed = [...held.keys()].filter((key) => held.get(key).look !== wanted.get(key)?.look);
    const gone = new Set(changed.filter((key) => !wanted.has(key) || !stays(key, wanted.get(key), counts)));
    for (const key of changed) if (!gone.has(key)) drawInPlace(key, wanted.get(key));
    const fresh = [...wanted.keys()].filter((key) => !held.has(key) || gone.has(key));
    if (gone.size === 0 && fresh.length === 0) return;
    const isNew = held.size === 0 || gone.size > held.size / 2;
    calendar.batchRendering(() => {
      if (isNew) replaceAll(wanted);
      else {
        for (const key of gone) {
          held.get(key).held?.remove();
          held.delete(key);
        }
        for (const key of fresh) {
          const input = inputIn(key, wanted.get(key));
          held.set(key, { ...keep(input, wanted.get(key).look), held: calendar.addEvent(input) });
        }
      }
    });
  }

  const inputIn = (key, { event, rank }) => ({ id: key, ...inputOf(event, mayEdit(event), rank) });
  const keep = (input, look) => ({ look, holder: input.extendedProps.holder, place: placeOf(input) });

  /** Whether what changes keeps its place. One of several at the same time may pass another by its title. */
  function stays(key, slot, counts) {
    const { holder, place } = held.get(key);
    const isOrdered = slot.rank !== null || holder.event.title === slot.event.title || counts.get(slotOf(slot.event)) === 1;
    return isOrdered && place === placeOf(inputIn(key, slot));
  }

  function drawInPlace(key, { event, look }) {
    const mine = held.get(key);
    const before = mine.holder.event;
    mine.look = look;
    mine.holder.event = event;
    redraw(key, event, before);
  }

  // One source for all is read in one go; events that are added one by one cost each.
  function replaceAll(wanted) {
    calendar.removeAllEvents();
    calendar.removeAllEventSources();
    const inputs = [...wanted].map(([key, slot]) => inputIn(key, slot));
    calendar.addEventSource({ events: inputs });
    held.clear();
    for (const input of inputs) {
      const { id } = input;
      held.set(id, { ...keep(input, wanted.get(id).look), get held() { return calendar.getEventById(id); } });
    }
  }

  return {
    show,
    /** FullCalendar itself has put an event elsewhere: the next drawing puts it where it belongs. */
    displaced(key) {
      if (held.has(key)) Object.assign(held.get(key), { look: null, place: null });
    },
  };
}
