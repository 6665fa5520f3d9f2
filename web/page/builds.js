// The page's own files: kept for a time without a network where the browser allows that, and a newer build offered.

const CHECK_EVERY = 10 * 60_000;
/** Milliseconds after the first connection: what one looks at comes first. */
const SETTLED = 3_000;

/** Returns the addresses of a build's files that a page names, in order. */
export function filesOf(page, base) {
  const names = [...page.querySelectorAll("script[src], link[rel=modulepreload], link[rel=stylesheet], link[rel=icon]")].map((node) => node.getAttribute("src") ?? node.getAttribute("href"));
  return names.map((name) => new URL(name, base).href).sort().join(" ");
}

// Before any part that is loaded later adds its own.
const own = globalThis.document ? filesOf(document, document.baseURI) : "";

/**
 * `offer()` is called once when the server has another build than this page's. `warm()` loads what a time without a network needs and
 * a browser that keeps no page doesn't have yet.
 */
export function watchBuild({ sync, offer, warm }) {
  let checkedAt = 0;
  let isOffered = false;
  let isKept = false;

  async function check() {
    checkedAt = Date.now();
    const newer = await theirs().catch(() => null);
    if (newer === null || newer === own || isOffered) return;
    isOffered = true;
    offer();
  }

  function live() {
    check();
    if (isKept) return;
    isKept = true;
    setTimeout(() => keep().catch(warm), SETTLED);
  }

  let isDue = true;
  function look({ state }) {
    if (state === "offline" || state === "signed_out") isDue = true;
    if (state !== "live" || !isDue) return;
    isDue = false;
    live();
  }
  sync.on("connection", look);
  document.addEventListener("visibilitychange", () => !document.hidden && isKept && Date.now() - checkedAt > CHECK_EVERY && check());
}

/** The files of the build that the server has; null if it can't say. */
async function theirs() {
  const answer = await fetch("./", { headers: { Accept: "text/html" }, cache: "no-cache" });
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("script[src]") ? filesOf(page, document.baseURI) : null;
}

/** Over plain http, and where storing is forbidden, there is no service worker. */
async function keep() {
  if (!globalThis.isSecureContext || !navigator.serviceWorker) throw new Error("no service worker");
  await navigator.serviceWorker.register("./sw.js", { updateViaCache: "none" });
}
