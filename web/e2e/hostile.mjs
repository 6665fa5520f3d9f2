// What strangers write into every field, on every screen: node e2e/hostile.mjs URL [short] [LINK]
//
// Nothing runs, the Content-Security-Policy has nothing to report, and no text turns what stands around it. LINK is what the log
// of a server with AUTH_MODE=token shows for the first administrator.
import assert from "node:assert/strict";
import { complaints, follow, online, visit, write } from "./browser.mjs";
import { leave, middle, SCREENS, sender, settled, SIGNED_IN, useDepartment } from "./house.mjs";

const [url, ...rest] = process.argv.slice(2);
const isShort = rest.includes("short");
const link = rest.find((each) => each.startsWith("http"));
const HIT = "globalThis.hit=1";
const PAYLOADS = {
  script: `</title></script><script>${HIT}</script>`,
  handler: `"><img src=x onerror="${HIT}"><svg onload=${HIT}>`,
  attribute: `' onmouseover='${HIT}' autofocus onfocus='${HIT}' x='`,
  template: "{{constructor.constructor('globalThis.hit=1')()}} ${globalThis.hit=1} {name} {이/가} {count:a/b} %s $& __proto__",
  turned: "\u202e\u2067opsiwt\u202e \u05e9\u05dc\u05d5\u05dd \u200f!",
  unseen: "a\u200b\u200d\u2060\ufeffb 👩‍👩‍👧‍👦🏳️‍🌈 e\u0301\u0327 \u115f\u3164",
  entities: "&lt;img src=x onerror=globalThis.hit=1&gt; &#x3c;script&#x3e; <!--<img src=x onerror=globalThis.hit=1>-->",
};
const ADDRESSES = ["javascript:globalThis.hit=1", "data:text/html,<script>globalThis.hit=1</script>", " JaVaScRiPt:globalThis.hit=1", "vbscript:x", "https://example.com/\"onmouseover=globalThis.hit=1"];
const LONG = `<b onclick=${HIT}>`.repeat(600);
let send = sender(url);
let house;

/** Sends, and takes a refusal as an answer: some payloads are none of what a field takes. */
const tried = (...request) => send(...request).catch((error) => {
  assert.doesNotMatch(error.message, /: 5\d\d /, error.message);
  return null;
});

async function seed() {
  const ids = {};
  for (const [kind, payload] of Object.entries(PAYLOADS)) {
    const made = await tried("POST", "/api/departments", { name: payload.slice(0, 90), description: payload });
    if (made) ids[kind] = made.department.id;
  }
  const [first] = Object.values(ids);
  let number = 0;
  for (const payload of Object.values(PAYLOADS)) {
    const text = (most) => payload.slice(0, most);
    const fields = { title: text(200), event_date: middle, location: text(200), people: [text(50).replaceAll(",", " ")], categories: [text(50).replaceAll(",", " ")], description: payload, url: ADDRESSES[number % ADDRESSES.length] };
    // One after the other: a field that refuses its payload doesn't save the others from theirs.
    const made = await tried("POST", `/api/events/${first}`, fields, payload);
    if (!made) for (const field of Object.keys(fields).slice(2)) await tried("POST", `/api/events/${first}`, { title: text(200), event_date: middle, [field]: fields[field] }, payload);
    await tried("POST", `/api/events/${first}`, { title: text(200), event_date: middle, time: text(50) }, payload);
    await tried("POST", `/api/events/${first}`, { title: text(200), event_date: middle, start_time: "10:00", recurrence: "FREQ=WEEKLY", description: payload }, payload);
    if (!link) await tried("POST", "/api/holidays", { date: middle, name: text(90), name_en: text(90) });
    else await tried("POST", "/api/users", { login: `user${number}`, name: text(90), password: "correct horse battery" });
    number += 1;
  }
  for (const address of ADDRESSES) await tried("POST", `/api/events/${first}`, { title: address, event_date: middle, url: address }, address);
  await tried("POST", `/api/events/${first}`, { title: LONG, event_date: middle });
  await tried("POST", `/api/events/${first}`, { title: "10 kB", event_date: middle, description: LONG.slice(0, 10_000), location: LONG.slice(0, 200) });
  for (const lone of ["\ud83d", "a\udc00b"]) await tried("POST", `/api/events/${first}`, { title: `${lone}!`, event_date: middle, description: lone });
  // What the screens of house.mjs look for.
  for (const fields of [{ title: "주간 회의", start_time: "10:00", description: PAYLOADS.handler }, { title: "제주 워크숍", categories: [PAYLOADS.attribute.slice(0, 40)] }, { title: "한 줄 보고", start_time: "09:30", recurrence: "FREQ=WEEKLY" }, { title: "같은 날 6" }]) {
    await send("POST", `/api/events/${first}`, { event_date: middle, ...fields }, PAYLOADS.handler.slice(0, 90));
  }
  useDepartment(first);
  return { send, ids: { "개발팀": first, "인사팀": first, ...ids } };
}

