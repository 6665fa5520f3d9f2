// Types of teamcal-sync. Days are `YYYY-MM-DD`, clocks `HH:MM`, moments ISO 8601 in UTC.

/** What a client may write of an event. `null` takes a field away that isn't required. */
export interface EventFields {
  title?: string;
  event_date?: string;
  description?: string;
  /** A free text for the time; the server sets `start_time` and `end_time` if it certainly means one. */
  time?: string;
  url?: string;
  start_time?: string | null;
  end_time?: string | null;
  /** The last day, inclusive. */
  end_date?: string | null;
  time_zone?: string | null;
  /** An RRULE without `RRULE:`; the event is a series then. */
  recurrence?: string | null;
  /** Original date → what that occurrence has of its own. */
  exceptions?: Record<string, ExceptionPatch> | null;
  location?: string | null;
  categories?: string[] | null;
  people?: string[] | null;
  color?: string | null;
  status?: "confirmed" | "tentative" | "cancelled" | null;
  busy?: boolean | null;
  reminders?: number[] | null;
}

export type ExceptionPatch = EventFields & { excluded?: true; added?: true; version?: number };

/** An event, a whole series, or one occurrence of a series (then with `series_id` and `original_date`). */
export interface CalendarEvent extends EventFields {
  id: string;
  department_id: string;
  title: string;
  event_date: string;
  description: string;
  time: string;
  url: string;
  created_at?: string;
  last_modified?: string;
  /** Number of its last change in its department; absent before the server has stored it. */
  revision?: number;
  /** 1, 2, 3 … of this event; absent before the server has stored it. */
  version?: number;
  /** Of a series that ends: the day of its last occurrence. */
  until_day?: string;
  series_id?: string;
  original_date?: string;
  /** An own write of it waits for the server's answer: this is how the event will be. */
  pending?: true;
}

export interface Department {
  id: string;
  name: string;
  description: string;
  created_at?: string;
  updated_at?: string;
  /** One of ten names, or `#rrggbb`. Absent if it isn't set. */
  color?: string;
  position?: number;
  /** With AUTH_MODE=token: what one may do there. */
  role?: "viewer" | "editor" | "manager" | "administrator";
}

/** What `GET /api/session` answers. */
export interface Session {
  mode: "open" | "token";
  kind?: "user" | "passcode" | "guest" | "nobody";
  user?: { id: string; name: string; login?: string; admin?: boolean } | null;
  departments?: string[] | null;
  ends_at?: string | null;
  [other: string]: unknown;
}

export type ConnectionState = "connecting" | "live" | "catching_up" | "offline" | "signed_out";

export interface Connection {
  readonly state: ConnectionState;
  /** Own writes that the server hasn't acknowledged, those of other tabs included. */
  readonly waiting: number;
  /** Whether own writes outlast the page; false where the browser can't store them, or not any more. They are sent all the same. */
  readonly keeping: boolean;
  /** When `state` became what it is. */
  readonly since: Date;
}

export interface Calendar {
  /** All events that are held, series as one event each, with own waiting writes laid over. Don't change it. */
  readonly events: ReadonlyMap<string, CalendarEvent>;
  readonly revision: number | null;
  readonly cursor: string | null;
  /** Whether there is anything to show, be it from the cache. */
  readonly loaded: boolean;
}

export type Scope = "this" | "following" | "all";

/** Something that was written and waits for the server's answer, or has it. */
export interface Write {
  /** Of the operation; it is the write's `Idempotency-Key`. */
  readonly id: string;
  readonly kind: "create" | "update" | "remove" | "move" | "restore";
  readonly departmentId: string;
  /** As it will be, as far as that can be foreseen; of a removal, as it was. */
  readonly event: CalendarEvent;
  /** As it was shown before the write; null of a new one. */
  readonly before: CalendarEvent | null;
  readonly fields: EventFields | null;
  readonly scope: Scope | null;
  /** When it was made. */
  readonly at: string;
  /** Resolves with the event as the server has it (a removal: as it was). Rejects with SyncError if the write isn't done for good. */
  readonly done: Promise<CalendarEvent>;
  /** What the server remarked, once it is done: ids of events at the same place and time, dates whose exceptions are gone. */
  readonly remarks: { overlaps: string[]; dropped_exceptions: string[] } | null;
}

export interface WaitingWrite extends Omit<Write, "done" | "remarks"> {
  /** `asking`: there is a conflict, and the user is asked. */
  readonly state: "waiting" | "sending" | "asking";
  readonly tries: number;
}

