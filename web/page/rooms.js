// The rooms that open from the bar, the sidebar and an event: each with what it needs. What is large is loaded when it is needed.

import { expand, newId } from "../sync/index.js";
import { editable, mayEdit } from "./accounts/rights.js";
import { createDepartments } from "./departments/departments.js";
import { inOrder } from "./departments/order.js";
import { element } from "./element.js";
import { categoryColour, categoryName, FIXED } from "./events/categories.js";
import { dDay } from "./events/d-day.js";
import { createWords } from "./events/words.js";
import { lazy } from "./lazy.js";
import { createCategoryFilter } from "./search/category-filter.js";

const AGAIN = 3_000;
const find = (id) => document.getElementById(id);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * `show(day, id)` goes to a day and opens an event, `go(event)` goes to its day, `link(event)` copies a link to it, `select(ids)` chooses departments, `changed()` draws
 * anew, `place()` is what is shown, `range()` its days, `shortcuts` the keys of the page.
 */
export function createRooms(options) {
  const { sync, text, language, settings, toast, ownName, today, range, show, select, changed, isReadOnly, shortcuts } = options;
  const preferred = preferredOf(sync);
  const mayEditEvent = (event) => mayEdit(sync.session, sync.departments.get(event.department_id)) && !isReadOnly();
  const words = createWords({ language, text, clock: () => settings.get("clock") });
  const nameOf = (category) => categoryName(category, text);
  const room = (load, make) => lazy(load, make, (error) => toast({ text: error.message || text("network_failed"), kind: "failure" }));
  const written = async ({ write, message }) => (await events.room())?.undo.offer(write, message);
  const common = { sync, text, language, when: words.dayAndTimes, moment: words.moment, rule: words.rule, written, today, nameOf };
  const search = room(() => import("./search/search.js"), ({ createSearch }) => createSearch({
    ...common, when: words.when, expand, dDay, isShown: filter.isShown, deleted: () => deletedOf(...inOrder(sync.departments).map(({ id }) => id)), open: ({ event, day }) => show(day, event.id),
  }));
  const history = room(() => import("./search/history.js"), ({ createHistory }) => createHistory(common));
  const deleted = room(() => import("./search/deleted.js"), ({ createDeleted }) => createDeleted(common));
  const deletedOf = async (...ids) => (await deleted())?.open(ids);
  const statistics = room(() => import("./search/statistics.js"), ({ createStatistics }) => createStatistics(common));
  const events = createLazyEvents({ ...options, room, preferred, mayEdit: mayEditEvent, history: async (event) => (await history())?.open(event), shortcuts });
  const filter = createCategoryFilter({
    root: find("categories"), sync, text, fixed: [...FIXED.keys()], nameOf, colourOf: categoryColour, changed, range: () => ({ from: range().first, to: range().last }),
  });
  const departments = createDepartments({
    root: find("departments"), sync, text, toast, preferred, show: select,
    deletedOf, statisticsOf: async (id) => (await statistics())?.open(id),
  });
  const isOwnImport = ({ departmentId, who }) => departments.isImporting(departmentId) && who === ownNameIn(sync, ownName);
  return { events, filter, departments, isOwnImport, deletedOf, mayEdit: mayEditEvent, preferred, search: async (typed) => (await search())?.open(typed) };
}

/** The events' room, which is loaded before its first use: when somebody points at an event, or at what makes one. */
function createLazyEvents({ sync, text, language, settings, toast, today, place, go, isReadOnly, ownName, room, preferred, mayEdit: mayEditEvent, history, link, shortcuts }) {
  // Keys that load the room; it brings its own, which do the same at once.
  const standIns = [];
  const events = room(() => import("./events/index.js"), ({ createEvents }) => {
    for (const remove of standIns.splice(0)) remove();
    const made = createEvents({
      sync, text, language, today, newId, preferred, history, link, day: () => place().day, clock: () => settings.get("clock"), mayEdit: mayEditEvent,
      editable: () => (isReadOnly() ? [] : inOrder(editable(sync.session, sync.departments))), person: () => sync.session?.user?.id ?? ownName.get(), me: () => ownNameIn(sync, ownName),
      shortcuts, saved: go, notify: ({ message, action, seconds }) => toast({ text: message, action: action ?? undefined, seconds }).close,
    });
    replaceQuick(made.quick);
    return made;
  });
  const use = (work) => async (...given) => {
    const made = await events();
    return made && work(made, ...given);
  };
  const standIn = (keys, label, run) => standIns.push(shortcuts.add({ keys, label, run }));
  const quick = element("input", {
    className: "quick-input", placeholder: text("quick_hint"), aria: { label: text("quick_entry") },
    onfocus: () => void events(),
  });
  find("quick").append(quick);
  let isComposing = false;
  for (const type of ["compositionstart", "compositionend"]) quick.addEventListener(type, () => (isComposing = type === "compositionstart"));

  /** What was typed while the room was loaded stays, a letter that is being composed, too. */
  function replaceQuick(own) {
    if (isComposing) return quick.addEventListener("compositionend", () => setTimeout(() => replaceQuick(own)), { once: true });
    const hadFocus = document.activeElement === quick;
    own.take(quick.value);
    quick.replaceWith(own.element);
    if (hadFocus) own.focus();
    return undefined;
  }
  const help = use((made) => made.showShortcuts());
  standIn(["c"], "shortcut_create", () => void use((made) => made.create())());
  standIn(["n"], "shortcut_quick", () => quick.focus());
  standIn(["?"], "shortcut_help", () => void help());
  addEventListener("pointerover", ({ target }) => target.closest?.("[data-event], #new-event, .quick-input") && events.made() === null && events());
  return {
    room: events,
    open: use((made, event, anchor) => made.open(event, anchor)),
    create: use((made, fields) => made.create(fields)),
    clear: () => events.made()?.clear(),
    close: () => events.made()?.popover.close({ restore: false }),
    isSaying: () => events.made()?.isSaying() ?? false,
    mend: (write) => (["create", "update"].includes(write.kind) ? { label: text("refused_mend"), run: () => void use((made) => made.mend(write))() } : undefined),
    shortcuts: help,
    offerDrafts: use((made) => made.offerDrafts()),
    onSelect: use((made, info) => made.onSelect(info)),
    onDrop: async (info) => ((await events())?.onDrop(info) ?? info.revert()),
    onResize: async (info) => ((await events())?.onResize(info) ?? info.revert()),
    async onConflict(conflict) {
      for (;;) {
        const made = await events();
        if (made) return made.onConflict(conflict);
        await pause(AGAIN);
      }
    },
  };
}

const ownNameIn = (sync, ownName) => sync.session?.user?.name ?? ownName.get();

/** Returns the department that a new event is most likely for: that of the last one, else the first that is shown. */
function preferredOf(sync) {
  let last = null;
  sync.on("changed", ({ changes }) => {
    for (const { own, event } of changes) if (own) last = event.department_id;
  });
  return () => {
    const choices = editable(sync.session, sync.departments);
    if (sync.shown.has(last) && choices.has(last)) return last;
    return [...sync.shown].filter((id) => choices.has(id)).concat(...choices.keys())[0];
  };
}

/** Whether something that was typed waits in this browser, so that it has to be offered. */
export function hasDrafts() {
  try {
    return Object.keys(localStorage).some((key) => /^teamcal\.(drafts|quick)\./.test(key));
  } catch {
    return false;
  }
}
