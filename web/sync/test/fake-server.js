// A calendar server in memory: as much of REST and Socket.IO as the library uses, with faults on demand.

import { isSeries, touches } from "../src/events.js";

const copy = (value) => structuredClone(value);
const answer = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
const failure = (status, code, more = {}) => answer(status, { success: false, code, message: code, ...more });

export class FakeServer {
  departments = new Map();
  sockets = new Set();
  requests = [];
  versions = new Map();
  keys = new Map();
  session = { mode: "open", kind: "open", user: null };
  version = "1.0.0";
  /** Each is called with a request {method, path, body, headers}, and may return a Response, or "lose" (the answer) or "fail" (the request). */
  faults = [];
  frozen = false;
  down = false;

  department(id = "d1", name = id) {
    this.departments.set(id, { department: { id, name, description: "" }, events: new Map(), revision: 0, log: [], epoch: "e1" });
    return id;
  }

  cursor(id) {
    const { epoch, revision } = this.departments.get(id);
    return `${epoch}:${revision}`;
  }

  /** Makes a change as another person's program would. */
  write(departmentId, kind, fields) {
    const calendar = this.departments.get(departmentId);
    calendar.revision += 1;
    const before = calendar.events.get(fields.id);
    const event = { description: "", time: "", url: "", ...before, ...fields, department_id: departmentId, revision: calendar.revision, version: (this.versions.get(fields.id) ?? 0) + 1, last_modified: "2026-11-26T00:00:00.000Z" };
    this.versions.set(event.id, event.version);
    for (const [name, value] of Object.entries(event)) if (value === null) delete event[name];
    if (kind === "event_deleted") calendar.events.delete(event.id);
    else calendar.events.set(event.id, event);
    calendar.log.push({ kind, event });
    const message = { ...copy(event), cursor: this.cursor(departmentId) };
    for (const socket of this.sockets) socket.tell(departmentId, kind, message);
    return event;
  }

  fetch = async (url, { method = "GET", headers = {}, body, signal } = {}) => {
    const { pathname, searchParams } = new URL(url);
    const request = { method, path: pathname.replace(/^\/team/, ""), query: Object.fromEntries(searchParams), headers, body: body === undefined ? undefined : JSON.parse(body) };
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (this.frozen) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    if (this.down) throw new TypeError("fetch failed");
    this.requests.push(request);
    for (const fault of this.faults) {
      const what = await fault(request);
      if (what === "fail") throw new TypeError("fetch failed");
      if (what === "lose") {
        this.answerTo(request);
        throw new TypeError("fetch failed");
      }
      if (what) return what;
    }
    return this.answerTo(request);
  };

  answerTo(request) {
    const key = request.headers["Idempotency-Key"];
    if (key && this.keys.has(key)) {
      const { body, status, content } = this.keys.get(key);
      return body === JSON.stringify(request.body) ? answer(status, content) : failure(409, "key_reused");
    }
    const [status, content] = this.route(request, request.path.split("/").filter(Boolean).map(decodeURIComponent));
    if (key && status < 300) this.keys.set(key, { body: JSON.stringify(request.body), status, content: copy(content) });
    return answer(status, content);
  }

  route({ method, query, headers, body }, [api, what, id, more]) {
    if (api === undefined) return [200, { status: "running", version: this.version }];
    if (what === "session") return this.session === null ? [401, { success: false, code: "token_invalid" }] : [200, { success: true, ...this.session }];
    if (what === "departments") return [200, { success: true, departments: [...this.departments.values()].map(({ department }) => department) }];
    if (method === "GET" && what === "events") return this.list(id, query);
    if (method === "GET" && what === "changes") return this.changes(id, query);
    if (method === "POST" && more === undefined) return this.create(id, body);
    return this.change({ method, headers, body, more }, id);
  }

  list(id, { from, to }) {
    if (!this.departments.has(id)) return [404, { success: false, code: "department_not_found" }];
    const { events, revision } = this.departments.get(id);
    const list = [...events.values()].filter((event) => from === undefined || isSeries(event) || touches(event, from, to));
    return [200, { success: true, events: copy(list), revision, cursor: this.cursor(id) }];
  }

  changes(id, { cursor }) {
    const calendar = this.departments.get(id);
    const [epoch, since] = cursor.split(":");
    if (epoch !== calendar.epoch) return [410, { success: false, code: "resync_required" }];
    return [200, { success: true, more: false, revision: calendar.revision, cursor: this.cursor(id), ...difference(calendar, Number(since)) }];
  }

  create(id, body) {
    if (!this.departments.has(id)) return [404, { success: false, code: "department_not_found" }];
    if (!body.title) return [400, { success: false, code: "validation_error", errors: [{ field: "title", message: "required" }] }];
    const known = this.departments.get(id).events.get(body.id);
    return known ? [200, { success: true, event: known }] : [201, { success: true, event: this.write(id, "event_created", body) }];
  }

