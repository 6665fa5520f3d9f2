// Quick entry: one line of text → the fields of an event. Pure; both languages are read at once.
//
// Nothing is guessed: what isn't understood stays in the title, and of two different days, times or repetitions none is taken
// (`unclear` says so). Times are read as the server reads texts (time-texts.js): "3시 반" has two readings, so it stays the
// event's free text, and `unclear` offers both. "10 to 11" may be no time at all: it stays in the title until
// a start is chosen. A category stays in the title, too: "김민수 연차" has to say so everywhere.

import { addDays, daysBetween } from "../dates.js";
import { DATE, DAYS_LONG, dayIndex, existing, readDate, readDays } from "./quick-dates.js";
import { COUNT, firstOf, readRule, RULE } from "./quick-rules.js";
import { bothHalves, CANDIDATES, inPlainSigns, timesFrom } from "./time-texts.js";
import { weekdayOf } from "./recurrence.js";

const TAKEN = "\u0000";
// An expression stands alone: neither a letter nor a digit touches it.
const BEFORE = `(?<![^\\s(\\[,;:${TAKEN}])`;
const AFTER = `(?![^\\s)\\],;!?.:${TAKEN}]|[.:][0-9])`;
const FROM = "(?: ?부터|에서)?";
const ROOM = "(?:(?:[0-9]{1,2}층 ?)?(?:[가-힣]{0,4}회의실 ?(?:[a-z](?![a-z])|[0-9]{1,4}호?)|[a-z0-9]{1,4} ?회의실|제 ?[0-9]+ ?회의실|[대중소]회의실)|(?:room|meeting room) [a-z0-9]{1,4})";
// One word that may be a repetition or belong to a name: "weekly meeting".
const ADVERB = /^(?:daily|weekly|biweekly|monthly|yearly|annually)$/;
const DEFINITE = new RegExp(`${BEFORE}(?:today|tonight|tomorrow|every [a-z]+)${AFTER}`);
const FOLLOWING = "(?:사용|예정|신청|중)";

/**
 * `today`: the day that relative days are counted from; `day`: the one that is meant where the line names none (today).
 * `chosen`: the start that was chosen for a text of `unclear`, by that text.
 * `categories`: names; `departments`: iterable of `{id, name}`; `places`: names that are in use.
 * Returns `{fields, understood, unclear}`: fields as `sync.create` takes them (with `event_date` and `title` always, and
 * `department_id` where one is named); `understood: [{kind, text}]` in the order of the line; `unclear: [{kind, text, choices}]`,
 * choices being start times.
 */
export function parseQuickEntry(line, { today, day = today, chosen = {}, categories = [], places = [], departments = [] }) {
  const reading = begin(line);
  const fields = {};
  readDepartment(reading, fields, [...departments]);
  readPlace(reading, fields);
  const rule = readRepetition(reading);
  const days = readDayRange(reading, today, rule);
  readTimes(reading, fields, chosen);
  readKnownPlace(reading, fields, places);
  const base = days.first ?? day;
  fields.event_date = rule ? firstOf(rule, base) : base;
  if (rule) fields.recurrence = withEnd(rule, days, fields.event_date);
  else if (days.last && days.last > fields.event_date) fields.end_date = days.last;
  fields.title = titleOf(reading);
  readCategories(reading, fields, categories);
  reading.understood.sort((a, b) => a.at - b.at);
  return { fields, understood: reading.understood.map(({ kind, text }) => ({ kind, text })), unclear: reading.unclear };
}

function begin(line) {
  const text = line.normalize("NFC").replace(/\s/g, " ");
  const lower = (each) => (each.toLowerCase().length === each.length ? each.toLowerCase() : each);
  // Each character stays where it is: a sign that becomes two ("㏘") is read as it is.
  const plain = Array.from(text, (each) => lower(inPlainSigns(each).length === each.length ? inPlainSigns(each) : each)).join("");
  return { text, plain, understood: [], unclear: [] };
}

/** Returns all places where a source stands alone, as matches; none overlaps another. */
const found = (reading, source) => [...reading.plain.matchAll(new RegExp(`${BEFORE}(?:${source})${AFTER}`, "g"))];

function take(reading, kind, { 0: whole, index }) {
  const text = reading.text.slice(index, index + whole.length).trim();
  reading.plain = reading.plain.slice(0, index) + TAKEN.repeat(whole.length) + reading.plain.slice(index + whole.length);
  if (kind) reading.understood.push({ kind, text, at: index });
}

