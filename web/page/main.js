// Composition root of the page: the library, the rooms, and what is shown.

import { io } from "socket.io-client";
import { CalendarSync, changedIds } from "../sync/index.js";
import { createAccounts } from "./accounts/accounts.js";
import { editable, isSame, isTokenMode, namesHimself } from "./accounts/rights.js";
import { watchBuild } from "./builds.js";
import { addDays, addMonths, localDay, monthGrid, startOfWeek } from "./dates.js";
import { inOrder } from "./departments/order.js";
import { takesNew } from "./departments/selection.js";
import { createDrawing } from "./drawing.js";
import { ownColour } from "./events/categories.js";
import { lastDay } from "./events/event-fields.js";
import { languageOf, translatorOf } from "./language.js";
import { lazy, loadFirst } from "./lazy.js";
import { createName } from "./name.js";
import { createNotices } from "./notices/notices.js";
import { createShortcuts } from "./events/shortcuts.js";
import { createRooms, hasDrafts } from "./rooms.js";
import { createRouter } from "./router.js";
import { createShell, translatePage } from "./shell.js";
import { createSidebar } from "./sidebar.js";
import { createSettings, initialSelection, rangeOf } from "./state.js";
import { readStored, store } from "./stored.js";
import { createEventView, createWords } from "./views/event-view.js";
import { createHolidays } from "./views/holidays.js";
import { createViews } from "./views/views.js";

const REMEMBERED = "teamcal.departments";
const FRESH = 4_000;
/** Milliseconds after which the calendar is drawn in any case. */
const PATIENCE = 800;
/** More departments than these aren't shown without being asked for. */
const MOST_SHOWN = 10;
const find = (id) => document.getElementById(id);
const phone = matchMedia("(max-width: 700px)");

const drawing = createDrawing(drawAll);
const { redraw, redrawSoon, draw } = drawing;
const settings = createSettings();
const language = languageOf(settings.get("language") || navigator.language);
const { texts } = await (language === "ko" ? import("./messages.js?first=ko") : import("./messages.js?first=en"));
// Rooms that are loaded later bring the texts that only they have.
loadFirst(async () => Object.assign(texts, (await (language === "ko" ? import("./messages.js?rest=ko") : import("./messages.js?rest=en"))).texts));
const text = translatorOf(texts, language);
let today = localDay(new Date());
let holidays = new Map();
// What is drawn into the days' heads changes with these.
let heads = 0;
// Counts what was loaded or changed: the small month is drawn anew after it.
let changes = 0;
const fresh = new Set();
// The first drawing takes a while: nothing is asked for during it. It waits until all that is needed is on its way.
let isPatient = true;

document.documentElement.dataset.theme = settings.get("theme");
translatePage(language, text);
const words = createWords(language, text, settings, () => holidays);
const ownName = createName();
const sync = new CalendarSync({
  io, language, name: () => (namesHimself(sync.session) ? ownName.get() : ""), onConflict: (conflict) => rooms.events.onConflict(conflict),
});
const started = sync.start();
const router = createRouter({
  begin: { day: today, view: settings.isChosen("view") ? settings.get("view") : phone.matches ? "list" : "month" }, today: () => today, changed: placed,
});
const eventView = createEventView({
  text, words, ownColour, mayEdit: (event) => rooms.mayEdit(event), known: () => ({ departments: sync.departments, fresh, find: (id) => sync.find(id) }), today: () => today,
});

// The rooms

const notices = createNotices({
  root: find("status"), sync, text, moment: words.moment, highlight, idsOf: changedIds, when: (event) => `${words.dayName(event.event_date)} ${words.when(event)}`,
  open: ({ id, day }) => show(day, id), isSaid: () => rooms.events.isSaying(), isOwn: (entry) => rooms.isOwnImport(entry), mend: (write) => rooms.events.mend(write), deletedOf: (id) => rooms.deletedOf(id),
});
const { toast } = notices;
createAccounts({ sync, text, language, toast, ownName, button: find("account"), strip: find("strip"), replaced: () => rooms.events.clear() });
const holidayList = createHolidays({
  api: { holidays: async (from, to) => (await sync.request("GET", `/api/holidays?${new URLSearchParams({ from, to })}`)).holidays },
  changed(days) {
    holidays = days;
    heads += 1;
    redraw();
  },
});
const views = createViews({
  language, text, words, settings, eventView, today: () => today, eventsIn, mayCreate, step, failed,
  actions: { day: () => router.place.day, pickDay: (day) => router.go({ day }), openEvent, newEvent, drag: () => rooms.events },
});
const shortcuts = createShortcuts({ isBlocked: () => document.querySelector("dialog[open]") !== null });
addShortcuts(shortcuts);
document.addEventListener("keydown", shortcuts.press);
const rooms = createRooms({
  shortcuts,
  sync, text, language, settings, toast, ownName, select, show, today: () => today, place: () => router.place, range: rangeNow, isReadOnly: () => router.place.wall, changed: redraw,
  // Where it can be seen already nothing is turned.
  go: ({ event_date: day }) => isInRange(day) || show(day),
  link: ({ id, event_date: day, department_id: department }) => copy({ day, departments: [department], event: id }),
});
const sidebar = createSidebar({ settings, phone, changed: redraw });
const shell = createShell({
  text, words,
  actions: {
    step, today: () => router.go({ day: today }), go: (day) => router.go({ day }), focus: views.focus, search: () => rooms.search(), sidebar: sidebar.toggle, newEvent: () => newEvent({ event_date: router.place.day }), view: view_,
  },
});
const settingsPanel = lazy(() => import("./settings-panel.js"), ({ fillSettings }) => fillSettings(find("settings"), {
  text, settings, changed: settingChanged,
  commands: [
    { label: "setting_link", run: () => copy({ departments: [...sync.shown] }) }, { label: "setting_print", run: () => print() }, { label: "setting_wall", run: () => router.go({ wall: true }) },
    { label: "shortcut_help", run: () => void rooms.events.shortcuts() },
  ],
}), failed);
find("settings").addEventListener("beforetoggle", settingsPanel);
const copyLink = lazy(() => import("./copy-link.js"), ({ createCopy }) => createCopy({ text, toast }), failed);
const copy = async (place) => (await copyLink())?.(router.link(place));
const wall = lazy(() => import("./views/wall.js"), ({ createWall }) => createWall({ text, isOn: () => router.place.wall, end: () => router.go({ wall: false }) }), failed);

