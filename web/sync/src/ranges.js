// The days that have to be held: what a calendar lacks of them is loaded.

import { SyncError } from "./errors.js";
import { eventsOf } from "./paths.js";

const MOST_TRIES = 4;

/** `calendars` are the shown ones, `changed(departmentId)` is called after something was loaded. */
export function createRanges({ rest, timers, calendars, isSyncing, changed, held }) {
  let wanted = null;
  const running = new Map();
  /** Department id → those who wait until its calendar was brought up to date, or isn't shown any more. */
  const waiting = new Map();

  /** Loads what one calendar lacks of the wanted days. Several calls at once are one. */
  function fill(id) {
    if (!running.has(id)) running.set(id, load(id).finally(() => running.delete(id)));
    return running.get(id);
  }

  async function load(id) {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const calendar = calendars.held(id);
      if (!calendar || wanted === null) return;
      const [gap] = calendar.loaded ? calendar.missing(wanted) : [wanted];
      if (gap === undefined) return;
      if (!calendar.loaded || isSyncing(id)) {
        // A join brings days, too; what it doesn't bring is loaded afterwards.
        await new Promise((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve]));
        tries -= 1;
        continue;
      }
      if (await loadGap(id, calendar, gap)) tries = -1;
      else await timers.pause(300 * (tries + 1));
    }
    throw new SyncError(0, { code: "network_failed", message: "the range could not be loaded" });
  }

  async function loadGap(id, calendar, gap) {
    const mark = calendar.beginRange();
    const before = calendar.revision;
    const answer = await rest.request("GET", eventsOf(id, gap));
    if (calendars.held(id) !== calendar || !calendar.endRange(mark, gap, answer, before)) return false;
    changed(id);
    return true;
  }

  async function fillAll(ids = calendars.ids()) {
    const range = wanted;
    const outcomes = await Promise.allSettled(ids.map(fill));
    if (range !== null && range === wanted && isHeld(range)) held(range);
    const failed = outcomes.find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  }

  const isHeld = (range) => calendars.ids().every((id) => calendars.held(id).loaded && calendars.held(id).missing(range).length === 0);

  return {
    get wanted() {
      return wanted;
    },
    /** @returns {Promise<void>} when these days are held in all calendars that are loaded */
    want(from, to) {
      wanted = { from, to };
      return fillAll();
    },
    /** A calendar was brought up to date, so it may lack days that are wanted; or it isn't shown any more. */
    synced(id) {
      const resolves = waiting.get(id) ?? [];
      waiting.delete(id);
      for (const resolve of resolves) resolve();
      fillAll(calendars.has(id) ? [id] : []).catch(() => {});
    },
  };
}
