// What one finds again, and what comes from files and goes into them: see list.mjs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { closed, departmentMenu } from "../browser.mjs";
import {
  activate, addDays, api, at, change, choose, day, departments, drawn, equal, fromTop, has, keyChoose, keyMenu, keyOn, make, misses, named, opened, press, sees, shortcut, stored, tabTo, today, until,
} from "./input.mjs";

async function found(one, two, open, take) {
  for (const page of [one, two]) await at(page);
  const event = await make({ title: "아주 먼 워크숍", event_date: "2033-03-15", location: "제주" }, "영업팀");
  await make({ title: "가까운 회의" });
  await open(one);
  await one.waitForSelector("#search-dialog[open]");
  await one.keyboard.type("제주");
  await one.locator(".result", { hasText: "아주 먼 워크숍" }).waitFor();
  assert.equal(await one.locator(".result", { hasText: "가까운 회의" }).count(), 0);
  await change(event.id, { title: "더 먼 워크숍" });
  await take(one);
  await closed(one, "search-dialog");
  await one.locator(".event-popover", { hasText: "워크숍" }).waitFor();
  await press(one, "Escape");
  await at(two, "2033-03-15");
  for (const page of [one, two]) await sees(page, "더 먼 워크숍", "2033-03-15");
}

async function filtered(one, two, toggle) {
  for (const page of [one, two]) await at(page);
  await make({ title: "김민지 쉼", categories: ["연차"] });
  await make({ title: "출장 아닌 회의" });
  for (const page of [one, two]) for (const title of ["김민지 쉼", "출장 아닌 회의"]) await sees(page, title);
  await one.locator(".category-switch[data-category=연차]").waitFor();
  await toggle(one);
  await misses(one, "출장 아닌 회의");
  await sees(one, "김민지 쉼");
  await sees(two, "출장 아닌 회의");
  await make({ title: "박지훈 쉼", categories: ["연차"] });
  for (const page of [one, two]) await sees(page, "박지훈 쉼");
  await toggle(one);
  await sees(one, "출장 아닌 회의");
}

async function remembered(one, two, open, restore) {
  for (const page of [one, two]) await at(page);
  const event = await make({ title: "채용 회의", start_time: "10:00" });
  await change(event.id, { start_time: "15:00" }, "최서연");
  for (const page of [one, two]) await equal("its time", () => drawn(page, "채용 회의").first().locator(".time").textContent(), "15:00");
  await open(one);
  await one.locator("#history-steps > li", { hasText: /최서연/ }).waitFor();
  assert.match(await one.locator("#history-steps > li").first().textContent(), /최서연.*10:00.*→.*15:00/s);
  await restore(one);
  await closed(one, "history-dialog");
  await equal("its time", () => drawn(two, "채용 회의").first().locator(".time").textContent(), "10:00");
}

async function broughtBack(one, two, open, restore) {
  for (const page of [one, two]) await at(page);
  const event = await make({ title: "되살릴 일정" });
  for (const page of [one, two]) await sees(page, "되살릴 일정");
  await api("DELETE", `/api/events/${event.id}`);
  for (const page of [one, two]) await misses(page, "되살릴 일정");
  await open(one);
  const row = one.locator(`#deleted-events li[data-event="${event.id}"]`);
  await row.waitFor();
  assert.match(await row.textContent(), /이준호/);
  await restore(one, event.id);
  await row.waitFor({ state: "detached" });
  await press(one, "Escape");
  await closed(one, "deleted-dialog");
  for (const page of [one, two]) await sees(page, "되살릴 일정");
  assert.equal((await stored(event.id)).title, "되살릴 일정");
}

async function broughtBackOnce(one, two, open, restore) {
  for (const page of [one, two]) await at(page);
  const series = await make({ title: "되살릴 회차", recurrence: "FREQ=DAILY;COUNT=3" });
  for (const page of [one, two]) await drawn(page, "되살릴 회차").nth(2).waitFor();
  const id = `${series.id}_${addDays(series.event_date, 1).replaceAll("-", "")}`;
  await api("DELETE", `/api/events/${id}`);
  const isDrawn = (count) => async (page) => equal("occurrences", () => drawn(page, "되살릴 회차").count(), count);
  await Promise.all([one, two].map(isDrawn(2)));
  await open(one);
  const row = one.locator(`#deleted-events li[data-event="${id}"]`);
  await row.waitFor();
  assert.match(await row.textContent(), /이준호/);
  await restore(one, id);
  await row.waitFor({ state: "detached" });
  await press(one, "Escape");
  await closed(one, "deleted-dialog");
  await Promise.all([one, two].map(isDrawn(3)));
}

