// Networks as offices have them: plain http under a name, a proxy that cuts connections and one without websockets, two servers.
// node e2e/networks.mjs URL FOLDER OTHER_URL, where both servers have the same tables.
import assert from "node:assert/strict";
import { create, edit, follow, online, remove, seen, visit, write } from "./browser.mjs";
import { ownBrowser } from "./own-browser.mjs";
import { failingNetwork } from "./proxy.mjs";
import { agree, logOf, pause, restOf, until } from "./three-sides.mjs";

const [url, folder, otherUrl] = process.argv.slice(2);
const rest = restOf(url);
const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
const days = { from: today, to: today };
const { department } = await rest("POST", "/api/departments", { name: "개발팀" });
const network = await failingNetwork(Number(new URL(url).port));
const times = async (wanted) => (await logOf(rest, [department])).filter(({ event }) => event.title === wanted).length;
let browser = null;

/** Each sees what the other does. Returns the slower way's time. */
async function bothWays(one, two, name) {
  const begun = Date.now();
  await create(one, { title: `${name} 하나` });
  await seen(two, `${name} 하나`);
  await edit(two, `${name} 하나`);
  await write(two, "event-dialog", { title: `${name} 둘` });
  await seen(one, `${name} 둘`);
  await remove(one, `${name} 둘`);
  await until("it is gone", async () => !(await two.locator("#agenda .item", { hasText: `${name} 둘` }).count()));
  for (const title of ["하나", "둘"]) assert.equal(await times(`${name} ${title}`), title === "둘" ? 2 : 1);
  return `${((Date.now() - begun) / 1_000).toFixed(1)} s`;
}

const steps = {
  async "two servers"(one, two) {
    const took = await bothWays(one, two, "두 서버");
    await agree([one, two], rest, [department], days);
    await agree([one, two], restOf(otherUrl), [department], days);
    return took;
  },
  async "plain http under a name: what it can't is said, and the open page goes on"(one) {
    browser = await ownBrowser(folder, ["--host-resolver-rules=MAP calendar.test 127.0.0.1"]);
    const page = await browser.open(`http://calendar.test:${new URL(network.url).port}`, { view: "list", language: "ko" });
    assert.equal(await page.evaluate(() => isSecureContext), false);
    await page.click("#connection");
    assert.match(await page.textContent("#connection-hint"), /http라서/);
    await page.keyboard.press("Escape");
    // Nothing was opened yet: what a time without a network needs comes by itself, the form and all that it uses.
    const loaded = () => page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    await until("the form is loaded", async () => (await loaded()).some((name) => /\/events-[^/]+\.js/.test(name)));
    for (let before = 0, now = 1; before !== now; ) {
      before = (await loaded()).length;
      await pause(1_000);
      now = (await loaded()).length;
    }
    network.faults.down = true;
    network.cut();
    await page.waitForSelector('#connection[data-state="offline"]');
    await create(page, { title: "이름으로 연 페이지" });
    await page.click("#connection");
    assert.match(await page.textContent("#connection-hint"), /다시 열 수 없습니다/);
    network.faults.down = false;
    await online(page);
    await seen(one, "이름으로 연 페이지");
    assert.equal(await times("이름으로 연 페이지"), 1);
  },
  async "a proxy that cuts connections all the time"(one, two) {
    const [page] = browser.context.pages().slice(-1);
    let isOver = false;
    const cutting = (async () => {
      while (!isOver) {
        network.faults.lose = 0.3;
        await pause(300 + Math.random() * 700);
        network.cut();
      }
      network.faults.lose = 0;
    })();
    for (let number = 0; number < 6; number += 1) await create(page, { title: `끊기는 ${number}` });
    for (let number = 0; number < 6; number += 1) await seen(two, `끊기는 ${number}`);
    isOver = true;
    await cutting;
    await until("all is sent", async () => (await page.getAttribute("#connection", "data-state")) === "live", 60).catch(async (error) => {
      throw new Error(`${error.message}: ${await page.textContent("#connection")}`);
    });
    for (let number = 0; number < 6; number += 1) assert.equal(await times(`끊기는 ${number}`), 1);
    await agree([page, one, two], rest, [department], days);
  },
  async "a proxy without websockets"(one, two) {
    network.faults.refuse = /^GET \S*transport=websocket/;
    network.cut();
    const [page] = browser.context.pages().slice(-1);
    await page.reload();
    await online(page);
    const took = await bothWays(page, two, "웹소켓 없이");
    await agree([page, one, two], rest, [department], days);
    return took;
  },
};

try {
  await follow(steps, [await visit(url, { view: "list" }), await visit(otherUrl, { view: "list" })]);
} finally {
  await browser?.kill();
  network.close();
}
