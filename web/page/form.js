// What all dialogs with a form share: opening, errors beside the fields, one request at a time.

import { element } from "./element.js";
import { rememberFocus } from "./events/focus.js";
import { reasonOf } from "./reasons.js";

/** `which` is a dialog, or the id of one of the page. `submit()` is called for its form, `leave()` says whether it may be closed. */
export function formDialog(which, { text, submit, leave = () => true }) {
  const dialog = typeof which === "string" ? document.getElementById(which) : which;
  const { id } = dialog;
  const form = dialog.querySelector("form");
  const failure = form.querySelector(".failure");
  let busy = false;

  function clearErrors() {
    failure.hidden = true;
    for (const error of form.querySelectorAll(".error")) error.remove();
    for (const input of form.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  }

  function fail(message) {
    failure.textContent = message;
    failure.hidden = false;
  }

  function explain(error) {
    if (error.status === undefined) throw error;
    const elsewhere = error.errors.filter(({ field, message }) => !markInvalid(field, message));
    form.querySelector("[aria-invalid]")?.focus();
    if (elsewhere.length > 0) fail(elsewhere.map(({ message }) => message).join(" "));
    else if (error.errors.length === 0) fail(reasonOf(error, text));
  }

  function markInvalid(field, message) {
    const input = form.elements.namedItem(field);
    // Nothing is marked that isn't seen, nor several controls at once.
    if (!(input instanceof HTMLElement) || input.closest("[hidden]")) return false;
    const note = element("span", { className: "error", id: `${id}-${field}-error`, textContent: message });
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", note.id);
    input.after(note);
    return true;
  }

  /** Runs one request; its error is passed to `explained`, or shown beside the fields. */
  async function run(work, explained = explain) {
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    clearErrors();
    try {
      await work();
    } catch (error) {
      explained(error);
    } finally {
      busy = false;
      form.removeAttribute("aria-busy");
    }
  }

  // What had the focus may be gone with a sheet that closes when a window opens: then what stands for it takes the focus.
  let back = () => {};
  dialog.addEventListener("close", () => {
    const at = document.activeElement;
    if (at === null || at === document.body || dialog.contains(at)) back();
  });

  const tryToLeave = () => !busy && leave() && dialog.close();
  dialog.addEventListener("cancel", (cancel) => {
    cancel.preventDefault();
    tryToLeave();
  });
  form.querySelector("[data-action=cancel]").onclick = tryToLeave;
  form.onsubmit = (submission) => {
    submission.preventDefault();
    submit();
  };

  return {
    dialog, form, run, fail, explain, clearErrors, close: () => dialog.close(),
    value: (name) => form.elements.namedItem(name).value,
    open(values) {
      clearErrors();
      for (const [name, value] of Object.entries(values)) form.elements.namedItem(name).value = value;
      if (dialog.open) return;
      back = rememberFocus();
      dialog.showModal();
    },
  };
}

/** Closes what is open, whatever was typed: it isn't for who comes next. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}
