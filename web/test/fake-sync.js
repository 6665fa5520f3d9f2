// A CalendarSync that keeps everything in memory, as far as the page's rooms need one in tests.

/** `departments` are `{id, name}`, `events` records. `answer(write)` is what the server makes of a write; it may throw. */
export function createFakeSync({ departments = [{ id: "d", name: "개발팀" }, { id: "e", name: "영업팀" }], events = [], answer = null } = {}) {
  const listeners = new Map();
  const held = new Map(events.map((event) => [event.id, event]));
  const writes = [];
  let count = 0;

  function on(type, listener) {
    listeners.set(type, [...(listeners.get(type) ?? []), listener]);
    return () => listeners.set(type, listeners.get(type).filter((each) => each !== listener));
  }
  const emit = (type, payload) => (listeners.get(type) ?? []).forEach((listener) => listener(payload));

  function write(kind, event, more = {}) {
    const before = held.get(event.id) ?? null;
    const write = { id: `op${(count += 1)}`, kind, departmentId: event.department_id, event, before, fields: null, scope: null, remarks: null, ...more };
    if (kind === "remove") held.delete(event.id);
    else held.set(event.id, { ...event, pending: true });
    write.done = Promise.resolve().then(() => (answer ? answer(write) : event)).then((stored) => {
      if (kind !== "remove") held.set(event.id, { ...stored, version: (before?.version ?? 0) + 1 });
      return held.get(event.id) ?? event;
    });
    writes.push(write);
    return write;
  }

  const merged = (event, fields) => Object.fromEntries(Object.entries({ ...event, ...fields }).filter(([, value]) => value !== null));

  return {
    writes, emit, on, held,
    departments: new Map(departments.map((each) => [each.id, each])),
    shown: new Set(departments.map(({ id }) => id)),
    connection: { state: "live", waiting: 0, since: new Date() },
    calendar: (id) => ({ events: new Map([...held].filter(([, event]) => event.department_id === id)), loaded: true }),
    find: (id) => held.get(id),
    create: (departmentId, fields) => write("create", { id: `new${count}`, time: "", description: "", url: "", ...fields, department_id: departmentId }, { fields }),
    update: (event, fields, { scope = null } = {}) => write("update", merged(event, fields), { fields, scope }),
    remove: (event, { scope = null } = {}) => write("remove", event, { scope }),
    move: (event, departmentId) => write("move", { ...event, department_id: departmentId }),
    undo(done) {
      if (!done.before) return write("remove", done.event);
      return write("update", done.before);
    },
    presence: () => ({ looking: [], editing: new Map() }),
    editing() {},
    /** Somebody else has changed an event, or deleted it (null). */
    others(id, event, by = "김철수") {
      const before = held.get(id) ?? null;
      if (event) held.set(id, event);
      else held.delete(id);
      emit("changed", {
        departmentId: (event ?? before).department_id, caughtUp: false,
        changes: [{ kind: event ? "event_updated" : "event_deleted", event: event ?? before, before, by, own: false }],
      });
    },
  };
}
