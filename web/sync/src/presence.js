// Who looks at a department, and who edits an event right now. Nothing of it is stored.

import { isVisible } from "./environment.js";

/** How long a page may be in the background until one counts as gone from it. */
const AWAY_AFTER = 60_000;

/**
 * `shown()` returns the ids of the departments that this client has joined, `changed(departmentId)` is called when others come or go.
 * Not `enabled`: this client doesn't say that it is there, and hears of nobody.
 */
export function createPresence({ socket, timers, environment, enabled, shown, changed }) {
  const people = new Map();
  const edited = new Map();
  let away = false;
  let cancelAway = () => {};

  const mayTell = () => enabled && !away;

  async function tell(departmentId) {
    if (!mayTell() || !socket.connected) return;
    const eventId = edited.get(departmentId) ?? null;
    hear(await socket.emit("presence", { department_id: departmentId, event_id: eventId }), departmentId);
  }

  function hear(message, departmentId = message?.department_id) {
    if (!Array.isArray(message?.people) || !shown().includes(departmentId)) return;
    const own = message.id ?? people.get(departmentId)?.own ?? null;
    people.set(departmentId, { own, people: message.people, count: message.count ?? message.people.length });
    changed(departmentId);
  }

  function leave(departmentId) {
    if (enabled) socket.tell("presence", { department_id: departmentId, leave: true });
  }

  function visibilityChanged() {
    cancelAway();
    if (!isVisible(environment)) {
      cancelAway = timers.later(AWAY_AFTER, () => {
        for (const id of shown()) leave(id);
        away = true;
      });
    } else if (away) {
      away = false;
      for (const id of shown()) tell(id);
    }
  }

  return {
    hear,
    visibilityChanged,
    /** A department was joined, after a reconnect too. */
    joined: tell,
    left(departmentId) {
      edited.delete(departmentId);
      if (people.delete(departmentId)) changed(departmentId);
      leave(departmentId);
    },
    /** Without a connection one doesn't know who is there. */
    disconnected() {
      const ids = [...people.keys()];
      people.clear();
      for (const id of ids) changed(id);
    },
    editing(departmentId, eventId) {
      if ((edited.get(departmentId) ?? null) === eventId) return;
      if (eventId === null) edited.delete(departmentId);
      else edited.set(departmentId, eventId);
      tell(departmentId);
    },
    /** The others; one's own connection isn't among them. */
    of(departmentId) {
      const { own = null, people: all = [], count = 0 } = people.get(departmentId) ?? {};
      const others = all.filter(({ id }) => id !== own);
      const editing = new Map();
      for (const { event_id: eventId, ...person } of others) {
        if (eventId) editing.set(eventId, [...(editing.get(eventId) ?? []), person]);
      }
      const looking = others.map(({ event_id, ...person }) => person);
      return { looking, editing, count: Math.max(count - (own === null ? 0 : 1), looking.length) };
    },
  };
}
