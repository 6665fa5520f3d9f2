// What others do while the page is open, and what else one is told.
//
// createNotices({ root, sync, text, open, highlight, when, moment, idsOf? }):
//   root       an element of the bar: it gets the connection indicator and the button of the list of notices
//   open({id, day, departmentId})  shows an event
//   highlight(ids, who)  marks events that somebody else has just changed; `who` is his name, "" if none is known
//   moment(at, style)  says a Date
//   when(event)  says when an event is ("11월 3일 (화) 14:00")
//   isOwn(entry)  whether one has done it oneself, by an import
//   deletedOf(departmentId)  shows what was deleted in a department
//   idsOf(event) ids of what a change is about: `changedIds` of teamcal-sync
// Returns { toast, announce }: `toast` is that of toasts.js. Make it before the
// other rooms, which need `toast`, and before sync.start().

import { isSame } from "../accounts/rights.js";
import { dress } from "../departments/palette.js";
import { createRoutes } from "../routes.js";
import { createAnnouncer } from "./announcer.js";
import { lazy } from "../lazy.js";
import { reasonOf } from "../reasons.js";
import { createConnection } from "./connection.js";
import { entriesOf } from "./entries.js";
import { createGathering } from "./gathering.js";
import { createNoticeList } from "./notice-list.js";
import { createToasts } from "./toasts.js";

/** A change of rights is told right after the department that it takes away. */
const RIGHTS_FOLLOW = 600;
const MOST_UNTOLD = 1_000;

export function createNotices({ root, sync, text, open, highlight, when, moment, idsOf = ({ id }) => [id], isSaid = () => false, isOwn = () => false, mend = () => undefined, deletedOf = () => {} }) {
  const routes = createRoutes(sync);
  const names = new Map();
  const nameOf = (id) => sync.departments.get(id)?.name ?? names.get(id) ?? text("department_unknown");
  const announce = createAnnouncer({ text });
  const toast = createToasts({ text, announce });
  const dressed = (made, id) => (sync.departments.has(id) ? dress(made, sync.departments.get(id)) : made);
  createConnection({ root, sync, text, announce });
  const list = createNoticeList({ root, text, moment, nameOf, dressed, open, deletedOf });
  const gathering = createGathering(tell);

  const telling = lazy(() => import("./telling.js"), ({ createTelling }) => createTelling({ text, when, nameOf, historyOf: (id) => routes.history(id), list, announce }), () => {});
  let untold = [];

  /** Without a network the words can't be loaded: then the next change tells of these, too. */
  async function tell(entries) {
    untold = [...untold, ...entries].slice(-MOST_UNTOLD);
    const inWords = await telling();
    if (inWords && untold.length > 0) await inWords(untold.splice(0));
  }

  sync.on("changed", (burst) => {
    const entries = entriesOf(burst);
    // At once for a burst: each call looks through what is drawn.
    const ids = entries.filter(({ kind }) => kind !== "deleted").flatMap(({ event }) => idsOf(event));
    if (ids.length > 0) highlight(ids);
    gathering.add(entries.filter((entry) => !isOwn(entry)));
  });
  sync.on("departments", ({ department }) => department && names.set(department.id, department.name));
  tellOfLostDepartments({ sync, text, toast });
  // Somebody else sits here: what was told was for the one before.
  sync.on("session", ({ session, before }) => before !== null && !isSame(before, session) && list.clear());
  // Also of a write that was made before the page was opened: nobody else tells of it.
  // `isSaid()`: the form says it itself; `mend(write)`: what can be done about it.
  sync.on("refused", ({ write, error }) => error.code === "discarded" || isSaid() || toast({
    text: text("refused", { title: write.event.title, reason: reasonOf(error, text) }),
    kind: "failure", seconds: 30, action: mend(write),
  }));

  return { toast, announce };
}

/** Says that a department is gone: deleted, or out of sight if the server also says that one's rights have changed. */
function tellOfLostDepartments({ sync, text, toast }) {
  const waiting = new Map();
  function tell(key, id) {
    const { name, timer } = waiting.get(id);
    clearTimeout(timer);
    waiting.delete(id);
    toast({ text: text(key, { name }) });
  }
  sync.on("departments", ({ kind, department }) => {
    if (kind !== "department_deleted" || !department) return;
    waiting.set(department.id, { name: department.name, timer: setTimeout(() => tell("others_deleted_department", department.id), RIGHTS_FOLLOW) });
  });
  sync.on("access", ({ departmentId }) => waiting.has(departmentId) && tell("others_lost_department", departmentId));
}
