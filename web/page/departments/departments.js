// Departments beside the calendar: the list and everything that its menus open.
//
// createDepartments({ root, sync, text, show, toast, preferred? }) draws the list into `root` and keeps it up to date.
//   show(ids)     chooses the departments that are shown (and remembers them)
//   toast(facts)  of notices/toasts.js
//   preferred()   the department that a file is for which was dropped beside the list
//   deletedOf(id), statisticsOf(id)  open what the search room shows of a department; left out, they aren't offered
// Returns { draw(), isImporting(id), create(), settings(id), access(id), exchange(id, files?), remove(id) }: draw() after `show`, the others
// open the dialogs.

import { isSame, isTokenMode, mayEdit, mayManage } from "../accounts/rights.js";
import { lazy } from "../lazy.js";
import { createRoutes } from "../routes.js";
import { createDepartmentList } from "./list.js";
import { onDrop } from "./drop.js";

export function createDepartments({ root, sync, text, show, toast, deletedOf, statisticsOf, preferred = () => undefined }) {
  const routes = createRoutes(sync);
  const failed = (error) => toast({ text: error.message || text("network_failed"), kind: "failure" });
  const departments = () => sync.departments;
  const editing = lazy(() => import("./dialogs.js"), ({ createDepartmentDialog }) => createDepartmentDialog({ routes, text, departments, done: saved }), failed);
  const deleting = lazy(() => import("./dialogs.js"), ({ createDeletionDialog }) => createDeletionDialog({ routes, text }), failed);
  const accessing = lazy(() => import("./access.js"), ({ createAccessDialog }) => createAccessDialog({ routes, text, saved }), failed);
  const exchanging = lazy(() => import("./exchange.js"), ({ createExchangeDialog }) => createExchangeDialog({
    routes, text, departments, session: () => sync.session, mayEdit: (department) => mayEdit(sync.session, department),
  }), failed);
  const list = createDepartmentList({ root, sync, text, show, store, menuOf, create: () => create() });

  function menuOf(department) {
    const { id } = department;
    const manages = mayManage(sync.session, department);
    return [
      null,
      ...(manages ? [
        { label: text("department_settings_menu"), run: () => settings(id) },
        ...(isTokenMode(sync.session) ? [{ label: text("department_access_menu"), run: () => access(id) }] : []),
      ] : []),
      { label: text("exchange_menu"), run: () => exchange(id) },
      ...(deletedOf ? [{ label: text("deleted_menu"), run: () => deletedOf(id) }] : []),
      ...(statisticsOf ? [{ label: text("statistics_menu"), run: () => statisticsOf(id) }] : []),
      ...(manages ? [null, { label: text("delete_department_menu"), danger: true, run: () => remove(id) }] : []),
    ];
  }

  const create = async () => (await editing())?.open();
  const settings = async (id) => (await editing())?.open(sync.departments.get(id));
  const access = async (id) => (await accessing())?.open(sync.departments.get(id));
  const exchange = async (id, files) => (await exchanging())?.open(id, files);
  const remove = async (id) => (await deleting())?.open(sync.departments.get(id));

  function saved(department, isNew = false) {
    if (isNew) show(new Set([...sync.shown, department.id]));
    toast({ text: text(isNew ? "department_created" : "department_saved", { name: department.name }) });
  }

  /** Stores the new places one after the other; the list is drawn anew as the server tells of them. */
  async function store(id, places) {
    const isAllowed = places.every((place) => mayManage(sync.session, sync.departments.get(place.id)));
    if (!isAllowed) return toast({ text: text("order_refused"), kind: "failure" });
    try {
      for (const { id: which, position } of places) await routes.editDepartment(which, { position });
      if (places.length > 0) toast({ text: text("order_stored", { name: sync.departments.get(id)?.name ?? "" }), quiet: true });
    } catch (error) {
      failed(error);
    }
  }

  for (const type of ["departments", "session", "access", "gone"]) sync.on(type, () => list.draw());
  sync.on("presence", () => list.draw());
  // Somebody else sits here: he doesn't see what was imported before.
  sync.on("session", ({ session, before }) => before && !isSame(before, session) && exchanging.made()?.clear());
  onDrop((files, departmentId) => exchange(departmentId ?? preferred(), files));

  return { draw: list.draw, isImporting: (id) => exchanging.made()?.isImporting(id) ?? false, create, settings, access, exchange, remove };
}
