// Every timer of the library is made here, so that `stop` can end them all.

import { stopped } from "./errors.js";

export function createTimers({ setTimeout, clearTimeout }) {
  const running = new Map();

  /** Calls `work` once, after so many milliseconds. Returns a function that cancels it. */
  function later(milliseconds, work, cancelled = () => {}) {
    const timer = setTimeout(() => {
      running.delete(timer);
      work();
    }, milliseconds);
    running.set(timer, cancelled);
    return () => {
      clearTimeout(timer);
      running.delete(timer);
    };
  }

  return {
    later,
    /** Resolves after so many milliseconds; rejects with a SyncError `stopped` if the library is stopped before. */
    pause: (milliseconds) => new Promise((resolve, reject) => later(milliseconds, resolve, () => reject(stopped()))),
    stop() {
      for (const [timer, cancelled] of [...running]) {
        clearTimeout(timer);
        running.delete(timer);
        cancelled();
      }
    },
  };
}

/** Milliseconds before try number `tries` (from 1): doubling up to `most`, with jitter so that clients don't come all at once. */
export const backoff = (tries, { first = 500, most = 30_000, random = Math.random } = {}) =>
  Math.min(most, first * 2 ** Math.min(tries - 1, 20)) * (0.5 + random() / 2);
