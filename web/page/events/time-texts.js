// Which times a text means: the server's reader (teamcal/domain/time_texts.py) for quick entry's preview. Pure.
//
// A text is understood as a whole or not at all; where two readings are possible it isn't. web/test/time-texts.json holds
// both readers to the same cases. What is stored is never read with this: an event has the `start_time` that the server says.

const LONGEST_TEXT = 50;
const HOUR = 60;
const NOON = 12 * HOUR;
const DAY = 24 * HOUR;
const LONGEST_NIGHT = 16 * HOUR;
const EVENING = 17 * HOUR;

const SIGNS = new Map([
  ...[..."∼〜˜"].map((sign) => [sign, "~"]), ...[..."‐‑‒–—―−ㅡ"].map((sign) => [sign, "-"]), ["∶", ":"], ["㏂", "am"], ["㏘", "pm"],
]);
const FULL_WIDTH = /[\uff01-\uff5e∼〜˜‐‑‒–—―−ㅡ∶㏂㏘]/g;

/** Returns the text with half-width ASCII, one kind of tilde, dash and colon. */
export const inPlainSigns = (text) =>
  text.replace(FULL_WIDTH, (sign) => SIGNS.get(sign) ?? String.fromCharCode(sign.charCodeAt(0) - 0xfee0));

function plainOf(text) {
  if (text.length > 4 * LONGEST_TEXT) return "";
  const plain = inPlainSigns(text.normalize("NFC")).toLowerCase().trim().split(/\s+/).join(" ");
  return [...plain].length <= LONGEST_TEXT ? plain : "";
}

const LATIN_HALF = String.raw`[ap](?:\. ?)?m(?![a-z])\.?`;
const NUMERALS = ["한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"];
// "@" becomes "_a" or "_b"
const CLOCK = String.raw`(?:(?:(?<lead@>오전|오후|새벽|아침|점심|낮|저녁|밤|${LATIN_HALF}) ?)?`
  + String.raw`(?<hour@>[0-9]{1,2}|${[...NUMERALS].reverse().join("|")})`
  + String.raw`(?: ?: ?(?<colon@>[0-9]{2})(?::00)?`
  + String.raw`|(?<si@> ?시)(?: ?(?<minute@>[0-9]{1,2}) ?분|(?<minutes@>[0-9]{2})| ?(?<half@>반))?)?`
  + String.raw`(?: ?(?<trail@>오전|오후|${LATIN_HALF}))?`
  + String.raw`|(?<word@>정오|자정))(?: ?정각)?`;
const [A, B] = ["_a", "_b"].map((which) => CLOCK.replaceAll("@", which));
const DURATION = String.raw`(?:(?<hours>[0-9]{1,2})(?<tenths>\.5)? ?(?:시간|hours?|hrs?|h)`
  + String.raw`(?: ?(?<and_half>반)| ?(?<and_minutes>[0-9]{1,2}) ?(?:분|min|m))?`
  + String.raw`|(?<only_minutes>[0-9]{1,3}) ?(?:분|mins?|minutes))`;
const TO = "(?: ?(?:부터|에서)? ?[~-] ?| ?(?:부터|에서) ?| to )";
const NEXT_DAY = "(?<next_day>(?:다음 ?날|익일) ?)?";
const UNTIL_DAY = String.raw` ?\(~ ?(?:[0-9]{4}/)?(?:1[0-2]|[1-9])/(?:3[01]|[12][0-9]|[1-9])`;

const SINGLE = `${A}(?:에| ?부터(?: 시작)?| ?시작| ?~|${UNTIL_DAY}\\))?`;
const RANGE = String.raw`${A}${TO}${NEXT_DAY}${B}(?: ?까지)?(?<duration> ?\( ?${DURATION} ?\))?`;
const LASTING = String.raw`${A}(?<from> ?\( ?| ?부터 ?|,? )${DURATION}(?: ?\)| ?동안|간)?`;
const SEVERAL_DAYS = String.raw`${A}${UNTIL_DAY} ${B}\)`;
const ALL_DAY = String.raw`(?:하루 ?|온)?종일|종일${UNTIL_DAY}\)|all[ -]?day`;

