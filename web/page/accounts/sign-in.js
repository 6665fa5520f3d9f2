// The dialogs of signing in: with a password, a passcode or an identity provider; the first administrator; a device's code.

import "../dialogs.css";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, button, field, input } from "../form-parts.js";
import { departmentIn } from "../links.js";

const KNOWN_FAILURES = ["sign_in_refused", "provider_unavailable", "too_many_attempts"];
const reasonLine = () => element("p", { className: "reason wide", hidden: true, aria: { role: "status" } });
const quiet = (text, key) => element("p", { className: "quiet wide", textContent: text(key) });
const secret = (name, autocomplete) => input(name, { type: "password", autocomplete });

/** Signs in. CalendarSync notices it: the session that follows closes the dialog. */
export function createSignInDialog({ routes, text }) {
  const reason = reasonLine();
  const provider = element("a", { hidden: true, rel: "noopener", textContent: text("sign_in_by_provider"), data: { action: "provider" } });
  const other = button("", () => show(way === "password" ? "passcode" : "password"), { className: "link", data: { action: "other-way" } });
  const of = (kind) => ({ data: { way: kind } });
  const { dialog, form, run, fail, open, close, value } = formDialog(buildDialog(text, "sign-in-dialog", {
    heading: "sign_in", submit: "sign_in", parts: [
      reason,
      field(text, "field_login", input("login", { autocomplete: "username", autocapitalize: "none", spellcheck: false }), of("password")),
      field(text, "field_password", secret("password", "current-password"), of("password")),
      field(text, "field_department_id", input("department_id", { autocomplete: "off", spellcheck: false }), of("passcode")),
      field(text, "field_passcode", secret("passcode", "off"), of("passcode")),
      element("p", { className: "ways wide" }, provider, other),
    ],
  }), {
    text,
    submit: () => run(async () => {
      await routes.signIn(way === "password"
        ? { login: value("login"), password: value("password") }
        : { department_id: departmentIn(value("department_id")), passcode: value("passcode") });
      forget();
      close();
    }),
  });
  let way = "password";
  const parts = [...form.querySelectorAll("[data-way]")];
  const ways = form.querySelector(".ways");

  // What was typed as a secret doesn't stay in the page.
  function forget() {
    for (const part of parts) for (const each of part.querySelectorAll("[type=password]")) each.value = "";
  }

  function show(next) {
    way = next;
    // A form with the secrets of both ways confuses what keeps passwords.
    for (const part of parts) {
      if (part.dataset.way === way) ways.before(part);
      else part.remove();
    }
    other.textContent = text(way === "password" ? "sign_in_by_passcode" : "sign_in_by_password");
    form.querySelector(`[data-way=${way}] input`).focus();
  }

  dialog.addEventListener("close", forget);
  form.autocomplete = "on";

  return {
    /**
     * `reason` is the text that says why; `failure` the code of what went wrong at the identity provider;
     * `department` the id of the department whose passcode is asked for; with `elsewhere` the provider's page
     * opens in a tab of its own, since this one holds what is typed.
     */
    open({ reason: why, failure, department, elsewhere = false }) {
      reason.hidden = !why;
      if (why) reason.textContent = text(why);
      provider.href = routes.provider(location.pathname);
      provider.target = elsewhere ? "_blank" : "_self";
      ways.before(...parts);
      open(department ? { department_id: department } : {});
      show(department ? "passcode" : "password");
      if (department) form.elements.namedItem("passcode").focus();
      if (failure) fail(text(KNOWN_FAILURES.includes(failure) ? failure : "sign_in_refused"));
    },
    close,
    /** `ways`: how one signs in here, as the session says. */
    offer: (ways) => (provider.hidden = !ways?.oidc),
  };
}

/** Makes the first administrator, with the code of the link that the server's log shows. */
export function createSetupDialog({ routes, text }) {
  let code = "";
  const { dialog, form, run, open, close, value } = formDialog(buildDialog(text, "setup-dialog", {
    heading: "setup", submit: "create", parts: [
      quiet(text, "setup_hint"),
      field(text, "field_login", input("login", { autocomplete: "username", autocapitalize: "none", spellcheck: false }), { className: "" }),
      field(text, "field_user_name", input("name", { autocomplete: "name" }), { className: "" }),
      field(text, "field_new_password", secret("password", "new-password")),
    ],
  }), {
    text,
    submit: () => run(async () => {
      await routes.signIn({ setup: code, login: value("login"), name: value("name"), password: value("password") });
      close();
    }),
  });
  dialog.addEventListener("close", () => (form.elements.namedItem("password").value = ""));
  return {
    open(given) {
      code = given;
      open({ login: "", name: "", password: "" });
    },
  };
}

/** Lets a program in that shows a code: its name is shown before it is confirmed. */
export function createDeviceDialog({ routes, text }) {
  const note = reasonLine();
  const { form, run, open, value } = formDialog(buildDialog(text, "device-dialog", {
    heading: "device", submit: "device_next", parts: [
      quiet(text, "device_hint"),
      field(text, "field_code", input("code", { autocapitalize: "characters", spellcheck: false, placeholder: "BCDF-GHJK" })), note,
    ],
  }), {
    text,
    submit: () => run(async () => {
      const code = value("code").trim();
      if (code !== looked) await look(code);
      else await confirm(code);
    }),
  });
  const next = form.querySelector("[type=submit]");
  const cancel = form.querySelector("[data-action=cancel]");
  let looked = null;
  let program = "";

  async function look(code) {
    program = await routes.device(code);
    looked = code;
    note.textContent = text("device_question", { name: program });
    note.hidden = false;
    next.textContent = text("device_confirm");
  }

  async function confirm(code) {
    await routes.confirmDevice(code);
    note.textContent = text("device_confirmed", { name: program });
    next.hidden = true;
    cancel.textContent = text("close");
    cancel.focus();
  }

  function begin() {
    looked = null;
    note.hidden = true;
    next.textContent = text("device_next");
  }

  form.elements.namedItem("code").oninput = begin;

  return {
    open(code) {
      begin();
      next.hidden = false;
      cancel.textContent = text("cancel");
      open({ code });
      if (code) form.requestSubmit();
    },
  };
}
