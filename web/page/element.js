// Elements of the page. Data enters it as text and attributes only, never as markup.

/** Creates an element with properties, data attributes and children; a string child becomes text. */
export function element(name, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  Object.assign(made.dataset, data);
  for (const [key, value] of Object.entries(aria)) made.setAttribute(key === "role" ? key : `aria-${key}`, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Returns nodes that show `seen` and are read as `said`: as the content of a control, so that its name is what it has in it. */
export function readAs(said, ...seen) {
  for (const each of seen) each.setAttribute("aria-hidden", "true");
  return [element("span", { className: "unseen said", textContent: said }), ...seen];
}

const signatures = new WeakMap();

/** Replaces only the children that differ, so that a click, the focus and a running highlight survive. */
export function replaceChanged(parent, items) {
  items.forEach(({ signature, build }, index) => {
    const old = parent.children[index];
    if (old && signatures.get(old) === signature) return;
    const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    const made = build();
    signatures.set(made, signature);
    if (old) old.replaceWith(made);
    else parent.append(made);
    if (focused !== undefined) [made, ...made.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === focused)?.focus();
  });
  while (parent.children.length > items.length) parent.lastElementChild.remove();
}

/**
 * Draws, and gives the focus to what comes next if what had it in `root` is gone: so that it doesn't fall to the page. `other()`
 * returns what takes it where nothing is left.
 */
export function keepingFocus(root, draw, other = () => root) {
  const stops = () => [...root.querySelectorAll("[data-focus]")];
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const at = focused ? stops().indexOf(focused) : -1;
  draw();
  if (focused === null || root.contains(document.activeElement)) return;
  const left = stops();
  (left.find(({ dataset }) => dataset.focus === focused.dataset.focus) ?? left[Math.min(Math.max(at, 0), left.length - 1)] ?? other())?.focus();
}
