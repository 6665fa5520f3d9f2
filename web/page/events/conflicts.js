// The answer to a write that met somebody else's change: what only one has changed is put together, the rest is asked.

import { fieldsOf, valuesOf } from "./event-fields.js";
import { compare, differing, GROUPS, without } from "./merge.js";

/** The fields of an event, with its department, as they are compared. */
export const comparable = (event, series = null) => ({ ...fieldsOf(valuesOf(event, series)), department_id: event.department_id });

/**
 * Returns the function that CalendarSync is given as `onConflict`. `ask({conflict, base, mine, theirs, groups, taken})` shows the
 * conflict panel and resolves with `{keep, groups?}`: for which groups theirs stays; `seriesOf(event)` finds the series of an occurrence.
 */
export function createConflicts({ ask, seriesOf = () => null }) {
  // One question at a time: the next one waits for the answer.
  let queue = Promise.resolve();

  function onConflict(conflict) {
    const answer = queue.then(() => answerTo(conflict));
    queue = answer.catch(() => {});
    return answer;
  }

  async function answerTo(conflict) {
    if (conflict.signal?.aborted) return { keep: "theirs" };
    if (conflict.kind === "gone") return ask({ conflict, base: null, mine: conflict.mine, theirs: null, groups: [], taken: [] });
    const [mine, theirs] = [conflict.mine, conflict.theirs].map((event) => comparable(event, ruled(event, conflict)));
    const base = conflict.base ? comparable(conflict.base, ruled(conflict.base, conflict)) : null;
    const isDeletion = conflict.write.kind === "remove";
    const { clashes, taken } = base ? compare(base, mine, theirs) : unknown(conflict, mine, theirs);
    // Two who change different things don't contradict each other.
    if (!isDeletion && clashes.length === 0) return { keep: "mine", ...(conflict.fields ? { fields: conflict.fields } : {}) };
    const answer = await ask({ conflict, base: base ?? mine, mine, theirs, groups: isDeletion ? [] : clashes, taken });
    return answer.keep === "mine" && answer.groups ? kept(conflict, answer.groups) : { keep: answer.keep };
  }

  /** Nobody knows what one has seen: then all that one writes and that is otherwise now is asked. */
  function unknown({ fields }, mine, theirs) {
    const written = Object.keys(GROUPS).filter((group) => GROUPS[group].some((field) => field in (fields ?? {})));
    return { clashes: differing(mine, theirs).filter((group) => written.includes(group)), taken: [] };
  }

  // The rule of an occurrence is its series', unless the write itself changes it.
  function ruled(event, { fields }) {
    const series = event.series_id ? seriesOf(event) : null;
    return series && event.recurrence === undefined && !("recurrence" in (fields ?? {})) ? series : null;
  }

  function kept({ fields }, groups) {
    const left = without(fields ?? {}, groups);
    return Object.keys(left).length === 0 ? { keep: "theirs" } : { keep: "mine", fields: left };
  }

  return onConflict;
}
