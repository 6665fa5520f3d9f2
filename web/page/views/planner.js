// People by days and departments by days: who is away, who has what, at a glance.

import { addDays, daysBetween, weekday } from "../dates.js";
import { element, keepingFocus, readAs, replaceChanged } from "../element.js";
import { lastDay } from "../events/event-fields.js";
import { inOrder as departmentsInOrder } from "../departments/order.js";
import { inOrder } from "../../sync/index.js";
import { createKeyboard } from "./keyboard.js";
import { dress } from "./palette.js";

const collator = new Intl.Collator("ko", { numeric: true });

const NAMES = 150;
const narrow = matchMedia("(max-width: 700px)");

/** Returns `[{key, name, department?, events}]`: a row for each person that events name, or for each shown department. */
export function rowsOf(kind, events, departments, shown) {
  if (kind === "departments") {
    return departmentsInOrder(departments).filter(({ id }) => shown.has(id))
      .map((department) => ({ key: department.id, name: department.name, department, events: events.filter((event) => event.department_id === department.id) }));
  }
  const people = new Map();
  for (const event of events) for (const name of event.people ?? []) people.set(name, [...(people.get(name) ?? []), event]);
  return [...people].sort(([a], [b]) => collator.compare(a, b)).map(([name, own]) => ({ key: name, name, events: own }));
}

/** Draws into `root`. `open(event, anchor)`, `chosen()` is the chosen day, `pick(day)`, `openDay(day, anchor)`. */
export function createPlanner(root, { text, words, eventView, open, chosen, pick, openDay, weekStart }) {
  const table = element("table", { className: "planner", aria: { role: "grid" } });
  const [head, body] = [element("thead"), element("tbody")];
  const none = element("p", { className: "quiet empty", textContent: text("planner_nobody") });
  let shown = null;
  let byId = new Map();
  let revealed = "";
  table.append(head, body);
  root.append(none, table);
  const keyboard = createKeyboard(root, {
    cells: () => [...head.querySelectorAll("[data-date]")], day: chosen, how: () => ({ view: "week", weekStart: weekStart() }), pick,
    open: (day) => openDay(day, head.querySelector(`[data-date="${day}"]`)),
  });
  root.onclick = ({ target }) => {
    const button = target.closest("[data-event]");
    if (button) return open(byId.get(button.dataset.event), button);
    const { date } = target.closest("[data-date]")?.dataset ?? {};
    return date && pick(date);
  };

  function headRow(days) {
    const cells = days.map((day) => {
      const holiday = words.holidaysOn(day);
      return element("th", {
        scope: "col", data: { date: day, weekday: weekday(day), ...(holiday ? { holiday: "" } : {}) }, title: holiday,
        aria: day === shown.today ? { current: "date" } : {},
      }, ...readAs([words.dayName(day), holiday].filter(Boolean).join(", "),
        element("span", { className: "weekday", textContent: words.weekdayShort(day) }), element("span", { className: "date", textContent: Number(day.slice(8)) })));
    });
    return element("tr", {}, element("th", { scope: "col", className: "corner", textContent: text(shown.view === "people" ? "planner_person" : "planner_department") }), ...cells);
  }

  function bodyRow({ name, department, events }, days) {
    const title = element("th", { scope: "row" }, element("bdi", { textContent: name }));
    if (department) {
      title.className = "of-department";
      dress(title, department);
    }
    return element("tr", {}, title, ...days.map((day) => {
      const own = events.filter((event) => event.event_date <= day && lastDay(event) >= day).sort((a, b) => inOrder(a, b, day));
      return element("td", { data: { day, weekday: weekday(day), ...(day === shown.today ? { today: "" } : {}), ...(words.holidaysOn(day) ? { holiday: "" } : {}) } }, ...own.map((event) => chip(event, day)));
    }));
  }

  function chip(event, day) {
    const made = element("button", {
      type: "button", className: "chip", title: eventView.label(event), aria: { label: eventView.label(event) },
      data: { event: event.id, department: event.department_id, focus: `event-${event.id}-${day}` },
    }, ...eventView.content(event, event.event_date === day));
    made.classList.toggle("continued", event.event_date < day);
    made.classList.toggle("goes-on", day === shown.last && lastDay(event) > day);
    eventView.dress(made, event);
    eventView.mark(made, event);
    return made;
  }

  /** Once there is something to see, the chosen day at the left edge, beside the names; later days only if they are out of sight. */
  function reveal(what, day) {
    const cell = head.querySelector(`[data-date="${day}"]`);
    if (!cell || revealed === `${what} ${day}`) return;
    const isNew = !revealed.startsWith(what);
    revealed = `${what} ${day}`;
    const left = cell.offsetLeft - head.querySelector(".corner").offsetWidth;
    if (isNew || left < root.scrollLeft || cell.offsetLeft + cell.offsetWidth > root.scrollLeft + root.clientWidth) root.scrollLeft = left;
  }

  return {
    /** `{day, today, first, last, events, heads, view, departments, shownIds}` */
    show(next) {
      const before = shown;
      shown = next;
      byId = new Map(next.events.map((event) => [event.id, event]));
      const days = Array.from({ length: daysBetween(next.first, next.last) + 1 }, (_, index) => addDays(next.first, index));
      const rows = rowsOf(next.view, next.events, next.departments, next.shownIds);
      table.setAttribute("aria-label", text(`planner_${next.view}`));
      table.hidden = rows.length === 0;
      none.hidden = rows.length > 0;
      table.style.width = `${NAMES + days.length * (narrow.matches ? 96 : 124)}px`;
      if (before?.heads !== next.heads || before?.first !== next.first || before?.view !== next.view || before?.today !== next.today) head.replaceChildren(headRow(days));
      keepingFocus(root, () => {
        replaceChanged(body, rows.map((row) => ({
          signature: JSON.stringify([next.view, next.first, next.last, next.heads, next.today, row.key, row.name, row.events.map(eventView.look)]), build: () => bodyRow(row, days),
        })));
        keyboard.mark();
      }, () => head.querySelector("[data-date][tabindex='0']"));
      if (rows.length > 0) reveal(`${next.first} ${next.view}`, next.day);
    },
    focus: keyboard.focus,
  };
}
