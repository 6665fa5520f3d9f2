import assert from "node:assert/strict";
import test from "node:test";
import { createActions, scopesOf } from "../page/events/actions.js";
import { createDrag } from "../page/events/drag.js";
import { createUndo } from "../page/events/undo.js";
import { createEventWatch } from "../page/events/watch.js";
import { translator } from "../page/messages.js";
import { createWords } from "../page/events/words.js";
import { createFakeSync } from "./fake-sync.js";

const text = translator("ko");
const words = createWords({ language: "ko", text, zone: () => "Asia/Seoul" });
const meeting = { id: "a", department_id: "d", title: "회의", event_date: "2026-11-26", time: "", description: "", url: "", version: 1 };
const series = { ...meeting, id: "s", recurrence: "FREQ=DAILY" };
const occurrence = { ...meeting, id: "s_20261126", series_id: "s", original_date: "2026-11-26" };

function room({ scope = "this", answer } = {}) {
  const sync = createFakeSync({ events: [meeting, series, occurrence], answer });
  const said = [];
  const asked = [];
  const notify = (notice) => {
    said.push(notice);
    return () => (notice.closed = true);
  };
  const undo = createUndo({ sync, text, notify });
  const askScope = async (question) => {
    asked.push(question);
    return scope;
  };
  return { sync, said, asked, undo, actions: createActions({ sync, text, words, undo, notify, askScope }) };
}
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

test("a change is offered to be taken back, by the button or by Ctrl+Z", async () => {
  const { sync, said, undo, actions } = room();
  await actions.change(meeting, { fields: { title: "조회" } });
  assert.deepEqual([said[0].message, said[0].seconds, said[0].action.label], ["‘회의’ 일정을 수정했습니다.", 10, "실행 취소"]);
  said[0].action.run();
  assert.equal(sync.find("a").title, "회의");
  assert.equal(undo.last(), false);
  await actions.remove(sync.find("a"));
  assert.equal(undo.last(), true);
  assert.equal(sync.find("a").title, "회의");
});

test("nothing that changes nothing is written", async () => {
  const { sync, actions } = room();
  assert.equal(await actions.change(meeting, { fields: {}, departmentId: "d" }), null);
  assert.equal(sync.writes.length, 0);
});

test("a change and a move are taken back together, the last step first", async () => {
  const { sync, said, undo, actions } = room();
  await actions.change(meeting, { fields: { title: "조회" }, departmentId: "e" });
  assert.deepEqual(sync.writes.map(({ kind }) => kind), ["update", "move"]);
  assert.match(said[0].message, /영업팀/);
  undo.last();
  assert.deepEqual([sync.find("a").title, sync.find("a").department_id], ["회의", "d"]);
});

test("of a series it is asked how much is meant", async () => {
  const { sync, asked, actions } = room({ scope: "following" });
  await actions.change(occurrence, { fields: { title: "조회" } });
  assert.deepEqual(asked[0], { kind: "save", scopes: ["this", "following", "all"] });
  assert.equal(sync.writes[0].scope, "following");
  await actions.remove(occurrence);
  assert.equal(asked[1].kind, "delete");
  const other = room({ scope: null });
  assert.equal(await other.actions.change(occurrence, { fields: { title: "조회" } }), null);
  assert.equal(await other.actions.remove(occurrence), null);
  assert.equal(other.sync.writes.length, 0);
});

test("a rule isn't changed for one, and what follows isn't moved alone", () => {
  assert.deepEqual(scopesOf({ recurrence: null }), ["following", "all"]);
  assert.deepEqual(scopesOf({}, true), ["this", "all"]);
});

test("a whole series moves as one", async () => {
  const { sync, actions } = room({ scope: "all" });
  await actions.change(occurrence, { departmentId: "e" });
  assert.deepEqual([sync.writes[0].kind, sync.writes[0].event.id], ["move", "s"]);
});

