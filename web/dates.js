// Calendar days as `YYYY-MM-DD` strings, and the order of free-text times. Pure.

const DAY = 86_400_000;

// A day has no time zone: calculating in UTC keeps daylight saving time out of the arithmetic.
export const asUtc = (day) => new Date(`${day}T00:00:00Z`);
const dayOf = (date) => date.toISOString().slice(0, 10);

/** Returns the day in the time zone of the browser. */
export function localDay(now) {
  const pad = (number, width = 2) => String(number).padStart(width, "0");
  return `${pad(now.getFullYear(), 4)}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

export const addDays = (day, count) => dayOf(new Date(asUtc(day).getTime() + count * DAY));

/** Returns the same day `count` months later, or the last day of that month if it is shorter. */
export function addMonths(day, count) {
  const [year, month, date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + count, 0));
  return dayOf(new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), Math.min(date, last.getUTCDate()))));
}

export const weekday = (day) => asUtc(day).getUTCDay();
export const sameMonth = (a, b) => a.slice(0, 7) === b.slice(0, 7);

/** Returns the weeks, Sunday first, that contain the month of `day`. */
export function monthGrid(day) {
  const first = `${day.slice(0, 7)}-01`;
  const weeks = [];
  let start = addDays(first, -weekday(first));
  do {
    weeks.push(Array.from({ length: 7 }, (_, index) => addDays(start, index)));
    start = addDays(start, 7);
  } while (sameMonth(start, first));
  return weeks;
}

const ALL_DAY = /^(하루\s*)?종일$|^all[\s-]*day$/i;
const CLOCK = /(오전|오후)?\s*(\d{1,2})\s*(?::\s*(\d{2})|시(?:\s*(\d{1,2})\s*분|\s*(반))?)?\s*(a\.?m\b|p\.?m\b)?/i;

/** Returns the minutes after midnight of a free-text time: -1 for all day, Infinity if it can't be read. */
export function minutesOf(time) {
  const written = time.trim();
  if (written === "" || ALL_DAY.test(written)) return -1;
  if (written.startsWith("정오")) return 720;
  const [whole = "", before, hour, minute, koreanMinute, half, after] = CLOCK.exec(written) ?? [];
  const isClock = before || after || /[:시]/.test(whole);
  if (!isClock || Number(hour) > 24) return Infinity;
  const afternoon = before === "오후" || /^p/i.test(after ?? "");
  const halfDay = before !== undefined || after !== undefined;
  const hours = halfDay && Number(hour) <= 12 ? (Number(hour) % 12) + (afternoon ? 12 : 0) : Number(hour);
  return hours * 60 + Number(minute ?? koreanMinute ?? (half ? 30 : 0));
}

/** Returns a free-text time as `HH:MM`, short enough for a cell of the month; `""` if it names no hour. */
export function clockOf(time) {
  const minutes = minutesOf(time ?? "");
  if (minutes < 0 || minutes === Infinity) return "";
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}
