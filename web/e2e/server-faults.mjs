// What becomes of the page, and of what is typed, when the server dies, freezes, comes back with older tables, or with a new page.
// node e2e/server-faults.mjs URL FOLDER SECONDS (how long it is frozen; 0 for the first steps only), under tests/web/stage.py, which does what `!…` on standard output says.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { closed, create, edit, follow, gone, online, seen, submit, visit } from "./browser.mjs";
import { agree, logOf, pause, restOf, until } from "./three-sides.mjs";

const [url, , frozenSeconds = "20"] = process.argv.slice(2);
const rest = restOf(url);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
const days = { from: `${today.slice(0, 8)}01`, to: `${today.slice(0, 8)}${new Date(Date.UTC(Number(today.slice(0, 4)), Number(today.slice(5, 7)), 0)).getUTCDate()}` };
const department = (await rest("POST", "/api/departments", { name: "개발팀" })).department;
/** Milliseconds. What is promised for the loss are 10 s, and half as much again for a busy machine; it is live when the server is. */
const WITHIN = { offline: 15_000, live: 60_000 };
const title = "#event-dialog [name=title]";

/** Has the stage do something; resolves when it is done. */
async function stage(what) {
  console.log(`!${what}`);
  await lines.next();
}

/** Waits until all pages say how it is. Returns how long it took. */
async function plain(pages, state, begun) {
  const selector = [state].flat().map((each) => `#connection[data-state="${each}"]`).join();
  await Promise.all(pages.map((page) => page.waitForSelector(selector, { timeout: 60_000 })));
  const took = Date.now() - begun;
  const [name] = [state].flat();
  assert.ok(took < WITHIN[name], `${name} after ${took} ms`);
  return `${name} after ${(took / 1_000).toFixed(1)} s`;
}

async function type(page, text) {
  await page.click("#new-event");
  await page.fill(title, text);
}

async function save(page) {
  await submit(page, "event-dialog");
  await closed(page, "event-dialog");
}

const times = async (wanted) => (await logOf(rest, [department])).filter(({ event }) => event.title === wanted).length;
/** None of these pages was loaded anew. */
const mark = (pages) => Promise.all(pages.map((page) => page.evaluate(() => (globalThis.isTheSame = true))));
const same = async (pages) => assert.deepEqual(await Promise.all(pages.map((page) => page.evaluate(() => globalThis.isTheSame === true))), pages.map(() => true));

