// The Socket.IO door: stays connected, joins departments, hands on what arrives.

const ANSWER_TIMEOUT = 10_000;
const CHANGES = ["event_created", "event_updated", "event_deleted"];
const LIST_CHANGES = ["department_created", "department_updated", "department_deleted"];

/**
 * Connects and keeps at it.
 * `on.state("online" | "offline")`, `on.change(kind, payload)` for events, `on.list(kind, payload)` for departments.
 */
export function connectLive(io, on) {
  const socket = io({
    // Websocket first: it needs no sticky sessions. Where a proxy refuses it, polling follows.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
  });
  socket.on("connect", () => on.state("online"));
  socket.on("disconnect", () => {
    on.state("offline");
    comeBack();
  });
  socket.on("connect_error", () => {
    on.state("offline");
    comeBack();
  });
  for (const kind of CHANGES) socket.on(kind, (payload) => on.change(kind, payload));
  for (const kind of LIST_CHANGES) socket.on(kind, (payload) => on.list(kind, payload));

  // The client library doesn't come back by itself when it was the server that ended the connection.
  function comeBack() {
    if (!socket.active) setTimeout(() => socket.connect(), 500 + Math.random() * 1_500);
  }

  return {
    connected: () => socket.connected,
    /** `done(answer)`, or `done(null)` when none came in time. */
    join(departmentId, cursor, done) {
      socket
        .timeout(ANSWER_TIMEOUT)
        .emit("join_department", { department_id: departmentId, cursor }, (failed, answer) =>
          done(failed || !answer ? null : answer),
        );
    },
    leave(departmentId) {
      if (socket.connected) socket.emit("leave_department", { department_id: departmentId });
    },
  };
}
