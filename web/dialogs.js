// The three dialogs: an event, a new department, the deletion of a department.

import { newId } from "./api.js";
import { byName, changedFields, FIELDS, sameText } from "./store.js";
import { element } from "./view.js";

const find = (id) => document.getElementById(id);

/** Returns what all dialogs with a form share: opening, errors beside the fields, one request at a time. */
function formDialog(id, { text, submit, leave = () => true }) {
  const dialog = find(id);
  const form = dialog.querySelector("form");
  const failure = form.querySelector(".failure");
  let busy = false;

  function clearErrors() {
    failure.hidden = true;
    for (const error of form.querySelectorAll(".error")) error.remove();
    for (const input of form.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  }

  function fail(message) {
    failure.textContent = message;
    failure.hidden = false;
  }

  function explain(error) {
    if (error.status === undefined) throw error;
    const elsewhere = error.errors.filter(({ field, message }) => !markInvalid(field, message));
    form.querySelector("[aria-invalid]")?.focus();
    if (elsewhere.length > 0) fail(elsewhere.map(({ message }) => message).join(" "));
    else if (error.errors.length === 0) fail(error.status === 0 ? text("network_failed") : error.message || text("unexpected", { code: error.code }));
  }

  function markInvalid(field, message) {
    const input = form.elements.namedItem(field);
    if (!input) return false;
    const note = element("span", { className: "error", id: `${id}-${field}-error`, textContent: message });
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", note.id);
    input.after(note);
    return true;
  }

  /** Runs one request; its error is passed to `explained`, or shown beside the fields. */
  async function run(work, explained = explain) {
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    clearErrors();
    try {
      await work();
    } catch (error) {
      explained(error);
    } finally {
      busy = false;
      form.removeAttribute("aria-busy");
    }
  }

  const tryToLeave = () => !busy && leave() && dialog.close();
  dialog.addEventListener("cancel", (cancel) => {
    cancel.preventDefault();
    tryToLeave();
  });
  form.querySelector("[data-action=cancel]").onclick = tryToLeave;
  form.onsubmit = (submission) => {
    submission.preventDefault();
    submit();
  };

  return {
    dialog, form, run, fail, explain, close: () => dialog.close(),
    value: (name) => form.elements.namedItem(name).value,
    open(values) {
      clearErrors();
      for (const [name, value] of Object.entries(values)) form.elements.namedItem(name).value = value;
      if (!dialog.open) dialog.showModal();
    },
  };
}

/**
 * Creates and edits events.
 * `departments()` returns the Map of departments; `saving(id)` is called before a write,
 * `saved(event, formerDepartmentId)` and `deleted(event)` after it.
 */
export function createEventDialog({ api, text, departments, saving, saved, deleted }) {
  const { dialog, form, run, fail, explain, open, close, value } = formDialog("event-dialog", { text, submit: save, leave });
  const question = form.querySelector(".question");
  const conflict = form.querySelector(".conflict");
  const submitButton = form.querySelector("[type=submit]");
  const deleteButton = form.querySelector("[data-action=delete]");
  // base: the event as the user has seen it, null for a new one. uncertain: a create got no answer.
  let draft = null;
  let opened = null;

  const written = () => Object.fromEntries(FIELDS.map((field) => [field, value(field)]));
  const everything = () => ({ ...written(), department_id: value("department_id") });

  function show(base, values) {
    draft = { base, id: base?.id ?? newId(), uncertain: false };
    ask(null);
    conflict.hidden = true;
    find("event-heading").textContent = text(base ? "edit_event" : "new_event");
    submitButton.textContent = text("save");
    deleteButton.hidden = !base;
    form.elements.namedItem("department_id").replaceChildren(
      ...byName(departments()).map(({ id, name }) => element("option", { value: id, textContent: name })),
    );
    open(values);
    opened = everything();
  }

  function leave() {
    const dirty = Object.entries(everything()).some(([field, current]) => current !== opened[field]);
    if (dirty) ask("ask_discard", ["keep_editing", () => ask(null)], ["discard", close, "danger"]);
    return !dirty;
  }

  /** Asks inside of the dialog: a second dialog over it would hide what the question is about. */
  function ask(key, ...answers) {
    question.hidden = key === null;
    if (key === null) return;
    question.firstElementChild.textContent = text(key);
    question.lastElementChild.replaceChildren(
      ...answers.map(([label, onclick, className = ""]) => element("button", { type: "button", textContent: text(label), onclick, className })),
    );
    question.scrollIntoView({ block: "nearest" });
    question.querySelector("button").focus();
  }

  function save() {
    ask(null);
    conflict.hidden = true;
    return run(async () => {
      saving(draft.id);
      const former = draft.base?.department_id;
      let event = draft.base ? await update() : await create();
      const target = value("department_id");
      if (event.department_id !== target) event = await move(event, target);
      saved(event, former);
      close();
    }, explainEvent);
  }

  async function create() {
    const fields = written();
    try {
      return await api.createEvent(value("department_id"), { id: draft.id, ...fields });
    } catch (error) {
      // An earlier attempt did arrive, only its answer was lost; the form was changed since.
      if (error.code === "id_taken" && draft.uncertain) return api.updateEvent(draft.id, fields);
      draft.uncertain ||= error.uncertain;
      throw error;
    }
  }

  async function update() {
    const changed = changedFields(draft.base, written());
    if (Object.keys(changed).length === 0) return draft.base;
    try {
      return (draft.base = await api.updateEvent(draft.id, changed, draft.base.version));
    } catch (error) {
      // The conflict may be with the first attempt of this page, whose answer was lost.
      const done = error.status === 412 && error.current && Object.keys(changed).every((field) => sameText(error.current[field], changed[field]));
      if (done) return (draft.base = error.current);
      throw error;
    }
  }

  async function move(event, departmentId) {
    try {
      return await api.moveEvent(event.id, departmentId);
    } catch (error) {
      if (error.code === "not_found" || error.code === "method_not_allowed") error.message = text("move_unavailable");
      throw error;
    }
  }

  function explainEvent(error) {
    if (error.status === 412 && error.current) showConflict(error.current);
    else if (error.code === "event_not_found" || error.code === "event_deleted") becomeNew();
    else explain(error);
  }

  function becomeNew() {
    draft = { base: null, id: newId(), uncertain: false };
    ask(null);
    deleteButton.hidden = true;
    submitButton.textContent = text("save_as_new");
    fail(text("event_gone"));
  }

  function showConflict(current) {
    const mine = changedFields(draft.base, written());
    const theirs = changedFields(draft.base, Object.fromEntries(FIELDS.map((field) => [field, current[field] ?? ""])));
    const rows = FIELDS.filter((field) => field in mine || field in theirs);
    const shown = (content) => element("td", { textContent: content || text("conflict_empty") });
    conflict.querySelector("tbody").replaceChildren(...rows.map((field) =>
      element("tr", {}, element("th", { scope: "row", textContent: text(`field_${field}`) }),
        field in mine ? shown(mine[field]) : shown(text("conflict_untouched")), shown(current[field]))));
    conflict.querySelector("[data-action=use-theirs]").onclick = () => show(current, valuesOf(current));
    conflict.querySelector("[data-action=save-mine]").onclick = () => {
      // Fields that the user didn't change keep the other person's values.
      open({ ...theirs, ...mine });
      draft.base = current;
      save();
    };
    conflict.hidden = false;
    conflict.scrollIntoView({ block: "nearest" });
    conflict.querySelector("button").focus();
  }

  function remove() {
    ask(null);
    return run(async () => {
      saving(draft.id);
      await api.deleteEvent(draft.id, draft.base.version);
      deleted(draft.base);
      close();
    }, (error) => {
      if (error.status !== 412 || !error.current) return explain(error);
      show(error.current, valuesOf(error.current));
      ask("ask_delete_changed", ["cancel", () => ask(null)], ["delete", remove, "danger"]);
    });
  }

  deleteButton.onclick = () => ask("ask_delete", ["cancel", () => ask(null)], ["delete", remove, "danger"]);

  const valuesOf = (event) => ({
    ...Object.fromEntries(FIELDS.map((field) => [field, event[field] ?? ""])),
    department_id: event.department_id,
  });

  return {
    create: (day, departmentId) => show(null, valuesOf({ event_date: day, department_id: departmentId })),
    edit: (event) => show(event, valuesOf(event)),
    isOpen: () => dialog.open,
  };
}

/** Creates departments; `created(department)` is called after it. */
export function createDepartmentDialog({ api, text, created }) {
  const { run, open, close, value } = formDialog("department-dialog", {
    text,
    submit: () => run(async () => {
      created(await api.createDepartment({ name: value("name"), description: value("description") }));
      close();
    }),
  });
  return { open: () => open({ name: "", description: "" }) };
}

/** Deletes a department after the user has typed its name; calls `deleting(id)` before, `deleted(id)` after. */
export function createDeletionDialog({ api, text, deleting, deleted }) {
  let department = null;
  // A Korean name typed on a Mac may be decomposed (NFD).
  const plain = (name) => name.normalize("NFC").trim();
  const confirmed = () => plain(value("name")) === plain(department.name);
  const { form, run, open, close, value } = formDialog("deletion-dialog", {
    text,
    submit: () => confirmed() && run(async () => {
      deleting(department.id);
      await api.deleteDepartment(department.id);
      deleted(department.id);
      close();
    }),
  });
  const button = form.querySelector("[type=submit]");
  form.elements.namedItem("name").oninput = () => (button.disabled = !confirmed());
  return {
    open(which) {
      department = which;
      button.disabled = true;
      find("deletion-warning").textContent = text("delete_department_warning", { name: which.name });
      open({ name: "" });
    },
  };
}
