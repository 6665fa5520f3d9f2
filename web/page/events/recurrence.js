// Rules of series (RRULE, RFC 5545 §3.3.10) as the server writes them: into what the form holds, and back. Pure.
//
// The form holds strings: `recurrence` (the kind, see KINDS), `repeat_interval`, `repeat_days` (an array, of a weekly
// rule), `repeat_nth` and `repeat_weekday` (of a monthly one), `repeat_ends` (never, until, count), `repeat_until`,
// `repeat_count`, and `rule`, the text of a rule that the form can't express.

import { weekday } from "../dates.js";

export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
export const NTH = ["1", "2", "3", "4", "5", "-1"];
export const KINDS = ["none", "daily", "weekly", "monthly_day", "monthly_weekday", "yearly", "other"];
const FREQUENCIES = { daily: "DAILY", weekly: "WEEKLY", monthly_day: "MONTHLY", monthly_weekday: "MONTHLY", yearly: "YEARLY" };

export const weekdayOf = (day) => WEEKDAYS[(weekday(day) + 6) % 7];
const nthOf = (day) => String(Math.ceil(Number(day.slice(8)) / 7));
const inOrder = (days) => WEEKDAYS.filter((day) => days.includes(day));
const compact = (day) => day.replaceAll("-", "");

/** What the form holds for an event of this day that isn't repeated. */
export const unrepeated = (day) => ({
  recurrence: "none", repeat_interval: "1", repeat_days: [weekdayOf(day)], repeat_nth: nthOf(day), repeat_weekday: weekdayOf(day),
  repeat_ends: "never", repeat_until: "", repeat_count: "10", rule: "",
});

/** Returns the rule that the form expresses for a series that begins on `start`; null for none. */
export function ruleOf(form, start) {
  const kind = form.recurrence;
  if (kind === "none") return null;
  if (kind === "other") return form.rule;
  const parts = [`FREQ=${FREQUENCIES[kind]}`];
  if (form.repeat_interval !== "1" && form.repeat_interval !== "") parts.push(`INTERVAL=${form.repeat_interval}`);
  if (form.repeat_ends === "count") parts.push(`COUNT=${form.repeat_count}`);
  if (form.repeat_ends === "until") parts.push(`UNTIL=${compact(form.repeat_until)}`);
  if (kind === "weekly") parts.push(`BYDAY=${form.repeat_days.length > 0 ? inOrder(form.repeat_days) : weekdayOf(start)}`);
  if (kind === "monthly_weekday") parts.push(`BYDAY=${form.repeat_nth}${form.repeat_weekday}`);
  return parts.join(";");
}

/** Returns what the form holds for a rule; `recurrence: "other"` for one that it can't express. */
export function formOf(rule, start) {
  const form = unrepeated(start);
  if (!rule) return form;
  const parts = new Map(rule.split(";").map((part) => part.split("=")));
  const read = { ...form, ...kindOf(parts, start), ...endOf(parts), repeat_interval: parts.get("INTERVAL") ?? "1" };
  return ruleOf(read, start) === spelledOut(parts, start) ? read : { ...form, recurrence: "other", rule };
}

function kindOf(parts, start) {
  const days = (parts.get("BYDAY") ?? "").split(",").filter(Boolean);
  switch (parts.get("FREQ")) {
    case "DAILY": return { recurrence: "daily" };
    case "WEEKLY": return { recurrence: "weekly", repeat_days: days.length > 0 ? days : [weekdayOf(start)] };
    case "YEARLY": return { recurrence: "yearly" };
    case "MONTHLY": return days.length === 0 ? { recurrence: "monthly_day" } : numbered(days[0]);
    default: return {};
  }
}

function numbered(day) {
  const [nth, code] = [day.slice(0, -2), day.slice(-2)];
  return NTH.includes(nth) && WEEKDAYS.includes(code) ? { recurrence: "monthly_weekday", repeat_nth: nth, repeat_weekday: code } : {};
}

function endOf(parts) {
  const until = parts.get("UNTIL");
  if (until !== undefined) return { repeat_ends: "until", repeat_until: until.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3") };
  return parts.has("COUNT") ? { repeat_ends: "count", repeat_count: parts.get("COUNT") } : {};
}

/** Returns the rule as `ruleOf` would write it: without a day and month that the start says anyway, but with its weekday. */
function spelledOut(parts, start) {
  const plain = new Map(parts);
  const [month, date] = [start.slice(5, 7), start.slice(8)].map((part) => String(Number(part)));
  const frequency = parts.get("FREQ");
  if (frequency === "MONTHLY" && !parts.has("BYDAY") && parts.get("BYMONTHDAY") === date) plain.delete("BYMONTHDAY");
  if (frequency === "YEARLY" && parts.get("BYMONTH") === month) {
    if (parts.get("BYMONTHDAY") === date) plain.delete("BYMONTHDAY");
    if (!parts.has("BYDAY")) plain.delete("BYMONTH");
  }
  if (frequency === "WEEKLY" && !parts.has("BYDAY")) plain.set("BYDAY", weekdayOf(start));
  return [...plain].map((part) => part.join("=")).join(";");
}

/** Returns a rule in words; `weekdayName(code)` and `dayName(day)` name a weekday and a day. */
export function ruleInWords(rule, start, { text, weekdayName, dayName }) {
  const form = formOf(rule, start);
  if (form.recurrence === "none") return "";
  if (form.recurrence === "other") return text("rule_other", { rule });
  const count = Number(form.repeat_interval);
  const values = {
    count, date: Number(start.slice(8)),
    days: form.repeat_days.map(weekdayName).join(", "),
    nth: text(NTH_TEXTS[form.repeat_nth] ?? "nth_1"), weekday: weekdayName(form.repeat_weekday),
  };
  const words = text((count === 1 ? EVERY : EVERY_SO_MANY)[form.recurrence], values);
  if (form.repeat_ends === "until" && form.repeat_until) return text("rule_until", { words, day: dayName(form.repeat_until) });
  return form.repeat_ends === "count" ? text("rule_count", { words, count: form.repeat_count }) : words;
}

export const NTH_TEXTS = { 1: "nth_1", 2: "nth_2", 3: "nth_3", 4: "nth_4", 5: "nth_5", "-1": "nth_last" };
const EVERY = {
  daily: "rule_daily", weekly: "rule_weekly", monthly_day: "rule_monthly_day", monthly_weekday: "rule_monthly_weekday", yearly: "rule_yearly",
};
const EVERY_SO_MANY = {
  daily: "rule_days", weekly: "rule_weeks", monthly_day: "rule_months_day", monthly_weekday: "rule_months_weekday", yearly: "rule_years",
};