const steps = {
  async "killed: plain, what is saved waits, what is typed stays"(one, two) {
    await mark([one, two]);
    await seen(one, "시작");
    await type(one, "죽은 동안");
    await type(two, "쓰다 만 것");
    const begun = Date.now();
    await stage("kill");
    const said = await plain([one, two], "offline", begun);
    await save(one);
    await seen(one, "죽은 동안");
    await until("it waits", async () => /변경 1건 대기/.test(await one.textContent("#connection")));
    return said;
  },
  async "started again: live by itself, and nothing is lost"(one, two) {
    await stage("start");
    const said = await plain([one, two], "live", Date.now());
    assert.equal(await two.inputValue(title), "쓰다 만 것");
    await save(two);
    for (const wanted of ["죽은 동안", "쓰다 만 것"]) for (const page of [one, two]) await seen(page, wanted);
    await same([one, two]);
    return said;
  },
  async "frozen: not live any more within 10 s, and a save is shown as waiting"(one, two) {
    await type(one, "언 동안");
    await type(two, "또 쓰다 만 것");
    const begun = Date.now();
    await stage("freeze");
    await submit(one, "event-dialog");
    const said = await plain([one, two], "offline", begun);
    await closed(one, "event-dialog");
    await until("it waits", async () => /변경 1건 대기/.test(await one.textContent("#connection")));
    assert.ok(await one.locator("#agenda .item[data-pending]", { hasText: "언 동안" }).count() > 0);
    await pause(Math.max(0, begun + Number(frozenSeconds) * 1_000 - Date.now()));
    return said;
  },
  async "thawed: live by itself, saved once"(one, two) {
    await stage("thaw");
    const said = await plain([one, two], "live", Date.now());
    await save(two);
    for (const page of [one, two]) for (const wanted of ["언 동안", "또 쓰다 만 것"]) await seen(page, wanted);
    for (const wanted of ["죽은 동안", "쓰다 만 것", "언 동안", "또 쓰다 만 것"]) assert.equal(await times(wanted), 1, wanted);
    await agree([one, two], rest, [department], days);
    await same([one, two]);
    return said;
  },
  async "older tables: what they have is shown, what waits is sent, what contradicts is asked"(one, two) {
    await stage("backup");
    for (const page of [one, two]) await online(page);
    await create(one, { title: "복원 뒤에는 없을 것" });
    await edit(two, "시작");
    await two.fill(title, "시작 (수정)");
    await save(two);
    await seen(one, "시작 (수정)");
    await seen(two, "복원 뒤에는 없을 것");
    await type(two, "복원해도 남을 글");
    await stage("kill");
    await one.waitForSelector('#connection[data-state="offline"]');
    await create(one, { title: "기다리던 것" });
    await edit(one, "시작 (수정)");
    await one.fill(title, "시작 (또 수정)");
    await save(one);
    await stage("restore");
    await stage("start");
    // It isn't all sent: something is asked.
    const said = await plain([one, two], ["live", "saving"], Date.now());
    const question = one.locator(".question-dialog");
    await question.waitFor();
    assert.match(await question.textContent(), /시작 \(또 수정\).*시작/s);
    await question.locator(".primary").click();
    for (const page of [one, two]) {
      await gone(page, "복원 뒤에는 없을 것");
      await seen(page, "기다리던 것");
      await seen(page, "시작 (또 수정)");
    }
    assert.equal(await two.inputValue(title), "복원해도 남을 글");
    await save(two);
    await seen(one, "복원해도 남을 글");
    for (const wanted of ["기다리던 것", "시작 (또 수정)", "복원해도 남을 글"]) assert.equal(await times(wanted), 1, wanted);
    await agree([one, two], rest, [department], days);
    await same([one, two]);
    return said;
  },
  async "deployed anew: a new page is offered, not forced, and the old one goes on"(one, two) {
    await type(two, "배포 때 쓰던 글");
    await stage("kill");
    await stage("deploy");
    await stage("start");
    await plain([one, two], "live", Date.now());
    for (const page of [one, two]) await page.locator(".toast", { hasText: "새 버전" }).waitFor();
    await same([one, two]);
    // Parts that were never needed yet are still there.
    await one.click("#search");
    await one.waitForSelector("dialog[open]:not(#event-dialog)");
    await one.keyboard.press("Escape");
    assert.equal(await two.inputValue(title), "배포 때 쓰던 글");
    const [before] = await two.locator("link[rel=stylesheet]").evaluateAll((all) => all.map(({ href }) => href).filter((href) => href.includes("index-")));
    await two.locator(".toast", { hasText: "새 버전" }).locator(".act").click();
    await two.waitForFunction(() => globalThis.isTheSame !== true);
    await online(two);
    const [after] = await two.locator("link[rel=stylesheet]").evaluateAll((all) => all.map(({ href }) => href).filter((href) => href.includes("index-")));
    assert.notEqual(after, before);
    await resume(two, "배포 때 쓰던 글");
    await pause(500);
    assert.equal(await two.locator(".toast", { hasText: "새 버전" }).count(), 0);
  },
  async "typed text outlasts a reload, and the crash of a tab"(one, two) {
    await two.fill(title, "새로 고침을 넘길 글");
    await two.waitForTimeout(600);
    await two.reload();
    await resume(two, "새로 고침을 넘길 글");
    await two.fill(title, "탭이 죽어도 남을 글");
    await two.waitForTimeout(600);
    const crashed = two.waitForEvent("crash");
    two.goto("chrome://crash").catch(() => {});
    await crashed;
    const again = await two.context().newPage();
    await again.goto(url);
    await online(again);
    await resume(again, "탭이 죽어도 남을 글");
    await save(again);
    await seen(one, "탭이 죽어도 남을 글");
    await agree([one, again], rest, [department], days);
  },
};

/** Takes up what was typed before the page was loaded. */
async function resume(page, text) {
  await page.locator(".toast", { hasText: text }).locator(".act").click();
  await page.waitForSelector("#event-dialog[open]");
  assert.equal(await page.inputValue(title), text);
}

await rest("POST", `/api/events/${department.id}`, { title: "시작", event_date: today });
const begun = Object.fromEntries(Object.entries(steps).slice(0, 2));
await follow(frozenSeconds === "0" ? begun : steps, [await visit(url, { view: "list" }), await visit(url, { view: "list" })]);
process.exit(process.exitCode ?? 0);
