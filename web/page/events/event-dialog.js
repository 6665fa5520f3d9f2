// The window that creates, edits and shows events, single ones and occurrences of series.

import { element } from "../element.js";
import { formDialog } from "../form.js";
import { comparable } from "./conflicts.js";
import { eventFrame } from "./dialog-frame.js";
import { problemsOf, seconds } from "./dialog-rules.js";
import { createEventForm } from "./event-form.js";
import { changedFields, fieldsOf, toCreate, toSend, valuesOf } from "./event-fields.js";
import { createMeanwhile } from "./meanwhile.js";
import { compare, differing } from "./merge.js";
import { checkedScope, scopeChoices } from "./modal.js";
import { scopesOf } from "./actions.js";
import { createEventWatch } from "./watch.js";

// What the form holds for a group of fields.
const VALUES = { when: ["event_date", "end_date", "time_kind", "start_time", "end_time", "time", "time_zone"] };
const valuesIn = (group, values) =>
  VALUES[group] ?? (group === "recurrence" ? Object.keys(values).filter((name) => /^(recurrence|rule|repeat_)/.test(name)) : [group]);

/**
 * `actions` are of actions.js, `me()` is the name of who sits here, `drafts` of drafts.js, `known()` returns `{categories, people, places}` in use, `editable()` the
 * departments that one may change, in order, `mayEdit(event)` whether one may, `newId()` makes an id. `notify({message})` says
 * something, `saved(event)` is called when something was saved, `patience` are seconds until a save counts as waiting.
 */
