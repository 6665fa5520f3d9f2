// An administrator, a colleague and somebody with a passcode: node e2e/signing-in.mjs URL LINK
//
// The server is one with AUTH_MODE=token on which nothing was done yet; LINK is what its log shows for the first
// administrator. It believes one proxy (TRUSTED_PROXIES=1).
import assert from "node:assert/strict";
import { closed, create, departmentMenu, follow, gone, online, said, seen, shown, submit, visit, write } from "./browser.mjs";

const [url, link] = process.argv.slice(2);
const signedOut = '#connection[data-state="signed_out"]';
const NOW = "그대로 있는 일정";

const department = (page, name) => page.locator("#department-list li", { hasText: name });
const open = (page, dialog) => page.waitForSelector(`#${dialog}[open]`);
const button = (page, dialog, action) => page.click(`#${dialog} [data-action=${action}]`);
const failure = (page, dialog) => page.locator(`#${dialog} .failure:not([hidden])`).textContent();

async function signIn(page, login, password) {
  await open(page, "sign-in-dialog");
  await write(page, "sign-in-dialog", { login, password });
  await online(page);
}

async function newDepartment(page, name) {
  await page.click("#new-department");
  await write(page, "department-dialog", { name });
  await department(page, name).waitFor();
}

/** Changes a department's settings as its manager does: `change(page)` while the dialog is open. */
async function settings(page, name, change) {
  await departmentMenu(page, name, "공개 범위");
  await page.locator("#passcode-state:not(:empty)").waitFor();
  await page.waitForSelector("#access-dialog form:not([aria-busy])");
  await change(page);
  await submit(page, "access-dialog");
  await closed(page, "access-dialog");
}

/** Returns what a department's menu offers. */
async function entries(page, name) {
  await department(page, name).locator("[data-menu]").click();
  const offered = await page.locator(".menu button").allTextContents();
  await page.keyboard.press("Escape");
  return offered;
}

