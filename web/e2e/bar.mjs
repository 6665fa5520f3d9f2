// Everything in the bar is within the screen, however wide that is: node e2e/bar.mjs URL
import assert from "node:assert/strict";
import { follow, visit } from "./browser.mjs";

const url = process.argv[2];
// The longest titles: a week over the end of a month, and over the end of a year.
const PLACES = ["2026-09-30/month", "2026-11-30/week", "2026-12-28/week", "2026-11-25/day", "2026-11-25/people"];
const LEAST_LINE = 120;

const measure = () => {
  const shown = [...document.querySelectorAll(".bar :is(button, input)")].filter((each) => each.checkVisibility());
  const far = shown.filter((each) => each.getBoundingClientRect().right > innerWidth).map((each) => each.id || each.textContent);
  return { far, isWider: document.documentElement.scrollWidth > innerWidth, line: document.querySelector(".quick-input").getBoundingClientRect().width };
};

const inLanguage = async (locale, page) => {
  for (const place of PLACES) {
    await page.setViewportSize({ width: 320, height: 800 });
    await page.goto(`${url}/#/${place}`);
    for (let width = 320; width <= 1920; width += 40) {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      const { far, isWider, line } = await page.evaluate(measure);
      assert.deepEqual([far, isWider], [[], false], `${locale} ${place} ${width}`);
      assert.ok(line >= LEAST_LINE, `${locale} ${place} ${width}: the line is ${line} px`);
    }
  }
};

const people = [];
for (const locale of ["ko-KR", "en-US"]) {
  const page = await visit(url, { locale });
  await page.fill("#name-input", "김하늘 Longname");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#name-form", { state: "hidden" });
  people.push(page);
}
await follow({ "in Korean": (page) => inLanguage("ko-KR", page), "in English": (_, page) => inLanguage("en-US", page) }, people);
