// Gathers what comes in quick succession. Pure but for the clock, which comes from outside.

/**
 * Returns `add(items)`; `done(items)` gets them all when nothing has come for `quiet` ms, or `longest` ms after the first. Of `many`
 * items it is sure that more belong to them: then it waits three times as long, since a busy server sends a batch in pieces.
 */
export function createGathering(done, { quiet = 600, longest = 2_500, many = 20, clock = globalThis } = {}) {
  let items = [];
  let last = null;
  let first = null;

  function finish() {
    clock.clearTimeout(last);
    clock.clearTimeout(first);
    [last, first] = [null, null];
    const gathered = items;
    items = [];
    if (gathered.length > 0) done(gathered);
  }

  const isBurst = () => items.length >= many;

  function ended() {
    if (isBurst()) first = clock.setTimeout(finish, 2 * longest);
    else finish();
  }

  return {
    add(more) {
      if (more.length === 0) return;
      items.push(...more);
      clock.clearTimeout(last);
      last = clock.setTimeout(finish, isBurst() ? 3 * quiet : quiet);
      first ??= clock.setTimeout(ended, longest);
    },
    finish,
  };
}
