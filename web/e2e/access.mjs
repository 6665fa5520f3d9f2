// The page of each role, and rights that are taken away while it is open: node e2e/access.mjs URL LINK
//
// The server is one with AUTH_MODE=token on which nothing was done yet and that believes one proxy; LINK is what its log shows for
// the first administrator. With GUEST_NETWORKS an address of 198.51.100.0/24 is a guest's.
import assert from "node:assert/strict";
import { closed, follow, gone, online, seen, shown, submit, visit, write } from "./browser.mjs";
import { sender, today } from "./house.mjs";

const [url, link] = process.argv.slice(2);
const PASSWORD = "correct horse battery";
// As docs/operate/access.md says for one process: at once; here a glance at the screen is allowed for.
const SOON = 5_000 * Number(process.env.PATIENCE ?? 4);
const ROLES = ["viewer", "editor", "manager"];
let send;
let ids;
const pages = {};
const asked = new Map();
const department = (page, name) => page.locator("#department-list li", { hasText: name });
/** Roles that aren't said stay; null takes one away. */
async function setAccess(id, { roles, ...body }) {
  const before = roles ? (await send("GET", `/api/departments/${id}/access`)).roles : {};
  const after = Object.fromEntries(Object.entries({ ...before, ...roles }).filter(([, role]) => role !== null));
  return send("PUT", `/api/departments/${id}/access`, roles ? { ...body, roles: after } : body);
}

const inTime = (locator, state) => locator.waitFor({ state, timeout: SOON });
const users = {};

/** Counts what the server refuses of a page, so that nothing is asked again and again. */
function count(page, who) {
  const refused = [];
  asked.set(who, refused);
  page.on("response", (answer) => [401, 403, 404].includes(answer.status()) && refused.push(`${answer.status()} ${answer.request().method()} ${new URL(answer.url()).pathname}`));
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => /"error"|unauthori|forbidden|access_denied/.test(String(payload)) && refused.push(`frame ${String(payload).slice(0, 120)}`)));
}

async function signedIn(login, address) {
  const page = await visit(url, { reached: "#sign-in-dialog[open]", address });
  count(page, login);
  await write(page, "sign-in-dialog", { login, password: PASSWORD });
  await online(page);
  return page;
}

/** What is offered for a department: entries of its menu, and what an event's popover has. */
async function offered(page, name, title) {
  await department(page, name).locator("[data-menu]").click();
  const menu = (await page.locator(".menu button").allTextContents()).join();
  await page.keyboard.press("Escape");
  await shown(page, title).click();
  await page.waitForSelector(".event-popover");
  const edits = await page.locator(".event-popover :is([data-action=edit], [data-action=remove], [data-action=move], [data-action=duplicate])").count();
  await page.keyboard.press("Escape");
  return {
    settings: /이름, 설명/.test(menu), access: /공개 범위/.test(menu), deletes: /부서 삭제/.test(menu), exchange: /가져오기/.test(menu),
    edits: edits === 4, creates: await page.isVisible("#new-event"), founds: await page.isVisible("#new-department"),
  };
}

const NONE = { settings: false, access: false, deletes: false, exchange: true, edits: false, creates: false, founds: false };
const MAY = {
  viewer: NONE, guest: { ...NONE, edits: true, creates: true }, editor: { ...NONE, edits: true, creates: true },
  manager: { ...NONE, edits: true, creates: true, settings: true, access: true, deletes: true },
  administrator: { settings: true, access: true, deletes: true, exchange: true, edits: true, creates: true, founds: true },
};

