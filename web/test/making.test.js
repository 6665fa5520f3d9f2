import assert from "node:assert/strict";
import test from "node:test";
import { categoryColour, categoryName, categoryNames, FIXED, ownColour } from "../page/events/categories.js";
import { dDay, dDayBadge } from "../page/events/d-day.js";
import { problemsOf } from "../page/events/dialog-rules.js";
import { createDrafts } from "../page/events/drafts.js";
import { shownTime, valuesOf } from "../page/events/event-fields.js";
import { draftOf } from "../page/events/refused.js";
import { createShortcuts, nameOf } from "../page/events/shortcuts.js";
import { webAddress } from "../page/events/web-address.js";
import { createWords, sameZone } from "../page/events/words.js";
import { translator } from "../page/messages.js";

const text = translator("ko");
const words = (options = {}) => createWords({ language: "ko", text, zone: () => "Asia/Seoul", ...options });
const event = (fields = {}) => ({ title: "회의", event_date: "2026-11-26", time: "", ...fields });

// Words

test("a time is shown as the server understood it, never as the text reads", () => {
  assert.equal(words().when(event({ time: "PM 2:00", start_time: "14:00" })), "14:00");
  assert.equal(words().when(event({ time: "저녁 7시", start_time: "19:00", end_time: "21:00" })), "19:00–21:00");
  assert.equal(words().when(event({ time: "12:60" })), "12:60");
  assert.equal(shownTime(event({ time: "PM 2:00" }), words().time), "PM 2:00");
  assert.equal(shownTime(event({ time: "종일" }), words().time), "");
  assert.equal(words({ clock: () => "12" }).when(event({ start_time: "00:05", end_time: "13:00" })), "오전 12:05–오후 1:00");
});

test("a zone is named where it matters", () => {
  assert.equal(words().zoneOf(event({ start_time: "10:00", time_zone: "Asia/Seoul" })), "");
  assert.equal(words().zoneOf(event({ start_time: "10:00", time_zone: "Asia/Tokyo" })), "");
  assert.match(words().when(event({ start_time: "10:00", time_zone: "America/New_York" })), /^10:00 .*(시간|York)/);
  assert.equal(words().zoneOf(event({ time_zone: "America/New_York" })), "");
  assert.ok(!sameZone(event({ start_time: "10:00" }), "Nowhere/At_all", "Asia/Seoul"));
});

test("several days are said with their days", () => {
  assert.match(words().dayAndTimes(event({ end_date: "2026-11-28" })), /11\. 26\..*11\. 28\..*종일/);
  assert.match(words().dayAndTimes(event({ start_time: "09:00", end_date: "2026-11-28", end_time: "18:00" })), /09:00 – .*18:00/);
});

// Drafts

function drafts({ person = () => "kim", now } = {}) {
  const stored = new Map();
  return { stored, drafts: createDrafts({ person, read: (key) => stored.get(key) ?? null, write: (key, value) => (value === null ? stored.delete(key) : stored.set(key, value)), ...(now ? { now } : {}) }) };
}

test("drafts are kept for whoever wrote them, a few of them, for a while", () => {
  let [who, time] = ["kim", 0];
  const { stored, drafts: mine } = drafts({ person: () => who, now: () => time });
  for (let index = 0; index < 8; index += 1) mine.keep({ id: `d${index}`, event: null, values: { title: `${index}` } });
  assert.deepEqual(mine.list().map(({ id }) => id), ["d7", "d6", "d5", "d4", "d3"]);
  mine.keep({ id: "d3", event: { id: "a" }, values: { title: "3" } });
  assert.equal(mine.of("a").id, "d3");
  assert.equal(mine.unborn().length, 4);
  who = "lee";
  assert.deepEqual(mine.list(), []);
  who = "kim";
  mine.drop("d3");
  assert.equal(mine.of("a"), undefined);
  time = 15 * 86_400_000;
  assert.deepEqual(mine.list(), []);
  assert.equal(stored.size, 1);
});

test("what is too long or can't be read is no draft", () => {
  const { stored, drafts: mine } = drafts();
  assert.equal(mine.keep({ id: "x", event: null, values: { description: "x".repeat(40_000) } }), false);
  for (const broken of ["{", "null", "3", '[1, {"id": 2}]']) {
    stored.set("teamcal.drafts.kim", broken);
    assert.deepEqual(mine.list(), [], broken);
  }
  stored.clear();
  mine.keep({ id: "x", event: null, values: {} });
  mine.drop("x");
  assert.equal(stored.size, 0);
});

test("what the server refused can be mended: a new event under another id, a change as what was changed", () => {
  const made = { newId: () => "new", today: () => "2026-11-26" };
  const fields = { title: "x", event_date: "2026-12-01", recurrence: "FREQ=DAILY" };
  const created = draftOf({ kind: "create", event: { ...fields, id: "a", time: "" }, before: null, fields, departmentId: "d" }, made);
  assert.deepEqual([created.id, created.event, created.values.recurrence, created.values.department_id], ["new", null, "daily", "d"]);
  const before = { id: "a", department_id: "d", version: 3, title: "회의", event_date: "2026-11-26", time: "", location: "3층" };
  const changed = draftOf({ kind: "update", event: { ...before, title: "x" }, before, fields: { title: "x", location: null }, departmentId: "d" }, made);
  assert.deepEqual([changed.id, changed.event.fields.title, changed.values.title, changed.values.location], ["a", "회의", "x", ""]);
});

