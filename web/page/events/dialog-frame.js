// The window of an event: its elements, without what they do (event-dialog.js, event-form.js).

import { element } from "../element.js";

/** Appends the window to the page, if it isn't there yet, and returns it. */
export function eventFrame(text) {
  const known = document.getElementById("event-dialog");
  if (known?.dataset.made) return known;
  known?.remove();
  const make = maker(text);
  const form = element("form", { noValidate: true, autocomplete: "off" },
    heading(text), notes(), ...whatAndWhen(make), ...repetition(make), ...details(make), footer(make));
  const dialog = element("dialog", { id: "event-dialog", data: { made: "" }, aria: { labelledby: "event-heading" } }, form);
  document.body.append(dialog);
  return dialog;
}

function maker(text) {
  const label = (key) => element("span", { className: "label", textContent: text(key) });
  return {
    text, label,
    field: (key, control, { wide = false, data = {} } = {}) =>
      element("label", { className: wide ? "field wide" : "field", data }, label(key), control),
    input: (name, properties = {}) => element("input", { name, ...properties }),
    button: (key, properties = {}) => element("button", { type: "button", textContent: text(key), ...properties }),
    options: (...options) => options.map(([value, key]) => element("option", { value, textContent: text(key) })),
  };
}

const heading = (text) => element("header", { className: "wide" },
  element("h2", { id: "event-heading" }), element("p", { className: "others quiet", hidden: true, aria: { live: "polite" } }),
  element("button", { type: "button", className: "icon", textContent: "×", data: { action: "cancel" }, aria: { label: text("close") } }));

/** Places for a question, for a draft that is offered, for what a colleague changes meanwhile, for a failure. */
const notes = () => element("div", { className: "notes wide" },
  element("div", { className: "question", hidden: true, aria: { role: "alert" } },
    element("p"), element("div", { className: "choices" }), element("div", { className: "buttons" })),
  element("div", { className: "draft", hidden: true }, element("p"), element("div", { className: "buttons" })),
  element("div", { className: "meanwhile", hidden: true, aria: { live: "polite" } }, element("p"), element("ul"), element("div", { className: "clashes" })),
  element("p", { className: "failure", hidden: true, aria: { role: "alert" } }));

function whatAndWhen({ text, field, input, label }) {
  const kinds = [["all_day", "time_all_day"], ["clock", "time_clock"], ["text", "time_text"]].map(([value, key]) =>
    element("label", { className: "segment" }, input("time_kind", { type: "radio", value }), element("span", { textContent: text(key) })));
  return [
    field("field_title", input("title", { required: true, maxLength: 200, className: "title-input" }), { wide: true }),
    element("div", { className: "when wide" },
      field("field_event_date", input("event_date", { type: "date", required: true })),
      field("field_start_time", input("start_time", { type: "time" }), { data: { time: "clock" } }),
      field("field_end_date", input("end_date", { type: "date" }), { data: { several: "" } }),
      field("field_end_time", input("end_time", { type: "time" }), { data: { time: "clock" } }),
      field("field_time", input("time", { placeholder: text("hint_time"), maxLength: 50 }), { data: { time: "text" } })),
    element("div", { className: "wide line" },
      element("div", { className: "segments", aria: { role: "radiogroup", label: text("field_time_kind") } }, ...kinds),
      element("label", { className: "check" }, element("input", { type: "checkbox", className: "several-days" }), text("several_days")),
      element("label", { className: "zone", data: { time: "clock" } }, label("field_time_zone"), element("select", { name: "time_zone" })),
      element("button", { type: "button", className: "link", data: { time: "clock", action: "zone" }, textContent: text("zone_choose") })),
    element("p", { className: "wide quiet when-said", aria: { live: "polite" } }),
  ];
}

function repetition({ text, field, input, options }) {
  const select = (name) => element("select", { name });
  return [
    field("field_recurrence", select("recurrence")),
    field("field_department", select("department_id")),
    element("p", { className: "rule-text quiet wide", data: { repeat: "other" } }),
    element("div", { className: "repeat wide", data: { repeat: "repeated" } },
      field("repeat_every_day", input("repeat_interval", { type: "number", min: "1", max: "9999" })),
      element("fieldset", { className: "repeat-days", data: { repeat: "weekly" } }, element("legend", { textContent: text("repeat_days") })),
      field("repeat_nth", select("repeat_nth"), { data: { repeat: "monthly_weekday" } }),
      field("repeat_days", select("repeat_weekday"), { data: { repeat: "monthly_weekday" } }),
      field("repeat_ends", element("select", { name: "repeat_ends" },
        ...options(["never", "ends_never"], ["until", "ends_until"], ["count", "ends_count"]))),
      field("repeat_until", input("repeat_until", { type: "date" }), { data: { repeat: "until" } }),
      field("repeat_count", input("repeat_count", { type: "number", min: "1", max: "10000" }), { data: { repeat: "count" } })),
  ];
}

function details({ text, field, input, options }) {
  return [
    field("field_location", input("location", { maxLength: 200 })),
    field("field_people", input("people", { placeholder: text("hint_list") })),
    element("div", { className: "field wide" },
      element("span", { className: "label", textContent: text("field_categories") }),
      input("categories", { type: "hidden" }),
      element("div", { className: "category-choices", aria: { role: "group", label: text("field_categories") } },
        input("own_category", { className: "own-category", placeholder: text("category_other"), maxLength: 50, aria: { label: text("category_other") } }))),
    element("datalist", { id: "event-categories" }), element("datalist", { id: "event-places" }), element("datalist", { id: "event-people" }),
    field("field_description", element("textarea", { name: "description", rows: 3 }), { wide: true }),
    element("details", { className: "further wide" }, element("summary", { textContent: text("more_fields") }),
      element("div", { className: "grid" },
        field("field_url", input("url", { type: "url", placeholder: text("hint_url") }), { wide: true }),
        field("field_status", element("select", { name: "status" },
          ...options(["", "status_confirmed"], ["tentative", "status_tentative"], ["cancelled", "status_cancelled"]))),
        element("fieldset", { className: "colour-choice" }, element("legend", { textContent: text("field_color") }), element("div", { className: "colours" })))),
  ];
}

const footer = ({ button }) => element("footer", { className: "wide" },
  button("delete", { className: "danger", data: { action: "delete" } }),
  element("span", { className: "state quiet", aria: { role: "status" } }),
  button("cancel", { data: { action: "leave" } }),
  element("button", { type: "submit", className: "primary" }));
