// Draws the state. Data enters the page as text and attributes only, never as markup.

import { addDays, addMonths, asUtc, clockOf, monthGrid, sameMonth, weekday } from "./dates.js";
import { byName, coloursOf, eventsByDay, webAddress } from "./store.js";

const FRESH = 4_000;
const CELL_HEAD = 30;
// On a phone an event is shown as a bar of its colour, without text (style.css).
const narrow = matchMedia("(max-width: 700px)");
const chipHeight = () => (narrow.matches ? 8 : 22);
const find = (id) => document.getElementById(id);

/** Creates an element with properties, data attributes and children; a string child becomes text. */
export function element(name, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  Object.assign(made.dataset, data);
  for (const [key, value] of Object.entries(aria)) made.setAttribute(key === "role" ? key : `aria-${key}`, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Sets the fixed texts of the page. */
export function translatePage(language, text) {
  document.documentElement.lang = language;
  document.title = text("title");
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = text(each.dataset.text);
  for (const each of document.querySelectorAll("[data-placeholder]")) each.placeholder = text(each.dataset.placeholder);
  for (const each of document.querySelectorAll("[data-label]")) {
    each.setAttribute("aria-label", text(each.dataset.label));
    if (each.matches("button")) each.title = text(each.dataset.label);
  }
}

const signatures = new WeakMap();

// Replaces only the elements that differ, so that a click, the focus and a running highlight survive.
function replaceChanged(parent, items) {
  items.forEach(({ signature, build }, index) => {
    const old = parent.children[index];
    if (old && signatures.get(old) === signature) return;
    const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    const made = build();
    signatures.set(made, signature);
    if (old) old.replaceWith(made);
    else parent.append(made);
    if (focused !== undefined) [made, ...made.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === focused)?.focus();
  });
  while (parent.children.length > items.length) parent.lastElementChild.remove();
}

export function createView({ language, text, actions }) {
  const format = (options) => {
    const formatter = new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
    return (day) => formatter.format(asUtc(day));
  };
  const monthName = format({ year: "numeric", month: "long" });
  const dayName = format({ month: "long", day: "numeric", weekday: "long" });
  const weekdayName = format({ weekday: "short" });
  const fresh = new Map();
  let state = null;
  let colours = new Map();
  let planned = false;

  translatePage(language, text);
  find("weekdays").append(
    ...Array.from({ length: 7 }, (_, index) =>
      element("span", { textContent: weekdayName(addDays("2024-01-07", index)), data: { weekday: index }, aria: { role: "columnheader" } }),
    ),
  );
  listen();
  new ResizeObserver(plan).observe(find("weeks"));

  /** Draws in the next frame, once for all changes until then. */
  function plan() {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      if (state) draw();
    });
  }

  function draw() {
    colours = coloursOf(state.departments);
    const events = eventsByDay(state);
    find("month-title").textContent = monthName(state.day);
    find("connection").textContent = text(state.connection);
    find("connection").dataset.state = state.connection;
    drawDepartments();
    drawMonth(events);
    drawDay(events.on(state.day));
  }

  function drawDepartments() {
    const departments = byName(state.departments);
    find("departments-selected").textContent = text("departments_selected", { selected: state.selected.size, all: departments.length });
    find("departments-none").hidden = !state.listed || departments.length > 0;
    find("select-all").hidden = find("select-none").hidden = departments.length < 2;
    find("new-event").disabled = find("new-event-here").disabled = departments.length === 0;
    replaceChanged(find("department-list"), departments.map((department) => {
      const checked = state.selected.has(department.id);
      const colour = colours.get(department.id);
      const content = [department.id, department.name, department.description, colour, checked];
      return { signature: JSON.stringify(content), build: () => departmentItem(department, colour, checked) };
    }));
  }

  function departmentItem({ id, name, description }, colour, checked) {
    const box = element("input", { type: "checkbox", checked, data: { toggle: id, focus: `toggle-${id}` } });
    const label = element("label", { title: description || name }, box, element("span", { textContent: name }));
    const remove = element("button", {
      type: "button", className: "icon remove", textContent: "×", data: { remove: id, focus: `remove-${id}` },
      title: text("delete_department"), aria: { label: text("delete_department_named", { name }) },
    });
    return element("li", { data: { colour } }, label, remove);
  }

  function drawMonth(events) {
    const weeks = monthGrid(state.day);
    const rows = find("weeks");
    while (rows.children.length > weeks.length) rows.lastElementChild.remove();
    while (rows.children.length < weeks.length) rows.append(element("div", { className: "week", aria: { role: "row" } }));
    const room = Math.max(1, Math.floor((rows.clientHeight / weeks.length - CELL_HEAD) / chipHeight()));
    weeks.forEach((days, index) => replaceChanged(rows.children[index], days.map((day) => cell(day, events.on(day), room))));
  }

  function cell(day, events, room) {
    // One event less if a line is needed for the number of those that aren't shown.
    const shown = events.length > room ? events.slice(0, Math.max(0, room - 1)) : events;
    const facts = [day, day === state.day, day === state.today, sameMonth(day, state.day), events.length];
    return {
      signature: JSON.stringify([facts, shown.map(look)]),
      build: () => element("div", {
        className: "cell", tabIndex: day === state.day ? 0 : -1,
        data: { day, weekday: weekday(day), focus: "cell", ...(sameMonth(day, state.day) ? {} : { outside: "" }) },
        aria: {
          role: "gridcell", selected: day === state.day,
          label: text("day_label", { day: dayName(day), count: events.length }),
          ...(day === state.today ? { current: "date" } : {}),
        },
      },
      element("span", { className: "date", textContent: Number(day.slice(8)) }),
      ...shown.map(chip),
      events.length > shown.length
        ? element("span", { className: "more", textContent: text("more", { count: events.length - shown.length }) })
        : null),
    };
  }

  // Hidden from screen readers: keyboard and screen reader reach the events in the list of the day.
  const chip = (event) => highlighted(event, element("span", {
    className: "chip", title: [event.time, event.title].filter(Boolean).join(" "),
    data: { event: event.id, department: event.department_id, colour: colours.get(event.department_id) },
    aria: { hidden: true },
  },
  clockOf(event.time) ? element("span", { className: "time", textContent: clockOf(event.time) }) : null,
  element("span", { textContent: event.title })));

  const look = (event) => [
    event.id, event.department_id, event.title, event.time, event.description, event.url,
    state.departments.get(event.department_id)?.name, colours.get(event.department_id), fresh.get(event.id),
  ];

  function highlighted(event, made) {
    if (fresh.has(event.id)) made.classList.add("fresh");
    return made;
  }

  function drawDay(events) {
    find("day-title").textContent = dayName(state.day);
    find("day-title").dataset.weekday = weekday(state.day);
    const waiting = [...state.selected].some((id) => !state.calendars.get(id)?.loaded);
    const nothing = state.selected.size === 0 ? "day_nothing_selected" : waiting ? "day_loading" : "day_empty";
    find("day-empty").hidden = events.length > 0;
    find("day-empty").textContent = text(nothing);
    replaceChanged(find("day-events"), events.map((event) => ({ signature: JSON.stringify(look(event)), build: () => dayItem(event) })));
  }

  function dayItem(event) {
    const url = webAddress(event.url);
    const open = element("button", {
      type: "button", className: "open", title: text("edit"),
      data: { event: event.id, department: event.department_id, focus: `event-${event.id}` },
    },
    element("span", { className: "time", textContent: event.time || text("all_day") }),
    element("strong", { textContent: event.title }));
    return highlighted(event, element("li", { data: { colour: colours.get(event.department_id) } },
      open,
      event.description ? element("p", { className: "description", textContent: event.description }) : null,
      url ? element("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", textContent: url.host + (url.pathname === "/" ? "" : url.pathname) }) : null,
      event.url && !url ? element("p", { className: "quiet", textContent: event.url }) : null,
      element("p", { className: "department", textContent: state.departments.get(event.department_id)?.name ?? "" })));
  }

  function listen() {
    find("previous").onclick = () => actions.pickDay(addMonths(state.day, -1));
    find("next").onclick = () => actions.pickDay(addMonths(state.day, 1));
    find("today").onclick = () => actions.pickDay(state.today);
    find("new-event").onclick = find("new-event-here").onclick = () => actions.newEvent();
    find("new-department").onclick = () => actions.newDepartment();
    find("select-all").onclick = () => actions.select([...state.departments.keys()]);
    find("select-none").onclick = () => actions.select([]);
    find("department-list").onchange = ({ target }) => actions.toggle(target.dataset.toggle, target.checked);
    find("department-list").onclick = ({ target }) => target.dataset.remove && actions.deleteDepartment(target.dataset.remove);
    find("day-events").onclick = openEvent;
    find("weeks").onclick = (click) => {
      const day = click.target.closest(".cell")?.dataset.day;
      if (!openEvent(click) && day) actions.pickDay(day);
    };
    find("weeks").ondblclick = (click) => {
      if (click.target.closest(".cell") && !click.target.closest(".chip")) actions.newEvent();
    };
    find("weeks").onkeydown = onKey;
  }

  function openEvent({ target }) {
    const { event, department } = target.closest("[data-event]")?.dataset ?? {};
    if (event) actions.openEvent(department, event);
    return Boolean(event);
  }

  function onKey(press) {
    const moves = {
      ArrowLeft: () => addDays(state.day, -1), ArrowRight: () => addDays(state.day, 1),
      ArrowUp: () => addDays(state.day, -7), ArrowDown: () => addDays(state.day, 7),
      Home: () => addDays(state.day, -weekday(state.day)), End: () => addDays(state.day, 6 - weekday(state.day)),
      PageUp: () => addMonths(state.day, -1), PageDown: () => addMonths(state.day, 1),
    };
    if (press.altKey || press.ctrlKey || press.metaKey) return;
    if (press.key in moves) {
      actions.pickDay(moves[press.key]());
      draw();
      document.querySelector('.cell[tabindex="0"]')?.focus();
    } else if (press.key === "Enter" || press.key === " ") {
      (find("day-events").querySelector("button") ?? find("day-title")).focus();
    } else {
      return;
    }
    press.preventDefault();
  }

  let noticeTimer;
  return {
    show(next) {
      state = next;
      plan();
    },
    /** Marks events that somebody else has just changed. */
    highlight(ids) {
      const since = Date.now();
      for (const id of ids) fresh.set(id, since);
      setTimeout(() => {
        for (const id of ids) if (fresh.get(id) === since) fresh.delete(id);
        plan();
      }, FRESH);
      plan();
    },
    notice(message) {
      find("notice").textContent = message;
      clearTimeout(noticeTimer);
      noticeTimer = setTimeout(() => find("notice").replaceChildren(), 6_000);
    },
    announce(message) {
      find("announcement").textContent = message;
    },
  };
}