test("what was refused is no more to be taken back", async () => {
  const { said, undo, actions } = room({ answer: () => Promise.reject(new Error("refused")) });
  const [write] = await actions.change(meeting, { fields: { title: "조회" } });
  await write.done.catch(() => {});
  await soon();
  assert.ok(said[0].closed);
  assert.equal(undo.last(), false);
});

test("what the server took a text for is said", async () => {
  const { said, actions } = room({ answer: ({ event }) => (event.time === "저녁 7시" ? { ...event, start_time: "19:00" } : event) });
  await actions.change(meeting, { fields: { time: "저녁 7시" } });
  await soon();
  assert.match(said.at(-1).message, /19:00/);
  await actions.change(meeting, { fields: { time: "12:60" } });
  await soon();
  assert.match(said.at(-1).message, /적은 그대로/);
});

test("dragging writes, and goes back if the question isn't answered", async () => {
  let reverted = 0;
  const info = (event, startStr, allDay, endStr) => ({ event: { startStr, endStr, allDay, extendedProps: { holder: { event } } }, revert: () => (reverted += 1) });
  const { sync, actions } = room();
  const created = [];
  const drag = createDrag({ actions, create: (fields) => created.push(fields) });
  await drag.onDrop(info(meeting, "2026-11-30", true));
  assert.deepEqual(sync.writes[0].fields, { event_date: "2026-11-30" });
  await drag.onResize(info(meeting, "2026-11-26", true, "2026-11-29"));
  assert.deepEqual(sync.writes[1].fields, { end_date: "2026-11-28" });
  await createDrag({ actions: room({ scope: null }).actions, create() {} }).onDrop(info(occurrence, "2026-11-30", true));
  assert.equal(reverted, 1);
  // A month knows no hours: what is dropped there keeps its own.
  const clock = { ...meeting, start_time: "14:00", end_time: "15:30" };
  const inMonth = info(clock, "2026-11-30T00:00:00Z", false);
  inMonth.event.extendedProps.rank = 2;
  await drag.onDrop(inMonth);
  assert.deepEqual(sync.writes[2].fields, { event_date: "2026-11-30" });
  drag.onSelect({ startStr: "2026-11-26", endStr: "2026-11-27", allDay: true });
  assert.deepEqual(created, [{ event_date: "2026-11-26" }]);
});

test("nothing is said to be done that waits for the server", async () => {
  const { sync, said, actions } = room();
  sync.connection.state = "offline";
  await actions.change(meeting, { fields: { title: "조회" } });
  assert.match(said[0].message, /저장 대기/);
  assert.ok(said[0].action);
});

test("what others do to the event whose form is open is heard at once", () => {
  const { sync } = room();
  const heard = [];
  let base = meeting;
  const later = [];
  const watch = createEventWatch({
    sync, watched: () => base, wait: (work) => later.push(work),
    changed: (event, by) => {
      heard.push([event.title, by]);
      base = event;
    },
    gone: () => heard.push("gone"), editing() {},
  });
  watch.begin(meeting);
  sync.others("a", { ...meeting, title: "조회", version: 2 });
  sync.emit("changed", { departmentId: "d", changes: [], caughtUp: false });
  sync.others("a", null);
  assert.deepEqual(heard, [["조회", "김철수"]]);
  later.at(-1)();
  assert.deepEqual(heard.at(-1), "gone");
  watch.end();
  sync.others("a", { ...meeting, version: 9 });
  assert.equal(heard.length, 2);
});

test("a move to another department isn't taken for a deletion", () => {
  const { sync } = room();
  const heard = [];
  let work = null;
  const watch = createEventWatch({ sync, watched: () => meeting, wait: (later) => (work = later), changed: (event) => heard.push(event.department_id), gone: () => heard.push("gone"), editing() {} });
  watch.begin(meeting);
  sync.others("a", null);
  sync.others("a", { ...meeting, department_id: "e", version: 2 });
  work();
  assert.ok(!heard.includes("gone") && heard.includes("e"));
});