async function counted(one, two, open, search) {
  const date = addDays(today, 40);
  for (const page of [one, two]) await at(page, date);
  await make({ title: "마감", event_date: date });
  for (const page of [one, two]) {
    await sees(page, "마감", date);
    await open(page, date);
    await equal("the days left", () => page.locator(".event-popover .d-day").textContent(), "D-40");
    await press(page, "Escape");
  }
  await search(one);
  await one.waitForSelector("#search-dialog[open]");
  await one.keyboard.type("마감");
  await one.locator(".result .d-day", { hasText: "D-40" }).waitFor();
  // The first empties a field of a search.
  await press(one, "Escape", "Escape");
  await closed(one, "search-dialog");
}

// Files

const compact = day(15).replaceAll("-", "");
let number = 0;
const files = {
  ics: (title) => ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN", "BEGIN:VEVENT", `UID:${(number += 1)}@x`, "DTSTAMP:20260101T000000Z", `DTSTART;VALUE=DATE:${compact}`, `SUMMARY:${title}`,
    "END:VEVENT", "BEGIN:VEVENT", `UID:${(number += 1)}@x`, "DTSTAMP:20260101T000000Z", `DTSTART;VALUE=DATE:${compact}`, "SUMMARY:너무 잦은 일정", "RRULE:FREQ=SECONDLY", "END:VEVENT", "END:VCALENDAR", ""].join("\r\n"),
  csv: (title) => `제목,날짜\n${title},${day(15)}\n날짜가 틀린 일정,2026-13-45\n`,
};

async function imported(one, two, kind, by, go) {
  for (const page of [one, two]) await at(page);
  const title = `${kind} ${by}로 가져온 일정`;
  await go(one, { name: `일정.${kind}`, content: files[kind](title), type: kind === "ics" ? "text/calendar" : "text/csv" });
  const report = one.locator("#exchange-dialog .report");
  await report.locator(".state", { hasText: "마쳤습니다" }).waitFor();
  assert.match(await report.locator(".counts").textContent(), /새로 등록 1개.*가져오지 못함 1개/);
  assert.equal(await report.locator("li").count(), 1);
  await sees(two, title, day(15));
  await press(one, "Escape");
  await closed(one, "exchange-dialog");
  await sees(one, title, day(15));
  assert.equal((await named(title)).department_id, departments["영업팀"]);
  // The other one is told of it; one isn't told what one did oneself.
  for (const [page, count] of [[two, 1], [one, 0]]) {
    await equal("notices of it", async () => {
      await page.click("#notices-button");
      const found = await page.locator("#notices li", { hasText: title }).count();
      await press(page, "Escape");
      return found;
    }, count);
  }
}

/** Dropped on a department: it is its own then. */
async function dropped(page, { name, content, type }) {
  const transfer = await page.evaluateHandle(([content_, name_, type_]) => {
    const made = new DataTransfer();
    made.items.add(new File([content_], name_, { type: type_ }));
    return made;
  }, [content, name, type]);
  const target = `#department-list li[data-department="${departments["영업팀"]}"]`;
  await page.dispatchEvent(target, "dragover", { dataTransfer: transfer });
  await page.dispatchEvent(target, "drop", { dataTransfer: transfer });
  await opened(page, "exchange-dialog");
  await page.click("#exchange-dialog [type=submit]");
}

/** Without a mouse nothing is dropped: the department's menu, its dialog, the system's window for files. */
async function picked(page, { name, content, type }) {
  // Waited for from the beginning: Chromium hands the window over only some time after it is asked to.
  const chosen = page.waitForEvent("filechooser");
  await keyMenu(page, "영업팀", "가져오기");
  await opened(page, "exchange-dialog");
  await tabTo(page, "#exchange-dialog [name=file]");
  await press(page, "Enter");
  await (await chosen).setFiles({ name, mimeType: type, buffer: Buffer.from(content) });
  await activate(page, "#exchange-dialog [type=submit]");
}
const importing = (kind) => ({
  mouse: (one, two) => imported(one, two, kind, "마우스", dropped), keyboard: (one, two) => imported(one, two, kind, "키보드", picked),
});

