// CalendarSync: what a user of the library calls. See index.d.ts.

import { SyncCore } from "./core.js";

export class CalendarSync {
  #core;

  constructor(options) {
    this.#core = new SyncCore(options);
  }

  get session() { return this.#core.session; }
  get connection() { return this.#core.connection.current; }
  get departments() { return this.#core.departments.all; }
  get listed() { return this.#core.departments.listed; }
  get shown() { return this.#core.shown; }
  get waiting() { return this.#core.writer.waiting; }
  get version() { return this.#core.version; }

  on(type, listener) { return this.#core.emitter.on(type, listener); }
  off(type, listener) { this.#core.emitter.off(type, listener); }

  start() { return this.#core.start(); }
  stop() { this.#core.stop(); }
  show(ids) { this.#core.show(ids); }

  calendar(departmentId) { return this.#core.calendars.view(departmentId); }
  range(from, to) { return this.#core.ranges.want(from, to); }
  occurrences(range) { return this.#core.calendars.occurrences(range); }
  find(id) { return this.#core.calendars.find(id); }

  create(departmentId, fields) { return this.#core.writer.create(departmentId, fields); }
  update(event, fields, { scope } = {}) { return this.#core.writer.update(event, fields, scope); }
  remove(event, { scope } = {}) { return this.#core.writer.remove(event, scope); }
  move(event, departmentId) { return this.#core.writer.move(event, departmentId); }
  restore(eventId, revision, departmentId) { return this.#core.writer.restore(eventId, revision, departmentId); }
  undo(write) { return this.#core.writer.undo(write); }
  discard(writeId) { return this.#core.writer.discard(writeId); }

  request(method, path, body, options) { return this.#core.request(method, path, body, options); }
  address(path) { return this.#core.rest.address(path); }

  renamed() { this.#core.renamed(); }
  refreshSession() { return this.#core.sessions.refresh(); }

  presence(departmentId) { return this.#core.presence.of(departmentId); }
  editing(departmentId, eventId) { this.#core.presence.editing(departmentId, eventId); }
}
