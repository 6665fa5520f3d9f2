// What the tests share: libraries at a fake server, and waiting.

import { CalendarSync, memoryStorage } from "../index.js";
import { FakeServer } from "./fake-server.js";

export const URL_OF_SERVER = "http://calendar.test/team/";
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until `condition()` is true; fails after `seconds`. */
export async function until(condition, seconds = 5) {
  const end = Date.now() + seconds * 1_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not in time: ${condition}`);
    await sleep(5);
  }
}

/** BroadcastChannel for tabs of one browser. */
export function channels() {
  const all = new Map();
  return class {
    constructor(name) {
      this.name = name;
      all.set(name, [...(all.get(name) ?? []), this]);
    }

    postMessage(data) {
      for (const other of all.get(this.name)) if (other !== this) setTimeout(() => other.onmessage?.({ data: structuredClone(data) }), 1);
    }

    close() {
      all.set(this.name, all.get(this.name).filter((each) => each !== this));
    }
  };
}

/** A browser: its tabs share what it stores. */
export function browser(server = new FakeServer(), { storage = memoryStorage(), BroadcastChannel = channels(), ...more } = {}) {
  const tabs = [];
  return {
    server,
    storage,
    /** Opens a page; `heard` collects what its listeners are told. */
    async open(options = {}, shown = [...server.departments.keys()]) {
      const { environment, ...rest } = options;
      const sync = new CalendarSync({ url: URL_OF_SERVER, io: server.io, storage, ...more, ...rest, environment: { fetch: server.fetch, BroadcastChannel, random: () => 0, ...environment } });
      sync.heard = [];
      for (const type of ["changed", "departments", "session", "connection", "waiting", "presence", "access", "gone", "held", "refused", "newversion"]) {
        sync.on(type, (message) => sync.heard.push([type, message]));
      }
      sync.told = (type) => sync.heard.filter(([each]) => each === type).map(([, message]) => message);
      tabs.push(sync);
      sync.show(shown);
      await sync.start();
      return sync;
    },
    close() {
      for (const sync of tabs) sync.stop();
    },
  };
}

/** Runs a test with a browser that is closed afterwards. */
export const withBrowser = (work, options = {}) => async () => {
  const server = new FakeServer();
  server.department("d1");
  const one = browser(server, options);
  try {
    await work(one);
  } finally {
    one.close();
  }
};

export const isLive = (sync) => sync.connection.state === "live";
export const titles = (sync, id = "d1") => [...sync.calendar(id).events.values()].map(({ title }) => title).sort();
