// Calendar days as `YYYY-MM-DD` strings. Pure.
//
// A day has no time zone. Days are counted from 1 January 1970 in the proleptic Gregorian calendar, years 1 to 9999.

const DAY = 86_400_000;
export const FIRST_DAY = "0001-01-01";
export const LAST_DAY = "9999-12-31";
const pad = (number, width) => String(number).padStart(width, "0");

/** Returns the number of a day; 1970-01-01 is 0. */
export const numberOf = (day) => Date.parse(`${day}T00:00:00Z`) / DAY;

/** Returns the day of a number. */
export function dayOf(number) {
  const date = new Date(number * DAY);
  return `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`;
}

export const FIRST_NUMBER = numberOf(FIRST_DAY);
export const LAST_NUMBER = numberOf(LAST_DAY);

/** Returns the day so many days later, at the calendar's ends the first or the last one. */
export const moved = (day, days) => dayOf(Math.min(Math.max(numberOf(day) + days, FIRST_NUMBER), LAST_NUMBER));
export const daysBetween = (first, last) => numberOf(last) - numberOf(first);
/** Monday is 0. */
export const weekdayOf = (day) => (((numberOf(day) + 3) % 7) + 7) % 7;
export const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text ?? "") && text >= FIRST_DAY && !Number.isNaN(numberOf(text)) && dayOf(numberOf(text)) === text;
