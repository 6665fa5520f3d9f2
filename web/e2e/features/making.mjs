// Making, moving and deleting: see list.mjs.
import assert from "node:assert/strict";
import {
  activate, at, cell, choose, clickOn, clickSave, day, drag, drawn, equal, form, boxOf, has, intoGrid, keyChoose, keyOn, keySave, make, misses, named, opened, press, sees, shortcut, stored,
  tabTo, typeDate, typeInto,
} from "./input.mjs";

/** The other one sees an event on these days, and not on the one after. */
async function seesOn(page, title, ...days) {
  for (const each of days) await sees(page, title, each);
}

/** Both look at the month. */
async function begin(one, two) {
  for (const page of [one, two]) await at(page);
}

const created = (check, go) => async (one, two) => {
  await begin(one, two);
  await go(one);
  await check(two, one);
};

/** An event of one is changed by `go`, and the other one sees it as `check` says. */
const changed = (fields, go, check) => async (one, two) => {
  await begin(one, two);
  const event = await make(fields);
  for (const page of [one, two]) await sees(page, fields.title);
  await go(one, event);
  await check(two, event);
};

const onDay = (title, ...days) => async (page) => seesOn(page, title, ...days);
const spans = (first, last) => async (page, { id }) => {
  await equal("the last day", async () => (await stored(id)).end_date, last);
  await equal("the first day", async () => (await stored(id)).event_date, first);
  await page.waitForFunction(([event, end]) => {
    // Over the end of a week it is two, of which the last one ends there.
    const [chip, cell] = [[...document.querySelectorAll(`#calendar [data-event="${event}"]`)].at(-1), document.querySelector(`#calendar .cell[data-date="${end}"]`)].map((each) => each?.getBoundingClientRect());
    return chip && cell && chip.right > cell.left + 10 && chip.right < cell.right + 10;
  }, [id, last]);
};

/** Types a title into the form of a new event, and saves it by Enter. */
async function typeTitle(page, title) {
  await opened(page);
  assert.ok(await has(page, form("title")));
  await page.keyboard.type(title);
}

async function copied(two) {
  await sees(two, "복사본");
  await sees(two, "원본");
  const [first, second] = [await named("원본"), await named("복사본")];
  assert.deepEqual([second.event_date, second.start_time, second.location], [first.event_date, first.start_time, first.location]);
}

/** What one looks at isn't said to be edited, and the focus goes back to where it came from. */
async function looked(one, two, event) {
  const popover = one.locator(".event-popover");
  assert.match(await popover.textContent(), /살펴볼 일정.*1층.*개발팀/s);
  assert.equal(await one.locator("#event-dialog[open]").count(), 0);
  await press(one, "Escape");
  await popover.waitFor({ state: "detached" });
  await one.waitForFunction((id) => document.activeElement?.dataset.event === id, event.id);
  await clickOn(two, "살펴볼 일정");
  assert.doesNotMatch(await two.locator(".event-popover").textContent(), /김민지/);
  await press(two, "Escape");
}

const LOOK = { title: "살펴볼 일정", location: "1층" };
const looking = (go) => async (one, two) => {
  await begin(one, two);
  const event = await make(LOOK);
  for (const page of [one, two]) await sees(page, LOOK.title);
  await go(one);
  await looked(one, two, event);
  await press(one, "Escape", "Escape");
};

const TITLE = "한 줄 회의";
const quick = (finish) => async (page) => {
  await page.locator(".quick-preview", { hasText: "15:00" }).waitFor();
  await finish(page);
};
async function entered(two) {
  await sees(two, TITLE, day(15));
  const { start_time: start, location } = await named(TITLE);
  assert.deepEqual([start, location], ["15:00", "회의실A"]);
}
const LINE = `${Number(day(15).slice(5, 7))}월 15일 오후 3시 ${TITLE} @회의실A`;

