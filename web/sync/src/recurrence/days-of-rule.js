// The days that a recurrence rule gives (RFC 5545 §3.3.10), looking only at the window that is asked for. Pure.
//
// A port of the upper half of the server's teamcal/domain/recurrence.py: a query begins by arithmetic with the period (day, week, month,
// year) in which its window begins, so it costs what the window costs, however old the series is. Days are ordinals.

import { dateOf, LAST_ORDINAL, modulo, monthLength, monthStart, newYear, sameYear, weekOne, weekYear } from "./civil.js";
import { atPositions, inMonths, monthOffsets, weekdayOffsets, weekYearOffsets, yearOffsets } from "./periods.js";
import { RuleRefused } from "./rule-text.js";

// The calendar repeats after 400 years: see the server's file.
const CYCLE = { DAILY: 20_000, WEEKLY: 20_871, MONTHLY: 4_800, YEARLY: 400 };
const MOST_PERIODS_OF_COUNT = 20_000;
const DAYS_OF = { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 };
const { floor } = Math;

/**
 * Yields the days from `first` to `last`, both included, of a series that begins on `start`, in their order. Honours UNTIL. COUNT is the
 * caller's, who keeps the day that `lastDay` returned.
 */
export function* days(rule, start, first, last) {
  const low = Math.max(start, first);
  const high = rule.until === null ? last : Math.min(last, rule.until);
  if (low > high) return;
  for (const [base, offsets] of PERIODS[rule.frequency](rule, dateOf(start), dateOf(low), dateOf(high))) {
    for (const offset of offsets) {
      const day = base + offset;
      if (day >= low && day <= high) yield day;
    }
  }
}

/** The first day that the rule gives on or after `start`; null if it never gives one, UNTIL included. */
export function firstDay(rule, start) {
  for (const day of days(rule, start, start, movedBy(start, CYCLE[rule.frequency], rule))) return day;
  return null;
}

/** The last day of a series that ends by COUNT or UNTIL; null if it is endless. Raises RuleRefused. */
export function lastDay(rule, start) {
  if (rule.count === null && rule.until === null) return null;
  if (firstDay(rule, start) === null) throw new RuleRefused("rule_never");
  if (rule.until !== null) return lastUntil(rule, start, rule.until);
  let left = rule.count;
  for (const day of days(rule, start, start, movedBy(start, MOST_PERIODS_OF_COUNT, rule))) {
    left -= 1;
    if (left === 0) return day;
  }
  throw new RuleRefused("rule_count");
}

/** Looks backwards from `until`, in windows that grow because most rules give a day in the first one. */
function lastUntil(rule, start, until) {
  for (const periods of [2, 60, 1_200, 20_000, Infinity]) {
    const first = periods === Infinity ? start : Math.max(start, movedBy(until, -periods, rule));
    let found = null;
    for (const day of days(rule, start, first, until)) found = day;
    if (found !== null) return found;
  }
  return null;
}

/** So many periods later, or earlier if negative; every month has 31 days, every year 366. */
const movedBy = (ordinal, periods, rule) => Math.min(Math.max(ordinal + periods * rule.interval * DAYS_OF[rule.frequency], 1), LAST_ORDINAL);

// Periods by frequency: pairs of a first day and offsets. Each begins with the period in which `first` lies, or the last one before it.

function* daily(rule, start, first, last) {
  const [origin, end] = [start.ordinal, last.ordinal];
  let day = first.ordinal + modulo(origin - first.ordinal, rule.interval);
  if (rule.byMonth.length + rule.byMonthDay.length + rule.byDay.length === 0) {
    for (; day <= end; day += rule.interval) yield [day, [0]];
    return;
  }
  // The set of one day has one element: no other position gives anything.
  if (rule.bySetPosition.length > 0 && !rule.bySetPosition.some((position) => position === 1 || position === -1)) return;
  while (day <= end) {
    const [base, offsets, nextMonth] = monthOf(rule, dateOf(day));
    yield [base, offsets.filter((offset) => (base + offset - origin) % rule.interval === 0)];
    day = nextMonth + modulo(origin - nextMonth, rule.interval);
  }
}

