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
 */
export function inputOf(event, editable) {
  // FullCalendar keeps the holder: what it holds can change without a drawing.
  const base = { id: event.id, title: event.title, editable, extendedProps: { holder: { event } } };
  const last = lastDay(event);
  if (timeKind(event) !== "clock") return { ...base, allDay: true, start: event.event_date, end: addDays(last, 1) };
  const start = `${event.event_date}T${event.start_time}`;
  if (last > event.event_date) return { ...base, start, end: `${last}T${event.end_time ?? "23:59"}` };
  const hasEnd = event.end_time && clockMinutes(event.end_time) > clockMinutes(event.start_time);
  return { ...base, start, ...(hasEnd ? { end: `${event.event_date}T${event.end_time}` } : {}) };
}

/** What FullCalendar lays out by; of the title only its place among those of the same time. */
const placeOf = ({ title, extendedProps, ...input }) => JSON.stringify(input);

/** The events by where they are and how long: their titles are what orders those of one key. */
function namesakes(events) {
  const counts = new Map();
  for (const event of events) counts.set(slotOf(event), (counts.get(slotOf(event)) ?? 0) + 1);
  return counts;
}
const slotOf = ({ event_date, end_date, start_time, end_time }) => `${event_date} ${end_date} ${start_time} ${end_time}`;

/**
 * Keeps a FullCalendar's events as they are to be shown: only what differs is touched, in one drawing.
 * `lookOf(event)` is what an event's look depends on, `surroundings()` what of it lies outside of events, `mayEdit(event)` whether it
 * may be dragged. `redraw(event, before)` draws one that has changed and stays where it is: FullCalendar would lay out
 * all of them anew.
 */
export function createFeed(calendar, { lookOf, surroundings, mayEdit, redraw }) {
  // Id → {look, holder, place, held}: what FullCalendar holds
  const held = new Map();

  // Event → its look: an event that changes is another object. Occurrences depend on their series besides.
  let known = new WeakMap();
  let knownIn = "";

  function lookAt(event) {
    if (event.series_id) return JSON.stringify(lookOf(event));
    if (!known.has(event)) known.set(event, JSON.stringify(lookOf(event)));
    return known.get(event);
  }

  function show(events) {
    if (knownIn !== surroundings()) [known, knownIn] = [new WeakMap(), surroundings()];
    const looks = new Map(events.map((event) => [event.id, { event, look: lookAt(event) }]));
    const counts = namesakes(events);
    const changed = [...held.keys()].filter((id) => held.get(id).look !== looks.get(id)?.look);
    const gone = new Set(changed.filter((id) => !looks.has(id) || !stays(looks.get(id).event, counts)));
    for (const id of changed) if (!gone.has(id)) drawInPlace(looks.get(id));
    const fresh = events.filter(({ id }) => !held.has(id) || gone.has(id));
    if (gone.size === 0 && fresh.length === 0) return;
    const isNew = held.size === 0 || gone.size > held.size / 2;
    calendar.batchRendering(() => {
      if (isNew) replaceAll(events, looks);
      else {
        for (const id of gone) {
          held.get(id).held?.remove();
          held.delete(id);
        }
        for (const event of fresh) {
          const input = inputOf(event, mayEdit(event));
          held.set(event.id, { ...keep(input, looks.get(event.id).look), held: calendar.addEvent(input) });
        }
      }
    });
  }

  const keep = (input, look) => ({ look, holder: input.extendedProps.holder, place: placeOf(input) });

  /** Whether a changed event keeps its place. One of several at the same time may pass another by its title. */
  function stays(event, counts) {
    const { holder, place } = held.get(event.id);
    const isOrdered = holder.event.title === event.title || counts.get(slotOf(event)) === 1;
    return isOrdered && place === placeOf(inputOf(event, mayEdit(event)));
  }

  function drawInPlace({ event, look }) {
    const mine = held.get(event.id);
    const before = mine.holder.event;
    mine.look = look;
    mine.holder.event = event;
    redraw(event, before);
  }

  // One source for all is read in one go; events that are added one by one cost each.
  function replaceAll(events, looks) {
    calendar.removeAllEvents();
    calendar.removeAllEventSources();
    const inputs = events.map((event) => inputOf(event, mayEdit(event)));
    calendar.addEventSource({ events: inputs });
    held.clear();
    for (const input of inputs) {
      const { id } = input;
      held.set(id, { ...keep(input, looks.get(id).look), get held() { return calendar.getEventById(id); } });
    }
  }

  return { show };
}
