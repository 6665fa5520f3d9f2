// Composition root of the page: connects the REST client, the live connection, the state and the view.

import { ApiError, createApi } from "./api.js";
import { localDay } from "./dates.js";
import { createDeletionDialog, createDepartmentDialog, createEventDialog } from "./dialogs.js";
import { connectLive } from "./live.js";
import { languageOf, translator } from "./messages.js";
import { applyAnswer, applyChange, applyOwn, applyOwnDeletion, beginSync, emptyCalendar, initialSelection } from "./store.js";
import { createView } from "./view.js";

const AGAIN = 3_000;
const REMEMBERED = "teamcal.departments";

const language = languageOf(navigator.language);
const text = translator(language);
const api = createApi({ language });

const state = {
  departments: new Map(),
  listed: false,
  selected: new Set(),
  calendars: new Map(),
  today: localDay(new Date()),
  day: localDay(new Date()),
  connection: "connecting",
};

const view = createView({ language, text, actions: { pickDay, select, toggle, newEvent, openEvent, newDepartment, deleteDepartment } });
const eventDialog = createEventDialog({ api, text, departments: () => state.departments, saving: isMine, saved, deleted });
const departmentDialog = createDepartmentDialog({ api, text, created: departmentCreated });
const deletionDialog = createDeletionDialog({ api, text, deleting: isMine, deleted: forget });
const live = connectLive(globalThis.io, { state: connectionChanged, change: eventChanged, list: listChanged });

function redraw() {
  view.show(state);
}

// Calendars: a join brings each one up to date

const syncs = new Map();
const calendarOf = (id) => state.calendars.get(id) ?? emptyCalendar();

function keep(id, calendar) {
  state.calendars.set(id, calendar);
  if (calendar.stale) sync(id);
  redraw();
}

/** Brings one calendar up to date, and tries again until it succeeds; a newer call replaces an older one. */
async function sync(id) {
  const turn = Symbol(id);
  syncs.set(id, turn);
  keep(id, beginSync(calendarOf(id)));
  let answer;
  try {
    answer = await ask(id);
  } catch (error) {
    if (syncs.get(id) !== turn) return;
    if (error.code === "department_not_found") forget(id);
    else setTimeout(() => syncs.get(id) === turn && state.selected.has(id) && sync(id), AGAIN);
    return;
  }
  if (syncs.get(id) !== turn) return;
  keep(id, applyAnswer(calendarOf(id), answer));
  if (answer.full === false) view.highlight(answer.events.map((event) => event.id));
}

async function ask(id) {
  if (live.connected()) {
    const answer = await new Promise((resolve) => live.join(id, calendarOf(id).cursor, resolve));
    if (!answer) throw new ApiError(0);
    if (answer.success === false) throw new ApiError(400, answer);
    if (answer.events) return answer;
  }
  return api.events(id);
}

function syncSelected() {
  for (const id of state.selected) sync(id);
}

function connectionChanged(connection) {
  const before = state.connection;
  state.connection = connection;
  redraw();
  if (connection === "online") loadDepartments();
  // Without a live connection the events are loaded over REST.
  if (connection === "online" || before === "connecting") syncSelected();
}

// Live messages

// Ids that this page is writing: the user isn't notified of their live messages.
const mine = new Map();

function isMine(id) {
  clearTimeout(mine.get(id));
  mine.set(id, setTimeout(() => mine.delete(id), 30_000));
}

function eventChanged(kind, payload) {
  const id = payload.department_id;
  const before = state.calendars.get(id);
  if (!before) return;
  keep(id, applyChange(before, kind, payload));
  if (state.calendars.get(id).events === before.events || mine.has(payload.id) || !state.selected.has(id)) return;
  const department = state.departments.get(id)?.name ?? "";
  const title = payload.title ?? before.events.get(payload.id)?.title ?? "";
  if (kind === "event_deleted") {
    if (before.events.has(payload.id)) view.notice(text("others_deleted", { department, title }));
  } else {
    view.highlight([payload.id]);
    view.announce(text(kind === "event_created" ? "others_created" : "others_updated", { department, title }));
  }
}

