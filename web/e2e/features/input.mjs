// A hand at the mouse and one at the keyboard, and what is stored. Shared by the parts of ../features.mjs.
import assert from "node:assert/strict";
import { addDays } from "../dates.mjs";
import { closed } from "../browser.mjs";

let server = "";
export const departments = {};

export async function api(method, path, body, by = "이준호") {
  const answer = await fetch(server + path, {
    method, headers: { "Content-Type": "application/json", "X-Display-Name": encodeURIComponent(by) }, body: body && JSON.stringify(body),
  });
  return answer.status === 404 ? null : answer.json();
}

/** Makes the two departments that the steps work with. */
export async function prepare(url) {
  server = url;
  for (const name of ["개발팀", "영업팀"]) departments[name] = (await api("POST", "/api/departments", { name })).department.id;
}

export const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul" }).format(new Date());
const monthLater = (count) => {
  const [year, month] = today.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 8);
};
/** A day of the next month, in which nothing else happens. */
export const day = (number) => `${monthLater(1)}${String(number).padStart(2, "0")}`;
export { addDays };

export const make = async (fields, department = "개발팀", by) => (await api("POST", `/api/events/${departments[department]}`, { event_date: day(15), ...fields }, by)).event;
export const change = (id, fields, by) => api("PUT", `/api/events/${id}?series=true`, fields, by);
export async function stored(id) {
  const answers = await Promise.all(Object.values(departments).map((department) => api("GET", `/api/events/${department}/${id}?series=true`)));
  return answers.find((answer) => answer?.event)?.event ?? null;
}
export const all = async () => (await Promise.all(Object.values(departments).map((id) => api("GET", `/api/events/${id}?series=true`)))).flatMap((answer) => answer?.events ?? []);
export const named = async (title) => (await all()).find((event) => event.title === title);

/** Takes away what a feature has made, also from the `pages`: the focus that was on it has gone elsewhere then. */
export async function clear(...pages) {
  for (const { id } of await all()) await api("DELETE", `/api/events/${id}?series=true`);
  for (const page of pages) await until("nothing is shown any more", async () => (await page.locator("#main [data-event]:visible").count()) === 0);
}

export async function until(what, isSo) {
  for (const end = Date.now() + 20_000; ;) {
    if (await isSo()) return;
    assert.ok(Date.now() < end, `it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}
export const equal = (what, read, expected) => until(`${what} is ${expected}`, async () => String(await read()) === String(expected));

/** Goes to a day in a view, by the address. */
export async function at(page, date = day(15), view = "month") {
  await page.evaluate((hash) => { location.hash = hash; }, `#/${date}/${view}`);
  await page.waitForFunction(([shown, hash]) => document.body.dataset.view === shown && location.hash.startsWith(hash), [view, `#/${date}`]);
  await page.waitForFunction(() => document.querySelector("#main > div:not([hidden])")?.childElementCount > 0);
}

export const viewOf = (page) => page.evaluate(() => document.body.dataset.view);
export const placeOf = (page) => page.evaluate(() => location.hash);

/** What is drawn of an event in a view; on a day, if one is given. */
export const drawn = (page, title, date) => {
  const scope = date ? `#main [data-date="${date}"], #main td[data-day="${date}"]` : "#main";
  return page.locator(scope).locator("[data-event]:visible", { hasText: title });
};
export const sees = (page, title, date) => drawn(page, title, date).first().waitFor();
export const misses = (page, title) => until(`${title} is gone`, async () => (await drawn(page, title).count()) === 0);

// The mouse

/** Where something is, once it has come to rest. */
export async function boxOf(locator) {
  await locator.waitFor();
  await locator.evaluate((element) => new Promise((resolve) => {
    let before = "";
    const look = () => {
      const now = JSON.stringify(element.getBoundingClientRect());
      if (now === before) return resolve();
      before = now;
      return setTimeout(() => requestAnimationFrame(look), 60);
    };
    look();
  }));
  return locator.boundingBox();
}
export const cell = (page, date) => boxOf(page.locator(`#calendar .cell[data-date="${date}"]:visible`).first());

export async function drag(page, from, to) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, { steps: 12 });
  await page.mouse.up();
}

