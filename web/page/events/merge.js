// Two people change one event: what goes together, what both have changed. Pure.
//
// Fields are those of `fieldsOf` with the department. What belongs to "when" is one thing: a start on another day is another start.

import { sameValue } from "./event-fields.js";

/** What is decided as one. */
export const GROUPS = {
  title: ["title"], when: ["event_date", "end_date", "start_time", "end_time", "time", "time_zone"], recurrence: ["recurrence"],
  department_id: ["department_id"], location: ["location"], categories: ["categories"], people: ["people"], status: ["status"], color: ["color"],
  description: ["description"], url: ["url"],
};

/** Returns the names of the groups in which two sets of fields differ. */
export const differing = (before, after) =>
  Object.keys(GROUPS).filter((group) => GROUPS[group].some((field) => !sameValue(before[field] ?? null, after[field] ?? null)));

/**
 * `base`: the fields as they were shown, `mine` and `theirs`: as each wants them. Returns groups: `taken` only they have changed,
 * `kept` only I have, `clashes` both have, to something else.
 */
export function compare(base, mine, theirs) {
  const [own, other] = [differing(base, mine), differing(base, theirs)];
  const apart = differing(mine, theirs);
  return {
    taken: other.filter((group) => !own.includes(group)),
    kept: own.filter((group) => !other.includes(group)),
    clashes: own.filter((group) => other.includes(group) && apart.includes(group)),
  };
}

/** Returns `fields` of a write without the groups for which theirs is chosen. */
export const without = (fields, groups) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !groups.some((group) => GROUPS[group].includes(name))));
