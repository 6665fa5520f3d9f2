// A department's calendar with something of everything in it, made by REST, and ways to all screens of the page.
import { submit } from "./browser.mjs";

export const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul" }).format(new Date());
/** The day that the screens show: what lies a few days beside it is in the same month, which the list shows. */
export const middle = `${today.slice(0, 8)}15`;
const later = (days) => new Date(Date.parse(middle) + days * 86_400_000).toISOString().slice(0, 10);

let main = null;
/** The department whose menu is opened: the first one if none is said. */
export const useDepartment = (id) => (main = id);

/** Returns `send(method, path, body, name?)`, which answers with the body of the answer. */
export const sender = (url, headers = {}) => async (method, path, body, name = "김민지") => {
  const answer = await fetch(new URL(path, url), {
    method, headers: { "Content-Type": "application/json", "X-Display-Name": encodeURIComponent(name), ...headers }, body: body && JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
};

/** Makes three departments with events of every kind; returns their ids by name. */
export async function furnish(send) {
  const ids = {};
  for (const name of ["개발팀", "인사팀", "Sales"]) ids[name] = (await send("POST", "/api/departments", { name, description: "본사 3층" })).department.id;
  const events = [
    { title: "주간 회의", start_time: "10:00", end_time: "11:00", location: "회의실 A", people: ["김민지", "이준호"], description: "안건\n둘째 줄", url: "https://example.com/a" },
    { title: "김민지 연차", categories: ["연차"], people: ["김민지"], end_date: later(2) },
    { title: "제주 워크숍", event_date: later(3), end_date: later(5), categories: ["출장", "행사"], color: "#f2b705", status: "tentative" },
    { title: "취소된 시연", time: "저녁 7시쯤", status: "cancelled", people: ["이준호"] },
    { title: "한 줄 보고", start_time: "09:30", recurrence: "FREQ=WEEKLY" },
    { title: "지난 방문", event_date: later(-9), start_time: "14:00", categories: ["외근"] },
    ...Array.from({ length: 6 }, (_, number) => ({ title: `같은 날 ${number + 1}`, event_date: later(1), start_time: `1${number}:00` })),
  ];
  for (const fields of events) await send("POST", `/api/events/${ids["개발팀"]}`, { event_date: middle, ...fields });
  await send("POST", `/api/events/${ids["인사팀"]}`, { event_date: middle, title: "채용 면접", start_time: "15:00", categories: ["교육"] });
  return ids;
}

const FILE = (id) => ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN",
  ...["가져온 일정", "못 가져온 일정"].flatMap((title, index) => ["BEGIN:VEVENT", `UID:${id}-${index}`, "DTSTAMP:20260101T000000Z", "DTSTART;VALUE=DATE:20310101", `SUMMARY:${title}`,
    ...(index ? ["RRULE:FREQ=SECONDLY"] : []), "END:VEVENT"]), "END:VCALENDAR", ""].join("\r\n");

const opened = (page, dialog) => page.waitForSelector(`#${dialog}[open] form:not([aria-busy])`);
export const settled = (page) => page.waitForFunction(() => !document.querySelector("#connection")?.matches('[data-state=connecting], [data-state=catching_up]'));

export async function openSidebar(page) {
  if (!(await page.isVisible("#sidebar"))) await page.click("#menu");
  await page.waitForSelector("#sidebar", { state: "visible" });
}

async function menu(page, index = null) {
  await openSidebar(page);
  await page.locator(main ? `#department-list [data-menu="${main}"]` : "#department-list [data-menu]").first().click();
  await page.waitForSelector(".menu");
  if (index !== null) await page.locator(".menu button").nth(index).click();
}

async function menuTo(page, dialog) {
  await menu(page);
  const names = { "department-dialog": /이름, 설명|Name, desc/, "exchange-dialog": /가져오기|[Ii]mport/, "deleted-dialog": /삭제된|[Dd]eleted/, "statistics-dialog": /통계|[Ss]tatistic/,
    "deletion-dialog": /부서 삭제|Delete dep/, "access-dialog": /공개 범위|[Aa]ccess/ };
  await page.locator(".menu button", { hasText: names[dialog] }).first().click();
  await opened(page, dialog);
}

const view = (name) => async (page) => {
  await page.click(`#views [data-view=${name}]`);
  await page.waitForFunction((which) => document.body.dataset.view === which, name);
};

/** Opens an event's popover, from the list, where every event is in sight. */
async function popover(page, title = "주간 회의") {
  await view("list")(page);
  await page.locator("#agenda button.open", { hasText: title }).first().click();
  await page.waitForSelector(".event-popover");
}

async function dialogOf(page, title) {
  await popover(page, title);
  await page.click(".event-popover [data-action=edit]");
  await page.waitForSelector("#event-dialog[open]");
}

async function leaveDirty(page) {
  await page.fill("#event-dialog [name=title]", "다른 제목");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#event-dialog .question:not([hidden]), .question-dialog[open]");
}

async function importReport(page) {
  await menuTo(page, "exchange-dialog");
  await page.setInputFiles("#exchange-dialog [name=file]", { name: "a.ics", mimeType: "text/calendar", buffer: Buffer.from(FILE("house")) });
  await submit(page, "exchange-dialog");
  await page.waitForSelector("#exchange-dialog .report li");
}

async function quick(page) {
  await page.keyboard.press("n");
  const input = page.locator(".quick-input");
  if (!(await input.isVisible())) return "narrow";
  await input.fill("내일 3시 회의실 A 주간 회의 #연차");
  await page.waitForSelector("#quick-preview:visible");
}

async function search(page) {
  await page.click("#search");
  await page.fill("#search-input", "회의");
  await page.waitForSelector(".result");
}

async function series(page) {
  await popover(page, "한 줄 보고");
  await page.click(".event-popover [data-action=remove]");
  await page.waitForSelector(".question-dialog[open], #event-dialog .question:not([hidden])");
}

/** Both change the title; the other one first. */
async function conflict(page, { send, ids }) {
  const { event } = await send("POST", `/api/events/${ids["인사팀"]}`, { event_date: middle, title: "둘이 고칠 일정" });
  await view("list")(page);
  await page.locator("#agenda button.open", { hasText: "둘이 고칠 일정" }).first().waitFor();
  await page.context().setOffline(true);
  await page.waitForSelector('#connection[data-state="offline"]');
  await dialogOf(page, "둘이 고칠 일정");
  await page.fill("#event-dialog [name=title]", "내가 고친 제목");
  await submit(page, "event-dialog");
  await page.waitForSelector("#event-dialog", { state: "hidden" });
  await send("PUT", `/api/events/${event.id}`, { title: "남이 고친 제목" });
  await page.context().setOffline(false);
  await page.waitForSelector(".question-dialog[open]");
}

async function history(page) {
  await popover(page);
  await page.click(".event-popover [data-action=history]");
  await page.waitForSelector("#history-steps > li");
}

async function notices(page, { send, ids }) {
  await send("POST", `/api/events/${ids["개발팀"]}`, { event_date: middle, title: "알림이 될 일정" });
  await page.waitForSelector("#notices-button .badge:not([hidden])");
  await page.click("#notices-button");
  await page.waitForSelector("#notices li");
}

async function deleted(page, { send, ids }) {
  const { event } = await send("POST", `/api/events/${ids["개발팀"]}`, { event_date: middle, title: "지운 일정" });
  await send("DELETE", `/api/events/${event.id}`);
  await menuTo(page, "deleted-dialog");
  await page.waitForSelector("#deleted-events li");
}

async function toast(page) {
  await popover(page, "같은 날 6");
  await page.click(".event-popover [data-action=duplicate]");
  await page.waitForSelector("#event-dialog[open]");
  await submit(page, "event-dialog");
  await page.waitForSelector(".toast");
}

/** Each screen of the page as somebody sees it who may do everything: `open(page, {send, ids})`. */
export const SCREENS = {
  ...Object.fromEntries(["month", "week", "day", "list", "people", "departments"].map((name) => [name, view(name)])),
  "day sheet": async (page) => {
    await view("month")(page);
    await page.locator("#calendar .more").first().click();
    await page.waitForSelector("#day:popover-open");
  },
  sidebar: openSidebar, "department menu": (page) => menu(page),
  popover: (page) => popover(page),
  "new event": async (page) => {
    await page.click("#new-event");
    await page.waitForSelector("#event-dialog[open]");
  },
  "event dialog": (page) => dialogOf(page, "제주 워크숍"), "event dialog of a series": (page) => dialogOf(page, "한 줄 보고"),
  "leaving a form": async (page) => { await dialogOf(page, "주간 회의"); await leaveDirty(page); },
  "series question": series,
  "move": async (page) => {
    await popover(page);
    await page.click(".event-popover [data-action=move]");
    await page.waitForSelector(".question-dialog[open]");
  },
  conflict, "quick entry": quick, search, history, notices, toast, deleted,
  settings: async (page) => { await page.click("#settings-button"); await page.waitForSelector("#settings:popover-open"); },
  shortcuts: async (page) => { await page.keyboard.press("?"); await page.waitForSelector(".shortcuts[open]"); },
  connection: async (page) => { await page.click("#connection"); await page.waitForSelector("#connection-hint:popover-open"); },
  department: (page) => menuTo(page, "department-dialog"), exchange: (page) => menuTo(page, "exchange-dialog"), "import report": importReport,
  statistics: async (page) => { await menuTo(page, "statistics-dialog"); await page.waitForSelector("#statistics-dialog table"); },
  "deleting a department": (page) => menuTo(page, "deletion-dialog"),
  "new department": async (page) => { await openSidebar(page); await page.click("#new-department"); await opened(page, "department-dialog"); },
  wall: async (page) => { await page.evaluate(() => { location.hash = location.hash.replace(/^(#\/[^/]+\/[a-z]+).*/, "$1/wall"); }); await page.waitForSelector("body[data-wall]"); },
};

/** Answers what is still asked, so that nothing of one screen is left to the next. */
export async function leave(page) {
  const theirs = page.locator(".question-dialog[open] button[value=theirs]");
  if ((await theirs.count()) === 0) return;
  await theirs.click();
  await page.waitForSelector(".question-dialog", { state: "detached" });
  await page.waitForSelector('#connection[data-state="live"]');
}

/** Screens that are only there where one signs in. */
export const SIGNED_IN = {
  account: async (page) => { await page.click("#account"); await opened(page, "account-dialog"); await page.waitForSelector("#token-list li"); },
  "new token": async (page) => { await SIGNED_IN.account(page); await page.click("[data-action=new-token]"); await opened(page, "token-dialog"); },
  password: async (page) => { await SIGNED_IN.account(page); await page.click("[data-action=password]"); await opened(page, "password-dialog"); },
  device: async (page) => { await SIGNED_IN.account(page); await page.click("[data-action=device]"); await opened(page, "device-dialog"); },
  users: async (page) => { await SIGNED_IN.account(page); await page.click("[data-action=users]"); await page.waitForSelector("#user-rows tr"); await opened(page, "users-dialog"); },
  "new user": async (page) => { await SIGNED_IN.users(page); await page.click("[data-action=new-user]"); await opened(page, "user-dialog"); },
  access: async (page) => { await menuTo(page, "access-dialog"); await page.locator("#passcode-state:not(:empty)").waitFor(); },
};
