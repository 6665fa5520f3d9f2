// Two people change everything while one of them has no network, in two tabs, and his browser is killed twice: nothing is lost,
// nothing is there twice, and what contradicts is asked. node e2e/offline.mjs URL FOLDER SECONDS
import assert from "node:assert/strict";
import { closed, create, edit, follow, online, remove, seen, visit, write } from "./browser.mjs";
import { ownBrowser } from "./own-browser.mjs";
import { failingNetwork } from "./proxy.mjs";
import { agree, logOf, pause, restOf, rowsOf, until } from "./three-sides.mjs";

const [url, folder, seconds] = process.argv.slice(2);
const rest = restOf(url);
const network = await failingNetwork(Number(new URL(url).port));
const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
const inMonth = (date) => `${today.slice(0, 8)}${date}`;
const days = { from: inMonth("01"), to: inMonth(new Date(Date.UTC(Number(today.slice(0, 4)), Number(today.slice(5, 7)), 0)).getUTCDate()) };
const departments = [];
for (const name of ["개발팀", "영업팀"]) departments.push((await rest("POST", "/api/departments", { name })).department);
const ids = {};
const make = async (title, fields = {}) => (ids[title] = (await rest("POST", `/api/events/${departments[0].id}`, { title, event_date: today, ...fields })).event.id);
for (const who of ["내", "남의"]) {
  for (const what of ["고칠 것", "옮길 것", "지울 것", "되살릴 것"]) await make(`${who} ${what}`);
  for (const what of ["매주 고칠 것", "매주 지울 것"]) await make(`${who} ${what}`, { event_date: inMonth("02"), recurrence: "FREQ=WEEKLY;COUNT=4" });
}
for (const title of ["둘이 고칠 것", "하나는 지울 것"]) await make(title);

const waitsFor = (page, count) => until(`${count} wait`, async () => new RegExp(`변경 ${count}건 대기`).test(await page.textContent("#connection")));
const undo = async (page) => {
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Control+z");
};

/** The changes of one person: some in each of two pages. */
const changes = {
  async creates(page, who) {
    await create(page, { title: `${who} 새것` });
    await page.fill(".quick-input:visible", `오늘 ${who} 짧은 새것`);
    await page.press(".quick-input:visible", "Enter");
    await seen(page, `${who} 짧은 새것`);
  },
  async edits(page, who) {
    await edit(page, `${who} 고칠 것`);
    await write(page, "event-dialog", { title: `${who} 고친 것` });
    await edit(page, `${who} 옮길 것`);
    await write(page, "event-dialog", { department_id: departments[1].id });
  },
  async occurrences(page, who) {
    await edit(page, `${who} 매주 고칠 것`);
    await write(page, "event-dialog", { title: `${who} 한 번 고친 것` }, false);
    await page.click("#event-dialog .question .primary");
    await closed(page, "event-dialog");
    await remove(page, `${who} 매주 지울 것`);
    await page.click(".question-dialog .danger");
    await page.waitForSelector(".question-dialog", { state: "detached" });
  },
  async removals(page, who) {
    await remove(page, `${who} 지울 것`);
    await remove(page, `${who} 되살릴 것`);
    await until("it is gone", async () => !(await rowsOf(page)).some((row) => row.includes(`${who} 되살릴 것`)));
    await undo(page);
    await seen(page, `${who} 되살릴 것`);
  },
};

let browser = await ownBrowser(folder);
const open = (how) => browser.open(network.url, { view: "list", language: "ko", ...how });
const LOADED = "#agenda .item";
let [first, second] = [null, null];
let cutAt = 0;

