// What a department exchanges with other programs: the address that they subscribe to, files that go out, and files that come in.

import "../dialogs.css";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, field, input, select } from "../form-parts.js";
import { createImport } from "./import.js";
import { inOrder } from "./order.js";
import { createSubscription } from "./subscribe.js";

/** `departments()` returns the Map of departments, `mayEdit(department)` whether one may, `session()` who one is. */
export function createExchangeDialog({ routes, text, departments, mayEdit, session }) {
  const choice = select("department_id", []);
  const files = input("file", { type: "file", accept: ".ics,.csv,text/calendar,text/csv", multiple: true });
  const department = () => departments().get(choice.value);
  const subscription = createSubscription({ routes, text, session, department, run: (work) => dialogForm.run(work) });
  const imports = createImport({ routes, text });
  const downloads = ["ics", "csv"].map((kind) => element("a", { className: "button", download: "", data: { download: kind }, textContent: text(`export_${kind}`) }));
  const importing = [
    element("h3", { className: "wide", textContent: text("import") }),
    field(text, "field_file", files),
    element("p", { className: "quiet wide", textContent: text("import_hint") }),
  ];
  const dialogForm = formDialog(buildDialog(text, "exchange-dialog", {
    heading: "exchange", submit: "import_start", cancel: "close", parts: [
      field(text, "field_department", choice), ...subscription.parts,
      element("h3", { className: "wide", textContent: text("export") }), element("div", { className: "actions wide" }, ...downloads),
      ...importing, imports.report,
    ],
  }), { text, submit });
  const { dialog, form, fail, explain, clearErrors, open } = dialogForm;
  const start = form.querySelector("[type=submit]");
  imports.useButton(start);

  const canEdit = () => department() !== undefined && mayEdit(department());

  function show() {
    subscription.show();
    for (const part of [...importing, start]) part.hidden = !canEdit();
    for (const link of downloads) {
      if (department()) link.href = routes.feed(department().id, link.dataset.download);
      else link.removeAttribute("href");
    }
  }

  /** The dialog may be closed meanwhile: the server goes on, and its report is here when it is opened again. */
  async function submit() {
    if (!canEdit() || imports.isRunning()) return;
    clearErrors();
    if (files.files.length === 0) return fail(text("import_no_file"));
    try {
      const taken = [...files.files];
      files.value = "";
      await imports.take(taken, department());
    } catch (error) {
      explain(error);
    }
  }

  choice.onchange = show;
  dialog.addEventListener("close", () => {
    subscription.forget();
    // A report that is finished has been seen; one that ends later waits for the next time.
    if (!imports.isRunning()) imports.clear();
  });

  return {
    /** Somebody else sits here: an import goes on, but he doesn't see its report. */
    clear: imports.clear,
    /** Whether something is being imported into a department, or was just now. */
    isImporting: imports.isImporting,
    /** `dropped`: files that were dropped on the page. Nothing is sent before the user says so. */
    open(departmentId, dropped = null) {
      choice.replaceChildren(...inOrder(departments()).map(({ id, name }) => element("option", { value: id, textContent: name })));
      open({ department_id: departmentId ?? choice.options[0]?.value ?? "", file: "" });
      show();
      if (dropped === null || imports.isRunning()) return;
      files.files = dropped;
      start.focus();
    },
  };
}