  change({ method, headers, body, more }, id) {
    const [departmentId, calendar] = [...this.departments].find(([, { events }]) => events.has(id)) ?? [];
    if (more === "restore") return this.restore(id, body);
    if (!calendar) return [404, { success: false, code: "event_not_found" }];
    const current = calendar.events.get(id);
    const version = headers["If-Match"];
    if (version && version !== `"${current.version}"`) return [412, { success: false, code: "version_conflict", current, changed: ["title"] }];
    if (method === "DELETE") return this.write(departmentId, "event_deleted", { id }) && [200, { success: true, message: "" }];
    if (more === "move") {
      this.write(departmentId, "event_deleted", { id });
      return [200, { success: true, event: this.write(body.department_id, "event_created", { ...current, version: undefined }) }];
    }
    return [200, { success: true, event: this.write(departmentId, "event_updated", { ...body, id }) }];
  }

  restore(id, { revision, department_id: departmentId }) {
    const { log } = this.departments.get(departmentId);
    const entry = log.findLast(({ event }) => event.id === id && event.revision === revision);
    return entry ? [200, { success: true, event: this.write(departmentId, "event_created", entry.event) }] : [404, { success: false, code: "event_not_found" }];
  }

  /** What the library is given as `io`. */
  io = (origin, options) => new FakeSocket(this, options);

  /** Cuts every connection. */
  cut() {
    for (const socket of [...this.sockets]) socket.lose();
  }
}

function difference({ log, events }, since) {
  const ids = new Set(log.filter(({ event }) => event.revision > since).map(({ event }) => event.id));
  return { events: copy([...ids].filter((id) => events.has(id)).map((id) => events.get(id))), deleted: [...ids].filter((id) => !events.has(id)) };
}

class FakeSocket {
  listeners = new Map();
  any = [];
  connected = false;
  active = false;
  joined = new Set();
  sent = [];
  io = { _readyState: "closed" };

  constructor(server, options) {
    Object.assign(this, { server, options });
  }

  on(name, listener) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }

  onAny(listener) {
    this.any.push(listener);
  }

  fire(name, payload) {
    if (!["connect", "disconnect", "connect_error"].includes(name)) for (const listener of this.any) listener(name, payload);
    for (const listener of this.listeners.get(name) ?? []) listener(payload);
  }

  connect() {
    if (this.connected) return this;
    this.active = true;
    this.wanted = true;
    setTimeout(() => {
      if (!this.wanted || this.connected) return;
      if (this.server.down || this.server.frozen) {
        this.fire("connect_error", new Error("refused"));
        setTimeout(() => this.wanted && !this.connected && this.connect(), 20);
        return;
      }
      this.options.auth?.((auth) => (this.auth = auth));
      this.connected = true;
      this.server.sockets.add(this);
      this.fire("connect");
    }, 2);
    return this;
  }

  disconnect() {
    this.wanted = this.active = false;
    this.end();
    return this;
  }

  end() {
    if (!this.connected) return;
    this.connected = false;
    this.joined.clear();
    this.server.sockets.delete(this);
    this.fire("disconnect", "io client disconnect");
  }

  /** The network does it: socket.io-client comes back by itself. */
  lose() {
    this.end();
    setTimeout(() => this.wanted && this.connect(), 20);
  }

  /** The server refuses a connected one. socket.io-client lets go of the connection then, and goes on to call the socket connected. */
  refuse() {
    this.active = this.wanted = false;
    this.server.sockets.delete(this);
    this.fire("connect_error", new Error("Unable to connect"));
  }

  tell(departmentId, kind, message) {
    if (this.joined.has(departmentId) && !this.server.frozen) setTimeout(() => this.connected && this.fire(kind, copy(message)), 1);
  }

  emit(name, payload, acknowledge = () => {}) {
    this.sent.push([name, payload]);
    if (!this.active) return;
    const reply = this.answer(name, payload);
    if (reply && !this.server.frozen) setTimeout(() => this.connected && acknowledge(copy(reply)), 1);
  }

  answer(name, { department_id: id, cursor, from, to, events: wanted }) {
    if (name === "leave_department") return this.joined.delete(id), { department_id: id };
    if (name === "presence") return { success: true, people: [], count: 0, id: "me" };
    if (name !== "join_department") return null;
    const calendar = this.server.departments.get(id);
    if (!calendar) return { success: false, code: "department_not_found" };
    this.joined.add(id);
    const position = { department_id: id, revision: calendar.revision, cursor: this.server.cursor(id) };
    const [epoch, since] = (cursor ?? ":").split(":");
    if (epoch === calendar.epoch) return { ...position, full: false, ...difference(calendar, Number(since)) };
    const all = wanted === false ? undefined : [...calendar.events.values()].filter((event) => from === undefined || isSeries(event) || touches(event, from, to));
    return { ...position, full: true, ...(all ? { events: all } : {}), ...(from ? { window: { from, to } } : {}), ...(cursor ? { reason: "resync_required" } : {}) };
  }
}