export const STEPS = {
  "create on a day": {
    mouse: created(onDay("만든 일정", day(20)), async (page) => {
      const { x, y, height } = await cell(page, day(20));
      await page.mouse.dblclick(x + 40, y + height - 20, { delay: 60 });
      await opened(page);
      await page.fill(form("title"), "만든 일정");
      await clickSave(page);
    }),
    keyboard: created(onDay("만든 일정", day(22)), async (page) => {
      await intoGrid(page);
      await press(page, "ArrowDown");
      await page.waitForFunction((date) => document.activeElement?.dataset.date === date, day(22));
      await press(page, "Enter");
      await page.waitForSelector("#day:popover-open");
      await activate(page, "#new-event-here");
      await typeTitle(page, "만든 일정");
      await press(page, "Enter");
    }),
  },
  "create over days": {
    mouse: created(async (two) => spans(day(20), day(21))(two, await named("그은 일정")), async (page) => {
      const [from, to] = [await cell(page, day(20)), await cell(page, day(21))];
      const isSameRow = from.y === to.y;
      await drag(page, [from.x + 40, from.y + from.height - 14], [to.x + 40, (isSameRow ? from.y : to.y) + to.height - 14]);
      await opened(page);
      await page.fill(form("title"), "그은 일정");
      await clickSave(page);
      await sees(page, "그은 일정");
    }),
    keyboard: created(async (two) => {
      await sees(two, "적은 일정");
      assert.deepEqual([(await named("적은 일정")).event_date, (await named("적은 일정")).end_date], [day(16), day(18)]);
    }, async (page) => {
      await shortcut(page, "c");
      await typeTitle(page, "적은 일정");
      await typeDate(page, form("event_date"), day(16));
      await tabTo(page, "#event-dialog .several-days");
      await press(page, "Space");
      await typeDate(page, form("end_date"), day(18), { back: true });
      await keySave(page);
    }),
  },
  move: {
    mouse: changed({ title: "옮길 일정" }, async (page) => {
      const [from, to] = [await boxOf(drawn(page, "옮길 일정").first()), await cell(page, day(9))];
      await drag(page, [from.x + 20, from.y + 8], [to.x + 40, to.y + 50]);
    }, onDay("옮길 일정", day(9))),
    keyboard: changed({ title: "옮길 일정" }, async (page) => {
      await keyChoose(page, "옮길 일정", day(15), "move");
      await typeDate(page, ".question-dialog [name=event_date]", day(9));
      await press(page, "Enter");
    }, onDay("옮길 일정", day(9))),
  },
  resize: {
    mouse: changed({ title: "늘릴 일정", event_date: weekday(2) }, async (page, event) => {
      const [from, to] = [await boxOf(drawn(page, "늘릴 일정").first()), await cell(page, next(event.event_date, 2))];
      await page.mouse.move(from.x + from.width / 2, from.y + 8);
      await drag(page, [from.x + from.width - 2, from.y + 8], [to.x + 40, from.y + 8]);
    }, (page, event) => spans(event.event_date, next(event.event_date, 2))(page, event)),
    keyboard: changed({ title: "늘릴 일정", event_date: weekday(2) }, async (page, event) => {
      await keyChoose(page, "늘릴 일정", event.event_date, "edit");
      await tabTo(page, "#event-dialog .several-days");
      await press(page, "Space");
      await typeDate(page, form("end_date"), next(event.event_date, 2), { back: true });
      await keySave(page);
    }, (page, event) => spans(event.event_date, next(event.event_date, 2))(page, event)),
  },
  "quick entry": {
    mouse: created(entered, async (page) => {
      await page.click(".quick-input");
      await page.fill(".quick-input", LINE);
      await quick((each) => each.click(".quick-buttons .primary"))(page);
    }),
    keyboard: created(entered, async (page) => {
      await shortcut(page, "n");
      await page.waitForFunction(() => document.activeElement?.matches(".quick-input"));
      await page.keyboard.type(LINE);
      await quick((each) => press(each, "Enter"))(page);
    }),
  },
  popover: {
    mouse: looking((page) => clickOn(page, LOOK.title)),
    keyboard: looking((page) => keyOn(page, LOOK.title, day(15))),
  },
  edit: {
    mouse: changed({ title: "고칠 일정" }, async (page) => {
      await choose(page, "고칠 일정", "edit");
      await page.fill(form("title"), "고친 일정");
      await clickSave(page);
    }, onDay("고친 일정", day(15))),
    keyboard: changed({ title: "고칠 일정" }, async (page) => {
      await keyChoose(page, "고칠 일정", day(15), "edit");
      await typeInto(page, form("title"), "고친 일정");
      await press(page, "Enter");
    }, onDay("고친 일정", day(15))),
  },
  duplicate: {
    mouse: changed({ title: "원본", start_time: "10:00", location: "2층" }, async (page) => {
      await choose(page, "원본", "duplicate");
      await page.fill(form("title"), "복사본");
      await clickSave(page);
    }, copied),
    keyboard: changed({ title: "원본", start_time: "10:00", location: "2층" }, async (page) => {
      await keyChoose(page, "원본", day(15), "duplicate");
      await typeInto(page, form("title"), "복사본");
      await press(page, "Enter");
    }, copied),
  },
  "several days": {
    mouse: changed({ title: "연수" }, async (page) => {
      await choose(page, "연수", "edit");
      await page.click("#event-dialog .check:has(.several-days)");
      await page.fill(form("end_date"), day(19));
      await clickSave(page);
    }, inList("연수", 15, 16, 17, 18, 19)),
    keyboard: changed({ title: "연수" }, async (page) => {
      await keyChoose(page, "연수", day(15), "edit");
      await tabTo(page, "#event-dialog .several-days");
      await press(page, "Space");
      await typeDate(page, form("end_date"), day(19), { back: true });
      await press(page, "Enter");
    }, inList("연수", 15, 16, 17, 18, 19)),
  },
  "all-day": {
    mouse: changed({ title: "종일 일정", start_time: "10:00" }, async (page) => {
      await choose(page, "종일 일정", "edit");
      await page.click("#event-dialog label:has([name=time_kind][value=all_day])");
      await clickSave(page);
    }, timeless("종일 일정")),
    keyboard: changed({ title: "종일 일정", start_time: "10:00" }, async (page) => {
      await keyChoose(page, "종일 일정", day(15), "edit");
      await tabTo(page, form("time_kind"));
      await press(page, "ArrowLeft");
      await keySave(page);
    }, timeless("종일 일정")),
  },
  delete: {
    mouse: changed({ title: "지울 일정" }, (page) => choose(page, "지울 일정", "remove"), (page) => misses(page, "지울 일정")),
    keyboard: changed({ title: "지울 일정" }, (page) => keyChoose(page, "지울 일정", day(15), "remove"), (page) => misses(page, "지울 일정")),
  },
};

/** A day of the next month's third week, by its weekday: what is drawn over days stays in one row. */
function weekday(number) {
  const first = new Date(`${day(15)}T00:00:00Z`).getUTCDay();
  return next(day(15), number - first);
}
function next(date, count) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}
function inList(title, ...days) {
  return async (page) => {
    await at(page, day(15), "list");
    for (const each of days) await sees(page, title, day(each));
    assert.equal(await drawn(page, title, day(days.at(-1) + 1)).count(), 0);
  };
}
function timeless(title) {
  return async (page, { id }) => {
    await equal("the time", async () => (await stored(id)).start_time ?? "none", "none");
    await page.waitForFunction((event) => document.querySelector(`#main [data-event="${event}"]`)?.querySelector(".time") === null, id);
  };
}
