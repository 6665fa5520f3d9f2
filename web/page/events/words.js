// Days, times and rules in words.

import { asUtc } from "../dates.js";
import { lastDay, timeKind } from "./event-fields.js";
import { ruleInWords } from "./recurrence.js";

const NAMES = { MO: "2024-01-01", TU: "2024-01-02", WE: "2024-01-03", TH: "2024-01-04", FR: "2024-01-05", SA: "2024-01-06", SU: "2024-01-07" };

/**
 * `clock()` returns `"12"` or `"24"`, `zone()` the time zone of who looks on. A time is the one that the server understood; where it
 * is one of another zone, the zone is named.
 */
export function createWords({ language, text, clock = () => "24", zone = localZone }) {
  const format = (options) => {
    const formatter = new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
    return (day) => formatter.format(asUtc(day));
  };
  const shortDay = format({ month: "numeric", day: "numeric", weekday: "short" });
  const longDay = format({ year: "numeric", month: "long", day: "numeric", weekday: "long" });
  const [fullDay, weekday, weekdayLong] = [format({ dateStyle: "long" }), format({ weekday: "short" }), format({ weekday: "long" })];
  const named = (name) => (code) => (code in NAMES ? name(NAMES[code]) : code);
  const weekdayName = named(weekday);

  function time(value) {
    if (clock() === "24") return value;
    const [hour, minute] = [Number(value.slice(0, 2)), value.slice(3, 5)];
    return text(hour < 12 ? "clock_am" : "clock_pm", { time: `${hour % 12 || 12}:${minute}` });
  }

  /** `09:00–10:00`, `종일`, or the event's own text. */
  function times(event) {
    const kind = timeKind(event);
    if (kind === "all_day") return text("all_day");
    if (kind === "text") return event.time;
    return [event.start_time, event.end_time].filter(Boolean).map(time).join("–");
  }

  /** The zone's name, "" where it is that of who looks on. */
  const zoneOf = (event) => (event.start_time && event.time_zone && !sameZone(event, event.time_zone, zone()) ? zoneName(event.time_zone, language) : "");

  /** Says when an event is: `종일`, `14:00–15:00`, `11/9 (월) 22:00 – 11/11 (수) 09:00`, or its own text. */
  function when(event) {
    const last = lastDay(event);
    const [from, to] = [shortDay(event.event_date), shortDay(last)];
    const inZone = (said) => [said, zoneOf(event)].filter(Boolean).join(" ");
    if (last <= event.event_date) return inZone(times(event));
    if (timeKind(event) !== "clock") return `${times(event)} (${from} – ${to})`;
    return inZone(`${from} ${time(event.start_time)} – ${[to, event.end_time && time(event.end_time)].filter(Boolean).join(" ")}`);
  }

  /** As `when`, with the day. */
  function dayAndTimes(event) {
    const last = lastDay(event);
    if (last > event.event_date) return timeKind(event) === "clock" ? when(event) : `${shortDay(event.event_date)} – ${shortDay(last)} · ${times(event)}`;
    return [longDay(event.event_date), when(event)].join(" · ");
  }

  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  function ago(at) {
    const minutes = Math.round((at - Date.now()) / 60_000);
    if (minutes > -60) return relative.format(minutes, "minute");
    return minutes > -1_440 ? relative.format(Math.round(minutes / 60), "hour") : relative.format(Math.round(minutes / 1_440), "day");
  }

  /** Says when something was done: at once, or with its day in a `style` of Intl's. */
  function moment(at, style) {
    return new Intl.DateTimeFormat(language, { dateStyle: style, timeStyle: "short", hourCycle: clock() === "24" ? "h23" : "h12" }).format(at);
  }

  return {
    format, weekdayName, ago, moment, time, times, when, dayAndTimes, zoneOf, shortDay, longDay, fullDay,
    rule: (series) => ruleInWords(series.recurrence, series.event_date, { text, weekdayName: named(weekdayLong), dayName: fullDay }),
  };
}

export function localZone() {
  // Asking costs 0.1 ms, and each event's time asks; who travels waits a minute.
  if (Date.now() - zoneRead.at > 60_000) zoneRead = { at: Date.now(), zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
  return zoneRead.zone;
}
let zoneRead = { at: -Infinity, zone: "" };

/** The name of a zone for people: `뉴욕`, or its IANA name where the browser knows none. */
export function zoneName(zone, language) {
  try {
    const parts = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: "longGeneric" }).formatToParts(new Date());
    return parts.find(({ type }) => type === "timeZoneName").value;
  } catch {
    return zone;
  }
}

/** Whether two zones show the same time on an event's day: Asia/Seoul and Asia/Tokyo do. */
export function sameZone({ event_date: day, start_time: start }, one, other) {
  if (one === other) return true;
  try {
    const at = new Date(`${day}T${start ?? "12:00"}:00Z`);
    const shown = (zone) => new Intl.DateTimeFormat("en", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(at);
    return shown(one) === shown(other);
  } catch {
    return false;
  }
}