export async function clickOn(page, title) {
  await drawn(page, title).first().click();
  await page.waitForSelector(".event-popover");
}
export async function choose(page, title, action) {
  await clickOn(page, title);
  await page.click(`.event-popover [data-action=${action}]`);
}
export const settings = async (page) => {
  await page.click("#settings-button");
  await page.waitForSelector("#settings:popover-open");
};

// The keyboard

export async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}
export const has = (page, selector) => page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);

/** Presses Tab until what is meant has the focus: it has to be reached, and not only to be there. */
export async function tabTo(page, selector, { key = "Tab", most = 150 } = {}) {
  for (let count = 0; count <= most; count += 1) {
    if (await has(page, selector)) return;
    await page.keyboard.press(key);
  }
  const on = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
  throw new Error(`the Tab key never reached ${selector}; at the end it was on ${on}`);
}
export async function activate(page, selector, options) {
  await tabTo(page, selector, options);
  await page.keyboard.press("Enter");
}

/** Where the Tab key begins on a page that was just opened. */
export const fromTop = (page) => page.focus("#skip");
/** Keys that aren't typed into anything. */
export async function shortcut(page, key) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press(key);
}
export async function intoGrid(page) {
  await fromTop(page);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.matches("[data-date]"));
}

/** Opens an event by the keyboard alone: the grid, its day, the event in the day's window. */
export async function keyOn(page, title, date) {
  await at(page, date);
  await sees(page, title);
  await intoGrid(page);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#day:popover-open");
  for (let count = 0; ; count += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.closest(".item")?.textContent.includes(wanted), title)) break;
    assert.ok(count < 20, `${title} isn't reached in the day's window`);
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  await page.waitForSelector(".event-popover");
}
export async function keyChoose(page, title, date, action) {
  await keyOn(page, title, date);
  await activate(page, `.event-popover [data-action=${action}]`, { most: 12 });
}

/** Types into a field of what is open: over what is in it. */
export async function typeInto(page, selector, value) {
  await tabTo(page, selector);
  await page.keyboard.press("Control+a");
  if (value === "") await page.keyboard.press("Delete");
  else await page.keyboard.type(value);
}

/** Types a date, part by part: a Chromium without a window has its own language, in which the month comes first. */
export async function typeDate(page, selector, date, { back = false } = {}) {
  await tabTo(page, selector, { key: back ? "Shift+Tab" : "Tab" });
  // From behind, the button of its calendar comes first.
  if (back) await press(page, "Shift+Tab");
  const [year, month, number] = date.split("-");
  await press(page, "ArrowLeft", "ArrowLeft", "ArrowLeft");
  for (const part of [month, number, year]) await page.keyboard.type(part);
  assert.equal(await page.inputValue(selector), date);
}

export const form = (name) => `#event-dialog [name=${name}]`;
export const opened = (page, dialog = "event-dialog") => page.waitForSelector(`#${dialog}[open]`);
export async function saved(page) {
  await closed(page, "event-dialog");
}
export async function clickSave(page) {
  await page.click("#event-dialog [type=submit]");
  await saved(page);
}
export async function keySave(page) {
  await activate(page, "#event-dialog [type=submit]");
  await saved(page);
}

/** Opens an entry of a department's menu by the keyboard. */
export async function keyMenu(page, department, entry) {
  await fromTop(page);
  await activate(page, `[data-menu="${departments[department]}"]`);
  await page.waitForSelector(".menu");
  for (let count = 0; ; count += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.textContent.includes(wanted), entry)) break;
    assert.ok(count < 15, `no entry ${entry}`);
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
}
