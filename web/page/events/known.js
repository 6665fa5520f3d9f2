// What is in use in the calendars that are shown: suggestions for the form.

const MOST = 200;
const collator = new Intl.Collator("ko", { numeric: true });

/** Returns `known()`: `{categories, people, places}`, each in order. It is counted anew only after something has changed. */
export function createKnown(sync) {
  let counted = null;
  for (const type of ["changed", "session", "gone"]) sync.on(type, () => (counted = null));
  return () => (counted ??= count(sync));
}

function count(sync) {
  const uses = { categories: new Map(), people: new Map(), places: new Map() };
  const use = (kind, name) => name && uses[kind].set(name, (uses[kind].get(name) ?? 0) + 1);
  for (const id of sync.shown) {
    for (const event of sync.calendar(id).events.values()) {
      for (const each of event.categories ?? []) use("categories", each);
      for (const each of event.people ?? []) use("people", each);
      use("places", event.location);
    }
  }
  return Object.fromEntries(Object.entries(uses).map(([kind, names]) => [kind, mostUsed(names)]));
}

const mostUsed = (names) => [...names].sort(([, a], [, b]) => b - a).slice(0, MOST).map(([name]) => name).sort(collator.compare);
