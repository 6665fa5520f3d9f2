// What was typed and isn't saved yet: kept in this browser over a reload, for the one who typed it. Pure but for the storage.

const MOST = 5;
const LONGEST = 30_000;
const KEPT_FOR = 14 * 86_400_000;
const keyOf = (person) => `teamcal.drafts.${person || "-"}`;

/**
 * `person()` names who sits here; `read(key)` and `write(key, value)` are the browser's storage (value null: remove).
 * A draft is `{id, at, event, values}`: `id` is the form's, `event` what is edited (`{id, department_id, version, fields}`,
 * as it was shown; null of a new one).
 */
export function createDrafts({ person, read, write, now = () => Date.now() }) {
  function list() {
    let stored = [];
    try {
      stored = JSON.parse(read(keyOf(person()))) ?? [];
    } catch {
      // What can't be read is no draft.
    }
    if (!Array.isArray(stored)) return [];
    return stored.filter((draft) => typeof draft?.id === "string" && draft.values && typeof draft.values === "object" && now() - draft.at < KEPT_FOR);
  }

  function put(drafts) {
    write(keyOf(person()), drafts.length > 0 ? JSON.stringify(drafts) : null);
  }

  return {
    list,
    keep(draft) {
      const kept = { ...draft, at: now() };
      if (JSON.stringify(kept).length > LONGEST) return false;
      put([kept, ...list().filter(({ id }) => id !== draft.id)].slice(0, MOST));
      return true;
    },
    drop: (id) => put(list().filter((draft) => draft.id !== id)),
    /** The draft of a change of this event, undefined if there is none. */
    of: (eventId) => list().find(({ event }) => event?.id === eventId),
    /** The drafts of events that don't exist yet. */
    unborn: () => list().filter(({ event }) => event === null),
  };
}
