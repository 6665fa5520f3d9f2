// The page in a hand: node e2e/phone.mjs URL
import assert from "node:assert/strict";
import { complaints, follow, online, visit } from "./browser.mjs";
import { at, boxOf, cell, clear, day, drawn, equal, make, named, placeOf, prepare, sees, until } from "./features/input.mjs";

const url = process.argv[2];

/** A phone that is touched. */
async function phone() {
  const desk = await visit(`${url}/#/${day(15)}/month`);
  const context = await desk.context().browser().newContext({ locale: "ko-KR", timezoneId: "Asia/Seoul", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await desk.context().close();
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${url}/#/${day(15)}/month`);
  await online(page);
  await page.tap("#name-form [data-action=skip]");
  return page;
}

const inside = async (page, selector) => {
  const box = await boxOf(page.locator(selector));
  assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.y + box.height <= 740, `${selector}: ${JSON.stringify(box)}`);
};

const steps = {
  async "a tap on a phone never opens a form under the finger"(one, two, page) {
    await make({ title: "누를 일정" });
    const open = () => page.locator("#event-dialog[open]").count();
    for (const view of ["month", "week", "day", "list"]) {
      await at(page, day(15), view);
      await sees(page, "누를 일정");
      const box = await boxOf(drawn(page, "누를 일정").first());
      await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
      await page.waitForSelector(".event-popover");
      assert.equal(await open(), 0, `${view}: an event was tapped`);
      // Where the finger was is what the popover has there now: a second tap must not edit unasked, nor what lies beneath.
      await page.touchscreen.tap(120, 20);
      await page.waitForSelector(".event-popover", { state: "detached" });
      assert.equal(await open(), 0, `${view}: a tap beside the popover`);
      if (view === "month") {
        const empty = await cell(page, day(22));
        await page.touchscreen.tap(empty.x + 20, empty.y + empty.height - 10);
        await until("the day is chosen", async () => (await placeOf(page)).startsWith(`#/${day(22)}`));
        assert.equal(await open(), 0, "a day was tapped");
      }
    }
    await clear();
  },
  async "a line of quick entry becomes an event, previewed on the screen"(one, two, page) {
    for (const view of ["month", "list"]) {
      await at(page, day(15), view);
      await inside(page, ".quick-input");
      await page.tap(".quick-input");
      await page.keyboard.type(`${Number(day(15).slice(5, 7))}월 16일 오후 3시 ${view} 손안의 회의`);
      await page.locator(".quick-preview", { hasText: "15:00" }).waitFor();
      await inside(page, ".quick-preview");
      await page.tap(".quick-preview [type=submit]");
      await until("it is stored", async () => (await named(`${view} 손안의 회의`))?.start_time === "15:00");
      await sees(page, `${view} 손안의 회의`);
    }
    await clear();
  },
  async "what has a deadline is counted down to"(one, two, page) {
    const event = await make({ title: "제안서 내기", event_date: day(15), categories: ["마감"] });
    for (const each of [one, page]) {
      for (const view of ["month", "list"]) {
        await at(each, day(15), view);
        await sees(each, event.title);
        await equal("the badge", async () => /^D([-+]\d+|-day)$/.test(await drawn(each, event.title).first().locator(".d-day").textContent()), true);
      }
    }
    await clear();
  },
  async "Back closes what was open beside an event"(one, two, page) {
    const event = await make({ title: "열어 둘 일정" });
    for (const each of [one, page]) {
      await at(each, day(14), "list");
      await at(each, day(15), "list");
      await drawn(each, event.title).first().click();
      await each.waitForSelector(".event-popover");
      await each.goBack();
      await each.waitForSelector(".event-popover", { state: "detached" });
      await until("the day before", async () => (await placeOf(each)).startsWith(`#/${day(14)}`));
    }
    await clear();
  },
};

await prepare(url);
const start = `${url}/#/${day(15)}/month`;
const people = [await visit(start), await visit(start), await phone()];
await follow(steps, people);
