// Short messages at the edge of the page, some with something to do: undo, reload.
//
// createToasts({ text, announce }) returns `toast({ text, action?, seconds?, kind?, quiet? })`:
//   text     a string, or nodes (worded() of form-parts.js)
//   action   {label, run}: a button; the toast goes when it is pressed
//   seconds  how long it stays (10 with an action, else 6; Infinity until it is closed); not while it is pointed at or focused
//   kind     "failure" for what went wrong, which is said at once
//   quiet    only announced, not shown
// It returns { close(), element }.

import "./notices.css";
import { element } from "../element.js";
import { frontmost, onFrontChange } from "./front.js";

const MOST = 3;

export function createToasts({ text, announce }) {
  const shelf = element("section", { id: "toasts", aria: { label: text("toasts") } });
  document.body.append(shelf);
  onFrontChange(() => shelf.parentNode !== frontmost() && frontmost().append(shelf));

  return function toast({ text: message, action, seconds = action ? 10 : 6, kind = "", quiet = false }) {
    const content = [message].flat();
    const said = content.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
    announce(action ? text("toast_with_action", { message: said, action: action.label }) : said);
    if (quiet) return { close() {}, element: null };
    // The same words again aren't a second toast.
    for (const other of [...shelf.children]) if (!action && other.dataset.said === said) other.remove();
    const made = build(content, { text, action, kind, close });
    const timer = createTimer(seconds, close);
    made.dataset.said = said;
    // Once: it would begin again whenever the shelf goes into a dialog or out of it.
    made.addEventListener("animationend", () => made.classList.add("settled"));
    hold(made, timer);
    shelf.append(made);
    if (seconds === Infinity) made.dataset.stays = "";
    for (const other of [...shelf.querySelectorAll(":scope > :not([data-stays])")].slice(0, Math.max(0, shelf.children.length - MOST))) other.remove();

    function close() {
      timer.stop();
      made.remove();
    }
    return { close, element: made };
  };
}

function build(content, { text, action, kind, close }) {
  return element("div", { className: `toast ${kind}` },
    element("p", {}, ...content),
    action ? element("button", {
      type: "button", className: "act", textContent: action.label,
      onclick() {
        close();
        action.run();
      },
    }) : null,
    element("button", { type: "button", className: "icon", textContent: "×", title: text("close"), aria: { label: text("toast_close") }, onclick: close }));
}

/** It stays while somebody points at it, or is in it with the keyboard. */
function hold(made, timer) {
  for (const type of ["pointerenter", "focusin"]) made.addEventListener(type, timer.pause);
  for (const type of ["pointerleave", "focusout"]) made.addEventListener(type, () => made.matches(":hover, :focus-within") || timer.resume());
}

function createTimer(seconds, done) {
  let left = seconds * 1000;
  let since = 0;
  let timer = null;
  const stop = () => clearTimeout(timer);
  const resume = () => {
    stop();
    since = Date.now();
    if (Number.isFinite(left)) timer = setTimeout(done, Math.max(left, 1_000));
  };
  resume();
  return {
    stop, resume,
    pause() {
      stop();
      left -= Date.now() - since;
    },
  };
}
