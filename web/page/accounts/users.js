// The users, for administrators: created, disabled, made administrators, given a new password.

import "../dialogs.css";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, button, check, field, input, named } from "../form-parts.js";
import { createPasswordDialog } from "./account.js";
import { matching } from "./people.js";

const SHOWN = 200;

function createUserDialog({ routes, text, created }) {
  const { dialog, form, run, open, close, value } = formDialog(buildDialog(text, "user-dialog", {
    heading: "new_user", submit: "create", parts: [
      field(text, "field_login", input("login", { autocapitalize: "none", spellcheck: false, autocomplete: "off" }), { className: "" }),
      field(text, "field_user_name", input("name"), { className: "" }),
      field(text, "field_new_password", input("password", { type: "password", autocomplete: "new-password" })),
      check(text, "administrator", input("admin", { type: "checkbox" })),
    ],
  }), {
    text,
    submit: () => run(async () => {
      const user = await routes.createUser({
        login: value("login"), name: value("name"), password: value("password") || null,
        admin: form.elements.namedItem("admin").checked,
      });
      close();
      created(user);
    }),
  });
  dialog.addEventListener("close", () => (form.elements.namedItem("password").value = ""));
  return {
    open() {
      form.elements.namedItem("admin").checked = false;
      open({ login: "", name: "", password: "" });
    },
  };
}

/** `session()` is who one is, `notice(message)` tells something. */
export function createUsersDialog({ routes, text, session, notice }) {
  const rows = element("tbody", { id: "user-rows" });
  const more = element("p", { id: "users-more", className: "quiet wide", hidden: true });
  const column = (key) => element("th", { scope: "col", textContent: text(key) });
  const head = element("thead", {}, element("tr", {}, ...["field_login", "field_user_name", "administrator", "user_disabled"].map(column), element("td")));
  const { run, open, value } = formDialog(buildDialog(text, "users-dialog", {
    heading: "users", large: true, parts: [
      field(text, "field_filter", input("filter", { type: "search", oninput: () => draw() }), { className: "" }),
      element("div", { className: "actions" }, button(text("new_user"), () => dialogOfNew.open(), { className: "primary", data: { action: "new-user" } })),
      element("div", { className: "table wide" }, element("table", {}, head, rows)), more,
    ],
  }), { text, submit: () => {} });
  const dialogOfNew = createUserDialog({
    routes, text,
    created(user) {
      notice(text("user_created", { name: user.name }));
      run(load);
    },
  });
  const password = createPasswordDialog({
    routes, text, session, id: "user-password-dialog", changed: (user) => notice(text("password_changed", { name: user.name })),
  });
  let users = [];

  async function load() {
    users = await routes.users();
    draw();
  }

  function draw() {
    const found = matching(users, value("filter"));
    rows.replaceChildren(...found.slice(0, SHOWN).map(row));
    more.hidden = found.length <= SHOWN;
    more.textContent = text("users_more", { shown: SHOWN, all: found.length });
  }

  function row(user) {
    const own = user.id === session().user?.id;
    return element("tr", { className: user.disabled ? "quiet" : "" },
      element("th", { scope: "row" }, named(user.login)), element("td", {}, named(user.name)),
      element("td", {}, flag(user, "admin", "user_admin_named", false)),
      element("td", {}, flag(user, "disabled", "user_disabled_named", own)),
      element("td", {}, element("button", {
        type: "button", textContent: text("new_password"), onclick: () => password.open(user),
        aria: { label: text("password_of", { name: user.name }) },
      })));
  }

  const flag = (user, name, label, fixed) => element("input", {
    type: "checkbox", checked: user[name], disabled: fixed, aria: { label: text(label, { name: user.name }) },
    onchange: ({ target }) => change(user, { [name]: target.checked }),
  });

  /** The boxes show what is so: also after a change that the server refused. */
  async function change(user, fields) {
    await run(async () => {
      const changed = await routes.editUser(user.id, fields);
      users = users.map((one) => (one.id === changed.id ? changed : one));
    });
    draw();
  }

  return {
    open() {
      users = [];
      open({ filter: "" });
      draw();
      run(load);
    },
  };
}
