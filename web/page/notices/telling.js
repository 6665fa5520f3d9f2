// What others have done, in words: loaded when somebody else does something.

import { linesOf, withMoves } from "./bursts.js";
import { resolved } from "./moved-away.js";
import { announcementOf, sentence } from "./sentences.js";

/**
 * Returns `tell(entries)` (entries.js), which puts lines into `list` (notice-list.js) and announces them. `historyOf(eventId)`: see
 * moved-away.js, `nameOf(departmentId)`: a department's name, `when(event)`: when an event is.
 */
export const createTelling = ({ text, when, nameOf, historyOf, list, announce }) => async function tell(entries) {
  const lines = linesOf(await resolved(withMoves(entries), historyOf), { when });
  list.add(lines.map((line) => ({ ...line, ...sentence(line, { text, nameOf, withDepartment: false }) })));
  announce(announcementOf(lines, { text, nameOf }));
};
