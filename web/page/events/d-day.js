// D-day: how many days are left. Pure.

import { daysBetween } from "../dates.js";

/** Categories whose events are counted down to on the calendar. */
const COUNTED = ["d-day", "dday", "디데이", "마감", "deadline"];

/** Returns `D-3`, `D-day` or `D+2` of a day, seen from `today`. */
export function dDay(day, today) {
  const left = daysBetween(today, day);
  return left === 0 ? "D-day" : left > 0 ? `D-${left}` : `D+${-left}`;
}

/** Returns an event's badge for the calendar, "" if it isn't counted down to. */
export function dDayBadge(event, today) {
  return (event.categories ?? []).some((each) => COUNTED.includes(each.trim().toLowerCase())) ? dDay(event.event_date, today) : "";
}
