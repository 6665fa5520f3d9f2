// What is shown and how: the address's fragment, and the choices that stay in this browser. Pure but for `createSettings`.
//
// A fragment is #/2026-11-26/week?d=<department>,<department>&e=<event>; the day may be a month (#/2026-11), and /wall at its end is
// the display on a wall.

import { isDay } from "./dates.js";
import { readStored, store } from "./stored.js";

export const VIEWS = ["month", "week", "day", "list", "people", "departments"];
const STORED = "teamcal.settings";
const CHOICES = {
  language: ["", "ko", "en"], theme: ["system", "light", "dark"], weekStart: ["0", "1"], clock: ["24", "12"], lunar: ["", "on"], view: VIEWS,
  sidebar: ["on", ""],
};

/**
 * Returns `{day, view, departments, event, wall}` of a fragment; null for one that says something else. What it doesn't say is null,
 * a month is its first day, or `today` if that is in it.
 */
export function parseFragment(fragment, today) {
  const [, date, view, last, query] = /^#\/(\d{4}-\d{2}(?:-\d{2})?)(?:\/([a-z]+))?(?:\/(wall))?(?:\?(.*))?$/.exec(fragment) ?? [];
  if (date === undefined) return null;
  const day = date.length === 10 ? date : today.startsWith(date) ? today : `${date}-01`;
  if (!isDay(day)) return null;
  const asked = new URLSearchParams(query ?? "");
  return {
    day, view: VIEWS.includes(view) ? view : null, wall: last === "wall" || view === "wall",
    departments: asked.has("d") ? asked.get("d").split(",").filter(Boolean) : null, event: asked.get("e"),
  };
}

/** Returns the fragment for what `parseFragment` returns. */
export function fragmentOf({ day, view, departments = null, event = null, wall = false }) {
  const query = new URLSearchParams();
  if (departments !== null) query.set("d", departments.join(","));
  if (event !== null) query.set("e", event);
  const asked = query.size > 0 ? `?${query.toString().replaceAll("%2C", ",")}` : "";
  return `#/${day}/${view}${wall ? "/wall" : ""}${asked}`;
}

/** Returns the settings of this browser: `get(name)` is one of the choices, the first unless it was chosen. */
export function createSettings({ read = readStored, write = store } = {}) {
  let values = {};
  try {
    values = JSON.parse(read(STORED) ?? "{}") ?? {};
  } catch {
    // They were written by something else.
  }
  const isChoice = (name) => CHOICES[name].includes(values[name]);
  return {
    get: (name) => (isChoice(name) ? values[name] : CHOICES[name][0]),
    isChosen: isChoice,
    set(name, value) {
      values = { ...values, [name]: value };
      write(STORED, JSON.stringify(values));
    },
  };
}

/** Returns the days that a view shows, and the day that ‹ and › lead to. */
export function rangeOf(view, day, weekStart, { monthGrid, addDays, startOfWeek }) {
  if (view === "day") return { first: day, last: day };
  if (view === "week") {
    const first = startOfWeek(day, weekStart);
    return { first, last: addDays(first, 6) };
  }
  if (view !== "list") {
    const weeks = monthGrid(day, weekStart);
    return { first: weeks[0][0], last: weeks.at(-1)[6] };
  }
  return { first: `${day.slice(0, 7)}-01`, last: monthEnd(day) };
}

const monthEnd = (day) => {
  const [year, month] = day.split("-").map(Number);
  return `${day.slice(0, 7)}-${new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()}`;
};

/** Returns the departments to show at the start: those of last time that still exist, or else the first few of `ordered`. */
export function initialSelection(ordered, remembered, most = 10) {
  const ids = ordered.map(({ id }) => id);
  return new Set(remembered ? remembered.filter((id) => ids.includes(id)) : ids.slice(0, most));
}
