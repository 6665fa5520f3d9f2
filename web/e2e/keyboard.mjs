// A whole day's work without a mouse: node e2e/keyboard.mjs URL
//
// After every step the focus is on something, and can be seen. At the end what was announced is looked at.
import assert from "node:assert/strict";
import { unseenFocus } from "./axe.mjs";
import { follow, online, visit } from "./browser.mjs";
import { sender, today } from "./house.mjs";

const [url] = process.argv.slice(2);
const send = sender(url);
let id;
const press = async (page, ...keys) => { for (const key of keys) await page.keyboard.press(key); };
const type = (page, text) => page.keyboard.type(text);
const focused = (page, selector) => page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector);
const noDialog = (page) => page.waitForFunction(() => !document.querySelector("dialog[open]"));
const titles = async () => (await send("GET", `/api/events/${id}?series=true`)).events.map(({ title }) => title);

/** Presses Tab (or another key) until something matches. */
async function reach(page, selector, key = "Tab", most = 80) {
  for (let count = 0; count < most; count += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press(key);
    const fault = await unseenFocus(page);
    assert.ok(!fault || /on the body/.test(fault), fault);
  }
  assert.fail(`${selector} can't be reached with ${key}`);
}

async function until(isSo) {
  const end = Date.now() + 20_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const cell = ".cell[data-date]";

const steps = {
  async "the link to the content comes first"(page) { await press(page, "Tab"); await focused(page, "#skip"); },
  async "it leads to the day that it is"(page) { await press(page, "Enter"); await focused(page, `${cell}[data-date="${today}"]`); },
  async "the first department is made"(page) {
    await reach(page, "#new-department");
    await press(page, "Enter");
    await focused(page, "#department-dialog [name=name]");
    await type(page, "개발팀");
    await press(page, "Enter");
    await noDialog(page);
    await until(async () => (id = (await send("GET", "/api/departments")).departments[0]?.id));
  },
  async "c begins an event"(page) { await press(page, "c"); await focused(page, "#event-dialog [name=title]"); },
  async "its time is chosen with the arrow keys"(page) {
    await type(page, "주간 회의");
    await reach(page, "[name=time_kind]");
    await press(page, "ArrowRight");
    assert.equal(await page.inputValue("#event-dialog [name=time_kind]:checked"), "clock");
    await page.waitForSelector("#event-dialog [name=start_time]:visible");
    await reach(page, "#event-dialog [name=start_time]", "Shift+Tab");
    // To its first part: Chromium's own language, which headless is English, says which that is.
    await press(page, "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab", "Tab");
    await reach(page, "#event-dialog [name=start_time]");
    await type(page, "1000AM");
    assert.match(await page.inputValue("#event-dialog [name=start_time]"), /^(10|22):00$/);
  },
  async "Enter saves it"(page) {
    await reach(page, "#event-dialog [type=submit]");
    await press(page, "Enter");
    await noDialog(page);
    await until(async () => (await titles()).includes("주간 회의"));
  },
  async "Ctrl+Z takes it back"(page) { await press(page, "Control+z"); await until(async () => (await titles()).length === 0); },
  async "n leads to the line of quick entry"(page) { await press(page, "n"); await focused(page, ".quick-input"); },
  async "what it understands is shown, and stored by Enter"(page) {
    await type(page, "내일 오후 3시 회의실A 기획 회의");
    await page.waitForSelector("#quick-preview:visible");
    await press(page, "Enter");
    await until(async () => (await titles()).some((title) => title.includes("기획 회의")));
  },
  async "from there back into the calendar"(page) {
    await reach(page, cell);
  },
  async "an arrow leads to the next day"(page) { await press(page, "t", "ArrowRight"); await focused(page, cell); },
  async "Home and End lead to the edges of the week"(page) { await press(page, "Home", "End"); await focused(page, cell); },
  async "PageDown is the next month, t today"(page) { await press(page, "PageDown"); await focused(page, cell); await press(page, "PageUp", "t"); await focused(page, cell); },
  async "Enter opens a day"(page) {
    await send("POST", `/api/events/${id}`, { event_date: today, title: "점심 약속", start_time: "12:00" });
    await page.locator("#main .event", { hasText: "점심 약속" }).waitFor();
    await page.waitForFunction((day) => document.activeElement?.dataset.date, today);
    await until(async () => (await page.evaluate(() => document.activeElement.dataset.date)) === today || (await press(page, (await page.evaluate(() => document.activeElement.dataset.date)) < today ? "ArrowRight" : "ArrowLeft"), false));
    await press(page, "Enter");
    await focused(page, "#day button.open");
  },
  async "Enter opens an event"(page) { await press(page, "Enter"); await page.waitForSelector(".event-popover"); },
  async "it is edited"(page) {
    await reach(page, ".event-popover [data-action=edit]");
    await press(page, "Enter");
    await focused(page, "#event-dialog *");
    await reach(page, "#event-dialog [name=location]");
    await type(page, "구내식당");
    await press(page, "Enter");
    await noDialog(page);
    await until(async () => (await send("GET", `/api/events/${id}`)).events.some(({ location }) => location === "구내식당"));
  },
  async "Esc asks before text is thrown away"(page) {
    await press(page, "c");
    await focused(page, "#event-dialog [name=title]");
    await type(page, "아무것도");
    await press(page, "Escape");
    await page.waitForSelector("#event-dialog .question:not([hidden]), .question-dialog[open]");
  },
  async "and does it when one says so"(page) {
    await reach(page, "#event-dialog .question .danger, .question-dialog .danger");
    await press(page, "Enter");
    await noDialog(page);
  },
  async "the list is a key away"(page) { await press(page, "l"); await page.waitForSelector("#agenda button.open:visible"); },
  async "an event of it is moved without a mouse"(page) {
    await reach(page, "#agenda button.open");
    await press(page, "Enter");
    await page.waitForSelector(".event-popover");
    await reach(page, ".event-popover [data-action=move]");
    await press(page, "Enter");
    await focused(page, ".question-dialog input");
    await press(page, "Enter");
    await noDialog(page);
  },
  async "/ searches, arrows choose, Enter goes there"(page) {
    await press(page, "/");
    await focused(page, "#search-input");
    await type(page, "점심");
    await page.waitForSelector(".result");
    await press(page, "ArrowDown", "Enter");
    await noDialog(page);
  },
  async "its window closes with Esc"(page) { if (await page.locator(".event-popover").count()) await press(page, "Escape"); await page.waitForSelector(".event-popover", { state: "detached" }); },
  async "week and day"(page) { await press(page, "w"); await page.waitForSelector("#times:visible"); await press(page, "d"); await page.waitForFunction(() => document.body.dataset.view === "day"); },
  async "j and k step"(page) { const before = await page.textContent("#range"); await press(page, "j"); await page.waitForFunction((old) => document.getElementById("range").textContent !== old, before); await press(page, "k"); },
  async "? shows the keys, Esc closes them"(page) { await press(page, "?"); await page.waitForSelector(".shortcuts[open]"); await press(page, "Escape"); await noDialog(page); },
  async "notices are read"(page) { await press(page, "m"); await reach(page, "#notices-button", "Tab", 60); await press(page, "Enter"); await page.waitForSelector("#notices:popover-open"); await press(page, "Escape"); await focused(page, "#notices-button"); },
  async "settings are changed"(page) {
    await reach(page, "#settings-button", "Tab", 60);
    await press(page, "Enter");
    await page.waitForSelector("#settings:popover-open");
    await reach(page, "#settings [name=weekStart]");
    await press(page, "ArrowDown");
    await press(page, "Escape");
    await focused(page, "#settings-button");
  },
  async "a department's menu is a menu"(page) {
    await reach(page, "#department-list [data-menu]", "Tab", 80);
    await press(page, "Enter");
    await focused(page, ".menu button");
    await press(page, "End", "Home", "ArrowDown", "Escape");
    await focused(page, "#department-list [data-menu]");
  },
  async "a colleague deletes the event that has the focus: it doesn't fall to the page"(page) {
    await press(page, "l");
    await reach(page, "#agenda button.open", "Tab", 60);
    const { events } = await send("GET", `/api/events/${id}`);
    const which = await page.evaluate(() => document.activeElement.dataset.event);
    await send("DELETE", `/api/events/${events.find((each) => each.id === which).id}`);
    await page.waitForFunction((gone) => ![...document.querySelectorAll("#agenda [data-event]")].some(({ dataset }) => dataset.event === gone), which);
  },
  async "the name of who is here"(page) {
    await reach(page, "#account", "Tab", 80);
    await press(page, "Enter");
    await focused(page, "#name-input");
    await type(page, "김민지");
    await press(page, "Enter");
    await focused(page, "#account");
  },
  async "all of it was announced in good Korean"(page) {
    const said = await page.evaluate(() => globalThis.saidHere);
    for (const each of said) {
      assert.doesNotMatch(each, /\{|\}|undefined|null|\[object|NaN|을\(를\)|이\(가\)|은\(는\)|\(으\)로/, each);
      // The particle after a quoted title fits its last sound.
      for (const [, title, particle] of each.matchAll(/‘([^’]*[가-힣])’(을|를|이|가|은|는)(?= )/g)) {
        const isClosed = (title.codePointAt(title.length - 1) - 0xac00) % 28 > 0;
        assert.equal(["을", "이", "은"].includes(particle), isClosed, each);
      }
    }
    assert.ok(said.length >= 5, said.join("\n"));
    return said.join(" / ");
  },
};

const checked = Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, async (page) => {
  const remark = await step(page);
  const end = Date.now() + 3_000;
  let fault = await unseenFocus(page);
  while (fault && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    fault = await unseenFocus(page);
  }
  assert.equal(fault, "");
  return remark;
}]));

assert.ok(Object.keys(steps).length >= 30);
const page = await visit(url);
await online(page);
await follow(checked, [page]);
