// What a colleague changes of an event while its form is open: told at once in the form. What both have changed is asked there.

import { element } from "../element.js";
import { createInWords, nameOfGroup } from "./conflict-panel.js";
import { differing } from "./merge.js";

/**
 * `part` is the place in the form; `useTheirs(group)` puts their version of a group into the form.
 * `tell({base, theirs, mine, taken, clashes, by})` adds to what is shown; `undecided()` returns the groups that have to be chosen.
 */
export function createMeanwhile(part, { text, words, departmentName, useTheirs }) {
  const inWords = createInWords({ text, words, departmentName });
  const [said, list, choices] = part.children;
  // Group → element of the choice that is open
  const open = new Map();

  function clear() {
    part.hidden = true;
    open.clear();
    list.replaceChildren();
    choices.replaceChildren();
  }

  function tell({ base, theirs, mine, taken, clashes, by }) {
    said.textContent = by ? text("meanwhile_by", { name: by }) : text("meanwhile");
    list.replaceChildren(...taken.map((group) => element("li", {},
      element("strong", { textContent: nameOfGroup(group, text) }), " ", element("bdi", { textContent: shown(group, base) }), " → ",
      element("bdi", { textContent: shown(group, theirs) }))));
    for (const group of clashes) choose(group, mine, theirs);
    // What they have put back to what I have isn't to be chosen any more.
    for (const group of [...open.keys()]) if (!differing(mine, theirs).includes(group)) settle(group);
    part.hidden = list.children.length === 0 && open.size === 0;
    if (!part.hidden) part.scrollIntoView({ block: "nearest" });
  }

  const shown = (group, fields) => inWords(group, fields) || text("conflict_empty");

  function choose(group, mine, theirs) {
    open.get(group)?.remove();
    const button = (key, fields, chosen) => element("button", {
      type: "button", onclick: () => {
        settle(group);
        if (chosen) useTheirs(group);
      },
    }, text(key), " ", element("bdi", { textContent: shown(group, fields) }));
    const made = element("div", { className: "clash", aria: { role: "group", label: nameOfGroup(group, text) } },
      element("strong", { textContent: nameOfGroup(group, text) }), button("keep_mine", mine, false), button("use_theirs", theirs, true));
    open.set(group, made);
    choices.append(made);
  }

  function settle(group) {
    open.get(group)?.remove();
    open.delete(group);
    part.hidden = list.children.length === 0 && open.size === 0;
  }

  return {
    tell, clear,
    undecided: () => [...open.keys()],
    focus: () => choices.querySelector("button")?.focus(),
  };
}
