// Who one is: asks the server, again after a sign-in or when the server doesn't know one any more.

import { SESSION } from "./paths.js";
import { backoff } from "./timers.js";

const AGAIN = 3_000;

export const isNobody = (session) => session?.mode === "token" && session.kind === "nobody";
/** Whose changes carry a name that he says himself. */
export const namesHimself = (session) => session !== null && session.kind !== "nobody" && session.kind !== "user";

/** Names the person for whom a queue and a cache are kept. */
export function personOf(session) {
  if (session.mode !== "token") return "open";
  if (session.kind === "user") return `user ${session.user?.id}`;
  if (session.kind === "passcode") return `passcode ${[...(session.departments ?? [])].sort().join(" ")}`;
  return session.kind ?? "nobody";
}

/** The headers with which a request says who one is, by the options of CalendarSync. */
export function headersOf({ auth, language, name }, session) {
  const token = auth?.()?.token;
  const given = namesHimself(session) ? (name?.() ?? "") : "";
  return {
    ...(language ? { "Accept-Language": language } : {}),
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
    ...(given ? { "X-Display-Name": encodeURIComponent(given) } : {}),
  };
}

/** The same for a connection of Socket.IO. */
export function credentialsOf({ auth, name }, session) {
  const token = auth?.()?.token;
  const given = namesHimself(session) ? (name?.() ?? "") : "";
  return token || given ? { ...(token ? { token } : {}), ...(given ? { name: given } : {}) } : undefined;
}

/**
 * `changed(session)` is called with each answer, `failed()` when the server can't say who one is.
 */
export function createSession({ rest, timers, environment, changed, failed }) {
  let asking = null;
  let lastEnd = 0;

  /** Asks the server until it answers. Several calls at once are one. */
  function refresh(pause = 0) {
    asking ??= ask(pause).finally(() => (asking = null));
    return asking;
  }

  async function ask(pause) {
    if (pause > 0) await timers.pause(pause);
    for (let tries = 0; ; tries += 1) {
      try {
        const { success, ...session } = await rest.attempt("GET", SESSION);
        changed(session);
        return session;
      } catch (error) {
        if (error.code === "stopped") return null;
        // The cookie is of a session that has ended: it is given back.
        if (error.status === 401 && tries === 0) await rest.attempt("DELETE", SESSION).catch(() => {});
        else if (error.status === 401) return ended();
        else {
          failed();
          await timers.pause(backoff(tries + 1, { first: 1_000, most: 10_000, random: environment.random }));
        }
      }
    }
  }

  /** Only a program gets here, whose token has ended: without a cookie the server knows guests at best. */
  function ended() {
    const session = { mode: "token", kind: "nobody", user: null };
    changed(session);
    return session;
  }

  return {
    refresh: () => refresh().catch(() => null),
    get isAsking() {
      return asking !== null;
    },
    /** The server says that one is nobody. A server that says yes and no in turn isn't asked all the time. */
    async lost() {
      if (asking) return;
      const soon = environment.now() - lastEnd < AGAIN;
      lastEnd = environment.now();
      await refresh(soon ? AGAIN : 0).catch(() => null);
    },
  };
}
