// Keys that do something anywhere on the page. Single letters work with a Korean input method, too: then the place of the key counts.

const TYPED_IN = "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=color], [type=range]), textarea, select, [contenteditable=''], [contenteditable=true]";
const SIGNS = { Slash: "/" };

/** Returns what a key press is called: `c`, `?`, `/`, `mod+z`; "" for one that is none of ours. */
export function nameOf({ key, code = "", ctrlKey = false, metaKey = false, altKey = false, shiftKey = false, isComposing = false }) {
  if (altKey || isComposing) return "";
  const letter = /^Key([A-Z])$/.exec(code)?.[1].toLowerCase();
  const isLatin = /^[\x21-\x7e]$/.test(key ?? "");
  const name = isLatin ? key.toLowerCase() : key?.length > 1 && key !== "Process" ? key : letter ?? (shiftKey && code === "Slash" ? "?" : SIGNS[code] ?? "");
  if (!name) return "";
  if (ctrlKey || metaKey) return shiftKey ? "" : `mod+${name}`;
  return shiftKey && /^[a-z]$/.test(name) ? `shift+${name}` : name;
}

/** Whether keys belong to what is typed into. */
export const isTyping = (target) => Boolean(target?.closest?.(TYPED_IN));

/**
 * The registry. `add({keys, label, run, group?, when?})` takes names of `nameOf`, the key of a text, what to do (it returns false
 * if it did nothing) and when it is possible; it returns a function that takes it away. `press(event)` does what a key press means.
 * `isBlocked()`: something modal is open, so that only what says `anywhere: true` works.
 */
export function createShortcuts({ isBlocked = () => false } = {}) {
  const entries = [];
  return {
    add(entry) {
      entries.push(entry);
      return () => entries.splice(entries.indexOf(entry), 1);
    },
    list: () => entries.filter(({ label }) => label),
    press(press) {
      const name = nameOf(press);
      if (!name || press.defaultPrevented || press.repeat && name.startsWith("mod+") || isTyping(press.target)) return false;
      const entry = entries.findLast(({ keys, when = () => true, anywhere = false }) => keys.includes(name) && (anywhere || !isBlocked()) && when());
      if (!entry || entry.run(press) === false) return false;
      press.preventDefault();
      return true;
    },
  };
}