/** Takes what all matches agree on; where they don't, takes nothing and says so. Returns the value, null for none. */
function takeAgreed(reading, kind, source, read) {
  const matches = found(reading, source).map((match) => ({ match, value: read(match[0], match) })).filter(({ value }) => value !== null);
  if (matches.length === 0) return null;
  const [{ value }, ...others] = matches;
  if (others.some((other) => JSON.stringify(other.value) !== JSON.stringify(value))) {
    reading.unclear.push({ kind, text: matches.map(({ match }) => shown(reading, match)).join(", "), choices: [] });
    return null;
  }
  for (const { match } of matches) take(reading, kind, match);
  return value;
}

const shown = (reading, { 0: whole, index }) => reading.text.slice(index, index + whole.length).trim();

function readDepartment(reading, fields, departments) {
  const named = departments.map(({ id, name }) => ({ id, name: name.normalize("NFC").toLowerCase() })).sort((a, b) => b.name.length - a.name.length);
  for (const { id, name } of named) {
    const [match] = found(reading, `#${escaped(name)}`);
    if (!match) continue;
    fields.department_id = id;
    take(reading, "department", match);
    return;
  }
  const [unknown] = found(reading, "#[가-힣a-z][^\\s,;]{0,99}");
  if (unknown) reading.unclear.push({ kind: "department", text: shown(reading, unknown), choices: [] });
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

function readPlace(reading, fields) {
  const [match] = found(reading, `@"[^"]{1,200}"|@[^\\s@,;]{0,40}(?:room|회의실) [0-9]{1,4}(?! ?[~-]| to |:)|@[^\\s@,;]{1,200}`);
  // An address of a person isn't one of a room.
  if (!match || /@[^@]*\.[a-z]{2,}$/.test(match[0])) return;
  fields.location = shown(reading, match).replace(/^@"?|"$/g, "");
  take(reading, "place", match);
}

function readKnownPlace(reading, fields, places) {
  if (fields.location) return;
  const known = places.map((each) => each.normalize("NFC").toLowerCase()).filter((each) => each.length > 1).sort((a, b) => b.length - a.length);
  const sources = [...known.map((each) => `(?:at |in )?${escaped(each)}(?:에서)?`), `(?:at |in )?${ROOM}(?:에서)?`];
  for (const source of sources) {
    const [match] = found(reading, source);
    if (match) return takePlace(reading, fields, match);
  }
  // What stands after the last "at", if it is a name: "lunch at Blue Bottle".
  const [match] = [...reading.plain.matchAll(new RegExp(`(?<=\\S)(?<!look|looks|looking|aim|aimed|good|arrive|work|working) at ([^${TAKEN}]+)$`, "g"))];
  if (match && /^ at \p{Lu}/u.test(reading.text.slice(match.index))) takePlace(reading, fields, match);
}

function takePlace(reading, fields, match) {
  fields.location = shown(reading, match).replace(/^(at|in) /i, "").replace(/에서$/, "");
  take(reading, "place", match);
}

function readRepetition(reading) {
  const isNamed = DEFINITE.test(reading.plain);
  const rule = takeAgreed(reading, "repetition", RULE, (text, match) => (isNamed && isName(reading, match) ? null : readRule(text)));
  if (!rule) return null;
  const count = takeAgreed(reading, "repetition", COUNT, (text) => Number(/[0-9]+/.exec(text)[0]) || null);
  return { ...rule, count };
}

/** Where the line says itself when: "tomorrow 3pm weekly meeting" is one meeting, "every Monday weekly sync" is on Mondays. */
const isName = ({ plain }, { 0: whole, index }) => ADVERB.test(whole) && /^ \p{L}/u.test(plain.slice(index + whole.length));

/** Returns `{first, last}`, null what the line doesn't say. */
function readDayRange(reading, today, rule) {
  const range = takeAgreed(reading, "day", rangeSource(), (text) => readRange(text, today));
  if (range) return range;
  const last = takeAgreed(reading, "day", `(?:${DATE})(?: ?까지)|(?:until|till|through) (?:${DATE})`, (text) =>
    readDate(text.replace(/ ?까지$|^(?:until|till|through) /g, ""), today));
  const first = takeAgreed(reading, "day", `(?:from |starting )?${DATE}(?: ?부터|에|엔|은|는)?`, (text) =>
    readDate(text.replace(/^(?:from|starting) /, ""), today) ?? readDate(text.replace(/ ?(?:부터|에|엔|은|는)$/, ""), today));
  const count = rule ? null : takeAgreed(reading, "day", DAYS_LONG, readDays);
  const long = count && { first, last: addDays(first ?? today, count - 1) };
  if (long && last && last !== long.last) return { first, last };
  return long || { first, last: last && last >= (first ?? today) ? last : null };
}

const TO = "(?: ?부터 ?| ?[~-] ?| (?:to|until|through|till) )";
const WEEK_DAYS = "(?:(?:이번|다음|담|다다음) ?주 ?)?[월화수목금토일](?:요일)? ?[~-] ?[월화수목금토일](?:요일)?";
const MONTH_DAYS = "(?:1[0-2]|0?[1-9])(?:월 ?|/)(?:3[01]|[12][0-9]|0?[1-9])일? ?~ ?(?:3[01]|[12][0-9]|0?[1-9])일?";
const rangeSource = () =>
  `(?:from )?(?:${DATE})${TO}(?:${DATE})(?: ?까지)?|${WEEK_DAYS}(?: ?까지)?|${MONTH_DAYS}(?: ?까지)?`
  + "|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (?:3[01]|[12][0-9]|[1-9]) ?- ?(?:3[01]|[12][0-9]|[1-9])";

function readRange(text, today) {
  const plain = text.replace(/^from /, "").replace(/ ?까지$/, "");
  return readWeekdays(plain, today) ?? readMonthDays(plain, today) ?? readPair(plain, today);
}

function readPair(plain, today) {
  // A dash also stands within a date, so each place where the line could be divided is tried.
  for (const { 0: sign, index } of plain.matchAll(/ ?부터 ?| ?[~-] ?| (?:to|until|through|till) /g)) {
    const first = readDate(plain.slice(0, index), today);
    const end = plain.slice(index + sign.length);
    // "다다음 주 월요일부터 수요일까지" is the Wednesday after that Monday.
    const last = first && [readDate(end, today), readDate(end, first)].find((day) => day && day >= first);
    if (last && daysBetween(first, last) <= 366) return { first, last };
  }
  return null;
}

function readWeekdays(plain, today) {
  const match = /^(?:((?:이번|다음|담|다다음) ?주) ?)?([월화수목금토일])(?:요일)? ?[~-] ?([월화수목금토일])(?:요일)?$/.exec(plain);
  if (!match) return null;
  const [, week, from, to] = match;
  const first = readDate(week ? `${week} ${from}` : `${from}요일`, today);
  return dayIndex(to) > dayIndex(from) ? { first, last: addDays(first, dayIndex(to) - dayIndex(from)) } : null;
}

function readMonthDays(plain, today) {
  const match = /^(.*?)([0-9]{1,2})일? ?[~-] ?([0-9]{1,2})일?$/.exec(plain);
  const first = match && readDate(`${match[1]}${match[2]}${match[1].includes("월") ? "일" : ""}`, today);
  if (!first) return null;
  const last = existing(...first.split("-").slice(0, 2).map(Number), Number(match[3]));
  return last && last > first ? { first, last } : null;
}

function readTimes(reading, fields, chosen) {
  const before = reading.unclear.length;
  const whole = takeAgreed(reading, "time", "(?:하루 ?|온)?종일|all[ -]?day", () => true);
  if (whole) return;
  const matches = timesIn(reading);
  const known = matches.filter(({ times, text }) => times?.start || bothHalves(text).length > 0);
  if (known.length !== 1) {
    if (known.length > 1) reading.unclear.push({ kind: "time", text: known.map(({ text }) => text).join(", "), choices: [] });
    else readBareTimes(reading, fields, chosen);
    return;
  }
  const [{ match, times, text }] = known;
  take(reading, "time", match);
  if (times?.start) Object.assign(fields, { start_time: times.start, ...(times.end ? { end_time: times.end } : {}) }, lasting(reading, times));
  else fields.time = text;
  if (!times?.start && reading.unclear.length === before) reading.unclear.push({ kind: "time", text, choices: bothHalves(text) });
}

const BARE = "(?:(?:at |from )?[0-9]{1,2}(?: ?[~-] ?| to )[0-9]{1,2}|at [0-9]{1,2})";

/** "10 to 11", "at 10": numbers that may be hours, of either half of the day. */
function readBareTimes(reading, fields, chosen) {
  const matches = found(reading, BARE);
  if (matches.length !== 1) return;
  const [match] = matches;
  const text = shown(reading, match).replace(/^(at|from) /i, "");
  const choices = ["am", "pm"].map((half) => timesFrom(`${text.replace(/ to /i, "-")}${half}`)).filter((times) => times?.start);
  if (choices.length === 0) return;
  reading.unclear.push({ kind: "time", text, choices: choices.map(({ start }) => start) });
  const times = choices.find(({ start }) => start === chosen[text]);
  if (!times) return;
  take(reading, "time", match);
  Object.assign(fields, { start_time: times.start, ...(times.end ? { end_time: times.end } : {}) }, lasting(reading, times));
}

const NOON = "(?:at )?(?:noon|midday)";

/** Returns `{match, text, times}` of what may be times, none overlapping another, longer ones first. */
function timesIn(reading) {
  const matches = [];
  let rest = reading;
  for (const source of [NOON, ...CANDIDATES.map((each) => `(?:at |from )?${each}`)]) {
    for (const match of found(rest, source)) {
      const text = shown(rest, match).replace(/^(at|from) /i, "");
      const times = new RegExp(`^${NOON}$`).test(match[0]) ? { start: "12:00", end: null } : timesFrom(text);
      if (!times?.start && !(source.endsWith(CANDIDATES.at(-1)) && bothHalves(text).length > 0)) continue;
      matches.push({ match, text, times });
      rest = { ...rest, understood: [] };
      take(rest, null, match);
    }
  }
  return matches;
}

/** The end that a duration elsewhere in the line says: `for 2 hours`, `2시간 동안`. */
function lasting(reading, { start, end }) {
  if (end) return {};
  const source = "for (?:[0-9]{1,2}(?:\\.5)? ?(?:hours?|hrs?|h)(?: ?[0-9]{1,2} ?(?:min|m))?|an hour|half an hour|[0-9]{1,3} ?(?:minutes|mins?))|[0-9]{1,2} ?시간(?: ?반| ?[0-9]{1,2} ?분)? ?(?:동안|간)|[0-9]{1,3} ?분 ?(?:동안|간)";
  const last = takeAgreed(reading, "time", source, (text) => endAfter(start, text));
  return last ? { end_time: last } : {};
}

function endAfter(start, text) {
  const written = { "for an hour": "1 hour", "for half an hour": "30 min" }[text] ?? text.replace(/^for /, "").replace(/ ?(?:동안|간)$/, "");
  return timesFrom(`${start} (${written})`)?.end ?? null;
}

/** The rule with the end that the line says. */
function withEnd({ rule, weekly, count }, { last }, start) {
  const parts = rule.split(";");
  const by = parts.findIndex((part) => part.startsWith("BYDAY"));
  const end = last && last >= start ? [`UNTIL=${last.replaceAll("-", "")}`] : count ? [`COUNT=${count}`] : [];
  if (weekly) parts.push(`BYDAY=${weekdayOf(start)}`);
  const at = by >= 0 ? by : 1 + Number(parts[1]?.startsWith("INTERVAL") ?? false);
  parts.splice(at, 0, ...end);
  return parts.join(";");
}

/** What is left, without what held the taken parts together. */
function titleOf({ text, plain }) {
  const left = text.split("").map((each, index) => (plain[index] === TAKEN ? TAKEN : each)).join("");
  return left.replace(/[([]\s*\u0000+\s*[)\]]/g, " ").replace(/\u0000+/g, TAKEN).replace(/\s*\u0000(?:\s*[,;:]\s*(?=\u0000|$))?/g, " ")
    .replace(/^[\s,;:~-]+|[\s,;~-]+$/g, "").replace(/\s+/g, " ");
}

function readCategories(reading, fields, categories) {
  const title = fields.title.toLowerCase();
  const known = new Map(categories.map((name) => [name.normalize("NFC").toLowerCase().replace(/\s/g, ""), name]));
  const taken = [...known].filter(([key]) => key && standsOut(title, key));
  // 오전반차 is more than 반차.
  const most = taken.filter(([key]) => !taken.some(([other]) => other !== key && other.endsWith(key)));
  for (const [key, name] of most.slice(0, 10)) {
    fields.categories = [...(fields.categories ?? []), name];
    reading.understood.push({ kind: "category", text: name, at: reading.plain.indexOf(key[0]) });
  }
}

/** Whether a title says that it is of the category: by its last words ("김민수 연차"), or by a mark ("[연차] 김민수", "연차: 김민수"). */
function standsOut(title, key) {
  const spaced = [...key].map(escaped).join(" ?");
  return new RegExp(`(?:^|[\\s\\])/,·])${spaced}(?: ${FOLLOWING})?$|[(\\[]${spaced}[)\\]]|^${spaced} ?[:/-] `).test(title);
}