const steps = {
  async "two tabs of one browser, and a colleague"(other) {
    first = await open();
    second = await open();
    for (const page of [first, second, other]) await seen(page, "하나는 지울 것");
    assert.equal((await rowsOf(first)).length, 8 + 16 + 2);
    await first.evaluate(() => navigator.serviceWorker.ready);
  },
  async "without a network one goes on"() {
    network.faults.down = true;
    network.cut();
    cutAt = Date.now();
    for (const page of [first, second]) await page.waitForSelector('#connection[data-state="offline"]');
    await first.bringToFront();
    await changes.creates(first, "내");
    await second.bringToFront();
    await changes.edits(second, "내");
    await first.bringToFront();
    await edit(first, "둘이 고칠 것");
    await write(first, "event-dialog", { title: "내가 고친 것" });
    for (const page of [first, second]) await waitsFor(page, 5);
  },
  async "the colleague does the same, and two things that contradict"(other) {
    for (const work of Object.values(changes)) await work(other, "남의");
    await edit(other, "둘이 고칠 것");
    await write(other, "event-dialog", { title: "남이 고친 것" });
    await remove(other, "하나는 지울 것");
    await until("the server has all", async () => (await other.textContent("#connection")).includes("실시간"));
  },
  async "the browser is killed, and opened again without a network"() {
    await browser.kill();
    browser = await ownBrowser(folder);
    const reached = '#connection[data-state="offline"]';
    first = await open({ reached });
    second = await open({ reached });
    for (const page of [first, second]) {
      await page.waitForSelector(LOADED);
      await waitsFor(page, 5);
      await seen(page, "내 새것");
    }
    assert.ok((await rowsOf(first)).some((row) => row.includes("내가 고친 것") && row.endsWith("…")));
  },
  async "what was begun there is gone on with"() {
    await changes.occurrences(second, "내");
    await first.bringToFront();
    await changes.removals(first, "내");
    await second.bringToFront();
    await edit(second, "하나는 지울 것");
    await write(second, "event-dialog", { title: "지워진 것을 고친 것" });
    for (const page of [first, second]) await waitsFor(page, 11);
    await pause(Math.max(0, cutAt + Number(seconds) * 1_000 - Date.now()));
  },
  async "the network loses answers, and the browser is killed while it sends"() {
    const before = (await logOf(rest, departments)).length;
    network.faults.lose = 0.4;
    network.faults.down = false;
    await until("something has arrived", async () => (await logOf(rest, departments)).length > before);
    await browser.kill();
    network.faults.lose = 0;
    browser = await ownBrowser(folder);
    [first, second] = [await open({ reached: LOADED }), await open({ reached: LOADED })];
  },
  async "what contradicts is asked, with both versions"() {
    const asked = await until("a question", async () => {
      for (const page of [first, second]) if (await page.locator(".question-dialog").count() > 0) return page;
      return null;
    });
    await asked.bringToFront();
    for (let count = 0; count < 2; count += 1) {
      const question = asked.locator(".question-dialog").first();
      await question.waitFor();
      const said = await question.textContent();
      if (said.includes("남이 고친 것")) {
        assert.ok(said.includes("내가 고친 것"), said);
        await question.locator("[value=mine]").last().click();
      } else {
        assert.ok(said.includes("하나는 지울 것") || said.includes("지워진 것을 고친 것"), said);
        await question.locator("button[value=new]").click();
      }
      await question.waitFor({ state: "detached" }).catch(() => {});
    }
    for (const page of [first, second]) await online(page);
  },
  async "all sides agree, and each change was made once"(other) {
    const rows = await agree([first, second, other], rest, departments, days);
    const log = await logOf(rest, departments);
    const count = (kind, is) => log.filter((change) => change.kind === kind && is(change.event)).length;
    const changed = (id) => log.filter(({ event }) => event.id === id);
    for (const who of ["내", "남의"]) {
      for (const title of [`${who} 새것`, `${who} 짧은 새것`]) assert.deepEqual(log.filter(({ event }) => event.title === title).map(({ kind }) => kind), ["event_created"], title);
      const kinds = (title) => changed(ids[`${who} ${title}`]).map(({ kind }) => kind.slice(6)).join();
      assert.equal(kinds("고칠 것"), "created,updated");
      assert.deepEqual([...kinds("옮길 것").split(",")].sort(), ["created", "created", "deleted"]);
      assert.equal(kinds("지울 것"), "created,deleted");
      assert.equal(kinds("되살릴 것"), "created,deleted,created");
      for (const what of ["매주 고칠 것", "매주 지울 것"]) assert.equal(kinds(what), "created,updated", what);
      for (const [title, times] of [["고친 것", 1], ["옮길 것", 1], ["지울 것", 0], ["되살릴 것", 1], ["한 번 고친 것", 1], ["매주 고칠 것", 3], ["매주 지울 것", 3]]) {
        assert.equal(rows.filter((row) => row.includes(` ${who} ${title} (`)).length, times, `${who} ${title}`);
      }
      assert.ok(rows.includes(`${today} ${who} 옮길 것 (영업팀)`));
    }
    assert.deepEqual(changed(ids["둘이 고칠 것"]).map(({ event }) => event.title), ["둘이 고칠 것", "남이 고친 것", "내가 고친 것"]);
    assert.equal(count("event_created", ({ title }) => title === "지워진 것을 고친 것"), 1);
    assert.ok(!rows.some((row) => row.includes("둘이") || row.includes("남이 고친 것") || row.includes("하나는")));
    return `${log.length} changes`;
  },
};

try {
  await follow(steps, [await visit(url, { view: "list" })]);
} finally {
  await browser.kill();
  network.close();
}
