// What the scripts here share: a Chromium, pages in profiles of their own, steps that are told one by one.
export const complaints = [];
const LIVE = '#connection[data-state="live"]';
let browser = null;

export const ARGUMENTS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const launch = async () => (await import("playwright-core")).chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });

/**
 * Opens `url` as somebody who was never here. `reached` is a selector that is waited for; `address` is where he sits,
 * for a server that believes a proxy; `signed` is the storage of a context that has signed in. `view` is the view in which he begins; the list shows all of an event.
 */
export async function visit(url, { locale = "ko-KR", reached = LIVE, anyCertificate = false, address, view = "month", signed } = {}) {
  browser ??= launch();
  const context = await (await browser).newContext({
    locale, viewport: { width: 1280, height: 1400 }, timezoneId: "Asia/Seoul", ignoreHTTPSErrors: anyCertificate, storageState: signed,
    extraHTTPHeaders: address ? { "X-Forwarded-For": address } : {},
  });
  return enter(context, url, { reached, view });
}

/** Opens `url` in a new tab of a browser's context. */
export async function enter(context, url, { reached = LIVE, view = "month", language = "" } = {}) {
  const page = await context.newPage();
  await page.addInitScript(([first, chosen]) => {
    try {
      localStorage.getItem("teamcal.settings") ?? localStorage.setItem("teamcal.settings", JSON.stringify({ view: first, sidebar: "on", language: chosen }));
    } catch {
      // Where nothing may be stored, it begins as everybody's does.
    }
  }, [view, language]);
  page.setDefaultTimeout(Number(process.env.E2E_TIMEOUT ?? 40_000));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => /Content Security Policy|Refused to/.test(message.text()) && complaints.push(message.text()));
  // A script that waits for the question answers it first.
  page.on("dialog", (dialog) => (dialog.type() === "beforeunload" ? setTimeout(() => dialog.accept().catch(() => {}), 2_000) : complaints.push("a script dialog opened")));
  await page.addInitScript(listen);
  await page.goto(url);
  try {
    await page.waitForSelector(reached);
  } catch (error) {
    error.message = [...complaints, error.message].join("\n");
    throw error;
  }
  return page;
}

/** In the page: keeps what is announced. */
function listen() {
  globalThis.saidHere = [];
  new MutationObserver(() => {
    const text = document.getElementById("announcement")?.textContent;
    if (text && globalThis.saidHere.at(-1) !== text) globalThis.saidHere.push(text);
  }).observe(document, { subtree: true, childList: true });
}

/** Opens an entry of a department's menu. */
export async function departmentMenu(page, name, entry) {
  await page.locator("#department-list li", { hasText: name }).locator("[data-menu]").click();
  await page.locator(".menu button", { hasText: entry }).click();
}

/** Waits until a department is shown. */
export const shows = (page, name) => page.locator("#department-list li", { hasText: name }).locator("input:checked").waitFor({ state: "attached" });

/** Runs `steps` {name: step} with `people` until one fails. */
export async function follow(steps, people) {
  try {
    for (const [name, step] of Object.entries(steps)) {
      try {
        const remark = await step(...people);
        console.log(`ok - ${name}${remark ? ` (${remark})` : ""}`);
      } catch (error) {
        console.log(`not ok - ${name}\n${error.message}\n${error.stack}`);
        process.exitCode = 1;
        break;
      }
    }
    if (complaints.length > 0) {
      console.log(`not ok - the browser has no complaints\n${complaints.join("\n")}`);
      process.exitCode = 1;
    }
  } finally {
    await (await browser).close();
  }
}

export const online = (page) => page.waitForSelector(LIVE);
/** An event as the calendar shows it, wherever it is in sight. */
export const shown = (page, title) => page.locator("#main :is(.item, .event, button.chip)", { hasText: title }).first();
export const inDay = shown;
export const seen = (page, title) => shown(page, title).waitFor();
export const gone = (page, title) => shown(page, title).waitFor({ state: "detached" });
/** Waits until the page has said something that matches. */
export async function said(page, pattern) {
  try {
    await page.waitForFunction((source) => (globalThis.saidHere ?? []).some((each) => new RegExp(source).test(each)), pattern.source ?? pattern);
  } catch (error) {
    error.message = `${await page.evaluate(() => globalThis.saidHere?.join("\n"))}\n${error.message}`;
    throw error;
  }
}
export const submit = (page, dialog) => page.click(`#${dialog} [type=submit]`);

/** Saves or deletes what is open of a series; `scope` is this, following or all. */
export async function answerScope(page, scope) {
  const question = page.locator(".question-dialog, #event-dialog .question:not([hidden])").last();
  await question.locator(`[name=scope][value=${scope}]`).check();
  await question.locator("footer button, .buttons button").last().click();
  await closed(page, "event-dialog");
}

export async function closed(page, dialog) {
  try {
    await page.waitForSelector(`#${dialog}`, { state: "hidden" });
  } catch (error) {
    error.message = `${await page.textContent(`#${dialog}`)}\n${error.message}`;
    throw error;
  }
}

/** Fills a field of a dialog: types, chooses or checks. A time of an event may need its kind to be chosen first. */
async function fillIn(page, dialog, name, value) {
  const field = page.locator(`#${dialog} [name=${name}]`);
  if (dialog === "event-dialog") await makeVisible(page, name, value);
  if (name === "categories") return;
  if (await field.first().evaluate((element) => element.matches("select"))) await field.selectOption(value);
  else if (await field.first().evaluate((element) => element.matches("[type=radio]"))) await page.check(`#${dialog} [name=${name}][value="${value}"]`);
  else await field.fill(value);
}

/** Shows the part of the event's form that has a field. */
async function makeVisible(page, name, value) {
  const check = (selector) => page.locator(`#event-dialog ${selector}`).check({ force: true });
  if (name === "time" || name === "start_time") await check(`[name=time_kind][value=${name === "time" ? "text" : "clock"}]`);
  if (name === "end_date") await check(".several-days");
  if (["url", "status", "color"].includes(name)) await page.locator("#event-dialog .further").evaluate((details) => { details.open = true; });
  if (name !== "categories") return;
  for (const category of value.split(",").map((each) => each.trim())) {
    await page.fill("#event-dialog [name=own_category]", category);
    await page.press("#event-dialog [name=own_category]", "Enter");
  }
}

/** Fills the fields of a dialog and submits it. */
export async function write(page, dialog, fields, wait = true) {
  for (const [name, value] of Object.entries(fields)) await fillIn(page, dialog, name, value);
  await submit(page, dialog);
  if (wait) await closed(page, dialog);
}

export async function create(page, fields) {
  await page.click("#new-event");
  await write(page, "event-dialog", fields);
}

/** Opens an event's popover. */
export async function look(page, title) {
  await page.locator("#main :is(.item button.open, .event)", { hasText: title }).first().click();
  await page.waitForSelector(".event-popover");
}

export async function edit(page, title) {
  await look(page, title);
  await page.click(".event-popover [data-action=edit]");
  await page.waitForSelector("#event-dialog[open]");
}

/** Deletes an event from its popover. */
export async function remove(page, title) {
  await look(page, title);
  await page.click(".event-popover [data-action=remove]");
}