/** In the page: what a policy reports, and whether something ran. */
function watch() {
  globalThis.reports = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => globalThis.reports.push(`${violatedDirective} ${blockedURI} ${sourceFile}`));
}

/** Nothing ran, nothing was reported, and nothing of what was typed became an element or an address that runs. */
async function harmless(page, where) {
  const found = await page.evaluate(() => ({
    hit: globalThis.hit, reports: globalThis.reports,
    elements: [...document.querySelectorAll("img, iframe, object, embed, b[onclick], [onerror], [onload], [onmouseover], [onfocus], script:not([src]), main script")].map((each) => each.outerHTML.slice(0, 100)),
    addresses: [...document.querySelectorAll("[href], [src], [action], [formaction]")].map((each) => each.getAttribute("href") ?? each.getAttribute("src") ?? "").filter((each) => /^\s*(javascript|data|vbscript):/i.test(each)),
  }));
  assert.deepEqual(found, { hit: undefined, reports: [], elements: [], addresses: [] }, where);
}

/** Opens every screen; those that can't be opened with such names are faults too. */
async function walk(page, screens) {
  let count = 0;
  for (const [name, open] of Object.entries(screens)) {
    if (name === "day sheet" || (isShort && count++ % 4)) continue;
    await page.goto(`${url}?${name.replaceAll(" ", "-")}#/${middle}/month`);
    await online(page).catch(async (error) => { throw new Error(`${name}: ${await page.getAttribute("#connection", "data-state")} ${complaints.join()} ${error.message}`); });
    await settled(page);
    await page.waitForSelector("#calendar .event");
    await open(page, house).catch((error) => { throw new Error(`${name}: ${error.message}`); });
    // Over everything with the pointer, for what only runs then.
    await page.evaluate(() => { for (const each of document.querySelectorAll("main *, dialog[open] *, [popover] *")) for (const type of ["mouseover", "focus", "click"]) if (type !== "click" || each.hasAttribute("onclick")) each.dispatchEvent(new MouseEvent(type, { bubbles: false })); });
    await harmless(page, name);
    await leave(page);
  }
}

/** Each text that came from outside stands in something that lets it turn only itself. */
async function turnsNothing(page) {
  const free = await page.evaluate(() => {
    const turns = /[\u0590-\u08ff\u202a-\u202e\u2066-\u2069]/;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faults = [];
    while (walker.nextNode()) {
      const { parentElement: at, data } = walker.currentNode;
      if (!turns.test(data) || at.closest("script, style, option, textarea, datalist") || at.getClientRects().length === 0 || at.closest("#announcement")) continue;
      // A whole line in brackets of its own was filled in by wording.js.
      if (/^[^\u0590-\u08ff\u202a-\u202e]*\u2068[^\u202a-\u202e\u2066\u2067]*\u2069[^\u0590-\u08ff\u202a-\u202e]*$/.test(data)) continue;
      let isolates = false;
      for (let each = at; each && !isolates; each = each.parentElement) {
        isolates = /isolate|plaintext/.test(getComputedStyle(each).unicodeBidi);
        // A block by itself, with nothing of the page's own beside it.
        if (!isolates && getComputedStyle(each).display !== "inline") { isolates = each.dir === "auto" || each.textContent === data; break; }
      }
      if (!isolates) faults.push(`${at.localName}.${at.className}: ${JSON.stringify(data.slice(0, 80))}`);
    }
    return [...new Set(faults)];
  });
  assert.deepEqual(free, []);
}

