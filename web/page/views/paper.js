// A month on paper: one sheet with all events of all days, however many, since nobody can open a `+3` on it.

import { monthGrid, sameMonth, weekday } from "../dates.js";
import { element } from "../element.js";
import { inOrder as departmentsInOrder } from "../departments/order.js";
import { byDay } from "./agenda.js";
import { dress } from "./palette.js";

// Millimetres of an A4 sheet that lies: what weeks have, a day's head, a line at most and at least.
const [HEIGHT, HEAD, MOST, LEAST] = [170, 5.4, 4.6, 2.3];

/**
 * Returns the height of a line and of each week in millimetres for weeks whose fullest days have `counts` events, and whether titles
 * may take two lines. Below the smallest legible line the month takes more sheets.
 */
export function linesFor(counts) {
  const room = HEIGHT - counts.length * HEAD;
  const lines = counts.reduce((sum, count) => sum + Math.max(1, count), 0);
  const line = Math.max(LEAST, Math.min(MOST, room / lines));
  const heights = heightsOf(counts.map((count) => HEAD + count * line));
  const most = counts.reduce((sum, count, week) => sum + Math.max(heights[week], HEAD + 2 * count * line), 0);
  return { line, heights, isWide: most <= HEIGHT };
}

/** Returns the heights of weeks that need `bases` at least: as equal as they can be. */
export function heightsOf(bases) {
  let [rest, count] = [HEIGHT, bases.length];
  for (const base of bases.toSorted((a, b) => b - a)) {
    if (base <= rest / count || count === 1) break;
    rest -= base;
    count -= 1;
  }
  return bases.map((base) => Math.max(base, rest / count));
}

/** `shown()` returns `{view, day, departments, shownIds}`, `eventsIn(first, last)` the events of days. The sheet is made when the browser prints. */
export function createPaper({ words, eventView, shown, eventsIn, weekStart }) {
  const paper = element("section", { id: "paper", aria: { hidden: true } });
  document.body.append(paper);

  function line(event, day) {
    const [time] = event.event_date === day && event.start_time ? [words.clock(event.start_time)] : [""];
    const made = element("li", {}, time ? element("span", { className: "time", textContent: time }) : null, element("bdi", { textContent: event.title }));
    eventView.dress(made, event);
    eventView.mark(made, event);
    return made;
  }

  function cell(day, month, events) {
    const holiday = words.holidaysOn(day);
    return element("td", { data: { weekday: weekday(day), ...(holiday ? { holiday: "" } : {}), ...(sameMonth(day, month) ? {} : { outside: "" }) } },
      element("p", {}, element("span", { className: "number", textContent: Number(day.slice(8)) }), holiday ? element("span", { className: "name", textContent: holiday }) : null),
      element("ul", {}, ...events.map((event) => line(event, day))));
  }

  const legend = (departments, shownIds) => element("p", {}, ...departmentsInOrder(departments).filter(({ id }) => shownIds.has(id)).map((department) => {
    const made = element("span", {}, element("bdi", { textContent: department.name }));
    dress(made, department);
    return made;
  }));

  function fill() {
    const { view, day, departments, shownIds } = shown();
    if (view !== "month") return paper.replaceChildren();
    const weeks = monthGrid(day, weekStart());
    const days = byDay(eventsIn(weeks[0][0], weeks.at(-1)[6]), weeks[0][0], weeks.at(-1)[6]);
    const counts = weeks.map((week) => Math.max(...week.map((each) => days.get(each)?.length ?? 0)));
    const { line: height, heights, isWide } = linesFor(counts);
    paper.style.setProperty("--line-height", `${height.toFixed(2)}mm`);
    paper.toggleAttribute("data-wide", isWide);
    return paper.replaceChildren(element("header", {}, element("h2", { textContent: words.monthName(day) }), legend(departments, shownIds)), element("table", {},
      element("thead", {}, element("tr", {}, ...weeks[0].map((each) => element("th", { data: { weekday: weekday(each) }, textContent: words.weekdayShort(each) })))),
      element("tbody", {}, ...weeks.map((week, index) => {
        const row = element("tr", {}, ...week.map((each) => cell(each, day, days.get(each) ?? [])));
        row.style.height = `${heights[index].toFixed(2)}mm`;
        return row;
      }))));
  }

  addEventListener("beforeprint", fill);
  addEventListener("afterprint", () => paper.replaceChildren());
}
