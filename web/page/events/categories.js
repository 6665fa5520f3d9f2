// Categories that every Korean office has, with their colours. Pure.

import { colourOf } from "./event-fields.js";

/** Name as it is stored → key of its name in the page's languages, and colour (≥ 3:1 on white and on the dark surface). */
export const FIXED = new Map([
  ["연차", { key: "category_leave", colour: "#2b8a3e" }],
  ["오전반차", { key: "category_morning_off", colour: "#0c8599" }],
  ["오후반차", { key: "category_afternoon_off", colour: "#1c7ed6" }],
  ["외근", { key: "category_outside", colour: "#d9480f" }],
  ["출장", { key: "category_trip", colour: "#d6336c" }],
  ["재택", { key: "category_home", colour: "#7950f2" }],
  ["교육", { key: "category_training", colour: "#a87900" }],
]);

/** Returns the colour of the first fixed category that an event has, "" if it has none. */
export const categoryColour = (event) => FIXED.get((event.categories ?? []).find((each) => FIXED.has(each)))?.colour ?? "";

/** The colour of an event itself: its own, or its fixed category's; "" where it has the department's. */
export const ownColour = (event) => colourOf(event) || categoryColour(event);

/** Returns a category in the language of the page; own ones are as they were written. */
export const categoryName = (category, text) => (FIXED.has(category) ? text(FIXED.get(category).key) : category);

/** Returns the names to choose from: the fixed ones, then those in use. */
export const categoryNames = (used) => [...FIXED.keys(), ...[...used].filter((each) => !FIXED.has(each))];

/** Returns the title of an event that has none but a fixed category: "김민수 연차", or "연차" where nobody knows who it is; else "". */
export function titleFor(categories, person, text) {
  const first = categories.find((each) => FIXED.has(each));
  if (!first) return "";
  const category = categoryName(first, text);
  return person ? text("title_of_person", { person, category }) : category;
}
