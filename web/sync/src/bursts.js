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

  return {
    add(departmentId, changes, caughtUp = false) {
      const key = `${departmentId} ${caughtUp}`;
      const burst = bursts.get(key) ?? { began: environment.now(), cancel: () => {}, message: { departmentId, changes: [], caughtUp } };
      bursts.set(key, burst);
      burst.message.changes.push(...changes);
      burst.cancel();
      if (environment.now() - burst.began >= LONGEST) flush(key);
      else burst.cancel = timers.later(QUIET, () => flush(key));
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
