// The name that one gives oneself where nobody signs in. It stays in this browser, and goes along with every change.

import { readStored, store } from "./stored.js";

const REMEMBERED = "teamcal.name";
const MOST = 100;

/** Returns a name as the server takes it: one line without control characters, at most 100 characters. */
export const cleanName = (name) => [...name.replace(/[\p{Cc}\p{Cs}]/gu, " ").trim()].slice(0, MOST).join("").trim();

export function createName() {
  let name = readStored(REMEMBERED);
  return {
    get: () => cleanName(name ?? ""),
    /** Whether it was said that there is a name, or that there is to be none. */
    isSettled: () => name !== null,
    set(value) {
      name = cleanName(value);
      store(REMEMBERED, name);
    },
  };
}
