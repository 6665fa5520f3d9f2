// The form of an event: what it shows of itself, and what it holds. What that means for the event: event-fields.js.

import { addDays, daysBetween, shiftedEnd } from "../dates.js";
import { element } from "../element.js";
import { FIXED, categoryName, categoryNames, titleFor } from "./categories.js";
import { colourOf, fieldsOf, listIn, suggestions } from "./event-fields.js";
import { lengthOf } from "./moves.js";
import { createRecurrenceForm } from "./recurrence-form.js";
import { zoneName } from "./words.js";

const COLOURS = {
  "": "color_none", "#e03131": "color_red", "#e8590c": "color_orange", "#f2b705": "color_yellow", "#2f9e44": "color_green",
  "#1098ad": "color_teal", "#1971c2": "color_blue", "#7048e8": "color_violet", "#868e96": "color_grey",
};
const NAMES = [
  "title", "event_date", "end_date", "time_kind", "start_time", "end_time", "time", "time_zone", "location", "categories", "people", "status",
  "color", "description", "url", "department_id",
];

/** `known()` returns `{categories, people, places}` in use; `words` are of words.js, `zone()` is the zone of who looks on, `me()` his name. */
export function createEventForm(form, { text, words, known, zone, me = () => "" }) {
  const control = (name) => form.elements.namedItem(name);
  const recurrence = createRecurrenceForm(form, { text, weekdayName: words.weekdayName });
  const several = form.querySelector(".several-days");
  let before = { event_date: "", repeat_start: "" };
  // The end keeps its distance from the start. While a start is typed, it is other times on the way, or none.
  let kept = { start: "", end: "" };
  let isNew = true;
  let isReadOnly = false;
  // A new event without a title can take it from its category, which is shown where the title would stand.
  let suggests = false;
  // The zone's choice is shown once it matters, or somebody wants it.
  let showsZone = false;

  listen();

  function listen() {
    for (const radio of form.querySelectorAll("[name=time_kind]")) radio.addEventListener("change", kindChanged);
    several.addEventListener("change", severalChanged);
    control("event_date").addEventListener("change", moveDate);
    control("start_time").addEventListener("change", moveEnd);
    control("start_time").addEventListener("blur", () => control("start_time").value && keepLength());
    control("end_time").addEventListener("change", keepLength);
    for (const type of ["input", "focus"]) control("people").addEventListener(type, suggestPeople);
    for (const [name, list] of [["location", "places"], ["people", "people"], ["own_category", "categories"]]) control(name).setAttribute("list", `event-${list}`);
    control("own_category").addEventListener("keydown", ownTyped);
    control("own_category").addEventListener("change", addOwn);
    form.querySelector("[data-action=zone]").onclick = () => {
      const { value } = control("time_zone");
      showsZone = true;
      drawZones(value, true);
      show();
      control("time_zone").focus();
    };
    form.addEventListener("input", say);
    form.addEventListener("change", say);
  }

  function show() {
    const kind = control("time_kind").value;
    for (const part of form.querySelectorAll("[data-time]")) part.hidden = part.dataset.time !== kind;
    for (const part of form.querySelectorAll("[data-several]")) part.hidden = !several.checked;
    form.querySelector(".zone").hidden = kind !== "clock" || !showsZone;
    form.querySelector("[data-action=zone]").hidden = kind !== "clock" || showsZone || isReadOnly;
    form.querySelector(".when").dataset.kind = kind;
    say();
  }

  /** Says in words when the event will be, so that a slip is seen before it is stored. */
  function say() {
    const fields = fieldsOf(values());
    const event = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
    const length = lengthOf(event);
    const key = length % 60 === 0 ? "lasts_hours" : length < 60 ? "lasts_only_minutes" : "lasts_minutes";
    const lasts = length === null ? "" : ` (${text(key, { hours: Math.floor(length / 60), minutes: length % 60 })})`;
    form.querySelector(".when-said").textContent = event.event_date
      ? [`${words.dayAndTimes(event)}${lasts}`, event.recurrence ? words.rule(event) : ""].filter(Boolean).join(" · ") : "";
  }

  function kindChanged() {
    if (control("time_kind").value === "clock" && !control("start_time").value) {
      control("start_time").value = nextHour();
      keepLength();
      control("start_time").focus();
    }
    show();
  }

  function severalChanged() {
    const end = control("end_date");
    end.value = several.checked && control("event_date").value ? end.value || addDays(control("event_date").value, 1) : "";
    show();
  }

  /** The end moves along with the beginning, as it does on the server. */
  function moveDate() {
    const day = control("event_date").value;
    if (!day || !before.event_date) return;
    const end = control("end_date");
    if (end.value) end.value = addDays(end.value, daysBetween(before.event_date, day));
    if (isNew) recurrence.follow(before.event_date, day);
    before.event_date = day;
  }

  function moveEnd() {
    const start = control("start_time").value;
    if (start && kept.start && kept.end) control("end_time").value = shiftedEnd(kept.start, start, kept.end);
  }

  function keepLength() {
    kept = { start: control("start_time").value, end: control("end_time").value };
  }

  function suggest(list, values) {
    document.getElementById(`event-${list}`).replaceChildren(...values.slice(0, 100).map((value) => element("option", { value })));
  }

  function suggestPeople() {
    suggest("people", suggestions(control("people").value, known().people));
  }

  /** The fixed categories and the ones that are chosen, as buttons; others are typed. */
  function drawCategories() {
    const chosen = listIn(control("categories").value);
    const choices = form.querySelector(".category-choices");
    const own = control("own_category");
    const focused = choices.contains(document.activeElement) && document.activeElement !== own ? document.activeElement.value : null;
    for (const old of choices.querySelectorAll("button")) old.remove();
    own.before(...categoryNames(chosen).map((name) => categoryButton(name, chosen.includes(name))));
    own.hidden = isReadOnly;
    control("title").placeholder = suggests ? titleFor(chosen, me(), text) : "";
    suggest("categories", known().categories.filter((each) => !chosen.includes(each) && !FIXED.has(each)));
    if (focused !== null) [...choices.querySelectorAll("button")].find(({ value }) => value === focused)?.focus();
  }

  function categoryButton(name, pressed) {
    const button = element("button", {
      type: "button", className: "category-choice", value: name, disabled: isReadOnly, onclick: () => toggleCategory(name), aria: { pressed },
    }, element("bdi", { textContent: categoryName(name, text) }));
    if (FIXED.has(name)) button.style.setProperty("--category", FIXED.get(name).colour);
    return button;
  }

  /** Who is away is found by the people of the event: in a new one it is who makes it, unless somebody else is named. */
  function namePerson(isAway) {
    const people = control("people");
    if (!suggests || !me() || people.value.trim() !== (isAway ? "" : me())) return;
    people.value = isAway ? me() : "";
  }

  function toggleCategory(name) {
    const chosen = listIn(control("categories").value);
    if (FIXED.has(name)) namePerson(!chosen.includes(name));
    control("categories").value = (chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]).join(", ");
    drawCategories();
    control("categories").dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Enter and a comma end a category; Enter in an empty field submits the form. */
  function ownTyped(press) {
    if (press.isComposing || control("own_category").value.trim() === "" || (press.key !== "Enter" && press.key !== ",")) return;
    press.preventDefault();
    addOwn();
  }

  function addOwn() {
    const names = listIn(control("own_category").value);
    const chosen = listIn(control("categories").value);
    control("own_category").value = "";
    for (const name of names) if (!chosen.includes(name)) toggleCategory(name);
  }

  function drawColours(own) {
    const all = [...Object.keys(COLOURS), ...(own in COLOURS ? [] : [own])];
    form.querySelector(".colours").replaceChildren(...all.map((value) => {
      const label = text(COLOURS[value] ?? "color_own", { color: value });
      const swatch = element("input", { type: "radio", name: "color", value, title: label, aria: { label } });
      if (colourOf({ color: value })) swatch.style.setProperty("--own", value);
      return swatch;
    }));
  }

  /** The names of 400 zones are made only when somebody asks for them. */
  function drawZones(own, all = false) {
    const usual = [...new Set([own, ...(all ? [zone(), "Asia/Seoul"] : [])])].filter((each) => each !== "" || own === "");
    const others = all ? (Intl.supportedValuesOf?.("timeZone") ?? []).filter((each) => !usual.includes(each)) : [];
    const named = (value) => (value ? `${zoneName(value, document.documentElement.lang)} (${value})` : text("zone_usual"));
    control("time_zone").replaceChildren(
      ...usual.map((value) => element("option", { value, textContent: named(value) })), ...others.map((value) => element("option", { value, textContent: value })));
  }

  function values() {
    const given = Object.fromEntries(NAMES.map((name) => [name, control(name).value]));
    const title = given.title.trim() === "" ? control("title").placeholder : "";
    return { ...given, ...(title ? { title, people: given.people || me() } : {}), ...recurrence.values(), repeat_start: before.repeat_start };
  }

  /** `repeatable`: the event isn't a series yet, so that its rule may follow its date. */
  function open(given, repeatable) {
    isNew = repeatable;
    suggests = given.title === "";
    before = { event_date: given.event_date, repeat_start: given.repeat_start };
    showsZone = Boolean(given.time_zone) && words.zoneOf({ ...given, start_time: given.start_time || "09:00" }) !== "";
    drawColours(given.color);
    drawZones(given.time_zone);
    for (const name of NAMES) if (control(name).value !== given[name]) control(name).value = given[name];
    keepLength();
    several.checked = given.end_date !== "";
    recurrence.open(given);
    drawCategories();
    suggest("places", known().places);
    const further = form.querySelector("details.further");
    further.open = further.open || [given.url, given.status, given.color].some(Boolean);
    show();
  }

  return {
    values, open,
    /** Shows an event that one may not change. */
    setReadOnly(readOnly) {
      isReadOnly = readOnly;
      for (const each of form.querySelectorAll("input, textarea, select")) {
        if (each.matches("textarea, [type=url], [name=title], [name=location], [name=people], [name=own_category]")) each.readOnly = readOnly;
        else each.disabled = readOnly;
      }
    },
  };
}

/** The next full hour, of an office's day. */
function nextHour() {
  const hour = new Date().getHours() + 1;
  return `${String(hour >= 9 && hour <= 18 ? hour : 9).padStart(2, "0")}:00`;
}
