// IndexedDB as a storage: one database for each name.

const TABLES = ["queue", "calendars", "meta"];
const VERSION = 1;

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const completed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });

export function indexedDbStorage(indexedDB = globalThis.indexedDB) {
  return {
    async open(name) {
      const request = indexedDB.open(name, VERSION);
      request.onupgradeneeded = () => {
        for (const table of TABLES) if (!request.result.objectStoreNames.contains(table)) request.result.createObjectStore(table);
      };
      const database = await asked(request);
      // A newer version of the page, or somebody who deletes the data, isn't held up by this tab.
      database.onversionchange = () => database.close();
      return areaOf(database);
    },
  };
}

function areaOf(database) {
  async function write(table, work) {
    const transaction = database.transaction(table, "readwrite");
    const done = completed(transaction);
    done.catch(() => {}); // after `work` has failed nobody waits for it
    const result = await work(transaction.objectStore(table));
    await done;
    return result;
  }
  const read = (table) => database.transaction(table, "readonly").objectStore(table);

  return {
    get: (table, key) => asked(read(table).get(key)),
    put: (table, key, value) => write(table, (rows) => void rows.put(value, key)),
    delete: (table, key) => write(table, (rows) => void rows.delete(key)),
    keys: (table) => asked(read(table).getAllKeys()),
    clear: (table) => write(table, (rows) => void rows.clear()),
    change: (table, work) => write(table, (store) => changed(store, work)),
    close: () => database.close(),
  };
}

/** Gives `work` all rows as a Map, and writes what it has changed in it. */
async function changed(store, work) {
  const [keys, values] = await Promise.all([asked(store.getAllKeys()), asked(store.getAll())]);
  const before = new Map(keys.map((key, index) => [key, JSON.stringify(values[index])]));
  const rows = new Map(keys.map((key, index) => [key, values[index]]));
  try {
    const result = work(rows);
    for (const key of before.keys()) if (!rows.has(key)) store.delete(key);
    for (const [key, value] of rows) if (before.get(key) !== JSON.stringify(value)) store.put(value, key);
    return result;
  } catch (error) {
    store.transaction.abort();
    throw error;
  }
}
