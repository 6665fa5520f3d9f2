// The keyboard in a grid of days: the whole grid is one stop of the Tab key, arrows go from day to day.

import { addDays, addMonths, startOfWeek } from "../dates.js";

/**
 * Returns the day that a key leads to from `day`, null for other keys.
 * @param {string} key
 * @param {string} day
 * @param {{weekStart?: number, view?: string}} how
 */
export function dayOfKey(key, day, { weekStart = 0, view = "month" } = {}) {
  const page = (direction) => (view === "month" ? addMonths(day, direction) : addDays(day, direction * (view === "day" ? 1 : 7)));
  switch (key) {
    case "ArrowLeft": return addDays(day, -1);
    case "ArrowRight": return addDays(day, 1);
    case "ArrowUp": return view === "month" ? addDays(day, -7) : null;
    case "ArrowDown": return view === "month" ? addDays(day, 7) : null;
    case "Home": return startOfWeek(day, weekStart);
    case "End": return addDays(startOfWeek(day, weekStart), 6);
    case "PageUp": return page(-1);
    case "PageDown": return page(1);
    default: return null;
  }
}

/**
 * Makes `root` one stop of the Tab key. `cells()` returns its day cells (with data-date), `day()` the chosen day, also before it is drawn: keys may come faster; `pick(day)` chooses
 * another, `open(day)` shows the chosen one's events. Returns `mark()`, to be called after each drawing.
 */
export function createKeyboard(root, { cells, day, how, pick, open }) {
  let follow = false;

  root.addEventListener("keydown", (press) => {
    if (press.altKey || press.ctrlKey || press.metaKey || press.isComposing) return;
    const cell = press.target.closest("[data-date]");
    if (cell === null || cell !== press.target) return;
    const next = dayOfKey(press.key, day(), how());
    if (next !== null) {
      follow = true;
      pick(next);
    } else if (press.key === "Enter" || press.key === " ") open(day());
    else return;
    press.preventDefault();
  });

  /** Only the chosen day can be reached; it gets the focus if a key led there, or if the one that had it is gone. */
  function mark() {
    const all = cells();
    const chosen = all.find((cell) => cell.dataset.date === day()) ?? all[0];
    const had = root.contains(document.activeElement);
    for (const cell of all) {
      cell.tabIndex = cell === chosen ? 0 : -1;
      cell.setAttribute("aria-selected", String(cell === chosen));
    }
    if (chosen && (follow || (had && document.activeElement.matches("[data-date]") && document.activeElement !== chosen))) chosen.focus();
    follow = false;
  }

  return { mark, focus: () => cells().find((cell) => cell.dataset.date === day())?.focus() };
}
