// The queue as it is stored: records in their order, and the lease of the tab that sends them.
//
// What became of a write that another tab has made is kept for that tab until it looks.
//
// Every method is one transaction of the storage, so that tabs can't come between each other's reads and writes. Each resolves with
// `{records, …}`: the whole queue as it is afterwards.

const TABLE = "queue";
const LEASE = "~lease";
/** Milliseconds that a tab may send without renewing its lease. A tab that dies is replaced after so long. */
export const LEASE_TIME = 6_000;

/** How long it is kept what became of a write of another tab, until that tab looks. */
const OUTCOME_TIME = 120_000;
const OUTCOME = "~outcome ";
const isRecord = (row) => !row.id.startsWith("~");
const inOrder = (rows) => [...rows.values()].filter(isRecord).sort((a, b) => a.seq - b.seq);

/** `tab` names this page. */
export function createQueueStore({ area, tab, now }) {
  const change = (work) =>
    area.change(TABLE, (rows) => {
      const result = work(rows) ?? {};
      return { ...result, records: inOrder(rows) };
    });

  /** A lease that ends too far ahead is of a time before the clock was set back. */
  function isFree(lease) {
    return !lease || lease.tab === tab || lease.until < now() || lease.until > now() + 2 * LEASE_TIME;
  }

  const successorsOf = (rows, record) => inOrder(rows).filter((row) => row.chain === record.chain && row.seq > record.seq);

  /** The outcomes of this tab's writes; they are taken out, and so are those that nobody has looked at. */
  function collect(rows) {
    const outcomes = [...rows.values()].filter((row) => row.id.startsWith(OUTCOME));
    for (const { id, tab: maker, at } of outcomes) if (maker === tab || Math.abs(now() - at) > OUTCOME_TIME) rows.delete(id);
    return { outcomes: outcomes.filter(({ tab: maker }) => maker === tab) };
  }

  function leave(rows, record, outcome) {
    if (record.tab !== tab) rows.set(OUTCOME + record.id, { id: OUTCOME + record.id, write: record.id, tab: record.tab, at: now(), ...outcome });
  }

  return {
    load: () => change(collect),
    add: (record) =>
      change((rows) => {
        const seq = Math.max(0, ...inOrder(rows).map((row) => row.seq)) + 1;
        rows.set(record.id, { ...record, seq });
      }),
    /** Takes or renews the lease. `wants`: if another tab has it, it is asked to give it up. */
    lease: (wants) =>
      change((rows) => {
        const lease = rows.get(LEASE);
        const mine = isFree(lease);
        if (mine) rows.set(LEASE, { id: LEASE, tab, until: now() + LEASE_TIME, wanted: lease?.tab === tab ? lease.wanted : null });
        else if (wants) rows.set(LEASE, { ...lease, wanted: tab });
        return { mine, wanted: mine && lease?.tab === tab ? lease.wanted : null, until: lease?.until ?? 0 };
      }),
    release: () =>
      change((rows) => {
        if (rows.get(LEASE)?.tab === tab) rows.delete(LEASE);
      }),
    /** Notes that a record is about to be sent. `record` is null if it isn't there any more, or if another tab has the lease. */
    begin: (id) =>
      change((rows) => {
        const lease = rows.get(LEASE);
        const record = rows.get(id);
        if (lease?.tab !== tab || record?.state !== "waiting") return { record: null };
        rows.set(LEASE, { ...lease, until: now() + LEASE_TIME });
        const begun = { ...record, sent: true, tries: (record.tries ?? 0) + 1 };
        rows.set(id, begun);
        return { record: begun };
      }),
    /**
     * Takes a record out. `outcome`: what its tab is told. `work(record, successors)` may change those after it in its chain. `settled`:
     * whether it was still there.
     */
    settle: (id, outcome, work = () => {}) =>
      change((rows) => {
        const record = rows.get(id);
        if (!record) return { settled: false };
        const successors = successorsOf(rows, record).map((row) => structuredClone(row));
        rows.delete(id);
        leave(rows, record, outcome);
        for (const each of record.folded ?? []) leave(rows, { ...record, id: each }, outcome);
        work(record, successors);
        for (const next of successors) rows.set(next.id, next);
        return { settled: true };
      }),
    /** `work(record, successors)` returns the records that stand in the place of all of them. `outcome` is that of the others. */
    replace: (id, work, outcome) =>
      change((rows) => {
        const record = rows.get(id);
        if (!record) return { replaced: null };
        const successors = successorsOf(rows, record);
        const kept = work(structuredClone(record), structuredClone(successors));
        for (const { id: each } of [record, ...successors]) rows.delete(each);
        for (const each of kept) rows.set(each.id, each);
        const ids = new Set(kept.flatMap((each) => [each.id, ...(each.folded ?? [])]));
        const replaced = [record, ...successors].filter((each) => !ids.has(each.id));
        for (const each of replaced) leave(rows, each, outcome);
        return { replaced };
      }),
  };
}
