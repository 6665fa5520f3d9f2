// Where nobody signs in, a name that one gives oneself: node e2e/names.mjs URL KIND
//
// KIND is open (AUTH_MODE=open) or guest (AUTH_MODE=token from one of GUEST_NETWORKS, with a department that is open).
import assert from "node:assert/strict";
import { closed, create, edit, follow, online, said, seen, shows, submit, visit } from "./browser.mjs";

const [url, kind] = process.argv.slice(2);
const account = { open: ["이름 입력", "김철수", "김 철수 😀"], guest: ["손님", "김철수 (손님)", "김 철수 😀 (손님)"] }[kind];

const steps = {
  async "the name is asked for beside the calendar, which works without an answer"(one) {
    assert.ok(await one.isVisible("#name-form"));
    assert.equal(await one.locator("dialog[open]").count(), 0);
    assert.equal(await one.textContent("#account"), account[0]);
    if (kind === "open") {
      await one.click("#new-department");
      await one.fill("#department-dialog [name=name]", "개발팀");
      await submit(one, "department-dialog");
      await closed(one, "department-dialog");
    }
    assert.equal(await one.isVisible("#new-department"), kind === "open");
    await create(one, { title: "이름 없는 일정" });
    await seen(one, "이름 없는 일정");
  },
  async "a name stands beside what one does, and is remembered"(one, two) {
    if (kind === "open") await shows(two, "개발팀");
    await seen(two, "이름 없는 일정");
    await one.fill("#name-input", " 김철수 ");
    await one.keyboard.press("Enter");
    await one.waitForSelector("#name-form", { state: "hidden" });
    await create(one, { title: "김철수의 일정" });
    await said(two, "김철수 님\\(미확인\\)이 ‘김철수의 일정’");
    await one.reload();
    await online(one);
    assert.equal(await one.isVisible("#name-form"), false);
    assert.equal(await one.textContent("#account"), account[1]);
  },
  async "it can be changed"(one, two) {
    await one.click("#account");
    assert.equal(await one.inputValue("#name-input"), "김철수");
    await one.fill("#name-input", "김 철수 😀");
    await one.click("#name-form [type=submit]");
    assert.equal(await one.textContent("#account"), account[2]);
    await edit(one, "김철수의 일정");
    await one.fill("#event-dialog [name=title]", "옮긴 일정");
    await submit(one, "event-dialog");
    await said(two, "김 철수 😀 님\\(미확인\\)이 .*옮긴 일정");
  },
  async "to go on without a name is an answer, too"(one, two) {
    await two.click("#name-form [data-action=skip]");
    await create(two, { title: "끝까지 이름 없는 일정" });
    await said(one, "끝까지 이름 없는 일정’ 일정이 등록되었습니다\\.$");
    await two.reload();
    await online(two);
    assert.equal(await two.isVisible("#name-form"), false);
  },
  async "a guest may sign in"(one) {
    if (kind === "open") return "nobody signs in there";
    await one.click("#account");
    await one.click("#name-form [data-action=sign-in]");
    await one.waitForSelector("#sign-in-dialog[open]");
    await one.keyboard.press("Escape");
    await closed(one, "sign-in-dialog");
  },
};

await follow(steps, [await visit(url), await visit(url)]);
