// Ranges of days that are held, as a sorted list of `{from, to}` that don't touch each other. Pure.

import { moved } from "./days.js";

/** Returns the list with a range added. */
export function added(intervals, { from, to }) {
  const apart = intervals.filter((one) => moved(one.to, 1) < from || moved(to, 1) < one.from);
  const touching = intervals.filter((one) => !apart.includes(one));
  const merged = touching.reduce((all, one) => ({ from: one.from < all.from ? one.from : all.from, to: one.to > all.to ? one.to : all.to }), { from, to });
  return [...apart, merged].sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** Returns the parts of a range that aren't in the list. */
export function missing(intervals, { from, to }) {
  const gaps = [];
  let next = from;
  for (const one of intervals) {
    if (one.to < next || one.from > to) continue;
    if (one.from > next) gaps.push({ from: next, to: moved(one.from, -1) });
    next = moved(one.to, 1);
    if (next <= one.to) return gaps; // the calendar's last day
  }
  if (next <= to) gaps.push({ from: next, to });
  return gaps;
}
