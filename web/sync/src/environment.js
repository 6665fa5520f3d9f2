// What the library takes from the platform. A test, or a runtime that lacks something, may give its own.

/** @param {object} [given] replacements by name */
export function environmentOf(given = {}) {
  const { document, window } = globalThis;
  return {
    fetch: globalThis.fetch?.bind(globalThis),
    setTimeout: globalThis.setTimeout.bind(globalThis),
    clearTimeout: globalThis.clearTimeout.bind(globalThis),
    now: () => Date.now(),
    random: Math.random,
    BroadcastChannel: isNode() ? undefined : globalThis.BroadcastChannel,
    document,
    window,
    location: globalThis.location,
    ...given,
  };
}

// Node's BroadcastChannel keeps the process alive, and there are no tabs to tell.
const isNode = () => typeof globalThis.process?.versions?.node === "string" && typeof globalThis.document === "undefined";

/** Returns the server's address with a slash at its end. Raises TypeError if there is none. */
export function baseOf(url, location) {
  if (!url && !location?.href) throw new TypeError("CalendarSync needs `url` where there is no page");
  const base = new URL(url ?? ".", location?.href);
  base.hash = base.search = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base.href;
}

/** Whether somebody can see the page; true where there is none. */
export const isVisible = ({ document }) => document === undefined || document.visibilityState !== "hidden";
