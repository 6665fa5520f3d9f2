// What the page before this one did wrong, and its kinds: node e2e/bugs.mjs URL
//
// The bug                                             what shows that it is gone
// a colleague's move undone by saving an open form    here; web/test/merge.test.js; making.mjs
// the month after 9999-12-31 hangs                    here, in every view and both directions; web/test/dates.test.js
// changes within 30 s of one's own save go unnoticed  here; others.mjs
// a colleague's move announced as a deletion          here; others.mjs; web/test/bursts.test.js
// times misread                                       here, in form and quick entry; web/test/time-texts.test.js
// a tap opens a form under the finger                 phone.mjs
// the calendar comes twice at a join                  here
// a frozen server counts as live, a save fails late   web/sync/test/live.test.js; the scripts of faults (tests/web)
// a reload loses typed text                           features/changing.mjs (draft); here, of quick entry
// contrast of neighbouring months, label in name,
//   links of 18.8 px                                  here
// deleting a department recolours others              here; others.mjs
// a batch of 300 sets 300 announcements               here; others.mjs
// focus falls to the body                             here, in every view
// description as a tooltip                            features/departments.mjs (description)
// <bdi> for names                                     here, of every name there is
import assert from "node:assert/strict";
import { closed, follow, online, said, visit } from "./browser.mjs";
import {
  api, at, change, choose, clear, clickSave, day, departments, drawn, equal, form, make, misses, named, opened, prepare, press, sees, shortcut, stored, until,
} from "./features/input.mjs";

const url = process.argv[2];
const VIEWS = ["month", "week", "day", "list", "people", "departments"];
const saidBy = (page) => page.evaluate(() => [...globalThis.saidHere]);
const forget = (page) => page.evaluate(() => (globalThis.saidHere = []));
/** What has happened so far isn't told together with what comes next. */
async function told(page) {
  await page.waitForTimeout(3_200);
  await forget(page);
}

/** Returns how light of a colour is, as WCAG counts it. */
const contrasts = (page, selector) => page.evaluate((wanted) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const pixels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => rgb.slice(0, 3).map((each) => each / 255).map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)).reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, a] = pixels(getComputedStyle(each).backgroundColor);
      if (a === 255) return [r, g, b];
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(wanted)].filter((each) => each.offsetParent !== null && each.textContent.trim() !== "").map((each) => {
    const back = behind(each);
    let opacity = 1;
    for (let one = each; one; one = one.parentElement) opacity *= Number(getComputedStyle(one).opacity);
    const colour = pixels(getComputedStyle(each).color);
    const alpha = (colour[3] / 255) * opacity;
    const [a, b] = [light(colour.map((channel, index) => (index < 3 ? channel * alpha + back[index] * (1 - alpha) : 0))), light(back)].toSorted((x, y) => y - x);
    return { text: each.textContent, ratio: (a + 0.05) / (b + 0.05) };
  });
}, selector);

