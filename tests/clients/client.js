// Socket.IO clients driven over stdin and stdout, a JSON object a line.
//   {"do": "connect", "name", "url", "transports", "member_of", "auth"}
//   {"do": "emit", "name", "event", "payload", "ack"}
//   {"do": "transport", "name", "ack"}   {"do": "close", "name"}
// answers {"name", "event", "payload"} for what arrives and {"name", "ack", "payload"} for what was asked.
"use strict";
const readline = require("node:readline");
const { io } = require("socket.io-client");

const sockets = new Map();
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

// With `member_of` it joins that department with its cursor at every connection, and reconnects by itself.
function connect({ name, url, transports, member_of, auth }) {
  const reconnection = Boolean(member_of);
  const socket = io(url, { transports, forceNew: true, reconnection, reconnectionDelayMax: 1000, auth });
  sockets.set(name, socket);
  socket.on("connect", () => say({ name, event: "*connect", payload: socket.id }));
  socket.on("disconnect", (reason) => say({ name, event: "*disconnect", payload: reason }));
  socket.on("connect_error", (error) => say({ name, event: "*connect_error", payload: String(error) }));
  socket.on("connect_error", ({ message, data }) => say({ name, event: "*refused", payload: { message, data } }));
  socket.onAny((event, payload) => say({ name, event, payload }));
  if (member_of) stayMember(name, socket, member_of);
}

function stayMember(name, socket, department_id) {
  let cursor = null;
  socket.on("event_created", (event) => (cursor = event.cursor));
  socket.on("connect", () =>
    socket.emit("join_department", { department_id, cursor }, (answer) => {
      cursor = answer.cursor;
      say({ name, event: "*joined", payload: answer });
    }),
  );
}

const actions = {
  connect,
  emit({ name, event, payload, ack }) {
    sockets.get(name).emit(event, payload, (answer) => say({ name, ack, payload: answer }));
  },
  transport({ name, ack }) {
    say({ name, ack, payload: sockets.get(name).io.engine.transport.name });
  },
  close({ name }) {
    sockets.get(name).close();
    sockets.delete(name);
  },
};

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const request = JSON.parse(line);
    actions[request.do](request);
  })
  .on("close", () => process.exit(0));
