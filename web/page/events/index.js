// The room of events: making, showing, changing, moving, deleting, and taking back. main.js wires it once.
//
//   const events = createEvents({ sync, text, language, … });      sync: new CalendarSync({ …, onConflict: (each) => events.onConflict(each) })
//   bar.append(events.quick.element);                               quick entry
//   calendarOptions = { select: events.onSelect, eventDrop: events.onDrop, eventResize: events.onResize, editable: …, selectable: … }
//   events.open(event, element)                                     the popover, beside the element; Enter on an event means the same
//   events.clear()                                                  somebody else sits here now

import "../dialogs.css";
import "./events.css";
import { createActions } from "./actions.js";
import { createConflictPanel } from "./conflict-panel.js";
import { createConflicts } from "./conflicts.js";
import { createDrafts } from "./drafts.js";
import { createDrag } from "./drag.js";
import { createEventDialog } from "./event-dialog.js";
import { createKnown } from "./known.js";
import { createAskScope } from "./modal.js";
import { createMoveDialog } from "./move-dialog.js";
import { duplicateOf } from "./moves.js";
import { createPopover } from "./popover.js";
import { createQuickForm } from "./quick-form.js";
import { draftOf } from "./refused.js";
import { showShortcuts } from "./shortcut-help.js";
import { createUndo } from "./undo.js";
import { createWords, localZone } from "./words.js";

/** The browser's storage for drafts; where it is forbidden they last as long as the page. */
function browserStorage() {
  const memory = new Map();
  const safely = (work, other) => {
    try {
      return work();
    } catch {
      return other();
    }
  };
  return {
    read: (key) => safely(() => localStorage.getItem(key), () => memory.get(key) ?? null),
    write: (key, value) => safely(() => (value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value)), () => memory.set(key, value)),
  };
}

/**
 * `today()`, `day()`: today, and the day that is shown. `person()`: whose drafts these are (an account's id, or a name); `me()`: his name.
 * `mayEdit(event)`; `editable()`: the departments that one may change, in order; `preferred()`: the id of the likely one.
 * `newId()`; `clock()`: "12" or "24". `notify({message, action?, seconds?})` shows a message and
 * returns how to close it. `history(event)`: shows who changed it, if there is such a thing.
 * `link(event)`: copies a link to it. `saved(event)` is called after a save, so that the event can be shown. `shortcuts`: the page's registry (shortcuts.js).
 */
export function createEvents(options) {
  const { sync, text, language, today, day = today, person = () => "", mayEdit, editable, preferred, newId, history, link, notify, shortcuts, saved = () => {} } = options;
  const zone = options.zone ?? localZone;
  const words = createWords({ language, text, clock: options.clock, zone });
  const storage = options.storage ?? browserStorage();
  const undo = createUndo({ sync, text, notify });
  const actions = createActions({ sync, text, words, undo, notify, askScope: createAskScope({ text }) });
  const drafts = createDrafts({ person, ...storage });
  const known = createKnown(sync);
  const dialog = createEventDialog({ sync, text, words, actions, drafts, known, editable, mayEdit, newId, notify, zone, me: options.me, saved });
  const move = createMoveDialog({ text, words, actions, editable });
  const create = (fields = {}, more) => editable().length > 0 && dialog.create({ event_date: day(), department_id: preferred() ?? editable()[0].id, ...fields }, more);
  const duplicate = (event) => create({ ...duplicateOf(event), department_id: mayEdit(event) ? event.department_id : preferred() }, { isChanged: true });
  const popover = createPopover({
    sync, text, words, mayEdit, today, on: { edit: dialog.edit, duplicate, move, remove: (event) => actions.remove(event), link, ...(history ? { history } : {}) },
  });
  const quickKey = () => `teamcal.quick.${person() || "-"}`;
  const quick = createQuickForm({
    text, words, actions, today, day, editable, preferred: () => preferred() ?? editable()[0]?.id, known, undo: () => undo.last(), created: saved,
    more: (fields) => create(fields, { isChanged: true }), remember: (line) => storage.write(quickKey(), line || null), recall: () => storage.read(quickKey()) ?? "",
  });
  const panel = createConflictPanel({ text, words, departmentName: (id) => sync.departments.get(id)?.name ?? "" });
  const onConflict = createConflicts({ ask: panel, seriesOf: actions.seriesOf });

  const showKeys = () => void showShortcuts({ shortcuts, text });
  listen({ dialog, quick, undo, create, shortcuts, showKeys });

  return {
    dialog, popover, quick, actions, undo, drafts, words, onConflict, create, duplicate, move, showShortcuts: showKeys,
    open: popover.open,
    edit: dialog.edit,
    remove: (event) => actions.remove(event),
    ...createDrag({ actions, create }),
    /** Opens what was typed for a write that the server has refused, so that it can be mended; `isSaying()`: the form says itself why. */
    mend: (write) => dialog.resume(draftOf(write, { newId, today })),
    isSaying: dialog.isSaving,
    isDirty: () => dialog.isDirty() || quick.isDirty(),
    /** Says that something that was typed waits; called after the start, and after somebody has signed in. */
    offerDrafts() {
      quick.recall();
      const [draft] = drafts.list();
      if (!draft || dialog.isOpen()) return;
      notify({
        message: text("draft_found", { title: draft.values.title || text("untitled"), when: words.ago(draft.at) }), seconds: 15,
        action: { label: text("draft_take"), run: () => dialog.resume(draft) },
      });
    },
    clear() {
      undo.clear();
      popover.close({ restore: false });
      dialog.close();
      quick.clear();
    },
  };
}

function listen({ dialog, quick, undo, create, shortcuts, showKeys }) {
  addEventListener("pagehide", dialog.keep);
  addEventListener("beforeunload", (leaving) => {
    dialog.keep();
    if (dialog.isDirty() || quick.isDirty()) leaving.preventDefault();
  });
  const add = (keys, label, run, more = {}) => shortcuts.add({ keys, label, run, ...more });
  add(["c"], "shortcut_create", () => create());
  add(["n"], "shortcut_quick", () => quick.focus());
  add(["mod+z"], "shortcut_undo", () => undo.last());
  add(["?"], "shortcut_help", showKeys);
}