async function begin(admin) {
  await write(admin, "setup-dialog", { login: "admin", name: "관리자", password: PASSWORD });
  await online(admin);
  const { secret } = await admin.evaluate(async () => (await fetch("api/tokens", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ kind: "app", name: "x" }) })).json());
  send = sender(url, { Authorization: `Bearer ${secret}` });
  ids = {};
  for (const name of ["개발팀", "비밀팀"]) ids[name] = (await send("POST", "/api/departments", { name })).department.id;
  for (const login of [...ROLES, "leaver"]) users[login] = (await send("POST", "/api/users", { login, name: `${login} 님`, password: PASSWORD })).user.id;
  const roles = Object.fromEntries(ROLES.map((role) => [users[role], role]));
  await setAccess(ids["개발팀"], { access: "members", roles: { ...roles, [users.leaver]: "editor" } });
  await setAccess(ids["비밀팀"], { access: "private", roles: { ...roles, [users.leaver]: "editor" } });
  await send("POST", `/api/events/${ids["개발팀"]}`, { title: "모두의 일정", event_date: today });
  await send("POST", `/api/events/${ids["비밀팀"]}`, { title: "비밀 일정", event_date: today });
}

const steps = {
  "people with each role": begin,
  async "each sees what he may, and has the controls for what he may do"() {
    for (const [index, role] of ROLES.entries()) {
      const page = (pages[role] = await signedIn(role, `192.0.2.${10 + index}`));
      await seen(page, "비밀 일정");
      assert.deepEqual(await offered(page, "개발팀", "모두의 일정"), MAY[role], role);
    }
  },
  async "an administrator may do everything"(admin) {
    count(admin, "admin");
    await admin.click("#select-all");
    await seen(admin, "모두의 일정");
    assert.deepEqual(await offered(admin, "개발팀", "모두의 일정"), MAY.administrator);
  },
  async "nobody sees nothing, and isn't asked again and again"() {
    const page = (pages.nobody = await visit(url, { reached: "#sign-in-dialog[open]", address: "192.0.2.30" }));
    count(page, "nobody");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#department-list li").count(), 0);
    assert.equal(await page.locator("#main .event").count(), 0);
    assert.equal(await page.isVisible("#new-event"), false);
    assert.ok(!(await page.content()).includes("모두의 일정"));
  },
  async "a guest of the office's network edits what is open, and sees nothing else"() {
    await setAccess(ids["개발팀"], { access: "open" });
    const page = (pages.guest = await visit(url, { address: "198.51.100.7" }));
    count(page, "guest");
    await page.locator("#name-form [data-action=skip]").click();
    await seen(page, "모두의 일정");
    assert.equal(await department(page, "비밀팀").count(), 0);
    assert.deepEqual(await offered(page, "개발팀", "모두의 일정"), MAY.guest);
  },
  async "what is closed to guests is gone from their page, and what they typed is kept"() {
    const { guest } = pages;
    await guest.click("#new-event");
    await guest.fill("#event-dialog [name=title]", "손님이 적던 것");
    await setAccess(ids["개발팀"], { access: "members" });
    await inTime(department(guest, "개발팀"), "detached");
    await inTime(shown(guest, "모두의 일정"), "detached");
    assert.equal(await guest.inputValue("#event-dialog [name=title]"), "손님이 적던 것");
    await setAccess(ids["개발팀"], { access: "open" });
    await inTime(department(guest, "개발팀"), "visible");
    await submit(guest, "event-dialog");
    await closed(guest, "event-dialog");
    await seen(pages.editor, "손님이 적던 것");
    await setAccess(ids["개발팀"], { access: "members" });
    await inTime(department(guest, "개발팀"), "detached");
  },
  async "a manager who becomes a viewer loses the controls, and the open form its button"() {
    const { manager } = pages;
    await shown(manager, "모두의 일정").click();
    await manager.click(".event-popover [data-action=edit]");
    await manager.fill("#event-dialog [name=title]", "고치던 제목");
    await setAccess(ids["개발팀"], { roles: { [users.manager]: "viewer" } });
    await department(manager, "개발팀").locator(".tag").waitFor({ timeout: SOON });
    assert.equal(await manager.inputValue("#event-dialog [name=title]"), "고치던 제목");
    // Whatever its button says: nothing is stored, and it is said.
    if (await manager.locator("#event-dialog [type=submit]").isEnabled()) {
      await submit(manager, "event-dialog");
      await manager.locator("#event-dialog .failure:not([hidden]), .toast.failure, .toast").first().waitFor();
    }
    assert.ok(await manager.locator("#event-dialog[open]").count() === 0 || (await manager.inputValue("#event-dialog [name=title]")) === "고치던 제목");
    await setAccess(ids["개발팀"], { roles: { [users.manager]: "manager" } });
    await department(manager, "개발팀").locator(".tag").waitFor({ state: "detached", timeout: SOON });
    const { event } = await send("GET", `/api/events/${ids["개발팀"]}`).then(({ events }) => ({ event: events.find(({ title }) => /모두의|고치던/.test(title)) }));
    assert.equal(event.title, "모두의 일정");
  },
  async "an editor who loses a department loses its events, and the window on one of them"() {
    const { editor } = pages;
    await shown(editor, "비밀 일정").click();
    await editor.waitForSelector(".event-popover");
    await setAccess(ids["비밀팀"], { roles: { [users.editor]: null } });
    await inTime(department(editor, "비밀팀"), "detached");
    await gone(editor, "비밀 일정");
    await editor.waitForSelector(".event-popover", { state: "detached" });
    await editor.locator(".toast", { hasText: "더 이상 볼 수 없습니다" }).waitFor();
    assert.equal(await editor.evaluate(async () => (await indexedDB.databases()).length > 0 && document.body.textContent.includes("비밀 일정")), false);
    await editor.reload();
    await online(editor);
    await seen(editor, "모두의 일정");
    assert.ok(!(await editor.content()).includes("비밀 일정"));
    assert.ok(!(await stored(editor)).includes("비밀 일정"), "it is still in this browser");
  },
  async "who is disabled sees nothing any more, and finds what he typed when he is back"() {
    const page = (pages.leaver = await signedIn("leaver", "192.0.2.40"));
    await seen(page, "비밀 일정");
    await page.click("#new-event");
    await page.fill("#event-dialog [name=title]", "끝나지 않은 문장");
    await send("PATCH", `/api/users/${users.leaver}`, { disabled: true });
    await inTime(page.locator("#sign-in-dialog[open]"), "visible");
    await gone(page, "비밀 일정");
    assert.equal(await page.locator("#department-list li").count(), 0);
    await send("PATCH", `/api/users/${users.leaver}`, { disabled: false });
    await write(page, "sign-in-dialog", { login: "leaver", password: PASSWORD });
    await online(page);
    assert.equal(await page.inputValue("#event-dialog [name=title]"), "끝나지 않은 문장");
  },
  async "nothing that is refused is asked again and again"(admin) {
    // Long enough for whatever asks in turns.
    await admin.waitForTimeout(3_000);
    for (const [who, refused] of asked) {
      const times = new Map();
      for (const each of refused) times.set(each, (times.get(each) ?? 0) + 1);
      for (const [what, often] of times) assert.ok(often <= 3, `${who}: ${often} × ${what}`);
    }
    return [...asked].map(([who, refused]) => `${who} ${refused.length}`).join(", ");
  },
};

/** All that the page keeps in the browser, as text. */
const stored = (page) => page.evaluate(async () => {
  let all = JSON.stringify({ ...localStorage });
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve, reject) => Object.assign(indexedDB.open(name), { onsuccess: ({ target }) => resolve(target.result), onerror: reject }));
    for (const store of database.objectStoreNames) {
      const rows = await new Promise((resolve, reject) => Object.assign(database.transaction(store).objectStore(store).getAll(), { onsuccess: ({ target }) => resolve(target.result), onerror: reject }));
      all += JSON.stringify(rows);
    }
    database.close();
  }
  return all;
});

await follow(steps, [await visit(link, { reached: "#setup-dialog[open]", address: "192.0.2.1" })]);
