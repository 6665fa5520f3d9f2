// Files that are imported and calendars that are subscribed to, against a running server: node e2e/exchange.mjs URL [LINK]
//
// LINK is what the log of a server with AUTH_MODE=token shows for the first administrator.
import assert from "node:assert/strict";
import { closed, create, departmentMenu, follow, online, seen, shown, shows, submit, visit, write } from "./browser.mjs";
import { addDays, chips, firstOf, goTo } from "./dates.mjs";

const [url, link] = process.argv.slice(2);
const first = firstOf(1, 5);
const compact = (day) => day.replaceAll("-", "");
const component = (uid, ...lines) =>
  ["BEGIN:VEVENT", `UID:${uid}`, "DTSTAMP:20260101T000000Z", `DTSTART;VALUE=DATE:${compact(first)}`, ...lines, "END:VEVENT"].join("\r\n");
const file = (...components) => ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN", ...components, "END:VCALENDAR", ""].join("\r\n");
const GOOD = component("good@x", "SUMMARY:<b>가져온 일정</b>");
const SERIES = component("series@x", "SUMMARY:가져온 반복", "RRULE:FREQ=WEEKLY");
const BAD = component("bad@x", "SUMMARY:<img src=x onerror=alert(1)>", "RRULE:FREQ=SECONDLY");
const report = (page) => page.locator("#exchange-dialog .report");
const finished = (page) => report(page).locator(".state", { hasText: "마쳤습니다" }).waitFor();

async function openExchange(page, name) {
  await departmentMenu(page, name, "가져오기");
  await page.waitForSelector("#exchange-dialog[open]");
}

async function close(page) {
  await page.keyboard.press("Escape");
  await closed(page, "exchange-dialog");
}

async function newDepartment(page, name) {
  await page.click("#new-department");
  await write(page, "department-dialog", { name });
  await page.locator("#department-list li", { hasText: name }).waitFor();
}

const open = {
  async "a department's address is a calendar"(one) {
    await newDepartment(one, "개발팀");
    await goTo(one, first);
    await create(one, { title: "구독할 일정" });
    await openExchange(one, "개발팀");
    const address = await one.inputValue("#exchange-dialog [name=feed]");
    assert.equal(await one.getAttribute("#exchange-dialog [data-action=webcal]", "href"), address.replace("http:", "webcal:"));
    const answer = await fetch(address);
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /SUMMARY:구독할 일정/);
    assert.equal(await one.isVisible("#exchange-dialog [data-action=feed]"), false);
  },
  async "nothing is sent without a file"(one) {
    await submit(one, "exchange-dialog");
    await one.locator("#exchange-dialog .failure", { hasText: "파일" }).waitFor();
  },
  async "a file is imported, and each refused entry has its reason"(one, two) {
    await goTo(two, first);
    await shows(two, "개발팀");
    await one.setInputFiles("#exchange-dialog [name=file]", { name: "a.ics", mimeType: "text/calendar", buffer: Buffer.from(file(GOOD, SERIES, BAD)) });
    await submit(one, "exchange-dialog");
    await finished(one);
    assert.match(await report(one).locator(".counts").textContent(), /새로 등록 2개.*가져오지 못함 1개/);
    const [refused, ...others] = await report(one).locator("li").allTextContents();
    assert.match(refused, /<img src=x onerror=alert\(1\)>.*가져오지 못함: ./);
    assert.deepEqual(others, []);
    await close(one);
    await seen(two, "<b>가져온 일정</b>");
    await chips(two, addDays(first, 7), "가져온 반복").waitFor();
  },
  async "a file that is dropped on the page waits for one's word"(one) {
    const files = await one.evaluateHandle((content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], "b.ics", { type: "text/calendar" }));
      return transfer;
    }, file(GOOD, SERIES));
    await one.dispatchEvent("#main", "dragover", { dataTransfer: files });
    assert.equal(await one.evaluate(() => document.body.hasAttribute("data-dropping")), true);
    await one.dispatchEvent("#main", "drop", { dataTransfer: files });
    await one.waitForSelector("#exchange-dialog[open]");
    assert.equal(await report(one).isVisible(), false);
    await one.keyboard.press("Enter");
    await finished(one);
    assert.match(await report(one).locator(".counts").textContent(), /^변경 없음 2개$/);
    await close(one);
  },
  async "a table comes back as it went out"(one) {
    await openExchange(one, "개발팀");
    const address = await one.inputValue("#exchange-dialog [name=feed]");
    const table = Buffer.from(await (await fetch(address.replace(/ics$/, "csv"))).arrayBuffer());
    await one.setInputFiles("#exchange-dialog [name=file]", { name: "표.csv", mimeType: "text/csv", buffer: table });
    await submit(one, "exchange-dialog");
    await finished(one);
    assert.match(await report(one).locator(".counts").textContent(), /^변경 없음 3개$/);
    await close(one);
  },
};

const withToken = {
  async "an address with a token is made, and shown once"(admin) {
    await write(admin, "setup-dialog", { login: "admin", name: "관리자", password: "a long password" }, false);
    await online(admin);
    await newDepartment(admin, "개발팀");
    await create(admin, { title: "구독할 일정" });
    await openExchange(admin, "개발팀");
    assert.equal(await admin.isVisible("#exchange-dialog [name=feed]"), false);
    await admin.click("#exchange-dialog [data-action=feed]");
    await admin.locator("#exchange-dialog [name=feed]").waitFor();
    const address = await admin.inputValue("#exchange-dialog [name=feed]");
    assert.match(address, /calendar\.ics\?token=./);
    assert.match(await admin.textContent("#feed-hint"), /지금만/);
    assert.equal((await fetch(address.replace(/\?.*/, ""))).status, 401);
    assert.match(await (await fetch(address)).text(), /SUMMARY:구독할 일정/);
    await close(admin);
    assert.equal(await admin.inputValue("#exchange-dialog [name=feed]"), "");
    await admin.click("#account");
    await admin.locator("#token-list li", { hasText: "캘린더 구독" }).waitFor();
  },
};

if (link) await follow(withToken, [await visit(link, { reached: "#setup-dialog[open]" })]);
else await follow(open, [await visit(url), await visit(url)]);