function failed(error) {
  toast({ text: error.message || text("network_failed"), kind: "failure" });
}

// What is shown

function drawAll() {
  const { day, view } = router.place;
  const range = rangeNow();
  hold(range);
  const isLoading = [...sync.shown].some((id) => !sync.calendar(id).loaded);
  if (countedFrom !== range.first || countedTo !== range.last) {
    [countedFrom, countedTo] = [range.first, range.last];
    rooms.filter.draw();
  }
  shell.draw({ view, day, ...range, canCreate: mayCreate(), offersCreate: !isTokenMode(sync.session) || mayCreate(), sidebar: sidebar.isOpen() });
  isPatient &&= sync.connection.state !== "catching_up" && (!sync.listed || isLoading);
  if (isPatient) return;
  // The server takes a while for the first ones: what one waits for comes before.
  if (sync.session !== null && !isLoading) holidayList.show(range);
  views.draw({ view, day, today, ...range, heads: `${heads} ${settings.get("lunar")} ${settings.get("clock")}`, changes, holidays, departments: sync.departments, shownIds: sync.shown, readOnly: router.place.wall, isLoading });
  drawWall();
  const nothing = sync.listed && sync.departments.size > 0 && sync.shown.size === 0;
  find("hint").hidden = !nothing;
  find("hint").textContent = nothing ? text("day_nothing_selected") : "";
}

async function drawWall() {
  if (router.place.wall === document.body.hasAttribute("data-wall")) return;
  document.body.toggleAttribute("data-wall");
  (await wall())?.update();
}

function rangeNow() {
  return rangeOf(router.place.view, router.place.day, Number(settings.get("weekStart")), { monthGrid, addDays, startOfWeek });
}

function isInRange(day) {
  const { first, last } = rangeNow();
  return first <= day && day <= last;
}

// The days of which the categories were counted.
let [countedFrom, countedTo] = ["", ""];
let heldKey = "";
let heldDays = ["", ""];

/** The days have to be held; more than that nobody waits for. */
function hold({ first, last }) {
  // The small month shows which of its days have events.
  const weeks = monthGrid(router.place.day, Number(settings.get("weekStart")));
  const [from, to] = [[first, weeks[0][0]].sort()[0], [last, weeks.at(-1)[6]].sort()[1]];
  heldDays = [from, to];
  const key = `${from} ${to} ${[...sync.shown].join()}`;
  if (key === heldKey) return;
  heldKey = key;
  sync.range(from, to).catch((error) => {
    heldKey = "";
    if (error.status > 0) toast({ text: error.message, kind: "failure" });
  });
}

/** Several ask for the same days, or for a part of them, while everything is drawn. */
function eventsIn(first, last) {
  const [from, to] = heldDays;
  if (first === from && last === to) return drawing.once("held", () => sync.occurrences({ from, to }).filter(rooms.filter.isShown));
  if (first < from || last > to) return sync.occurrences({ from: first, to: last }).filter(rooms.filter.isShown);
  return drawing.once(`${first} ${last}`, () => eventsIn(from, to).filter((event) => event.event_date <= last && lastDay(event) >= first));
}

function placed(place, cause) {
  linkedEvent = cause === "back" ? place.event : null;
  if (place.departments !== null && cause === "back") select(linkedDepartments(place), { remember: false });
  // What was open beside an event belongs to where one was.
  if (cause === "back") rooms.events.close();
  sidebar.close();
  views.placed(cause);
  redraw();
  openLinked();
}

function step(count) {
  const { day, view } = router.place;
  if (view === "day" || view === "week") return router.go({ day: addDays(day, view === "day" ? count : 7 * count) });
  const month = addMonths(day, count).slice(0, 7);
  return router.go({ day: today.startsWith(month) ? today : `${month}-01` });
}

