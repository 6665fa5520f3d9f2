// Two people with the page open, against a running server: node e2e/two-pages.mjs URL
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const url = process.argv[2];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
const complaints = [];

async function open(locale = "ko-KR") {
  const context = await browser.newContext({ locale, viewport: { width: 1280, height: 760 }, timezoneId: "Asia/Seoul" });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => /Content Security Policy|Refused to/.test(message.text()) && complaints.push(message.text()));
  page.on("dialog", () => complaints.push("a script dialog opened"));
  await page.goto(url);
  await online(page);
  return page;
}

const online = (page) => page.waitForSelector('#connection[data-state="online"]');
const inDay = (page, title) => page.locator("#day-events li", { hasText: title });
const seen = (page, title) => inDay(page, title).waitFor();
const gone = (page, title) => inDay(page, title).waitFor({ state: "detached" });
const submit = (page, dialog) => page.click(`#${dialog} [type=submit]`);

async function closed(page, dialog) {
  try {
    await page.waitForSelector(`#${dialog}`, { state: "hidden" });
  } catch (error) {
    error.message = `${await page.textContent(`#${dialog}`)}\n${error.message}`;
    throw error;
  }
}

async function write(page, fields, wait = true) {
  for (const [name, value] of Object.entries(fields)) await page.fill(`#event-dialog [name=${name}]`, value);
  await submit(page, "event-dialog");
  if (wait) await closed(page, "event-dialog");
}

async function create(page, fields) {
  await page.click("#new-event");
  await write(page, fields);
}

async function edit(page, title) {
  await inDay(page, title).locator("button").click();
  await page.waitForSelector("#event-dialog[open]");
}

const steps = {
  async "a department made by one appears in the other's list"(one, two) {
    await one.click("#new-department");
    await one.fill("#department-dialog [name=name]", "개발팀 <b>1</b>");
    await submit(one, "department-dialog");
    await closed(one, "department-dialog");
    await two.locator("#department-list label", { hasText: "개발팀 <b>1</b>" }).click();
    await two.waitForFunction(() => document.getElementById("day-empty").textContent === "일정이 없습니다.");
  },
  async "what the server refuses is said beside the field"(one) {
    await one.click("#new-event");
    await write(one, { title: " " }, false);
    const error = one.locator("#event-dialog-title-error");
    await error.waitFor();
    assert.notEqual(await error.textContent(), "");
    await one.click("#event-dialog [data-action=cancel]");
    await one.click("#event-dialog .question .danger");
    await closed(one, "event-dialog");
  },
  async "an event made by one appears highlighted at the other's, as text"(one, two) {
    await create(one, {
      title: "<img src=x onerror=alert(1)> 회의", time: "오후 2:00", description: "안건\n둘째 줄", url: "https://example.com/a?b=1",
    });
    await seen(one, "회의");
    await seen(two, "<img src=x onerror=alert(1)> 회의");
    assert.match(await inDay(two, "회의").getAttribute("class"), /fresh/);
    assert.equal(await inDay(one, "회의").getAttribute("class") ?? "", "");
    const link = inDay(two, "회의").locator("a");
    assert.equal(await link.getAttribute("href"), "https://example.com/a?b=1");
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
  },
  async "a change by the other comes back"(one, two) {
    await edit(two, "회의");
    await write(two, { title: "주간 회의" });
    await seen(one, "주간 회의");
  },
  async "nobody overwrites unseen what somebody else wrote"(one, two) {
    await edit(one, "주간 회의");
    await edit(two, "주간 회의");
    await write(two, { title: "월간 회의", time: "종일" });
    await seen(one, "월간 회의");
    await write(one, { description: "내 설명" }, false);
    const conflict = one.locator("#event-dialog .conflict");
    await Promise.race([conflict.waitFor(), closed(one, "event-dialog")]);
    if (!(await conflict.isVisible())) return "the server knows no versions";
    assert.match(await conflict.textContent(), /월간 회의/);
    await conflict.locator("[data-action=save-mine]").click();
    await closed(one, "event-dialog");
    await seen(two, "내 설명");
    await seen(two, "월간 회의");
  },
  async "who was away gets what happened, deletions too"(one, two) {
    await create(one, { title: "사라질 일정" });
    await seen(two, "사라질 일정");
    await two.context().setOffline(true);
    await two.waitForSelector('#connection[data-state="offline"]');
    await create(one, { title: "그사이 생긴 일정" });
    await edit(one, "사라질 일정");
    await one.click("#event-dialog [data-action=delete]");
    await one.click("#event-dialog .question .danger");
    await closed(one, "event-dialog");
    await gone(one, "사라질 일정");
    await two.context().setOffline(false);
    await online(two);
    await seen(two, "그사이 생긴 일정");
    await gone(two, "사라질 일정");
    await create(one, { title: "다시 실시간" });
    await seen(two, "다시 실시간");
  },
  async "who has left a department no longer sees it"(one, two) {
    const box = two.locator("#department-list label", { hasText: "개발팀 <b>1</b>" });
    await box.click();
    await gone(two, "월간 회의");
    await create(one, { title: "혼자 보는 일정" });
    await seen(one, "혼자 보는 일정");
    assert.equal(await inDay(two, "혼자 보는 일정").count(), 0);
    await box.click();
    await seen(two, "혼자 보는 일정");
  },
  async "the keyboard reaches every day and its events"(one) {
    const today = await one.locator(".cell[aria-current]").getAttribute("data-day");
    await one.focus('.cell[tabindex="0"]');
    await one.keyboard.press("ArrowDown");
    await one.keyboard.press("ArrowUp");
    assert.equal(await one.evaluate(() => document.activeElement.dataset.day), today);
    await one.keyboard.press("Enter");
    assert.match(await one.evaluate(() => document.activeElement.dataset.focus), /^event-/);
    await one.keyboard.press("Enter");
    await one.waitForSelector("#event-dialog[open]");
    await one.keyboard.press("Escape");
    await closed(one, "event-dialog");
  },
  async "an English browser gets an English page"() {
    const page = await open("en-GB");
    assert.equal(await page.textContent("#new-event"), "New event");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await page.context().close();
  },
  async "a phone's width needs no sideways scrolling"(one) {
    await one.setViewportSize({ width: 360, height: 740 });
    assert.ok(await one.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await one.setViewportSize({ width: 1280, height: 760 });
  },
  async "a department is deleted only once its name is typed"(one, two) {
    await one.locator("#department-list li", { hasText: "개발팀 <b>1</b>" }).hover();
    await one.locator("#department-list li", { hasText: "개발팀 <b>1</b>" }).locator("button").click();
    const button = one.locator("#deletion-dialog [type=submit]");
    await one.fill("#deletion-dialog [name=name]", "개발팀");
    assert.equal(await button.isDisabled(), true);
    await one.fill("#deletion-dialog [name=name]", "개발팀 <b>1</b>".normalize("NFD"));
    await button.click();
    await closed(one, "deletion-dialog");
    for (const page of [one, two]) {
      await page.locator("#department-list li", { hasText: "개발팀 <b>1</b>" }).waitFor({ state: "detached" });
      await gone(page, "월간 회의");
    }
  },
};

try {
  const [one, two] = [await open(), await open()];
  for (const [name, step] of Object.entries(steps)) {
    try {
      const remark = await step(one, two);
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
  await browser.close();
}
