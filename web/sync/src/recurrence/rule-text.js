// Recurrence rules as text: RFC 5545 RRULE values (§3.3.10). A port of the server's teamcal/domain/rule_text.py.

import { dateOf, ordinalOf, textOf } from "./civil.js";
import { isDay } from "../days.js";
import { clockOf, momentOf, wallTime } from "./zones.js";

const MOST_CHARACTERS = 1_000;
const MOST_INTERVAL = 9_999;
const MOST_COUNT = 10_000;
const DAY = 86_400_000;
const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const FREQUENCIES = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
const FINE_FREQUENCIES = ["HOURLY", "MINUTELY", "SECONDLY"];

// Name of the part: field of the rule, greatest number, may be negative. In canonical order, in which BYDAY comes before BYSETPOS.
const NUMBERED_PARTS = {
  BYMONTH: ["byMonth", 12, false],
  BYWEEKNO: ["byWeekNumber", 53, true],
  BYYEARDAY: ["byYearDay", 366, true],
  BYMONTHDAY: ["byMonthDay", 31, true],
  BYSETPOS: ["bySetPosition", 366, true],
};
const FORBIDDEN_PARTS = {
  DAILY: ["BYWEEKNO", "BYYEARDAY"],
  WEEKLY: ["BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"],
  MONTHLY: ["BYWEEKNO", "BYYEARDAY"],
  YEARLY: [],
};
const TIME_PARTS = ["BYHOUR", "BYMINUTE", "BYSECOND"];
const OTHER_PARTS = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"];
const NUMBER = /^[+-]?[0-9]{1,3}$/;
const COUNTED = /^[0-9]{1,5}$/;
const BY_DAY = /^([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/;
const UNTIL = /^([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?$/;

/** A rule that this calendar doesn't keep; `reason` as the server names it. */
export class RuleRefused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

function refuseIf(condition, reason) {
  if (condition) throw new RuleRefused(reason);
}

/**
 * Reads an RRULE value, in any case. Lists are sorted and without repetition. Raises RuleRefused.
 * `startTime`: `HH:MM` of the event, null if it lasts all day. `timeZone`: the event's. `until` of the rule is an ordinal.
 */
export function ruleFrom(text, { startTime = null, timeZone = null } = {}) {
  const parts = partsOf(text);
  const frequency = frequencyOf(parts);
  checkParts(frequency, parts);
  checkTimes(parts, startTime);
  const rule = {
    frequency,
    byMonth: [], byWeekNumber: [], byYearDay: [], byMonthDay: [], bySetPosition: [],
    interval: counted(parts.get("INTERVAL") ?? "1", MOST_INTERVAL, "rule_interval"),
    count: parts.has("COUNT") ? counted(parts.get("COUNT"), MOST_COUNT, "rule_count") : null,
    until: parts.has("UNTIL") ? untilOf(parts.get("UNTIL"), startTime, timeZone) : null,
    byDay: byDayOf(parts),
    weekStart: weekdayOf(parts.get("WKST") ?? "MO"),
  };
  for (const [name, [field, most, signed]] of Object.entries(NUMBERED_PARTS)) {
    if (parts.has(name)) rule[field] = numbersOf(parts.get(name), most, { signed });
  }
  return rule;
}

const MOST_REMEMBERED = 2_000;
const rules = new Map();

/** The rule of a canonical text, as the server stores it. Raises RuleRefused. */
export function ruleOf(text) {
  if (!rules.has(text)) {
    if (rules.size >= MOST_REMEMBERED) rules.clear();
    rules.set(text, ruleFrom(text));
  }
  return rules.get(text);
}

/** The one text of a rule: parts in a fixed order, without those that are the default anyway. */
export function canonical(rule) {
  const parts = [["FREQ", rule.frequency]];
  if (rule.interval !== 1) parts.push(["INTERVAL", rule.interval]);
  if (rule.count !== null) parts.push(["COUNT", rule.count]);
  if (rule.until !== null) parts.push(["UNTIL", textOf(rule.until).replaceAll("-", "")]);
  for (const [name, [field]] of Object.entries(NUMBERED_PARTS)) {
    if (name === "BYSETPOS" && rule.byDay.length > 0) parts.push(["BYDAY", rule.byDay.map(([weekday, number]) => `${number || ""}${WEEKDAYS[weekday]}`)]);
    if (rule[field].length > 0) parts.push([name, rule[field]]);
  }
  if (rule.weekStart !== 0) parts.push(["WKST", WEEKDAYS[rule.weekStart]]);
  return parts.map(([name, value]) => `${name}=${value}`).join(";");
}

/** Name → value, in upper case. A last `;` is ignored, because some programs write one. */
function partsOf(text) {
  refuseIf(text.length > MOST_CHARACTERS, "rule_too_long");
  refuseIf(/[^\0-\x7f]/.test(text), "rule_syntax");
  const parts = new Map();
  for (const part of text.trim().toUpperCase().replace(/^RRULE:/, "").replace(/;$/, "").split(";")) {
    const at = part.indexOf("=");
    const [name, value] = at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
    refuseIf(value === "" || parts.has(name), "rule_syntax");
    parts.set(name, value);
  }
  return parts;
}

function frequencyOf(parts) {
  const frequency = parts.get("FREQ") ?? "";
  refuseIf(FINE_FREQUENCIES.includes(frequency), "rule_too_fine");
  refuseIf(!FREQUENCIES.includes(frequency), "rule_syntax");
  return frequency;
}

function checkParts(frequency, parts) {
  const allowed = [...OTHER_PARTS, ...Object.keys(NUMBERED_PARTS), ...TIME_PARTS];
  refuseIf([...parts.keys()].some((name) => !allowed.includes(name)), "rule_part");
  refuseIf(FORBIDDEN_PARTS[frequency].some((name) => parts.has(name)), "rule_part");
  refuseIf(parts.has("COUNT") && parts.has("UNTIL"), "rule_count_and_until");
  const others = ["BYDAY", ...Object.keys(NUMBERED_PARTS)].filter((name) => name !== "BYSETPOS");
  refuseIf(parts.has("BYSETPOS") && !others.some((name) => parts.has(name)), "rule_part");
}

/** BYHOUR, BYMINUTE and BYSECOND may only repeat the start; in an event that lasts all day they are ignored. */
function checkTimes(parts, startTime) {
  const expected = [...(startTime ?? "00:00").split(":"), "00"].map(Number);
  TIME_PARTS.forEach((name, index) => {
    if (!parts.has(name)) return;
    const numbers = numbersOf(parts.get(name), 60, { signed: false, zero: true });
    refuseIf(startTime && (numbers.length !== 1 || numbers[0] !== expected[index]), "rule_too_fine");
  });
}

function counted(value, most, reason) {
  refuseIf(!COUNTED.test(value) || Number(value) < 1 || Number(value) > most, reason);
  return Number(value);
}

function numbersOf(value, most, { signed, zero = false }) {
  const numbers = new Set();
  for (const item of value.split(",")) {
    const number = Number(item);
    refuseIf(!NUMBER.test(item) || number < (signed ? -most : 0) || number > most, "rule_syntax");
    numbers.add(number === 0 ? 0 : number);
  }
  refuseIf(numbers.has(0) && !zero, "rule_syntax");
  return [...numbers].sort((a, b) => a - b);
}

function weekdayOf(name) {
  refuseIf(!WEEKDAYS.includes(name), "rule_syntax");
  return WEEKDAYS.indexOf(name);
}

/** Only MONTHLY and YEARLY rules may number their weekdays, and not beside BYWEEKNO. */
function byDayOf(parts) {
  const found = new Map();
  const mayNumber = ["MONTHLY", "YEARLY"].includes(parts.get("FREQ")) && !parts.has("BYWEEKNO");
  for (const item of parts.has("BYDAY") ? parts.get("BYDAY").split(",") : []) {
    const match = BY_DAY.exec(item);
    refuseIf(!match, "rule_syntax");
    refuseIf(match[1] && !mayNumber, "rule_part");
    const pair = [WEEKDAYS.indexOf(match[2]), match[1] ? numbersOf(match[1], 53, { signed: true })[0] : 0];
    found.set(pair.join(" "), pair);
  }
  return [...found.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/** Ordinal of the last date on which an event may start at `startTime`. */
function untilOf(value, startTime, timeZone) {
  const match = UNTIL.exec(value);
  const day = match && `${match[1]}-${match[2]}-${match[3]}`;
  refuseIf(!match || !isDay(day), "rule_until");
  if (match[4] === undefined) return ordinalOf(day);
  const [hour, minute, second] = match.slice(4, 7).map(Number);
  // 60 is a leap second.
  refuseIf(hour > 23 || minute > 59 || second > 99, "rule_until");
  const isUtc = match[7] === "Z";
  if (isUtc && !timeZone) return ordinalOf(day);
  const moment = Date.parse(`${day}T00:00:00Z`) + ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1_000;
  return lastStart(moment, startTime, isUtc ? timeZone : null) ?? ordinalOf(day);
}

/** The last date whose `startTime` is at or before `moment`; null beyond the calendar's ends. */
function lastStart(moment, startTime, zone) {
  const local = zone ? wallTime(zone, moment) : moment;
  const midnight = Math.floor(local / DAY) * DAY;
  const day = dateOf(midnight / DAY + 719_163);
  if (day.year < 1 || day.year > 9_999) return null;
  if (startTime === null) return day.ordinal;
  // Compared as moments: in the hour that a change of the clock skips or repeats, wall times mislead.
  const start = midnight + clockOf(startTime);
  const isLate = (zone ? momentOf(zone, start) : start) > moment;
  const ordinal = isLate ? day.ordinal - 1 : day.ordinal;
  return ordinal < 1 ? null : ordinal;
}
