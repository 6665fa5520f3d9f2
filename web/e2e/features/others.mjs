// What one sees of the others: see list.mjs. The first is 김민지, the second 이준호.
import assert from "node:assert/strict";
import { online, said } from "../browser.mjs";
import { activate, at, change, choose, clickSave, day, departments, equal, form, fromTop, has, keyChoose, keySave, make, opened, press, saved, sees, stored, tabTo, typeInto, until } from "./input.mjs";

const count = (text) => Number(/\d+/.exec(text ?? "")?.[0] ?? 0);
const unseen = async (page) => count(await page.locator("#notices-button .badge:visible").allTextContents().then((all) => all[0]));

async function namedOnce(one, two, { open, give }) {
  const other = await two.textContent("#account");
  for (const name of ["김 민지 😀", "김민지"]) {
    await open(one);
    await one.waitForSelector("#name-input:visible");
    await give(one, name);
    await equal("the name", () => one.textContent("#account"), name);
    await at(one);
    await at(two);
    const event = await make({ title: `${name}의 일정` });
    await sees(one, event.title);
    await choose(one, event.title, "edit");
    await one.fill(form("title"), `${name}이 고친 일정`);
    await clickSave(one);
    await said(two, `${name} 님\\(미확인\\)이 .*고친 일정`);
  }
  assert.equal(await two.textContent("#account"), other);
}

let toldSoFar = 0;
async function told(one, two, { make: makes, open, follow }) {
  const title = `알릴 일정 ${(toldSoFar += 1)}`;
  // What was done before would be told in one sentence with this.
  await two.reload();
  await online(two);
  await at(one);
  await at(two, day(15), "list");
  await open(two);
  await two.waitForSelector("#notices:popover-open");
  await press(two, "Escape");
  await two.waitForTimeout(3_000); // longer than what comes in quick succession is gathered
  await makes(one, title);
  await said(two, `김민지 님\\(미확인\\)이 ‘${title}’ 일정을 등록했습니다`);
  await until("the badge counts it", async () => (await unseen(two)) > 0);
  await open(two);
  const line = two.locator("#notices li").first();
  assert.match(await line.textContent(), /김민지.*알릴 일정/s);
  await follow(two);
  await two.locator(".event-popover", { hasText: "알릴 일정" }).waitFor();
  await press(two, "Escape");
  // One isn't told what one did oneself.
  assert.equal(await one.locator("#notices li", { hasText: "등록" }).count(), 0);
}

const lookers = (page, name) => page.locator(`#department-list li[data-department="${departments[name]}"] .lookers`);

async function looked(one, two, toggle) {
  for (const page of [one, two]) await lookers(page, "영업팀").waitFor();
  assert.match(await lookers(one, "영업팀").getAttribute("aria-label"), /이준호/);
  await toggle(two);
  await lookers(one, "영업팀").waitFor({ state: "detached" });
  await toggle(two);
  await lookers(one, "영업팀").waitFor();
  assert.match(await lookers(two, "영업팀").getAttribute("aria-label"), /김민지/);
}

async function warned(one, two, { edit, leave }) {
  for (const page of [one, two]) await at(page);
  await make({ title: "같이 고칠 일정" });
  for (const page of [one, two]) await sees(page, "같이 고칠 일정");
  await edit(one);
  await opened(one);
  await two.locator("#main [data-event]:visible", { hasText: "같이 고칠 일정" }).first().click();
  await two.locator(".event-popover", { hasText: "김민지" }).waitFor();
  await two.click(".event-popover [data-action=edit]");
  await opened(two);
  await two.locator("#event-dialog .others", { hasText: "김민지" }).waitFor();
  await one.locator("#event-dialog .others", { hasText: "이준호" }).waitFor();
  await leave(two);
  await saved(two);
  await one.waitForSelector("#event-dialog .others", { state: "hidden" });
  await leave(one);
  await saved(one);
}

async function met(one, two, { edit, decide, save }) {
  for (const page of [one, two]) await at(page);
  const event = await make({ title: "겹칠 일정", location: "1층" });
  await sees(one, "겹칠 일정");
  await edit(one);
  await opened(one);
  await typeInto(one, form("location"), "2층");
  await change(event.id, { location: "3층", start_time: "10:00" });
  await one.locator("#event-dialog .meanwhile", { hasText: "이준호" }).waitFor();
  assert.equal(await one.inputValue(form("start_time")), "10:00");
  assert.equal(await one.inputValue(form("location")), "2층");
  await decide(one);
  await save(one);
  await equal("the place", async () => (await stored(event.id)).location, "2층");
  assert.equal((await stored(event.id)).start_time, "10:00");
  await at(two, day(15), "list");
  await two.locator("#agenda .item", { hasText: "2층" }).waitFor();
}

export const STEPS = {
  "own name": {
    mouse: (one, two) => namedOnce(one, two, {
      open: (page) => page.click("#account"), give: async (page, name) => {
        await page.fill("#name-input", name);
        await page.click("#name-form [type=submit]");
      },
    }),
    keyboard: (one, two) => namedOnce(one, two, {
      open: async (page) => {
        await fromTop(page);
        await activate(page, "#account");
      },
      give: async (page, name) => {
        await typeInto(page, "#name-input", name);
        await press(page, "Enter");
      },
    }),
  },
  notices: {
    mouse: (one, two) => told(one, two, {
      make: async (page, title) => {
        await page.click("#new-event");
        await opened(page);
        await page.fill(form("title"), title);
        await clickSave(page);
      },
      open: (page) => page.click("#notices-button"), follow: (page) => page.locator("#notices li button").first().click(),
    }),
    keyboard: (one, two) => told(one, two, {
      make: async (page, title) => {
        await fromTop(page);
        await activate(page, "#new-event");
        await opened(page);
        await page.keyboard.type(title);
        await press(page, "Enter");
        await saved(page);
      },
      open: async (page) => {
        await fromTop(page);
        await activate(page, "#notices-button");
      },
      follow: (page) => activate(page, "#notices li:first-child button", { most: 10 }),
    }),
  },
  presence: {
    mouse: (one, two) => looked(one, two, (page) => page.click(`[data-toggle="${departments["영업팀"]}"]`)),
    keyboard: (one, two) => looked(one, two, async (page) => {
      await fromTop(page);
      await tabTo(page, `[data-toggle="${departments["영업팀"]}"]`);
      await press(page, "Space");
    }),
  },
  "editing warning": {
    mouse: (one, two) => warned(one, two, { edit: (page) => choose(page, "같이 고칠 일정", "edit"), leave: (page) => page.click("#event-dialog [data-action=leave]") }),
    keyboard: (one, two) => warned(one, two, { edit: (page) => keyChoose(page, "같이 고칠 일정", day(15), "edit"), leave: (page) => press(page, "Escape") }),
  },
  "changed meanwhile": {
    mouse: (one, two) => met(one, two, {
      edit: (page) => choose(page, "겹칠 일정", "edit"), decide: (page) => page.locator(".meanwhile .clash button").first().click(), save: clickSave,
    }),
    keyboard: (one, two) => met(one, two, {
      edit: (page) => keyChoose(page, "겹칠 일정", day(15), "edit"), save: keySave,
      decide: async (page) => {
        // To save before one has decided leads to the question.
        await press(page, "Enter");
        await until("the question has the focus", () => has(page, ".meanwhile button"));
        await press(page, "Enter");
      },
    }),
  },
};
