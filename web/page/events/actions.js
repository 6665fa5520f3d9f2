// Everything that changes an event goes through here: it asks how much of a series is meant, writes, and offers to take it back.

import { understoodTime } from "./remarks.js";

/**
 * `askScope({kind, scopes})` asks about a series and resolves with this, following, all, or null; `undo` is of undo.js,
 * `notify({message, seconds})` says something, `words` are of words.js.
 * The functions resolve with the writes, null if the user has thought better of it or nothing would change.
 */
export function createActions({ sync, text, words, undo, notify, askScope }) {
  const seriesOf = (event) => (event.series_id ? sync.find(event.series_id) : undefined);
  const isLive = () => ["live", "catching_up"].includes(sync.connection.state);
  const departmentName = (id) => sync.departments.get(id)?.name ?? "";

  /** `fields` as sync.update takes them, another `departmentId`, or both; `scope` of an occurrence, if it is known. */
  async function change(event, { fields = {}, departmentId = event.department_id, scope = null, message = "own_changed" }) {
    const [changes, moves] = [Object.keys(fields).length > 0, departmentId !== event.department_id];
    if (!changes && !moves) return null;
    const asked = event.series_id ? scope ?? await askScope({ kind: "save", scopes: scopesOf(fields, moves) }) : null;
    if (event.series_id && asked === null) return null;
    const writes = [];
    if (changes) writes.push(sync.update(event, fields, asked ? { scope: asked } : {}));
    if (moves) writes.push(sync.move(asked === "all" ? seriesOf(event) ?? event : writes[0]?.event ?? event, departmentId));
    const said = moves ? text("own_moved_to", { title: event.title, department: departmentName(departmentId) }) : text(message, { title: event.title });
    return tell(writes, said, fields);
  }

  async function remove(event, { scope = null } = {}) {
    const asked = event.series_id ? scope ?? await askScope({ kind: "delete", scopes: ["this", "following", "all"] }) : null;
    if (event.series_id && asked === null) return null;
    return tell([sync.remove(event, asked ? { scope: asked } : {})], text("own_deleted", { title: event.title }));
  }

  async function create(departmentId, fields) {
    const write = sync.create(departmentId, fields);
    return tell([write], text("own_created", { title: write.event.title }), fields);
  }

  function tell(writes, message, fields = {}) {
    // Nothing is said to be done that only waits.
    undo.offer(writes, isLive() ? message : text("own_waits", { title: writes[0].event.title }));
    for (const write of writes) write.done.then((event) => remark(write, event, fields)).catch(() => {});
    return writes;
  }

  /** Says what the server has remarked about a write, and what it took a text for. */
  function remark(write, event, { time }) {
    const { overlaps = [], dropped_exceptions: dropped = [] } = write.remarks ?? {};
    const said = [
      time && write.kind !== "move" ? understoodTime(event, time, { text, words }) : "",
      overlaps.length > 0 ? text("overlaps", { count: overlaps.length }) : "",
      dropped.length > 0 ? text("exceptions_dropped", { days: dropped.map(words.shortDay).join(", ") }) : "",
    ].filter(Boolean);
    if (said.length > 0) notify({ message: said.join(" "), seconds: 8 });
  }

  return { create, change, remove, seriesOf };
}

/** What may be asked: a rule is the whole series', and what follows can't be moved to another department alone. */
export const scopesOf = (fields, moves = false) =>
  ["this", "following", "all"].filter((scope) => !(scope === "this" && "recurrence" in fields) && !(scope === "following" && moves));
