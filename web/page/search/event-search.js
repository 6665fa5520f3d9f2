// Looks for events: at once among those that are held, after a moment on the server, which has all. Pure but for the clock.

import { isMatch, merged, queryOf } from "./matching.js";

const MOST = 200;
const AT_ONCE = 4;

/**
 * `departments()` returns the ids in which to look, `held(id)` the events that are here, `found(id, query, most)` asks the
 * server. `shown({query, events, done, failed})` is called as more is known: `done` when the server has answered for all,
 * `failed` with the number of departments that it couldn't answer for.
 */
export function createEventSearch({ departments, held, found, shown, pause = 250, clock = globalThis }) {
  let turn = null;
  let timer = null;

  function look(typed) {
    const query = queryOf(typed);
    const mine = (turn = Symbol(query));
    clock.clearTimeout(timer);
    if (query === "") return shown({ query, events: [], done: true, failed: 0 });
    const ids = departments();
    const here = ids.flatMap((id) => [...held(id)].filter((event) => isMatch(event, query)));
    shown({ query, events: here, done: false, failed: 0 });
    timer = clock.setTimeout(() => ask(ids, here, query, mine), pause);
  }

  async function ask(ids, here, query, mine) {
    const waiting = [...ids];
    let events = here;
    let failed = 0;
    async function work() {
      for (let id = waiting.shift(); id !== undefined && turn === mine; id = waiting.shift()) {
        const answer = await found(id, query, MOST).catch(() => null);
        if (answer === null) failed += 1;
        else events = merged(events, answer);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (turn === mine) shown({ query, events, done: true, failed });
  }

  return {
    look,
    stop() {
      turn = null;
      clock.clearTimeout(timer);
    },
  };
}
