// The page in Debian's Firefox, by WebDriver BiDi over a socket: node e2e/firefox.mjs URL
//
// FIREFOX is the program; its profile is a new folder each time. Chromium isn't needed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Node 20 has no WebSocket of its own.
import { WebSocket } from "ws";
import { sender } from "./house.mjs";

const [url] = process.argv.slice(2);
const WAIT = Number(process.env.E2E_TIMEOUT ?? 60_000);
const PREFERENCES = {
  "app.update.enabled": false, "browser.shell.checkDefaultBrowser": false, "datareporting.policy.dataSubmissionEnabled": false, "toolkit.telemetry.enabled": false,
  "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false, "browser.safebrowsing.update.enabled": false,
  "services.settings.server": "data:,", "app.normandy.enabled": false, "intl.accept_languages": "ko-KR", "intl.locale.requested": "ko",
};

/** Starts Firefox; resolves with the address that it listens on. */
function start(profile) {
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
  writeFileSync(join(profile, "user.js"), lines.join("\n"));
  const firefox = spawn(process.env.FIREFOX ?? "firefox-esr", ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"], {
    env: { ...process.env, HOME: profile, TZ: "Asia/Seoul" }, stdio: ["ignore", "ignore", "pipe"],
  });
  const listening = new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`Firefox doesn't listen: ${said}`)), WAIT);
    firefox.stderr.on("data", (more) => {
      said += more;
      const [, address] = /WebDriver BiDi listening on (ws:\S+)/.exec(said) ?? [];
      if (address) resolve(address);
      if (address) clearTimeout(timer);
    });
    firefox.on("exit", () => reject(new Error(said)));
  });
  return { firefox, listening };
}

/** Returns `{send(method, params), close()}`; `heard(event)` is called with each event. */
async function connect(address, heard) {
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  const waiting = new Map();
  let last = 0;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.id === undefined || message.id === null) return heard(message);
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    return message.type === "error" ? reject(new Error(`${message.error}: ${message.message}`)) : resolve(message.result);
  });
  return {
    close: () => socket.close(),
    send: (method, params) => new Promise((resolve, reject) => {
      waiting.set((last += 1), { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    }),
  };
}

/** A page in it: evaluates, waits, types and clicks. */
function pageOf({ send }, context) {
  const evaluate = async (expression) => {
    const { type, result, exceptionDetails } = await send("script.evaluate", { expression, target: { context }, awaitPromise: true });
    if (type === "exception") throw new Error(exceptionDetails.text);
    return result.value;
  };
  const until = async (expression) => {
    const end = Date.now() + WAIT;
    while (!(await evaluate(`Boolean(${expression})`))) {
      assert.ok(Date.now() < end, `it never came: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const perform = (actions) => send("input.performActions", { context, actions });
  return {
    evaluate, until,
    press: (keys) => perform([{ type: "key", id: "keyboard", actions: [...keys].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]) }]),
    async click(selector) {
      await until(`document.querySelector(${JSON.stringify(selector)})?.getClientRects().length`);
      const [x, y] = JSON.parse(await evaluate(`JSON.stringify((({ left, top, width, height }) => [Math.round(left + width / 2), Math.round(top + height / 2)])(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect()))`));
      await perform([{ type: "pointer", id: "mouse", actions: [{ type: "pointerMove", x, y }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }] }]);
    },
  };
}

const step = async (name, work) => {
  await work();
  console.log(`ok - ${name}`);
};

async function walk(page, complaints) {
  const send = sender(url);
  const events = async () => (await send("GET", `/api/events/${(await send("GET", "/api/departments")).departments[0].id}`)).events;
  const today = await page.evaluate("new Intl.DateTimeFormat('sv-SE').format(new Date())");
  await step("the page is live in Firefox", () => page.until(`document.querySelector('#connection[data-state="live"]')`));
  await step("a department is made", async () => {
    await page.click("#new-department");
    await page.until(`document.activeElement?.name === "name"`);
    await page.press("개발팀\uE007");
    await page.until(`!document.querySelector("dialog[open]") && document.querySelector("#department-list li")`);
  });
  await step("an event is made by keyboard", async () => {
    await page.evaluate("document.activeElement?.blur()");
    await page.press("c");
    await page.until(`document.activeElement?.name === "title"`);
    await page.press("불여우의 일정\uE007");
    await page.until(`!document.querySelector("dialog[open]") && document.querySelector("#main .event")?.textContent.includes("불여우의 일정")`);
    assert.deepEqual((await events()).map(({ title, event_date }) => [title, event_date]), [["불여우의 일정", today]]);
  });
  await step("what others do is seen, and announced", async () => {
    const [{ department_id }] = await events();
    await send("POST", `/api/events/${department_id}`, { title: "남의 일정", event_date: today, start_time: "10:00" });
    await page.until(`[...document.querySelectorAll("#main .event")].some((each) => each.textContent.includes("남의 일정"))`);
    await page.until(`document.getElementById("announcement").textContent.includes("남의 일정")`);
  });
  await step("each view is drawn", async () => {
    for (const view of ["week", "day", "list", "departments", "month"]) {
      await page.click(`#views [data-view=${view}]`);
      await page.until(`document.body.dataset.view === "${view}" && document.querySelector("#main").innerText.includes("남의 일정")`);
    }
  });
  await step("an event is looked at, changed and deleted by mouse", async () => {
    await page.click("#views [data-view=list]");
    await page.click("#agenda button.open");
    await page.click(".event-popover [data-action=remove]");
    await page.until(`document.querySelectorAll("#agenda button.open").length === 1`);
    await page.until(`document.querySelector(".toast button.act")`);
    await page.click(".toast button.act");
    await page.until(`document.querySelectorAll("#agenda button.open").length === 2`);
  });
  await step("Firefox has no complaints", () => assert.deepEqual(complaints, []));
}

const profile = mkdtempSync(join(tmpdir(), "firefox-"));
const { firefox, listening } = start(profile);
const ended = new Promise((resolve) => firefox.on("close", resolve));
let connection;
try {
  const complaints = [];
  connection = await connect(await listening, ({ method, params }) => {
    if (method === "log.entryAdded" && params.level === "error") complaints.push(`${params.text} ${JSON.stringify(params.stackTrace?.callFrames?.slice(0, 6) ?? "")}`);
  });
  await connection.send("session.new", { capabilities: {} });
  await connection.send("session.subscribe", { events: ["log.entryAdded"] });
  const { contexts: [{ context }] } = await connection.send("browsingContext.getTree", {});
  await connection.send("browsingContext.setViewport", { context, viewport: { width: 1280, height: 900 } });
  await connection.send("browsingContext.navigate", { context, url, wait: "interactive" });
  await walk(pageOf(connection, context), complaints);
} catch (error) {
  console.log(`not ok - ${error.stack}`);
  process.exitCode = 1;
} finally {
  connection?.close();
  firefox.kill();
  await ended;
  rmSync(profile, { recursive: true, force: true });
}
