// The core of offline.mjs, for every run of the tests: without a network, killed, opened again without one, sent once, asked.
// node e2e/offline-core.mjs URL FOLDER
import assert from "node:assert/strict";
import { create, edit, follow, online, seen, visit, write } from "./browser.mjs";
import { ownBrowser } from "./own-browser.mjs";
import { failingNetwork } from "./proxy.mjs";
import { agree, logOf, restOf, until } from "./three-sides.mjs";

const [url, folder] = process.argv.slice(2);
const rest = restOf(url);
const network = await failingNetwork(Number(new URL(url).port));
const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
const { department } = await rest("POST", "/api/departments", { name: "개발팀" });
await rest("POST", `/api/events/${department.id}`, { title: "둘이 고칠 것", event_date: today });
const titles = async () => (await logOf(rest, [department])).map(({ event }) => event.title);
const waits = (page) => until("two wait", async () => /변경 2건 대기/.test(await page.textContent("#connection")));

let browser = await ownBrowser(folder);
let page = null;
const steps = {
  async "without a network one goes on, and so does a colleague"(other) {
    page = await browser.open(network.url, { view: "list", language: "ko" });
    await page.evaluate(() => navigator.serviceWorker.ready);
    network.faults.down = true;
    network.cut();
    await create(page, { title: "내 새것" });
    await edit(page, "둘이 고칠 것");
    await write(page, "event-dialog", { title: "내가 고친 것" });
    await waits(page);
    await edit(other, "둘이 고칠 것");
    await write(other, "event-dialog", { title: "남이 고친 것" });
    await create(other, { title: "남의 새것" });
    await until("it is stored", async () => (await titles()).length === 3);
  },
  async "killed and opened again without a network, it shows what waits"() {
    await browser.kill();
    browser = await ownBrowser(folder);
    page = await browser.open(network.url, { reached: '#connection[data-state="offline"]' });
    await waits(page);
    for (const title of ["내 새것", "내가 고친 것"]) await seen(page, title);
  },
  async "everything is sent once, what contradicts is asked, and all sides agree"(other) {
    network.faults.down = false;
    const question = page.locator(".question-dialog");
    await question.waitFor();
    for (const title of ["내가 고친 것", "남이 고친 것"]) assert.ok((await question.textContent()).includes(title));
    await question.locator(".primary").click();
    await online(page);
    await agree([page, other], rest, [department], { from: today, to: today });
    const [first, ...later] = await titles();
    assert.equal(first, "둘이 고칠 것");
    assert.deepEqual(later.sort(), ["남의 새것", "남이 고친 것", "내 새것", "내가 고친 것"]);
  },
};

try {
  await follow(steps, [await visit(url, { view: "list" })]);
} finally {
  await browser.kill();
  network.close();
}
