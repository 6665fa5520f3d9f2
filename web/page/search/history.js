// The history of an event: who changed what, and how it was brought back.
//
// createHistory({ sync, text, when, moment, rule?, written }):
//   when(event)  says when an event is, with its day
//   moment(at, style)  says a Date
//   rule(series) says a series' rule in words
//   written({write, message})  is told of what was restored: shows the message with "undo"
// Returns { open(event) }.

import "../dialogs.css";
import "./search.css";
import { mayEdit } from "../accounts/rights.js";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, button, named, worded } from "../form-parts.js";
import { author } from "../notices/sentences.js";
import { createRoutes } from "../routes.js";
import { isRestorable, stepsOf } from "./steps.js";

const LONGEST = 120;

export function createHistory({ sync, text, when, moment, rule = () => "", written }) {
  const routes = createRoutes(sync);
  const list = element("ol", { id: "history-steps", className: "steps wide" });
  const note = element("p", { className: "quiet wide", aria: { role: "status" } });
  const { dialog, run, open, close } = formDialog(buildDialog(text, "history-dialog", { parts: [list, note], large: true }), { text, submit: () => {} });
  const heading = dialog.querySelector("h2");
  const values = createValues({ sync, text, when, rule });
  let shown = null;

  async function load() {
    const event = shown;
    note.textContent = text("history_loading");
    const steps = stepsOf(await routes.history(event.id));
    if (shown !== event) return;
    list.replaceChildren(...steps.map((step, index) => item(step, index)));
    note.textContent = steps.length === 0 ? text("history_none") : steps.at(-1).kind === "created" ? "" : text("history_limited");
  }

  function item(step, index) {
    const may = mayEdit(sync.session, sync.departments.get(step.departmentId)) && mayEdit(sync.session, sync.departments.get(shown.department_id));
    return element("li", { data: { kind: step.kind } },
      element("div", { className: "step-head" },
        element("strong", { textContent: text(`step_${step.kind}`) }),
        step.by ? element("span", {}, named(author({ who: step.by, verified: step.verified }, text))) : element("span", { className: "quiet", textContent: text("nameless") }),
        element("time", { className: "quiet", dateTime: step.at, textContent: moment(new Date(step.at), "medium") }),
        may && isRestorable(step, index) ? button(text("restore_step"), () => restore(step), {
          className: "link", data: { restore: step.revision }, aria: { label: text("restore_step_of", { at: moment(new Date(step.at), "medium") }) },
        }) : null),
      ...values.of(step));
  }

  function restore(step) {
    const write = sync.restore(shown.id, step.revision, step.departmentId);
    written({ write, message: text("restored", { title: step.event.title }) });
    close();
  }

  return {
    open(event) {
      shown = event;
      heading.replaceChildren(...worded(text, "history_of", { title: event.title }));
      list.replaceChildren();
      open({});
      run(load);
    },
  };
}

/** Says what a step has changed, as a list of fields with the values before and after. */
function createValues({ sync, text, when, rule }) {
  const departmentName = (id) => sync.departments.get(id)?.name ?? text("department_unknown");
  const short = (value) => (value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);

  function value(field, event) {
    if (field === "when") return when(event);
    if (field === "department_id") return departmentName(event.department_id);
    if (field === "recurrence") return event.recurrence ? rule(event) || event.recurrence : "";
    if (field === "status") return text(`status_${event.status ?? "confirmed"}`);
    return short([event[field] ?? ""].flat().join(", "));
  }

  function line(field, { before, event }) {
    const label = element("span", { className: "quiet", textContent: `${text(`history_${field}`)} ` });
    if (field === "exceptions") return element("li", {}, element("span", { textContent: text("history_exceptions") }));
    const side = (which, name) => element(name, {}, named(value(field, which) || text("history_empty")));
    return element("li", {}, label, side(before, "del"), " → ", side(event, "ins"));
  }

  return {
    of: (step) => step.fields.length > 0 ? [element("ul", {}, ...step.fields.map((field) => line(field, step)))]
      : step.kind === "created" || step.kind === "first" || step.kind === "restored"
        ? [element("p", { className: "quiet" }, named(step.event.title), ` · ${when(step.event)}`)] : [],
  };
}
