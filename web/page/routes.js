// The REST routes beside events, by name. `request` is that of CalendarSync: it answers a failure with a SyncError.

import { newId } from "../sync/index.js";

const UPLOAD_TIMEOUT = 120_000;
const typeOf = ({ name }) => (/\.ics$/i.test(name) ? "text/calendar" : /\.csv$/i.test(name) ? "text/csv" : "application/octet-stream");
const at = (...segments) => `/api/${segments.map(encodeURIComponent).join("/")}`;
const withQuery = (path, query) => `${path}?${new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined))}`;

/** `sync` is a CalendarSync; only its `request` and `address` are used. */
export function createRoutes(sync) {
  const get = (path) => sync.request("GET", path);
  const send = (method, path, body) => sync.request(method, path, body);
  let last = { asked: "", key: "" };

  /** The same once more is made once: a browser repeats what broke on its way, and so does whoever got no answer. */
  async function sendOnce(method, path, body) {
    const asked = JSON.stringify([method, path, body]);
    if (asked !== last.asked) last = { asked, key: newId() };
    const answer = await sync.request(method, path, body, { headers: { "Idempotency-Key": last.key } });
    last = { asked: "", key: "" };
    return answer;
  }

  return {
    // Departments
    createDepartment: async (body) => (await sendOnce("POST", at("departments"), body)).department,
    editDepartment: async (id, body) => (await sendOnce("PUT", at("departments", id), body)).department,
    deleteDepartment: (id) => unless("department_not_found", () => send("DELETE", at("departments", id))),
    /** Returns `{access, roles, has_passcode, users}`, users being all who could have a role. */
    access: (id) => get(at("departments", id, "access")),
    setAccess: (id, body) => send("PUT", at("departments", id, "access"), body),
    /** Returns `{total, months, weekdays, categories, …}` of the days; of all days without them. */
    statistics: async (id, range = {}) => (await get(withQuery(at("departments", id, "stats"), range))).stats,
    /** Returns the job that has begun. A second one would say that nothing was new, so it is sent once. */
    importFile: async (id, file) =>
      (await sync.request("POST", at("departments", id, "import"), file, { headers: { "Content-Type": typeOf(file) }, timeout: UPLOAD_TIMEOUT })).job,
    /** Returns the job, with its report from entry number `from` on. */
    importJob: async (id, from) => (await get(withQuery(at("imports", id), { from }))).job,
    /** The absolute address of a department's calendar; `kind` is ics or csv. */
    feed: (id, kind = "ics") => sync.address(`${at("departments", id)}/calendar.${kind}`),

    // Events
    /** Returns events of a department that have `words` in them, or all; series as one. */
    found: async (id, words, limit) => (await get(withQuery(at("events", id), { q: words, limit, series: true }))).events,
    history: async (eventId) => (await get(at("events", eventId, "history"))).history,
    /** Returns the newest changes of a department, newest first. */
    newestChanges: async (id, newest) => (await get(withQuery(at("changes", id), { newest, series: true }))).changes,

    // Who one is
    /** The address of the page, with what its fragment says. */
    page: (fragment = "") => sync.address(`/${fragment}`),
    /** Where one signs in with a company account. */
    provider: (returnTo) => sync.address(withQuery("/auth/oidc", { return_to: returnTo })),
    /** `{login, password}`, `{department_id, passcode}` or `{setup, login, name, password}`. */
    signIn: (body) => send("POST", at("session"), body),
    signOut: () => send("DELETE", at("session")),
    /** Returns the name of the program that shows the code. */
    device: async (code) => (await get(at("devices", code))).name,
    confirmDevice: async (code) => (await send("POST", at("devices", code))).name,
    tokens: async () => (await get(at("tokens"))).tokens,
    /** Returns `{token, secret}`; the secret isn't to be had again. */
    issueToken: (body) => send("POST", at("tokens"), body),
    revokeToken: (id) => unless("token_not_found", () => send("DELETE", at("tokens", id))),
    users: async () => (await get(at("users"))).users,
    createUser: async (body) => (await send("POST", at("users"), body)).user,
    editUser: async (id, body) => (await send("PATCH", at("users", id), body)).user,
  };
}

/** Succeeds also if what is to go is gone already: the first try may have done it, or somebody else. */
async function unless(code, work) {
  try {
    await work();
  } catch (error) {
    if (error.code !== code) throw error;
  }
}
