// Series, categories, and what guards against slips: see list.mjs.
import assert from "node:assert/strict";
import { online } from "../browser.mjs";
import {
  activate, at, choose, clickSave, day, drawn, equal, form, has, keyChoose, keySave, make, misses, opened, press, saved, sees, settings, shortcut, stored, tabTo,
  typeInto, until,
} from "./input.mjs";

const SERIES = { title: "주간회의", event_date: day(2), start_time: "10:00", recurrence: "FREQ=DAILY;INTERVAL=7;COUNT=4" };
const DAYS = [2, 9, 16, 23].map(day);
const SCOPES = { this: 0, following: 1, all: 2 };

/** The third… the second of a series gets another title, for as much as `scope` says; the other one sees what it says of which day. */
function seriesSteps(scope, expected) {
  const done = async (one, two, go) => {
    for (const page of [one, two]) await at(page);
    await make(SERIES);
    for (const page of [one, two]) await sees(page, "주간회의", DAYS[3]);
    await go(one);
    for (const page of [two, one]) for (const [index, title] of expected.entries()) await sees(page, title, DAYS[index]);
    for (const date of DAYS) await equal(`what is on ${date}`, () => drawn(two, "회의", date).count(), 1);
  };
  return {
    mouse: (one, two) => done(one, two, async (page) => {
      await drawn(page, "주간회의", DAYS[1]).first().click();
      await page.click(".event-popover [data-action=edit]");
      await page.fill(form("title"), "특별회의");
      await page.click("#event-dialog [type=submit]");
      await page.locator(`#event-dialog .question [value=${scope}]`).click();
      await page.locator("#event-dialog .question .buttons button").last().click();
      await saved(page);
    }),
    keyboard: (one, two) => done(one, two, async (page) => {
      await keyChoose(page, "주간회의", DAYS[1], "edit");
      await typeInto(page, form("title"), "특별회의");
      await press(page, "Enter");
      await page.waitForFunction(() => document.activeElement?.matches("#event-dialog .question [value=this]"));
      for (let count = 0; count < SCOPES[scope]; count += 1) await press(page, "ArrowDown");
      await press(page, "Enter");
      await saved(page);
    }),
  };
}

async function categorised(one, two, go) {
  for (const page of [one, two]) await at(page);
  const event = await make({ title: "김민지 쉼" });
  await sees(one, event.title);
  await go(one);
  await equal("the categories", async () => ((await stored(event.id)).categories ?? []).join(), "연차,가족행사");
  await until("its colour", () => drawn(two, event.title).first().evaluate((made) => made.style.getPropertyValue("--own") !== ""));
  await at(two, day(15), "list");
  await two.locator("#agenda .item", { hasText: /연차.*가족행사/s }).waitFor();
}

/** Each kind of change is taken back, and the other one sees it come back. */
async function takenBack(one, two, undo) {
  for (const page of [one, two]) await at(page);
  const event = await make({ title: "원래 일정", event_date: day(8) });
  await sees(one, "원래 일정");
  await choose(one, "원래 일정", "edit");
  await one.fill(form("title"), "고친 일정");
  await clickSave(one);
  await sees(two, "고친 일정");
  await undo(one);
  await sees(two, "원래 일정");
  await choose(one, "원래 일정", "remove");
  await misses(two, "원래 일정");
  await undo(one);
  await sees(two, "원래 일정");
  await shortcut(one, "c");
  await opened(one);
  await one.fill(form("title"), "새로 만든 일정");
  await clickSave(one);
  await sees(two, "새로 만든 일정");
  await undo(one);
  await misses(two, "새로 만든 일정");
  assert.equal((await stored(event.id)).title, "원래 일정");
}

/** Typed text survives a reload: of a change, and of a new event. The other one sees nothing of it before it is saved. */
async function drafted(one, two, { edit, take, save }) {
  for (const page of [one, two]) await at(page);
  const event = await make({ title: "초안 일정" });
  await sees(one, "초안 일정");
  await edit(one);
  await typeInto(one, form("description"), "길게 적은 설명");
  await one.evaluate(() => { window.onbeforeunload = null; });
  const asked = one.waitForEvent("dialog");
  const reloading = one.reload();
  const question = await asked;
  assert.equal(question.type(), "beforeunload");
  await question.accept();
  await reloading;
  await online(one);
  await sees(one, "초안 일정");
  assert.equal((await stored(event.id)).description ?? "", "");
  await take(one);
  await opened(one);
  assert.equal(await one.inputValue(form("description")), "길게 적은 설명");
  await save(one);
  await at(two, day(15), "list");
  await two.locator("#agenda .item", { hasText: "길게 적은 설명" }).waitFor();
}

