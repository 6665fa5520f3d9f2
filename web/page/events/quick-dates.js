// The days that a line of quick entry names, in Korean and English. Pure.
//
// An expression is read as a whole or not at all: a date that doesn't exist, or a weekday that isn't the date's, is none.
// Weeks begin on Monday, as they are spoken of ("다음 주 일요일"). A day without a year is the nearest one that isn't long past.

import { addDays, addMonths, asUtc, weekday } from "../dates.js";

const PAST_DAYS = 31;
const KOREAN_DAYS = "월화수목금토일";
const ENGLISH_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const RELATIVE = {
  오늘: 0, 금일: 0, 내일: 1, 명일: 1, 모레: 2, 내일모레: 2, "내일 모레": 2, 글피: 3, 어제: -1, 그제: -2, 그저께: -2, 엊그제: -2,
  today: 0, tomorrow: 1, tmrw: 1, yesterday: -1, "day after tomorrow": 2, "the day after tomorrow": 2,
};
const WEEKS = { 저번: -1, 지난: -1, 이번: 0, 금: 0, 다음: 1, 담: 1, 내: 1, 차: 1, 다다음: 2, 다담: 2, last: -1, this: 0, next: 1 };
const COUNTS = { 일주일: 7, 보름: 15, 하루: 1, 이틀: 2, 사흘: 3, 나흘: 4, 닷새: 5 };

const DAY_NAME = "(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)";
export const FULL_DAY_NAME = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)";
const MONTH_NAME = "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
/** A weekday that is written behind a date: `(월)`, ` 월요일`. */
const BEHIND = "(?: ?\\((?:[월화수목금토일](?:요일)?)\\)| [월화수목금토일]요일)?";
const NUMBER = "(?:3[01]|[12][0-9]|0?[1-9])";
const ORDINAL = `${NUMBER}(?:st|nd|rd|th)?`;
const YEAR = "(?:19|20|21)[0-9]{2}";
const HALVES = Object.keys(RELATIVE).sort((a, b) => b.length - a.length).join("|");

/** A day of the lunar calendar isn't the solar one of the same numbers: it stays in the title. */
const SOLAR = `(?<!음력 ?(?:${YEAR}년 ?)?)`;

const SOURCES = [
  [`${SOLAR}${YEAR}(?:-[01]?[0-9]-|/[01]?[0-9]/|\\. ?[01]?[0-9]\\. ?|년 ?[01]?[0-9]월 ?)${NUMBER}(?:일|\\.(?![0-9]))?${BEHIND}`, numbered],
  [`${SOLAR}(?:1[0-2]|0?[1-9])(?:/${NUMBER}|월 ?${NUMBER}일)${BEHIND}`, numbered],
  [`${NUMBER}일 ?\\([월화수목금토일](?:요일)?\\)`, dayOfMonth],
  [`(?:on )?${MONTH_NAME}\\.? ${ORDINAL}(?:,? ${YEAR})?`, named],
  [`(?:on )?${ORDINAL}(?: of)? ${MONTH_NAME}(?:,? ${YEAR})?`, named],
  [`(?:${HALVES})`, (text, today) => addDays(today, RELATIVE[text])],
  [`(?:[0-9]{1,3} ?일|[0-9]{1,2} ?주일?|[0-9]{1,2} ?개월|${Object.keys(COUNTS).join("|")}) ?(?:후|뒤)`, later],
  [`in (?:[0-9]{1,3} days?|[0-9]{1,2} weeks?|a week)`, later],
  [`(?:이번|다음|담|다다음|다담|지난|저번|금|내|차) ?주 ?[월화수목금토일](?:요일)?`, ofWeek],
  [`(?:(?:on )?(?:next|this|last) ${DAY_NAME}|on ${DAY_NAME})`, ofWeek],
  [`[월화수목금토일]요일`, coming],
  [`(?<!black |good |cyber |easter |casual |maundy |ash |palm )${FULL_DAY_NAME}`, coming],
];
/** The source of an expression that finds what may be a date. */
export const DATE = `(?:${SOURCES.map(([source]) => source).join("|")})`;
const READERS = SOURCES.map(([source, read]) => [new RegExp(`^(?:${source})$`), read]);

