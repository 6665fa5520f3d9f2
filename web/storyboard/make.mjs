// Makes pictures of the page's screens: node storyboard/make.mjs URL LANGUAGE FOLDER [--format webp|png] [--only name,name] [--sizes 1440,360] [--themes light,dark]
//
// URL is a server on which nothing was done yet. Fails when a screen can't be made, or the browser complains.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { NOW, openOffice } from "./office.mjs";
import { SCREENS } from "./screens.mjs";

const { values, positionals: [url, language, folder] } = parseArgs({
  allowPositionals: true,
  options: { format: { type: "string", default: "webp" }, only: { type: "string" }, sizes: { type: "string", default: "1440,360" }, themes: { type: "string", default: "light,dark" } },
});
const HEIGHTS = { 1440: 900, 360: 740 };
const names = values.only ? values.only.split(",") : Object.keys(SCREENS);
const complaints = [];

async function picture(page, file) {
  if (values.format === "png") return page.screenshot({ path: `${file}.${language}.png` });
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 82 });
  return writeFileSync(`${file}.${language}.webp`, Buffer.from(data, "base64"));
}

async function context(browser, width, theme) {
  const made = await browser.newContext({
    locale: language === "ko" ? "ko-KR" : "en-US", timezoneId: "Asia/Seoul", colorScheme: theme, viewport: { width, height: HEIGHTS[width] ?? 900 },
    deviceScaleFactor: width < 700 ? 2 : 1, hasTouch: width < 700, isMobile: width < 700, reducedMotion: "reduce",
  });
  await made.clock.setFixedTime(NOW);
  return made;
}

async function screen(browser, name, { office, width, theme }) {
  const made = await context(browser, width, theme);
  await made.addInitScript((own) => localStorage.setItem("teamcal.name", own), office.name("minji"));
  const page = await made.newPage();
  page.setDefaultTimeout(Number(process.env.E2E_TIMEOUT ?? 20_000));
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  page.on("console", (message) => name !== "offline" && ["error", "warning"].includes(message.type()) && complaints.push(`${name}: ${message.text()}`));
  try {
    const after = await SCREENS[name](page, { url, office, language, isPhone: width < 700 });
    await page.waitForFunction(() => document.fonts.status === "loaded");
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await picture(page, join(folder, `${name}-${theme}-${width}`));
    await after?.();
  } catch (error) {
    await picture(page, join(folder, `failed-${name}-${theme}-${width}`));
    complaints.push(`${name} ${language} ${theme} ${width}: ${error.message}`);
  }
  await made.close();
}

mkdirSync(folder, { recursive: true });
const office = await openOffice(url, language);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"],
});
for (const width of values.sizes.split(",").map(Number)) {
  for (const theme of values.themes.split(",")) for (const name of names) await screen(browser, name, { office, width, theme });
}
await browser.close();
console.log(`${language}: ${names.length} screens`);
if (complaints.length > 0) {
  console.log(complaints.join("\n"));
  process.exitCode = 1;
}
