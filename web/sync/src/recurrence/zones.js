// Wall times in time zones, by Intl. Pure.

const formats = new Map();
const MINUTE = 60_000;
const DAY = 86_400_000;

function formatOf(zone) {
  if (!formats.has(zone)) {
    const options = { timeZone: zone, hourCycle: "h23", era: "short", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    formats.set(zone, new Intl.DateTimeFormat("en-US", options));
  }
  return formats.get(zone);
}

/** Milliseconds that a zone's clock is ahead of UTC at a moment. Raises RangeError for an unknown zone. */
export function offsetAt(zone, moment) {
  const parts = Object.fromEntries(formatOf(zone).formatToParts(moment).map(({ type, value }) => [type, value]));
  const year = parts.era === "BC" ? 1 - Number(parts.year) : Number(parts.year);
  const local = new Date(0);
  local.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
  local.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
  return local.getTime() - Math.floor(moment / 1_000) * 1_000;
}

/** Returns what a zone's clock shows at a moment, as if it were UTC. */
export const wallTime = (zone, moment) => moment + offsetAt(zone, moment);

/**
 * Returns the moment at which a zone's clock shows `wall` (as if it were UTC). In the hour that a change of the clock skips or repeats,
 * the clock before the change counts, as in Python with `fold=0`.
 */
export function momentOf(zone, wall) {
  const before = offsetAt(zone, wall - DAY);
  if (offsetAt(zone, wall - before) === before) return wall - before;
  const after = offsetAt(zone, wall + DAY);
  return offsetAt(zone, wall - after) === after ? wall - after : wall - before;
}

/** `HH:MM` as milliseconds. */
export const clockOf = (text) => (Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5))) * MINUTE;
