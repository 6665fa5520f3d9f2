// Sends what waits in the queue: one tab at a time, chain after chain, each write until it is decided.
//
// An answer that is lost leaves the write in the queue; it is sent again under its key, by this tab or the next.

import { backoff } from "../timers.js";
import { meaningOf } from "./outcomes.js";
import { requestOf } from "./records.js";
import { LEASE_TIME } from "./queue-store.js";

const MOST_AT_ONCE = 4;
const RENEW_EVERY = LEASE_TIME / 3;

/**
 * `queue` has `records()`, `store()`, `adopt(records)`, `isHeld(id)` and `isOwners()`. `isHere()` says whether the user is at this tab.
 * `on`: done(record, event, answer), refused(record, error), conflict(record, error), signedOut(error), state().
 */
export function createSender({ rest, timers, environment, queue, isHere, on }) {
  const sending = new Set();
  const waits = new Map();
  let isRunning = false;
  let isPumping = false;
  let again = false;
  let holds = false;
  let cancelNext = () => {};

  /** Looks what can be sent. Several calls at once are one. */
  async function pump() {
    if (!isRunning) return;
    if (isPumping) return void (again = true);
    isPumping = true;
    cancelNext();
    try {
      do {
        again = false;
        await turn();
      } while (again && isRunning);
    } catch (error) {
      if (error.code !== "stopped") next(1_000);
    } finally {
      isPumping = false;
    }
  }

  async function turn() {
    const store = queue.store();
    if (queue.records().length === 0) return holds ? giveUp(store) : undefined;
    const { mine, wanted, records } = await store.lease(isHere());
    if (!isRunning || store !== queue.store()) return;
    queue.adopt(records);
    if (holds && !mine) on.lost();
    holds = mine;
    if (!mine) return next(RENEW_EVERY);
    if (wanted && !isHere() && sending.size === 0) return giveUp(store);
    const now = environment.now();
    for (const { id } of heads()) {
      if (sending.size >= MOST_AT_ONCE) break;
      if ((waits.get(id)?.until ?? 0) <= now) send(store, id);
    }
    next(untilNext(now));
  }

  /** The first write of each chain, unless it is being sent or asked about. */
  function heads() {
    const chains = new Map();
    for (const record of queue.records()) if (!chains.has(record.chain)) chains.set(record.chain, record);
    return [...chains.values()].filter(({ id, state }) => state === "waiting" && !queue.isHeld(id) && !sending.has(id));
  }

  function untilNext(now) {
    const soonest = Math.min(...heads().map(({ id }) => Math.max((waits.get(id)?.until ?? 0) - now, 50)), Infinity);
    return Math.min(soonest, RENEW_EVERY);
  }

  function next(milliseconds) {
    cancelNext();
    cancelNext = timers.later(milliseconds, pump);
  }

  async function giveUp(store) {
    if (queue.records().length > 0) on.lost();
    holds = false;
    await store.release();
    queue.changed();
    if (queue.records().length > 0) next(LEASE_TIME);
  }

  async function send(store, id) {
    sending.add(id);
    try {
      if (!(await mayGo(id))) return;
      const { record, records } = await store.begin(id);
      if (store !== queue.store()) return;
      queue.adopt(records);
      if (record !== null) await attempt(record);
    } catch (error) {
      if (error.code !== "stopped") waits.set(id, { until: environment.now() + 1_000, tries: 1 });
    } finally {
      sending.delete(id);
      on.state();
      pump();
    }
  }

  /** Whether the queue is still that of whoever is signed in: another tab may have changed that. */
  async function mayGo(id) {
    try {
      return await queue.isOwners();
    } catch (error) {
      wait(id, error);
      return false;
    }
  }

  async function attempt(record) {
    on.state();
    const { method, path, body, headers } = requestOf(record);
    try {
      const answer = await rest.attempt(method, path, { body, headers });
      waits.delete(record.id);
      await on.done(record, answer.event ?? null, answer);
    } catch (error) {
      if (typeof error.uncertain !== "boolean") throw error;
      await failed(record, error);
    }
  }

  async function failed(record, error) {
    const meaning = meaningOf(record, error);
    if (meaning === "signed_out") on.signedOut(error);
    if (meaning === "again" || meaning === "signed_out") return wait(record.id, error);
    waits.delete(record.id);
    if (meaning === "done") await on.done(record, error.current, {});
    else if (meaning === "refused" || meaning === "new_key") await on.refused(record, error);
    else on.conflict(record, error); // what the user says may take hours
  }

  function wait(id, error) {
    if (error.code === "stopped") return;
    const tries = (waits.get(id)?.tries ?? 0) + 1;
    // A server that says no is left alone for longer than a network that loses something.
    const pause = Math.max(backoff(tries, { most: error.status === 0 ? 4_000 : 30_000, random: environment.random }), error.retryAfter * 1_000);
    waits.set(id, { until: environment.now() + pause, tries });
  }

  return {
    pump,
    isSending: (id) => sending.has(id),
    start() {
      isRunning = true;
      pump();
    },
    stop() {
      isRunning = holds = false;
      waits.clear();
      cancelNext();
    },
    /** The server is there again: what waited for it is tried now. */
    hurry() {
      for (const each of waits.values()) each.until = 0;
      pump();
    },
  };
}
