// What pages of other origins can do to a running server: node e2e/foreign-pages.mjs CONFIG
//
// CONFIG is JSON: own (the page's URL), foreign and friends (URLs of empty pages, without and with an entry in
// CORS_ORIGINS), rebound (the page's URL under a name that isn't the server's), names (name → address, for the
// browser), direct (the server for this program), cookies and headers (of the person who visits all of them, and of
// this program). Prints JSON: what succeeded, by page.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const config = { foreign: [], friends: [], rebound: null, names: {}, cookies: [], headers: {}, ...JSON.parse(process.argv[2]) };
const rules = Object.entries(config.names).map(([name, address]) => `MAP ${name} ${address}`).join(",");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--ignore-certificate-errors",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", `--host-resolver-rules=${rules}`,
    // What only Chromium has: it would ask its user before a page of the internet reaches this machine.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
  ],
});
const context = await browser.newContext({ locale: "ko-KR", ignoreHTTPSErrors: true });
await context.addCookies(config.cookies);
let number = 0;

async function direct(path, options = {}) {
  const answer = await fetch(config.direct + path, { ...options, headers: { "Content-Type": "application/json", ...config.headers } });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

const names = async () => (await direct("/api/departments")).departments.map((one) => one.name);
const fresh = () => `부서 ${(number += 1)}`;
const base = (url) => url.replace(/\/$/, "");

// Each returns whether the page got what it wanted. They run in the page, `server` is the base of the addresses.
const reads = {
  "fetch": (page, server) => page.evaluate(async (url) => (await fetch(url)).json().then((body) => body.success), `${server}/api/departments`),
  "fetch with cookies": (page, server) => page.evaluate(async (url) => (await fetch(url, { credentials: "include" })).json().then((body) => body.success), `${server}/api/departments`),
  "image": (page, server) => page.evaluate((url) => new Promise((done) => {
    const image = new Image();
    image.onload = () => done(true);
    image.onerror = () => done(false);
    image.src = url;
  }), `${server}/api/departments`),
  "script": (page, server) => page.evaluate((url) => new Promise((done) => {
    const script = document.createElement("script");
    script.onload = () => done(true);
    script.onerror = () => done(false);
    script.src = url;
    document.head.append(script);
  }), `${server}/api/departments`),
  "frame": (page, server) => page.evaluate((url) => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => {
      try { done(frame.contentDocument.body.innerText.includes("departments")); } catch { done(false); }
    };
    frame.src = url;
    document.body.append(frame);
  }), `${server}/api/departments`),
  "polling": (page, server) => page.evaluate(async (url) => (await (await fetch(url)).text()).startsWith("0{"), `${server}/socket.io/?EIO=4&transport=polling`),
  "websocket": (page, server) => page.evaluate((url) => new Promise((done) => {
    const socket = new WebSocket(url);
    socket.onmessage = () => done(true);
    socket.onclose = socket.onerror = () => done(false);
  }), `${server.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`),
};

const send = (method, type, mode) => (page, server, name, id) => page.evaluate(
  ([url, method, type, mode, name]) => fetch(url, {
    method, mode, credentials: mode === "no-cors" ? "include" : "same-origin", headers: { "Content-Type": type }, body: method === "DELETE" ? undefined : JSON.stringify({ name }),
  }),
  [`${server}/api/departments${method === "POST" ? "" : `/${id}`}`, method, type, mode, name],
);
const form = (encoding) => async (page, server, name) => {
  const answered = page.waitForResponse((response) => response.request().method() === "POST", { timeout: 10_000 });
  await page.evaluate(([url, encoding, name]) => {
    const [frame, form, input] = ["iframe", "form", "input"].map((tag) => document.createElement(tag));
    frame.name = `frame ${name}`;
    Object.assign(form, { action: url, method: "POST", enctype: encoding, target: frame.name });
    Object.assign(input, encoding === "text/plain" ? { name: `{"name": "${name}", "x": "`, value: '"}' } : { name: "name", value: name });
    form.append(input);
    document.body.append(frame, form);
    form.submit();
  }, [`${server}/api/departments`, encoding, name]);
  return (await answered).status();
};
const writes = {
  "POST": send("POST", "application/json", "cors"),
  "PUT": send("PUT", "application/json", "cors"),
  "DELETE": send("DELETE", "application/json", "cors"),
  "plain POST": send("POST", "text/plain", "no-cors"),
  "urlencoded form": form("application/x-www-form-urlencoded"),
  "multipart form": form("multipart/form-data"),
  "plain form": form("text/plain"),
  "POST with cookies": (page, server, name) => page.evaluate(
    ([url, name]) => fetch(url, { method: "POST", credentials: "include", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name }) }),
    [`${server}/api/departments`, name],
  ),
  "beacon": (page, server, name) => page.evaluate(async ([url, body]) => {
    navigator.sendBeacon(url, body);
    await new Promise((done) => setTimeout(done, 300));
  }, [`${server}/api/departments`, JSON.stringify({ name })]),
};

// What a page of `url` can do to the server at `server`.
async function tried(url, server, rebound = false) {
  const succeeded = [], statuses = new Set();
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("response", (response) => response.request().method() === "POST" && statuses.add(response.status()));
  // The name led to the other's own server when the page came from there.
  if (rebound) await page.route(url, (route) => route.fulfill({ contentType: "text/html", body: "<body></body>" }), { times: 1 });
  await page.goto(url);
  for (const [name, read] of Object.entries(reads)) {
    if (await read(page, server).catch(() => false)) succeeded.push(`read by ${name}`);
  }
  for (const [name, write] of Object.entries(writes)) {
    const victim = (await direct("/api/departments", { method: "POST", body: JSON.stringify({ name: fresh() }) })).department;
    const before = await names();
    await write(page, server, fresh(), victim.id).catch(() => {});
    if (JSON.stringify(await names()) !== JSON.stringify(before)) succeeded.push(`write by ${name}`);
  }
  await page.close();
  return { succeeded, statuses: [...statuses].sort() };
}

// The own page as a person uses it: online by websocket, a department made in its dialog.
async function used(url) {
  const page = await context.newPage();
  const complaints = [];
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => /Content Security Policy|Refused to|blocked/.test(message.text()) && complaints.push(message.text()));
  await page.goto(url);
  await page.waitForSelector('#connection[data-state="live"]');
  const name = fresh();
  await page.click("#new-department");
  await page.fill("#department-dialog [name=name]", name);
  await page.click("#department-dialog [type=submit]");
  await page.waitForSelector("#department-dialog", { state: "hidden" });
  assert.ok((await names()).includes(name));
  assert.deepEqual(complaints, []);
  await page.close();
}

try {
  await used(config.own);
  const results = {};
  for (const url of [...config.foreign, ...config.friends]) results[url] = await tried(url, base(config.own));
  if (config.rebound) results[config.rebound] = await tried(config.rebound, base(config.rebound), true);
  console.log(JSON.stringify(results));
} finally {
  await browser.close();
}
