// The views of the page, of which one is shown, and the small month beside it.

import "./views.css";
import "./print.css";
import { byDay, countByDay, createAgenda } from "./agenda.js";
import { createCalendarView } from "./calendar.js";
import { createMiniMonth } from "./mini-month.js";
import { lazy } from "../lazy.js";
import { createPaper } from "./paper.js";
import { createSwipe } from "./swipe.js";

const find = (id) => document.getElementById(id);
const ROOTS = { month: "calendar", week: "times", day: "times", list: "agenda", people: "planner", departments: "planner" };

/**
 * `eventsIn(first, last)` returns the events of days, `mayCreate()` whether one may make one. `actions`: `day()` returns the chosen day,
 * `pickDay(day)` chooses another, `openEvent(event, anchor)`, `newEvent(fields)`, `drag()` returns the callbacks of dragging (events/drag.js).
 */
export function createViews({ language, text, words, settings, eventView, today, eventsIn, mayCreate, actions, step, failed }) {
  const weekStart = () => Number(settings.get("weekStart"));
  let shown = null;
  let reveal = true;
  // What had the focus is in a view that is hidden: the next one takes it.
  let isFocused = false;
  const openDay = async (day, anchor) => (await sheet())?.open(day, anchor);
  const sheet = lazy(() => import("./day-sheet.js"), ({ createDaySheet }) => createDaySheet({
    text, words, eventView, mayCreate, open: actions.openEvent, create: (day) => actions.newEvent({ event_date: day }), eventsOn: (day) => byDay(eventsIn(day, day), day, day).get(day) ?? [],
  }), failed);
  const options = { language, text, words, settings, eventView, today, actions: { ...actions, openDay } };
  const calendar = createCalendarView(find("calendar"), options);
  const times = lazy(() => import("./times.js"), ({ createTimesView }) => createTimesView(find("times"), options), failed);
  const agenda = createAgenda(find("agenda"), { text, words, eventView, open: actions.openEvent });
  const planner = lazy(() => import("./planner.js"), ({ createPlanner }) => createPlanner(find("planner"), { text, words, eventView, weekStart, open: actions.openEvent, chosen: actions.day, pick: actions.pickDay, openDay }), failed);
  const mini = createMiniMonth({ text, words, weekStart, chosen: actions.day, pick: actions.pickDay, busyIn: (first, last) => countByDay(eventsIn(first, last), first, last) });
  find("mini").append(mini.element);
  createPaper({ words, eventView, eventsIn, weekStart, shown: () => shown ?? {} });
  if (step) createSwipe(find("main"), step);

  function show(next) {
    current().show(next);
    if (isFocused && (document.activeElement === document.body || document.activeElement.closest("[hidden]"))) current().focus();
    isFocused = false;
  }

  const current = () => ({ calendar, agenda, planner: planner.made(), times: times.made() })[ROOTS[shown?.view ?? "month"]];

  return {
    /** `{view, day, today, first, last, heads, changes, holidays, departments, shownIds, readOnly}` */
    draw(next) {
      const before = shown;
      shown = next;
      const events = eventsIn(next.first, next.last);
      isFocused ||= before !== null && ROOTS[before.view] !== ROOTS[next.view] && find(ROOTS[before.view]).contains(document.activeElement);
      for (const id of new Set(Object.values(ROOTS))) find(id).hidden = id !== ROOTS[next.view];
      if (current()) show({ ...next, events });
      else (ROOTS[next.view] === "times" ? times : planner)().then((made) => made && this.draw(shown));
      mini.draw({ day: next.day, today: next.today, holidays: next.holidays, heads: `${next.heads} ${weekStart()}`, changes: next.changes });
      sheet.made()?.draw();
      if (next.view === "list" && (reveal || before?.view !== "list")) agenda.reveal(next.day);
      if (events.length > 0 && !next.isLoading) reveal = false;
    },
    /** Another place was asked for: the list scrolls there. */
    placed: () => (reveal = true),
    focus: () => current()?.focus(),
    /** Marks what is drawn of events, or takes the mark away. */
    mark(ids, on) {
      const wanted = new Set(ids);
      for (const each of document.querySelectorAll("[data-event]")) {
        if (wanted.has(each.dataset.event)) (each.closest("li.item") ?? each).toggleAttribute("data-fresh", on);
      }
    },
    /** What is seen of an event; a view that is hidden holds what it showed last. */
    elementOf: (id) => [...find("main").querySelectorAll("[data-event]")].find((each) => each.dataset.event === id && !each.closest("[hidden]")) ?? null,
  };
}

