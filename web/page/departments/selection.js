// Which departments are shown. Pure.

/** Returns the departments shown after one was switched on or off. */
export function toggled(shown, id, on) {
  const next = new Set(shown);
  if (on) next.add(id);
  else next.delete(id);
  return next;
}

export const isAlone = (shown, id) => shown.size === 1 && shown.has(id);

/**
 * Returns `{shown, before}` after "only this one" was chosen: a second time brings back what was shown before, or all if
 * that isn't known.
 */
export function soloed(shown, id, before, all) {
  if (!isAlone(shown, id)) return { shown: new Set([id]), before: new Set(shown) };
  const back = new Set([...(before ?? [])].filter((each) => all.has(each)));
  return { shown: back.size > 0 && !isAlone(back, id) ? back : new Set(all.keys()), before: null };
}

/** Whether a new department is shown: to who looks at all others, if those are fewer than `most`, and to who has none yet. */
export function takesNew({ shown, departments }, id, most) {
  const others = departments.size - 1;
  return others < most && shown.size === others && !shown.has(id);
}