async function everywhere(page, screens, check) {
  for (const [name, open] of Object.entries(screens)) {
    await page.goto(`${url}?t-${name.replaceAll(" ", "-")}#/${middle}/month`);
    await online(page);
    await page.waitForSelector("#calendar .event");
    await open(page, house);
    await check(page).catch((error) => { throw new Error(`${name}: ${error.message}`); });
  }
}

const pick = (...names) => Object.fromEntries(names.map((name) => [name, SCREENS[name]]));
const screens = link ? SIGNED_IN : SCREENS;

const steps = {
  async "every field takes what strangers write, or refuses it"(page) {
    if (link) {
      await write(page, "setup-dialog", { login: "admin", name: PAYLOADS.handler.slice(0, 60), password: "correct horse battery" });
      await online(page);
      const { secret } = await page.evaluate(async () => (await fetch("api/tokens", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ kind: "app", name: "<img src=x onerror=globalThis.hit=1>" }) })).json());
      send = sender(url, { Authorization: `Bearer ${secret}` });
    }
    house = await seed();
    await page.addInitScript(watch);
await page.reload();
    await online(page);
    await page.locator("#select-all").click();
  },
  "nothing of it runs on any screen": (page) => walk(page, screens),
  async "nothing turns what stands around it"(page) {
    await everywhere(page, link ? screens : isShort ? pick("list", "month") : pick("month", "week", "day", "list", "people", "departments", "notices", "search", "history", "deleted", "popover", "event dialog", "deleting a department", "import report"), turnsNothing);
  },
  async "names of one's own, and lines of quick entry"(page) {
    if (link || isShort) return "elsewhere";
    await page.goto(`${url}?names#/${middle}/month`);
    await online(page);
    for (const payload of Object.values(PAYLOADS)) {
      await page.click("#account");
      await page.fill("#name-input", payload.replace(/\n/g, " ").slice(0, 90));
      await page.click("#name-form [type=submit]");
      await page.keyboard.press("Escape");
      await page.fill(".quick-input", `내일 3시 ${payload}`);
      await page.waitForSelector("#quick-preview:visible");
      await harmless(page, payload);
      await page.fill(".quick-input", "");
    }
  },
  async "on paper"(page) {
    if (link) return "elsewhere";
    await page.goto(`${url}?print#/${middle}/month`);
    await online(page);
    await page.waitForSelector("#calendar .event");
    await page.emulateMedia({ media: "print" });
    assert.ok((await page.pdf({ format: "A4", landscape: true })).length > 5_000);
    await harmless(page, "print");
    await page.emulateMedia({ media: "screen" });
  },
  async "in the feed, and in the files that go out"() {
    const id = house.ids["개발팀"];
    const feed = await fetch(new URL(`/api/departments/${id}/calendar.ics`, url));
    if (link) return "elsewhere";
    assert.match(feed.headers.get("content-type"), /^text\/calendar/);
    assert.match(feed.headers.get("x-content-type-options") ?? "", /nosniff/);
    const text = await feed.text();
    // Each line is a property: nothing that was typed begins one.
    for (const line of text.replace(/\r\n[ \t]/g, "").split("\r\n").filter(Boolean)) assert.match(line, /^[A-Z][A-Z0-9-]*[;:]/, line.slice(0, 100));
    assert.doesNotMatch(text.replace(/\r\n[ \t]/g, ""), /^URL[;:].*(javascript|vbscript|data):/im);
    const table = await fetch(new URL(`/api/departments/${id}/calendar.csv`, url));
    assert.match(table.headers.get("content-type"), /^text\/csv/);
    assert.match(table.headers.get("content-disposition") ?? "", /attachment/);
  },
  async "on the page that describes the API"(page) {
    await page.goto(new URL(`/docs?q=${encodeURIComponent(PAYLOADS.handler)}#${encodeURIComponent(PAYLOADS.script)}`, url).href);
    await page.waitForLoadState("networkidle");
    assert.equal(await page.evaluate(() => globalThis.hit), undefined);
    assert.deepEqual(await page.evaluate(() => globalThis.reports), []);
  },
};

await follow(steps, [await visit(link ?? url, link ? { reached: "#setup-dialog[open]" } : {})]);
assert.deepEqual(complaints, []);
