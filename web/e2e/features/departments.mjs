// Departments, as both see them: see list.mjs.
import assert from "node:assert/strict";
import { closed, departmentMenu } from "../browser.mjs";
import { activate, api, at, departments, equal, fromTop, has, keyMenu, make, opened, press, sees, tabTo, typeInto, until } from "./input.mjs";

const names = (page) => page.locator("#department-list li .name").allTextContents();
const item = (page, name) => page.locator(`#department-list li[data-department="${departments[name]}"]`);
const stored = async (name) => (await api("GET", "/api/departments")).departments.find(({ id }) => id === departments[name]);
const field = (name) => `#department-dialog [name=${name}]`;
const click = {
  menu: (page, name, entry) => departmentMenu(page, name, entry),
  save: (page) => page.click("#department-dialog [type=submit]"),
};

async function made(one, two, name, go) {
  await go(one);
  await closed(one, "department-dialog");
  for (const page of [one, two]) await until("the list has it", async () => (await names(page)).includes(name));
  assert.equal(await one.locator("#department-list li", { hasText: name }).locator("input").isChecked(), true);
  const { id } = (await api("GET", "/api/departments")).departments.find((each) => each.name === name);
  await api("DELETE", `/api/departments/${id}`);
  for (const page of [one, two]) await until("it is gone", async () => !(await names(page)).includes(name));
}

/** Something of 개발팀 is changed in its dialog, and seen in the other's list and calendar. */
async function changed(one, two, open, write, check) {
  for (const page of [one, two]) await at(page);
  await make({ title: "부서의 일정" });
  await sees(two, "부서의 일정");
  await open(one);
  await opened(one, "department-dialog");
  await write(one);
  await closed(one, "department-dialog");
  await check(two, one);
}
const byMenu = (page) => click.menu(page, "개발팀", "이름, 설명, 색");
const byKeys = (page) => keyMenu(page, "개발팀", "이름, 설명, 색");

const painted = (colour, number) => async (two, one) => {
  // Its id may have given it that colour before.
  await equal("its stored colour", async () => (await stored("개발팀")).color, colour);
  for (const page of [two, one]) {
    await equal("its colour", () => item(page, "개발팀").getAttribute("data-colour"), number);
    await equal("its events' colour", () => page.locator("#main [data-event]", { hasText: "부서의 일정" }).first().getAttribute("data-colour"), number);
  }
};

async function ordered(one, two, down, up) {
  const before = (await names(two)).join();
  await down(one);
  await until("another order", async () => (await names(two)).join() !== before);
  assert.equal((await names(two)).join(), before.split(",").toReversed().join());
  await equal("one's own order", async () => (await names(one)).join(), (await names(two)).join());
  await up(one);
  await equal("the order", async () => (await names(two)).join(), before);
}

async function alone(one, two, solo) {
  for (const page of [one, two]) await at(page);
  await make({ title: "개발 일정" });
  await make({ title: "영업 일정" }, "영업팀");
  for (const page of [one, two]) for (const title of ["개발 일정", "영업 일정"]) await sees(page, title);
  await solo(one);
  await until("the other department is hidden", async () => (await one.locator("#main [data-event]", { hasText: "영업 일정" }).count()) === 0);
  await sees(one, "개발 일정");
  await sees(two, "영업 일정");
  await solo(one);
  await sees(one, "영업 일정");
}

const renamed = (name) => async (two, one) => {
  for (const page of [two, one]) await equal("its name", () => item(page, "개발팀").locator(".name").textContent(), name);
  await two.locator("#main [data-event]", { hasText: "부서의 일정" }).first().click();
  await two.locator(".event-popover", { hasText: name }).waitFor();
  await press(two, "Escape");
};

const described = (words) => async (two, one) => {
  await until("it is stored", async () => (await stored("개발팀")).description === words);
  for (const page of [two, one]) {
    const shown = await page.evaluate((secret) => [...document.querySelectorAll("*")].some((each) => [...each.attributes].some(({ value }) => value.includes(secret)))
      || document.body.innerText.includes(secret), words);
    assert.equal(shown, false, "the description is somewhere on the page");
  }
  await click.menu(two, "개발팀", "이름, 설명, 색");
  await opened(two, "department-dialog");
  assert.equal(await two.inputValue(field("description")), words);
  await press(two, "Escape");
  await closed(two, "department-dialog");
};