/** Returns the day `YYYY-MM-DD` that a text in lower case names, seen from `today`; null if it names none. */
export function readDate(text, today) {
  const plain = text.trim().replace(/\s+/g, " ");
  for (const [pattern, read] of READERS) {
    if (!pattern.test(plain)) continue;
    const day = read(plain, today);
    if (day) return day;
  }
  return null;
}

/** Returns the day if it exists, otherwise null. */
export function existing(year, month, date) {
  const day = `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(date).padStart(2, "0")}`;
  return !Number.isNaN(asUtc(day).getTime()) && asUtc(day).toISOString().startsWith(day) ? day : null;
}

/** Returns the day of this year or of a neighbouring one: the next that is at most a month past. */
function nearest(month, date, today) {
  const year = Number(today.slice(0, 4));
  const days = [year - 1, year, year + 1].map((each) => existing(each, month, date)).filter(Boolean);
  return days.find((day) => day >= addDays(today, -PAST_DAYS)) ?? null;
}

/** Returns the index of a weekday from Monday on. */
export function dayIndex(text) {
  const korean = KOREAN_DAYS.indexOf(text[0]);
  return korean >= 0 ? korean : ENGLISH_DAYS.indexOf(text.slice(0, 3));
}
const indexOf = (day) => (weekday(day) + 6) % 7;

function numbered(text, today) {
  const [, behind] = /(?: |\()([월화수목금토일])(?:요일|\))/.exec(text) ?? [];
  const numbers = text.match(/[0-9]+/g).map(Number);
  const day = numbers.length === 3 ? existing(...numbers) : nearest(...numbers, today);
  return day && (!behind || indexOf(day) === dayIndex(behind)) ? day : null;
}

/** `30일(월)`: the next such day of a month that has this weekday. */
function dayOfMonth(text, today) {
  const [, date, name] = /^([0-9]+)일 ?\((.)/.exec(text);
  const first = `${today.slice(0, 7)}-01`;
  for (const month of [first, addMonths(first, 1)]) {
    const [year, number] = month.split("-").map(Number);
    const day = existing(year, number, Number(date));
    if (day && day >= today && indexOf(day) === dayIndex(name)) return day;
  }
  return null;
}

function named(text, today) {
  const month = MONTHS.findIndex((each) => new RegExp(`(?:^|[^a-z])${each}`).test(text)) + 1;
  const [, year] = new RegExp(`(?:^|\\s)(${YEAR})$`).exec(text) ?? [];
  const date = Number(/(?:^|\D)([0-9]{1,2})(?!\d)/.exec(text)[1]);
  return year ? existing(Number(year), month, date) : nearest(month, date, today);
}

function later(text, today) {
  const count = COUNTS[text.replace(/ ?[후뒤]$/, "")] ?? Number(/[0-9]+/.exec(text)?.[0] ?? 1);
  if (/개월/.test(text)) return addMonths(today, count);
  return addDays(today, /주(?!일 ?[후뒤]$)|주일|week/.test(text) && !(text.replace(/ ?[후뒤]$/, "") in COUNTS) ? 7 * count : count);
}

function ofWeek(text, today) {
  const words = text.replace(/^on /, "");
  const [, which = null, name] = /^(next|this|last)? ?([a-z]+)$/.exec(words) ?? /^(\S+?) ?주 ?(.)/.exec(words) ?? [];
  if (which === null) return coming(name, today);
  return addDays(today, 7 * WEEKS[which] + dayIndex(name) - indexOf(today));
}

/** The next such weekday; today counts. */
export function coming(text, today) {
  return addDays(today, (dayIndex(text) - indexOf(today) + 7) % 7);
}

/** Returns how many days a text such as `3일간`, `이틀 동안`, `for 2 weeks` names; null if none. */
export function readDays(text) {
  const plain = text.trim();
  const word = /^(하루|이틀|사흘|나흘|닷새|일주일) ?(?:간|동안)$/.exec(plain);
  if (word) return COUNTS[word[1]];
  const number = /^(?:for )?([0-9]{1,3}) ?(일|주일?|days?|weeks?)/.exec(plain);
  const count = number && Number(number[1]) * (/^(주|week)/.test(number[2]) ? 7 : 1);
  return count && count <= 366 ? count : null;
}
export const DAYS_LONG =
  "(?:(?:[0-9]{1,3} ?일|[0-9]{1,2} ?주일?|하루|이틀|사흘|나흘|닷새|일주일) ?(?:간|동안)|for [0-9]{1,3} (?:days?|weeks?))";
