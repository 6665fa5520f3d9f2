// How an event is drawn and named: in a grid's cell, in a list of a day, to a screen reader.

import { asUtc } from "../dates.js";
import { element } from "../element.js";
import { categoryName } from "../events/categories.js";
import { dDayBadge } from "../events/d-day.js";
import { colourOf as colourIn, lastDay, shownTime } from "../events/event-fields.js";
import { webAddress } from "../events/web-address.js";
import { createWords as createEventWords } from "../events/words.js";
import { holidayNames } from "./holidays.js";
import { lunarDate } from "./lunar.js";
import { dress } from "./palette.js";

export const STATUS_TEXTS = { tentative: "status_tentative", cancelled: "status_cancelled" };

/** Returns functions that name days, clocks and rules in a language. `settings` says how; `holidays()` is what is known of them. */
export function createWords(language, text, settings = null, holidays = () => new Map()) {
  const format = (options) => {
    const formatter = new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
    return (day) => formatter.format(asUtc(day));
  };
  const titleLong = format({ year: "numeric", month: "long", day: "numeric", weekday: "short" });
  const [shortDay, dayNarrow, weekdayShort, weekdayLong, monthName, dayName] = [
    { month: "numeric", day: "numeric" }, { month: "short", day: "numeric", weekday: "short" }, { weekday: "short" }, { weekday: "long" }, { year: "numeric", month: "long" },
    { month: "long", day: "numeric", weekday: "long" },
  ].map(format);
  const said = createEventWords({ language, text, clock: () => settings?.get("clock") ?? "24" });

  const rangeIn = (options) => {
    const formatter = new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
    return (first, last) => formatter.formatRange(asUtc(first), asUtc(last));
  };
  const [daysTitle, daysNarrow] = [{ year: "numeric", month: "long", day: "numeric" }, { month: "short", day: "numeric" }].map(rangeIn);

  return {
    daysTitle, daysNarrow, weekdayShort, weekdayLong, monthName, dayName, shortDay, dayNarrow, when: said.when, rule: said.rule, moment: said.moment,
    /** `14:00`, or as 오후 2:00. */
    clock: (time) => (time ? said.time(time) : ""),
    /** The day in a title. */
    dayTitle: titleLong,
    holidaysOn: (day) => holidayNames(holidays().get(day), language),
    lunarOn: (day) => (settings?.get("lunar") === "on" ? lunarDate(day) : ""),
  };
}

/** `known()` returns `{departments, fresh, find(id)}`, `today()` the day, `mayEdit(event)` whether one may, `ownColour(event)` #rrggbb or "". */
export function createEventView({ text, words, known, today, mayEdit, ownColour = colourIn }) {
  const isFresh = (event) => known().fresh.has(event.id) || known().fresh.has(event.series_id);
  const departmentName = (event) => known().departments.get(event.department_id)?.name ?? "";
  const ruleOf = (event) => {
    const series = event.series_id ? known().find(event.series_id) : null;
    return series?.recurrence ? words.rule(series) : "";
  };
  const departmentOf = (event) => known().departments.get(event.department_id);
  const dressed = (made, event) => dress(made, departmentOf(event), ownColour(event));
  const timeOf = (event) => shownTime(event, words.clock);
  const leftOf = (event) => dDayBadge(event, today());
  const badge = (left) => element("span", { className: "d-day", textContent: left });
  // What the title says already, as "김민수 연차" does, isn't said again.
  const isSaid = (event, ...names) => names.some((each) => event.title.includes(each));
  const detailsOf = (event) => [
    event.location, ...(event.categories ?? []).filter((each) => !isSaid(event, each, categoryName(each, text))).map((each) => categoryName(each, text)),
    ...(event.people ?? []).filter((each) => !isSaid(event, each)),
  ].filter(Boolean);
  const details = (event) => detailsOf(event).join(" · ");
  // Each in a direction of its own.
  const worded = (event) => detailsOf(event).flatMap((each, index) => [index > 0 ? " · " : null, element("bdi", { textContent: each })]);
  const statusOf = (event) => (event.status in STATUS_TEXTS ? `[${text(STATUS_TEXTS[event.status])}]` : "");

  /** What stands in an event's box: its time, its title, and where and who if there is room. */
  function content(event, isStart = true) {
    const [time, left] = isStart ? [timeOf(event), leftOf(event)] : ["", ""];
    // Spaces between: they are words of their own, to whoever reads or copies them.
    return [
      ...(time ? [element("bdi", { className: "time", textContent: time }), new Text(" ")] : []),
      ...(left ? [badge(left), new Text(" ")] : []),
      element("bdi", { className: "title", textContent: event.title }),
      ...(details(event) ? [new Text(" "), element("span", { className: "details" }, ...worded(event))] : []),
    ];
  }

  /** Whether it waits for the server, was changed by somebody just now, is off or not sure. */
  function mark(made, event) {
    for (const [name, on] of [["data-fresh", isFresh(event)], ["data-pending", Boolean(event.pending)]]) made.toggleAttribute(name, on);
    if (event.status in STATUS_TEXTS) made.dataset.status = event.status;
    else delete made.dataset.status;
  }

  function dayItem(event) {
    const url = webAddress(event.url);
    const time = element("span", { className: "time", textContent: words.when(event) });
    if (event.status in STATUS_TEXTS) time.append(" ", element("span", { className: "status", textContent: text(STATUS_TEXTS[event.status]) }));
    if (leftOf(event)) time.append(" ", badge(leftOf(event)));
    const open = element("button", {
      type: "button", className: "open", data: { event: event.id, department: event.department_id, focus: `event-${event.id}` },
    }, time, element("strong", {}, element("bdi", { textContent: event.title })));
    const made = element("li", { className: "item" },
      open,
      element("p", { className: "facts" }, ...[
        ["rule", ruleOf(event)], ["location", event.location], ["people", (event.people ?? []).join(", ")], ["department", departmentName(event)],
        ...(event.categories ?? []).map((each) => ["label", categoryName(each, text)]),
      ].filter(([, content_]) => content_).map(([className, content_]) => element("bdi", { className, textContent: content_ }))),
      line("description", event.description),
      url ? element("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", textContent: url.host + (url.pathname === "/" ? "" : url.pathname) }) : null,
      line("quiet", url ? "" : event.url));
    dressed(made, event);
    mark(made, event);
    return made;
  }

  const line = (className, words_) => (words_ ? element("p", { className, textContent: words_ }) : null);

  /** The name of an event's box: what is seen of it, as it is seen (WCAG 2.5.3), and what there was no room for. */
  function label(event) {
    const [time, when] = [timeOf(event), words.when(event)];
    return [statusOf(event), [time, leftOf(event), event.title, details(event)].filter(Boolean).join(" "), when === time ? "" : when, departmentName(event)].filter(Boolean).join(", ");
  }

  return {
    content, mark, dayItem, mayEdit, dress: dressed, label,
    /** What all events' looks depend on besides. */
    surroundings: () => JSON.stringify([today(), ...[...known().departments.values()].map((each) => [each, mayEdit({ department_id: each.id })])]),
    /** What an event's look depends on: it is drawn again if that changes. */
    look: (event) => [event, departmentName(event), mayEdit(event), departmentOf(event)?.color, ownColour(event), ruleOf(event), leftOf(event)],
  };
}
