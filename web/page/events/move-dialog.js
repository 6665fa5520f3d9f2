// "Move…": another day, time or department without a mouse (WCAG 2.5.7), and without the whole form.

import { element } from "../element.js";
import { timeKind } from "./event-fields.js";
import { dropped } from "./moves.js";
import { ask } from "./modal.js";

/** `editable()` returns the departments that one may change, in order. Returns `open(event)`, a Promise of the writes or null. */
export function createMoveDialog({ text, words, actions, editable }) {
  return async function open(event) {
    const isTimed = timeKind(event) === "clock";
    const day = element("input", { name: "event_date", type: "date", value: event.event_date, required: true });
    const time = element("input", { name: "start_time", type: "time", value: event.start_time ?? "" });
    const department = element("select", { name: "department_id" }, ...editable().map(({ id, name }) =>
      element("option", { value: id, textContent: name, selected: id === event.department_id })));
    const said = element("p", { className: "quiet", aria: { live: "polite" } });
    const field = (key, control) => element("label", { className: "field" }, element("span", { className: "label", textContent: text(key) }), control);
    const target = () => (day.value ? dropped(event, { day: day.value, time: isTimed ? time.value || event.start_time : null }) : {});
    const say = () => (said.textContent = words.dayAndTimes(moved(event, target())));
    day.oninput = time.oninput = say;
    say();
    const chosen = await ask({
      heading: text("move_heading", { title: event.title }),
      body: [element("div", { className: "fields" }, field("field_event_date", day), isTimed ? field("field_start_time", time) : null, field("field_department", department)), said],
      buttons: [{ label: text("cancel"), value: "" }, { label: text("move"), value: "move", className: "primary" }],
      read: (value) => (value ? { fields: target(), departmentId: department.value || event.department_id } : null),
    });
    return chosen && actions.change(event, { ...chosen, message: "own_moved" });
  };
}

const moved = (event, fields) => Object.fromEntries(Object.entries({ ...event, ...fields }).filter(([, value]) => value !== null));
