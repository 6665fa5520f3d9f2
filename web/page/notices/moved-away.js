// An event that has left a department: deleted, or moved to another one? The live message is the same.

const MOST = 3;

/**
 * Returns entries (bursts.js) in which what seems deleted, but was moved, says so. The server is asked for at most a few: of
 * many deletions at once nobody needs to know of each. `historyOf(eventId)` returns the event's changes, newest first.
 */
export async function resolved(entries, historyOf) {
  const deletions = entries.filter(({ kind }) => kind === "deleted");
  if (deletions.length === 0 || deletions.length > MOST) return entries;
  return Promise.all(entries.map((entry) => (entry.kind === "deleted" ? whereIs(entry, historyOf) : entry)));
}

async function whereIs(entry, historyOf) {
  try {
    const [newest] = await historyOf(entry.event.id);
    if (!newest || newest.kind === "event_deleted" || newest.department_id === entry.departmentId) return entry;
    return {
      ...entry, kind: "moved", from: entry.departmentId, departmentId: newest.department_id, before: entry.event, event: newest.event,
      who: entry.who || newest.by || "", verified: entry.who ? entry.verified : newest.by_verified === true,
    };
  } catch (error) {
    // It isn't deleted, but where one sees nothing.
    return error.status === 404 ? { ...entry, kind: "gone" } : entry;
  }
}
