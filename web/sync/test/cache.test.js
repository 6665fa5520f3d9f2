// What is kept of a calendar is what it holds, however often it was kept before.

import assert from "node:assert/strict";
import test from "node:test";

import { memoryStorage } from "../index.js";
import { createCache } from "../src/cache.js";
import { HeldCalendar } from "../src/calendar.js";

test("each save keeps the calendar as it is then", async () => {
  const calendar = new HeldCalendar("d1");
  calendar.applyAnswer({ events: [{ id: "a", title: "하나", revision: 1 }, { id: "b", title: "\"둘\"\n", revision: 2 }], revision: 2, cursor: "2" });
  const timers = { later: () => () => {} };
  const cache = createCache({ timers, environment: { now: () => 0 }, calendars: { held: () => calendar } });
  const area = await memoryStorage().open("kim");
  cache.use(area);
  const steps = [
    () => {},
    () => calendar.applyChange("event_updated", { id: "a", title: "셋", revision: 3, cursor: "3" }),
    () => calendar.applyChange("event_deleted", { id: "b", revision: 4, cursor: "4" }),
    () => calendar.applyChange("event_created", { id: "c", title: "넷", event_date: "2026-11-27", revision: 5, cursor: "5" }),
    () => calendar.applyChange("event_deleted", { id: "a", revision: 6, cursor: "6" }),
    () => calendar.applyChange("event_deleted", { id: "c", revision: 7, cursor: "7" }),
  ];
  for (const step of steps) {
    step();
    cache.changed("d1");
    await cache.flush();
    const { revision, cursor, held, events } = calendar;
    assert.deepEqual(JSON.parse(await area.get("calendars", "d1")), { format: 1, revision, cursor, held, events: [...events.values()] });
  }
  assert.deepEqual([calendar.revision, calendar.events.size], [7, 0]);
});