/** The first day of the month of `date`, the days that the limits let pass, and the next month's first. */
function monthOf(rule, { year, month, day, ordinal }) {
  const [base, length] = [ordinal - day + 1, monthLength(year, month)];
  if (rule.byMonth.length > 0 && !rule.byMonth.includes(month)) return [base, [], base + length];
  return [base, monthOffsets(modulo(base + 6, 7), length, rule.byMonthDay, rule.byDay, []), base + length];
}

function* weekly(rule, start, first, last) {
  const step = 7 * rule.interval;
  let week = start.ordinal - modulo(start.weekday - rule.weekStart, 7);
  week += floor((first.ordinal - week) / step) * step;
  const offsets = weekdayOffsets(rule.weekStart, 7, rule.byDay.length > 0 ? rule.byDay : [[start.weekday, 0]]);
  // A part of a week has no more positions than the whole week.
  if (atPositions(offsets, rule.bySetPosition).length === 0) return;
  for (let base = week; base <= last.ordinal; base += step) {
    yield [base, atPositions(rule.byMonth.length > 0 ? inMonths(base, offsets, rule.byMonth) : offsets, rule.bySetPosition)];
  }
}

function* monthly(rule, start, first, last) {
  let begin = start.year * 12 + start.month - 1;
  begin += floor((first.year * 12 + first.month - 1 - begin) / rule.interval) * rule.interval;
  const byMonthDay = rule.byMonthDay.length > 0 || rule.byDay.length > 0 ? rule.byMonthDay : [start.day];
  for (let index = begin; index < last.year * 12 + last.month; index += rule.interval) {
    const [year, month] = [floor(index / 12), modulo(index, 12) + 1];
    if (rule.byMonth.length > 0 && !rule.byMonth.includes(month)) continue;
    const base = monthStart(year, month);
    yield [base, monthOffsets(modulo(base + 6, 7), monthLength(year, month), byMonthDay, rule.byDay, rule.bySetPosition)];
  }
}

function* yearly(rule, start, first, last) {
  if (rule.byWeekNumber.length > 0) {
    yield* byWeekYears(rule, start, first, last);
    return;
  }
  let limits = rule;
  if (rule.byYearDay.length + rule.byMonthDay.length + rule.byDay.length === 0) {
    limits = { ...rule, byMonth: rule.byMonth.length > 0 ? rule.byMonth : [start.month], byMonthDay: [start.day] };
  }
  const begin = start.year + floor((first.year - start.year) / rule.interval) * rule.interval;
  for (let year = begin; year <= last.year; year += rule.interval) {
    yield [newYear(year), yearOffsets(sameYear(year), limits, rule.bySetPosition)];
  }
}

/** Periods of a rule with BYWEEKNO: years of whole weeks, so that week 1 belongs to one year only. */
function* byWeekYears(rule, start, first, last) {
  const [begin, low, high] = [start, first, last].map((date) => weekYear(date, rule.weekStart));
  // What the rule doesn't say is "derived from DTSTART" (§3.3.10): here the weekday.
  const isBare = rule.byDay.length + rule.byMonthDay.length + rule.byYearDay.length === 0;
  const limits = isBare ? { ...rule, byDay: [[start.weekday, 0]] } : rule;
  for (let year = begin + floor((low - begin) / rule.interval) * rule.interval; year <= high; year += rule.interval) {
    yield [weekOne(year, rule.weekStart), weekYearOffsets(sameYear(year), limits, rule.bySetPosition, rule.weekStart, rule.byWeekNumber)];
  }
}

const PERIODS = { DAILY: daily, WEEKLY: weekly, MONTHLY: monthly, YEARLY: yearly };
