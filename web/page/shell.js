// The frame: the bar, the sidebar and the view switcher.

import { element } from "./element.js";
import { VIEWS } from "./state.js";

const narrow = matchMedia("(max-width: 1700px)");
const find = (id) => document.getElementById(id);

/** Sets the fixed texts of the page. */
export function translatePage(language, text) {
  document.documentElement.lang = language;
  document.title = text("title");
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = text(each.dataset.text);
  for (const each of document.querySelectorAll("[data-label]")) {
    each.setAttribute("aria-label", text(each.dataset.label));
    if (each.matches("button")) each.title = text(each.dataset.label);
  }
}

/** Returns what was the title of what is shown. */
export function titleOf({ view, day, first, last }, words, isNarrow = false) {
  if (view === "day") return (isNarrow ? words.dayNarrow : words.dayTitle)(day);
  if (view === "week") return (isNarrow ? words.daysNarrow : words.daysTitle)(first, last);
  return words.monthName(day);
}

/**
 * `actions`: `step(count)`, `today()`, `view(name)`, `go(day)`, `newEvent()`, `search()`, `sidebar()`.
 * @returns {{draw: (shown: object) => void}}
 */
export function createShell({ text, words, actions }) {
  find("previous").onclick = () => actions.step(-1);
  find("next").onclick = () => actions.step(1);
  find("today").onclick = actions.today;
  find("new-event").onclick = (click) => actions.newEvent(click.currentTarget);
  find("search").onclick = actions.search;
  find("menu").onclick = actions.sidebar;
  createJump(find("jump"), actions.go);
  find("skip").onclick = (click) => {
    click.preventDefault();
    actions.focus();
  };
  const buttons = VIEWS.map((view) => element("button", { type: "button", textContent: text(`view_${view}`), data: { view }, onclick: () => actions.view(view) }));
  find("views").append(...buttons);

  return {
    draw({ view, day, first, last, canCreate, offersCreate, sidebar }) {
      find("range").textContent = titleOf({ view, day, first, last }, words, narrow.matches);
      document.title = `${titleOf({ view, day, first, last }, words)} · ${text("title")}`;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.view === view));
      for (const id of ["new-event", "quick"]) find(id).hidden = !offersCreate;
      find("new-event").disabled = !canCreate;
      if (document.activeElement !== find("jump")) find("jump").value = day;
      document.body.dataset.view = view;
      document.body.toggleAttribute("data-sidebar", sidebar);
      find("menu").setAttribute("aria-expanded", String(sidebar));
    },
  };
}

const TYPED = 600;

/** A date that is typed passes through the year 2 and the year 20: it counts once the typing rests, or is ended. */
function createJump(field, go) {
  let timer = null;
  const take = () => {
    clearTimeout(timer);
    timer = null;
    if (field.value) go(field.value);
  };
  field.onchange = () => {
    clearTimeout(timer);
    timer = setTimeout(take, TYPED);
  };
  field.addEventListener("blur", () => timer !== null && take());
  field.addEventListener("keydown", ({ key }) => key === "Enter" && take());
}
