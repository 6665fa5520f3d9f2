// The list of departments beside the calendar: which are shown, in which order, and a menu for each.

import "./departments.css";
import { mayAdminister, mayEdit, mayManage, isTokenMode } from "../accounts/rights.js";
import { element, replaceChanged } from "../element.js";
import { button, named } from "../form-parts.js";
import { openMenu } from "../menu.js";
import { createDragging } from "./dragging.js";
import { inOrder, placing } from "./order.js";
import { colourOf, dress } from "./palette.js";
import { isAlone, soloed, toggled } from "./selection.js";

/**
 * Draws into `root`. `show(ids)` chooses the departments that are shown; `store(places)` stores their order;
 * `menuOf(department)` returns the rest of a department's menu; `create()` opens the dialog for a new one. Returns
 * `{draw}`, to be called when anything has changed.
 */
export function createDepartmentList({ root, sync, text, show, store, menuOf, create }) {
  const count = element("span", { className: "count" });
  const list = element("ul", { id: "department-list", onchange: switched, onclick: clicked, onkeydown: pressed });
  const none = element("p", { id: "departments-none", className: "quiet" });
  const all = button(text("select_all"), () => show(new Set(sync.departments.keys())), { className: "link", id: "select-all" });
  const nothing = button(text("select_none"), () => show(new Set()), { className: "link", id: "select-none" });
  const add = button(text("new_department"), create, { className: "link", id: "new-department" });
  let beforeSolo = null;

  root.replaceChildren(
    element("div", { className: "departments-head" }, element("h2", { id: "departments-heading", textContent: text("departments") }), count),
    list, none, element("div", { className: "department-actions" }, all, nothing, add));
  list.setAttribute("aria-labelledby", "departments-heading");
  createDragging(list, { mayMove: canPlace, move });

  function draw() {
    const departments = inOrder(sync.departments);
    count.textContent = text("departments_selected", { selected: [...sync.shown].filter((id) => sync.departments.has(id)).length, all: departments.length });
    count.hidden = departments.length === 0;
    none.hidden = !sync.listed || departments.length > 0;
    none.textContent = text(mayAdminister(sync.session) ? "departments_none" : "departments_none_seen");
    all.hidden = nothing.hidden = departments.length < 2;
    add.hidden = !mayAdminister(sync.session);
    const focus = list.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    replaceChanged(list, departments.map((department) => {
      const look = lookOf(department);
      return { signature: JSON.stringify(look), build: () => item(department, look) };
    }));
    // What has the focus may stand at another place now.
    if (focus && document.activeElement?.dataset.focus !== focus) list.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  const lookOf = (department) => ({
    id: department.id, name: department.name, colour: colourOf(department), shown: sync.shown.has(department.id),
    edits: mayEdit(sync.session, department), places: canPlace(department.id), token: isTokenMode(sync.session),
    looking: sync.presence(department.id).looking.map(({ name }) => name),
  });

  function item(department, look) {
    const { id, name } = department;
    const box = element("input", { type: "checkbox", checked: look.shown, data: { toggle: id, focus: `toggle-${id}` } });
    return dress(element("li", { draggable: look.places, data: { department: id } },
      element("label", {}, box, named(name, { className: "name" })),
      look.edits ? null : element("span", { className: "quiet tag", textContent: text("read_only") }),
      lookers(look.looking),
      sign("solo", "◎", id, text("solo_named", { name })),
      element("button", {
        type: "button", className: "icon more-button", textContent: "⋯", data: { menu: id, focus: `menu-${id}` },
        title: text("department_menu"), aria: { label: text("department_menu_named", { name }), haspopup: "menu", expanded: false },
      })), department);
  }

  const sign = (kind, content, id, label) => element("button", {
    type: "button", className: `icon ${kind}`, textContent: content, title: label,
    data: { [kind]: id, focus: `${kind}-${id}` }, aria: { label },
  });

  function lookers(names) {
    if (names.length === 0) return null;
    const label = text("looking", { names: names.slice(0, 5).map((name) => name || text("nameless")).join(", "), count: names.length });
    return element("span", { className: "lookers", title: label, aria: { role: "img", label }, textContent: names.length });
  }

  function switched({ target }) {
    if (target.dataset.toggle) show(toggled(sync.shown, target.dataset.toggle, target.checked));
  }

  function clicked({ target }) {
    const { solo, menu } = target.closest("button")?.dataset ?? {};
    if (solo) alone(solo);
    if (menu) openMenu(target.closest("button"), menuFor(sync.departments.get(menu)), text("department_menu_named", { name: sync.departments.get(menu).name }));
  }

  function alone(id) {
    const next = soloed(sync.shown, id, beforeSolo, sync.departments);
    beforeSolo = next.before;
    show(next.shown);
  }

  function menuFor(department) {
    const { id } = department;
    const place = inOrder(sync.departments).findIndex((each) => each.id === id);
    return [
      { label: text(isAlone(sync.shown, id) ? "solo_end" : "solo"), run: () => alone(id) },
      ...(canPlace(id) && sync.departments.size > 1 ? [
        { label: text("move_up"), disabled: place === 0, run: () => move(id, place - 1) },
        { label: text("move_down"), disabled: place === sync.departments.size - 1, run: () => move(id, place + 1) },
      ] : []),
      ...menuOf(department),
    ];
  }

  /** Alt with an arrow key moves the department that has the focus. */
  function pressed(press) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[press.key];
    const id = press.target.closest("li")?.dataset.department;
    if (!press.altKey || step === undefined || !id || !canPlace(id)) return;
    press.preventDefault();
    move(id, inOrder(sync.departments).findIndex((each) => each.id === id) + step);
  }

  /** The order is stored with the departments: moving one may need the right to change others. */
  function canPlace(id) {
    return mayManage(sync.session, sync.departments.get(id));
  }

  function move(id, to) {
    store(id, placing(sync.departments, id, to));
  }

  draw();
  return { draw };
}
