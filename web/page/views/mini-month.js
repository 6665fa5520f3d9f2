// The small month in the sidebar: days with events have a dot, a click or Enter goes there.

import { addMonths, monthGrid, sameMonth, weekday } from "../dates.js";
import { element, keepingFocus, readAs } from "../element.js";
import { createKeyboard } from "./keyboard.js";

/**
 * `words` names days; `chosen()` returns the chosen day, `pick(day)` goes to a day; `weekStart()` is the weekday that weeks begin on,
 * `busyIn(first, last)` a Map of the days that have events.
 * @returns {{element: HTMLElement, draw: (shown: object) => void}}
 */
export function createMiniMonth({ text, words, weekStart, chosen, pick, busyIn }) {
  const title = element("h2", { className: "mini-title" });
  const body = element("tbody");
  const head = element("tr");
  let shown = null;
  let month = null;
  let busy = new Map();
  // What is drawn depends on these.
  let drawn = "";

  const step = (label, count, path) => {
    const button = element("button", { type: "button", className: "icon", title: text(label), aria: { label: text(label) }, onclick: () => turn(count) });
    button.append(icon(path));
    return button;
  };
  const table = element("table", { aria: { role: "grid", label: text("mini_month") } }, element("thead", {}, head), body);
  const made = element("section", { className: "mini" },
    element("header", {}, title, step("previous_month", -1, "M12.5 4.5 7 10l5.5 5.5"), step("next_month", 1, "M7.5 4.5 13 10l-5.5 5.5")), table);
  const keyboard = createKeyboard(body, {
    cells: () => [...body.querySelectorAll("[data-date]")], day: chosen, how: () => ({ weekStart: weekStart() }), pick, open: pick,
  });
  body.onclick = ({ target }) => {
    const { date } = target.closest("[data-date]")?.dataset ?? {};
    if (date) pick(date);
  };

  function turn(count) {
    month = addMonths(month, count).slice(0, 7) + "-01";
    look();
  }

  /** Draws the month, if anything in it is another than what is drawn. */
  function look() {
    const weeks = monthGrid(month, weekStart());
    busy = busyIn(weeks[0][0], weeks.at(-1)[6]);
    const facts = [month, shown.day, shown.today, shown.heads, ...busy.keys()].join(" ");
    if (drawn !== facts) fill(weeks);
    drawn = facts;
  }

  function fill(weeks) {
    title.textContent = words.monthName(month);
    head.replaceChildren(...weeks[0].map((day) => element("th", { scope: "col", data: { weekday: weekday(day) }, textContent: words.weekdayShort(day), abbr: words.weekdayLong(day) })));
    keepingFocus(body, () => body.replaceChildren(...weeks.map((week) => element("tr", {}, ...week.map(cell)))), () => null);
    keyboard.mark();
  }

  function cell(day) {
    const { today, holidays } = shown;
    return element("td", {
      data: { date: day, focus: day, weekday: weekday(day), ...(sameMonth(day, month) ? {} : { outside: "" }), ...(busy.has(day) ? { busy: "" } : {}), ...(holidays.has(day) ? { holiday: "" } : {}) },
      aria: { role: "gridcell", ...(day === today ? { current: "date" } : {}) },
    }, ...readAs(words.dayName(day), element("span", { className: "date", textContent: Number(day.slice(8)) })));
  }

  return {
    element: made,
    /** `{day, today, holidays, heads, changes}`: `heads` changes with what stands on the days, `changes` with the events. */
    draw(next) {
      if (month === null || (shown !== null && shown.day !== next.day) || shown === null) month = `${next.day.slice(0, 7)}-01`;
      const same = shown !== null && ["heads", "changes", "day", "today"].every((name) => shown[name] === next[name]);
      shown = next;
      if (!same) look();
    },
  };
}

/** Returns a line drawing of 20 × 20. */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