async function exported(one, two, open, download) {
  for (const page of [one, two]) await at(page);
  await make({ title: "내보낼 일정" });
  for (const page of [one, two]) await sees(page, "내보낼 일정");
  for (const kind of ["ics", "csv"]) {
    await open(one);
    await opened(one, "exchange-dialog");
    const [file] = await Promise.all([one.waitForEvent("download"), download(one, kind)]);
    assert.ok(file.suggestedFilename().endsWith(`.${kind}`), file.suggestedFilename());
    assert.match(await readFile(await file.path(), "utf8"), /내보낼 일정/);
    await press(one, "Escape");
    await closed(one, "exchange-dialog");
  }
  await sees(two, "내보낼 일정");
}

async function subscribed(one, two, open, copy) {
  await one.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(one);
  await opened(one, "exchange-dialog");
  await copy(one);
  await one.locator("#exchange-dialog .secret", { hasText: "복사했습니다" }).waitFor();
  const address = await one.evaluate(() => navigator.clipboard.readText());
  assert.equal(await one.getAttribute("#exchange-dialog [data-action=webcal]", "href"), address.replace("http:", "webcal:"));
  await press(one, "Escape");
  await closed(one, "exchange-dialog");
  // What the other one makes is in the calendar of who has subscribed.
  await at(two);
  const event = await make({ title: "구독할 일정" });
  await sees(two, event.title);
  await until("the feed has it", async () => (await (await fetch(address)).text()).includes("SUMMARY:구독할 일정"));
}

const byMenu = (entry) => (page) => departmentMenu(page, "개발팀", entry);
const byKeys = (entry) => (page) => keyMenu(page, "개발팀", entry);

export const STEPS = {
  search: {
    mouse: (one, two) => found(one, two, (page) => page.click("#search"), (page) => page.locator(".result").first().click()),
    keyboard: (one, two) => found(one, two, (page) => shortcut(page, "/"), (page) => press(page, "Enter")),
  },
  "category filter": {
    mouse: (one, two) => filtered(one, two, (page) => page.click(".category-switch[data-category=연차]")),
    keyboard: (one, two) => filtered(one, two, async (page) => {
      await fromTop(page);
      await tabTo(page, ".category-switch[data-category=연차]");
      await press(page, "Space");
      assert.ok(await has(page, ".category-switch[data-category=연차]"));
    }),
  },
  history: {
    mouse: (one, two) => remembered(one, two, (page) => choose(page, "채용 회의", "history"), (page) => page.locator("[data-restore]").first().click()),
    keyboard: (one, two) => remembered(one, two, (page) => keyChoose(page, "채용 회의", day(15), "history"), (page) => activate(page, "#history-dialog [data-restore]", { most: 12 })),
  },
  "deleted events": {
    mouse: (one, two) => broughtBack(one, two, byMenu("삭제된 일정"), (page, id) => page.click(`[data-restore="${id}"]`)),
    keyboard: (one, two) => broughtBack(one, two, byKeys("삭제된 일정"), (page, id) => activate(page, `[data-restore="${id}"]`)),
  },
  "deleted occurrences": {
    mouse: (one, two) => broughtBackOnce(one, two, byMenu("삭제된 일정"), (page, id) => page.click(`[data-restore="${id}"]`)),
    keyboard: (one, two) => broughtBackOnce(one, two, byKeys("삭제된 일정"), (page, id) => activate(page, `[data-restore="${id}"]`)),
  },
  "D-day": {
    mouse: (one, two) => counted(one, two, (page) => drawn(page, "마감").first().click(), (page) => page.click("#search")),
    keyboard: (one, two) => counted(one, two, (page, date) => keyOn(page, "마감", date), (page) => shortcut(page, "/")),
  },
  "import .ics": importing("ics"),
  "import .csv": importing("csv"),
  export: {
    mouse: (one, two) => exported(one, two, byMenu("내보내기"), (page, kind) => page.click(`#exchange-dialog [data-download=${kind}]`)),
    keyboard: (one, two) => exported(one, two, byKeys("내보내기"), (page, kind) => activate(page, `#exchange-dialog [data-download=${kind}]`)),
  },
  subscribe: {
    mouse: (one, two) => subscribed(one, two, byMenu("구독"), (page) => page.click("#exchange-dialog [data-action=copy]")),
    keyboard: (one, two) => subscribed(one, two, byKeys("구독"), (page) => activate(page, "#exchange-dialog [data-action=copy]")),
  },
};
