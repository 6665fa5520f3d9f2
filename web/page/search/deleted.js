// The events that were deleted lately, of one department or of several, and how one comes back.
//
// createDeleted({ sync, text, when, moment, written }): as createHistory. Returns { open(departmentIds) }.

import "../dialogs.css";
import "./search.css";
import { mayEdit } from "../accounts/rights.js";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, button, named, worded } from "../form-parts.js";
import { dress } from "../departments/palette.js";
import { author } from "../notices/sentences.js";
import { createRoutes } from "../routes.js";
import { deletedOf, lastState } from "./steps.js";

/** Changes that are looked through, of all departments together; of each at least LEAST. */
const [CHANGES, LEAST] = [1_000, 100];
const MOST_DEPARTMENTS = 30;
const MOST_SHOWN = 200;
const MOST_CHECKED = 40;
const AT_ONCE = 3;

/** One of several departments may be gone meanwhile, or out of sight. */
function unlessGone(error) {
  if (![403, 404].includes(error.status)) throw error;
  return [];
}

export function createDeleted({ sync, text, when, moment, written }) {
  const routes = createRoutes(sync);
  const list = element("ul", { id: "deleted-events", className: "steps wide" });
  const note = element("p", { className: "quiet wide", aria: { role: "status" } });
  const { dialog, run, fail, open } = formDialog(buildDialog(text, "deleted-dialog", { parts: [list, note], large: true }), { text, submit: () => {} });
  let departments = [];

  async function load() {
    const asked = departments;
    note.textContent = text("history_loading");
    const found = [];
    for (const department of asked) {
      const changes = await routes.newestChanges(department.id, Math.max(LEAST, Math.floor(CHANGES / asked.length))).catch(unlessGone);
      if (departments !== asked || !dialog.open) return;
      // What was moved to another department looks deleted in the log of this one.
      found.push(...deletedOf(changes).filter(({ event }) => !sync.find(event.id)).map((each) => ({ ...each, department })));
    }
    const deleted = found.sort((one, other) => (one.at < other.at ? 1 : -1)).slice(0, MOST_SHOWN);
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
      if (!row || departments !== asked || !dialog.open) return;
      row.dataset.checked = "";
      const isGone = await routes.history(row.dataset.event).then((history) => lastState(history) === null, ({ status }) => status === 404);
      if (!isGone || departments !== asked || row.contains(document.activeElement)) continue;
      row.remove();
      tellNumber();
    }
  }

  function item({ event, at, by, verified, department }) {
    return element("li", { data: { event: event.id } },
      element("div", { className: "step-head" },
        element("strong", {}, named(event.title)), element("span", { textContent: when(event) }),
        mayEdit(sync.session, department) ? button(text("restore"), ({ currentTarget }) => run(() => restore(event, currentTarget.closest("li"))), {
          data: { restore: event.id }, aria: { label: text("restore_named", { title: event.title }) },
        }) : null),
      element("p", { className: "quiet" }, ...worded(text, by ? "deleted_by" : "deleted_at", { at: moment(new Date(at), "medium"), who: by ? author({ who: by, verified }, text) : "" }),
        ...(departments.length > 1 ? [" · ", dress(named(department.name, { className: "of" }), department)] : [])));
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
    open(departmentIds) {
      departments = departmentIds.map((id) => sync.departments.get(id)).filter(Boolean).slice(0, MOST_DEPARTMENTS);
      dialog.querySelector("h2").replaceChildren(...(departments.length === 1 ? worded(text, "deleted_of", { name: departments[0].name }) : [text("deleted_heading")]));
      list.replaceChildren();
      open({});
      run(load);
    },
  };
}