let listMessages = 0;

function listChanged(kind, payload) {
  listMessages += 1;
  if (kind !== "department_deleted") {
    state.departments.set(payload.id, payload);
  } else if (state.departments.has(payload.id)) {
    const { name } = state.departments.get(payload.id);
    if (!mine.has(payload.id)) view.notice(text("others_deleted_department", { name }));
    forget(payload.id);
  }
  redraw();
}

// Departments

async function loadDepartments() {
  try {
    let departments;
    let seen;
    // A message that arrives during the request may be newer than the list.
    do {
      seen = listMessages;
      departments = await api.departments();
    } while (seen !== listMessages);
    listLoaded(new Map(departments.map((department) => [department.id, department])));
  } catch (error) {
    if (error.status === undefined) throw error;
    setTimeout(loadDepartments, AGAIN);
  }
}

function listLoaded(departments) {
  const first = !state.listed;
  for (const id of state.departments.keys()) if (!departments.has(id)) forget(id);
  state.departments = departments;
  state.listed = true;
  if (first) {
    state.selected = initialSelection(departments, remembered());
    if (state.connection !== "connecting") syncSelected();
  }
  redraw();
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED));
  } catch {
    return null;
  }
}

function remember() {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify([...state.selected]));
  } catch {
    // The browser may forbid storage; then the next visit starts with the first departments.
  }
}

function forget(id) {
  state.departments.delete(id);
  state.selected.delete(id);
  state.calendars.delete(id);
  syncs.delete(id);
  remember();
  redraw();
}

function toggle(id, on) {
  const next = new Set(state.selected);
  if (on) next.add(id);
  else next.delete(id);
  select(next);
}

function select(ids) {
  const before = state.selected;
  state.selected = new Set(ids);
  for (const id of before) if (!state.selected.has(id)) live.leave(id);
  for (const id of state.selected) if (!before.has(id)) sync(id);
  remember();
  redraw();
}

function departmentCreated(department) {
  state.departments.set(department.id, department);
  toggle(department.id, true);
}

function newDepartment() {
  departmentDialog.open();
}

function deleteDepartment(id) {
  deletionDialog.open(state.departments.get(id));
}

// Events

function pickDay(day) {
  state.day = day;
  redraw();
}

let lastDepartment = null;

function newEvent() {
  const [first] = state.selected.size > 0 ? state.selected : state.departments.keys();
  eventDialog.create(state.day, state.selected.has(lastDepartment) ? lastDepartment : first);
}

function openEvent(departmentId, id) {
  const event = calendarOf(departmentId).events.get(id);
  if (event) eventDialog.edit(event);
}

function saved(event, formerDepartmentId) {
  isMine(event.id);
  lastDepartment = event.department_id;
  if (formerDepartmentId && formerDepartmentId !== event.department_id) {
    keep(formerDepartmentId, applyOwnDeletion(calendarOf(formerDepartmentId), event.id));
  }
  keep(event.department_id, applyOwn(calendarOf(event.department_id), event));
  // The user has to see the event that was just saved.
  if (!state.selected.has(event.department_id)) toggle(event.department_id, true);
  pickDay(event.event_date);
}

function deleted(event) {
  keep(event.department_id, applyOwnDeletion(calendarOf(event.department_id), event.id));
}

// Start

if (matchMedia("(max-width: 700px)").matches) document.getElementById("departments").open = false;
setInterval(() => {
  const today = localDay(new Date());
  if (today === state.today) return;
  state.today = today;
  redraw();
}, 30_000);
// If the network drops packets, the page doesn't wait until the live connection times out.
setTimeout(() => state.connection === "connecting" && connectionChanged("connecting"), 2_000);
redraw();
loadDepartments();
