// What a reload shows at once: who one was, the list of departments, and the calendars with their cursors.
//
// Calendars are kept for one person, and cleared when he signs out or another one comes. They take at most MOST_BYTES (of
// UTF-16, as databases store texts); the ones that were shown longest ago go first.

const MOST_BYTES = 24 * 1024 * 1024;
const SAVE_AFTER = 2_000;
const SAVE_AGAIN = 20_000;
const FORMAT = 1;
const LAST = "last";

/** `main` is the storage area that all persons share, `open(person)` opens one's own. */
export function createCache({ timers, environment, calendars }) {
  let main = null;
  let area = null;
  const dirty = new Set();
  let savedAt = 0;
  let cancelSave = null;

  /** A cache that fails is none: private windows, a full disk. */
  const quietly = async (work, otherwise) => {
    try {
      return await work();
    } catch {
      return otherwise;
    }
  };

  async function save() {
    cancelSave = null;
    savedAt = environment.now();
    const to = area;
    const texts = [...dirty].map((id) => [id, textOf(calendars.held(id))]).filter(([, text]) => text !== null);
    dirty.clear();
    if (to) for (const [id, text] of texts) await quietly(() => keep(to, id, text));
  }

  async function keep(area, id, text) {
    const sizes = (await area.get("meta", "sizes")) ?? {};
    sizes[id] = { bytes: text.length * 2, at: environment.now() };
    if (sizes[id].bytes > MOST_BYTES) return drop(area, id);
    for (const old of tooMany(sizes)) {
      delete sizes[old];
      await area.delete("calendars", old);
    }
    await area.put("meta", "sizes", sizes);
    await area.put("calendars", id, text);
  }

  async function drop(area, id) {
    const sizes = (await area.get("meta", "sizes")) ?? {};
    delete sizes[id];
    await area.put("meta", "sizes", sizes);
    await area.delete("calendars", id);
  }

  return {
    useMain: (opened) => (main = opened),
    use(opened) {
      area = opened;
      dirty.clear();
    },
    /** Who used this browser last, `{session, departments}`; null for nobody. */
    last: () => quietly(async () => (await main?.get("meta", LAST)) ?? null, null),
    remember: (session, departments) =>
      quietly(async () => main?.put("meta", LAST, { session, departments: [...departments.values()] })),
    /** Nobody's any more: what was kept of calendars goes. */
    async forgetPerson(opened = area) {
      dirty.clear();
      await quietly(async () => opened?.clear("calendars"));
      await quietly(async () => opened?.delete("meta", "sizes"));
      await quietly(async () => main?.delete("meta", LAST));
    },
    /** Fills an empty calendar with what is kept. Returns whether there was something. */
    async load(id) {
      const text = await quietly(async () => area?.get("calendars", id), undefined);
      const calendar = calendars.held(id);
      const kept = text === undefined ? null : await quietly(async () => JSON.parse(text), null);
      if (kept?.format !== FORMAT || !calendar || calendar.loaded || calendar.syncing) return false;
      calendar.restore(kept);
      return true;
    },
    changed(id) {
      dirty.add(id);
      cancelSave ??= timers.later(Math.max(SAVE_AFTER, savedAt + SAVE_AGAIN - environment.now()), save);
    },
    drop: (id) => quietly(async () => area && drop(area, id)),
    /** At once: the page is about to go. */
    async flush() {
      cancelSave?.();
      await save();
    },
    clear() {
      cancelSave?.();
      cancelSave = null;
      dirty.clear();
      area = null;
    },
  };
}

/** A calendar as it is kept; null for one that can't be gone on with. */
function textOf(calendar) {
  if (!calendar?.loaded || calendar.cursor === null) return null;
  const { revision, cursor, held, events } = calendar;
  const head = JSON.stringify({ format: FORMAT, revision, cursor, held });
  return `${head.slice(0, -1)},"events":[${Array.from(events.values(), jsonOf).join()}]}`;
}

/** Events are replaced, never changed: the text of each is made once. It takes as much memory as the event itself. */
const texts = new WeakMap();

function jsonOf(event) {
  if (!texts.has(event)) texts.set(event, JSON.stringify(event));
  return texts.get(event);
}

/** The ids that have to go, oldest first, so that the rest fits. */
function tooMany(sizes) {
  const byAge = Object.entries(sizes).sort(([, a], [, b]) => a.at - b.at);
  let total = byAge.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const gone = [];
  for (const [id, { bytes }] of byAge) {
    if (total <= MOST_BYTES) break;
    gone.push(id);
    total -= bytes;
  }
  return gone;
}
