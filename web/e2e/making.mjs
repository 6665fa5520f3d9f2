// Making, changing, moving and taking back, against a running server without data: node e2e/making.mjs URL
import assert from "node:assert/strict";
import { answerScope, closed, edit, follow, seen, submit, visit } from "./browser.mjs";

const url = process.argv[2];
const call = async (method, path, body) => {
  const answer = await fetch(url + path, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  return answer.ok ? answer.json() : null;
};
const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
const inMonth = (date) => `${today.slice(0, 8)}${date}`;
const departments = [];
for (const name of ["개발팀", "영업팀"]) departments.push((await call("POST", "/api/departments", { name })).department);
const make = async (fields) => (await call("POST", `/api/events/${departments[0].id}`, { event_date: today, ...fields })).event;
const write = (id, fields) => call("PUT", `/api/events/${id}?series=true`, fields);

async function stored(id) {
  const answers = await Promise.all(departments.map((department) => call("GET", `/api/events/${department.id}/${id}?series=true`)));
  return answers.find(Boolean)?.event ?? null;
}

async function until(what, check) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it never came to this: ${what}`);
}

const meeting = await make({ title: "주간회의", start_time: "10:00", end_time: "11:00", location: "회의실A" });
const lunch = await make({ title: "점심약속", time: "점심" });
const series = await make({ title: "스크럼", start_time: "09:00", recurrence: "FREQ=DAILY;COUNT=10" });
const field = (name) => `#event-dialog [name=${name}]`;
const undo = async (page) => {
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Control+z");
};
const save = async (page) => {
  await submit(page, "event-dialog");
  await closed(page, "event-dialog");
};
const all = (page, title) => page.locator("[data-event]:visible", { hasText: title });
const shown = (page, title) => all(page, title).first();

/** Drags from a point to another one, as a hand does. */
async function drag(page, from, to) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, { steps: 12 });
  await page.mouse.up();
}

const boxOf = async (locator) => {
  await locator.waitFor();
  await new Promise((resolve) => setTimeout(resolve, 500));
  return locator.boundingBox();
};

