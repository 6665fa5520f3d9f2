// What others do, and what one finds again: departments, notices, search, history, deleted events: node e2e/others.mjs URL
import assert from "node:assert/strict";
import { closed, create, departmentMenu, follow, gone, said, seen, shown, submit, visit, write } from "./browser.mjs";

const [url] = process.argv.slice(2);
const list = (page) => page.locator("#department-list li .name").allTextContents();
const box = (page, name) => page.getByRole("checkbox", { name });
const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul" }).format(new Date());
let ids;

async function send(method, path, body, name = "김민지") {
  const answer = await fetch(new URL(path, url), {
    method, headers: { "Content-Type": "application/json", "X-Display-Name": encodeURIComponent(name) }, body: body && JSON.stringify(body),
  });
  return answer.json();
}
const add = async (department, fields) => (await send("POST", `/api/events/${ids[department]}`, { event_date: today, ...fields })).event;
const announcements = (page) => page.evaluate(() => globalThis.saidHere);

async function until(isSo) {
  const end = Date.now() + 15_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const steps = {
  async "departments come with a colour each, and are shown"(one, two) {
    for (const name of ["개발팀", "인사팀", "영업부"]) {
      await one.click("#new-department");
      await write(one, "department-dialog", { name, description: "예전 비밀번호" });
      await one.locator("#department-list li", { hasText: name }).waitFor();
    }
    await until(async () => (await list(two)).length === 3);
    const { departments } = await send("GET", "/api/departments");
    ids = Object.fromEntries(departments.map(({ name, id }) => [name, id]));
    assert.equal(new Set(departments.map(({ color }) => color)).size, 3);
    assert.equal(await one.locator('[title*="예전 비밀번호"]').count(), 0);
    await two.click("#select-all");
    await two.click("#name-form [data-action=skip]");
  },
  async "their order is stored: by keyboard, by menu and by mouse"(one, two) {
    assert.deepEqual(await list(one), ["개발팀", "영업부", "인사팀"]);
    await box(one, "개발팀").focus();
    await one.keyboard.press("Alt+ArrowDown");
    await until(async () => (await list(two)).join() === "영업부,개발팀,인사팀");
    assert.equal(await one.evaluate(() => document.activeElement.dataset.focus), `toggle-${ids["개발팀"]}`);
    await departmentMenu(one, "인사팀", "위로");
    await until(async () => (await list(two)).join() === "영업부,인사팀,개발팀");
    const items = one.locator("#department-list li");
    await items.nth(2).dragTo(items.nth(0), { targetPosition: { x: 60, y: 3 } });
    await until(async () => (await list(two)).join() === "개발팀,영업부,인사팀");
  },
  async "only one, and back"(one) {
    await departmentMenu(one, "개발팀", "이 부서만");
    assert.equal(await one.locator("#department-list input:checked").count(), 1);
    await departmentMenu(one, "개발팀", "다른 부서도");
    assert.equal(await one.locator("#department-list input:checked").count(), 3);
  },
  async "a change is told with its author, shortly after one's own, too"(one, two) {
    await create(two, { title: "내 일정" });
    await seen(two, "내 일정");
    const { events } = await send("GET", `/api/events/${ids["개발팀"]}`);
    const mine = events.find(({ title }) => title === "내 일정") ?? (await send("GET", `/api/events/${ids["영업부"]}`)).events[0];
    await send("PUT", `/api/events/${mine.id}`, { title: "남이 고친 일정" });
    await said(two, "김민지 님\\(미확인\\)이 ‘내 일정’ 일정의 제목을 ‘남이 고친 일정’으로");
    assert.ok(!(await announcements(two)).some((each) => /등록되었습니다|님.*등록했습니다/.test(each)));
    await until(async () => (await two.textContent(".badge")) === "1");
  },
  async "a burst of 300 is one line and one announcement"(one, two) {
    const before = (await announcements(two)).length;
    const operations = Array.from({ length: 300 }, (_, number) => ({ op: "create", event: { title: `묶음 ${number}`, event_date: "2031-05-05" } }));
    await send("POST", `/api/events/${ids["영업부"]}/batch`, { operations }, "이준호");
    await said(two, "영업부: 이준호 님\\(미확인\\)이 일정 300건을 등록했습니다");
    await two.waitForTimeout(3_000);
    assert.equal((await announcements(two)).length, before + 1);
    await two.click("#notices-button");
    assert.match(await two.locator("#notices li").first().textContent(), /이준호 님\(미확인\)이 일정 300건을 등록했습니다/);
    await two.keyboard.press("Escape");
  },
  async "a move is told as a move, also to a department that isn't shown"(one, two) {
    const event = await add("개발팀", { title: "옮길 일정" });
    await said(two, "‘옮길 일정’ 일정을 등록");
    await send("POST", `/api/events/${event.id}/move`, { department_id: ids["인사팀"] });
    await said(two, "‘옮길 일정’ 일정을 개발팀에서 인사팀으로 옮겼습니다");
    await box(two, "인사팀").uncheck();
    await gone(two, "옮길 일정");
    const other = await add("개발팀", { title: "사라질 일정" });
    await said(two, "‘사라질 일정’ 일정을 등록");
    await send("POST", `/api/events/${other.id}/move`, { department_id: ids["인사팀"] });
    await said(two, "‘사라질 일정’ 일정을 개발팀에서 인사팀으로 옮겼습니다");
    assert.ok(!(await announcements(two)).some((each) => each.includes("삭제했습니다")));
    await box(two, "인사팀").check();
  },
  async "the search finds what isn't on the screen, and goes there by keyboard"(one, two) {
    await add("인사팀", { title: "아주 먼 워크숍", event_date: "2033-03-15", location: "제주" });
    await two.evaluate(() => document.activeElement?.blur());
    await two.keyboard.press("/");
    await two.waitForSelector("#search-dialog[open]");
    await two.fill("#search-input", "제주");
    await two.locator(".result", { hasText: "아주 먼 워크숍" }).waitFor();
    assert.ok(await two.getAttribute("#search-input", "aria-activedescendant"));
    await two.keyboard.press("Enter");
    await closed(two, "search-dialog");
    await seen(two, "아주 먼 워크숍");
    await two.keyboard.press("Escape");
    await two.click("#today");
  },
  async "a history tells each step, and brings an older state back"(one, two) {
    const event = await add("인사팀", { title: "채용 회의", start_time: "10:00" });
    await send("PUT", `/api/events/${event.id}`, { start_time: "15:00" }, "최서연");
    await shown(two, "채용 회의").click();
    await two.click(".event-popover [data-action=history]");
    await two.locator("#history-steps > li").first().waitFor();
    assert.match(await two.locator("#history-steps > li").first().textContent(), /최서연.*10:00.*→.*(3:00|15:00)/);
    await two.locator("[data-restore]").first().click();
    await closed(two, "history-dialog");
    await until(async () => (await send("GET", `/api/events/${ids["인사팀"]}/${event.id}`)).event.start_time === "10:00");
  },
  async "what a colleague has deleted comes back"(one, two) {
    const event = await add("인사팀", { title: "되살릴 일정" });
    await seen(two, "되살릴 일정");
    await send("DELETE", `/api/events/${event.id}`);
    await gone(two, "되살릴 일정");
    await departmentMenu(two, "인사팀", "삭제된 일정");
    const row = two.locator("#deleted-events li", { hasText: "되살릴 일정" });
    await row.locator("button").click();
    await row.waitFor({ state: "detached" });
    await two.keyboard.press("Escape");
    await seen(two, "되살릴 일정");
    await seen(one, "되살릴 일정");
  },
  async "a filter by category hides the rest"(one, two) {
    await add("개발팀", { title: "김민지 연차", categories: ["연차"] });
    await seen(two, "김민지 연차");
    await two.locator(".category-switch", { hasText: "연차" }).click();
    await gone(two, "되살릴 일정");
    assert.ok(await shown(two, "김민지 연차").isVisible());
    await two.locator(".categories-head button").click();
    await seen(two, "되살릴 일정");
  },
  async "a name that turns the writing doesn't turn the sentence"(one, two) {
    await two.waitForTimeout(3_000); // what was done before isn't told together with it
    await send("POST", `/api/events/${ids["개발팀"]}`, { title: "<img src=x onerror=alert(1)>", event_date: today }, "\u05e9\u05dc\u05d5\u05dd");
    await said(two, "‘<img src=x onerror=alert\\(1\\)>");
    await two.click("#notices-button");
    assert.equal(await two.locator("#notices li").first().locator("bdi", { hasText: "<img src=x" }).count(), 1);
    await two.keyboard.press("Escape");
  },
  async "a deletion says how much goes along, wants the name, and recolours nobody"(one, two) {
    const colours = () => two.locator("#department-list li").evaluateAll((all) => Object.fromEntries(all.map((each) => [each.textContent, each.dataset.colour])));
    const before = await colours();
    await departmentMenu(one, "영업부", "부서 삭제");
    await one.locator("#deletion-warning", { hasText: /일정 30\d건/ }).waitFor();
    assert.equal(await one.isDisabled("#deletion-dialog [type=submit]"), true);
    await one.fill("#deletion-dialog [name=name]", "영업부".normalize("NFD"));
    await submit(one, "deletion-dialog");
    await closed(one, "deletion-dialog");
    await two.locator(".toast", { hasText: "‘영업부’ 부서가 삭제되었습니다" }).waitFor();
    const after = await colours();
    for (const [name, colour] of Object.entries(after)) assert.equal(colour, before[name]);
    assert.equal(await one.locator(".toast", { hasText: "영업부" }).count(), 1);
  },
};

await follow(steps, [await visit(url), await visit(url)]);
