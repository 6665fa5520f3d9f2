import assert from "node:assert/strict";
import { test } from "node:test";
import { byDay, sortedByDay } from "../src/events.js";

const seeded = (seed) => () => ((seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0), seed / 2 ** 32);

test("events are in the order of their days, however they were sorted before", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = seeded(seed);
    const any = (most) => Math.floor(random() * most);
    const two = (number) => String(number).padStart(2, "0");
    const all = Array.from({ length: 200 }, (_, number) => ({
      id: `${number}`, title: `${any(20)}`, event_date: `2026-0${1 + any(2)}-0${1 + any(9)}`,
      ...(any(3) ? { start_time: `${two(any(24))}:${two(any(60))}` } : { time: ["종일", "저녁", "", "아침"][any(4)] }), ...(any(5) ? {} : { end_date: "2026-04-01" }),
    }));
    for (let round = 0; round < 4; round += 1) {
      const some = all.filter(() => any(2)).map((event) => (any(8) ? event : { ...event, title: "new" }));
      assert.deepEqual(sortedByDay(some), some.toSorted(byDay));
    }
  }
});
