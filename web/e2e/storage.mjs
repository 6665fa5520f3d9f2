// A browser that stores nothing, and one that is full: everything works with a connection, and what can't be kept is said.
// node e2e/storage.mjs URL FOLDER
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, edit, follow, online, seen, visit, write } from "./browser.mjs";
import { ownBrowser } from "./own-browser.mjs";
import { failingNetwork } from "./proxy.mjs";
import { agree, logOf, restOf, until } from "./three-sides.mjs";

const [url, folder] = process.argv.slice(2);
const rest = restOf(url);
const network = await failingNetwork(Number(new URL(url).port));
const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
const days = { from: today, to: today };
const { department } = await rest("POST", "/api/departments", { name: "개발팀" });
const times = async (wanted) => (await logOf(rest, [department])).filter(({ event }) => event.title === wanted).length;

/** What the indicator explains when it is asked. */
async function explained(page) {
  await page.click("#connection");
  const said = await page.locator("#connection-hint").textContent();
  await page.keyboard.press("Escape");
  return said;
}

/** Creates, edits, and creates once more without a network; `other` sees all of it, once. */
async function works(page, other, name) {
  await create(page, { title: `${name} 새것` });
  await seen(other, `${name} 새것`);
  await edit(page, `${name} 새것`);
  await write(page, "event-dialog", { title: `${name} 고친 것` });
  await seen(other, `${name} 고친 것`);
  await create(other, { title: `${name} 옆 사람 것` });
  await seen(page, `${name} 옆 사람 것`);
  network.faults.down = true;
  network.cut();
  await page.waitForSelector('#connection[data-state="offline"]');
  await create(page, { title: `${name} 기다린 것` });
  await until("it waits", async () => /변경 1건 대기|1 change/.test(await page.textContent("#connection")));
  assert.match(await explained(page), /저장할 수 없|can.t store/);
  network.faults.down = false;
  await online(page);
  await seen(other, `${name} 기다린 것`);
  for (const title of ["새것", "고친 것", "기다린 것"]) assert.equal(await times(`${name} ${title}`), 1);
  await agree([page, other], rest, [department], days);
  assert.match(await explained(page), /저장할 수 없|can.t store/);
}

/** A profile in which the user has forbidden pages to store anything. */
function forbidding(path) {
  mkdirSync(join(path, "Default"), { recursive: true });
  writeFileSync(join(path, "Default", "Preferences"), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
  return path;
}

/** In the page: as on a full disk, nothing is stored any more, and transactions end without having been made. */
function fill() {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...row) {
    const request = put.apply(this, row);
    this.transaction.abort();
    return request;
  };
}

let browser = null;
const steps = {
  async "nothing may be stored"(other) {
    browser = await ownBrowser(forbidding(`${folder}-forbidding`));
    const page = await browser.open(`${network.url}/#/${today}/list`);
    assert.equal(await page.evaluate(() => { try { return localStorage.length >= 0; } catch (error) { return error.name; } }), "SecurityError");
    await page.click("#settings-button");
    await page.keyboard.press("Escape");
    await works(page, other, "금지");
    await browser.kill();
  },
  async "the disk is full"(other) {
    browser = await ownBrowser(`${folder}-full`);
    const page = await browser.open(network.url, { view: "list", language: "ko" });
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.evaluate(fill);
    await works(page, other, "가득");
    await page.reload();
    await online(page);
    await seen(page, "가득 기다린 것");
    assert.equal(await times("가득 기다린 것"), 1);
  },
};

try {
  await follow(steps, [await visit(url, { view: "list" })]);
} finally {
  await browser?.kill();
  network.close();
}
