// The window that shows the shortcuts.

import { element } from "../element.js";
import { ask } from "./modal.js";

const isMac = () => /Mac|iP(hone|ad)/.test(navigator.platform);
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Delete: "Del" };

/** Names a key as it stands on the keyboard: `mod+z` → `Ctrl Z`. */
export const keyName = (name, mac = isMac()) =>
  name.split("+").map((part) => ({ mod: mac ? "⌘" : "Ctrl", shift: mac ? "⇧" : "Shift" }[part] ?? SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part))).join(" ");

/** Shows what `shortcuts.list()` has, in groups (`group` is the key of a text). */
export function showShortcuts({ shortcuts, text }) {
  const groups = Map.groupBy ? Map.groupBy(shortcuts.list(), ({ group = "shortcuts_general" }) => group) : new Map([["shortcuts_general", shortcuts.list()]]);
  const row = ({ keys, label }) => element("div", {},
    element("dt", {}, ...keys.map((key) => element("kbd", { textContent: keyName(key) }))), element("dd", { textContent: text(label) }));
  return ask({
    heading: text("shortcuts"), className: "shortcuts large",
    body: [...groups].flatMap(([group, entries]) => [element("h3", { textContent: text(group) }), element("dl", {}, ...entries.map(row))]),
    buttons: [{ label: text("close"), value: "close", className: "primary" }],
  });
}
