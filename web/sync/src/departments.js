// The list of departments: loaded, kept up to date by live messages.

import { isSignedOut } from "./errors.js";
import { DEPARTMENTS } from "./paths.js";
import { backoff } from "./timers.js";

/** `on`: departments(message), gone(department), signedOut(error). */
export function createDepartments({ rest, timers, environment, on }) {
  const departments = new Map();
  let listed = false;
  let turn = null;
  let messages = 0;

  /** Loads the list, and tries again until it succeeds; a newer call replaces an older one. */
  async function load(tries = 0) {
    const mine = (turn = Symbol("list"));
    try {
      const list = await newest(mine);
      if (turn === mine) adopt(list);
    } catch (error) {
      if (turn !== mine || error.code === "stopped") return;
      if (isSignedOut(error)) on.signedOut(error);
      else timers.later(backoff(tries + 1, { first: 1_000, most: 15_000, random: environment.random }), () => turn === mine && load(tries + 1));
    }
  }

  /** A message that arrives during the request may be newer than the list. */
  async function newest(mine) {
    for (;;) {
      const seen = messages;
      const { departments: list } = await rest.request("GET", DEPARTMENTS);
      if (seen === messages || turn !== mine) return list;
    }
  }

  function adopt(list) {
    const ids = new Set(list.map(({ id }) => id));
    for (const department of [...departments.values()]) if (!ids.has(department.id)) remove(department);
    departments.clear();
    for (const department of list) departments.set(department.id, department);
    listed = true;
    on.departments({ kind: "listed", department: null });
  }

  function remove(department) {
    departments.delete(department.id);
    on.gone(department);
  }

  /** Takes up a live message, or what this client did itself. */
  function apply(kind, payload, own = false) {
    messages += 1;
    const before = departments.get(payload.id) ?? null;
    if (kind === "department_deleted") {
      if (before === null) return;
      remove(before);
      on.departments({ kind, department: before, before, own });
      return;
    }
    // Live messages are the same for all: the role in it is in the list only.
    const { revision, cursor, by, by_verified, ...department } = payload;
    const after = { ...department, ...(before?.role && !department.role ? { role: before.role } : {}) };
    if (before !== null && JSON.stringify(before) === JSON.stringify(after)) return;
    departments.set(payload.id, after);
    on.departments({ kind: before === null ? "department_created" : "department_updated", department: after, before, own });
  }

  return {
    all: departments,
    get listed() {
      return listed;
    },
    load: () => load(),
    adopt,
    apply,
    setRole(id, role) {
      const department = departments.get(id);
      if (!department || department.role === role) return;
      departments.set(id, { ...department, role });
      on.departments({ kind: "department_updated", department: departments.get(id), before: department });
    },
    clear() {
      turn = null;
      listed = false;
      departments.clear();
    },
  };
}
