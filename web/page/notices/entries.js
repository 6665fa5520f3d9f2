// What others have done, change by change. Pure.

const KINDS = { event_created: "created", event_updated: "updated", event_deleted: "deleted" };

/**
 * Returns what others have done of a `changed` of CalendarSync, as entries for `linesOf`. A deletion comes without a time (what the
 * event has is its last change): it is that of hearing of it, and "" if one was away.
 */
export const entriesOf = ({ departmentId, changes, caughtUp }, now = new Date().toISOString()) =>
  changes.filter(({ own }) => !own).map(({ kind, event, before, by, byVerified, at }) => ({
    kind: KINDS[kind], departmentId, event, before, who: by ?? "", verified: byVerified === true, at: kind === "event_deleted" ? (caughtUp ? "" : now) : at, away: caughtUp === true,
  })).filter(({ kind }) => kind !== undefined);
