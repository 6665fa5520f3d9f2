// A weekly series, made by one and edited by the other, against a running server: node e2e/series.mjs URL
import assert from "node:assert/strict";
import { create, follow, seen, shows, visit, write } from "./browser.mjs";
import { addDays, firstOf, goTo, onDay as chips } from "./dates.mjs";

const url = process.argv[2];
// Beyond what clients see that don't know series.
const first = firstOf(1, 5);
const [second, third] = [addDays(first, 7), addDays(first, 14)];

const steps = {
  async "a weekly series is on each of its days, at the other's, too"(one, two) {
    await one.click("#new-department");
    await write(one, "department-dialog", { name: "개발팀" });
    await shows(two, "개발팀");
    await goTo(one, first);
    await goTo(two, second);
    await create(one, { title: "주간 회의", start_time: "10:00", end_time: "11:00", recurrence: "weekly", location: "3층" });
    for (const page of [one, two]) for (const day of [first, second, third]) await chips(page, day, "주간 회의").waitFor();
    assert.equal(await chips(one, addDays(first, 1), "주간 회의").count(), 0);
    assert.equal(await chips(one, addDays(first, -7), "주간 회의").count(), 0);
    await seen(two, "주간 회의");
    assert.match(await chips(two, second, "주간 회의").textContent(), /10:00–11:00.*매주 월.*3층/s);
  },
  async "one occurrence is edited, with the keyboard alone"(one, two) {
    await two.evaluate((hash) => { location.hash = hash; }, `#/${second}/month`);
    await two.waitForSelector(`.cell[data-date="${second}"][tabindex="0"]`);
    await two.focus('.cell[tabindex="0"]');
    await two.keyboard.press("Enter");
    await two.waitForSelector("#day:popover-open");
    await two.keyboard.press("Enter");
    await two.waitForSelector(".event-popover");
    await two.keyboard.press("Tab");
    await two.keyboard.press("Enter");
    await two.waitForSelector("#event-dialog[open]");
    assert.equal(await two.inputValue("#event-dialog [name=recurrence]"), "weekly");
    await two.fill("#event-dialog [name=start_time]", "14:00");
    await two.keyboard.press("Enter");
    await two.waitForSelector(".question-dialog, #event-dialog .question:not([hidden])");
    assert.equal(await two.evaluate(() => document.activeElement.value), "this");
    await two.keyboard.press("Enter");
    await two.waitForSelector("#event-dialog", { state: "hidden" });
    await chips(one, second, "14:00–15:00").waitFor();
    await chips(one, third, "10:00–11:00").waitFor();
  },
};

await follow(steps, [await visit(url, { view: "list" }), await visit(url, { view: "list" })]);
