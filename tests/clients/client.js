// Socket.IO clients driven over stdin and stdout, a JSON object a line.
//   {"do": "connect", "name", "url", "transports"}   {"do": "emit", "name", "event", "payload", "ack"}
//   {"do": "transport", "name", "ack"}   {"do": "close", "name"}
// answers {"name", "event", "payload"} for what arrives and {"name", "ack", "payload"} for what was asked.
"use strict";
const readline = require("node:readline");
const { io } = require("socket.io-client");

const sockets = new Map();
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

function connect({ name, url, transports }) {
  const socket = io(url, { transports, forceNew: true, reconnection: false });
  sockets.set(name, socket);
  socket.on("connect", () => say({ name, event: "*connect", payload: socket.id }));
  socket.on("disconnect", (reason) => say({ name, event: "*disconnect", payload: reason }));
  socket.on("connect_error", (error) => say({ name, event: "*connect_error", payload: String(error) }));
  socket.onAny((event, payload) => say({ name, event, payload }));
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
