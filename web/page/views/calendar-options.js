// How FullCalendar is set up: our own class names (views.css), our own texts, our own contents of days and events.

import { weekday } from "../dates.js";
import { element, readAs } from "../element.js";
import { eventOf } from "./fc-events.js";

export const FC_VIEWS = { month: "dayGridMonth", week: "timeGridWeek", day: "timeGridDay" };
const dayOf = (date) => date.toISOString().slice(0, 10);
const classes = (...names) => names.filter(Boolean).join(" ");

const CLASSES = {
  className: "calendar",
  viewClass: "calendar-view",
  tableHeaderClass: "day-heads",
  dayHeaderRowClass: "day-head-row",
  dayHeaderClass: ({ isToday }) => classes("day-head", isToday && "today"),
  dayHeaderInnerClass: "day-head-inner",
  tableBodyClass: "weeks",
  dayRowClass: "week",
  dayCellClass: ({ isToday, isOther, date }) => classes("cell", isToday && "today", isOther && "outside", `weekday-${weekday(dayOf(date))}`),
  dayCellTopClass: "cell-top",
  dayCellTopInnerClass: "cell-top-inner",
  dayCellInnerClass: "cell-events",
  dayCellBottomClass: "cell-bottom",
  eventClass: ({ isDragging, isMirror }) => classes("event", isDragging && "dragging", isMirror && "mirror"),
  rowEventClass: ({ isStart, isEnd }) => classes("chip", !isStart && "continued", !isEnd && "goes-on"),
  rowEventBeforeClass: ({ isStartResizable }) => classes(isStartResizable && "resizer start"),
  rowEventAfterClass: ({ isEndResizable }) => classes(isEndResizable && "resizer end"),
  rowEventInnerClass: "event-inner",
  columnEventClass: ({ isShort }) => classes("block", isShort && "short"),
  columnEventBeforeClass: ({ isStartResizable }) => classes(isStartResizable && "resizer top"),
  columnEventAfterClass: ({ isEndResizable }) => classes(isEndResizable && "resizer bottom"),
  columnEventInnerClass: "event-inner",
  moreLinkClass: "more",
  moreLinkInnerClass: "more-inner",
  dayLaneClass: ({ isToday }) => classes("lane", isToday && "today"),
  dayLaneInnerClass: "lane-inner",
  slotLaneClass: ({ isMinor }) => classes("slot", isMinor && "minor"),
  slotHeaderClass: "slot-head",
  slotHeaderInnerClass: "slot-head-inner",
  slotHeaderDividerClass: "slot-divider",
  allDayHeaderClass: "all-day-head",
  allDayHeaderInnerClass: "all-day-head-inner",
  allDayDividerClass: "all-day-divider",
  dayHeaderDividerClass: "day-head-divider",
  nowIndicatorLineClass: "now-line",
  nowIndicatorHeaderClass: "now-head",
  highlightClass: "drag-area",
  fillerClass: "filler",
};

/**
 * Options of a FullCalendar. `known()` returns what is shown (`{day, view, holidays, lunar}`), `more(day, anchor)` shows a day's events,
 * `drawEvent(event, {isStart, isWhole})` makes what is in an event's box, `isWhole`: it is the only one of the event. `mounted(box, key, event, isMirror)` dresses
 * one, `unmounted(box, key)` forgets it; `key` is what FullCalendar knows the event by (fc-events.js).
 */
export function calendarOptions({ language, text, words, settings, known, more, drawEvent, mounted, unmounted, now }) {
  const localHour = (date) => words.clock(date.toISOString().slice(11, 16));
  return {
    ...CLASSES,
    ...choicesOf(settings),
    // Days and clocks of the events are nobody's zone: as they are written, so they are shown.
    timeZone: "UTC", now, locale: language, headerToolbar: false, footerToolbar: false, height: "100%", expandRows: true,
    eventDisplay: "block", eventMinHeight: 24, eventShortHeight: 40, defaultTimedEventDuration: "01:00", forceEventDuration: false,
    nowIndicator: true, eventInteractive: true, selectable: true, selectMirror: true, unselectAuto: true, longPressDelay: 500,
    slotDuration: "00:30:00", slotMinHeight: 23, scrollTime: "08:00:00", fixedWeekCount: false, navLinks: false, slotEventOverlap: false, eventOrder: "start,-duration,allDay,rank,title", progressiveEventRendering: false,
    allDayText: text("all_day"), weekTextLong: text("week_number"), noEventsText: text("day_empty"), moreLinkContent: ({ num }) => ({ domNodes: [element("span", { data: { hidden: num } })] }), moreLinkHint: (count) => text("more_hint", { count }),
    moreLinkClick({ date, jsEvent }) {
      more(dayOf(date), jsEvent.target);
      // Neither FullCalendar's own list nor another view.
      return true;
    },
    dayHeaderContent: ({ date }) => headContent(dayOf(date)),
    // What a cell is called stands in it (calendar.js says how many events it has): the events themselves are read after it.
    dayCellTopContent: ({ date, view }) => ({ domNodes: readAs(words.dayName(dayOf(date)), ...(view.type === "dayGridMonth" ? topContent(dayOf(date)) : [])) }),
    slotHeaderContent: ({ date }) => localHour(date),
    // While one is dragged it is there twice.
    eventContent: ({ event, isStart, isEnd, isMirror }) => eventOf(event) === undefined || { domNodes: drawEvent(eventOf(event), { isStart, isWhole: isStart && isEnd && !isMirror }) },
    eventDidMount: ({ el, event, isMirror }) => eventOf(event) && mounted(el, event.id, eventOf(event), isMirror),
    eventWillUnmount: ({ el, event }) => unmounted(el, event.id),
  };

  function headContent(day) {
    const month = known().view === "month";
    const name = element("span", { className: "weekday", textContent: words.weekdayShort(day), data: { weekday: weekday(day) } });
    if (month) return { domNodes: [name] };
    return { domNodes: [name, ...topContent(day)] };
  }

  /** The number of a day with its holiday and lunar date. */
  function topContent(day) {
    const holiday = words.holidaysOn(day);
    const number = element("span", { className: "date", textContent: Number(day.slice(8)) === 1 && known().view === "month" ? words.shortDay(day) : Number(day.slice(8)), data: { weekday: weekday(day) } });
    if (holiday) number.dataset.holiday = "";
    const lunar = words.lunarOn(day);
    return [
      number,
      ...(holiday ? [element("span", { className: "holiday", textContent: holiday, title: holiday })] : []),
      ...(lunar ? [element("span", { className: "lunar", textContent: lunar, title: text("lunar_named", { date: lunar }) })] : []),
    ];
  }
}

/** Options that follow the settings. */
export const choicesOf = (settings) => ({ firstDay: Number(settings.get("weekStart")) });

/** What a cell says to a screen reader. */
export const cellLabel = (day, count, { text, words }) => {
  const holiday = words.holidaysOn(day);
  return text(holiday ? "day_label_holiday" : "day_label", { day: words.dayName(day), holiday, count });
};
