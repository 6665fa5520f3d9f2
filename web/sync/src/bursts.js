// Gathers the changes of a department that come close together, so that listeners are called once for a burst.

/** Milliseconds without a further change after which a burst is told, and after which it is told in any case. */
const QUIET = 8;
const LONGEST = 100;

/** `tell({departmentId, changes, caughtUp})` */
export function createBursts({ timers, environment, tell }) {
  const bursts = new Map();

  function flush(key) {
    const { cancel, message } = bursts.get(key);
    cancel();
    bursts.delete(key);
    tell(message);
  }

  /** One timer that looks again costs less than another one for each change. The clock may be put back or forward meanwhile. */
  function wait(key, time) {
    const burst = bursts.get(key);
    const { last } = burst;
    burst.cancel = timers.later(time, () => {
      const more = Math.min(burst.last - last, QUIET);
      if (more > 0) wait(key, more);
      else flush(key);
    });
  }

  return {
    add(departmentId, changes, caughtUp = false) {
      const key = `${departmentId} ${caughtUp}`;
      const now = environment.now();
      const isNew = !bursts.has(key);
      if (isNew) bursts.set(key, { began: now, last: now, cancel: () => {}, message: { departmentId, changes: [], caughtUp } });
      const burst = bursts.get(key);
      burst.message.changes.push(...changes);
      burst.last = now;
      if (now - burst.began >= LONGEST) flush(key);
      else if (isNew) wait(key, QUIET);
    },
    forget(departmentId) {
      for (const [key, { cancel, message }] of bursts) {
        if (message.departmentId !== departmentId) continue;
        cancel();
        bursts.delete(key);
      }
    },
    clear() {
      for (const { cancel } of bursts.values()) cancel();
      bursts.clear();
    },
  };
}
