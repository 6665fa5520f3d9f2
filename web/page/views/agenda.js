// The list: each day that has events, with all that is known of them. On a phone it is what one sees first.

import { addDays, daysBetween, weekday } from "../dates.js";
import { element, keepingFocus, replaceChanged } from "../element.js";
import { lastDay } from "../events/event-fields.js";
import { inOrder } from "../../sync/index.js";

const MOST_DAYS = 62;

/** Returns a Map of day → the events on it, in order, from `first` to `last`. */
export function byDay(events, first, last) {
  const days = new Map();
  for (const event of events) {
    const from = event.event_date < first ? first : event.event_date;
    const count = Math.min(MOST_DAYS, daysBetween(from, lastDay(event) < last ? lastDay(event) : last));
    for (let index = 0; index <= count; index += 1) {
      const day = addDays(from, index);
      if (!days.has(day)) days.set(day, []);
      days.get(day).push(event);
    }
  }
  for (const [day, own] of days) own.sort((a, b) => inOrder(a, b, day));
  return days;
}

/** Returns a Map of day → how many events it has, from `first` to `last`. */
export function countByDay(events, first, last) {
  const days = new Map();
  for (const event of events) {
    const end = lastDay(event) < last ? lastDay(event) : last;
    let day = event.event_date < first ? first : event.event_date;
    for (let count = 0; day <= end && count < MOST_DAYS; count += 1) {
      days.set(day, (days.get(day) ?? 0) + 1);
      // Most events have one day: no other is calculated for them.
      if (day === end) break;
      day = addDays(day, 1);
    }
  }
  return days;
}

/** Draws into `root`. `open(event, anchor)` shows an event. */
export function createAgenda(root, { text, words, eventView, open }) {
  const empty = element("p", { className: "quiet empty", textContent: text("agenda_empty") });
  const list = element("div", { className: "agenda-days" });
  let byId = new Map();
  root.append(empty, list);
  root.role = "region";
  root.tabIndex = -1;
  root.setAttribute("aria-label", text("agenda_label"));
  root.onclick = ({ target }) => {
    const button = target.closest("button[data-event]");
    if (button) open(byId.get(button.dataset.event), button);
  };

  function dayOf([day, events], today) {
    const holiday = words.holidaysOn(day);
    const heading = element("h3", { data: { weekday: weekday(day), ...(holiday ? { holiday: "" } : {}) }, aria: day === today ? { current: "date" } : {} },
      element("span", { className: "number", textContent: Number(day.slice(8)) }),
      element("span", { className: "name", textContent: words.weekdayLong(day) }),
      day === today ? element("span", { className: "badge-today", textContent: text("agenda_today") }) : null,
      holiday ? element("span", { className: "holiday", textContent: holiday }) : null);
    const items = events.length > 0 ? element("ul", { className: "items" }, ...events.map((event) => eventView.dayItem(event)))
      : element("p", { className: "quiet none", textContent: text("day_empty") });
    return element("section", { className: "agenda-day", data: { date: day } }, heading, items);
  }

  return {
    /** `{day, today, first, last, events, heads, isLoading}` */
    show({ day, today, first, last, events, heads, isLoading }) {
      byId = new Map(events.map((event) => [event.id, event]));
      const days = byDay(events, first, last);
      if (today >= first && today <= last && !days.has(today) && !isLoading) days.set(today, []);
      const sorted = [...days].sort(([a], [b]) => (a < b ? -1 : 1));
      empty.hidden = events.length > 0;
      empty.textContent = text(isLoading ? "day_loading" : "agenda_empty");
      keepingFocus(root, () => replaceChanged(list, sorted.map((each) => ({
        signature: JSON.stringify([each[0], each[0] === today, heads, each[1].map(eventView.look)]), build: () => dayOf(each, today),
      }))));
      root.dataset.day = day;
    },
    /** The first event of the day that is shown takes the focus, or of the next one that has any. */
    focus() {
      const all = [...list.querySelectorAll("button.open")];
      (all.find((each) => each.closest("[data-date]").dataset.date >= root.dataset.day) ?? all.at(-1) ?? root).focus();
    },
    /** Brings a day into view. */
    reveal(day) {
      const days = [...list.querySelectorAll("[data-date]")];
      (days.find(({ dataset }) => dataset.date >= day) ?? days.at(-1))?.scrollIntoView({ block: "start" });
    },
  };
}
