// socket.io on Node with the part of the calendar that the load client uses: join_department, and POST of one
// event or of many. A POST is answered at once and stored nowhere; the messages are those of our server.
const { createServer } = require("node:http");
const { Server } = require("socket.io");
const template = require("./event.json");

const http = createServer((request, response) => {
  const [, api, events, department, batch] = request.url.split("/");
  if (request.method !== "POST" || api !== "api" || events !== "events") {
    return answer(response, 200, { status: "running" });
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = JSON.parse(Buffer.concat(chunks));
    const created = batch ? body.operations.map((operation) => operation.event) : [body];
    for (const event of created) {
      io.to(department).emit("event_created", { ...template, ...event });
    }
    answer(response, 201, { success: true });
  });
});

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}

const io = new Server(http);
io.on("connection", (socket) => {
  socket.on("join_department", ({ department_id }, acknowledge) => {
    socket.join(department_id);
    acknowledge({ department_id, revision: 0 });
  });
});

// A burst of connections waits in the queue instead of being refused; gunicorn's own is 2,048.
http.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 2048 });
