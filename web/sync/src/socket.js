// The Socket.IO connection: stays connected while it is wanted, notices a frozen server, passes live messages on.

import { isSignedOut } from "./errors.js";
import { isVisible } from "./environment.js";

const ANSWER_TIMEOUT = 10_000;
const PING_EVERY = 4_000;
const PING_TIMEOUT = 4_000;
const CONNECT_TIMEOUT = 8_000;
/** Nobody's department: leaving it does nothing and is acknowledged. */
const NOWHERE = "00000000-0000-4000-8000-000000000000";
const CHANGES = ["event_created", "event_updated", "event_deleted"];
const LIST_CHANGES = ["department_created", "department_updated", "department_deleted"];

/**
 * `on`: connected(), disconnected(), change(kind, payload), list(kind, payload), access(payload), presence(payload), signedOut(error).
 * `isWaiting()` says whether something waits for the connection, so that it is watched also while nobody looks.
 */
export function createSocket({ io, base, environment, timers, credentials, isWaiting, on }) {
  const { origin, pathname } = new URL(base);
  const socket = io(origin, {
    path: `${pathname}socket.io/`,
    // Websocket first, since it needs no sticky sessions; polling if a proxy refuses it.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    timeout: CONNECT_TIMEOUT,
    autoConnect: false,
    forceNew: true,
    auth: (connect) => connect(credentials()),
  });
  let wanted = false;
  let heardAt = 0;
  let cancelPing = () => {};

  socket.on("connect", () => {
    heard();
    schedulePing();
    on.connected();
  });
  socket.on("disconnect", lost);
  socket.on("connect_error", (error) => {
    // One that is refused while it is connected stays so by name (socket.io-client 4.8), and `connect` would do nothing.
    if (socket.connected) socket.disconnect();
    else lost();
    if (isSignedOut(error.data)) on.signedOut(error.data);
  });
  socket.on("error", (payload) => isSignedOut(payload) && on.signedOut(payload));
  socket.onAny(heard);
  socket.on("access_changed", (payload) => on.access(payload ?? {}));
  socket.on("presence", (payload) => on.presence(payload ?? {}));
  for (const kind of CHANGES) socket.on(kind, (payload) => on.change(kind, payload));
  for (const kind of LIST_CHANGES) socket.on(kind, (payload) => on.list(kind, payload));

  function heard() {
    heardAt = environment.now();
  }

  // The client library doesn't reconnect by itself if the server ended the connection.
  function lost() {
    cancelPing();
    on.disconnected();
    if (wanted && !socket.active) timers.later(500 + environment.random() * 1_500, () => wanted && !socket.active && socket.connect());
  }

  function schedulePing(after = PING_EVERY) {
    cancelPing();
    cancelPing = timers.later(after, ping);
  }

  /** Only while somebody looks or something waits: a page in the background costs the server nothing. */
  function ping() {
    if (!socket.connected) return;
    const silent = environment.now() - heardAt;
    if (!isVisible(environment) && !isWaiting()) schedulePing();
    else if (silent >= 0 && silent < PING_EVERY - 50) schedulePing(PING_EVERY - silent);
    else emit("leave_department", { department_id: NOWHERE }, PING_TIMEOUT).then(pinged);
  }

  function pinged(answer) {
    if (!socket.connected || !wanted) return;
    if (answer !== null || environment.now() - heardAt < PING_TIMEOUT) schedulePing();
    else reconnect();
  }

  /** The connection is dead, whatever the transport believes. */
  function reconnect() {
    socket.disconnect().connect();
    lost();
  }

  /** Resolves with the acknowledgement, with null if none came in time. */
  function emit(name, payload, timeout = ANSWER_TIMEOUT) {
    return new Promise((resolve) => {
      const cancel = timers.later(timeout, () => resolve(null), () => resolve(null));
      socket.emit(name, payload, (answer) => {
        heard();
        cancel();
        resolve(answer ?? null);
      });
    });
  }

  return {
    get connected() {
      return socket.connected;
    },
    emit: (name, payload, timeout) => (socket.connected ? emit(name, payload, timeout) : Promise.resolve(null)),
    /** Sends without waiting for an answer; nothing while there is no connection. */
    tell: (name, payload) => void (socket.connected && socket.emit(name, payload)),
    /** Connects, anew if it was connected: a connection is of whoever was signed in when it was made. */
    connect() {
      wanted = true;
      socket.disconnect().connect();
    },
    /** Tries at once, if it isn't connected; looks whether the server is there if it is. */
    hurry() {
      if (!wanted) return;
      if (socket.connected) schedulePing(0);
      else if (!socket.active || !isOpening(socket)) socket.disconnect().connect();
    },
    disconnect() {
      wanted = false;
      cancelPing();
      socket.disconnect();
    },
    close() {
      wanted = false;
      cancelPing();
      socket.disconnect();
    },
  };
}

/** Whether the transport is being opened right now. */
const isOpening = (socket) => socket.io?._readyState === "opening";
