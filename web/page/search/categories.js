// The filter by category. Pure.
//
// A filter is a Set of categories that are to be seen; "" stands for events without one. An empty Set shows everything.

/** Returns whether an event is to be seen with this filter. */
export function passes(event, filter) {
  if (filter.size === 0) return true;
  const own = event.categories ?? [];
  return own.length === 0 ? filter.has("") : own.some((category) => filter.has(category));
}

/** Returns a Map of category → how many of the events have it, the most frequent first; "" for those without. */
export function counted(events) {
  const counts = new Map();
  for (const event of events) {
    for (const category of event.categories?.length > 0 ? event.categories : [""]) counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1)));
}

/** Returns the categories to choose from: `fixed` in their order, then those in use by frequency, then those chosen, at most `most`. */
export function choices(fixed, counts, filter, most = 40) {
  const used = [...counts.keys()].filter((category) => category !== "");
  const known = fixed.filter((category) => counts.has(category) || filter.has(category));
  const all = new Set([...known, ...used, ...[...filter].filter((category) => category !== "")]);
  return [...all].slice(0, most).concat(counts.has("") || filter.has("") ? [""] : []);
}

export function switched(filter, category) {
  const next = new Set(filter);
  if (!next.delete(category)) next.add(category);
  return next;
}
