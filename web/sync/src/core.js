// The inside of CalendarSync: who one is, the connection, and the calendars. Its parts are made in parts.js.

import { createEmitter } from "./emitter.js";
import { baseOf, environmentOf } from "./environment.js";
import { listenToPage } from "./page-events.js";
import { createReaders, createTransports, createWriting } from "./parts.js";
import { SESSION } from "./paths.js";
import { isNobody, personOf } from "./session.js";
import { indexedDbStorage } from "./storage/indexed-db.js";
import { withMemoryFallback } from "./storage/memory-fallback.js";
import { memoryStorage } from "./storage/memory.js";
import { createTimers } from "./timers.js";
import { createTabs } from "./writes/tabs.js";

/** Without a live connection after so long, calendars are loaded over REST; and again every so often. */
const PATIENCE = 2_000;
const POLL_EVERY = 30_000;
/** A storage that hasn't opened after so long is none. */
const OPEN_TIME = 4_000;
/** Milliseconds for which it is believed who is signed in, before own writes are sent. */
const CONFIRMED_FOR = 5_000;

export class SyncCore {
  emitter = createEmitter();
  session = null;
  shown = new Set();
  running = false;
  tried = false;
  person = null;
  entering = Promise.resolve();
  version = null;
  silence = () => {};
  confirmedAt = 0;
  tabs = null;
  keeping = true;

  constructor(options) {
    if (typeof options?.io !== "function") throw new TypeError("CalendarSync needs `io` of socket.io-client");
    this.options = options;
    this.environment = environmentOf(options.environment);
    this.timers = createTimers(this.environment);
    this.base = baseOf(options.url, this.environment.location);
    this.storage = options.storage ?? (options.storage === null || !globalThis.indexedDB ? memoryStorage() : indexedDbStorage());
    // rest, sessions, socket; bursts, calendars, cache, departments, catchUp, ranges, presence; writer, connection
    for (const create of [createTransports, createReaders, createWriting]) Object.assign(this, create(this));
  }

  async start() {
    if (this.running) return;
    this.running = true;
    this.silence = listenToPage(this.environment, { visibility: () => this.visibilityChanged(), online: () => this.socket.hurry(), leaving: () => this.cache.flush() });
    this.tabs = createTabs({ environment: this.environment, name: this.areaName(""), heard: () => this.sessions.refresh() });
    // Who one is is asked while the cache opens, and taken up after that.
    this.entering = this.openCache().catch((error) => this.emitter.emit("error", error));
    const failed = new Promise((resolve) => this.timers.later(PATIENCE, resolve, resolve));
    await Promise.race([this.sessions.refresh(), failed]);
    await this.entering;
  }

  stop() {
    if (!this.running) return;
    this.running = false;
    this.silence();
    this.tabs.close();
    this.cache.flush();
    this.cache.clear();
    this.socket.close();
    this.catchUp.clear();
    this.bursts.clear();
    this.writer.stop();
    this.timers.stop();
    this.person = null;
    this.connection.look();
  }

  show(ids) {
    const next = new Set(ids);
    const before = this.shown;
    this.shown = next;
    for (const id of before) if (!next.has(id)) this.leave(id);
    for (const id of next) if (!before.has(id)) this.join(id);
    this.connection.look();
  }

  async request(method, path, body, { headers, timeout } = {}) {
    const isSession = /^\/?api\/session\/?$/.test(path);
    const answer = await this.rest.request(method, path, { body, headers, timeout, anybody: isSession });
    if (isSession && method !== "GET" && answer.pending !== true) await this.sessions.refresh();
    this.noticed(method, path, answer);
    return answer;
  }

  // Who one is

  async openCache() {
    const main = await this.open("");
    this.cache.useMain(main);
    const last = await this.cache.last();
    if (last === null || !this.running) return;
    this.session = last.session;
    await this.usePerson(last.session);
    this.departments.adopt(last.departments);
    this.emitter.emit("session", { session: last.session, before: null });
    for (const id of this.shown) this.join(id);
  }