async function until(isSo) {
  const end = Date.now() + 20_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const grant = (login, role) => async (page) => {
  await page.fill("#access-dialog [name=new_member]", login);
  await page.selectOption("#access-dialog [name=new_role]", role);
  await button(page, "access-dialog", "add-member");
};
const change = (who, role) => (page) => page.getByLabel(`‘${who}’ 권한`, { exact: true }).selectOption(role);

async function users(page, work) {
  await page.click("#account");
  await button(page, "account-dialog", "users");
  await page.locator("#user-rows tr").first().waitFor();
  await work();
  await button(page, "users-dialog", "cancel");
  await button(page, "account-dialog", "cancel");
}

async function setDisabled(page, name, disabled) {
  const box = page.getByLabel(`‘${name}’ 사용 중지`);
  await box.setChecked(disabled);
  await page.waitForSelector("#users-dialog form:not([aria-busy])");
  assert.equal(await box.isChecked(), disabled);
}

const api = (path, token) => fetch(new URL(path, url), { headers: { Authorization: `Bearer ${token}` } });

let secret;

const steps = {
  async "whoever opens the page without a word sees nothing and is asked to sign in"(kim) {
    await open(kim, "sign-in-dialog");
    assert.equal(await kim.locator("#department-list li").count(), 0);
    assert.equal(await kim.isVisible("#new-event"), false);
    assert.equal(await kim.textContent("#account"), "로그인");
    assert.equal(await kim.evaluate(() => document.activeElement.name), "login");
  },
  async "the first administrator comes by the link, and its code leaves the address bar"(kim, admin) {
    await admin.goto(link);
    await open(admin, "setup-dialog");
    assert.equal(new URL(admin.url()).hash, "");
    await write(admin, "setup-dialog", { login: "admin", name: "관리자", password: "short" }, false);
    await admin.locator("#setup-dialog-password-error").waitFor();
    await write(admin, "setup-dialog", { password: "correct horse battery" });
    await online(admin);
    assert.equal(await admin.textContent("#account"), "관리자");
  },
  async "the link works once"(kim) {
    await kim.goto(link);
    await open(kim, "setup-dialog");
    await write(kim, "setup-dialog", { login: "thief", name: "", password: "correct horse battery" }, false);
    assert.notEqual(await failure(kim, "setup-dialog"), "");
    await button(kim, "setup-dialog", "cancel");
  },
  async "the administrator makes departments and a colleague"(kim, admin) {
    await newDepartment(admin, "개발팀");
    await newDepartment(admin, "인사팀");
    await settings(admin, "인사팀", (page) => page.selectOption("#access-dialog [name=access]", "private"));
    await create(admin, { title: "주간 회의" });
    await users(admin, async () => {
      await button(admin, "users-dialog", "new-user");
      await write(admin, "user-dialog", { login: "kim", name: "김철수", password: "kim's own password" });
      await admin.locator("#user-rows tr", { hasText: "김철수" }).waitFor();
    });
  },
  async "a wrong password says no more than that it is wrong"(kim) {
    await kim.click("#account");
    await write(kim, "sign-in-dialog", { login: "kim", password: "something else" }, false);
    const wrong = await failure(kim, "sign-in-dialog");
    await write(kim, "sign-in-dialog", { login: "nobody", password: "something else" }, false);
    await kim.waitForSelector("#sign-in-dialog form:not([aria-busy])");
    assert.equal(await failure(kim, "sign-in-dialog"), wrong);
  },
  async "the colleague sees what he may, and no controls for what he may not"(kim) {
    await write(kim, "sign-in-dialog", { login: "kim", password: "kim's own password" });
    await online(kim);
    assert.equal(await kim.textContent("#account"), "김철수");
    await seen(kim, "주간 회의");
    assert.match(await department(kim, "개발팀").textContent(), /보기 전용/);
    assert.equal(await department(kim, "인사팀").count(), 0);
    for (const control of ["#new-event", "#new-department"]) {
      assert.equal(await kim.locator(control).filter({ visible: true }).count(), 0, control);
    }
    assert.deepEqual((await entries(kim, "개발팀")).filter((entry) => /공개 범위|이름, 설명|옮기기|부서 삭제/.test(entry)), []);
    await kim.keyboard.press("c");
    assert.equal(await kim.locator("dialog[open]").count(), 0);
    await shown(kim, "주간 회의").click();
    await kim.waitForSelector(".event-popover");
    assert.equal(await kim.locator(".event-popover :is([data-action=edit], [data-action=remove], [data-action=move])").filter({ visible: true }).count(), 0);
    await kim.keyboard.press("Escape");
    await kim.waitForSelector(".event-popover", { state: "hidden" });
  },
  async "a role that he is given shows at once, and is his name beside what he does"(kim, admin) {
    await settings(admin, "개발팀", grant("KIM", "editor"));
    await kim.locator("#new-event:visible").waitFor();
    await create(kim, { title: "김철수의 일정" });
    await seen(admin, "김철수의 일정");
    await said(admin, "김철수 님이 ‘김철수의 일정’ 일정을 등록했습니다");
    assert.deepEqual((await entries(kim, "개발팀")).filter((entry) => /공개 범위|부서 삭제/.test(entry)), []);
  },
  async "a manager has the department's settings, but makes no departments"(kim, admin) {
    await settings(admin, "개발팀", change("김철수 (kim)", "manager"));
    await until(async () => (await entries(kim, "개발팀")).some((entry) => entry.includes("공개 범위")));
    await departmentMenu(kim, "개발팀", "이름, 설명");
    await write(kim, "department-dialog", { description: "서울" });
    assert.equal(await department(kim, "개발팀").locator("[title*=서울]").count(), 0);
    assert.equal(await kim.isVisible("#new-department"), false);
  },
  async "a private department appears with a role in it, and goes with the role"(kim, admin) {
    await settings(admin, "인사팀", grant("kim", "viewer"));
    await department(kim, "인사팀").waitFor();
    await settings(admin, "인사팀", (page) => page.getByLabel("‘김철수 (kim)’ 권한 해제").click());
    await department(kim, "인사팀").waitFor({ state: "detached" });
    await kim.locator(".toast", { hasText: "더 이상 볼 수 없습니다" }).waitFor();
    await department(kim, "개발팀").waitFor();
  },
  async "an app token is shown once, works, and ends when it is revoked"(kim) {
    await kim.click("#account");
    await button(kim, "account-dialog", "new-token");
    await write(kim, "token-dialog", { name: "백업 스크립트" }, false);
    await kim.locator("#token-dialog .secret:visible").waitFor();
    secret = await kim.inputValue("#token-dialog .secret input");
    assert.equal((await api("api/departments", secret)).status, 200);
    await button(kim, "token-dialog", "cancel");
    assert.equal(await kim.inputValue("#token-dialog .secret input"), "");
    const listed = kim.locator("#token-list li", { hasText: "백업 스크립트" });
    await listed.locator("button").click();
    await listed.waitFor({ state: "detached" });
    assert.equal((await api("api/departments", secret)).status, 401);
    assert.equal(await kim.locator("#token-list li", { hasText: "지금 이 브라우저" }).count(), 1);
    await button(kim, "account-dialog", "cancel");
  },
  async "a program gets in by the code that it shows, once its user has looked and confirmed"(kim) {
    const post = (path, body) => fetch(new URL(path, url), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const codes = await (await post("api/devices", { name: "데스크톱 캘린더" })).json();
    assert.equal((await post("api/session", { device_code: codes.device_code })).status, 202);
    await kim.evaluate((hash) => { location.hash = hash; }, new URL(codes.verification_uri).hash);
    await kim.locator("#device-dialog .reason:visible", { hasText: "데스크톱 캘린더" }).waitFor();
    assert.equal((await post("api/session", { device_code: codes.device_code })).status, 202);
    await submit(kim, "device-dialog");
    await kim.locator("#device-dialog .reason", { hasText: "연결했습니다" }).waitFor();
    const { token } = await (await post("api/session", { device_code: codes.device_code })).json();
    assert.equal((await (await api("api/session", token)).json()).user.login, "kim");
    await button(kim, "device-dialog", "cancel");
  },
  async "who has the passcode is in that department only"(kim, admin, guest) {
    let address;
    await settings(admin, "개발팀", (page) => page.fill("#access-dialog [name=passcode]", "우리 암호"));
    await settings(admin, "개발팀", async (page) => { address = await page.inputValue("#passcode-link"); });
    await guest.goto(address);
    await open(guest, "sign-in-dialog");
    await write(guest, "sign-in-dialog", { passcode: "남의 암호" }, false);
    assert.notEqual(await failure(guest, "sign-in-dialog"), "");
    await write(guest, "sign-in-dialog", { passcode: "우리 암호" });
    await online(guest);
    await seen(guest, "주간 회의");
    assert.equal(await guest.locator("#department-list li").count(), 1);
    assert.equal(await guest.isVisible("#new-department"), false);
    assert.deepEqual((await entries(guest, "개발팀")).filter((entry) => /공개 범위|부서 삭제/.test(entry)), []);
    await guest.fill("#name-input", "박 손님");
    await guest.click("#name-form [type=submit]");
    await create(guest, { title: "손님의 일정" });
    await seen(admin, "손님의 일정");
    await said(admin, "박 손님 님\\(미확인\\)이 ‘손님의 일정’");
  },
  async "a new passcode sends those with the old one out at once"(kim, admin, guest) {
    await guest.click("#new-event");
    await guest.fill("#event-dialog [name=title]", "끝내 저장되는 일정");
    await settings(admin, "개발팀", (page) => page.fill("#access-dialog [name=passcode]", "새 암호"));
    await open(guest, "sign-in-dialog");
    assert.equal(await guest.locator("#department-list li").count(), 0);
    await write(guest, "sign-in-dialog", { passcode: "새 암호" });
    await online(guest);
    await submit(guest, "event-dialog");
    await closed(guest, "event-dialog");
    await seen(kim, "끝내 저장되는 일정");
  },
  async "who is disabled is asked to sign in again, and keeps what he was typing"(kim, admin) {
    await kim.click("#new-event");
    await kim.fill("#event-dialog [name=title]", NOW);
    await users(admin, () => setDisabled(admin, "김철수", true));
    await open(kim, "sign-in-dialog");
    await kim.waitForSelector(signedOut);
    assert.equal(await kim.locator("#department-list li").count(), 0);
    await write(kim, "sign-in-dialog", { login: "kim", password: "kim's own password" }, false);
    assert.notEqual(await failure(kim, "sign-in-dialog"), "");
    await users(admin, () => setDisabled(admin, "김철수", false));
    await signIn(kim, "kim", "kim's own password");
    assert.equal(await kim.inputValue("#event-dialog [name=title]"), NOW);
    await submit(kim, "event-dialog");
    await closed(kim, "event-dialog");
    await seen(kim, NOW);
    await seen(admin, NOW);
  },
  async "a new password ends every session"(kim) {
    await kim.click("#account");
    await button(kim, "account-dialog", "password");
    await write(kim, "password-dialog", { current_password: "not mine", password: "another password" }, false);
    await kim.locator("#password-dialog-current_password-error").waitFor();
    await write(kim, "password-dialog", { current_password: "kim's own password" });
    await kim.waitForSelector(signedOut);
    await open(kim, "sign-in-dialog");
    await write(kim, "sign-in-dialog", { login: "kim", password: "kim's own password" }, false);
    assert.notEqual(await failure(kim, "sign-in-dialog"), "");
    await signIn(kim, "kim", "another password");
  },
  async "who is made an administrator, or isn't one any more, sees it at once"(kim, admin) {
    const administrator = (on) => users(admin, async () => {
      await admin.getByLabel("‘김철수’ 관리자").setChecked(on);
      await admin.waitForSelector("#users-dialog form:not([aria-busy])");
    });
    await administrator(true);
    await kim.locator("#new-department:visible").waitFor();
    await department(kim, "인사팀").waitFor();
    await administrator(false);
    await kim.locator("#new-department").waitFor({ state: "hidden" });
    await department(kim, "인사팀").waitFor({ state: "detached" });
  },
  async "the last administrator stays one"(kim, admin) {
    await users(admin, async () => {
      await admin.getByLabel("‘관리자’ 관리자").click();
      assert.notEqual(await failure(admin, "users-dialog"), "");
      assert.equal(await admin.getByLabel("‘관리자’ 관리자").isChecked(), true);
    });
  },
  async "the session outlasts a reload, and signing out ends it in every tab"(kim) {
    await kim.reload();
    await online(kim);
    await seen(kim, NOW);
    const tab = await kim.context().newPage();
    await tab.goto(url);
    await online(tab);
    await tab.click("#account");
    await button(tab, "account-dialog", "sign-out");
    for (const page of [tab, kim]) {
      await page.waitForSelector(signedOut);
      await gone(page, NOW);
      await open(page, "sign-in-dialog");
    }
    assert.equal(await tab.locator("dialog[open]").count(), 1);
    assert.equal(await tab.isVisible("#sign-in-dialog .reason"), false);
    await kim.locator("#sign-in-dialog .reason:visible").waitFor();
  },
  async "what one was typing is not for the next"(kim, admin) {
    await signIn(kim, "kim", "another password");
    await kim.locator("#sign-in-dialog").waitFor({ state: "hidden" });
    await create(kim, { title: "아직 나" });
    await kim.click("#new-event");
    await kim.fill("#event-dialog [name=title]", "남이 볼 것이 아닌 초안");
    await users(admin, () => setDisabled(admin, "김철수", true));
    await open(kim, "sign-in-dialog");
    await write(kim, "sign-in-dialog", { login: "admin", password: "correct horse battery" });
    await online(kim);
    assert.equal(await kim.textContent("#account"), "관리자");
    assert.equal(await kim.locator("dialog[open]").count(), 0);
  },
  async "an English browser gets English dialogs, and a phone's width is enough"() {
    const page = await visit(url, { locale: "en-GB", reached: signedOut });
    assert.equal(await page.textContent("#sign-in-dialog-heading"), "Sign in");
    await page.setViewportSize({ width: 360, height: 740 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.context().close();
  },
};

// From an address of his own each: the tries to sign in from one address are limited.
const people = [1, 2, 3].map((number) => visit(url, { reached: signedOut, address: `192.0.2.${number}` }));
await follow(steps, await Promise.all(people));
