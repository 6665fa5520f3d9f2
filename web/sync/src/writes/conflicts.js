// Asks the user about a write that met a conflict, and does what he says. The chain of the write waits until then.

import { SyncError } from "../errors.js";
import { newId } from "../ids.js";
import { fieldsOf, mineOf } from "./outcomes.js";
import { shownOf } from "./records.js";

/**
 * Returns what stands in the place of a record and those after it in its chain. `theirs` is null if the event is gone.
 * @returns {object[]} records; those that aren't among them are dropped
 */
export function decided(record, successors, decision, theirs) {
  const { mine } = mineOf(record, successors);
  // What was to be removed isn't saved once more.
  if (decision.keep === "theirs" || (decision.keep === "new" && record.kind === "remove")) return [];
  const isNew = decision.keep === "new" || theirs === null;
  const folded = successors.filter((next) => isFolded(record, next, decision, isNew)).map(({ id }) => id);
  if (isNew) return [{ ...asNew(record, mine, decision), folded }];
  const { version } = theirs;
  const after = { ...record, key: newId(), version, basis: version, state: "waiting", before: theirs, folded };
  if (decision.fields && record.kind === "update") after.fields = decision.fields;
  // They were made before the others' change was seen, which the user has seen by now.
  return [after, ...successors.filter(({ id }) => !folded.includes(id)).map((next) => ({ ...next, follows: true }))];
}

/** Updates that he wrote after it are in the new event, and in fields that he has chosen himself. */
const isFolded = (record, next, { fields }, isNew) => next.kind === "update" && next.target === record.target && (isNew || fields !== undefined);

function asNew(record, mine, { fields, department_id: departmentId }) {
  const id = newId();
  const { recurrence, exceptions, ...own } = { ...fieldsOf(mine), ...fields };
  const isWhole = !mine.series_id;
  const created = isWhole ? { ...own, ...(recurrence ? { recurrence } : {}), ...(exceptions ? { exceptions } : {}) } : own;
  const to = departmentId ?? record.to ?? mine.department_id ?? record.departmentId;
  const event = { description: "", time: "", url: "", ...mine, ...created, id, department_id: to };
  for (const name of ["version", "revision", "series_id", "original_date", "pending"]) delete event[name];
  return {
    ...record, kind: "create", key: newId(), target: id, departmentId: to, to: null, fields: created, scope: null, version: null, basis: null,
    follows: false, sent: false, state: "waiting", tries: 0, before: null, event,
  };
}

/** `ask(conflict)` is the user of the library's. Its answers are checked; without one the write is refused. */
export function createConflicts({ ask }) {
  const asking = new Map();

  return {
    isAsking: (id) => asking.has(id),
    /** Resolves with a decision, or with null if the question has become void. Rejects with the error if nobody can be asked. */
    async about(record, successors, error) {
      if (!ask) throw error;
      const abort = new AbortController();
      asking.set(record.id, abort);
      const theirs = error.code === "version_conflict" ? error.current : null;
      const conflict = {
        kind: theirs ? "changed" : "gone", write: shownOf({ ...record, state: "asking" }), base: record.before, theirs, ...mineOf(record, successors),
        changed: error.body.changed ?? null, signal: abort.signal,
      };
      const isVoid = new Promise((resolve) => abort.signal.addEventListener("abort", () => resolve(null)));
      try {
        return await Promise.race([isVoid, Promise.resolve().then(() => ask(conflict)).then(checked)]);
      } catch (failure) {
        throw failure instanceof SyncError ? failure : Object.assign(error, { cause: failure });
      } finally {
        asking.delete(record.id);
      }
    },
    /** The write isn't there any more, or another tab asks. */
    void: (id) => asking.get(id)?.abort(),
    clear() {
      for (const abort of asking.values()) abort.abort();
    },
  };
}

function checked(decision) {
  if (!["mine", "theirs", "new"].includes(decision?.keep)) throw new TypeError("onConflict has to resolve with {keep: \"mine\" | \"theirs\" | \"new\"}");
  return decision;
}
