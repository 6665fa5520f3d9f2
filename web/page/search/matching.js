// What a search finds among events that are held, and in which order. Pure.

const FIELDS = ["title", "description", "time", "url", "location", "categories", "people"];
const plain = (text) => text.normalize("NFC").toLowerCase();

/** Returns what was typed as it is searched for; "" if it is nothing. */
export const queryOf = (typed) => plain(typed).trim().replace(/\s+/g, " ");

/** Returns whether an event has `query` (of `queryOf`) in it, as the server's search sees it. */
export const isMatch = (event, query) => FIELDS.some((field) => [event[field] ?? []].flat().some((text) => plain(String(text)).includes(query)));

const lastDay = (event) => event.end_date ?? event.event_date;

/**
 * Returns the events as a list `{event, day, past}`: what is to come first, from the nearest day on, then what has been, from
 * the nearest back. `nextOf(series)` returns the first day from today on on which a series is, or null.
 */
export function inTime(events, today, nextOf) {
  const found = events.map((event) => {
    const next = event.recurrence ? nextOf(event) : lastDay(event) >= today ? event.event_date : null;
    return { event, day: next ?? event.event_date, past: next === null };
  });
  const clock = ({ event }) => event.start_time ?? "";
  const compare = (a, b) => (a.day !== b.day ? (a.day < b.day ? -1 : 1) : clock(a) < clock(b) ? -1 : clock(a) > clock(b) ? 1 : a.event.title < b.event.title ? -1 : 1);
  const coming = found.filter(({ past }) => !past).sort(compare);
  const been = found.filter(({ past }) => past).sort((a, b) => compare(b, a));
  return [...coming, ...been];
}

/** Returns the events of both lists, each once: the newer version, or what is held here. */
export function merged(held, loaded) {
  const events = new Map(held.map((event) => [event.id, event]));
  for (const event of loaded) {
    const known = events.get(event.id);
    if (!known || (known.version ?? Infinity) < (event.version ?? 0)) events.set(event.id, event);
  }
  return [...events.values()];
}

/** Returns a text as parts `{text, hit}`: `hit` where `query` is in it. */
export function marked(text, query) {
  if (query === "") return [{ text, hit: false }];
  const whole = text.normalize("NFC");
  const small = whole.toLowerCase();
  // Letters that are longer in lower case (İ) would shift the places.
  if (small.length !== whole.length) return [{ text, hit: false }];
  const parts = [];
  let from = 0;
  for (let at = small.indexOf(query); at >= 0; at = small.indexOf(query, from)) {
    parts.push({ text: whole.slice(from, at), hit: false }, { text: whole.slice(at, at + query.length), hit: true });
    from = at + query.length;
  }
  return [...parts, { text: whole.slice(from), hit: false }].filter((part) => part.text !== "");
}