/** Leaving is asked about; to go on keeps the text, to discard leaves the event as it was, at both. */
async function asked(one, two, { edit, leave, keep, discard }) {
  for (const page of [one, two]) await at(page);
  const event = await make({ title: "남을 일정" });
  await sees(one, "남을 일정");
  await edit(one);
  await typeInto(one, form("title"), "적던 제목");
  await leave(one);
  await one.waitForSelector("#event-dialog .question:visible");
  await keep(one);
  assert.equal(await one.inputValue(form("title")), "적던 제목");
  await leave(one);
  await one.waitForSelector("#event-dialog .question:visible");
  await discard(one);
  await saved(one);
  assert.equal((await stored(event.id)).title, "남을 일정");
  await sees(two, "남을 일정");
  assert.equal(await drawn(two, "적던").count(), 0);
}

async function helped(one, two, open, close) {
  for (const page of [one, two]) await at(page);
  await open(one);
  await one.waitForSelector(".shortcuts[open]");
  const keys = (await one.locator(".shortcuts kbd").allTextContents()).map((key) => key.trim());
  for (const key of ["C", "N", "T", "M", "W", "D", "L", "J", "K", "/", "?", "Ctrl Z"]) assert.ok(keys.includes(key), `${key} isn't among ${keys}`);
  assert.equal(await two.locator(".shortcuts").count(), 0);
  await close(one);
  await one.waitForSelector(".shortcuts", { state: "detached" });
}

const button = (page, index) => page.locator("#event-dialog .question .buttons button").nth(index).click();

export const STEPS = {
  "series: this": seriesSteps("this", ["주간회의", "특별회의", "주간회의", "주간회의"]),
  "series: following": seriesSteps("following", ["주간회의", "특별회의", "특별회의", "특별회의"]),
  "series: all": seriesSteps("all", ["특별회의", "특별회의", "특별회의", "특별회의"]),
  categories: {
    mouse: (one, two) => categorised(one, two, async (page) => {
      await choose(page, "김민지 쉼", "edit");
      await page.click("#event-dialog .category-choice[value=연차]");
      await page.fill(form("own_category"), "가족행사");
      await page.click(form("title"));
      await clickSave(page);
    }),
    keyboard: (one, two) => categorised(one, two, async (page) => {
      await keyChoose(page, "김민지 쉼", day(15), "edit");
      await activate(page, "#event-dialog .category-choice[value=연차]");
      assert.ok(await has(page, ".category-choice[value=연차]"));
      await tabTo(page, form("own_category"));
      await page.keyboard.type("가족행사");
      await press(page, "Enter");
      await keySave(page);
    }),
  },
  undo: {
    mouse: (one, two) => takenBack(one, two, (page) => page.locator(".toast button.act").last().click()),
    keyboard: (one, two) => takenBack(one, two, (page) => shortcut(page, "Control+z")),
  },
  draft: {
    mouse: (one, two) => drafted(one, two, {
      edit: (page) => choose(page, "초안 일정", "edit"), take: (page) => page.locator(".toast button.act").click(), save: clickSave,
    }),
    keyboard: (one, two) => drafted(one, two, {
      edit: (page) => keyChoose(page, "초안 일정", day(15), "edit"),
      take: async (page) => {
        await keyChoose(page, "초안 일정", day(15), "edit");
        await activate(page, "#event-dialog .draft .primary");
      },
      save: keySave,
    }),
  },
  "question before leaving": {
    mouse: (one, two) => asked(one, two, {
      edit: (page) => choose(page, "남을 일정", "edit"), leave: (page) => page.click("#event-dialog [data-action=leave]"),
      keep: (page) => button(page, 0), discard: (page) => button(page, 1),
    }),
    keyboard: (one, two) => asked(one, two, {
      edit: (page) => keyChoose(page, "남을 일정", day(15), "edit"), leave: (page) => press(page, "Escape"),
      keep: (page) => press(page, "Enter"), discard: async (page) => {
        await activate(page, "#event-dialog .question .danger", { most: 5 });
      },
    }),
  },
  shortcuts: {
    mouse: (one, two) => helped(one, two, async (page) => {
      await settings(page);
      await page.locator("#settings .commands button", { hasText: "단축키" }).click();
    }, (page) => page.click(".shortcuts footer button")),
    keyboard: (one, two) => helped(one, two, (page) => shortcut(page, "?"), (page) => press(page, "Escape")),
  },
};
