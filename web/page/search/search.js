// The search: a field and a list of what was found, by keyboard like a combobox.
//
// createSearch({ sync, text, language, today, when, open, expand, dDay?, isShown? }):
//   today()           the day that it is
//   when(event)       says at what time an event is
//   open({event, day}) shows an event on its day
//   expand(series, from, to)  of teamcal-sync
//   dDay(day, today)  "D-3" (events/d-day.js)
//   deleted()         shows what was deleted
//   isShown(event)    the filter by category, if what it hides is not to be found either
// Returns { open(typed?), close() }.

import "../dialogs.css";
import "./search.css";
import { element } from "../element.js";
import { addDays, asUtc } from "../dates.js";
import { button, named } from "../form-parts.js";
import { dress } from "../departments/palette.js";
import { createRoutes } from "../routes.js";
import { createEventSearch } from "./event-search.js";
import { inTime, marked } from "./matching.js";

const MOST_SHOWN = 100;
const AHEAD = 400;

export function createSearch({ sync, text, language, today, when, open, expand, deleted, dDay = null, isShown = () => true }) {
  const routes = createRoutes(sync);
  const input = element("input", {
    type: "search", name: "q", id: "search-input", placeholder: text("search_placeholder"), autocomplete: "off", enterKeyHint: "search",
    aria: { role: "combobox", expanded: false, controls: "search-results", autocomplete: "list", label: text("search") },
  });
  const list = element("div", { id: "search-results", aria: { role: "listbox", label: text("search_results") } });
  const state = element("p", { className: "state quiet", aria: { role: "status" } });
  const close = element("button", { type: "button", className: "icon", textContent: "×", title: text("close"), aria: { label: text("close") } });
  const dialog = element("dialog", { id: "search-dialog", aria: { label: text("search") } },
    element("form", { method: "dialog" }, element("div", { className: "search-head" }, input, close), state, list,
      element("footer", {}, button(text("deleted_heading"), () => dialog.close() || deleted(), { className: "link", data: { action: "deleted" } }))));
  const dayName = new Intl.DateTimeFormat(language, { timeZone: "UTC", year: "numeric", month: "short", day: "numeric", weekday: "short" });
  const eventSearch = createEventSearch({
    departments: () => [...sync.shown], held: (id) => sync.calendar(id).events.values(), found: routes.found, shown: draw,
  });
  let results = [];
  let chosen = -1;
  document.body.append(dialog);

  function draw({ query, events, done, failed }) {
    const all = inTime(events.filter(isShown), today(), nextOf);
    const id = results[chosen]?.event.id;
    results = all.slice(0, MOST_SHOWN);
    list.replaceChildren(...groups(results, query));
    input.setAttribute("aria-expanded", String(results.length > 0));
    choose(results.findIndex(({ event }) => event.id === id), false);
    if (chosen < 0 && results.length > 0) choose(0, false);
    state.textContent = query === "" ? text("search_hint") : said(all.length, done, failed);
  }

  function said(count, done, failed) {
    const found = count === 0 ? text(done ? "search_nothing" : "search_looking") : text("search_found", { count });
    const isAll = [...sync.departments.keys()].every((id) => sync.shown.has(id));
    return [found, failed > 0 && text("search_partly"), count === 0 && done && !isAll && text("search_only_shown")].filter(Boolean).join(" ");
  }

  function nextOf(series) {
    if (series.until_day && series.until_day < today()) return null;
    return expand(series, today(), addDays(today(), AHEAD))[0]?.event_date ?? null;
  }

  function groups(found, query) {
    const items = found.map((result, index) => ({ result, made: option(result, index, query) }));
    return [["search_coming", false], ["search_past", true]].flatMap(([key, past]) => {
      const own = items.filter(({ result }) => result.past === past).map(({ made }) => made);
      if (own.length === 0) return [];
      const title = element("div", { id: `${key}-title`, className: "group", aria: { hidden: true }, textContent: text(key) });
      return [element("div", { aria: { role: "group", labelledby: title.id } }, title, ...own)];
    });
  }

  function option({ event, day, past }, index, query) {
    const department = sync.departments.get(event.department_id);
    const made = element("div", {
      id: `search-result-${index}`, className: "result", aria: { role: "option", selected: false },
      onclick: () => take(index), onpointermove: () => index !== chosen && choose(index, false),
    },
    element("span", { className: "date", textContent: dayName.format(asUtc(day)) }),
    element("bdi", { className: "title" }, ...marked(event.title, query).map((part) => (part.hit ? element("mark", { textContent: part.text }) : part.text))),
    element("span", { className: "facts quiet" }, when(event), event.recurrence ? ` · ${text("search_repeated")}` : "",
      event.location ? " · " : "", event.location ? named(event.location) : "",
      department ? " · " : "", department ? named(department.name, { className: "of" }) : "",
      dDay && !past ? element("span", { className: "d-day", textContent: dDay(day, today()) }) : ""));
    return department ? dress(made, department) : made;
  }

  function choose(index, scroll = true) {
    list.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    chosen = index;
    const made = document.getElementById(`search-result-${index}`);
    if (!made) return input.removeAttribute("aria-activedescendant");
    made.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", made.id);
    if (scroll) made.scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const { event, day } = results[index] ?? {};
    if (!event) return;
    dialog.close();
    open({ event, day });
  }

  function onKey(press) {
    if (press.isComposing) return;
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + 8, PageUp: chosen - 8 }[press.key];
    if (to !== undefined && results.length > 0) {
      const step = press.key.startsWith("Arrow") ? (to + results.length) % results.length : Math.max(0, Math.min(to, results.length - 1));
      choose(step);
    } else if (press.key === "Enter") take(chosen);
    else return;
    press.preventDefault();
  }

  input.oninput = () => eventSearch.look(input.value);
  input.onkeydown = onKey;
  close.onclick = () => dialog.close();
  dialog.addEventListener("close", eventSearch.stop);
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

  return {
    close: () => dialog.close(),
    open(typed = input.value) {
      input.value = typed;
      if (!dialog.open) dialog.showModal();
      input.select();
      eventSearch.look(typed);
    },
  };
}
