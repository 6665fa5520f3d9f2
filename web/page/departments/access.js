// Who may what in a department, and its passcode: for its managers, where people sign in.

import "../dialogs.css";
import { changesOf, GROUP, keyOf } from "../accounts/people.js";
import { ACCESSES, ROLES } from "../accounts/rights.js";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, button, check, field, input, named, select, worded } from "../form-parts.js";

/** `saved(department)` is called after it. */
export function createAccessDialog({ routes, text, saved }) {
  const options = ROLES.map((role) => [role, text(`role_${role}`)]);
  const parts = createParts(text, options, () => add());
  const { dialog, form, run, fail, open, close, value } = formDialog(buildDialog(text, "access-dialog", {
    heading: "department_access", parts: parts.all, submit: "save", large: true,
  }), { text, submit: save });
  const heading = dialog.querySelector("h2");
  const remover = form.elements.namedItem("remove_passcode");
  let department = null;
  let before = null;
  let roles = {};

  dialog.addEventListener("close", () => (form.elements.namedItem("passcode").value = ""));

  function draw() {
    const names = new Map(before.users.map(({ id, login, name }) => [id, name === login ? name : `${name} (${login})`]));
    const nameOf = (key) => names.get(key) ?? (key.startsWith(GROUP) ? text("group_named", { name: key.slice(GROUP.length) }) : key);
    const keys = Object.keys(roles).sort((a, b) => nameOf(a).localeCompare(nameOf(b), "ko"));
    parts.rows.replaceChildren(...keys.map((key) => row(key, nameOf(key))));
    parts.none.hidden = keys.length > 0;
    parts.people.replaceChildren(...before.users.filter(({ id }) => !(id in roles)).map(({ login, name }) =>
      element("option", { value: login, textContent: name })));
  }

  function row(key, name) {
    const choice = select("", options, { aria: { label: text("role_of", { name }) }, onchange: ({ target }) => (roles[key] = target.value) });
    choice.value = roles[key];
    const remove = () => {
      delete roles[key];
      draw();
      form.elements.namedItem("new_member").focus();
    };
    return element("tr", {}, element("th", { scope: "row" }, named(name)), element("td", {}, choice),
      element("td", {}, button("×", remove, { className: "icon", label: text("role_remove", { name }) })));
  }

  /** Returns whether nothing is left that was typed as a member but can't be one. */
  function add() {
    const member = form.elements.namedItem("new_member");
    if (member.value.trim() === "") return true;
    const key = keyOf(member.value, before.users);
    if (key === null) {
      fail(text("member_unknown", { name: member.value.trim() }));
      member.focus();
      return false;
    }
    roles[key] = value("new_role");
    member.value = "";
    draw();
    return true;
  }

  function save() {
    if (before === null || !add()) return;
    return run(async () => {
      const changes = changesOf(before, { access: value("access"), roles, passcode: value("passcode"), removesPasscode: remover.checked });
      if (Object.keys(changes).length > 0) await routes.setAccess(department.id, changes);
      close();
      saved(department);
    });
  }

  async function load() {
    before = await routes.access(department.id);
    roles = { ...before.roles };
    form.elements.namedItem("access").value = before.access;
    parts.state.textContent = text(before.has_passcode ? "passcode_set" : "passcode_none");
    parts.link.value = routes.page(`#department=${department.id}`);
    for (const part of form.querySelectorAll("[data-with=passcode]")) part.hidden = !before.has_passcode;
    draw();
  }

  return {
    open(which) {
      department = which;
      before = null;
      remover.checked = false;
      parts.rows.replaceChildren();
      parts.state.textContent = "";
      heading.replaceChildren(...worded(text, "department_access_named", { name: which.name }));
      open({ new_member: "", passcode: "", access: "members" });
      run(load);
    },
  };
}

/** Builds what is in the dialog: `all` in order, and those that are filled later. */
function createParts(text, options, add) {
  const rows = element("tbody", { id: "roles" });
  const none = element("p", { id: "roles-none", className: "quiet", textContent: text("members_none") });
  const people = element("datalist", { id: "people" });
  const state = element("p", { id: "passcode-state", className: "quiet wide" });
  const link = input("", { id: "passcode-link", readOnly: true, onfocus: ({ target }) => target.select() });
  const member = input("new_member", { spellcheck: false });
  member.setAttribute("list", people.id);
  const head = element("thead", { className: "unseen" }, element("tr", {},
    element("th", { scope: "col", textContent: text("field_user_name") }), element("th", { scope: "col", textContent: text("role") }), element("td")));
  return {
    rows, none, people, state, link,
    all: [
      field(text, "access", select("access", ACCESSES.map((each) => [each, text(`access_${each}`)]))),
      element("h3", { className: "wide", textContent: text("members") }),
      element("div", { className: "table wide" }, element("table", {}, head, rows), none),
      element("div", { className: "add wide" }, field(text, "field_new_member", member, { className: "" }), people,
        field(text, "role", select("new_role", options), { className: "" }),
        button(text("add"), add, { data: { action: "add-member" } })),
      element("h3", { className: "wide", textContent: text("field_passcode") }), state,
      field(text, "field_new_passcode", input("passcode", { type: "password", autocomplete: "new-password" }), { className: "" }),
      field(text, "passcode_link", link, { className: "", data: { with: "passcode" } }),
      check(text, "passcode_remove", input("remove_passcode", { type: "checkbox" }), { data: { with: "passcode" } }),
    ],
  };
}