const steps = {
  async "a colleague's move stays when an open form is saved: to another day, another department, both"(one, two) {
    for (const target of [{ event_date: day(9) }, { department: "영업팀" }, { event_date: day(10), department: "영업팀" }]) {
      for (const page of [one, two]) await at(page);
      const event = await make({ title: "안건이 있는 회의" });
      await sees(one, event.title);
      await choose(one, event.title, "edit");
      await one.fill(form("description"), "안건");
      const { department, ...fields } = target;
      if (Object.keys(fields).length > 0) await change(event.id, fields);
      if (department) await api("POST", `/api/events/${event.id}/move`, { department_id: departments[department] });
      await one.waitForSelector("#event-dialog .meanwhile:visible");
      await clickSave(one);
      await equal("the description", async () => (await stored(event.id)).description, "안건");
      const now = await stored(event.id);
      assert.deepEqual([now.event_date, now.department_id], [target.event_date ?? day(15), departments[department ?? "개발팀"]]);
      await sees(two, event.title, now.event_date);
      await clear();
    }
  },
  async "at the ends of all days the page goes on, in every view"(one) {
    for (const [edge, buttons, keys] of [["9999-12-31", ["next", "previous"], ["j", "PageDown", "ArrowDown", "ArrowRight"]], ["0001-01-01", ["previous", "next"], ["k", "PageUp", "ArrowUp", "ArrowLeft"]]]) {
      for (const view of VIEWS) {
        await at(one, edge, view);
        for (const button of [buttons[0], buttons[0], buttons[1]]) await one.click(`#${button}`);
        await at(one, edge, view);
        await shortcut(one, keys[0]);
        if (view !== "list") {
          await one.focus("#main [data-date][tabindex='0']");
          await press(one, ...keys.slice(1));
        }
        assert.equal(await one.evaluate(() => 6 * 7), 42);
      }
    }
    for (let count = 0; count < 3; count += 1) await one.locator(".mini header button").first().click();
    await at(one);
  },
  async "what others change right after one's own save is told, of the same event, too"(one, two) {
    for (const page of [one, two]) await at(page);
    const event = await make({ title: "자주 고치는 일정" });
    await said(one, "자주 고치는 일정’ 일정을 등록"); // else both are told in one sentence
    await choose(one, event.title, "edit");
    await one.fill(form("title"), "내가 고친 일정");
    await clickSave(one);
    await equal("the title", async () => (await stored(event.id)).title, "내가 고친 일정");
    await forget(one);
    await change(event.id, { title: "네가 고친 일정" });
    await said(one, "이준호 님\\(미확인\\)이 ‘내가 고친 일정’");
    await one.waitForSelector(`[data-event="${event.id}"][data-fresh]`);
    await make({ title: "네가 만든 일정" });
    await said(one, "이준호 님\\(미확인\\)이 ‘네가 만든 일정’ 일정을 등록");
    await clear();
  },
  async "a move is told as a move, of a day and of a department, by page and by REST"(one, two) {
    for (const page of [one, two]) await at(page);
    const event = await make({ title: "옮겨 다니는 일정" });
    await sees(two, event.title);
    await told(one);
    await choose(two, event.title, "move");
    await two.selectOption(".question-dialog [name=department_id]", departments["영업팀"]);
    await two.fill(".question-dialog [name=event_date]", day(9));
    await press(two, "Enter");
    await said(one, "옮겨 다니는 일정.*개발팀에서 영업팀으로");
    await api("POST", `/api/events/${event.id}/move`, { department_id: departments["개발팀"] });
    await said(one, "옮겨 다니는 일정.*영업팀에서 개발팀으로");
    const about = (await saidBy(one)).filter((each) => each.includes(event.title));
    assert.ok(!about.some((each) => /삭제|등록/.test(each)), about.join("\n"));
    await clear();
  },
  async "times are as the server understands them, in the form and in the line"(one, two) {
    for (const page of [one, two]) await at(page);
    for (const [text, start] of [["PM 2:00", "14:00"], ["저녁 7시", "19:00"], ["12:60", null], ["오전 12시", null], ["낮 12시", "12:00"], ["14시~16시", "14:00"]]) {
      await shortcut(one, "c");
      await opened(one);
      await one.fill(form("title"), `시각 ${text}`);
      await one.click("#event-dialog label:has([name=time_kind][value=text])");
      await one.fill(form("time"), text);
      await clickSave(one);
      await until("it is stored", async () => Boolean(await named(`시각 ${text}`)));
      const event = await named(`시각 ${text}`);
      assert.equal(event.start_time ?? null, start, text);
      await equal("what the other one reads", () => drawn(two, `시각 ${text}`).first().locator(".time").textContent(), start ?? text);
    }
    for (const [text, start] of [["저녁 7시 회식", "19:00"], ["PM 2:00 회의", "14:00"]]) {
      await one.fill(".quick-input", `${Number(day(15).slice(5, 7))}월 15일 ${text}`);
      await one.locator(".quick-preview", { hasText: start }).waitFor();
      await one.fill(".quick-input", "");
    }
    await clear();
  },
  async "the calendar comes once at a join, and once after a reconnect without changes: not at all"(one, two) {
    const mark = "한 번만 오는 일정";
    await make({ title: mark });
    const context = await two.context().browser().newContext({ locale: "ko-KR", timezoneId: "Asia/Seoul" });
    const page = await context.newPage();
    let times = 0;
    const count = (content) => { times += String(content).split(mark).length - 1; };
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => count(payload)));
    page.on("response", async (answer) => {
      if (!answer.url().includes("/api/") && !answer.url().includes("/socket.io/")) return;
      count(await answer.text().catch(() => ""));
    });
    await page.goto(`${url}/#/${day(15)}/month`);
    await online(page);
    await sees(page, mark);
    await page.waitForLoadState("networkidle");
    assert.equal(times, 1);
    await context.setOffline(true);
    await page.waitForSelector('#connection[data-state="offline"]');
    await context.setOffline(false);
    await online(page);
    await page.waitForLoadState("networkidle");
    assert.equal(times, 1, "after a reconnect");
    await context.close();
    await clear();
  },
  async "what a search finds opens, of days that aren't here yet"(one) {
    await make({ title: "먼 방문", event_date: "2029-03-12", location: "부산" });
    for (const take of [() => press(one, "Enter"), () => one.locator(".result").click()]) {
      await at(one);
      await one.reload();
      await online(one);
      await shortcut(one, "/");
      await one.waitForSelector("#search-dialog[open]");
      await one.fill("#search-input", "먼 방문");
      await one.locator(".result", { hasText: "부산" }).waitFor();
      await take();
      await one.locator(".event-popover", { hasText: "부산" }).waitFor();
      await press(one, "Escape");
    }
  },
  async "what was deleted in any department is found from the search, without a guess"(one) {
    await at(one);
    const events = [await make({ title: "개발팀에서 지운 일정" }), await make({ title: "영업팀에서 지운 일정" }, "영업팀")];
    for (const { id } of events) await api("DELETE", `/api/events/${id}`);
    await shortcut(one, "/");
    await one.click("#search-dialog [data-action=deleted]");
    for (const { id } of events) await one.locator(`#deleted-events li[data-event="${id}"]`).waitFor();
    const row = one.locator("#deleted-events li").first();
    assert.match(await row.textContent(), /영업팀에서 지운 일정.*영업팀$/s);
    await row.locator("button").click();
    await sees(one, "영업팀에서 지운 일정");
    await one.click("#deleted-dialog [data-action=cancel]");
    await closed(one, "deleted-dialog");
  },
  async "Ctrl+Z takes back what quick entry has made, from its empty line"(one) {
    await at(one);
    await one.click(".quick-input");
    await one.keyboard.type(`${Number(day(15).slice(5, 7))}월 16일 지나간 생각`);
    await press(one, "Enter");
    await sees(one, "지나간 생각");
    await press(one, "Control+z");
    await misses(one, "지나간 생각");
  },
  async "the categories beside the calendar are counted of what is shown"(one) {
    await at(one);
    for (const number of [15, 16]) await make({ title: `연차 ${number}`, event_date: day(number), categories: ["연차"] });
    const count = () => one.locator(".category-switch[data-category=연차] .count").textContent();
    await equal("in the month", count, 2);
    await one.click("#views [data-view=day]");
    await equal("on the day", count, 1);
    await one.click("#views [data-view=month]");
    await equal("in the month again", count, 2);
  },
  async "a reload keeps a line of quick entry"(one) {
    await at(one);
    await one.fill(".quick-input", "내일 적다 만 회의");
    const [question] = await Promise.all([one.waitForEvent("dialog"), one.evaluate(() => setTimeout(() => location.reload()))]);
    await question.accept();
    await online(one);
    await one.waitForFunction(() => document.querySelector(".quick-input")?.value === "내일 적다 만 회의");
    await one.fill(".quick-input", "");
  },
  async "neighbouring months and quiet words are readable, in both themes"(one) {
    await at(one);
    for (const colorScheme of ["light", "dark"]) {
      await one.emulateMedia({ colorScheme });
      const all = await contrasts(one, ".cell.outside .date, .mini [data-outside] span, .quiet, .weekday, .cell .date");
      assert.ok(all.length > 20);
      const poor = all.filter(({ ratio }) => ratio < 4.5);
      assert.deepEqual(poor, [], colorScheme);
    }
    await one.emulateMedia({ colorScheme: null });
  },
  async "what is to be read of a button is in its name, and nothing to press is smaller than 24 pixels"(one) {
    await make({ title: "눌러 볼 일정", url: "https://example.com/a", start_time: "10:00" });
    const look = () => one.evaluate(() => {
      const size = (each) => (each.closest("label") ?? each).getBoundingClientRect();
      const all = [...document.querySelectorAll("button, a[href], input, select, summary")].filter((each) => each.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !each.matches(".skip, :disabled"));
      return {
        count: all.length,
        small: all.filter((each) => size(each).height < 23.9 || size(each).width < 23.9).map((each) => `${each.outerHTML.slice(0, 100)} ${size(each).width}×${size(each).height}`),
        unnamed: all.filter((each) => each.matches("button, a") && /\p{L}/u.test(each.innerText) && each.hasAttribute("aria-label"))
          .filter((each) => !each.innerText.split(/\s+/).filter((word) => /\p{L}/u.test(word)).every((word) => each.getAttribute("aria-label").includes(word))).map((each) => `${each.innerText} | ${each.getAttribute("aria-label")}`),
      };
    });
    for (const view of VIEWS) {
      await at(one, day(15), view);
      if (view !== "people") await sees(one, "눌러 볼 일정");
      const { count, small, unnamed } = await look();
      assert.ok(count > 20);
      assert.deepEqual([small, unnamed], [[], []], view);
    }
    await clear();
  },
  async "deleting a department, and making one, recolours nobody"(one, two) {
    const colours = (page) => page.locator("#department-list li").evaluateAll((all) => all.map((each) => `${each.dataset.department} ${each.dataset.colour}`).join());
    const before = [await colours(one), await colours(two)];
    // Without a stored colour, as departments of before have none.
    const { department } = await api("POST", "/api/departments", { name: "가나다팀" });
    for (const page of [one, two]) await page.locator("#department-list li", { hasText: "가나다팀" }).waitFor();
    for (const page of [one, two]) for (const each of before[0].split(",")) assert.ok((await colours(page)).includes(each));
    await api("DELETE", `/api/departments/${department.id}`);
    for (const page of [one, two]) await page.locator("#department-list li", { hasText: "가나다팀" }).waitFor({ state: "detached" });
    assert.deepEqual([await colours(one), await colours(two)], before);
  },
  async "a burst of 300 is one announcement, or a few"(one, two) {
    for (const page of [one, two]) await at(page);
    await told(one);
    const about = async (what) => (await saidBy(one)).filter((each) => each.includes("한지민") && each.includes(what));
    // A server that is very busy sends a batch in pieces.
    const countedTo = async (count, what) => {
      await until(`${count} are told`, async () => (await about(what)).reduce((sum, each) => sum + Number(/(\d+)건/.exec(each)?.[1] ?? 1), 0) === count);
      assert.ok((await about(what)).length <= 3, (await saidBy(one)).join("\n"));
    };
    const operations = Array.from({ length: 300 }, (_, number) => ({ op: "create", event: { title: `묶음 ${number}`, event_date: day(1 + (number % 28)) } }));
    await api("POST", `/api/events/${departments["개발팀"]}/batch`, { operations }, "한지민");
    await countedTo(300, "등록");
    const created = (await api("GET", `/api/events/${departments["개발팀"]}`)).events;
    await told(one);
    const removing = created.filter(({ title }) => title.startsWith("묶음")).map(({ id }) => ({ op: "delete", id }));
    await api("POST", `/api/events/${departments["개발팀"]}/batch`, { operations: removing }, "한지민").then((answer) => assert.equal(answer.success, true, JSON.stringify(answer).slice(0, 300)));
    await misses(one, "묶음");
    await countedTo(300, "삭제");
  },
  async "the focus stays in the calendar when a colleague deletes what has it, in every view"(one) {
    for (const view of VIEWS) {
      const event = await make({ title: "사라질 일정", people: ["김철수"] });
      await make({ title: "남을 일정", people: ["김철수"] });
      await at(one, day(15), view);
      await sees(one, "사라질 일정");
      await sees(one, "남을 일정");
      await drawn(one, "사라질 일정").first().evaluate((made) => (made.matches("button, [tabindex]") ? made : made.querySelector("button")).focus());
      assert.equal(await one.evaluate(() => document.activeElement.dataset.event), event.id, view);
      await api("DELETE", `/api/events/${event.id}`);
      await misses(one, "사라질 일정");
      await until(`the focus is in the calendar (${view})`, () => one.evaluate(() => document.getElementById("main").contains(document.activeElement) && document.activeElement !== document.body));
      await clear();
    }
    // In the day's window, and in the popover.
    for (const where of ["day", "popover"]) {
      const event = await make({ title: "사라질 일정" });
      await make({ title: "남을 일정" });
      await at(one);
      await sees(one, "남을 일정");
      await one.focus("#calendar [data-date][tabindex='0']");
      await press(one, "Enter");
      await one.locator(`#day button[data-event="${event.id}"]`).focus();
      if (where === "popover") {
        await press(one, "Enter");
        await one.waitForSelector(".event-popover");
      }
      await api("DELETE", `/api/events/${event.id}`);
      await misses(one, "사라질 일정");
      await until(`the focus isn't on the page itself (${where})`, () => one.evaluate(() => document.activeElement !== document.body && document.activeElement !== null));
      await press(one, "Escape", "Escape");
      await clear();
    }
  },
  async "every name is a piece of text of its own direction"(one, two) {
    const RTL = "\u202eשלום\u05d0";
    const title = `${RTL} 회의`;
    await at(one);
    const { department } = await api("POST", "/api/departments", { name: `${RTL}팀` });
    departments[`${RTL}팀`] = department.id;
    await one.locator("#department-list li", { hasText: "שלום" }).locator("input").check();
    await api("POST", `/api/events/${department.id}`, { title, event_date: day(15), people: [RTL], location: `${RTL} 1층`, categories: [RTL] }, RTL);
    const loose = () => one.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) {
        const { nodeValue, parentElement } = walker.currentNode;
        if (!nodeValue.includes("שלום") || parentElement.closest("option, textarea, script")) continue;
        if (!parentElement.closest("bdi, [dir=auto]") && getComputedStyle(parentElement).unicodeBidi === "normal") found.push(parentElement.outerHTML.slice(0, 160));
      }
      return found;
    });
    for (const view of VIEWS) {
      await at(one, day(15), view);
      await sees(one, "שלום");
      assert.deepEqual(await loose(), [], view);
    }
    await at(one);
    await drawn(one, "שלום").first().click();
    await one.waitForSelector(".event-popover");
    assert.deepEqual(await loose(), [], "popover");
    await one.click(".event-popover [data-action=history]");
    await one.locator("#history-steps > li").first().waitFor();
    assert.deepEqual(await loose(), [], "history");
    await press(one, "Escape");
    await closed(one, "history-dialog");
    await one.click("#notices-button");
    assert.deepEqual(await loose(), [], "notices");
    await press(one, "Escape");
    await one.click("#search");
    await one.keyboard.type("שלום");
    await one.locator(".result").first().waitFor();
    assert.deepEqual(await loose(), [], "search");
    await press(one, "Escape", "Escape");
    delete departments[`${RTL}팀`];
    await api("DELETE", `/api/departments/${department.id}`);
    await one.locator(".toast", { hasText: "שלום" }).waitFor();
    assert.deepEqual(await loose(), [], "toast");
  },
};

await prepare(url);
const people = [];
for (const name of ["김민지", "이준호"]) {
  const page = await visit(`${url}/#/${day(15)}/month`);
  await page.fill("#name-input", name);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#name-form", { state: "hidden" });
  people.push(page);
}
const only = process.argv[3];
await follow(only ? Object.fromEntries(Object.entries(steps).filter(([name]) => name.includes(only))) : steps, people);
