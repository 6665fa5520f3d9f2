// The Socket.IO client: stays connected, joins departments, passes live messages on.

const ANSWER_TIMEOUT = 10_000;
const CHANGES = ["event_created", "event_updated", "event_deleted"];
const LIST_CHANGES = ["department_created", "department_updated", "department_deleted"];

/**
 * Connects, and reconnects for as long as the page is open.
 * `on.state("online" | "offline")`, `on.change(kind, payload)` for events, `on.list(kind, payload)` for departments.
 */
export function connectLive(io, on) {
  const socket = io({
    // Websocket first, since it needs no sticky sessions; polling if a proxy refuses it.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
  });
  socket.on("connect", () => on.state("online"));
  socket.on("disconnect", () => {
    on.state("offline");
    reconnect();
  });
  socket.on("connect_error", () => {
    on.state("offline");
    reconnect();
  });
  for (const kind of CHANGES) socket.on(kind, (payload) => on.change(kind, payload));
  for (const kind of LIST_CHANGES) socket.on(kind, (payload) => on.list(kind, payload));

  // The client library doesn't reconnect by itself if the server ended the connection.
  function reconnect() {
    if (!socket.active) setTimeout(() => socket.connect(), 500 + Math.random() * 1_500);
  }

  return {
    connected: () => socket.connected,
    /** Calls `done(answer)`, or `done(null)` if no answer came in time. */
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
