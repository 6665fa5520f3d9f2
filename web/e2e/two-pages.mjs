// Two people with the page open, against a running server: node e2e/two-pages.mjs URL
import assert from "node:assert/strict";
import { closed, create, departmentMenu as menu, edit, follow, gone, inDay, online, remove, seen, shows, submit, visit, write as fill } from "./browser.mjs";

const url = process.argv[2];
const write = (page, fields, wait) => fill(page, "event-dialog", fields, wait);

const steps = {
  async "a department made by one appears in the other's list"(one, two) {
    await one.click("#new-department");
    await one.fill("#department-dialog [name=name]", "개발팀 <b>1</b>");
    await submit(one, "department-dialog");
    await closed(one, "department-dialog");
    await shows(two, "개발팀 <b>1</b>");
    await two.locator("#agenda .empty:visible").waitFor();
  },
  async "what the server refuses is said beside the field"(one) {
    await one.click("#new-event");
    await write(one, { title: " " }, false);
    const error = one.locator("#event-dialog-title-error");
    await error.waitFor();
    assert.notEqual(await error.textContent(), "");
    await one.click("#event-dialog [data-action=leave]");
    await one.click("#event-dialog .question .danger");
    await closed(one, "event-dialog");
  },
  async "an event made by one appears highlighted at the other's, as text"(one, two) {
    await create(one, {
      title: "<img src=x onerror=alert(1)> 회의", time: "오후 2:00", description: "안건\n둘째 줄", url: "https://example.com/a?b=1",
    });
    await seen(one, "회의");
    await seen(two, "<img src=x onerror=alert(1)> 회의");
    assert.notEqual(await inDay(two, "회의").getAttribute("data-fresh"), null);
    assert.equal(await inDay(one, "회의").getAttribute("data-fresh"), null);
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
    // What only the other has changed is taken over, and said.
    await one.locator("#event-dialog .meanwhile", { hasText: "월간 회의" }).waitFor();
    await write(one, { description: "내 설명" });
    await seen(two, "내 설명");
    await seen(two, "월간 회의");
  },
  async "who was away gets what happened, deletions too"(one, two) {
    await create(one, { title: "사라질 일정" });
    await seen(two, "사라질 일정");
    await two.context().setOffline(true);
    await two.waitForSelector('#connection[data-state="offline"]');
    await create(one, { title: "그사이 생긴 일정" });
    await remove(one, "사라질 일정");
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
    await one.click("[data-view=month]");
    const today = await one.locator(".cell[aria-current]").getAttribute("data-date");
    await one.focus('.cell[tabindex="0"]');
    await one.keyboard.press("ArrowDown");
    await one.keyboard.press("ArrowUp");
    assert.equal(await one.evaluate(() => document.activeElement.dataset.date), today);
    await one.keyboard.press("Enter");
    await one.waitForSelector("#day:popover-open");
    assert.match(await one.evaluate(() => document.activeElement.dataset.focus), /^event-/);
    await one.keyboard.press("Enter");
    await one.click(".event-popover [data-action=edit]");
    await one.waitForSelector("#event-dialog[open]");
    await one.keyboard.press("Escape");
    await closed(one, "event-dialog");
    await one.click("[data-view=list]");
  },
  async "an English browser gets an English page"() {
    const page = await visit(url, { locale: "en-GB" });
    assert.equal((await page.textContent("#new-event")).trim(), "New event");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await page.context().close();
  },
  async "a phone's width needs no sideways scrolling"(one) {
    await one.setViewportSize({ width: 360, height: 740 });
    assert.ok(await one.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await one.setViewportSize({ width: 1280, height: 760 });
  },
  async "a department is deleted only once its name is typed"(one, two) {
    await menu(one, "개발팀 <b>1</b>", "부서 삭제");
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

await follow(steps, [await visit(url, { view: "list" }), await visit(url, { view: "list" })]);