export interface Conflict {
  /** `changed`: somebody else changed the event. `gone`: it is deleted, or in a department that one doesn't see. */
  readonly kind: "changed" | "gone";
  readonly write: WaitingWrite;
  /** The event as it was shown when the user began, as he wants it, and as it is now (null if it is gone). */
  readonly base: CalendarEvent | null;
  readonly mine: CalendarEvent;
  readonly theirs: CalendarEvent | null;
  /** The fields that the user sets, and the names of those that the others have changed (null: not known). */
  readonly fields: EventFields | null;
  readonly changed: string[] | null;
  /** Aborted when the question has become void: answered in another tab, signed out, stopped. */
  readonly signal: AbortSignal;
}

/**
 * `mine`: write it over theirs, with `fields` instead of the write's own if given. `theirs`: drop the write and those made on top of
 * it. `new`: save it as a new event, in `department_id` if given.
 */
export interface Decision {
  keep: "mine" | "theirs" | "new";
  fields?: EventFields;
  department_id?: string;
}

export interface Change {
  kind: "event_created" | "event_updated" | "event_deleted";
  event: CalendarEvent;
  before: CalendarEvent | null;
  /** Display name of the author, "" if none is known. */
  by: string;
  byVerified: boolean;
  at: string;
  /** Made here: in this page, or in another tab with the same queue. */
  own: boolean;
}

export interface Person {
  id: string;
  name: string;
  /** Whether the server knows that the name is his. */
  verified?: boolean;
}

export interface SyncEvents {
  /**
   * Events of a department have changed, one call for a burst; they are applied already. No `changes`: something was loaded.
   * `caughtUp`: the changes were made while one was away.
   */
  changed: { departmentId: string; changes: Change[]; caughtUp: boolean };
  /** `listed`: the whole list was loaded (`department` is null). `before`: what it was. */
  departments: {
    kind: "listed" | "department_created" | "department_updated" | "department_deleted";
    department: Department | null;
    before?: Department | null;
    own?: boolean;
  };
  session: { session: Session; before: Session | null };
  connection: Connection;
  waiting: { writes: WaitingWrite[] };
  presence: { departmentId: string };
  access: { departmentId: string | null; role: Department["role"] | null };
  /** The department is deleted, or not to be seen any more. */
  gone: { departmentId: string; department: Department | null };
  /** These days are held now in all shown departments. */
  held: { from: string; to: string };
  /** The server refused a write for good; it is also told after a reload of the page. */
  refused: { write: WaitingWrite; error: SyncError };
  newversion: { version: string };
}

export class SyncError extends Error {
  /** HTTP status; 0 if no answer came. */
  readonly status: number;
  /** For programs, as in the REST API; `network_failed`, `discarded` (the user kept theirs), `stopped` besides. */
  readonly code: string;
  readonly errors: { field: string; message: string }[];
  readonly body: any;
  /** Of a conflict: the event as it is now. */
  readonly current: CalendarEvent | null;
  /** Seconds after which it may be tried again; 0 if the server didn't say. */
  readonly retryAfter: number;
  /** Whether the request may have been carried out nevertheless. */
  readonly uncertain: boolean;
}

/** A place for the queue and the cache; `memoryStorage()` and `indexedDbStorage()` are two. */
export interface Storage {
  /** Opens what is kept under a name, with the tables `queue`, `calendars` and `meta`. */
  open(name: string): Promise<StorageArea>;
}

export interface StorageArea {
  get(table: string, key: string): Promise<any>;
  put(table: string, key: string, value: any): Promise<void>;
  delete(table: string, key: string): Promise<void>;
  keys(table: string): Promise<string[]>;
  clear(table: string): Promise<void>;
  /** Reads and writes a small table in one transaction that excludes all others; `work` is synchronous. Resolves with what it returns. */
  change<T>(table: string, work: (rows: Map<string, any>) => T): Promise<T>;
  close(): void;
}

export interface Options {
  /** Address of the server with its path prefix; where the page is, unless given. */
  url?: string;
  /** `io` of socket.io-client. */
  io: any;
  /** For programs: the token. A page signs in by cookie. */
  auth?: () => { token?: string };
  /** The name that one gives oneself where nobody signs in. */
  name?: () => string;
  /** Language of the server's messages: `ko` or `en`. */
  language?: string;
  /** IndexedDB where there is one, unless given; null: memory only. */
  storage?: Storage | null;
  /** Asks the user. Without it a write that meets a conflict is refused with `version_conflict`, `event_deleted` or `event_not_found`. */
  onConflict?: (conflict: Conflict) => Promise<Decision>;
  /** Whether others see that one looks at a department; true in a page, false elsewhere. */
  presence?: boolean;
  /** For tests and other runtimes: replacements of fetch, document, BroadcastChannel and the like. */
  environment?: Record<string, unknown>;
}

