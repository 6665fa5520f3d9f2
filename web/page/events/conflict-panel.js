// The panel that shows both versions of an event side by side.

import { element } from "../element.js";
import { shownValue } from "./event-fields.js";
import { differing } from "./merge.js";
import { ask } from "./modal.js";

const STATUS_TEXTS = { tentative: "status_tentative", cancelled: "status_cancelled" };

/** Returns a group of fields in words, "" for none. `departmentName(id)` names a department. */
export function createInWords({ text, words, departmentName }) {
  return (group, fields) => {
    if (group === "when") return fields.event_date ? words.dayAndTimes(withoutNulls(fields)) : "";
    if (group === "recurrence") return fields.recurrence ? words.rule(fields) : "";
    if (group === "department_id") return departmentName(fields.department_id);
    if (group === "status") return text(STATUS_TEXTS[fields.status] ?? "status_confirmed");
    return shownValue(group, fields[group]);
  };
}

const withoutNulls = (record) => Object.fromEntries(Object.entries(record).filter(([, each]) => each !== null));

/** Returns `ask({conflict, base, mine, theirs, groups, taken})` for conflicts.js. */
export function createConflictPanel({ text, words, departmentName }) {
  const inWords = createInWords({ text, words, departmentName });
  const groupName = (group) => nameOfGroup(group, text);
  const fieldNames = (groups) => groups.map(groupName).join(", ");

  return function askConflict({ conflict, base, mine, theirs, groups, taken }) {
    const { signal } = conflict;
    const { title } = conflict.theirs ?? conflict.mine;
    if (conflict.kind === "gone") return gone(conflict, title);
    if (conflict.write.kind === "remove") return deletion({ base, theirs, title, signal });
    return choice({ mine, theirs, groups, taken, title, signal });
  };

  function gone({ write, signal }, title) {
    const mayKeep = write.kind !== "remove";
    return ask({
      heading: text("conflict_gone", { title }), signal, required: true, body: [element("p", { textContent: text(mayKeep ? "event_gone" : "event_gone_anyway") })],
      buttons: [{ label: text(mayKeep ? "discard" : "close"), value: "theirs" }, ...(mayKeep ? [{ label: text("save_as_new"), value: "new", className: "primary" }] : [])],
      read: (keep) => ({ keep }),
    }).then((answer) => answer ?? { keep: "theirs" });
  }

  function deletion({ base, theirs, title, signal }) {
    return ask({
      heading: text("conflict_delete", { title }), signal, required: true, body: [comparison(differing(base, theirs), [["conflict_before", base], ["conflict_theirs", theirs]])],
      buttons: [{ label: text("keep_event"), value: "theirs" }, { label: text("delete"), value: "mine", className: "danger" }],
      read: (keep) => ({ keep }),
    }).then((answer) => answer ?? { keep: "theirs" });
  }

  /** Each group that both have changed is chosen by itself; what only they have changed stays theirs anyway. */
  function choice({ mine, theirs, groups, taken, title, signal }) {
    const rows = element("div", { className: "clashes" }, ...groups.map((group) => clash(group, mine, theirs)));
    const kept = element("p", { className: "quiet", hidden: taken.length === 0, textContent: text("conflict_taken", { fields: fieldNames(taken) }) });
    return ask({
      heading: text("conflict_of", { title }), className: "large", signal, required: true, body: [element("p", { textContent: text("conflict_choose") }), rows, kept],
      buttons: [{ label: text("conflict_use_theirs"), value: "theirs" }, { label: text("conflict_save_chosen"), value: "mine", className: "primary" }],
      read: (keep) => ({ keep, ...(keep === "mine" ? { groups: [...rows.querySelectorAll("[value=theirs]:checked")].map(({ name }) => name.slice(6)) } : {}) }),
    }).then((answer) => answer ?? { keep: "theirs" });
  }

  function clash(group, mine, theirs) {
    const option = (value, fields, label) => element("label", { className: "version" },
      element("input", { type: "radio", name: `clash-${group}`, value, checked: value === "mine" }),
      element("span", { className: "quiet", textContent: text(label) }),
      element("bdi", { className: "content", textContent: inWords(group, fields) || text("conflict_empty") }));
    return element("fieldset", {}, element("legend", { textContent: groupName(group) }),
      option("mine", mine, "conflict_mine"), option("theirs", theirs, "conflict_theirs"));
  }

  function comparison(groups, versions) {
    const cells = (group) => versions.map(([, fields]) => element("td", {}, element("bdi", { textContent: inWords(group, fields) || text("conflict_empty") })));
    return element("table", { className: "versions" },
      element("thead", {}, element("tr", {}, element("td"), ...versions.map(([label]) => element("th", { scope: "col", textContent: text(label) })))),
      element("tbody", {}, ...groups.map((group) => element("tr", {}, element("th", { scope: "row", textContent: groupName(group) }), ...cells(group)))));
  }
}

/** The name of a group of fields. */
export const nameOfGroup = (group, text) => text(group === "when" ? "field_when" : group === "department_id" ? "field_department" : `field_${group}`);
