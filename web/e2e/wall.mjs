// A display on a wall runs for a week, of which each half hour is passed over: node e2e/wall.mjs URL
//
// It shows the right day after each midnight and the new month after its first, changes of others too; what it holds doesn't grow.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { openOffice } from "../storyboard/office.mjs";

const [url] = process.argv.slice(2);
const office = await openOffice(url, "ko");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
const context = await browser.newContext({ locale: "ko-KR", timezoneId: "Asia/Seoul", viewport: { width: 1920, height: 1080 } });
const START = new Date("2026-10-27T23:10:00+09:00");
await context.clock.install({ time: START });
await context.addInitScript(() => {
  localStorage.setItem("teamcal.name", "벽걸이");
  const [set, clear] = [globalThis.setInterval, globalThis.clearInterval];
  globalThis.intervals = new Set();
  globalThis.setInterval = (...given) => {
    const id = set(...given);
    globalThis.intervals.add(id);
    return id;
  };
  globalThis.clearInterval = (id) => {
    globalThis.intervals.delete(id);
    clear(id);
  };
});
const page = await context.newPage();
page.setDefaultTimeout(40_000);
const complaints = [];
page.on("pageerror", (error) => complaints.push(error.message));
const devtools = await context.newCDPSession(page);
await devtools.send("Performance.enable");
await page.goto(`${url}/#/2026-10-27/month/wall`);
await page.locator("#main [data-event]").first().waitFor();

async function held() {
  await page.waitForSelector('#connection[data-state="live"]', { state: "attached" });
  await devtools.send("HeapProfiler.collectGarbage");
  const { metrics } = await devtools.send("Performance.getMetrics");
  const values = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  return { heap: values.JSHeapUsedSize / 1e6, nodes: values.Nodes, listeners: values.JSEventListeners, intervals: await page.evaluate(() => globalThis.intervals.size) };
}

const dayOf = (hours) => new Date(START.getTime() + (hours + 9) * 3_600_000).toISOString().slice(0, 10);
let after = null;
for (let half = 1; half <= 7 * 48; half += 1) {
  await page.clock.fastForward(1_800_000);
  if (half % 8 === 0) await office.send("PUT", `/api/events/${office.events.due.id}`, { location: `${half}` }, office.name("junho"));
  if (half % 48 !== 4) continue;
  const day = dayOf(half / 2);
  await page.waitForSelector(`#calendar [role=gridcell].today[data-date="${day}"]`, { state: "attached" });
  assert.equal(await page.textContent("#range"), `${day.slice(0, 4)}년 ${Number(day.slice(5, 7))}월`);
  // What is held in the first days and at the end is that of the same month's grid.
  if (half > 5 * 48 && after === null) after = await held();
  console.log(`ok - ${day}`);
}
const end = await held();
console.log(`# after five days ${JSON.stringify(after)}, after seven ${JSON.stringify(end)}`);
assert.ok(end.heap <= after.heap * 1.1 + 0.5, "heap");
assert.ok(end.nodes <= after.nodes * 1.1 + 50, "nodes");
assert.ok(end.listeners <= after.listeners * 1.1 + 5, "listeners");
assert.ok(end.intervals <= after.intervals, "intervals");
assert.deepEqual(complaints, []);
await browser.close();
