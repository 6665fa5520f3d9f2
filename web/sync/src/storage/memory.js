// A storage that lasts as long as the page. Those that share one see the same, as tabs do with IndexedDB.

const TABLES = ["queue", "calendars", "meta"];
const copied = (value) => (value === undefined ? undefined : structuredClone(value));

export function memoryStorage() {
  const areas = new Map();
  return {
    async open(name) {
      if (!areas.has(name)) areas.set(name, new Map(TABLES.map((table) => [table, new Map()])));
      return areaOf(areas.get(name));
    },
  };
}

function areaOf(tables) {
  return {
    get: async (table, key) => copied(tables.get(table).get(key)),
    put: async (table, key, value) => void tables.get(table).set(key, copied(value)),
    delete: async (table, key) => void tables.get(table).delete(key),
    keys: async (table) => [...tables.get(table).keys()],
    clear: async (table) => tables.get(table).clear(),
    async change(table, work) {
      const rows = copied(tables.get(table));
      const result = work(rows);
      tables.set(table, copied(rows));
      return result;
    },
    close() {},
  };
}
