import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { FIXED } from "../page/events/categories.js";
import { parseQuickEntry } from "../page/events/quick-entry.js";

for (const page of ["quick-entry.md", "quick-entry.ko.md"]) {
  test(`${page}: each line is read as the table says`, () => {
    const rows = [...readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8").matchAll(/^\| `([^`]+)` \| (.+) \| (.+) \| (.+) \| (.+) \|$/gm)];
    assert.equal(rows.length, 13);
    for (const [, line, title, day, time, besides] of rows) {
      const { fields } = parseQuickEntry(line, { today: "2026-11-26", categories: [...FIXED.keys()] });
      const shown = (...parts) => parts.filter(Boolean).join(" ") || "–";
      assert.equal(fields.title, title, line);
      assert.equal([fields.event_date, fields.end_date].filter(Boolean).join(" – "), day, line);
      assert.equal([fields.start_time, fields.end_time].filter(Boolean).join("–") || shown(fields.time), time, line);
      assert.equal(shown(fields.recurrence, fields.location, ...(fields.categories ?? [])), besides, line);
    }
  });
}
