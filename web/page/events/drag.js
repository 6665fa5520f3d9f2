// What FullCalendar's callbacks mean: selecting makes an event, dragging and resizing change one.

import { eventOf } from "../views/fc-events.js";
import { dropped, pointOf, resized, selected } from "./moves.js";

/** Where an event of FullCalendar's has been dropped, and where it ends. In a month it keeps its clock (fc-events.js). */
function pointsOf({ startStr, endStr, allDay, extendedProps: { holder, rank = null } }) {
  const { start_time: start, end_time: end } = holder.event;
  const kept = (point, time) => (point && rank !== null && !allDay ? { ...point, time: time ?? point.time } : point);
  return [kept(pointOf(startStr, allDay), start), kept(pointOf(endStr, allDay), end)];
}

/**
 * Returns `{onSelect, onDrop, onResize}` for `select`, `eventDrop` and `eventResize`. `create(fields)` opens the form. What isn't written after all goes back to where it was.
 */
export function createDrag({ actions, create }) {
  async function write(info, fieldsFor, message) {
    const event = eventOf(info.event);
    const writes = await actions.change(event, { fields: fieldsFor(event), message });
    if (writes === null) info.revert();
    return writes;
  }

  return {
    onSelect({ startStr, endStr, allDay, view }) {
      view?.calendar?.unselect();
      create(selected(pointOf(startStr, allDay), pointOf(endStr, allDay)));
    },
    onDrop: (info) => write(info, (event) => dropped(event, pointsOf(info.event)[0]), "own_moved"),
    onResize: (info) => write(info, (event) => resized(event, ...pointsOf(info.event)), "own_moved"),
  };
}
