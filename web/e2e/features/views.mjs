// The views and what is shown of them: see list.mjs.
import assert from "node:assert/strict";
import { activate, addDays, at, change, choose, day, drawn, equal, fromTop, has, intoGrid, keyChoose, make, placeOf, press, sees, settings, shortcut, tabTo, today, typeDate, viewOf } from "./input.mjs";

/** A view that one chooses: it shows what the other changes, and the other's own view stays. */
function viewSteps(view, key) {
  const look = async (one, two, go) => {
    await at(one, day(15), view === "list" ? "month" : "list");
    await at(two);
    const event = await make({ title: `${view} 회의`, start_time: "10:00", end_time: "11:00", people: ["김철수"] });
    await go(one);
    await equal("the view", () => viewOf(one), view);
    await sees(one, `${view} 회의`, day(15));
    await change(event.id, { title: `${view} 바뀐 회의` });
    for (const page of [one, two]) await sees(page, "바뀐 회의", day(15));
    assert.equal(await viewOf(two), "month");
  };
  return {
    mouse: (one, two) => look(one, two, (page) => page.click(`#views [data-view=${view}]`)),
    keyboard: (one, two) => look(one, two, async (page) => {
      if (key) return shortcut(page, key);
      await fromTop(page);
      return activate(page, `#views [data-view=${view}]`);
    }),
  };
}

/** A choice in the settings: seen by `read`, `before` and `after`; the other's page stays as it was. */
function choiceSteps(name, value, { read, before, after, back }) {
  const set = async (page, wanted, byMouse) => {
    if (byMouse) {
      await settings(page);
      await page.selectOption(`#settings [name=${name}]`, wanted);
    } else {
      await fromTop(page);
      await activate(page, "#settings-button");
      await tabTo(page, `#settings [name=${name}]`);
      const values = await page.locator(`#settings [name=${name}] option`).evaluateAll((options) => options.map((option) => option.value));
      const steps = values.indexOf(wanted) - values.indexOf(await page.inputValue(`#settings [name=${name}]`));
      for (let count = 0; count < Math.abs(steps); count += 1) await press(page, steps > 0 ? "ArrowDown" : "ArrowUp");
    }
  };
  const done = async (one, two, byMouse) => {
    for (const page of [one, two]) await at(page);
    await make({ title: "오후 회의", start_time: "14:30", end_time: "15:30" });
    for (const page of [one, two]) await equal(name, () => read(page), before);
    await set(one, value, byMouse);
    await equal(name, () => read(one), after);
    await equal(`the other's ${name}`, () => read(two), before);
    await press(one, "Escape");
    await one.waitForSelector("#settings", { state: "hidden" });
    await set(one, back, byMouse);
    await equal(name, () => read(one), before);
    await press(one, "Escape");
    await one.waitForSelector("#settings", { state: "hidden" });
  };
  return { mouse: (one, two) => done(one, two, true), keyboard: (one, two) => done(one, two, false) };
}

/** Going somewhere: what is there is seen, and the other one stays where he is. */
async function goes(one, two, to, go) {
  for (const page of [one, two]) await at(page);
  await make({ title: "거기 있는 일정", event_date: to });
  const place = await placeOf(two);
  await go(one);
  await equal("the place", () => placeOf(one), `#/${to}/month`);
  await sees(one, "거기 있는 일정", to);
  assert.equal(await placeOf(two), place);
}

const CLIP = ["clipboard-read", "clipboard-write"];
async function linked(one, two, copy) {
  const event = await make({ title: "링크된 일정" });
  await at(one, day(15), "week");
  await at(two, today, "month");
  await sees(one, "링크된 일정");
  await one.context().grantPermissions(CLIP);
  await copy(one);
  await one.locator("#toasts .toast").first().waitFor();
  const link = await one.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /\/week\?d=/);
  const page = await two.context().newPage();
  for (const [address, isOpen] of [[link, false], [`${link}&e=${event.id}`, true]]) {
    await page.goto("about:blank");
    await page.goto(address);
    await sees(page, "링크된 일정");
    assert.equal(await viewOf(page), "week");
    if (isOpen) await page.locator(".event-popover", { hasText: "링크된 일정" }).waitFor();
  }
  await page.close();
}

async function linkedEvent(one, two, copy) {
  const event = await make({ title: "보여 줄 일정" });
  await at(one);
  await at(two, today, "list");
  await one.context().grantPermissions(CLIP);
  await copy(one, event.title);
  await one.locator("#toasts .toast", { hasText: "복사했습니다" }).waitFor();
  const link = await one.evaluate(() => navigator.clipboard.readText());
  // In a page that is open already, and in a new one.
  for (const address of ["", "about:blank"]) {
    if (address) await two.goto(address);
    await two.goto(link);
    await two.locator(".event-popover", { hasText: event.title }).waitFor();
    await press(two, "Escape");
    await equal("the place", () => placeOf(two), `#/${day(15)}/month`);
    // What he sees besides stays.
    assert.equal(await two.locator("#department-list input:not(:checked)").count(), 0);
  }
}

