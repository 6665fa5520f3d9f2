// How the page calls who is here. Pure.

import { isNobody, isTokenMode, isUser } from "./rights.js";

/** Returns `{key, values}`, a text, or `{values: {name}, isName}` if it is the bare name. `own` is the name that one gives oneself. */
export function shownName(session, own) {
  if (isNobody(session)) return { key: "sign_in" };
  if (isUser(session)) return { values: { name: session.user.name }, isName: true };
  if (isTokenMode(session) && session.kind !== "passcode") return own ? { key: "guest_of", values: { name: own } } : { key: "guest" };
  if (own) return { values: { name: own }, isName: true };
  return { key: isTokenMode(session) ? "by_passcode" : "name_missing" };
}
