// What FullCalendar's callbacks mean: selecting makes an event, dragging and resizing change one.

import { eventOf } from "../views/fc-events.js";
import { dropped, pointOf, resized, selected } from "./moves.js";

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
    onDrop: (info) => write(info, (event) => dropped(event, pointOf(info.event.startStr, info.event.allDay)), "own_moved"),
    onResize(info) {
      const { startStr, endStr, allDay } = info.event;
      return write(info, (event) => resized(event, pointOf(startStr, allDay), pointOf(endStr, allDay)), "own_moved");
    },
  };
}
