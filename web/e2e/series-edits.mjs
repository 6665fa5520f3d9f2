// What can be done with series and times, against a running server: node e2e/series-edits.mjs URL
import assert from "node:assert/strict";
import { answerScope, closed, create, follow, seen, shows, submit, visit, write } from "./browser.mjs";
import { addDays, editOn, firstOf, goTo, onDay as chips } from "./dates.mjs";

const url = process.argv[2];
const first = firstOf(1, 5);
const mondays = Array.from({ length: 4 }, (_, index) => addDays(first, 7 * index));
const dialog = (name) => `#event-dialog [name=${name}]`;
const titles = (page, ...expected) => Promise.all(expected.map((title, index) => title && chips(page, mondays[index], title).waitFor()));
const department = async () => (await (await fetch(`${url}/api/departments`)).json()).departments.find(({ name }) => name === "개발팀").id;
const post = async (path, body) => {
  const answer = await fetch(url + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const content = await answer.json();
  assert.ok(answer.ok, JSON.stringify(content));
  return content.event;
};

/** Opens what is on a day, changes it, and says for how much of the series. */
async function change(page, day, title, fields, scope) {
  await editOn(page, day, title);
  await write(page, "event-dialog", fields, false);
  if (scope) await answerScope(page, scope);
}

const steps = {
  async "a weekly series is made"(one, two) {
    await one.click("#new-department");
    await write(one, "department-dialog", { name: "개발팀" });
    await shows(two, "개발팀");
    await goTo(two, first);
    await goTo(one, first);
    await create(one, { title: "회의", start_time: "10:00", end_time: "11:00", recurrence: "weekly" });
    await titles(two, "회의", "회의", "회의", "회의");
  },
  async "this and all that follow get another title"(one, two) {
    await change(one, mondays[2], "회의", { title: "점검" }, "following");
    await titles(two, "회의", "회의", "점검", "점검");
    assert.equal(await one.getAttribute("#agenda", "data-day"), mondays[2]);
  },
  async "all get another place, and one stays where one was"(one, two) {
    await change(one, mondays[1], "회의", { location: "3층" }, "all");
    for (const day of mondays.slice(0, 2)) await chips(two, day, "3층").waitFor();
    await chips(one, mondays[1], "3층").waitFor();
    assert.equal(await one.getAttribute("#agenda", "data-day"), mondays[1]);
  },
  async "one is moved to another day"(one, two) {
    await change(one, mondays[1], "회의", { event_date: addDays(mondays[1], 1) }, "this");
    await chips(two, addDays(mondays[1], 1), "회의").waitFor();
    await chips(two, mondays[1], "회의").waitFor({ state: "detached" });
    await seen(one, "회의");
  },
  async "a rule is the whole series': it isn't changed for one"(one, two) {
    await editOn(one, mondays[2], "점검");
    await one.locator("#event-dialog [name=repeat_day][value=WE]").check();
    await submit(one, "event-dialog");
    assert.deepEqual(await one.locator(dialog("scope")).evaluateAll((radios) => radios.map(({ value }) => value)), ["following", "all"]);
    await answerScope(one, "all");
    await chips(two, addDays(mondays[2], 2), "점검").waitFor();
    await chips(two, mondays[3], "점검").waitFor();
  },
  async "nobody overwrites unseen what somebody else wrote of an occurrence"(one, two) {
    await editOn(one, mondays[3], "점검");
    await change(two, mondays[3], "점검", { title: "대청소", location: "창고" }, "this");
    await one.locator("#event-dialog .meanwhile", { hasText: "대청소" }).waitFor();
    await write(one, "event-dialog", { description: "장갑" }, false);
    await answerScope(one, "this");
    await chips(two, mondays[3], "장갑").waitFor();
    await seen(two, "대청소");
  },
  async "two people edit different occurrences at once"(one, two) {
    await editOn(one, mondays[2], "점검");
    await change(two, addDays(mondays[2], 2), "점검", { title: "수요일" }, "this");
    await write(one, "event-dialog", { title: "월요일" }, false);
    await answerScope(one, "this");
    for (const page of [one, two]) {
      await chips(page, mondays[2], "월요일").waitFor();
      await chips(page, addDays(mondays[2], 2), "수요일").waitFor();
    }
  },
  async "what a changed rule takes away of single edits is said"(one, two) {
    await editOn(one, mondays[3], "대청소");
    await one.locator("#event-dialog [name=repeat_day][value=WE]").uncheck();
    await submit(one, "event-dialog");
    await answerScope(one, "all");
    const [, month, day] = addDays(mondays[2], 2).split("-").map(Number);
    await one.locator(".toast", { hasText: `${month}. ${day}.` }).waitFor();
    await chips(two, addDays(mondays[2], 2), "수요일").waitFor({ state: "detached" });
  },
  async "one is deleted, then all that follow, then all"(one, two) {
    const remove = async (day, title, scope) => {
      await goTo(one, day);
      await chips(one, day, title).first().locator("button").click();
      await one.click(".event-popover [data-action=remove]");
      await answerScope(one, scope);
    };
    await remove(mondays[2], "월요일", "this");
    await chips(two, mondays[2], "월요일").waitFor({ state: "detached" });
    await chips(one, mondays[2], "월요일").waitFor({ state: "detached" });
    await remove(mondays[3], "대청소", "following");
    await chips(two, mondays[3], "대청소").waitFor({ state: "detached" });
    await remove(first, "회의", "all");
    await chips(two, first, "회의").waitFor({ state: "detached" });
    await chips(one, addDays(mondays[1], 1), "회의").waitFor({ state: "detached" });
  },
  async "an event at the same place and time is remarked"(one) {
    await goTo(one, first);
    await create(one, { title: "면접", start_time: "10:00", end_time: "11:00", location: "1층" });
    await create(one, { title: "교육", start_time: "10:30", end_time: "11:30", location: "1층" });
    await one.locator(".toast", { hasText: "겹치는 일정이 1개" }).waitFor();
  },
  async "a rule that the form can't express is shown and kept"(one) {
    const rule = "FREQ=MONTHLY;BYMONTHDAY=-1";
    const last = addDays(firstOf(1, 6).replace(/\d\d$/, "01"), -1);
    await post(`/api/events/${await department()}`, { title: "월말 마감", event_date: last, recurrence: rule });
    await editOn(one, last, "월말 마감");
    assert.equal(await one.textContent("#event-dialog .rule-text"), rule);
    await write(one, "event-dialog", { title: "마감" }, false);
    await answerScope(one, "all");
    await seen(one, "마감");
    await chips(one, last, rule).waitFor();
  },
  async "a text that names a time is understood by the server, another stays"(one) {
    await goTo(one, first);
    await create(one, { title: "글로 쓴 시각", time: "오후 2시 반" });
    await one.locator(".toast", { hasText: "14:30" }).waitFor();
    await chips(one, first, "14:30").waitFor();
    await editOn(one, first, "글로 쓴 시각");
    assert.equal(await one.inputValue(dialog("start_time")), "14:30");
    await write(one, "event-dialog", { time: "점심쯤" });
    await one.locator(".toast", { hasText: "적은 그대로" }).waitFor();
    await chips(one, first, "점심쯤").waitFor();
    await editOn(one, first, "글로 쓴 시각");
    assert.ok(await one.isChecked(`${dialog("time_kind")}[value=text]`));
    assert.equal(await one.inputValue(dialog("time")), "점심쯤");
    await one.click("#event-dialog [data-action=leave]");
  },
  async "several days are on each of them, in their colour"(one, two) {
    await create(one, { title: "워크숍", end_date: addDays(first, 2), color: "#2f9e44", categories: "행사, 외부", people: "김철수", status: "tentative" });
    for (const days of [0, 1, 2]) await chips(two, addDays(first, days), "워크숍").waitFor();
    assert.equal(await chips(two, addDays(first, 3), "워크숍").count(), 0);
    const chip = chips(two, addDays(first, 1), "워크숍");
    assert.equal(await chip.evaluate((element) => element.style.getPropertyValue("--own")), "#2f9e44");
    await goTo(two, addDays(first, 2));
    assert.match(await chips(two, addDays(first, 2), "워크숍").textContent(), /미확정.*김철수.*행사.*외부/s);
    await change(two, addDays(first, 2), "워크숍", { event_date: addDays(first, 1), status: "cancelled" });
    await closed(two, "event-dialog");
    await chips(one, addDays(first, 3), "워크숍").waitFor();
    await chips(one, first, "워크숍").waitFor({ state: "detached" });
    await goTo(one, addDays(first, 3));
    assert.match(await chips(one, addDays(first, 3), "워크숍").locator("strong").evaluate((element) => getComputedStyle(element).textDecorationLine), /line-through/);
    assert.match(await chips(one, addDays(first, 3), "워크숍").textContent(), /취소됨/);
  },
  async "categories in use are offered"(one) {
    await goTo(one, first);
    await one.click("#new-event");
    const offered = await one.locator("#event-categories option").evaluateAll((options) => options.map(({ value }) => value));
    assert.ok(offered.includes("행사") && offered.includes("외부"), String(offered));
    await one.click("#event-dialog [data-action=leave]");
    await closed(one, "event-dialog");
  },
  async "what the server refuses of a rule is said beside it"(one) {
    await one.click("#new-event");
    await one.selectOption(dialog("recurrence"), "daily");
    await write(one, "event-dialog", { title: "x", repeat_ends: "count", repeat_count: "99999" }, false);
    await one.locator("#event-dialog-recurrence-error").waitFor();
    await one.click("#event-dialog [data-action=leave]");
    await one.click("#event-dialog .question .danger");
  },
  async "one occurrence, and a whole series, move to another department"(one, two) {
    await one.click("#new-department");
    await write(one, "department-dialog", { name: "인사팀" });
    await create(one, { title: "연수", recurrence: "daily", department_id: await department() });
    await two.locator("#department-list li", { hasText: "인사팀" }).locator("input").check({ force: true });
    const target = await one.locator("#department-list li", { hasText: "인사팀" }).getAttribute("data-department");
    await goTo(two, addDays(first, 1));
    await change(one, addDays(first, 1), "연수", { department_id: target }, "this");
    await chips(two, addDays(first, 1), "인사팀").waitFor();
    await change(one, addDays(first, 2), "연수", { department_id: target }, "all");
    await goTo(two, addDays(first, 2));
    await chips(two, addDays(first, 2), "연수").filter({ hasText: "인사팀" }).waitFor();
  },
  async "holidays and substitute holidays are in the month, by name"(one) {
    const year = Number(first.slice(0, 4)) + 1;
    await goTo(one, `${year}-01-02`);
    await one.click("[data-view=month]");
    const cell = one.locator(`#calendar [role=gridcell][data-date="${year}-01-01"]`);
    await cell.locator(".holiday", { hasText: "신정" }).or(cell.locator(".holiday", { hasText: "새해" })).waitFor();
    assert.match(await cell.textContent(), /신정|새해/);
    const page = await visit(url, { locale: "en-GB" });
    await goTo(page, `${year}-12-25`);
    await page.click("[data-view=month]");
    await page.locator(`#calendar [data-date="${year}-12-25"] .holiday`, { hasText: "Christmas Day" }).waitFor();
    await page.context().close();
  },
};

await follow(steps, [await visit(url, { view: "list" }), await visit(url, { view: "list" })]);
