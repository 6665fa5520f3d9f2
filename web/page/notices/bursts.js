// What others have done, as lines for people: a burst of changes is one line. Pure.
//
// A line is {key, values, who, verified, count, departments, ids, go, at, away}:
//   key, values   the text of notices-messages.js without who did it; who it was is put in by `sentence`
//   who, verified the name of the author ("" if none is known), and whether the server knows it to be his
//   go            {id, day, departmentId} of the event that one may go to, null if there is none
//   ids           events to be highlighted
//   restore       the department whose deleted events have what was deleted, null if nothing was
//   away          the changes were made while one was away

/**
 * Returns entries with each deletion in one department and creation of the same event in another as one move. What is left
 * of deletions was deleted, or went where one sees nothing: `isGone(entry)` of notices.js asks the server.
 */
export function withMoves(entries) {
  const created = new Map(entries.filter(({ kind }) => kind === "created").map((entry) => [entry.event.id, entry]));
  const moved = new Set();
  const joined = entries.map((entry) => {
    const arrival = entry.kind === "deleted" ? created.get(entry.event.id) : undefined;
    if (!arrival || arrival.departmentId === entry.departmentId) return entry;
    moved.add(arrival);
    return { ...arrival, kind: "moved", from: entry.departmentId, before: entry.event, who: arrival.who || entry.who };
  });
  return joined.filter((entry) => !moved.has(entry));
}

/** Returns one entry for each event and author: what several changes come to. */
export function netOf(entries) {
  const net = new Map();
  for (const entry of entries) {
    const key = `${entry.who}\n${entry.event.id}`;
    net.set(key, net.has(key) ? together(net.get(key), entry) : entry);
  }
  return [...net.values()].filter(({ kind }) => kind !== "nothing");
}

function together(first, second) {
  if (first.kind === "created") return { ...second, kind: second.kind === "deleted" ? "nothing" : "created", before: null };
  if (first.kind === "moved" && second.kind !== "deleted") return { ...second, kind: "moved", from: first.from, before: first.before };
  // Deleted and brought back: what people see is a change at most.
  if (first.kind === "deleted" && second.kind === "created") return { ...second, kind: "updated", before: first.event };
  return { ...second, before: first.before ?? second.before };
}

/** Returns lines for entries: one for each author. `words.day(event)` says on which day an event is. */
export function linesOf(entries, words) {
  const authors = new Map();
  for (const entry of netOf(withMoves(entries))) {
    const key = JSON.stringify([entry.who, entry.verified, entry.away]);
    authors.set(key, [...(authors.get(key) ?? []), entry]);
  }
  return [...authors.values()].map((own) => (own.length === 1 ? single(own[0], words) : several(own)));
}

const common = (entries) => ({
  who: entries[0].who, verified: entries[0].verified, away: entries[0].away, at: entries.at(-1).at, count: entries.length,
  departments: [...new Set(entries.map(({ departmentId }) => departmentId))],
  restore: entries.find(({ kind }) => kind === "deleted")?.departmentId ?? null,
  ids: entries.filter(({ kind }) => kind !== "deleted" && kind !== "gone").map(({ event }) => event.id),
});

const goTo = ({ kind, event, departmentId }) =>
  (kind === "deleted" || kind === "gone" ? null : { id: event.id, day: event.event_date, departmentId });

function single(entry, words) {
  const { kind, event, before } = entry;
  const title = event.title ?? before?.title ?? "";
  const facts = { ...common([entry]), go: goTo(entry), from: entry.from };
  if (kind === "moved") return { ...facts, key: "moved", values: { title } };
  if (kind === "updated" && before && isMoved(before, event)) {
    return { ...facts, key: "moved_time", values: { title, when: words.when(event) } };
  }
  if (kind === "updated" && before && before.title !== title) return { ...facts, key: "renamed", values: { title: before.title, name: title } };
  return { ...facts, key: kind, values: { title } };
}

const isMoved = (before, event) =>
  !event.recurrence && (before.event_date !== event.event_date || (before.start_time ?? "") !== (event.start_time ?? ""));

/** Many changes of one author: what it was if it was one kind of thing, else how many things. */
function several(entries) {
  const kinds = new Set(entries.map(({ kind }) => kind));
  const one = kinds.size === 1 ? [...kinds][0] : "changed";
  return { ...common(entries), go: goTo(entries.find((entry) => goTo(entry) !== null) ?? entries[0]), key: `${one}_many`, values: { count: entries.length } };
}
