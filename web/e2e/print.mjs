// Calendars on paper: node e2e/print.mjs URL LANGUAGE FOLDER
//
// Prints the sample office's month, a long month of six weeks with many events a day, a week, and people and departments by days as PDF
// into FOLDER; each has to be one sheet that holds all of it. Also for a dark screen: paper is white.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { NOW, openOffice } from "../storyboard/office.mjs";

const [url, language, folder] = process.argv.slice(2);
const office = await openOffice(url, language);
// August 2026 begins on a Saturday: six weeks.
const operations = Array.from({ length: 200 }, (_, number) => ({
  op: "create", event: { title: `${language === "ko" ? "고객사 정기 점검 및 보고" : "Regular customer visit and report"} ${number + 1}`, event_date: `2026-08-${String((number % 31) + 1).padStart(2, "0")}`, start_time: `${String(9 + (number % 9)).padStart(2, "0")}:00` },
}));
await office.send("POST", `/api/events/${office.ids.dev}/batch`, { operations });
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu"] });
// Lines and weeks: of the long month all 200 events, of whom August 30 and 31 in the sixth week.
const LINES = { month: { lines: 43, weeks: 5 }, long: { lines: 200, weeks: 6 }, week: { lines: 0, weeks: 0 }, people: { lines: 0, weeks: 0 }, departments: { lines: 0, weeks: 0 } };
const SHEETS = { month: "2026-10-14/month", long: "2026-08-01/month", week: "2026-10-14/week", people: "2026-10-14/people", departments: "2026-10-14/departments" };
// Millimetres in pixels, of what a sheet's margins leave.
const WIDTH = (279 / 25.4) * 96;

/** Of a table by days: what sticks out of the sheet, or of its own box. */
const cutOff = (page) => page.evaluate((width) => {
  const table = document.querySelector(".planner:not([hidden])");
  if (!table) return [];
  const sticksOut = [...table.querySelectorAll("th, td, .title")].filter((each) => each.scrollWidth > each.clientWidth + 2 && getComputedStyle(each).display !== "inline");
  const isWide = table.getBoundingClientRect().width > width + 1;
  return [...(isWide ? [`${table.getBoundingClientRect().width} px wide`] : []), ...sticksOut.map((each) => each.textContent)];
}, WIDTH);

for (const [name, place] of Object.entries(SHEETS)) {
  const context = await browser.newContext({ locale: language === "ko" ? "ko-KR" : "en-US", timezoneId: "Asia/Seoul", colorScheme: name === "month" ? "dark" : "light", viewport: { width: 1440, height: 900 } });
  await context.clock.setFixedTime(NOW);
  await context.addInitScript(() => localStorage.setItem("teamcal.name", "김민지"));
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  await page.goto(`${url}/#/${place}`);
  await page.locator("#main [data-event]").first().waitFor();
  await page.waitForSelector('#connection[data-state="live"]');
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  await page.setViewportSize({ width: Math.floor(WIDTH), height: 700 });
  assert.deepEqual(await cutOff(page), [], name);
  const file = await page.pdf({ path: join(folder, `${name}-${language}.pdf`), preferCSSPageSize: true, printBackground: false });
  const sheets = file.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
  console.log(`${name} ${language}: ${sheets} sheets`);
  assert.equal(sheets, 1, name);
  // The sheet is emptied after printing; what it held is seen by an own fill.
  const titles = await page.evaluate(() => {
    dispatchEvent(new Event("beforeprint"));
    const paper = document.getElementById("paper");
    return { lines: paper.querySelectorAll("li").length, weeks: paper.querySelectorAll("tbody tr").length };
  });
  assert.deepEqual(titles, LINES[name], name);
  await context.close();
}
await browser.close();
