// The filter by category beside the calendar: a button for each category, pressed if its events are to be seen.
//
// createCategoryFilter({ root, sync, text, fixed, nameOf, colourOf, range, changed }):
//   fixed        the categories that every office has, in order (events/categories.js, keys of FIXED)
//   nameOf(category)   its name in the page's language; colourOf({categories})  its colour, "" if it has none of its own
//   range()      {from, to}: the days that are shown; what is in them is counted
//   changed(filter)    is called with a Set when another filter was chosen
// Returns { draw(), filter, set(filter), isShown(event) }. Call draw() when other days or departments are shown.

import "./search.css";
import { element, replaceChanged } from "../element.js";
import { button } from "../form-parts.js";
import { choices, counted, passes, switched } from "./categories.js";

export function createCategoryFilter({ root, sync, text, fixed, nameOf, colourOf, range, changed }) {
  const list = element("div", { className: "categories", aria: { role: "group", labelledby: "categories-heading" } });
  const reset = button(text("categories_all"), () => choose(new Set()), { className: "link" });
  const head = element("div", { className: "categories-head" }, element("h2", { id: "categories-heading", textContent: text("categories") }), reset);
  let filter = new Set();
  let timer = null;
  root.replaceChildren(head, list);

  function draw() {
    timer = null;
    const counts = counted(sync.occurrences(range()));
    const all = choices(fixed, counts, filter);
    root.hidden = all.every((category) => category === "");
    reset.hidden = filter.size === 0;
    replaceChanged(list, all.map((category) => {
      const facts = [category, counts.get(category) ?? 0, filter.has(category)];
      return { signature: JSON.stringify(facts), build: () => chip(...facts) };
    }));
  }

  function chip(category, count, on) {
    const colour = category === "" ? "" : colourOf({ categories: [category] });
    const made = element("button", {
      type: "button", className: "category-switch", data: { category, focus: `category-${category}` }, aria: { pressed: on },
      onclick: () => choose(switched(filter, category)),
    }, element("bdi", { textContent: category === "" ? text("category_none") : nameOf(category) }), element("span", { className: "count", textContent: count }));
    if (/^#[0-9a-f]{6}$/i.test(colour)) made.style.setProperty("--own", colour);
    return made;
  }

  function choose(next) {
    filter = next;
    draw();
    changed(filter);
  }

  // A burst of changes is counted once.
  const later = () => (timer ??= setTimeout(draw, 200));
  for (const type of ["changed", "held"]) sync.on(type, later);

  return {
    draw: later,
    isShown: (event) => passes(event, filter),
    get filter() {
      return filter;
    },
    /** Takes a filter from a link, without calling `changed`. */
    set(next) {
      filter = new Set(next);
      draw();
    },
  };
}
