// Opens the page without a network: keeps the files of this build, and gives out the page if the server doesn't answer.
//
// A new build is a new version of this file (build/plugins.js fills in what is in it). A page that is open is never replaced: the
// network's page comes with the next visit, as without this. Data is none of its business: the page keeps that itself.

const BUILD = "/* build */";
const FILES = [/* files */];
const PREFIX = "teamcal-page ";
const CACHE = PREFIX + BUILD;
/** A page that was opened before the last build may still load its parts. */
const KEPT = 2;
/** Milliseconds for the server to answer before the kept page is shown. */
const PATIENCE = 4_000;

const pageAddress = () => new URL("./", self.registration.scope).href;
const htmlRequest = () => new Request(pageAddress(), { headers: { Accept: "text/html" }, cache: "no-cache" });

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forgetOld().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && pathname === new URL(pageAddress()).pathname) event.respondWith(page(request));
  else if (pathname.startsWith(new URL("./web/", self.registration.scope).pathname)) event.respondWith(file(request));
});

/** Fails, and is tried again later, if the server gives out another build by now. */
async function keep() {
  const answer = await fetch(htmlRequest());
  if (!answer.ok) throw new Error(`the page: ${answer.status}`);
  const names = [...(await answer.clone().text()).matchAll(/"\.\/(web\/[^"]+\.(?:js|css))"/g)].map(([, name]) => name);
  if (names.length === 0 || names.some((name) => !FILES.includes(name))) throw new Error("the page is of another build");
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES);
  await cache.put(pageAddress(), answer);
}

async function forgetOld() {
  const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(others.slice(0, Math.max(0, others.length - (KEPT - 1))).map((name) => caches.delete(name)));
}

const kept = async () => (await caches.open(CACHE)).match(pageAddress(), { ignoreVary: true });

/** The server's page, the kept one if it can't be reached: no answer, none in time, or a proxy's that says so. */
async function page(request) {
  const asked = fetch(request).catch(() => null);
  const answer = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, PATIENCE, null))]);
  if (answer !== null && answer.status < 500) return answer;
  return (await kept()) ?? (await asked) ?? Response.error();
}

async function file(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
