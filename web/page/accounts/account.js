// What one has: tokens and sessions, one's password; for administrators the users.

import "../dialogs.css";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, button, copyFrom, field, input, named, select, worded } from "../form-parts.js";

/** Makes an app token; `made()` is called after it. The secret is shown this once. */
function createTokenDialog({ routes, text, made }) {
  const hint = element("p", { id: "secret-hint", textContent: text("secret_hint") });
  const secretField = input("", { readOnly: true, aria: { labelledby: hint.id } });
  const copied = element("span", { className: "quiet", aria: { role: "status" } });
  const copy = button(text("copy"), async () => {
    copied.textContent = (await copyFrom(secretField)) ? text("copied") : "";
  });
  const shown = element("div", { className: "secret reason wide", hidden: true, aria: { role: "status" } },
    hint, element("div", { className: "add" }, secretField, copy, copied));
  const { dialog, form, run, open, value } = formDialog(buildDialog(text, "token-dialog", {
    heading: "new_token", submit: "create", parts: [
      field(text, "field_token_name", input("name")),
      field(text, "field_cap", select("cap", [["", text("cap_none")], ["editor", text("role_editor")], ["viewer", text("role_viewer")]]), { className: "" }),
      field(text, "field_days", select("days", [["30", text("days_30")], ["365", text("days_365")], ["0", text("days_none")]]), { className: "" }),
      shown,
    ],
  }), {
    text,
    submit: () => run(async () => {
      const { secret } = await routes.issueToken({ kind: "app", name: value("name"), cap: value("cap") || null, days: Number(value("days")) || null });
      show(secret);
      made();
    }),
  });

  function show(secret) {
    shown.hidden = secret === "";
    secretField.value = secret;
    copied.textContent = "";
    for (const part of form.querySelectorAll(".field, [type=submit]")) part.hidden = secret !== "";
    form.querySelector("[data-action=cancel]").textContent = text(secret ? "close" : "cancel");
    if (secret) secretField.select();
  }

  dialog.addEventListener("close", () => show(""));
  return {
    open() {
      show("");
      open({ name: "", cap: "", days: "365" });
    },
  };
}

/** Sets the password of a user, or one's own with the present one; `changed(user)` is called after it. `id` is the dialog's. */
export function createPasswordDialog({ routes, text, session, changed, id = "password-dialog" }) {
  let user = null;
  const isOwn = () => user.id === session().user?.id;
  const { dialog, form, run, open, close, value } = formDialog(buildDialog(text, id, {
    submit: "save", parts: [
      element("p", { className: "quiet wide", textContent: text("password_hint") }),
      field(text, "field_current_password", input("current_password", { type: "password", autocomplete: "current-password" }), { data: { for: "own" } }),
      field(text, "field_new_password", input("password", { type: "password", autocomplete: "new-password" })),
    ],
  }), {
    text,
    submit: () => run(async () => {
      const own = isOwn() ? { current_password: value("current_password") } : {};
      await routes.editUser(user.id, { password: value("password"), ...own });
      close();
      changed(user);
    }),
  });
  dialog.addEventListener("close", () => form.reset());
  return {
    open(whose) {
      user = whose;
      form.querySelector("[data-for=own]").hidden = !isOwn();
      dialog.querySelector("h2").replaceChildren(...worded(text, "password_of", { name: whose.name }));
      open({ current_password: "", password: "" });
    },
  };
}

/** `session()` is who one is, `who` what signs in and out, `users()` opens the list of users, `notice(message)` tells something. */
export function createAccountDialog({ routes, language, text, session, who, users, notice }) {
  const list = element("ul", { id: "token-list", className: "wide" });
  const action = (key, name, work) => button(text(key), work, { data: { action: name } });
  const manage = action("users", "users", () => users());
  const change = action("new_password", "password", () => password.open(session().user));
  const { dialog, run, open, close } = formDialog(buildDialog(text, "account-dialog", {
    buttons: [action("sign_out", "sign-out", () => leave())], parts: [
      element("h3", { className: "wide", textContent: text("tokens") }), list,
      element("div", { className: "actions wide" }, action("new_token", "new-token", () => token.open()), action("device", "device", () => who.device()), change, manage),
    ],
  }), { text, submit: () => {} });
  const token = createTokenDialog({ routes, text, made: () => run(load) });
  const password = createPasswordDialog({
    routes, text, session,
    changed() {
      // A new password ends all sessions, this one too.
      close();
      who.ended();
    },
  });
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const dayOf = (when) => day.format(new Date(typeof when === "number" ? when * 1000 : when));

  async function load() {
    list.replaceChildren(...(await routes.tokens()).map(item));
  }

  function item(one) {
    const facts = [
      text(`token_${one.kind}`),
      one.cap ? text("at_most", { role: text(`role_${one.cap}`) }) : "",
      text("made_on", { day: dayOf(one.created_at) }),
      one.used_on ? text("used_on", { day: dayOf(one.used_on) }) : "",
      one.expires_at ? text("ends_on", { day: dayOf(one.expires_at) }) : "",
    ];
    const name = one.current ? text("token_current") : one.name || text(`token_${one.kind}`);
    return element("li", {},
      element("span", {}, element("strong", {}, named(name)), element("span", { className: "quiet", textContent: facts.filter(Boolean).join(" · ") })),
      element("button", {
        type: "button", textContent: text(one.current ? "sign_out" : "revoke"),
        aria: { label: text(one.current ? "sign_out" : "revoke_named", { name }) },
        onclick: () => (one.current ? leave() : run(() => revoke(one, name))),
      }));
  }

  async function revoke(one, name) {
    await routes.revokeToken(one.id);
    notice(text("revoked", { name }));
    await load();
  }

  const leave = () => run(() => who.signOut());

  return {
    open() {
      const { user } = session();
      dialog.querySelector("h2").replaceChildren(...worded(text, user.admin ? "account_of_admin" : "account_of", { name: user.name, login: user.login }));
      manage.hidden = !user.admin;
      list.replaceChildren();
      open({});
      run(load);
    },
  };
}