const steps = {
  async "a change is taken back by Ctrl+Z"(page) {
    await edit(page, "주간회의");
    await page.fill(field("title"), "월간회의");
    await save(page);
    await until("changed", async () => (await stored(meeting.id)).title === "월간회의");
    await undo(page);
    await until("taken back", async () => (await stored(meeting.id)).title === "주간회의");
  },
  async "saving an open form doesn't undo what a colleague has changed meanwhile"(page) {
    await edit(page, "주간회의");
    await page.fill(field("description"), "안건");
    await write(meeting.id, { location: "3층", start_time: "16:00", end_time: "17:00" });
    await page.waitForSelector(".meanwhile:visible");
    assert.equal(await page.inputValue(field("start_time")), "16:00");
    await save(page);
    await until("stored", async () => (await stored(meeting.id)).description === "안건");
    const { start_time: start, location } = await stored(meeting.id);
    assert.deepEqual([start, location], ["16:00", "3층"]);
  },
  async "what both change is asked in the form"(page) {
    await edit(page, "주간회의");
    await page.fill(field("location"), "1층");
    await write(meeting.id, { location: "옥상" });
    await page.waitForSelector(".meanwhile .clash");
    await submit(page, "event-dialog");
    assert.ok(await page.locator("#event-dialog .failure").isVisible());
    await page.locator(".meanwhile .clash button").first().click();
    await save(page);
    await until("mine", async () => (await stored(meeting.id)).location === "1층");
  },
  async "the end keeps its distance from a start that is typed, whatever it is on the way"(page) {
    const { id } = await make({ title: "한 시간", start_time: "10:00", end_time: "11:00" });
    await edit(page, "한 시간");
    const starts = [];
    await page.focus(field("start_time"));
    for (const key of ["0", "2", "3", "0", "P", "ArrowUp", "Shift+Tab", "ArrowUp", "Shift+Tab", "1", "1"]) {
      await page.keyboard.press(key);
      const [start, end] = [await page.inputValue(field("start_time")), await page.inputValue(field("end_time"))];
      starts.push(start);
      const minutes = (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
      if (start) assert.equal((minutes(end) - minutes(start) + 1_440) % 1_440, 60, `${start} to ${end}`);
    }
    assert.ok(starts.includes("") && new Set(starts).size > 3, starts.join());
    await page.fill(field("start_time"), "");
    await page.fill(field("end_time"), "16:30"); // an end without a start has no distance to keep
    await page.fill(field("start_time"), "14:00");
    await page.focus(field("end_time"));
    await page.fill(field("start_time"), "09:00");
    await save(page);
    await until("two and a half hours", async () => (await stored(id)).end_time === "11:30");
  },
  async "a rule without its last day yet is no error; leave names who takes it"(page) {
    await page.fill("#name-input", "김민지");
    await page.keyboard.press("Enter");
    await page.click("#new-event");
    await page.waitForSelector("#event-dialog[open]");
    await page.fill(field("title"), "민지 휴가");
    await page.click("#event-dialog .category-choice[value='연차']");
    assert.equal(await page.inputValue(field("people")), "김민지");
    await page.click("#event-dialog .category-choice[value='연차']");
    assert.equal(await page.inputValue(field("people")), "");
    await page.fill(field("people"), "이준호");
    await page.click("#event-dialog .category-choice[value='연차']");
    assert.equal(await page.inputValue(field("people")), "이준호");
    await page.selectOption(field("recurrence"), "weekly");
    await page.selectOption(field("repeat_ends"), "until");
    await page.fill(field("repeat_until"), "");
    await submit(page, "event-dialog");
    await page.locator("#event-dialog [name=repeat_until]:invalid, #event-dialog .failure:visible, #event-dialog .wrong:visible, #event-dialog [aria-invalid=true]").first().waitFor();
    await page.selectOption(field("recurrence"), "none");
    await save(page);
    await seen(page, "민지 휴가");
  },
  async "what is saved where one sees it turns no page"(page) {
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("m");
    const outside = page.locator("#calendar [role=gridcell][data-date]:visible");
    const days = await outside.evaluateAll((cells) => cells.map(({ dataset }) => dataset.date));
    const [range, day] = [await page.textContent("#range"), days.find((each) => !each.startsWith(today.slice(0, 7)))];
    assert.ok(day, "a day of a neighbouring month");
    await page.click("#new-event");
    await page.fill(field("title"), "옆 달의 일정");
    await page.fill(field("event_date"), day);
    await save(page);
    await seen(page, "옆 달의 일정");
    assert.equal(await page.textContent("#range"), range);
  },
  async "what the server takes a text for is said"(page) {
    await edit(page, "점심약속");
    await page.fill(field("time"), "저녁 7시");
    await save(page);
    await page.locator(".toast", { hasText: "19:00" }).first().waitFor();
    assert.equal((await stored(lunch.id)).start_time, "19:00");
  },
  async "one of a series, and back"(page) {
    await edit(page, "스크럼");
    await page.fill(field("title"), "스크럼 특별");
    await submit(page, "event-dialog");
    await answerScope(page, "this");
    await until("one has changed", async () => Object.values((await stored(series.id)).exceptions ?? {}).some(({ title }) => title === "스크럼 특별"));
    await undo(page);
    await until("none is left", async () => !Object.values((await stored(series.id)).exceptions ?? {}).some(({ title }) => title));
  },
  async "a deletion of one and all that follow is taken back"(page) {
    await all(page, "스크럼").nth(1).click();
    await page.click(".event-popover [data-action=remove]");
    await page.check(".question-dialog [value=following]");
    await page.click(".question-dialog .danger");
    await until("cut", async () => (await stored(series.id))?.recurrence !== "FREQ=DAILY;COUNT=10");
    await undo(page);
    await until("whole", async () => (await stored(series.id))?.recurrence === "FREQ=DAILY;COUNT=10");
  },
  async "moved to another department by the keyboard, and back"(page) {
    await shown(page, "주간회의").evaluate((made) => (made.matches("button, [tabindex]") ? made : made.querySelector("button")).focus());
    await page.keyboard.press("Enter");
    await page.locator(".event-popover [data-action=move]").focus();
    await page.keyboard.press("Enter");
    await page.selectOption(".question-dialog [name=department_id]", departments[1].id);
    await page.keyboard.press("Enter");
    await until("moved", async () => (await stored(meeting.id))?.department_id === departments[1].id);
    await undo(page);
    await until("back", async () => (await stored(meeting.id))?.department_id === departments[0].id);
  },
  async "quick entry shows what it understood, and adds it"(page) {
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("n");
    await page.waitForSelector(".quick-input:focus");
    await page.keyboard.type("오늘 오후 5시 빠른회의 @로비");
    await page.locator(".quick-preview", { hasText: "17:00" }).waitFor();
    await page.keyboard.press("Enter");
    await seen(page, "빠른회의");
  },
  async "a change made offline waits, and meets another one with a question"(page) {
    await page.context().setOffline(true);
    await edit(page, "주간회의");
    await page.fill(field("title"), "오프라인회의");
    await save(page);
    await seen(page, "오프라인회의");
    await write(meeting.id, { title: "다른 제목", location: "옥상" });
    await page.context().setOffline(false);
    await page.click(".question-dialog:has(.clashes) footer .primary");
    await until("mine", async () => (await stored(meeting.id)).title === "오프라인회의");
    assert.equal((await stored(meeting.id)).location, "옥상");
  },
  async "what a colleague deletes can be saved as a new event"(page) {
    await edit(page, "점심약속");
    await page.fill(field("title"), "점심약속 계속");
    await call("DELETE", `/api/events/${lunch.id}`);
    await page.waitForSelector("#event-dialog .failure:visible");
    await save(page);
    await seen(page, "점심약속 계속");
  },
  async "in the month: dragged, made longer, selected"(page) {
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("m");
    const { id } = await make({ title: "끌기", event_date: inMonth("03") });
    const cell = (date) => boxOf(page.locator(`.cell[data-date="${inMonth(date)}"]:visible`).first());
    const [from, to, end] = [await boxOf(shown(page, "끌기")), await cell("12"), await cell("14")];
    await drag(page, [from.x + 20, from.y + 8], [to.x + 40, to.y + 40]);
    await until("dragged", async () => (await stored(id)).event_date === inMonth("12"));
    const now = await boxOf(shown(page, "끌기"));
    await page.mouse.move(now.x + now.width / 2, now.y + 8);
    await drag(page, [now.x + now.width - 2, now.y + 8], [end.x + 40, now.y + 8]);
    await until("longer", async () => (await stored(id)).end_date === inMonth("14"));
    await drag(page, [to.x + 40, to.y + to.height - 12], [end.x + 40, end.y + end.height - 12]);
    await page.waitForSelector("#event-dialog[open]");
    assert.deepEqual([await page.inputValue(field("event_date")), await page.inputValue(field("end_date"))], [inMonth("12"), inMonth("14")]);
    await page.keyboard.press("Escape");
    await closed(page, "event-dialog");
  },
  async "what is dragged stays what it is, whatever others do meanwhile, and keeps its clock"(page) {
    const { id } = await make({ title: "잡은 일정", event_date: inMonth("05"), start_time: "10:00", end_time: "11:30" });
    const later = await make({ title: "다음 일정", event_date: inMonth("05"), start_time: "15:00" });
    const [from, to] = [await boxOf(shown(page, "잡은 일정")), await boxOf(page.locator(`.cell[data-date="${inMonth("19")}"]:visible`).first())];
    await page.mouse.move(from.x + 20, from.y + 8);
    await page.mouse.down();
    await page.mouse.move(from.x + 60, from.y + 60, { steps: 6 });
    const earlier = await make({ title: "앞의 일정", event_date: inMonth("05"), start_time: "08:00" });
    await page.waitForTimeout(700);
    await page.mouse.move(to.x + 40, to.y + 60, { steps: 6 });
    await page.mouse.up();
    await until("dragged", async () => (await stored(id)).event_date === inMonth("19"));
    const { start_time: start, end_time: end } = await stored(id);
    assert.deepEqual([start, end], ["10:00", "11:30"]);
    for (const each of [later, earlier]) assert.deepEqual((await stored(each.id)).event_date, inMonth("05"));
    const on = (title) => page.locator("#calendar .event", { hasText: title });
    for (const title of ["앞의 일정", "다음 일정", "잡은 일정"]) await until(`${title} is there once`, async () => (await on(title).count()) === 1);
    const order = await page.locator("#calendar .event").allTextContents();
    assert.ok(order.findIndex((each) => each.includes("앞의")) < order.findIndex((each) => each.includes("다음")));
    for (const each of [id, later.id, earlier.id]) await call("DELETE", `/api/events/${each}`);
    for (const title of ["앞의 일정", "다음 일정", "잡은 일정"]) await until(`${title} is gone`, async () => (await on(title).count()) === 0);
  },
  async "a click beside the popover only closes it"(page) {
    await shown(page, "끌기").click();
    await page.waitForSelector(".event-popover");
    const { x, y } = await boxOf(page.locator(`.cell[data-date="${inMonth("19")}"]:visible`).first());
    await page.mouse.click(x + 60, y + 60);
    await page.waitForTimeout(300);
    assert.equal(await page.locator(".event-popover, #event-dialog[open]").count(), 0);
  },
};

const page = await visit(url);
await follow(steps, [page]);
