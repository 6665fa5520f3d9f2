// A frontend of the old kind beside the page: Socket.IO and REST as the README shows them, nothing of the library, no versions, no
// keys, no names: node e2e/old-client.mjs URL
import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { answerScope, closed, create, edit, follow, gone, remove, said, seen, submit, visit } from "./browser.mjs";
import { at, day, drawn, sees, until } from "./features/input.mjs";

const url = process.argv[2];
const rest = async (method, path, body) => {
  const answer = await fetch(url + path, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const content = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${JSON.stringify(content)}`);
  return content;
};

/** What such a client has: joins after each connect, asks for the calendar, and applies what it is told, whatever else is in it. */
function oldClient(department, transports) {
  const socket = io(url, { transports, forceNew: true, reconnectionDelay: 200 });
  const client = { socket, events: new Map(), told: [], errors: [], unknown: [] };
  const known = ["joined_department", "sync_response", "event_created", "event_updated", "event_deleted", "department_created", "department_updated", "department_deleted", "connected", "left_department"];
  socket.on("connect", () => socket.emit("join_department", { department_id: department }));
  socket.on("joined_department", () => socket.emit("sync_request", { department_id: department }));
  socket.on("sync_response", ({ events }) => {
    client.events = new Map(events.map((event) => [event.id, event]));
    client.synced = true;
  });
  socket.on("event_created", (event) => client.events.set(event.id, event));
  socket.on("event_updated", (event) => client.events.set(event.id, event));
  socket.on("event_deleted", ({ id }) => client.events.delete(id));
  socket.on("error", (error) => client.errors.push(error));
  socket.onAny((name, payload) => {
    client.told.push([name, payload]);
    if (!known.includes(name)) client.unknown.push(name);
  });
  client.named = (title) => [...client.events.values()].find((event) => event.title === title);
  client.has = (title) => until(`the old client has ${title}`, () => Boolean(client.named(title)));
  client.misses = (title) => until(`the old client misses ${title}`, () => !client.named(title));
  return client;
}

const { department } = await rest("POST", "/api/departments", { name: "개발팀" });
const clients = [oldClient(department.id, ["websocket"]), oldClient(department.id, ["polling"]), oldClient(department.id, undefined)];
const [client] = clients;
const everywhere = (title) => Promise.all(clients.map((each) => each.has(title)));
const FIELDS = ["id", "department_id", "title", "event_date", "created_at"];

const steps = {
  async "what the page makes is there, with the fields that it always had"(page) {
    await until("all have the calendar", () => clients.every(({ synced }) => synced));
    await create(page, { title: "페이지의 회의", time: "오후 2:00", description: "안건", url: "https://example.com/" });
    await everywhere("페이지의 회의");
    const event = client.named("페이지의 회의");
    for (const field of FIELDS) assert.ok(event[field], field);
    assert.deepEqual([event.event_date, event.time, event.description, event.url], [day(15), "오후 2:00", "안건", "https://example.com/"]);
    assert.ok(!Object.values(event).includes(null), JSON.stringify(event));
  },
  async "what the page changes, and takes back, is there"(page) {
    await edit(page, "페이지의 회의");
    await page.fill("#event-dialog [name=title]", "페이지의 월간 회의");
    await submit(page, "event-dialog");
    await closed(page, "event-dialog");
    await everywhere("페이지의 월간 회의");
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("Control+z");
    await everywhere("페이지의 회의");
  },
  async "what the old client makes and changes is on the page, without a version, a key or a name"(page) {
    const { event } = await rest("POST", `/api/events/${department.id}`, { title: "옛 일정", event_date: day(15), time: "점심", description: "", url: "" });
    await seen(page, "옛 일정");
    await rest("PUT", `/api/events/${event.id}`, { title: "고친 옛 일정", event_date: day(16), time: "14:00" });
    await sees(page, "고친 옛 일정", day(16));
    await said(page, "‘고친 옛 일정’|‘옛 일정’");
    assert.equal(await page.locator("#notices li").count(), 0);
    await edit(page, "고친 옛 일정");
    await page.fill("#event-dialog [name=location]", "3층");
    await submit(page, "event-dialog");
    await closed(page, "event-dialog");
    await until("the place is stored", () => client.named("고친 옛 일정")?.location === "3층");
    // It knows no places: what it doesn't send stays.
    await rest("PUT", `/api/events/${event.id}`, { title: "또 고친 일정" });
    await seen(page, "또 고친 일정");
    assert.equal((await rest("GET", `/api/events/${department.id}/${event.id}`)).event.location, "3층");
  },
  async "while the page has a form open, the old client's change is told there"(page) {
    const { id } = client.named("또 고친 일정");
    await edit(page, "또 고친 일정");
    await page.fill("#event-dialog [name=description]", "페이지의 설명");
    await rest("PUT", `/api/events/${id}`, { title: "옛 클라이언트의 제목" });
    await page.locator("#event-dialog .meanwhile", { hasText: "옛 클라이언트의 제목" }).waitFor();
    await submit(page, "event-dialog");
    await closed(page, "event-dialog");
    await until("both are there", () => client.events.get(id)?.description === "페이지의 설명" && client.events.get(id)?.title === "옛 클라이언트의 제목");
  },
  async "a series of the page is its days for the old client, as are changes of one"(page) {
    await at(page, day(15), "list");
    await create(page, { title: "매일 스크럼", recurrence: "daily", repeat_ends: "count", repeat_count: "3" });
    await sees(page, "매일 스크럼", day(17));
    await until("its days", () => [...client.events.values()].filter(({ title }) => title === "매일 스크럼").length > 0);
    const { events } = await rest("GET", `/api/events/${department.id}`);
    const days = events.filter(({ title }) => title === "매일 스크럼").map(({ event_date: date }) => date);
    assert.ok(days.includes(day(15)), days.join());
    await drawn(page, "매일 스크럼", day(16)).first().click();
    await page.click(".event-popover [data-action=edit]");
    await page.fill("#event-dialog [name=title]", "하루만 다른 스크럼");
    await submit(page, "event-dialog");
    await answerScope(page, "this");
    await sees(page, "하루만 다른 스크럼", day(16));
  },
  async "a deletion by either is one at the other"(page) {
    await remove(page, "페이지의 회의");
    for (const each of clients) await each.misses("페이지의 회의");
    const { id } = client.named("옛 클라이언트의 제목");
    await rest("DELETE", `/api/events/${id}`);
    await gone(page, "옛 클라이언트의 제목");
  },
  async "an event sent over Socket.IO's old way again after a lost connection comes once"(page) {
    for (const { socket } of clients) socket.io.engine.close();
    await create(page, { title: "그사이 생긴 일정" });
    await everywhere("그사이 생긴 일정");
    await rest("POST", `/api/events/${department.id}`, { title: "다시 실시간", event_date: day(15) });
    await everywhere("다시 실시간");
    await seen(page, "다시 실시간");
  },
  async "departments of the page are in the old client's list, with nothing null in them"(page) {
    const { departments } = await rest("GET", "/api/departments");
    assert.deepEqual(departments.map(({ name }) => name), ["개발팀"]);
    await page.click("#new-department");
    await page.fill("#department-dialog [name=name]", "영업팀");
    await submit(page, "department-dialog");
    await closed(page, "department-dialog");
    await until("it is told", () => clients.every(({ told }) => told.some(([name, each]) => name === "department_created" && each.name === "영업팀")));
    for (const [name, payload] of client.told) if (name.startsWith("department_")) assert.ok(!Object.values(payload).includes(null), JSON.stringify(payload));
  },
  async "at the end page, old clients and server have the same, and nobody was told of an error or of what is new"(page) {
    await at(page, day(15), "list");
    const { events } = await rest("GET", `/api/events/${department.id}?series=true`);
    const plain = events.filter(({ recurrence }) => !recurrence).map(({ id, title }) => `${id} ${title}`).toSorted();
    for (const each of clients) {
      const own = [...each.events.values()].filter(({ recurrence, series_id: series }) => !recurrence && !series).map(({ id, title }) => `${id} ${title}`).toSorted();
      assert.deepEqual(own, plain);
      assert.deepEqual([each.errors, each.unknown], [[], []]);
      each.socket.close();
    }
    for (const line of plain) await sees(page, line.slice(37));
  },
};

await follow(steps, [await visit(`${url}/#/${day(15)}/list`, { view: "list" })]);
for (const { socket } of clients) socket.close();
