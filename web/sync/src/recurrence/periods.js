// The days of one period of a recurrence rule (a month, a year, a year of weeks), as offsets from its first day. Pure.
//
// A port of the lower half of the server's teamcal/domain/recurrence.py. Months of one shape (first weekday, length) have the same
// offsets, so they are remembered.

import { dateOf, LAST_ORDINAL, modulo, monthLength, monthStart, newYear, weekOne } from "./civil.js";

const MOST_REMEMBERED = 4_096;

/** Remembers what `work` returned; `keyOf` makes a text of its arguments. */
function remembered(work, keyOf) {
  const results = new Map();
  return (...given) => {
    const key = keyOf(...given);
    if (!results.has(key)) {
      if (results.size >= MOST_REMEMBERED) results.clear();
      results.set(key, work(...given));
    }
    return results.get(key);
  };
}

const range = (length) => Array.from({ length }, (_, index) => index);
const ascending = (numbers) => [...numbers].sort((a, b) => a - b);
const both = (some, others) => some.filter((each) => others.has(each));

/** 1 is the first of `length`, -1 the last; numbers that are too great name nothing. */
export function countedOffsets(length, numbers) {
  const offsets = numbers.map((number) => (number > 0 ? number - 1 : length + number));
  return new Set(offsets.filter((offset) => offset >= 0 && offset < length));
}

/** BYSETPOS; without positions all offsets. */
export function atPositions(offsets, positions) {
  if (positions.length === 0) return offsets;
  return ascending(countedOffsets(offsets.length, positions)).map((index) => offsets[index]);
}

/** The union of the weekdays that BYDAY names, among `length` days that begin on `firstWeekday`. */
export const weekdayOffsets = remembered((firstWeekday, length, byDay) => {
  const offsets = new Set();
  for (const [weekday, number] of byDay) {
    const first = modulo(weekday - firstWeekday, 7);
    const count = first < length ? Math.ceil((length - first) / 7) : 0;
    const index = number > 0 ? number - 1 : count + number;
    if (number === 0) for (let each = 0; each < count; each += 1) offsets.add(first + 7 * each);
    else if (index >= 0 && index < count) offsets.add(first + 7 * index);
  }
  return ascending(offsets);
}, (firstWeekday, length, byDay) => `${firstWeekday}|${length}|${byDay.join(";")}`);

export const monthOffsets = remembered((firstWeekday, length, byMonthDay, byDay, positions) => {
  let offsets = range(length);
  if (byMonthDay.length > 0) offsets = both(offsets, countedOffsets(length, byMonthDay));
  if (byDay.length > 0) offsets = both(offsets, new Set(weekdayOffsets(firstWeekday, length, byDay)));
  return atPositions(offsets, positions);
}, (firstWeekday, length, ...lists) => `${firstWeekday}|${length}|${lists.map((list) => list.join(";")).join("|")}`);

export const yearOffsets = remembered((year, { byMonth, byMonthDay, byDay, byYearDay }, positions) => {
  const [start, length] = [newYear(year), newYear(year + 1) - newYear(year)];
  // A numbered weekday counts within the month if there is BYMONTH, else within the year (§3.3.10).
  const inYear = byDay.some(([, number]) => number !== 0) && byMonth.length === 0;
  let offsets = [];
  for (const month of byMonth.length > 0 ? byMonth : range(12).map((index) => index + 1)) {
    const base = monthStart(year, month);
    const ofMonth = monthOffsets(modulo(base + 6, 7), monthLength(year, month), byMonthDay, inYear ? [] : byDay, []);
    offsets.push(...ofMonth.map((offset) => base - start + offset));
  }
  if (inYear) offsets = both(offsets, new Set(weekdayOffsets(modulo(start + 6, 7), length, byDay)));
  if (byYearDay.length > 0) offsets = both(offsets, countedOffsets(length, byYearDay));
  return atPositions(ascending(offsets), positions);
}, yearKey);

function yearKey(year, { byMonth, byMonthDay, byDay, byYearDay }, positions, ...more) {
  return [year, byMonth, byMonthDay, byDay.join(";"), byYearDay, positions, ...more].join("|");
}

/** Offsets from the first day of week 1. */
export const weekYearOffsets = remembered((year, limits, positions, weekStart, byWeekNumber) => {
  const base = weekOne(year, weekStart);
  const weeks = Math.floor((weekOne(year + 1, weekStart) - base) / 7);
  const offsets = [];
  for (const week of ascending(countedOffsets(weeks, byWeekNumber))) {
    for (let offset = 7 * week; offset < 7 * week + 7; offset += 1) {
      const date = dateOf(base + offset);
      if (isIn(limits, date) && isYearDay(date, limits.byYearDay)) offsets.push(offset);
    }
  }
  return atPositions(offsets, positions);
}, yearKey);

/** Do BYMONTH, BYMONTHDAY and BYDAY without numbers let the day pass? */
function isIn({ byMonth, byMonthDay, byDay }, { year, month, day, weekday }) {
  if (byMonth.length > 0 && !byMonth.includes(month)) return false;
  if (byDay.length > 0 && !byDay.some(([each, number]) => each === weekday && number === 0)) return false;
  const fromEnd = day - monthLength(year, month) - 1;
  return byMonthDay.length === 0 || byMonthDay.includes(day) || byMonthDay.includes(fromEnd);
}

function isYearDay({ year, ordinal }, byYearDay) {
  const number = ordinal - newYear(year) + 1;
  return byYearDay.length === 0 || byYearDay.includes(number) || byYearDay.includes(ordinal - newYear(year + 1));
}

/** The offsets of a week's days that lie in the months. */
export const inMonths = (week, offsets, byMonth) =>
  offsets.filter((offset) => byMonth.includes(dateOf(Math.min(Math.max(week + offset, 1), LAST_ORDINAL)).month));
