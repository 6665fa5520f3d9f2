// An area whose queue goes on in memory when the storage fails: a full disk, data that somebody deletes while the page is open.
//
// What is in memory then lasts as long as the page. The storage isn't tried again: two halves of a queue would pass each other.

/** `failed(error)` is called once, when it happens. */
export function withMemoryFallback(area, failed) {
  const memory = new Map();

  async function change(table, work) {
    if (!memory.has(table)) {
      let before = null;
      try {
        return await area.change(table, (rows) => {
          before = structuredClone(rows);
          return work(rows);
        });
      } catch (error) {
        memory.set(table, before ?? (await readable(area, table)));
        failed(error);
      }
    }
    return changeInMemory(table, work);
  }

  /** What is done is taken out of the storage as well, as far as that lets it: another visit would do it again. */
  function changeInMemory(table, work) {
    const rows = structuredClone(memory.get(table));
    const result = work(rows);
    for (const key of memory.get(table).keys()) if (!rows.has(key)) area.delete(table, key).catch(() => {});
    memory.set(table, structuredClone(rows));
    return result;
  }

  return {
    get: (...asked) => area.get(...asked),
    put: (...row) => area.put(...row),
    delete: (...row) => area.delete(...row),
    keys: (table) => area.keys(table),
    clear: (table) => area.clear(table),
    change,
    close: () => area.close(),
  };
}

/** The rows as far as they can be read. */
async function readable(area, table) {
  const rows = new Map();
  try {
    for (const key of await area.keys(table)) rows.set(key, await area.get(table, key));
  } catch {
    // Then there is nothing to go on with.
  }
  return rows;
}
