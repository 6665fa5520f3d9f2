// The list of what others have done since the page was opened: a button with the number of new ones, and a panel.

import { element } from "../element.js";
import { button as makeButton, named, worded } from "../form-parts.js";

const MOST = 200;

/**
 * Builds the button into `root`. `moment(at, style)` says a Date, `nameOf(departmentId)`, `dressed(element, departmentId)` gives the department's colour,
 * `open({id, day, departmentId})` shows an event, `deletedOf(departmentId)` what was deleted. Returns `{add(lines), clear()}`.
 */
export function createNoticeList({ root, text, moment, nameOf, dressed, open, deletedOf }) {
  const badge = element("span", { className: "badge", hidden: true });
  const clearing = makeButton(text("notices_clear"), clear, { className: "link" });
  const heading = element("h2", { id: "notices-heading", tabIndex: -1, textContent: text("notices") });
  const list = element("ol");
  const none = element("p", { className: "quiet", textContent: text("notices_none") });
  const panel = element("section", { id: "notices", popover: "auto", aria: { labelledby: heading.id } },
    element("header", {}, heading, clearing), none, list);
  const button = element("button", { type: "button", id: "notices-button", className: "icon", popoverTargetElement: panel },
    bell(), badge);
  let lines = [];
  let unseen = 0;
  root.append(button, panel);
  panel.addEventListener("toggle", ({ newState }) => {
    if (newState !== "open") return;
    unseen = 0;
    draw();
    heading.focus();
  });

  function draw() {
    badge.hidden = unseen === 0;
    badge.textContent = unseen > 99 ? "99+" : unseen;
    const label = text(unseen > 0 ? "notices_new" : "notices", { count: unseen });
    button.setAttribute("aria-label", label);
    button.title = label;
    none.hidden = lines.length > 0;
    clearing.hidden = !none.hidden;
    if (panel.matches(":popover-open")) list.replaceChildren(...lines.map(item));
  }

  function item(line) {
    return element("li", {},
      element("p", {}, ...worded(text, line.key, line.values)),
      element("p", { className: "quiet" },
        line.at ? timeOf(new Date(line.at)) : "",
        ...line.departments.slice(0, 3).map((id) => dressed(element("span", { className: "of" }, named(nameOf(id))), id)),
        line.go ? makeButton(text("notice_open"), () => follow(open, line.go), { className: "link" })
          : line.restore ? makeButton(text("notice_restore"), () => follow(deletedOf, line.restore), { className: "link" }) : ""));
  }

  function timeOf(at) {
    const isToday = at.toDateString() === new Date().toDateString();
    return element("time", { dateTime: at.toISOString(), title: moment(at, "short"), textContent: moment(at, isToday ? undefined : "short") });
  }

  function follow(show, where) {
    panel.hidePopover();
    show(where);
  }

  function clear() {
    lines = [];
    unseen = 0;
    draw();
    list.replaceChildren();
  }

  draw();
  return {
    clear,
    add(more) {
      lines = [...more.toReversed(), ...lines].slice(0, MOST);
      if (!panel.matches(":popover-open")) unseen += more.length;
      draw();
    },
  };
}

function bell() {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 20 20");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(icon.namespaceURI, "path");
  path.setAttribute("d", "M5 14.5V9a5 5 0 0 1 10 0v5.5l1.5 1.5h-13zM8.5 17.5h3");
  icon.append(path);
  return icon;
}
