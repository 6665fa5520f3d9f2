// One department's calendar at a revision, as the server has it. Own waiting writes are laid over it elsewhere.
//
// `syncing`: a request is running, and live changes wait in `pending`, so that none is lost. `stale`: a change is missing.
// `held`: the days whose events are there (series always are); null: all days.

import { added, missing } from "./intervals.js";
import { isSeries, touches } from "./events.js";

const MARKS = ["cursor", "by", "by_verified"];
const isNumber = (value) => typeof value === "number";

export class HeldCalendar {
  constructor(departmentId) {
    this.departmentId = departmentId;
    this.events = new Map();
    this.revision = null;
    this.cursor = null;
    this.loaded = false;
    this.held = [];
    this.syncing = false;
    this.stale = false;
    this.pending = [];
    /** Grows with every change of `events`. */
    this.edition = 0;
    /** Ids that went while a range is being loaded, with the revision of it; null if none is. */
    this.gone = null;
  }

  beginSync() {
    this.syncing = true;
    this.stale = false;
    this.pending = [];
  }

  /** The request failed: what waited is of no use, since the next one brings it. */
  endSync() {
    this.syncing = false;
    this.stale = true;
    this.pending = [];
  }

  /** Applies the answer to a join or a list: `full: false` has the changes only, any other answer all events. */
  applyAnswer(answer) {
    const changes = answer.full === false ? this.#applyDifference(answer) : this.#replace(answer);
    this.revision = answer.revision ?? null;
    this.cursor = answer.cursor ?? null;
    this.loaded = true;
    this.syncing = this.stale = false;
    this.edition += 1;
    const pending = this.pending;
    this.pending = [];
    for (const { kind, payload } of pending) changes.push(...this.applyChange(kind, payload));
    return changes;
  }

  #applyDifference({ events, deleted = [] }) {
    const changes = deleted.flatMap((id) => this.#remove(id));
    for (const event of events) changes.push(...this.#put(event));
    return changes;
  }

  #replace({ events, window = null }) {
    const before = this.events;
    const wasLoaded = this.loaded;
    this.events = new Map();
    this.held = window === null ? null : [{ from: window.from, to: window.to }];
    if (this.gone) this.gone = null; // a range that is being loaded belongs to the state before
    const changes = events.flatMap((event) => this.#put(event, before));
    if (!wasLoaded) return [];
    for (const event of before.values()) {
      if (this.events.has(event.id)) continue;
      if (window === null || isSeries(event) || touches(event, window.from, window.to)) changes.push(changeOf("event_deleted", event, event));
    }
    return changes;
  }

  /** Applies a live message; returns what has changed. An old one changes nothing, one that skips a revision makes it stale. */
  applyChange(kind, payload) {
    if (this.syncing) {
      this.pending.push({ kind, payload });
      return [];
    }
    const { revision } = payload;
    if (isNumber(revision) && isNumber(this.revision)) {
      if (revision <= this.revision) return [];
      if (revision > this.revision + 1) {
        this.stale = true;
        return [];
      }
    }
    this.revision = revision ?? this.revision;
    this.cursor = payload.cursor ?? this.cursor;
    return kind === "event_deleted" ? this.#remove(payload.id, payload) : this.#put(payload, this.events, kind);
  }

  #put(payload, before = this.events, kind = null) {
    const old = before.get(payload.id) ?? null;
    const event = without(payload, MARKS);
    // A range that was loaded later has it in a newer form already.
    if (kind !== null && old !== null && isNumber(old.revision) && old.revision >= event.revision) return [];
    this.events.set(event.id, event);
    this.edition += 1;
    if (old !== null && old.revision === event.revision && old.version === event.version) return [];
    return [changeOf(kind ?? (old ? "event_updated" : "event_created"), event, old, payload)];
  }

  #remove(id, payload = {}) {
    const event = this.events.get(id);
    this.gone?.set(id, payload.revision ?? this.revision);
    if (event === undefined) return [];
    this.events.delete(id);
    this.edition += 1;
    return [changeOf("event_deleted", event, event, payload)];
  }

  /** Takes up what a cache has kept; the next sync goes on from its cursor. */
  restore({ events, revision, cursor, held }) {
    this.events = new Map(events.map((event) => [event.id, event]));
    Object.assign(this, { revision, cursor, held, loaded: true });
    this.edition += 1;
  }

  missing(range) {
    return this.held === null ? [] : missing(this.held, range);
  }

  /** What goes from now on is remembered until `endRange`. */
  beginRange() {
    this.gone ??= new Map();
    return this.gone;
  }

  /**
   * Takes the list of a range up. `mark` is what `beginRange` returned. Returns whether it could: not if the calendar was loaded anew
   * meanwhile, or if the list is of a server that is behind.
   */
  endRange(mark, range, { events, revision }, revisionBefore) {
    if (this.gone !== mark || revision < revisionBefore) return false;
    for (const event of events) {
      const goneAt = mark.get(event.id);
      const old = this.events.get(event.id);
      if (goneAt >= event.revision || old?.revision >= event.revision) continue;
      this.events.set(event.id, without(event, MARKS));
    }
    this.gone = null;
    if (this.held !== null) this.held = added(this.held, range);
    this.edition += 1;
    return true;
  }
}

function changeOf(kind, event, before, { by = "", by_verified: byVerified = false } = {}) {
  return { kind, event, before, by, byVerified: by !== "" && byVerified !== false, at: event.last_modified ?? "", own: false };
}

function without(object, names) {
  const copy = { ...object };
  for (const name of names) delete copy[name];
  return copy;
}