async function wentBack(one, two, go, back) {
  await at(one);
  await at(two);
  await make({ title: "돌아올 일정" });
  await go(one);
  await equal("the view", () => viewOf(one), "day");
  await back(one);
  await equal("the place", () => placeOf(one), `#/${day(15)}/month`);
  await sees(one, "돌아올 일정", day(15));
  assert.equal(await placeOf(two), `#/${day(15)}/month`);
}

export const STEPS = {
  month: viewSteps("month", "m"),
  week: viewSteps("week", "w"),
  day: viewSteps("day", "d"),
  list: viewSteps("list", "l"),
  people: viewSteps("people"),
  departments: viewSteps("departments"),
  "mini month": {
    mouse: (one, two) => goes(one, two, addDays(day(28), 20), async (page) => {
      await page.click(".mini header button:last-child");
      await page.click(`.mini [data-date="${addDays(day(28), 20)}"]`);
    }),
    keyboard: (one, two) => goes(one, two, day(23), async (page) => {
      await fromTop(page);
      await tabTo(page, ".mini [data-date]");
      await press(page, "ArrowDown");
      await page.waitForFunction((date) => document.activeElement?.dataset.date === date, day(22));
      await press(page, "ArrowRight");
    }),
  },
  jump: {
    mouse: (one, two) => goes(one, two, "2031-05-05", async (page) => {
      await page.click("#jump");
      await page.fill("#jump", "2031-05-05");
    }),
    keyboard: (one, two) => goes(one, two, "2032-06-07", async (page) => {
      await fromTop(page);
      await typeDate(page, "#jump", "2032-06-07");
    }),
  },
  today: {
    mouse: (one, two) => goes(one, two, today, (page) => page.click("#today")),
    keyboard: (one, two) => goes(one, two, today, (page) => shortcut(page, "t")),
  },
  step: {
    mouse: (one, two) => goes(one, two, day(1), async (page) => {
      await page.click("#next");
      await page.waitForFunction((hash) => !location.hash.startsWith(hash), `#/${day(15)}`);
      await page.click("#previous");
    }),
    keyboard: (one, two) => goes(one, two, day(1), async (page) => {
      await shortcut(page, "j");
      await page.waitForFunction((hash) => !location.hash.startsWith(hash), `#/${day(15)}`);
      await press(page, "k");
      await equal("the place", () => placeOf(page), `#/${day(1)}/month`);
      await intoGrid(page);
      await press(page, "PageDown");
      await page.waitForFunction((hash) => !location.hash.startsWith(hash), `#/${day(1)}`);
      assert.ok(await has(page, "[data-date]"));
      await press(page, "PageUp");
    }),
  },
  "week start": choiceSteps("weekStart", "1", {
    read: (page) => page.locator("#calendar .day-head .weekday, .mini th").evaluateAll((heads) => [heads[0], heads[7]].map((head) => head.dataset.weekday).join()),
    before: "0,0", after: "1,1", back: "0",
  }),
  clock: choiceSteps("clock", "12", { read: (page) => drawn(page, "오후 회의").first().locator(".time").textContent(), before: "14:30", after: "오후 2:30", back: "24" }),
  language: choiceSteps("language", "en", { read: (page) => page.locator("#today").textContent({ timeout: 5_000 }).catch(() => ""), before: "오늘", after: "Today", back: "ko" }),
  theme: choiceSteps("theme", "dark", {
    read: (page) => page.evaluate(() => (getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((sum, each) => sum + Number(each), 0) > 380 ? "light" : "dark")),
    before: "light", after: "dark", back: "system",
  }),
  "event link": {
    mouse: (one, two) => linkedEvent(one, two, (page, title) => choose(page, title, "link")),
    keyboard: (one, two) => linkedEvent(one, two, (page, title) => keyChoose(page, title, day(15), "link")),
  },
  "deep link": {
    mouse: (one, two) => linked(one, two, async (page) => {
      await settings(page);
      await page.locator("#settings .commands button").first().click();
    }),
    keyboard: (one, two) => linked(one, two, async (page) => {
      await fromTop(page);
      await activate(page, "#settings-button");
      await activate(page, "#settings .commands button:first-child");
    }),
  },
  back: {
    mouse: (one, two) => wentBack(one, two, (page) => page.click("#views [data-view=day]"), (page) => page.goBack()),
    keyboard: (one, two) => wentBack(one, two, (page) => shortcut(page, "d"), async (page) => {
      await press(page, "Alt+ArrowLeft");
      // A browser without a window has no keys of its own: then what its key does.
      await page.evaluate(() => document.body.dataset.view === "day" && history.back());
    }),
  },
};