export class CalendarSync {
  constructor(options: Options);
  /** Resolves when there is something to show, or when it is known that there is nothing. Never rejects. */
  start(): Promise<void>;
  /** Ends the connection and every timer. What waits in the queue stays there. */
  stop(): void;

  readonly session: Session | null;
  readonly connection: Connection;
  readonly departments: ReadonlyMap<string, Department>;
  /** Whether `departments` was loaded, be it from the cache. */
  readonly listed: boolean;
  readonly shown: ReadonlySet<string>;
  /** Own writes that the server hasn't acknowledged. */
  readonly waiting: readonly WaitingWrite[];
  /** The server's version as it was at the start. */
  readonly version: string | null;

  /** From now on these departments are held, live. */
  show(ids: Iterable<string>): void;
  calendar(departmentId: string): Calendar;
  /** These days have to be held. Resolves when they are in all shown departments: offline, when the server is there again. */
  range(from: string, to: string): Promise<void>;
  /** Plain events and occurrences that touch the days, in order, at most 20,000. Only what is held: see `range`. */
  occurrences(range: { from: string; to: string; departments?: Iterable<string> }): CalendarEvent[];
  /** An event, a series or an occurrence in a held calendar. */
  find(id: string): CalendarEvent | undefined;

  /** `fields.id` may be a UUID. */
  create(departmentId: string, fields: EventFields & { id?: string }): Write;
  /** `event` as it was shown: its version is what conflicts are found by. `scope`: of an occurrence. */
  update(event: CalendarEvent, fields: EventFields, options?: { scope?: Scope }): Write;
  remove(event: CalendarEvent, options?: { scope?: Scope }): Write;
  move(event: CalendarEvent, departmentId: string): Write;
  restore(eventId: string, revision: number, departmentId?: string): Write;
  /** Takes a write back by a new one; null if that isn't possible. */
  undo(write: Write): Write | null;
  /** Takes a write out of the queue that hasn't been sent yet, and those made on top of it. Returns whether it could. */
  discard(writeId: string): Promise<boolean>;

  /**
   * Any other REST request. `path` begins with `/api/`. GET is repeated when the network fails. `body` is sent as JSON, a Blob as it is.
   * Who signs in or out by it is noticed.
   */
  request(method: string, path: string, body?: unknown, options?: { headers?: Record<string, string>; timeout?: number }): Promise<any>;
  /** The option `name` gives another name now: the others see it at once. */
  renamed(): void;
  /** Asks the server once more who one is. */
  refreshSession(): Promise<Session | null>;
  /** The absolute address of a path of the server, for links. */
  address(path: string): string;

  /** The others who look at a shown department, at most some fifty of `count`, and who edits which event. */
  presence(departmentId: string): { looking: Person[]; editing: ReadonlyMap<string, Person[]>; count: number };
  /** Tells the others which event one edits; null: none any more. */
  editing(departmentId: string, eventId: string | null): void;

  on<T extends keyof SyncEvents>(type: T, listener: (event: SyncEvents[T]) => void): () => void;
  off<T extends keyof SyncEvents>(type: T, listener: (event: SyncEvents[T]) => void): void;
}

export function memoryStorage(): Storage;
export function indexedDbStorage(indexedDB?: any): Storage;

/** A random UUID, also over plain http, where browsers have no `crypto.randomUUID`. */
export function newId(): string;
/** Whether the event stands for several occurrences. */
export function isSeries(event: CalendarEvent): boolean;
/** The occurrences of a series whose days touch `from` to `to`, as the server would expand them. */
export function expand(series: CalendarEvent, from: string, to: string): CalendarEvent[];
/** `{id}_{yyyymmdd}` → the series' id and the original date; null for other ids. */
export function occurrenceOf(id: string): { seriesId: string; original: string } | null;
/** The order of events on a day. */
export function inOrder(a: CalendarEvent, b: CalendarEvent, day?: string): number;
/** Ids of what a change of this event is about: of a series, the occurrences that were changed alone, if any. */
export function changedIds(event: CalendarEvent): string[];
