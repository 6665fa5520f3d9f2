// What the dialogs of the page are built of. `text(key)` is the translator of the page.

import { element } from "./element.js";

/** Returns nodes for a text: what came from outside stands in `<bdi>`, so that a name can't turn the sentence. */
export const worded = (text, key, values) =>
  text.parts(key, values).map((part) => (part.value ? element("bdi", { textContent: part.text }) : part.text));

/** Returns a name or a title as an element of its own. */
export const named = (name, properties = {}) => element("bdi", { ...properties, textContent: name });

/** Returns a button; `label` is the whole name of one that shows only a sign. */
export const button = (content, onclick, { label, className = "", ...more } = {}) =>
  element("button", { type: "button", className, onclick, ...(label ? { title: label, aria: { label } } : {}), ...more }, ...[content].flat());

/** Returns a control with its name above it. `text` names it by `key`. */
export function field(text, key, control, { className = "wide", data = {} } = {}) {
  return element("label", { className: `field ${className}`, data }, element("span", { textContent: text(key) }), control);
}

/** Returns a box to tick with its name beside it. */
export const check = (text, key, input, { data = {} } = {}) =>
  element("label", { className: "check wide", data }, input, element("span", { textContent: text(key) }));

export const input = (name, properties = {}) => element("input", { name, ...properties });

/** `choices` are `[value, text]`. */
export const select = (name, choices, properties = {}) =>
  element("select", { name, ...properties }, ...choices.map(([value, label]) => element("option", { value, textContent: label })));

/**
 * Puts a dialog into the page and returns it: a heading, `parts`, a line for what went wrong, and buttons. Without
 * `submit`, the text of its button, the dialog only shows something.
 */
export function buildDialog(text, id, { heading, parts, submit, cancel = submit ? "cancel" : "close", danger = false, large = false, buttons = [] }) {
  const title = element("h2", { id: `${id}-heading`, textContent: heading ? text(heading) : "" });
  const form = element("form", { noValidate: true, autocomplete: "off" },
    title, ...parts,
    element("p", { className: "failure", hidden: true, aria: { role: "alert" } }),
    element("footer", {}, ...buttons,
      element("button", { type: "button", textContent: text(cancel), data: { action: "cancel" } }),
      submit ? element("button", { type: "submit", className: danger ? "danger" : "primary", textContent: text(submit) }) : null));
  const dialog = element("dialog", { id, className: large ? "large" : "", aria: { labelledby: title.id } }, form);
  document.body.append(dialog);
  return dialog;
}

/** Copies the text of an input. Over plain http there is no clipboard: the text is selected to be copied by hand. */
export async function copyFrom(source) {
  source.select();
  try {
    await navigator.clipboard.writeText(source.value);
    return true;
  } catch {
    return document.execCommand?.("copy") ?? false;
  }
}
