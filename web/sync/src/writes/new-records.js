// New writes, with the event as it will be.

import { occurrenceOf, PATCHABLE } from "../events.js";
import { newId } from "../ids.js";
import { edited } from "./foresee-event.js";
import { begunAt } from "./foresee-series.js";
import { chainOf } from "./records.js";

const clean = (event) => {
  const { pending, ...rest } = event;
  return rest;
};

/** A rule that the server will refuse can't be foreseen: the event is shown as it was sent. */
function foreseen(work, otherwise) {
  try {
    return work();
  } catch (error) {
    if (error.reason === undefined) throw error;
    return otherwise;
  }
}

function afterUpdate(before, fields, scope, newId, series) {
  const plain = { ...before, ...fields };
  if (!before.series_id) return foreseen(() => edited(before, fields), plain);
  if (scope === "following" && series) return foreseen(() => begunAt(series, before.original_date, fields, newId), plain);
  const own = scope === "all" ? fields : Object.fromEntries(Object.entries(fields).filter(([name]) => PATCHABLE.includes(name)));
  return foreseen(() => edited(before, own), plain);
}

/** Of an occurrence only; the default is the server's. */
const scopeOf = (event, scope) => (event.series_id || occurrenceOf(event.id) ? scope ?? "this" : null);

/** `find(id)` finds an event as it is shown, `enqueue(record)` returns the write. */
export function recordsOf({ find, enqueue }) {
  const none = { scope: null, series: null, to: null, revision: null, newId: null, fields: null };

  /** The whole series as it is shown, for the undoing of a write to several occurrences. */
  function seriesOf(event, scope) {
    const series = event.series_id && scope !== undefined && scope !== "this" ? find(event.series_id) : null;
    return series ? clean(series) : null;
  }

  return {
    create(departmentId, { id = newId(), ...fields }) {
      const start = { id, department_id: departmentId, description: "", time: "", url: "" };
      const event = foreseen(() => edited(start, fields), { ...start, ...fields });
      return enqueue({ ...none, kind: "create", target: id, departmentId, fields, before: null, event });
    },
    update(event, fields, scope) {
      const before = clean(event);
      const second = scope === "following" ? newId() : null;
      const series = seriesOf(before, scope);
      const after = afterUpdate(before, fields, scope, second, series);
      return enqueue({ ...none, kind: "update", target: before.id, departmentId: before.department_id, fields, scope: scopeOf(before, scope), series, newId: second, before, event: after });
    },
    remove(event, scope) {
      const before = clean(event);
      return enqueue({ ...none, kind: "remove", target: before.id, departmentId: before.department_id, scope: scopeOf(before, scope), series: seriesOf(before, scope), before, event: before });
    },
    move(event, departmentId) {
      const before = clean(event);
      const { series_id, original_date, ...own } = { ...before, department_id: departmentId };
      // An occurrence becomes an event of its own, whose id the server makes.
      const after = before.series_id ? { ...own, id: newId() } : own;
      return enqueue({ ...none, kind: "move", target: before.id, departmentId: before.department_id, to: departmentId, before, event: after });
    },
    /** `known`: the event as it will be, if that is known. */
    restore(eventId, revision, departmentId, known = null) {
      const shownVersion = find(chainOf(eventId))?.version ?? null;
      const event = clean(known ?? find(eventId) ?? { id: eventId, department_id: departmentId });
      return enqueue({ ...none, kind: "restore", target: eventId, departmentId: departmentId ?? event.department_id ?? null, revision, before: null, shownVersion, event, foreseen: known !== null && !occurrenceOf(eventId) });
    },
  };
}
