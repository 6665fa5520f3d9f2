// The inverse of a write, as new writes.

import { occurrenceOf } from "../events.js";
import { inverseOf } from "./outcomes.js";

/**
 * `result` is the server's answer, null as long as there is none; `make` has the functions that write.
 * @returns {(() => object)[]} what to call, in this order; empty if there is no inverse
 */
export function inverses(write, result, make) {
  return INVERSES[write.kind](write, result, make);
}

const INVERSES = {
  create: ({ event }, result, make) => [() => make.remove(result ?? event)],
  update: inverseOfUpdate,
  remove: inverseOfRemoval,
  // A single occurrence has become an event of its own: there is no way back that keeps it one of the series.
  move: ({ event, before }, result, make) => (before.series_id ? [] : [() => make.move(result ?? event, before.department_id)]),
  restore: () => [],
};

function inverseOfUpdate({ event, before, scope, series }, result, make) {
  const after = result ?? event;
  if (scope === "following" && after.id !== before.series_id) return inverseOfSplit({ before, series, after }, make);
  if (scope === "all" || scope === "following") return series ? [() => make.update(after, inverseOf(series, after))] : [];
  return [() => make.update(after, inverseOf(before, after))];
}

/** The second half goes, and the first is what the whole was. */
function inverseOfSplit({ before, series, after }, make) {
  if (!series) return [];
  const { recurrence = null, exceptions = null } = series;
  const head = { ...series, version: series.version === undefined ? undefined : series.version + 1 };
  return [() => make.remove(after), () => make.update(head, { recurrence, exceptions })];
}

function inverseOfRemoval({ before, scope, series }, result, make) {
  const which = occurrenceOf(before.id);
  const whole = which && scope !== "this" ? series : null;
  if (which && scope !== "this" && !whole) return [];
  const state = whole ?? before;
  // Without a revision it was never stored: its creation comes first in the chain, and tells it.
  return [() => make.restore(state.id, (whole ?? result ?? before).revision ?? null, state.department_id, state)];
}
