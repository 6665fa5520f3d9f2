// Brings the calendars of shown departments up to date: by a join with the last cursor, or over REST without a connection.

import { SyncError, isSignedOut } from "./errors.js";
import { changesOf, eventsOf } from "./paths.js";
import { backoff } from "./timers.js";

const MOST_PAGES = 20;

/**
 * `calendarOf(id)` returns a shown department's calendar or undefined, `range()` the days that are wanted or null.
 * `on`: changed(id, changes), gone(id), signedOut(error), state() when the number of running catch-ups changes.
 */
export function createCatchUp({ rest, socket, timers, environment, calendarOf, range, on }) {
  const turns = new Map();

  /** Brings one calendar up to date, and tries again until it succeeds; a newer call replaces an older one. */
  async function sync(id, tries = 0) {
    const turn = Symbol(id);
    turns.set(id, turn);
    const isMine = () => turns.get(id) === turn;
    const calendar = calendarOf(id);
    calendar.beginSync();
    on.state();
    try {
      const answer = await ask(id, calendar);
      if (isMine()) apply(id, calendar, answer);
    } catch (error) {
      if (isMine()) failed(id, calendar, error, tries + 1);
    }
  }

  function apply(id, calendar, answer) {
    turns.delete(id);
    const wasLoaded = calendar.loaded;
    const changes = calendar.applyAnswer(answer);
    on.changed(id, wasLoaded ? changes : []);
    if (calendar.stale) sync(id);
    else on.state();
  }

  function failed(id, calendar, error, tries) {
    calendar.endSync();
    if (error.code === "stopped") turns.delete(id);
    else if (error.code === "department_not_found" || error.code === "forbidden") {
      turns.delete(id);
      on.gone(id);
    } else if (isSignedOut(error)) {
      turns.delete(id);
      on.signedOut(error);
    } else {
      const turn = turns.get(id);
      const pause = Math.max(backoff(tries, { first: 1_000, most: 15_000, random: environment.random }), error.retryAfter * 1_000 || 0);
      timers.later(pause, () => turns.get(id) === turn && calendarOf(id) && sync(id, tries));
    }
    on.state();
  }

  async function ask(id, calendar) {
    if (!socket.connected) return overRest(id, calendar);
    const cursor = calendar.loaded ? calendar.cursor : null;
    const window = range();
    // A whole calendar is read over REST, where it is compressed; a window is small.
    const how = window === null ? { events: false } : { from: window.from, to: window.to };
    const answer = await socket.emit("join_department", { department_id: id, cursor, series: true, ...how });
    if (!answer) throw new SyncError(0);
    if (answer.success === false) throw new SyncError(400, answer);
    return answer.events ? answer : list(id);
  }

  /** The list of the wanted days, or the whole one. */
  async function list(id) {
    const window = range();
    const { events, revision, cursor } = await rest.request("GET", eventsOf(id, window));
    return { full: true, events, revision, cursor, window };
  }

  async function overRest(id, calendar) {
    if (!calendar.loaded || calendar.cursor === null) return list(id);
    try {
      return await differenceSince(id, calendar.cursor);
    } catch (error) {
      if (error.status !== 410) throw error;
      return list(id);
    }
  }

  /** All pages of the changes since a cursor, as one answer. */
  async function differenceSince(id, since) {
    const events = new Map();
    const deleted = new Set();
    let cursor = since;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await rest.request("GET", changesOf(id, cursor));
      for (const gone of answer.deleted) {
        events.delete(gone);
        deleted.add(gone);
      }
      for (const event of answer.events) {
        deleted.delete(event.id);
        events.set(event.id, event);
      }
      if (!answer.more) return { full: false, events: [...events.values()], deleted: [...deleted], revision: answer.revision, cursor: answer.cursor };
      cursor = answer.cursor;
    }
    return list(id);
  }

  return {
    sync: (id) => sync(id),
    isRunning: (id) => turns.has(id),
    get running() {
      return turns.size;
    },
    forget: (id) => turns.delete(id),
    clear: () => turns.clear(),
  };
}