// Shortcuts

const press = (key, more = {}) => ({ key, code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : "", preventDefault() {}, ...more });

test("keys work with a Korean input method, too", () => {
  assert.equal(nameOf(press("c")), "c");
  assert.equal(nameOf({ key: "ㅊ", code: "KeyC" }), "c");
  assert.equal(nameOf({ key: "Process", code: "KeyJ" }), "j");
  assert.equal(nameOf({ key: "ㅋ", code: "KeyZ", ctrlKey: true }), "mod+z");
  assert.equal(nameOf({ key: "?", code: "Slash", shiftKey: true }), "?");
  assert.equal(nameOf({ key: "/", code: "Slash" }), "/");
  assert.equal(nameOf({ key: "z", code: "KeyZ", metaKey: true }), "mod+z");
  assert.equal(nameOf({ key: "Z", code: "KeyZ", metaKey: true, shiftKey: true }), "");
  assert.equal(nameOf({ key: "c", code: "KeyC", altKey: true }), "");
  assert.equal(nameOf({ key: "ㅊ", code: "KeyC", isComposing: true }), "");
  // On another Latin keyboard the letter counts, not its place.
  assert.equal(nameOf({ key: "z", code: "KeyY" }), "z");
});

test("shortcuts don't fire where somebody types, nor behind a window", () => {
  let blocked = false;
  const done = [];
  const shortcuts = createShortcuts({ isBlocked: () => blocked });
  const remove = shortcuts.add({ keys: ["c"], label: "shortcut_create", run: () => void done.push("c") });
  shortcuts.add({ keys: ["x"], run: () => false });
  assert.equal(shortcuts.press(press("c")), true);
  assert.equal(shortcuts.press(press("c", { target: { closest: (selector) => (selector.includes("textarea") ? {} : null) } })), false);
  assert.equal(shortcuts.press(press("c", { target: { closest: () => null } })), true);
  assert.equal(shortcuts.press(press("x")), false);
  blocked = true;
  assert.equal(shortcuts.press(press("c")), false);
  blocked = false;
  assert.deepEqual(shortcuts.list().map(({ label }) => label), ["shortcut_create"]);
  remove();
  assert.equal(shortcuts.press(press("c")), false);
  assert.equal(done.length, 2);
});

// Categories, D-day, colours, rules of the form

test("the office's categories have fixed colours that can be seen", () => {
  assert.deepEqual([...FIXED.keys()], ["연차", "오전반차", "오후반차", "외근", "출장", "재택", "교육"]);
  const light = (hex) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  for (const [name, { colour }] of FIXED) for (const ground of ["#ffffff", "#1c1f24"]) assert.ok(contrast(colour, ground) >= 3, `${name} ${ground} ${contrast(colour, ground)}`);
  assert.equal(categoryColour({ categories: ["본사", "출장"] }), FIXED.get("출장").colour);
  assert.equal(ownColour({ color: "#123456", categories: ["출장"] }), "#123456");
  assert.equal(ownColour({ color: "red;x", categories: [] }), "");
  assert.deepEqual(categoryNames(["연차", "본사"]).slice(-2), ["교육", "본사"]);
  assert.deepEqual([categoryName("재택", translator("en")), categoryName("본사", translator("en"))], ["Working from home", "본사"]);
});

test("D-day", () => {
  assert.deepEqual(["2026-11-29", "2026-11-26", "2026-11-25"].map((day) => dDay(day, "2026-11-26")), ["D-3", "D-day", "D+1"]);
  assert.equal(dDayBadge(event({ categories: ["마감"] }), "2026-11-20"), "D-6");
  assert.equal(dDayBadge(event({ categories: ["회의"] }), "2026-11-20"), "");
});

test("a bar lies over whole days", () => {
});

test("what is wrong in a form is seen before it is sent", () => {
  const of = (fields) => problemsOf({ ...valuesOf(event()), ...fields }, text).map(({ field }) => field);
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ title: "  ", event_date: "" }), ["title", "event_date"]);
  assert.deepEqual(of({ end_date: "2026-11-25" }), ["end_date"]);
  assert.deepEqual(of({ time_kind: "clock" }), ["start_time"]);
  assert.deepEqual(of({ time_kind: "clock", start_time: "22:00", end_time: "02:00" }), []);
  assert.deepEqual(of({ time_kind: "clock", start_time: "22:00", end_time: "02:00", end_date: "2026-11-26" }), ["end_time"]);
  assert.deepEqual(of({ recurrence: "daily", repeat_ends: "until", repeat_until: "2026-11-25" }), ["repeat_until"]);
});

test("only web addresses become links", () => {
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "회의실", "", undefined]) assert.equal(webAddress(bad), null, bad);
  assert.equal(webAddress("https://example.com/a").host, "example.com");
});