  open(name) {
    const full = this.areaName(name);
    const late = new Promise((_, reject) => this.timers.later(OPEN_TIME, () => reject(new Error("the storage doesn't open"))));
    return Promise.race([this.storage.open(full), late]).then(
      (area) => withMemoryFallback(area, () => this.unkept()),
      () => {
        this.unkept();
        return memoryStorage().open(full);
      },
    );
  }

  /** Own writes last no longer than the page. */
  unkept() {
    this.keeping = false;
    this.connection.look();
  }

  areaName(name) {
    return `teamcal-sync ${this.base} ${name}`.trim();
  }

  async usePerson(session) {
    this.person = personOf(session);
    const area = await this.open(this.person);
    this.cache.use(area);
    await this.writer.use(area, this.areaName(this.person));
  }

  /** The server says who one is. */
  entered(session) {
    this.entering = this.entering.then(() => this.enter(session)).catch((error) => this.emitter.emit("error", error));
  }

  async enter(session) {
    if (!this.running) return;
    const before = this.session;
    const isSame = this.person === personOf(session);
    if (!isSame && this.person !== null) {
      await this.clear();
      this.tabs.tell({ type: "session" });
    }
    this.session = session;
    this.confirmedAt = this.environment.now();
    if (isNobody(session)) {
      this.person = personOf(session);
      this.socket.disconnect();
    } else {
      if (!isSame) await this.usePerson(session);
      this.socket.connect();
      this.departments.load();
      this.lookAtVersion();
    }
    this.emitter.emit("session", { session, before });
    this.connection.look();
    if (isNobody(session)) return;
    if (!isSame) for (const id of this.shown) this.join(id);
    this.timers.later(PATIENCE, () => this.withoutConnection());
  }

  /** Somebody else sits here, or nobody: nothing of what was shown stays. His queue waits for him. */
  async clear() {
    this.writer.stop();
    await this.cache.forgetPerson();
    this.cache.clear();
    this.catchUp.clear();
    this.bursts.clear();
    this.calendars.clear();
    this.departments.clear();
    this.presence.disconnected();
    this.emitter.emit("departments", { kind: "listed", department: null });
  }

  lost() {
    if (this.running && !isNobody(this.session)) this.sessions.lost();
  }

  accessChanged({ department_id: id = null, role = null }) {
    const isAdmin = this.session?.user?.admin === true;
    if (id === null || (role === "administrator") !== isAdmin) this.lookAtSession();
    if (id === null) {
      this.departments.load();
      for (const each of this.calendars.ids()) this.sync(each);
    } else if (role !== null) this.departments.setRole(id, role);
    this.emitter.emit("access", { departmentId: id, role });
  }

  /**
   * Whether the person is still signed in whose queue it is. Tabs share a cookie: another one may have let somebody else in.
   * Rejects with SyncError if the server can't be asked.
   */
  async isStillHere() {
    if (this.session?.mode !== "token" || this.options.auth) return true;
    if (this.environment.now() - this.confirmedAt < CONFIRMED_FOR) return true;
    const { success, ...session } = await this.rest.attempt("GET", SESSION);
    if (personOf(session) !== this.person) {
      this.entered(session);
      return false;
    }
    this.confirmedAt = this.environment.now();
    return true;
  }

  /** Brings up to date what is known of who is signed in, without a new connection. */
  async lookAtSession() {
    const answer = await this.rest.attempt("GET", SESSION).catch(() => null);
    if (answer === null || this.session === null) return;
    const { success, ...session } = answer;
    if (personOf(session) !== this.person) return void this.entered(session);
    const before = this.session;
    this.session = session;
    this.emitter.emit("session", { session, before });
  }

  // The connection

  facts() {
    return {
      isNobody: isNobody(this.session),
      connected: this.running && this.socket.connected,
      tried: this.tried,
      running: this.catchUp.running,
      waiting: this.writer.waiting.length,
      keeping: this.keeping,
    };
  }

