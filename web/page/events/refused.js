// A write that the server has refused for good: what was typed isn't lost. Pure.

import { comparable } from "./conflicts.js";
import { valuesOf } from "./event-fields.js";

/** Returns what was refused as a draft that can be taken up again. `newId()` makes an id, `today()` is the day. */
export function draftOf({ kind, event, before, fields, departmentId }, { newId, today }) {
  const after = Object.fromEntries(Object.entries({ event_date: today(), ...event, ...before, ...fields, department_id: departmentId }).filter(([, value]) => value !== null));
  const isNew = kind === "create" || !before;
  return {
    id: isNew ? newId() : before.id, values: valuesOf(after),
    event: isNew ? null : { id: before.id, department_id: before.department_id, version: before.version, fields: comparable(before) },
  };
}
