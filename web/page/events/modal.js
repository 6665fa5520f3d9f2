// Small questions in a window of their own.

import { element } from "../element.js";
import { rememberFocus } from "./focus.js";

let count = 0;

/**
 * Shows a question and resolves with the value of the chosen button, null for Esc. `buttons: [{label, value, className?}]`, the
 * last one is the default; `body`: nodes; `read(value)`: what to resolve with
 * instead of the button's value. `required`: Esc doesn't close it, since nothing may get lost. `signal` closes it.
 */
export function ask({ heading, body = [], buttons, className = "", signal, required = false, read = (value) => value }) {
  const id = `question-${(count += 1)}`;
  const back = rememberFocus();
  const made = buttons.map(({ label, value, className: kind = "" }) =>
    element("button", { type: kind.includes("primary") || kind.includes("danger") ? "submit" : "button", textContent: label, value, className: kind }));
  const form = element("form", { method: "dialog", noValidate: true },
    element("h2", { id, textContent: heading }), ...body, element("footer", {}, ...made));
  const dialog = element("dialog", { className: `question-dialog ${className}`, aria: { labelledby: id } }, form);
  return new Promise((resolve) => {
    const close = (value) => {
      if (!dialog.isConnected) return;
      dialog.close();
      dialog.remove();
      back();
      resolve(value === null ? null : read(value));
    };
    for (const button of made) button.onclick = (click) => {
      click.preventDefault();
      close(button.value);
    };
    form.onsubmit = (submission) => {
      submission.preventDefault();
      close(submission.submitter?.value ?? buttons.at(-1).value);
    };
    dialog.oncancel = (cancel) => {
      cancel.preventDefault();
      if (!required) close(null);
    };
    signal?.addEventListener("abort", () => close(null));
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector("[autofocus], input, select") ?? made.at(-1)).focus();
  });
}

export const SCOPES = { this: "scope_this", following: "scope_following", all: "scope_all" };

/** The choices of how much of a series is meant, the first one chosen; for `checkedScope`. */
export function scopeChoices(scopes, text, name = "scope") {
  return element("div", { className: "scopes", aria: { role: "radiogroup", label: text("scope_label") } }, ...scopes.map((scope, index) =>
    element("label", { className: "check" }, element("input", { type: "radio", name, value: scope, checked: index === 0 }), text(SCOPES[scope]))));
}
export const checkedScope = (choices) => choices.querySelector("input:checked").value;

/** Returns `askScope({kind: "save" | "delete", scopes})`: this, following or all; null if the user has thought better of it. */
export function createAskScope({ text }) {
  return ({ kind, scopes }) => {
    const choices = scopeChoices(scopes, text);
    return ask({
      heading: text(kind === "delete" ? "ask_scope_delete" : "ask_scope_save"), body: [choices],
      buttons: [{ label: text("cancel"), value: "" }, kind === "delete"
        ? { label: text("delete"), value: "yes", className: "danger" } : { label: text("save"), value: "yes", className: "primary" }],
      read: (value) => (value ? checkedScope(choices) : null),
    });
  };
}