function settingChanged(name, value) {
  settings.set(name, value);
  if (name === "language") return location.reload();
  document.documentElement.dataset.theme = settings.get("theme");
  heads += 1;
  return redraw();
}

// Departments

/** `remember: false`: a link has chosen them, not the user. */
function select(ids, { remember = true } = {}) {
  sync.show(ids);
  if (remember) {
    store(REMEMBERED, JSON.stringify([...sync.shown]));
    if (router.place.departments !== null) router.go({ departments: null }, { replace: true });
  }
  rooms.departments.draw();
  rooms.filter.draw();
  redraw();
}

sync.on("departments", ({ kind, department }) => {
  if (kind === "department_created" && router.place.departments === null && takesNew(sync, department.id, MOST_SHOWN)) select(new Set([...sync.shown, department.id]));
});

function remembered() {
  try {
    const ids = JSON.parse(readStored(REMEMBERED));
    return Array.isArray(ids) ? ids : null;
  } catch {
    return null;
  }
}

let isChosen = false;

function listed() {
  if (!sync.listed || isChosen) return;
  // Where there is no department yet, nobody has chosen anything.
  isChosen = sync.departments.size > 0;
  const { departments, event } = router.place;
  const own = initialSelection(inOrder(sync.departments), remembered(), MOST_SHOWN);
  if (departments === null) select(own, { remember: isChosen });
  else select(linkedDepartments({ departments: departments.filter((id) => sync.departments.has(id)), event }, own), { remember: false });
}

/** What a link shows: its departments, and if it only leads to an event `own`, too. */
const linkedDepartments = ({ departments, event }, own = sync.shown) => new Set([...(event === null ? [] : own), ...departments]);

// Events

function mayCreate() {
  return !router.place.wall && editable(sync.session, sync.departments).size > 0;
}

/** `where`: fields that are known already. */
function newEvent(where) {
  if (mayCreate()) rooms.events.create(where);
}

function openEvent(event, anchor) {
  if (event && !router.place.wall) rooms.events.open(event, anchor);
}

function addShortcuts({ add }) {
  add({ keys: ["t"], label: "shortcut_today", run: () => router.go({ day: today }) });
  add({ keys: ["j"], label: "shortcut_next", run: () => step(1) });
  add({ keys: ["k"], label: "shortcut_previous", run: () => step(-1) });
  add({ keys: ["/"], label: "shortcut_search", run: () => void rooms.search() });
  for (const [key, view] of [["m", "month"], ["w", "week"], ["d", "day"], ["l", "list"]]) add({ keys: [key], label: `view_${view}`, run: () => view_(view) });
}

function view_(view) {
  settings.set("view", view);
  router.go({ view });
}

/** Goes to a day, and opens an event of it if there is one to open. */
function show(day, id) {
  router.go({ day });
  draw();
  linkedEvent = id ?? null;
  openLinked();
}

/** Marks events that somebody else has just changed. */
function highlight(ids) {
  for (const id of ids) fresh.add(id);
  views.mark(ids, true);
  setTimeout(() => {
    for (const id of ids) fresh.delete(id);
    views.mark(ids, false);
  }, FRESH);
}

let linkedEvent = router.place.event;

/** An event that a link names, or that a search has found: it is opened once its days are here. */
function openLinked() {
  const event = linkedEvent && sync.find(linkedEvent);
  if (!event) return;
  linkedEvent = null;
  if (router.place.event !== null) router.go({ day: event.event_date, event: null, departments: null }, { replace: true });
  draw();
  openEvent(event, views.elementOf(event.id));
}

// Start

sync.on("changed", (told) => {
  changes += 1;
  if (told.changes.every(({ own }) => !own)) redrawSoon(told.changes.length);
  else redraw();
});
for (const type of ["departments", "session", "access", "gone", "held"]) {
  sync.on(type, () => {
    changes += 1;
    if (type === "session") isChosen = isChosen && sync.shown.size > 0;
    listed();
    redraw();
    openLinked();
  });
}
// Who was signed out while he typed finds it when he is back.
sync.on("session", ({ session, before }) => before !== null && !isSame(before, session) && hasDrafts() && rooms.events.offerDrafts());
watchBuild({
  sync, warm: () => void rooms.events.room(),
  offer: () => toast({ text: text("new_version"), seconds: Infinity, action: { label: text("new_version_take"), run: () => location.reload() } }),
});
setInterval(() => {
  const now = localDay(new Date());
  if (now === today) return;
  const wasToday = router.place.day === today;
  today = now;
  heads += 1;
  if (wasToday) router.go({ day: now }, { replace: true });
  redraw();
}, 15_000);
setTimeout(() => {
  isPatient = false;
  redraw();
}, PATIENCE);
sync.on("connection", () => isPatient && redraw());
document.addEventListener("visibilitychange", redraw);
phone.addEventListener("change", redraw);
// Those that are known are joined before the list of all is there.
sync.show(new Set(router.place.departments ?? remembered() ?? []));
redraw();
started.then(() => {
  listed();
  redraw();
  // What was typed before, and writes that the server may refuse yet, need the room of events.
  if (hasDrafts() || sync.waiting.length > 0) rooms.events.offerDrafts();
});
