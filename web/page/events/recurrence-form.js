// The part of an event's form that says how it is repeated. What it holds: recurrence.js.

import { element } from "../element.js";
import { KINDS, NTH, NTH_TEXTS, WEEKDAYS, weekdayOf } from "./recurrence.js";

const KIND_TEXTS = {
  none: "repeat_none", daily: "repeat_daily", weekly: "repeat_weekly", monthly_day: "repeat_monthly_day",
  monthly_weekday: "repeat_monthly_weekday", yearly: "repeat_yearly", other: "repeat_other",
};
const EVERY_TEXTS = { daily: "repeat_every_day", weekly: "repeat_every_week", monthly_day: "repeat_every_month", monthly_weekday: "repeat_every_month", yearly: "repeat_every_year" };
const SINGLE = ["recurrence", "repeat_interval", "repeat_nth", "repeat_weekday", "repeat_ends", "repeat_until", "repeat_count"];

/** Fills the choices of `form`, and shows of it what the chosen kind needs. `weekdayName(code)` names a weekday. */
export function createRecurrenceForm(form, { text, weekdayName }) {
  const control = (name) => form.elements.namedItem(name);
  const option = (value, label) => element("option", { value, textContent: label });
  let rule = "";

  control("recurrence").replaceChildren(...KINDS.map((kind) => option(kind, text(KIND_TEXTS[kind]))));
  control("repeat_nth").replaceChildren(...NTH.map((nth) => option(nth, text(NTH_TEXTS[nth]))));
  control("repeat_weekday").replaceChildren(...WEEKDAYS.map((code) => option(code, weekdayName(code))));
  form.querySelector(".repeat-days").append(...WEEKDAYS.map((code) =>
    element("label", { className: "check" }, element("input", { type: "checkbox", name: "repeat_day", value: code }), weekdayName(code))));
  const boxes = [...form.querySelectorAll("[name=repeat_day]")];
  control("recurrence").addEventListener("change", show);
  control("repeat_ends").addEventListener("change", show);

  function show() {
    const kind = control("recurrence").value;
    const shown = {
      repeated: kind !== "none" && kind !== "other", weekly: kind === "weekly", monthly_weekday: kind === "monthly_weekday", other: kind === "other",
      until: control("repeat_ends").value === "until", count: control("repeat_ends").value === "count",
    };
    for (const part of form.querySelectorAll("[data-repeat]")) part.hidden = !shown[part.dataset.repeat];
    control("recurrence").querySelector("[value=other]").hidden = rule === "";
    form.querySelector(".rule-text").textContent = rule;
    if (kind in EVERY_TEXTS) control("repeat_interval").closest("label").firstElementChild.textContent = text(EVERY_TEXTS[kind]);
  }

  const values = () => ({
    ...Object.fromEntries(SINGLE.map((name) => [name, control(name).value])),
    repeat_days: boxes.filter((box) => box.checked).map((box) => box.value), rule,
  });

  return {
    values,
    open(given) {
      rule = given.rule;
      for (const name of SINGLE) control(name).value = given[name];
      for (const box of boxes) box.checked = given.repeat_days.includes(box.value);
      show();
    },
    /** The date of an event that isn't repeated yet has changed: a weekday that only follows it changes, too. */
    follow(before, after) {
      const { repeat_days: days, repeat_weekday: day } = values();
      if (String(days) === weekdayOf(before)) for (const box of boxes) box.checked = box.value === weekdayOf(after);
      if (day === weekdayOf(before)) control("repeat_weekday").value = weekdayOf(after);
    },
  };
}
