// Why something failed, in words. Pure.

/** Codes of CalendarSync itself, for which no server has words. */
const LOCAL = ["queue_full", "storage_failed", "network_failed"];

/** Returns what a SyncError is told as: what the server says, about the first field if it names any. */
export const reasonOf = (error, text) =>
  error.errors?.[0]?.message || error.message || (LOCAL.includes(error.code) ? text(error.code) : text("unexpected", { code: error.code }));
