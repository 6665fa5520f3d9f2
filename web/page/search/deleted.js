// The events of a department that were deleted lately, and how one comes back.
//
// createDeleted({ sync, text, when, moment, written }): as createHistory. Returns { open(departmentId) }.

import "../dialogs.css";
import "./search.css";
import { mayEdit } from "../accounts/rights.js";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, button, named, worded } from "../form-parts.js";
import { author } from "../notices/sentences.js";
import { createRoutes } from "../routes.js";
import { deletedOf, lastState } from "./steps.js";

/** Changes of the department that are looked through. */
const CHANGES = 1_000;
const MOST_SHOWN = 200;
const MOST_CHECKED = 40;
const AT_ONCE = 3;

export function createDeleted({ sync, text, when, moment, written }) {
  const routes = createRoutes(sync);
  const list = element("ul", { id: "deleted-events", className: "steps wide" });
  const note = element("p", { className: "quiet wide", aria: { role: "status" } });
  const { dialog, run, fail, open } = formDialog(buildDialog(text, "deleted-dialog", { parts: [list, note], large: true }), { text, submit: () => {} });
  let department = null;

  async function load() {
    const asked = department;
    note.textContent = text("history_loading");
    // What was moved to another department looks deleted in the log of this one.
    const deleted = deletedOf(await routes.newestChanges(asked.id, CHANGES)).filter(({ event }) => !sync.find(event.id)).slice(0, MOST_SHOWN);
    if (department !== asked) return;
    list.replaceChildren(...deleted.map(item));
    tellNumber();
    for (let count = 0; count < AT_ONCE; count += 1) checkMoves(asked);
  }

  function tellNumber() {
    note.textContent = text(list.children.length === 0 ? "deleted_none" : "deleted_hint");
  }

  /** Takes out of the list what its history knows to be elsewhere; of a long list only the upper part is looked at. */
  async function checkMoves(asked) {
    for (;;) {
      const row = [...list.children].slice(0, MOST_CHECKED).find(({ dataset }) => dataset.checked === undefined);
      if (!row || department !== asked || !dialog.open) return;
      row.dataset.checked = "";
      const isGone = await routes.history(row.dataset.event).then((history) => lastState(history) === null, ({ status }) => status === 404);
      if (!isGone || department !== asked || row.contains(document.activeElement)) continue;
      row.remove();
      tellNumber();
    }
  }

  function item({ event, at, by, verified }) {
    return element("li", { data: { event: event.id } },
      element("div", { className: "step-head" },
        element("strong", {}, named(event.title)), element("span", { textContent: when(event) }),
        mayEdit(sync.session, department) ? button(text("restore"), ({ currentTarget }) => run(() => restore(event, currentTarget.closest("li"))), {
          data: { restore: event.id }, aria: { label: text("restore_named", { title: event.title }) },
        }) : null),
      element("p", { className: "quiet" }, ...worded(text, by ? "deleted_by" : "deleted_at", { at: moment(new Date(at), "medium"), who: by ? author({ who: by, verified }, text) : "" })));
  }

  /** What is listed may have come back meanwhile, or have moved: its own history knows. */
  async function restore(event, row) {
    const last = lastState(await routes.history(event.id));
    if (last === null) fail(text("restore_impossible", { title: event.title }));
    else written({ write: sync.restore(event.id, last.revision, last.department_id), message: text("restored", { title: event.title }) });
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    tellNumber();
    (next?.querySelector("button") ?? dialog.querySelector("[data-action=cancel]")).focus();
  }

  return {
    open(departmentId) {
      department = sync.departments.get(departmentId);
      dialog.querySelector("h2").replaceChildren(...worded(text, "deleted_of", { name: department.name }));
      list.replaceChildren();
      open({});
      run(load);
    },
  };
}
