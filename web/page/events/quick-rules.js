// Repetitions that a line of quick entry names: `매주 월요일`, `격주 화`, `매월 마지막 금요일`, `every Monday`. Pure.

import { addDays, addMonths } from "../dates.js";
import { dayIndex, existing } from "./quick-dates.js";
import { WEEKDAYS, weekdayOf } from "./recurrence.js";

const DAY = "(?:mon(?:days?)?|tue(?:s(?:days?)?)?|wed(?:nesdays?)?|thu(?:rs?(?:days?)?)?|fri(?:days?)?|sat(?:urdays?)?|sun(?:days?)?)";
const ONE = "[월화수목금토일](?:요일)?";
const LIST = `${ONE}(?: ?[,·/、]? ?${ONE})*`;
const KOREAN_WEEKS = "(?:매주|격주(?:로)?|[2-9] ?주 ?(?:마다|에 한 번))";
const NTH = "(?:첫째|첫|둘째|두|셋째|세|넷째|네|다섯째|다섯|마지막)(?: ?번째)?";
const ENGLISH_NTH = "(?:first|second|third|fourth|fifth|last)";
const NUMBERS = { 첫: 1, 둘: 2, 두: 2, 셋: 3, 세: 3, 넷: 4, 네: 4, 다: 5, 마: -1, fir: 1, sec: 2, thi: 3, fou: 4, fif: 5, las: -1 };
const WORKDAYS = "MO,TU,WE,TH,FR";

const SOURCES = [
  [`${KOREAN_WEEKS}(?: ?(?:마다)?)? ?${LIST}(?:마다)?`, weekly],
  [`(?:월|화|수|목|금|토|일)요일마다`, weekly],
  [`(?:평일|주중)(?:마다| ?매일)|매일 ?평일|every (?:week|work)day|(?:on )?weekdays`, () => ({ rule: `FREQ=WEEKLY;BYDAY=${WORKDAYS}` })],
  [`(?:매월|매달|매 ?월) ?${NTH} ?(?:주 ?)?${ONE}`, monthlyWeekday],
  [`every (?:month on the )?${ENGLISH_NTH} ${DAY}(?: of (?:the|every|each) month)?`, monthlyWeekday],
  [`(?:매월|매달) ?말일`, lastDay],
  [`(?:매월|매달) ?(?:3[01]|[12][0-9]|[1-9])일`, monthlyDay],
  [`every month on the (?:3[01]|[12][0-9]|[1-9])(?:st|nd|rd|th)`, monthlyDay],
  [`매년 ?(?:1[0-2]|[1-9])월 ?(?:3[01]|[12][0-9]|[1-9])일`, yearlyDay],
  [`every (?:other |[2-9] weeks on )?${DAY}(?:(?:, ?| and |, and )${DAY})*`, weekly],
  [`${KOREAN_WEEKS}|(?:every (?:other week|[2-9] weeks|week)|weekly|biweekly)`, weekly],
  [`(?:매일|every day|daily)`, () => ({ rule: "FREQ=DAILY" })],
  [`(?:[2-9]|[1-9][0-9]) ?일마다|every (?:[2-9]|[1-9][0-9]) days`, (text) => ({ rule: `FREQ=DAILY;INTERVAL=${/[0-9]+/.exec(text)[0]}` })],
  [`(?:매월|매달|every month|monthly)`, () => ({ rule: "FREQ=MONTHLY" })],
  // What comes back by the lunar calendar is on other days each year.
  [`(?:(?:매년|해마다)(?! ?음력)|every year|yearly|annually)`, () => ({ rule: "FREQ=YEARLY" })],
];
export const RULE = `(?:${SOURCES.map(([source]) => source).join("|")})`;
export const COUNT = "(?:총 ?)?[0-9]{1,3} ?(?:회|번)(?: 반복)?|[0-9]{1,3} times";
const READERS = SOURCES.map(([source, read]) => [new RegExp(`^(?:${source})$`), read]);

/** Returns `{rule, days?, first?(day)}` of a text in lower case, for `firstOf`; null if it is none. The rule has no end. */
export function readRule(text) {
  const plain = text.trim().replace(/\s+/g, " ");
  for (const [pattern, read] of READERS) if (pattern.test(plain)) return read(plain);
  return null;
}

/** Returns the first day of a rule from `day` on. */
export function firstOf({ days, first }, day) {
  if (first) return first(day);
  if (!days) return day;
  for (let each = day; ; each = addDays(each, 1)) if (days.includes(weekdayOf(each))) return each;
}

function weekly(text) {
  const interval = /격주|other|biweekly/.test(text) ? 2 : Number(/([2-9]) ?(?:주|weeks)/.exec(text)?.[1] ?? 1);
  const rule = ["FREQ=WEEKLY", ...(interval > 1 ? [`INTERVAL=${interval}`] : [])];
  const days = daysIn(text);
  if (days.length === 0) return { rule: rule.join(";"), weekly: true };
  return { rule: [...rule, `BYDAY=${days}`].join(";"), days };
}

function daysIn(text) {
  const names = text.replace(/매주|격주(로)?|[2-9] ?주 ?(마다|에 한 번)|마다|요일|weeks? on|weekly|biweekly|weeks?|every|other/g, " ")
    .match(new RegExp(`[월화수목금토일]|${DAY}`, "g")) ?? [];
  const indices = new Set(names.map(dayIndex));
  return WEEKDAYS.filter((_, index) => indices.has(index));
}

function monthlyWeekday(text) {
  const words = text.replace(/^매 ?[월달]/, "");
  const { 0: order, index } = new RegExp(`${NTH}|${ENGLISH_NTH}`).exec(words);
  const [name] = new RegExp(`[월화수목금토일]|${DAY}`).exec(words.slice(index + order.length));
  const nth = NUMBERS[order[0]] ?? NUMBERS[order.slice(0, 3)];
  const code = WEEKDAYS[dayIndex(name)];
  return { rule: `FREQ=MONTHLY;BYDAY=${nth}${code}`, first: (day) => nextInMonths(day, (month) => nthIn(month, nth, code)) };
}

function lastDay() {
  return { rule: "FREQ=MONTHLY;BYMONTHDAY=-1", first: (day) => nextInMonths(day, (month) => addDays(addMonths(month, 1), -1)) };
}

function nthIn(month, nth, code) {
  const days = Array.from({ length: 31 }, (_, index) => existing(...month.split("-").slice(0, 2).map(Number), index + 1))
    .filter((day) => day && weekdayOf(day) === code);
  return days.at(nth > 0 ? nth - 1 : nth) ?? null;
}

function nextInMonths(day, find) {
  for (let count = 0; count < 24; count += 1) {
    const found = find(addMonths(`${day.slice(0, 7)}-01`, count));
    if (found && found >= day) return found;
  }
  return day;
}

function monthlyDay(text) {
  const date = Number(/[0-9]+/.exec(text)[0]);
  return { rule: "FREQ=MONTHLY", first: (day) => nextInMonths(day, (month) => existing(...month.split("-").slice(0, 2).map(Number), date)) };
}

function yearlyDay(text) {
  const [month, date] = text.match(/[0-9]+/g).map(Number);
  const year = (day) => Number(day.slice(0, 4));
  return {
    rule: "FREQ=YEARLY",
    first: (day) => Array.from({ length: 9 }, (_, index) => existing(year(day) + index, month, date)).find((each) => each && each >= day) ?? day,
  };
}
