// A button that opens a menu, as the ARIA pattern has it: arrow keys, Home, End, a letter, Escape.

import "./menu.css";
import { element } from "./element.js";

let open = null;

/** Closes the menu that is open, if one is. */
export function closeMenu({ focus = false } = {}) {
  if (!open) return;
  const { anchor, menu } = open;
  open = null;
  menu.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (focus) anchor.focus();
}

/**
 * Opens a menu at `anchor`, a button. `items` are `{label, run, danger?, checked?, disabled?}` or null for a line;
 * `label` is the name of the menu.
 */
export function openMenu(anchor, items, label) {
  const again = open?.anchor === anchor;
  closeMenu();
  if (again) return;
  const menu = element("div", { className: "menu", aria: { role: "menu", label }, onkeydown: onKey }, ...items.map(entry));
  // In a modal dialog only what is inside can be used.
  (anchor.closest("dialog") ?? document.body).append(menu);
  open = { anchor, menu };
  anchor.setAttribute("aria-expanded", "true");
  place(menu, anchor);
  choices(menu)[0]?.focus();
}

function entry(item) {
  if (item === null) return element("hr", { aria: { role: "separator" } });
  const { label, run, danger = false, checked, disabled = false } = item;
  const isChoice = checked !== undefined;
  return element("button", {
    type: "button", tabIndex: -1, className: danger ? "danger" : "", disabled, textContent: label,
    aria: { role: isChoice ? "menuitemradio" : "menuitem", ...(isChoice ? { checked } : {}) },
    onclick() {
      closeMenu({ focus: true });
      run();
    },
  });
}

const choices = (menu) => [...menu.querySelectorAll("button:enabled")];

function onKey(press) {
  const all = choices(press.currentTarget);
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[press.key];
  if (to !== undefined) all.at(to % all.length).focus();
  else if (press.key === "Escape" || press.key === "Tab") closeMenu({ focus: true });
  else if (press.key.length === 1 && press.key !== " ") startingWith(all, at, press.key)?.focus();
  else return;
  press.stopPropagation();
  if (press.key !== "Tab") press.preventDefault();
}

const startingWith = (all, at, letter) =>
  [...all.slice(at + 1), ...all.slice(0, at + 1)].find(({ textContent }) => textContent.toLowerCase().startsWith(letter.toLowerCase()));

/** Below the button where there is room, else above it; never outside of the window. */
function place(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + height + 8 <= innerHeight;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
}

if (typeof document !== "undefined") {
  document.addEventListener("pointerdown", ({ target }) => open && !open.menu.contains(target) && !open.anchor.contains(target) && closeMenu());
  document.addEventListener("focusin", ({ target }) => open && !open.menu.contains(target) && target !== open.anchor && closeMenu());
  addEventListener("resize", () => closeMenu());
}
