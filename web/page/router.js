// What is shown, and the address that says it: every step can be gone back.

import { fragmentOf, parseFragment } from "./state.js";

/**
 * `begin` is `{day, view}` for an address that says nothing; `today()` the day that it is; `changed(place, cause)` is called after each
 * step, `cause` being what was asked for, or "back" for the browser's own buttons.
 */
export function createRouter({ begin, today, changed }) {
  let place = { departments: null, event: null, wall: false, ...begin, ...said(parseFragment(location.hash, today())) };

  addEventListener("popstate", () => {
    const link = parseFragment(location.hash, today());
    // Other links are others' (links.js).
    if (link === null && location.hash !== "") return;
    place = { ...place, event: null, wall: false, departments: null, ...said(link ?? {}) };
    changed(place, "back");
  });

  return {
    get place() { return place; },
    /** Goes to another place. `replace`: it is no step of its own to go back by. */
    go(next, { replace = false, cause = "step" } = {}) {
      const before = fragmentOf(place);
      place = { ...place, ...next };
      if (fragmentOf(place) !== before) history[replace ? "replaceState" : "pushState"](null, "", fragmentOf(place));
      changed(place, cause);
    },
    /** The address of another place: what `next` doesn't say is as it is here. */
    link: (next) => new URL(fragmentOf({ ...place, ...next }), location.href).href,
  };
}

/** What a link says, without what it doesn't. */
const said = (link) => Object.fromEntries(Object.entries(link ?? {}).filter(([name, value]) => value !== null || name === "departments"));