/** What may be a text of times: sources of expressions without named groups, the longest first. */
export const CANDIDATES = [RANGE, LASTING, SINGLE].map((source) => source.replace(/\(\?<\w+>/g, "(?:"));

const hours = (first, last) => {
  const known = new Map();
  for (let hour = first; hour <= last; hour += 1) known.set(hour % 12 || 12, hour);
  for (let hour = first; hour <= Math.min(last, 23); hour += 1) known.set(hour, hour);
  return known;
};
const AM = new Map([[12, 0], ...Array.from({ length: 12 }, (_, hour) => [hour, hour])]);
const PM = new Map([
  [12, 12], ...Array.from({ length: 11 }, (_, index) => [index + 1, index + 13]), ...Array.from({ length: 11 }, (_, index) => [index + 13, index + 13]),
]);
// By word for a part of the day: what the clock shows → the hour of the day. Midnight and the hours after it at night belong
// to the next day: hours from 24 on.
const HALVES = {
  오전: AM, 오후: PM, am: AM, pm: PM, 새벽: hours(0, 7), 아침: hours(4, 11), 점심: hours(11, 14), 낮: hours(10, 17), 저녁: hours(16, 23),
  정오: new Map([[12, 12]]), 밤: hours(18, 27), 자정: new Map([[12, 24]]),
};

/** Returns what is written of the clock `which`; null if no clock shows that. `form`: "colon", "si" or "" of a bare number. */
function clockOf(groups, which) {
  const group = (name) => groups[name + which];
  if (group("word")) return clock({ half: group("word"), hour: 12, form: "si" });
  const [lead, trail, written] = ["lead", "trail", "hour"].map(group);
  const minute = Number(group("colon") ?? group("minute") ?? group("minutes") ?? 0);
  const numeral = NUMERALS.indexOf(written);
  if ((lead && trail) || minute > 59 || (numeral >= 0 && !group("si"))) return null;
  return clock({
    half: (lead || trail || "").replace(/[. ]/g, ""), isTrailing: Boolean(trail), hour: numeral >= 0 ? numeral + 1 : Number(written),
    minute: group("half") ? 30 : minute, isPadded: written[0] === "0", form: group("colon") ? "colon" : group("si") ? "si" : "",
  });
}

function clock({ half, isTrailing = false, hour, minute = 0, isPadded = false, form }) {
  // Whether it is a time of day without the help of another; 2pm is, 오후 2 and 2 aren't.
  const isWhole = form !== "" || (isTrailing && (half === "am" || half === "pm"));
  return { half, isTrailing, hour, minute, isPadded, form, isWhole, minutes: hour * HOUR + minute };
}

/** Returns the minute of the day of a clock with a half; 1440 and more are on the next day. */
function marked(one) {
  const hour = HALVES[one.half].get(one.hour);
  // Some write 오전 12시 for noon.
  if (hour === undefined || (one.half === "오전" && one.hour === 12 && one.form === "si")) return null;
  return hour * HOUR + one.minute;
}

/** Returns the minute of the day of a clock that no half of the day stands at. */
const unmarked = (one) => (one.minutes > DAY || (one.hour >= 1 && one.hour <= 6 && !one.isPadded) ? null : one.minutes);

/** Returns the minute of the day of a time that begins on it. */
function alone(one) {
  if (one === null || !one.isWhole) return null;
  const minutes = one.half ? marked(one) : unmarked(one);
  return minutes !== null && minutes < DAY ? minutes : null;
}

/** Returns `end` on the day of `start` or in the night after it; null if the texts don't say so. */
function after(start, end) {
  if (end > start) return end;
  return end < NOON && NOON <= start && end + DAY - start <= LONGEST_NIGHT ? end + DAY : null;
}

/** Returns the minutes of the day of both; the end's are 1440 and more on the next day. */
function spanOf(start, end) {
  if (!areAlike(start, end)) return null;
  const [first, last] = minutesOfBoth(start, end);
  if (first === null || last === null || first >= DAY) return null;
  return last - first <= (last <= DAY ? DAY : LONGEST_NIGHT) ? [first, last] : null;
}

function minutesOfBoth(start, end) {
  if (start.half) {
    const first = marked(start);
    return [first, first === null ? null : endOfMarked(start, first, end)];
  }
  if (end.half) {
    const last = marked(end);
    const first = last === null ? null : startOfMarked(start, end, last);
    return [first, first === null ? null : after(first, last)];
  }
  const first = unmarked(start);
  return [first, first === null ? null : endOfUnmarked(start, first, end)];
}

/** Whether bare numbers are hours because of what stands at the other: 10~11시, 2-4pm, 오전 9~오후 6. */
function areAlike(start, end) {
  if (end.isWhole) return start.isWhole || end.form === "si" || end.isTrailing;
  return !start.isWhole && [["오전", "오후"], ["am", "pm"]].some((pair) => pair.includes(start.half) && pair.includes(end.half));
}

/** Returns the end after a start with a half; without one of its own it is the clock's next such time. */
function endOfMarked(start, first, end) {
  if (end.half) {
    const last = marked(end);
    return last === null ? null : after(first, last);
  }
  if (end.hour === 0 || end.hour > 12) return end.minutes <= DAY ? after(first, end.minutes) : null;
  // 오후 2:00~09:00: who pads the one and not the other changes the clock.
  if (start.hour > 12 || (end.isPadded && start.hour < 10 && !start.isPadded)) return null;
  const last = first + (modulo(end.minutes - first, NOON) || NOON);
  if (Math.floor(last / NOON) === Math.floor(first / NOON)) return last;
  const longest = first >= NOON ? 6 : first >= 6 * HOUR ? 10 : 0;
  return last - first <= longest * HOUR ? last : null;
}

const modulo = (number, by) => ((number % by) + by) % by;
const within = (number, first, last) => number >= first && number <= last;

/** Returns the start before an end with a half, `last`, if only one half of the day fits the start. */
function startOfMarked(start, end, last) {
  if (start.hour === 0 || within(start.hour, 13, 23)) return start.minutes;
  if (start.hour > 23 || last >= DAY) return start.hour < 13 && start.isPadded ? start.minutes : null;
  const morning = (start.hour % 12) * HOUR + start.minute;
  const evening = morning + NOON;
  if (end.isTrailing) return startOfTrailing(start, morning, evening, last);
  if (within(start.hour, 7, 11)) return morning < last && last <= evening ? morning : null;
  if (last >= NOON && !start.isPadded && evening < last) {
    return ["오후", "pm", "낮", "점심"].includes(end.half) || start.hour === 12 ? evening : null;
  }
  return start.isPadded && morning < last && last < NOON ? morning : null;
}

/** Returns the start in 2:00~4:00 PM, 10:00-1:00 PM or 10:00-11:00 AM. */
function startOfTrailing(start, morning, evening, last) {
  if (last < NOON) return morning < last && start.hour !== 12 ? morning : null;
  if (evening < last) return start.isPadded && start.hour >= 7 ? null : evening;
  return within(start.hour, 7, 11) ? morning : null;
}

/** Returns the end where neither has a half, as on a 24-hour clock, if a 12-hour clock gives no other. */
function endOfUnmarked(start, first, end) {
  const last = end.minutes;
  if (end.hour >= 13) return first < last && last <= DAY ? last : null;
  if (end.hour === 0) return last > first ? last : first >= 13 * HOUR ? last + DAY : null;
  if (last > first) return end.isPadded || end.hour >= 7 || start.hour === 0 ? last : null;
  // Into the night: 18:00~09:00, 22시~2시, but not 18시~9시.
  const isClear = end.hour !== 12 && (end.isPadded || last + NOON <= first);
  return isClear && first >= EVENING && last + DAY - first <= LONGEST_NIGHT ? last + DAY : null;
}

/** Returns the minutes of both where the text says that the end is on the next day. */
function nextDaySpan(start, end) {
  const first = alone(start);
  let last = alone(end);
  if (first !== null && first >= EVENING && !end.half && end.isWhole && end.hour < 12) last = end.minutes;
  // Not 8시~익일 7시 nor 22시~익일 12시: each has another reading.
  const isClear = start.half || start.isPadded || !within(start.hour, 1, 12);
  if (first === null || last === null || last > first || !isClear || (end.hour === 12 && !end.half)) return null;
  return [first, last + DAY];
}

const two = (number) => String(number).padStart(2, "0");
const clockText = (minutes) => `${two(Math.floor(minutes / HOUR) % 24)}:${two(minutes % HOUR)}`;
const timesOf = (first, last) => ({ start: clockText(first), end: last === null ? null : clockText(last) });

/** Returns the minutes of a duration. */
function durationOf(groups) {
  if (groups.only_minutes) return Number(groups.only_minutes);
  return Number(groups.hours) * HOUR + (groups.tenths || groups.and_half ? 30 : 0) + Number(groups.and_minutes ?? 0);
}

function single({ groups }) {
  const start = alone(clockOf(groups, "_a"));
  return start === null ? null : timesOf(start, null);
}

function severalDays({ groups }) {
  const [start, end] = ["_a", "_b"].map((which) => alone(clockOf(groups, which)));
  return start === null || end === null ? null : timesOf(start, end);
}

function range({ groups }) {
  const [start, end] = ["_a", "_b"].map((which) => clockOf(groups, which));
  if (start === null || end === null) return null;
  const span = groups.next_day ? nextDaySpan(start, end) : spanOf(start, end);
  if (span === null || (groups.duration && span[1] - span[0] !== durationOf(groups))) return null;
  return timesOf(...span);
}

function lasting({ 0: whole, groups }) {
  const one = clockOf(groups, "_a");
  const [start, duration] = [alone(one), durationOf(groups)];
  if (start === null || duration <= 0 || duration > DAY) return null;
  // 오후 2시 30분간 is a duration or a time.
  const isLoose = (groups.from === " " || groups.from === ", ") && groups.only_minutes;
  if (groups.from.includes("(") !== whole.endsWith(")") || (isLoose && one.form !== "colon")) return null;
  return timesOf(start, start + duration);
}

const FORMS = [[SINGLE, single], [RANGE, range], [LASTING, lasting], [SEVERAL_DAYS, severalDays], [ALL_DAY, () => ({ start: null, end: null })]]
  .map(([source, read]) => [new RegExp(`^(?:${source})$`), read]);

/** Returns `{start, end}`, local times `HH:MM` (start null: all day); null if the text isn't understood. */
export function timesFrom(text) {
  const plain = plainOf(text);
  for (const [pattern, read] of FORMS) {
    const match = pattern.exec(plain);
    if (match) return read(match);
  }
  return null;
}

/** Returns the starts that a single time without a half of the day may mean, `["03:30", "15:30"]`; [] where it is another text. */
export function bothHalves(text) {
  const match = FORMS[0][0].exec(plainOf(text));
  const one = match && clockOf(match.groups, "_a");
  if (!one || one.half || !one.form || !within(one.hour, 1, 12)) return [];
  const morning = (one.hour % 12) * HOUR + one.minute;
  return [clockText(morning), clockText(morning + NOON)];
}