  connected() {
    const again = this.tried;
    this.tried = true;
    if (again) {
      this.departments.load();
      this.lookAtVersion();
    }
    for (const id of this.calendars.ids()) this.sync(id);
    this.writer.hurry();
    this.connection.look();
  }

  disconnected() {
    this.confirmedAt = 0;
    this.tried = true;
    this.presence.disconnected();
    this.connection.look();
  }

  /** The display name is another one: others know who is there by the name that a connection was made with. */
  renamed() {
    if (this.socket.connected) this.socket.connect();
  }

  /** The server doesn't answer. */
  async failed() {
    await this.entering;
    this.tried = true;
    this.connection.look();
  }

  /** A proxy lets no Socket.IO through, or it takes its time: REST is asked now and then. */
  withoutConnection() {
    if (!this.running || this.socket.connected || isNobody(this.session)) return;
    for (const id of this.calendars.ids()) if (!this.catchUp.isRunning(id)) this.sync(id);
    this.timers.later(POLL_EVERY, () => this.withoutConnection());
  }

  visibilityChanged() {
    this.presence.visibilityChanged();
    this.socket.hurry();
    this.writer.hurry();
    if (this.environment.document?.visibilityState === "hidden") this.cache.flush();
  }

  async lookAtVersion() {
    const { version } = await this.rest.attempt("GET", "").catch(() => ({}));
    if (typeof version !== "string") return;
    if (this.version !== null && version !== this.version) this.emitter.emit("newversion", { version });
    this.version ??= version;
  }

  // Calendars

  async join(id) {
    if (this.person === null || isNobody(this.session)) return;
    this.calendars.add(id);
    if (await this.cache.load(id)) {
      this.writer.baseChanged(id);
      this.bursts.add(id, []);
    }
    if (this.calendars.has(id) && !this.catchUp.isRunning(id) && (this.socket.connected || this.tried)) this.sync(id);
  }

  leave(id) {
    if (!this.calendars.delete(id)) return;
    this.catchUp.forget(id);
    this.bursts.forget(id);
    this.socket.tell("leave_department", { department_id: id });
    this.presence.left(id);
    this.ranges.synced(id);
  }

  sync(id) {
    if (this.calendars.has(id) && !isNobody(this.session)) this.catchUp.sync(id);
  }

  heard(kind, payload) {
    const id = payload?.department_id;
    const calendar = this.calendars.held(id);
    if (!calendar) return;
    const changes = calendar.applyChange(kind, payload);
    this.applied(id, changes, false);
    if (calendar.stale) this.sync(id);
  }

  caughtUp(id, changes) {
    this.applied(id, changes, true);
    this.bursts.add(id, []);
    this.ranges.synced(id);
    if (this.socket.connected) this.presence.joined(id);
  }

  applied(id, changes, caughtUp) {
    for (const change of changes) change.own = this.writer.isOwn(change);
    this.writer.baseChanged(id);
    this.cache.changed(id);
    if (changes.length > 0) this.bursts.add(id, changes, caughtUp);
  }

  listChanged(message) {
    this.emitter.emit("departments", message);
    if (this.session !== null && this.departments.listed) this.cache.remember(this.session, this.departments.all);
  }

  forget(id, department = this.departments.all.get(id) ?? null) {
    if (this.shown.has(id)) this.shown = new Set([...this.shown].filter((each) => each !== id));
    this.leave(id);
    this.cache.drop(id);
    this.emitter.emit("gone", { departmentId: id, department });
  }

  /** What this client does to departments itself is known before the live message. */
  noticed(method, path, answer) {
    if (!/^\/?api\/departments(\/[^/]+)?\/?$/.test(path.split("?")[0])) return;
    if (method === "DELETE") this.departments.apply("department_deleted", { id: decodeURIComponent(path.split("?")[0].split("/").filter(Boolean).at(-1)) }, true);
    else if (method !== "GET" && answer.department) this.departments.apply("department_updated", answer.department, true);
  }
}
