// Addresses of the server's REST routes, relative to its base.

const at = (...segments) => `api/${segments.map(encodeURIComponent).join("/")}`;
const withQuery = (path, query) => `${path}?${new URLSearchParams(query)}`;
/** This client knows series: a whole one may be named by its id. */
const series = { series: "true" };

export const DEPARTMENTS = at("departments");
export const SESSION = at("session");

/** The events of a department, a series as one event; with `range` {from, to} what touches these days, and all series. */
export const eventsOf = (departmentId, range = null) =>
  withQuery(at("events", departmentId), { ...series, ...(range ? { from: range.from, to: range.to, touching: "true" } : {}) });
export const changesOf = (departmentId, cursor) =>
  withQuery(at("changes", departmentId), { ...series, cursor, compact: "1", limit: "1000" });
export const creation = (departmentId) => at("events", departmentId);
export const event = (id, scope) => withQuery(at("events", id), { ...series, ...(scope ? { scope } : {}) });
export const moving = (id) => withQuery(at("events", id, "move"), series);
export const restoring = (id) => withQuery(at("events", id, "restore"), series);
