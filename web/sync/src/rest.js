// REST requests. One that is safe to repeat is repeated when the network or the database fails.

import { SyncError } from "./errors.js";

const TIMEOUT = 10_000;
const UPLOAD_TIMEOUT = 120_000;
const PAUSES = [400, 1_500];
/** Seconds: what may be asked again so soon after a 429 is asked again. */
const SOON = 5;
/** What a proxy answers by itself while the server is away. */
const AWAY = new Set([502, 503, 504]);

/**
 * `headers()` are those of every request; `unauthorized(error)` is called when the server wants one to sign in.
 * @returns {{attempt: Function, request: Function, address: (path: string) => string}}
 */
export function createRest({ base, environment, timers, headers = () => ({}), unauthorized = () => {} }) {
  const address = (path) => new URL(path.replace(/^\/+/, ""), base).href;

  /** One request. Resolves with the answer's JSON; rejects with SyncError. */
  async function attempt(method, path, { body, headers: own = {}, timeout } = {}) {
    const file = isFile(body);
    const abort = new AbortController();
    const cancel = timers.later(timeout ?? (file ? UPLOAD_TIMEOUT : TIMEOUT), () => abort.abort(), () => abort.abort());
    try {
      const response = await environment.fetch(address(path), {
        method,
        headers: { Accept: "application/json", ...typeOf(body, file), ...headers(), ...own },
        body: file || body === undefined ? body : JSON.stringify(body),
        cache: "no-store",
        signal: abort.signal,
      });
      return await answerOf(response);
    } catch (error) {
      throw error instanceof SyncError ? error : new SyncError(0, { message: error?.message });
    } finally {
      cancel();
    }
  }

  async function request(method, path, { repeatable = method === "GET", anybody = false, ...options } = {}) {
    for (const rest of [...PAUSES, null]) {
      try {
        return await attempt(method, path, options);
      } catch (error) {
        if (error.status === 401 && !anybody) unauthorized(error);
        if (rest === null || !mayRepeat(error, repeatable)) throw error;
        await timers.pause(Math.max(rest, Math.min(error.retryAfter, SOON) * 1_000) * (0.75 + environment.random() / 2));
      }
    }
  }

  return { attempt, request, address };
}

function mayRepeat(error, repeatable) {
  if (error.status === 429) return error.retryAfter <= SOON;
  return repeatable && (error.status === 0 || AWAY.has(error.status));
}

const isFile = (body) => typeof Blob !== "undefined" && body instanceof Blob;

function typeOf(body, file) {
  if (body === undefined) return {};
  if (!file) return { "Content-Type": "application/json" };
  const name = body.name ?? "";
  return { "Content-Type": /\.ics$/i.test(name) ? "text/calendar" : /\.csv$/i.test(name) ? "text/csv" : body.type || "application/octet-stream" };
}

async function answerOf(response) {
  const answer = await response.json().catch(() => null);
  const isObject = answer !== null && typeof answer === "object";
  // A page of a hotel's network, say: the request hasn't reached the server.
  if (response.ok && !isObject) throw new SyncError(0, { message: "no JSON" });
  if (response.ok) return answer;
  throw new SyncError(response.status, isObject ? answer : {}, Number(response.headers.get("Retry-After")) || 0);
}
