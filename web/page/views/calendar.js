// A calendar drawn by FullCalendar: the month, and (times.js) week and day.

import { Calendar } from "fullcalendar";
import dayGridPlugin from "fullcalendar/daygrid";
import interactionPlugin from "fullcalendar/interaction";
import "fullcalendar/skeleton.css";
import { countByDay } from "./agenda.js";
import { calendarOptions, cellLabel, choicesOf, FC_VIEWS } from "./calendar-options.js";
import { createFeed, eventOf } from "./fc-events.js";
import { fitting } from "./fitting.js";
import { element } from "../element.js";
import { createKeyboard } from "./keyboard.js";

const [HEAD, LINE] = [30, 25];
const narrow = matchMedia("(max-width: 700px)");
const MORNING = "08:00:00";

/**
 * `root` is filled; `eventView` draws events (event-view.js). `actions`: `day()` returns the chosen day, `pickDay(day)` chooses, `openDay(day, anchor)`, `openEvent(event, anchor)`,
 * `newEvent(fields)`, `drag()`: the callbacks of dragging (events/drag.js).
 */
export function createCalendarView(root, { language, text, words, settings, actions, eventView, today, plugins = [dayGridPlugin], initialView = "dayGridMonth" }) {
  let shown = null;
  let rows = 0;
  const known = () => shown ?? {};
  const options = calendarOptions({
    language, text, words, settings, known, more: actions.openDay, drawEvent: contentOf, mounted, unmounted,
    now: () => `${today()}T${new Date().toTimeString().slice(0, 5)}`,
  });
  const calendar = new Calendar(root, {
    ...options, ...callbacks(), plugins: [...plugins, interactionPlugin], initialView, initialDate: today(), dayMaxEvents: 3,
  });
  const feed = createFeed(calendar, { lookOf: eventView.look, surroundings: eventView.surroundings, mayEdit: (event) => eventView.mayEdit(event) && !shown.readOnly, redraw });
  const keyboard = createKeyboard(root, {
    cells: () => [...root.querySelectorAll("[role=gridcell][data-date]")].filter((cell, index, all) => all.findIndex(({ dataset }) => dataset.date === cell.dataset.date) === index),
    day: actions.day, how: () => ({ view: shown.view, weekStart: Number(settings.get("weekStart")) }), pick: actions.pickDay, open: (day) => actions.openDay(day, cellOf(day)),
  });
  let isRendered = false;
  let isNew = true;
  const labelled = new WeakMap();
  // In the next frame: what is drawn anew at once would be gone from under FullCalendar's own observer, which Firefox calls later.
  new ResizeObserver(() => requestAnimationFrame(() => shown && fit())).observe(root);

  const cellOf = (day) => root.querySelector(`[role=gridcell][data-date="${day}"]`);

  function callbacks() {
    return {
      dateClick: ({ dateStr, date, allDay, jsEvent }) => {
        const day = dateStr.slice(0, 10);
        if (jsEvent.detail === 2) actions.newEvent({ event_date: day, ...(allDay ? {} : { start_time: date.toISOString().slice(11, 16) }) });
        else {
          // FullCalendar leaves the focus where it is, so that keys would still go there.
          if (!root.contains(document.activeElement)) document.activeElement?.blur();
          actions.pickDay(day);
        }
      },
      // One day, or one slot, is a click.
      select: (info) => (isClick(info) ? calendar.unselect() : actions.drag().onSelect(info)),
      eventClick: ({ event, el, jsEvent }) => {
        jsEvent.preventDefault();
        actions.openEvent(eventOf(event), el);
      },
      eventDragStart: () => (holds += 1),
      eventResizeStart: () => (holds += 1),
      // FullCalendar tells after that where it was dropped.
      eventDragStop: () => setTimeout(release),
      eventResizeStop: () => setTimeout(release),
      eventDrop: (info) => moved(info, "onDrop"),
      eventResize: (info) => moved(info, "onResize"),
    };
  }

  // What is dragged, or asked about after it was dropped, stays what it is: events are drawn once nothing holds them.
  let holds = 0;

  function release() {
    holds -= 1;
    if (holds === 0) give();
  }

  async function moved(info, what) {
    holds += 1;
    try {
      await actions.drag()[what](info);
    } finally {
      feed.displaced(info.event.id);
      release();
    }
  }

  // Key → the boxes in which FullCalendar shows it: one for each week.
  const boxes = new Map();

  function mounted(made, key, event, isMirror) {
    dressEvent(made, event);
    if (!isMirror) boxes.set(key, (boxes.get(key) ?? new Set()).add(made));
  }

  function unmounted(made, key) {
    boxes.get(key)?.delete(made);
    if (boxes.get(key)?.size === 0) boxes.delete(key);
  }

  // Event → what is in its box. FullCalendar asks for it with each drawing, and leaves alone what is the same.
  let contents = new WeakMap();

  /** `isWhole`: the box is the whole event, and the only one of it. */
  function contentOf(event, { isStart, isWhole }) {
    if (isWhole && contents.has(event)) return contents.get(event);
    const made = [element("span", { className: "drawn" }, ...eventView.content(event, isStart))];
    if (isWhole) contents.set(event, made);
    return made;
  }

  /** Another event stands in the place of `before`, or the same one as it is now: its box has other contents. */
  function redraw(key, event, before) {
    const made = [...(boxes.get(key) ?? [])];
    for (const box of made) {
      const drawn = box.querySelector(".drawn");
      dressEvent(box, event);
      drawn.replaceChildren(...eventView.content(event, !box.classList.contains("continued")));
      if (contents.get(before)?.[0] === drawn) contents.delete(before);
      if (made.length === 1) contents.set(event, [drawn]);
    }
  }

  function dressEvent(made, event) {
    eventView.dress(made, event);
    Object.assign(made.dataset, { event: event.id, department: event.department_id, focus: `event-${event.id}` });
    made.tabIndex = -1;
    made.setAttribute("aria-label", eventView.label(event));
    made.title = eventView.label(event);
    eventView.mark(made, event);
  }

  /** As many events a day as fit, as a number: FullCalendar's own measuring would draw all of them. */
  function fit() {
    if (shown.view !== "month" || shown.everything) return limit(shown.everything ? false : 3);
    const weeks = root.querySelectorAll(".week").length || 5;
    const height = (root.querySelector(".weeks")?.clientHeight || root.clientHeight - HEAD) / weeks;
    return limit(Math.max(1, Math.floor((height - HEAD) / LINE) - (height < 90 ? 0 : 1)));
  }

  function limit(most) {
    set("dayMaxEvents", most);
    if (isRendered) give();
  }

  // Day → how many events it has, and how many of them FullCalendar knows.
  let counts = new Map();
  let given = new Map();

  function give() {
    if (holds > 0) return;
    const isMonth = shown.view === "month";
    const events = isMonth ? fitting(shown.events, calendar.getOption("dayMaxEvents")) : shown.events;
    counts = countByDay(shown.events, shown.first, shown.last);
    given = isMonth ? countByDay(events, shown.first, shown.last) : counts;
    feed.show(events, !isMonth);
    countMore();
  }

  /** `+3` counts those, too, that FullCalendar doesn't know of. */
  function countMore() {
    for (const made of root.querySelectorAll(".more [data-hidden]")) {
      const day = made.closest("[data-date]")?.dataset.date;
      const count = Number(made.dataset.hidden) + (counts.get(day) ?? 0) - (given.get(day) ?? 0);
      if (made.dataset.count === String(count)) continue;
      made.dataset.count = count;
      made.textContent = narrow.matches ? `+${count}` : text("more", { count });
      const link = made.closest(".more");
      // The name begins with what is seen (WCAG 2.5.3).
      link.setAttribute("aria-label", `${made.textContent}, ${text("more_hint", { count })}`);
      link.title = text("more_hint", { count });
    }
  }
  new MutationObserver(() => {
    countMore();
    keepFocus();
  }).observe(root, { childList: true, subtree: true });

  // FullCalendar also draws later than it is asked to. What had the focus may be gone then, of which browsers tell nobody.
  let held = null;
  root.addEventListener("focusin", ({ target }) => (held = target));
  root.addEventListener("focusout", ({ target }) => target.isConnected && (held = null));

  function keepFocus() {
    if (held === null || held.isConnected || document.activeElement !== document.body) return;
    const { focus } = held.closest("[data-focus]")?.dataset ?? {};
    held = null;
    refocus(focus);
  }

  function set(name, value) {
    if (calendar.getOption(name) !== value) calendar.setOption(name, value);
  }

  /** Goes where the state is, before events are given. */
  function go(before) {
    const view = FC_VIEWS[shown.view];
    if (!isRendered || calendar.view?.type !== view) calendar.changeView(view, shown.day);
    else if (before?.day !== shown.day) calendar.gotoDate(shown.day);
    for (const [name, value] of Object.entries(choicesOf(settings))) set(name, value);
    if (before?.heads !== shown.heads) {
      calendar.setOption("dayCellTopContent", (info) => options.dayCellTopContent(info));
      calendar.setOption("dayHeaderContent", (info) => options.dayHeaderContent(info));
      calendar.setOption("slotHeaderContent", (info) => options.slotHeaderContent(info));
    }
  }

  /** `next`: `{day, view, events, heads, readOnly, everything}`; `heads` changes with what stands at the days' heads. */
  function show(next) {
    const before = shown;
    const focused = document.activeElement?.closest?.("[data-focus]")?.dataset.focus;
    const hadFocus = root.contains(document.activeElement);
    if (shown?.heads !== next.heads) contents = new WeakMap();
    shown = next;
    calendar.batchRendering(() => {
      go(before);
      give();
    });
    if (!isRendered) calendar.render();
    isRendered = true;
    if (isNew && shown.view !== "month") toMorning();
    isNew = isNew && next.isLoading;
    countMore();
    label();
    // What it measures costs a layout; the window's size is watched.
    if (before?.view !== shown.view || before.first !== shown.first || before.everything !== shown.everything) fit();
    keyboard.mark();
    const now = document.activeElement?.closest?.("[data-focus]")?.dataset.focus;
    if (hadFocus && (now !== focused || !root.contains(document.activeElement))) refocus(focused);
    rows = next.events.length;
  }

  /** The hours of an office come into view. All-day events that arrive and the window's height change where they are. */
  const toMorning = () => requestAnimationFrame(() => requestAnimationFrame(() => calendar.scrollToTime(MORNING)));

  /** What had the focus was drawn anew, or is gone: then its day takes it, so that it doesn't fall to the page. */
  function refocus(focus) {
    const same = focus && [...root.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === focus);
    if (same) same.focus();
    else keyboard.focus();
  }

  function label() {
    for (const cell of root.querySelectorAll("[role=gridcell][data-date]")) {
      const { date } = cell.dataset;
      const name = cell.querySelector(".said");
      // FullCalendar's own name doesn't say how many.
      cell.removeAttribute("aria-label");
      // Nor is what stands at its head to be hidden: the name of the day is in it.
      name?.closest("[aria-hidden]")?.removeAttribute("aria-hidden");
      const facts = `${date} ${counts.get(date) ?? 0} ${words.holidaysOn(date)}`;
      if (!name || labelled.get(name) === facts) continue;
      labelled.set(name, facts);
      name.textContent = cellLabel(date, counts.get(date) ?? 0, { text, words });
      cell.toggleAttribute("data-holiday", words.holidaysOn(date) !== "");
    }
  }

  return {
    show, focus: keyboard.focus, get count() { return rows; },
    /** The view has become visible again: its sizes are measured anew. */
    resized: () => isRendered && calendar.updateSize?.(),
  };
}

const HALF_HOUR = 1_800_000;
const DAY = 86_400_000;
const isClick = ({ start, end, allDay }) => end - start <= (allDay ? DAY : HALF_HOUR);
