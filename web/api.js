// The REST client. A request that is safe to repeat is repeated when the network or the database fails.

const TIMEOUT = 10_000;
const PAUSES = [400, 1_500];

/** A request that failed. `status` 0 means that no answer came, so a write may or may not have been applied. */
export class ApiError extends Error {
  constructor(status, body = {}) {
    super(body.message ?? "");
    this.status = status;
    this.code = body.code ?? (status === 0 ? "network_failed" : `http_${status}`);
    this.errors = body.errors ?? [];
    this.current = body.current ?? null;
  }

  get uncertain() {
    return this.status === 0 || this.status >= 500;
  }
}

/** Returns a UUID, also on pages over plain http, where `crypto.randomUUID` doesn't exist. */
export function newId(crypto = globalThis.crypto) {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const ifMatch = (version) => (version === undefined || version === null ? {} : { "If-Match": `"${version}"` });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function createApi({ language, fetch = globalThis.fetch.bind(globalThis), wait = pause }) {
  async function attempt(method, path, body, headers) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT);
    try {
      const response = await fetch(path, {
        method,
        headers: {
          Accept: "application/json",
          "Accept-Language": language,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        signal: abort.signal,
      });
      const answer = await response.json().catch(() => ({}));
      if (response.ok) return answer;
      const error = new ApiError(response.status, answer);
      error.retryAfter = Number(response.headers.get("Retry-After")) || 0;
      throw error;
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(0);
    } finally {
      clearTimeout(timer);
    }
  }

  async function request(method, path, { body, version, repeatable = true } = {}) {
    for (const rest of [...PAUSES, null]) {
      try {
        return await attempt(method, path, body, ifMatch(version));
      } catch (error) {
        const worthIt = error.status === 0 || error.status === 502 || error.status === 503 || error.status === 504;
        if (!repeatable || !worthIt || rest === null) throw error;
        await wait(Math.max(rest, Math.min(error.retryAfter ?? 0, 5) * 1000) * (0.75 + Math.random() / 2));
      }
    }
  }

  const at = (...segments) => `/api/${segments.map(encodeURIComponent).join("/")}`;

  return {
    departments: async () => (await request("GET", at("departments"))).departments,
    // Not repeatable: the server makes the id, so a repeat would fail because the first try took the name.
    createDepartment: async (body) =>
      (await request("POST", at("departments"), { body, repeatable: false })).department,
    deleteDepartment: (id) => deletion(() => request("DELETE", at("departments", id)), "department_not_found"),
    /** Returns `{events, revision?, cursor?}`, like the answer to a join. */
    events: (departmentId) => request("GET", at("events", departmentId)),
    /** The caller chooses `event.id`, so a repeat creates no second event. */
    createEvent: async (departmentId, event) =>
      (await request("POST", at("events", departmentId), { body: event })).event,
    updateEvent: async (id, fields, version) => (await request("PUT", at("events", id), { body: fields, version })).event,
    deleteEvent: (id, version) => deletion(() => request("DELETE", at("events", id), { version }), "event_not_found"),
    moveEvent: async (id, departmentId) =>
      (await request("POST", at("events", id, "move"), { body: { department_id: departmentId } })).event,
  };
}

/** Succeeds also if the item is gone already: the first try may have deleted it, or somebody else. */
async function deletion(send, goneCode) {
  try {
    await send();
  } catch (error) {
    if (error.code !== goneCode && error.code !== "event_deleted") throw error;
  }
}