async function deleted(one, two, open, confirm) {
  departments["임시팀"] = (await api("POST", "/api/departments", { name: "임시팀" })).department.id;
  for (let count = 0; count < 3; count += 1) await make({ title: `딸린 일정 ${count}` }, "임시팀");
  for (const page of [one, two]) await item(page, "임시팀").waitFor();
  await open(one);
  await one.locator("#deletion-warning", { hasText: "일정 3건" }).waitFor();
  assert.equal(await one.isDisabled("#deletion-dialog [type=submit]"), true);
  await confirm(one);
  await closed(one, "deletion-dialog");
  for (const page of [one, two]) await item(page, "임시팀").waitFor({ state: "detached" });
  await two.locator(".toast", { hasText: "‘임시팀’ 부서가 삭제되었습니다" }).waitFor();
  delete departments["임시팀"];
}

export const STEPS = {
  "create department": {
    mouse: (one, two) => made(one, two, "새 부서", async (page) => {
      await page.click("#new-department");
      await page.fill(field("name"), "새 부서");
      await click.save(page);
    }),
    keyboard: (one, two) => made(one, two, "다른 부서", async (page) => {
      await fromTop(page);
      await activate(page, "#new-department");
      await opened(page, "department-dialog");
      assert.ok(await has(page, field("name")));
      await page.keyboard.type("다른 부서");
      await press(page, "Enter");
    }),
  },
  colour: {
    mouse: (one, two) => changed(one, two, byMenu, async (page) => {
      await page.click("#department-dialog label:has([value=red])");
      await click.save(page);
    }, painted("red", 9)),
    keyboard: (one, two) => changed(one, two, byKeys, async (page) => {
      await tabTo(page, field("color"));
      for (let count = 0; count < 12 && !(await has(page, "[value=teal]")); count += 1) await press(page, "ArrowRight");
      await press(page, "Enter");
    }, painted("teal", 5)),
  },
  order: {
    mouse: (one, two) => {
      const drag = async (page) => {
        const items = page.locator("#department-list li");
        await items.nth(1).dragTo(items.nth(0), { targetPosition: { x: 60, y: 3 } });
      };
      return ordered(one, two, drag, drag);
    },
    keyboard: (one, two) => {
      const move = (key) => async (page) => {
        await fromTop(page);
        await tabTo(page, `[data-toggle="${departments["개발팀"]}"]`);
        await press(page, key);
      };
      return ordered(one, two, move("Alt+ArrowDown"), move("Alt+ArrowUp"));
    },
  },
  solo: {
    mouse: (one, two) => alone(one, two, async (page) => {
      await item(page, "개발팀").hover();
      await page.click(`[data-solo="${departments["개발팀"]}"]`);
    }),
    keyboard: (one, two) => alone(one, two, async (page) => {
      await fromTop(page);
      await activate(page, `[data-solo="${departments["개발팀"]}"]`);
    }),
  },
  rename: {
    mouse: (one, two) => changed(one, two, byMenu, async (page) => {
      await page.fill(field("name"), "개발팀 2");
      await click.save(page);
    }, renamed("개발팀 2")),
    keyboard: (one, two) => changed(one, two, byKeys, async (page) => {
      await typeInto(page, field("name"), "개발팀");
      await press(page, "Enter");
    }, renamed("개발팀")),
  },
  description: {
    mouse: (one, two) => changed(one, two, byMenu, async (page) => {
      await page.fill(field("description"), "비밀번호 8282");
      await click.save(page);
    }, described("비밀번호 8282")),
    keyboard: (one, two) => changed(one, two, byKeys, async (page) => {
      await typeInto(page, field("description"), "비밀번호 1004");
      await activate(page, "#department-dialog [type=submit]");
    }, described("비밀번호 1004")),
  },
  "delete department": {
    mouse: (one, two) => deleted(one, two, (page) => click.menu(page, "임시팀", "부서 삭제"), async (page) => {
      await page.fill("#deletion-dialog [name=name]", "임시팀");
      await page.click("#deletion-dialog [type=submit]");
    }),
    keyboard: (one, two) => deleted(one, two, (page) => keyMenu(page, "임시팀", "부서 삭제"), async (page) => {
      await typeInto(page, "#deletion-dialog [name=name]", "임시팀");
      await press(page, "Enter");
    }),
  },
};
