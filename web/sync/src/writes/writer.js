// Own writes: laid over the calendars at once, kept in the queue, sent exactly once.

import { isVisible } from "../environment.js";
import { SyncError } from "../errors.js";
import { newId } from "../ids.js";
import { createConflicts, decided } from "./conflicts.js";
import { createOverlay } from "./overlay.js";
import { createOwn } from "./own.js";
import { createQueueStore } from "./queue-store.js";
import { advance, chainOf, shownOf } from "./records.js";
import { createSender } from "./sender.js";
import { createSettling } from "./settling.js";
import { createTabs } from "./tabs.js";
import { inverses } from "./undo.js";
import { recordsOf } from "./new-records.js";

const LOOK_EVERY = 3_000;
/** Bytes of the writes that may wait, as JSON in UTF-8: about 3,000. A further one is refused. */
const MOST_WAITING = 4 * 1024 * 1024;
const EVENTS = { create: ["event_created"], update: ["event_updated"], remove: ["event_deleted"], move: ["event_deleted", "event_created"], restore: ["event_created"] };

/** What becomes of a write that the user gives up. */
const DISCARDED = { status: 409, body: { code: "discarded" } };

/** See calendar-sync.js for `on`. */
export function createWriter({ rest, timers, environment, calendars, onConflict, isLive, isOwners, on }) {
  const tab = newId();
  const handles = new Map();
  const own = createOwn();
  const conflicts = createConflicts({ ask: onConflict });
  let store = null;
  let tabs = null;
  let records = [];
  let unsaved = [];
  let edition = 0;
  let shown = [];
  let cancelLook = () => {};

  const settling = createSettling({ timers, calendars, isLive, behind: on.behind, dropped: (ids) => redraw(ids) });
  const all = () => [...records, ...unsaved];
  const sender = createSender({
    rest, timers, environment,
    queue: { records: () => records, store: () => store, adopt, changed: () => tabs?.tell({ type: "changed" }), isHeld: (id) => conflicts.isAsking(id), isOwners },
    isHere: () => isVisible(environment),
    on: { done, refused, conflict, state: told, signedOut: (error) => on.signedOut(error), lost: () => conflicts.clear() },
  });
  const layOver = createOverlay({
    edition: () => edition,
    entriesOf: (id) => [...settling.entries(), ...all().map((record) => ({ record, result: null }))].filter(({ record }) => departmentsOf(record).includes(id)),
  });

  // The queue

  async function use(area, name) {
    stop();
    store = createQueueStore({ area, tab, now: environment.now });
    tabs = createTabs({ environment, name, heard });
    await refresh();
    sender.start();
    look();
  }

  function stop() {
    sender.stop();
    conflicts.clear();
    tabs?.close();
    cancelLook();
    settling.clear();
    store = tabs = null;
    records = [];
    edition += 1;
    told();
  }

  function adopt(after) {
    const saved = new Set(after.map(({ id }) => id));
    unsaved = unsaved.filter(({ id }) => !saved.has(id));
    const before = new Map(records.map((record) => [record.id, record]));
    const isSame = after.length === records.length && after.every((record) => JSON.stringify(record) === JSON.stringify(before.get(record.id)));
    if (isSame) return;
    const gone = records.filter(({ id }) => !saved.has(id));
    records = after;
    for (const { id } of gone) conflicts.void(id);
    // Another tab has the answer, and has left it for this one.
    if (gone.some(({ id }) => handles.has(id))) timers.later(0, () => store && refresh());
    redraw([...gone, ...after].flatMap(departmentsOf));
    told();
  }

  /** Without a BroadcastChannel another tab's writes and answers are seen by looking. */
  function look() {
    cancelLook = timers.later(LOOK_EVERY, async () => {
      const mine = store;
      if (mine && (records.length > 0 || handles.size > 0)) await refresh(mine);
      if (mine === store) look();
    });
  }

  async function refresh(mine = store) {
    const { records: after, outcomes = [] } = await mine.load().catch(() => ({ records }));
    if (mine !== store || store === null) return;
    for (const { write, record, event, remarks, error } of outcomes) {
      if (error) reject(write, new SyncError(error.status, error.body));
      else if (handles.has(write)) settled(record, event, remarks);
    }
    adopt(after);
    tellRefused();
    sender.pump();
  }

  async function heard(message) {
    if (message.type === "settled") settled(message.record, message.event, message.answer);
    if (message.type === "refused") reject(message.id, new SyncError(message.status, message.body));
    if (store) await refresh();
  }

  // What becomes of a write

  async function done(record, event, answer) {
    const mine = store;
    const result = event ?? (record.kind === "remove" ? null : record.event);
    const { overlaps = [], dropped_exceptions = [] } = answer;
    const remarks = { overlaps, dropped_exceptions };
    const outcome = { record, event: result, remarks };
    const { settled: wasThere, records: after } = await mine.settle(record.id, outcome, (_, successors) => advance(record, result, successors));
    if (mine !== store) return;
    if (wasThere) {
      settled(record, result, remarks);
      tabs.tell({ type: "settled", record, event: result, answer: remarks });
    }
    adopt(after);
  }

  function settled(record, event, remarks) {
    own.settled(record, event);
    settling.add(record, event);
    edition += 1;
    for (const id of [record.id, ...(record.folded ?? [])]) {
      const handle = handles.get(id);
      if (!handle) continue;
      handles.delete(id);
      handle.write.remarks = remarks;
      handle.result = event;
      handle.resolve(event ?? record.event);
    }
    redraw(departmentsOf(record));
  }

  async function refused(record, error) {
    const mine = store;
    const { replaced, records: after } = await mine.replace(record.id, (first, successors) => {
      if (first.key !== record.key) return [first, ...successors]; // another tab has decided it meanwhile
      const refusal = { state: "refused", error: { status: error.status, body: error.body } };
      return [{ ...first, ...refusal }, ...successors.map((next) => (record.kind === "create" ? { ...next, ...refusal } : next))];
    });
    if (mine !== store || replaced === null) return;
    adopt(after);
    await tellRefused();
    tabs?.tell({ type: "changed" });
  }

  /** Refused writes stay in the queue until somebody was told, so that a page that goes in between doesn't swallow one. */
  async function tellRefused() {
    const mine = store;
    for (const record of records.filter(({ state }) => state === "refused")) {
      const { settled: wasThere, records: after } = await mine.settle(record.id, { error: record.error });
      if (mine !== store) return;
      if (wasThere) {
        const error = new SyncError(record.error.status, record.error.body);
        reject(record.id, error);
        on.refused(shownOf(record), error);
        tabs?.tell({ type: "refused", id: record.id, ...record.error });
      }
      adopt(after);
    }
  }

  function reject(id, error) {
    handles.get(id)?.reject(error);
    handles.delete(id);
  }

  async function conflict(record, error) {
    const mine = store;
    const successors = records.filter(({ chain, seq }) => chain === record.chain && seq > record.seq);
    let decision;
    try {
      decision = await conflicts.about(record, successors, error);
    } catch (failure) {
      return refused(record, failure);
    }
    if (decision === null || mine !== store) return;
    const theirs = error.code === "version_conflict" ? error.current : null;
    const { replaced, records: after } = await mine.replace(record.id, (first, chain) => (first.key === record.key ? decided(first, chain, decision, theirs) : [first, ...chain]), { error: DISCARDED });
    if (mine !== store || replaced === null) return;
    for (const { id } of replaced) reject(id, new SyncError(DISCARDED.status, DISCARDED.body));
    adopt(after);
    tabs.tell({ type: "changed" });
  }

  // What is shown

  function redraw(ids) {
    edition += 1;
    for (const id of new Set(ids)) on.changed(id, []);
  }

  function told() {
    const now = all().map((record) => shownOf({ ...record, state: conflicts.isAsking(record.id) ? "asking" : record.state }, sender.isSending(record.id)));
    if (now.length === 0 && shown.length === 0) return;
    if (JSON.stringify(now) === JSON.stringify(shown)) return;
    shown = Object.freeze(now);
    on.waiting(shown);
  }

  // New writes

  function enqueue(record) {
    const chained = { ...own.renamed(record), id: newId(), tab, at: new Date(environment.now()).toISOString(), state: "waiting", sent: false, tries: 0 };
    const full = own.versioned({ ...chained, key: chained.id, chain: chainFor(chained.target) }, all());
    const write = { id: full.id, kind: full.kind, departmentId: full.departmentId, event: full.event, before: full.before, fields: full.fields, scope: full.scope, series: full.series, at: full.at, remarks: null };
    write.done = new Promise((resolve, reject) => handles.set(full.id, { write, resolve, reject, result: null }));
    write.done.catch(() => {}); // who doesn't wait for it hears of it by "refused"
    if (bytesOf([...all(), full]) > MOST_WAITING) {
      queueMicrotask(() => drop(full, "queue_full"));
      return write;
    }
    unsaved = [...unsaved, full];
    edition += 1;
    for (const [index, id] of departmentsOf(full).entries()) on.changed(id, changesOf(full, EVENTS[full.kind][index] ?? EVENTS[full.kind][0]));
    told();
    save(full);
    return write;
  }

  /** Of an event that isn't known here, only its id is. */
  function changesOf({ event, before, at }, kind) {
    return event.title === undefined ? [] : [{ kind, event: { ...event, pending: true }, before, by: "", byVerified: false, at, own: true }];
  }

  /** A series that isn't stored yet, the second half of a split, is in the chain of the first half. */
  function chainFor(target) {
    const chain = chainOf(target);
    return all().find(({ newId: id }) => id === chain)?.chain ?? chain;
  }

  let saving = Promise.resolve();
  function save(record) {
    const mine = store;
    saving = saving.then(async () => {
      if (mine !== store || store === null) return drop(record, "stopped");
      try {
        adopt((await mine.add(record)).records);
      } catch {
        return drop(record, "storage_failed"); // full, say
      }
      tabs?.tell({ type: "changed" });
      sender.pump();
    });
  }

  /** It can't be kept, so it isn't sent either: the user has to know. */
  function drop(record, code) {
    unsaved = unsaved.filter(({ id }) => id !== record.id);
    const error = new SyncError(0, { code });
    reject(record.id, error);
    redraw(departmentsOf(record));
    told();
    if (code !== "stopped") on.refused(shownOf(record), error);
  }

  const make = recordsOf({ find: (id) => calendars.find(id), enqueue });

  return {
    get waiting() { return shown; },
    use,
    stop,
    hurry: () => sender.hurry(),
    lay: (id, calendar) => layOver(id, calendar),
    baseChanged(id) {
      if (settling.prune(id)) edition += 1;
    },
    isOwn: (change) => own.isOwn(change, [...all(), ...settling.entries().map(({ record }) => record)]),
    ...make,
    /** The inverse of a write: one or more new ones. Returns the last. */
    undo(write) {
      const result = handles.get(write.id)?.result ?? own.resultOf(write.id);
      let last = null;
      for (const inverse of inverses(write, result, make)) last = inverse();
      return last;
    },
    async discard(id) {
      const mine = store;
      const { replaced, records: after } = await mine.replace(id, (record, successors) => (record.sent ? [record, ...successors] : []), { error: DISCARDED });
      if (!replaced?.length || mine !== store) return false;
      for (const { id: each } of replaced) reject(each, new SyncError(DISCARDED.status, DISCARDED.body));
      adopt(after);
      tabs?.tell({ type: "changed" });
      return true;
    },
  };
}

const encoder = new TextEncoder();
const bytesOf = (records) => encoder.encode(JSON.stringify(records)).length;

/** The departments whose calendars a write changes. */
const departmentsOf = ({ departmentId, to }) => (to && to !== departmentId ? [departmentId, to] : [departmentId]);
