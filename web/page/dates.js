// Calendar days as `YYYY-MM-DD` strings, from 0001 to 9999. Pure.

const DAY = 86_400_000;
const [FIRST, LAST] = ["0001-01-01", "9999-12-31"];

// A day has no time zone: calculating in UTC keeps daylight saving time out of the arithmetic.
export const asUtc = (day) => new Date(`${day}T00:00:00Z`);

/** There are no days before the first year or after the last: the nearest one stands for them. */
function dayOf(date) {
  const text = date.toISOString();
  if (/^\d{4}-/.test(text)) return text.slice(0, 10) < FIRST ? FIRST : text.slice(0, 10);
  return text.startsWith("-") ? FIRST : LAST;
}

export const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") && text >= FIRST && !Number.isNaN(asUtc(text).getTime()) && dayOf(asUtc(text)) === text;

/** Returns the day in the time zone of the browser. */
export function localDay(now) {
  const pad = (number, width = 2) => String(number).padStart(width, "0");
  return `${pad(now.getFullYear(), 4)}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

export const addDays = (day, count) => dayOf(new Date(asUtc(day).getTime() + count * DAY));
export const daysBetween = (first, last) => Math.round((asUtc(last) - asUtc(first)) / DAY);

/** Returns the same day `count` months later, or the last day of that month if it is shorter. */
export function addMonths(day, count) {
  const [year, month, date] = day.split("-").map(Number);
  const first = asUtc(`${day.slice(0, 7)}-01`);
  first.setUTCFullYear(year, month - 1 + count, 1);
  const last = new Date(first);
  last.setUTCMonth(last.getUTCMonth() + 1, 0);
  first.setUTCDate(Math.min(date, last.getUTCDate()));
  return dayOf(first);
}

export const weekday = (day) => asUtc(day).getUTCDay();
export const sameMonth = (a, b) => a.slice(0, 7) === b.slice(0, 7);

/** Returns the first day of the week; weeks begin on `weekStart`, 0 being Sunday. */
export const startOfWeek = (day, weekStart = 0) => addDays(day, -((weekday(day) - weekStart + 7) % 7));

/** Returns the weeks that contain the month of `day`. */
export function monthGrid(day, weekStart = 0) {
  const first = `${day.slice(0, 7)}-01`;
  const offset = (weekday(first) - weekStart + 7) % 7;
  const length = new Date(Date.UTC(2000 + (Number(day.slice(0, 4)) % 400), Number(day.slice(5, 7)), 0)).getUTCDate();
  return Array.from({ length: Math.ceil((offset + length) / 7) }, (_, week) =>
    Array.from({ length: 7 }, (__, index) => addDays(first, week * 7 + index - offset)));
}

const clockMinutes = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/** Returns the end that lies as long after `start` as `end` lay after `before`; all are `HH:MM`. */
export function shiftedEnd(before, start, end) {
  const minutes = (clockMinutes(end) + clockMinutes(start) - clockMinutes(before) + 2_880) % 1_440;
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}