export function createEventDialog(options) {
  const { sync, text, words, actions, drafts, known, editable, mayEdit, newId, notify, zone, me, saved = () => {}, patience = 6 } = options;
  eventFrame(text);
  const { dialog, form, run, fail, explain, open, close: closeWindow, value } = formDialog("event-dialog", { text, submit, leave });
  const fields = createEventForm(form, { text, words, known, zone, me });
  const find = (selector) => form.querySelector(selector);
  const [question, offered, state] = [find(".question"), find(".draft"), find(".state")];
  const departmentName = (id) => sync.departments.get(id)?.name ?? "";
  const meanwhile = createMeanwhile(find(".meanwhile"), { text, words, departmentName, useTheirs });
  // base: the event as the user has seen it, null for a new one; series: the whole one that it is an occurrence of.
  let draft = null;
  let answer = null;
  let timer = null;
  // An answer to a write of this window is said in it.
  let isSaying = false;

  const current = () => ({ ...fieldsOf(fields.values()), department_id: value("department_id") });
  const seen = () => comparable(draft.base, draft.series);
  const changes = () => changedFields(seen(), current());
  const isDirty = () => draft !== null && !draft.readOnly
    && (draft.base ? differing(seen(), current()).length > 0 : JSON.stringify(fields.values()) !== draft.opened);

  const watch = createEventWatch({
    sync, watched: () => (dialog.open && draft?.base && !draft.saving ? draft.base : null), changed: rebase, gone: becomeNew,
    editing: (names) => {
      find(".others").hidden = names.length === 0;
      find(".others").textContent = names.length > 0 ? text("editing_too", { names: names.join(", ") }) : "";
    },
  });

  function show(base, series, values, { isChanged = false } = {}) {
    const readOnly = Boolean(base) && !mayEdit(base);
    draft = { base, series, id: base?.id ?? newId(), readOnly, saving: false, opened: "" };
    ask(null);
    meanwhile.clear();
    state.textContent = "";
    find("#event-heading").textContent = text(readOnly ? "view_event" : base ? "edit_event" : "new_event");
    find("[type=submit]").textContent = text("save");
    find("[type=submit]").hidden = readOnly;
    find("[data-action=delete]").hidden = !base || readOnly;
    find("[data-action=leave]").textContent = text(readOnly ? "close" : "cancel");
    const own = base && sync.departments.get(base.department_id);
    const choices = [...new Map([...editable(), ...(own ? [own] : [])].map((each) => [each.id, each])).values()];
    form.elements.namedItem("department_id").replaceChildren(...choices.map(({ id, name }) => element("option", { value: id, textContent: name })));
    fields.setReadOnly(readOnly);
    fields.open(values, !series);
    // The department may be gone, or not to be changed any more.
    if (value("department_id") === "") form.elements.namedItem("department_id").value = choices[0]?.id ?? "";
    open({});
    draft.opened = isChanged ? "" : JSON.stringify(fields.values());
    offer(isChanged || readOnly ? null : base ? drafts.of(base.id) : drafts.unborn()[0]);
    watch.begin(readOnly ? null : base);
    if (!base) form.elements.namedItem("title").focus();
  }

  function close() {
    clearTimeout(timer);
    watch.end();
    closeWindow();
    draft = null;
  }

  function leave() {
    if (!isDirty()) {
      keep();
      close();
      return false;
    }
    ask(text("ask_discard"), ["keep_editing", () => ask(null)], ["discard", discard, "danger"]);
    return false;
  }

  function discard() {
    drafts.drop(draft.id);
    close();
  }

  // Drafts

  function keep() {
    if (draft === null || draft.readOnly || draft.saving) return;
    if (!isDirty()) return void drafts.drop(draft.id);
    const { base, id } = draft;
    drafts.keep({ id, event: base && { id: base.id, department_id: base.department_id, version: base.version, fields: seen() }, values: fields.values() });
  }

  function offer(found) {
    offered.hidden = !found || found.id === draft.id && !draft.base;
    if (offered.hidden) return;
    offered.firstElementChild.textContent = text("draft_found", { title: found.values.title || text("untitled"), when: words.ago(found.at) });
    const button = (label, onclick, className = "") => element("button", { type: "button", textContent: text(label), onclick, className });
    offered.lastElementChild.replaceChildren(
      button("draft_drop", () => {
        drafts.drop(found.id);
        offered.hidden = true;
      }),
      button("draft_take", () => {
        takeUp(found);
        offered.hidden = true;
      }, "primary"));
  }

  /** Puts a draft into the form: of a change only what one has changed oneself. What both have changed since is asked. */
  function takeUp({ id, event, values }) {
    const isKnown = [...form.elements.namedItem("department_id").options].some((option) => option.value === values.department_id);
    const typed = { ...fields.values(), ...values, department_id: isKnown ? values.department_id : fields.values().department_id };
    if (event === null) draft.id = id;
    if (!draft.base || !event?.fields) return fields.open(typed, !draft.series);
    const [mine, theirs] = [{ ...fieldsOf(typed), department_id: typed.department_id }, seen()];
    const { taken, kept, clashes } = compare(event.fields, mine, theirs);
    const names = [...kept, ...clashes].flatMap((group) => valuesIn(group, typed));
    fields.open({ ...fields.values(), ...Object.fromEntries(names.map((name) => [name, typed[name]])) }, !draft.series);
    meanwhile.tell({ base: event.fields, theirs, mine, taken, clashes, by: "" });
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  });

  // Questions

  /** Asks inside of the window: a second one over it would hide what the question is about. */
  function ask(message, ...answers) {
    question.hidden = message === null;
    // Only one question at a time: the buttons below wait.
    form.toggleAttribute("data-asking", message !== null);
    answer = null;
    question.children[1].replaceChildren();
    if (message === null) return;
    question.firstElementChild.textContent = message;
    question.lastElementChild.replaceChildren(...answers.map(([label, onclick, className = ""]) =>
      element("button", { type: "button", textContent: text(label), onclick, className })));
    question.scrollIntoView({ block: "nearest" });
    question.querySelector("button").focus();
  }

  /** Asks how much of the series is meant; `then(scope)` is called with the answer. */
  function askScope(key, scopes, then, [label, className]) {
    const choices = scopeChoices(scopes, text);
    const chosen = () => then(checkedScope(choices));
    ask(text(key), ["cancel", () => ask(null)], [label, chosen, className]);
    question.children[1].replaceChildren(choices);
    choices.querySelector("input").focus();
    answer = chosen;
  }

  // Saving

  function submit() {
    if (answer !== null) return answer();
    if (meanwhile.undecided().length > 0) {
      fail(text("decide_first"));
      return meanwhile.focus();
    }
    const problems = problemsOf(fields.values(), text);
    if (problems.length > 0) return run(() => Promise.reject(Object.assign(new Error(), { status: 400, errors: problems })), explain);
    const moves = draft.base !== null && draft.base.department_id !== value("department_id");
    return draft.series && (moves || Object.keys(changes()).length > 0)
      ? askScope("ask_scope_save", scopesOf(changes(), moves), save, ["save", "primary"]) : save();
  }

  function save(scope) {
    ask(null);
    return run(async () => {
      const editing = draft;
      editing.saving = isSaying = true;
      try {
        const writes = await write(scope);
        if (writes) await settled(writes);
        drafts.drop(editing.id);
        if (writes) saved(writes.at(-1).event);
        close();
      } finally {
        editing.saving = false;
        state.textContent = "";
        // Others hear of a refusal a moment later.
        setTimeout(() => (isSaying = false), 100);
      }
    }, (error) => (error.code === "event_not_found" || error.code === "event_deleted" ? becomeNew() : explain(error)));
  }

  function write(scope) {
    const { department_id: departmentId, ...after } = current();
    if (!draft.base) return actions.create(departmentId, { id: draft.id, ...toCreate(after) });
    return actions.change(draft.base, { fields: toSend(changes(), after), departmentId, scope: scope ?? null });
  }

  /** Waits for the server, but not for long: what takes longer is in the queue, and is said to wait. */
  async function settled(writes) {
    const all = Promise.all(writes.map(({ done }) => done));
    const isLive = () => ["live", "catching_up"].includes(sync.connection.state);
    state.textContent = text(isLive() ? "save_sending" : "save_waiting");
    const outcome = await Promise.race([all, seconds(isLive() ? patience : 0.2).then(() => "waiting")]);
    if (outcome !== "waiting") return;
    all.catch(() => {});
    // Without a connection that is said with the button to take it back (actions.js).
    if (isLive()) notify({ message: text("save_waiting"), seconds: 6 });
  }

  function remove(scope) {
    ask(null);
    const { base } = draft;
    drafts.drop(draft.id);
    close();
    actions.remove(base, { scope: scope ?? null });
  }

  // What others do meanwhile

  function rebase(event, by) {
    const series = event.series_id ? sync.find(event.series_id) ?? draft.series : null;
    const [base, mine, theirs] = [seen(), current(), comparable(event, series)];
    const { taken, clashes } = compare(base, mine, theirs);
    draft = { ...draft, base: event, series };
    const values = fields.values();
    const newer = valuesOf(event, series);
    const put = taken.flatMap((group) => valuesIn(group, newer)).map((name) => [name, newer[name]]);
    if (put.length > 0) fields.open({ ...values, repeat_start: newer.repeat_start, ...Object.fromEntries(put) }, !series);
    meanwhile.tell({ base, theirs, mine, taken, clashes, by });
  }

  function useTheirs(group) {
    const newer = valuesOf(draft.base, draft.series);
    fields.open({ ...fields.values(), ...Object.fromEntries(valuesIn(group, newer).map((name) => [name, newer[name]])) }, !draft.series);
  }

  /** The event is gone: what was typed can become a new one. */
  function becomeNew() {
    if (draft.readOnly) return close();
    const departments = editable().map(({ id }) => id);
    drafts.drop(draft.id);
    draft = { ...draft, base: null, series: null, id: newId(), opened: "" };
    meanwhile.clear();
    ask(null);
    find("[data-action=delete]").hidden = true;
    find("[type=submit]").textContent = text("save_as_new");
    if (!departments.includes(value("department_id"))) form.elements.namedItem("department_id").value = departments[0] ?? "";
    fail(text("event_gone"));
    keep();
  }

  dialog.addEventListener("close", () => watch.end());
  find("[data-action=leave]").onclick = leave;
  find("[data-action=delete]").onclick = () => {
    if (draft.series) askScope("ask_scope_delete", ["this", "following", "all"], remove, ["delete", "danger"]);
    else remove();
  };

  return {
    /** Opens the form of a new event that has these fields already, `event_date` and `department_id` among them. */
    create: (given, { isChanged = false } = {}) => show(null, null, valuesOf(given), { isChanged }),
    edit: (event) => show(event, actions.seriesOf(event) ?? null, valuesOf(event, actions.seriesOf(event) ?? null)),
    /** Opens a draft, or the form of a write that the server has refused: its event if it is still there, else a new one. */
    resume({ id, event, values }) {
      const base = event && sync.find(event.id);
      show(base ?? null, base ? actions.seriesOf(base) ?? null : null, base ? valuesOf(base, actions.seriesOf(base) ?? null) : values, { isChanged: true });
      takeUp({ id, event: base ? event : null, values });
    },
    isOpen: () => dialog.open,
    isDirty: () => dialog.open && isDirty(),
    /** A write of this window is on its way: what is said about it is said here. */
    isSaving: () => isSaying,
    keep,
    close: () => draft !== null && close(),
  };
}
