// Makes the parts of a SyncCore and connects them. What one calls of another is looked up when it is called.

import { createBursts } from "./bursts.js";
import { createCache } from "./cache.js";
import { createCalendars } from "./calendars.js";
import { createCatchUp } from "./catch-up.js";
import { createConnection } from "./connection.js";
import { createDepartments } from "./departments.js";
import { createPresence } from "./presence.js";
import { createRanges } from "./ranges.js";
import { createRest } from "./rest.js";
import { createSession, credentialsOf, headersOf } from "./session.js";
import { createSocket } from "./socket.js";
import { createWriter } from "./writes/writer.js";

/** REST, the session and the socket. */
export function createTransports(core) {
  const { base, environment, options, timers } = core;
  const rest = createRest({ base, environment, timers, headers: () => headersOf(options, core.session), unauthorized: () => core.lost() });
  const sessions = createSession({ rest, environment, timers, changed: (session) => core.entered(session), failed: () => core.failed() });
  const socket = createSocket({
    io: options.io, base, environment, timers,
    credentials: () => credentialsOf(options, core.session),
    isWaiting: () => core.writer.waiting.length > 0,
    on: {
      connected: () => core.connected(),
      disconnected: () => core.disconnected(),
      change: (kind, payload) => core.heard(kind, payload),
      list: (kind, payload) => core.departments.apply(kind, payload),
      access: (payload) => core.accessChanged(payload),
      presence: (payload) => core.presence.hear(payload),
      signedOut: () => core.lost(),
    },
  });
  return { rest, sessions, socket };
}

/** What is known of departments and calendars, and how it is kept up to date. */
export function createReaders(core) {
  const { environment, rest, socket, timers } = core;
  const shared = { environment, rest, socket, timers };
  const signedOut = () => core.lost();
  const { emit } = core.emitter;
  const bursts = createBursts({ ...shared, tell: (message) => emit("changed", message) });
  const calendars = createCalendars({ lay: (id, calendar) => core.writer.lay(id, calendar) });
  const catchUp = createCatchUp({
    ...shared, calendarOf: calendars.held, range: () => core.ranges.wanted,
    on: { changed: (id, changes) => core.caughtUp(id, changes), gone: (id) => core.forget(id), state: () => core.connection.look(), signedOut },
  });
  return {
    bursts, calendars, catchUp,
    cache: createCache({ ...shared, calendars }),
    departments: createDepartments({
      ...shared, on: { departments: (message) => core.listChanged(message), gone: (department) => core.forget(department.id, department), signedOut },
    }),
    ranges: createRanges({ ...shared, calendars, isSyncing: catchUp.isRunning, changed: (id) => bursts.add(id, []), held: (range) => emit("held", range) }),
    presence: createPresence({
      ...shared, enabled: core.options.presence ?? environment.document !== undefined, shown: calendars.ids,
      changed: (departmentId) => emit("presence", { departmentId }),
    }),
  };
}

/** Own writes, and the state that follows from all of it. */
export function createWriting(core) {
  const { bursts, calendars, environment, rest, timers } = core;
  const { emit } = core.emitter;
  const writer = createWriter({
    rest, timers, environment, calendars,
    onConflict: core.options.onConflict,
    isLive: () => core.socket.connected,
    isOwners: () => core.isStillHere(),
    on: {
      changed: (id, changes) => bursts.add(id, changes),
      waiting: (writes) => {
        emit("waiting", { writes });
        core.connection.look();
      },
      refused: (write, error) => emit("refused", { write, error }),
      signedOut: () => core.lost(),
      behind: (id) => core.sync(id),
    },
  });
  return { writer, connection: createConnection({ environment, facts: () => core.facts(), told: (connection) => emit("connection", connection) }) };
}
