// A new department, a department's name, description and colour, and its deletion.

import "../dialogs.css";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, field, input, worded } from "../form-parts.js";
import { COLOUR_NAMES, colourOf, freeColour } from "./palette.js";
import { isSameName } from "./same-name.js";

/** Radio buttons for the colours of the palette. */
export function colourChoice(text) {
  return element("fieldset", { className: "palette wide" }, element("legend", { textContent: text("field_color") }),
    element("div", {}, ...COLOUR_NAMES.map((name, number) => element("label", { data: { colour: number }, title: text(`colour_${name}`) },
      element("input", { type: "radio", name: "color", value: name, aria: { label: text(`colour_${name}`) } }), element("span")))));
}

/** Creates a department, or edits one; `done(department)` is called after it. `departments()` is the Map of them. */
export function createDepartmentDialog({ routes, text, departments, done }) {
  let edited = null;
  const { dialog, form, run, open, close, value } = formDialog(buildDialog(text, "department-dialog", {
    parts: [
      field(text, "field_name", input("name", { required: true, maxLength: 100 })),
      field(text, "field_description", element("textarea", { name: "description", rows: 2 })),
      colourChoice(text),
    ],
    submit: "save",
  }), { text, submit: save });
  const heading = dialog.querySelector("h2");
  const button = form.querySelector("[type=submit]");

  function save() {
    const fields = { name: value("name"), description: value("description"), color: value("color") };
    return run(async () => {
      const department = edited ? await routes.editDepartment(edited.id, changed(fields)) : await routes.createDepartment(fields);
      close();
      done(department, edited === null);
    });
  }

  /** What wasn't changed isn't sent: somebody else may have changed it meanwhile. */
  function changed(fields) {
    const before = { name: edited.name, description: edited.description ?? "", color: nameOf(edited) };
    return Object.fromEntries(Object.entries(fields).filter(([key, each]) => each !== before[key] && (key !== "color" || each !== "")));
  }

  return {
    /** `department` is the one to edit; without it a new one is made. */
    open(department = null) {
      edited = department;
      heading.textContent = text(department ? "department_settings" : "new_department");
      button.textContent = text(department ? "save" : "create");
      open({
        name: department?.name ?? "", description: department?.description ?? "",
        color: department ? nameOf(department) : freeColour(departments()),
      });
      form.elements.namedItem("name").focus();
    },
  };
}

/** The palette's name of a department's colour; "" for one of its own. */
function nameOf(department) {
  const { number, own } = colourOf(department);
  return own === null ? COLOUR_NAMES[number] : "";
}

/** Deletes a department after the user has typed its name. That it is gone is told by notices.js. */
export function createDeletionDialog({ routes, text }) {
  let department = null;
  const warning = element("p", { id: "deletion-warning", className: "wide" });
  const confirmed = () => isSameName(value("name"), department.name);
  const { dialog, form, run, open, close, value } = formDialog(buildDialog(text, "deletion-dialog", {
    heading: "delete_department", parts: [warning, field(text, "delete_department_confirm", input("name", { spellcheck: false }))],
    submit: "delete", danger: true,
  }), {
    text,
    submit: () => confirmed() && run(async () => {
      await routes.deleteDepartment(department.id);
      close();
    }),
  });
  const button = form.querySelector("[type=submit]");
  form.elements.namedItem("name").oninput = () => (button.disabled = !confirmed());
  dialog.setAttribute("aria-describedby", warning.id);

  /** Says how much goes along. A number that can't be had is no reason to say that it is nothing. */
  async function count() {
    const asked = department;
    const total = await routes.found(asked.id).then(({ length }) => length).catch(() => null);
    if (department !== asked || total === null) return;
    warning.replaceChildren(...worded(text, total === 0 ? "delete_department_empty" : "delete_department_counted", { name: asked.name, count: total }));
  }

  return {
    open(which) {
      department = which;
      button.disabled = true;
      warning.replaceChildren(...worded(text, "delete_department_warning", { name: which.name }));
      open({ name: "" });
      count();
    },
  };
}
