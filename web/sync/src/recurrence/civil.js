// The calendar as numbers, as the server's expander counts: 1 January of the year 1 is 1. Pure.

import { dayOf, numberOf } from "../days.js";

const EPOCH = 719_163;
const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
export const LAST_ORDINAL = 3_652_059;

export const isLeap = (year) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
export const monthLength = (year, month) => (month === 2 && isLeap(year) ? 29 : MONTH_LENGTHS[month - 1]);
export const modulo = (number, by) => ((number % by) + by) % by;
const floor = Math.floor;

/** Ordinal of 1 January, also of the years 0 and 10000. */
export function newYear(year) {
  const past = year - 1;
  return past * 365 + floor(past / 4) - floor(past / 100) + floor(past / 400) + 1;
}

/** Ordinal of the first day of a month. */
export function monthStart(year, month) {
  let ordinal = newYear(year);
  for (let before = 1; before < month; before += 1) ordinal += monthLength(year, before);
  return ordinal;
}

/** A date as the expander needs it. Monday is 0. */
export function dateOf(ordinal) {
  const date = new Date((ordinal - EPOCH) * 86_400_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: modulo(ordinal + 6, 7), ordinal };
}

export const ordinalOf = (day) => numberOf(day) + EPOCH;
export const textOf = (ordinal) => dayOf(ordinal - EPOCH);
export const dateFrom = (day) => dateOf(ordinalOf(day));

/** Ordinal of the first day of week 1, the first week with four days in the year: that of 4 January. */
export function weekOne(year, weekStart) {
  const fourth = newYear(year) + 3;
  return fourth - modulo(fourth + 6 - weekStart, 7);
}

/** The year to which the week of a date belongs. */
export function weekYear({ year, ordinal }, weekStart) {
  return Math.max(...[year - 1, year, year + 1].filter((each) => weekOne(each, weekStart) <= ordinal));
}

const shapeOf = (year) => [modulo(newYear(year), 7), isLeap(year - 1), isLeap(year), isLeap(year + 1)].join(" ");
const YEAR_OF_SHAPE = new Map();
for (let year = 2000; year < 2400; year += 1) YEAR_OF_SHAPE.set(shapeOf(year), year);

/** One of 28 years with the same weekdays and lengths, also of the years before and after. */
export const sameYear = (year) => YEAR_OF_SHAPE.get(shapeOf(year));
