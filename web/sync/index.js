// teamcal-sync: a team calendar that is always up to date, and writes exactly once. See README.md.

export { CalendarSync } from "./src/calendar-sync.js";
export { SyncError } from "./src/errors.js";
export { changedIds, inOrder, isSeries, occurrenceOf } from "./src/events.js";
export { newId } from "./src/ids.js";
export { expand } from "./src/recurrence/occurrences.js";
export { indexedDbStorage } from "./src/storage/indexed-db.js";
export { memoryStorage } from "./src/storage/memory.js";
