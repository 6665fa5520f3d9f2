import assert from "node:assert/strict";
import test from "node:test";
import { translator } from "../page/messages.js";
import { formOf, ruleInWords, ruleOf, unrepeated, weekdayOf } from "../page/events/recurrence.js";

const START = "2026-11-11"; // the second Wednesday of the month

const WRITTEN = [
  [{ recurrence: "none" }, null],
  [{ recurrence: "daily" }, "FREQ=DAILY"],
  [{ recurrence: "daily", repeat_interval: "3" }, "FREQ=DAILY;INTERVAL=3"],
  [{ recurrence: "daily", repeat_interval: "" }, "FREQ=DAILY"],
  [{ recurrence: "weekly" }, "FREQ=WEEKLY;BYDAY=WE"],
  [{ recurrence: "weekly", repeat_days: [] }, "FREQ=WEEKLY;BYDAY=WE"],
  [{ recurrence: "weekly", repeat_days: ["FR", "MO"], repeat_interval: "2" }, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"],
  [{ recurrence: "weekly", repeat_ends: "count", repeat_count: "5" }, "FREQ=WEEKLY;COUNT=5;BYDAY=WE"],
  [{ recurrence: "weekly", repeat_ends: "until", repeat_until: "2026-12-31" }, "FREQ=WEEKLY;UNTIL=20261231;BYDAY=WE"],
  [{ recurrence: "monthly_day" }, "FREQ=MONTHLY"],
  [{ recurrence: "monthly_weekday" }, "FREQ=MONTHLY;BYDAY=2WE"],
  [{ recurrence: "monthly_weekday", repeat_nth: "-1", repeat_weekday: "FR" }, "FREQ=MONTHLY;BYDAY=-1FR"],
  [{ recurrence: "yearly", repeat_interval: "4" }, "FREQ=YEARLY;INTERVAL=4"],
];

for (const [fields, rule] of WRITTEN) {
  test(`the form says ${rule}, and shows it as it was`, () => {
    const form = { ...unrepeated(START), ...fields };
    assert.equal(ruleOf(form, START), rule);
    assert.equal(ruleOf(formOf(rule, START), START), rule);
    assert.equal(formOf(rule, START).recurrence, fields.recurrence);
  });
}

test("what a rule's start says anyway needn't be in it", () => {
  const kinds = {
    "FREQ=WEEKLY": "weekly", "FREQ=MONTHLY;BYMONTHDAY=11": "monthly_day", "FREQ=YEARLY;BYMONTH=11": "yearly",
    "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=11": "yearly", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=11": "monthly_day",
  };
  for (const [rule, kind] of Object.entries(kinds)) assert.equal(formOf(rule, START).recurrence, kind, rule);
  assert.deepEqual(formOf("FREQ=WEEKLY", START).repeat_days, ["WE"]);
});

const KEPT = [
  "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=12", "FREQ=MONTHLY;BYMONTHDAY=11,12", "FREQ=MONTHLY;BYDAY=MO", "FREQ=MONTHLY;BYDAY=1MO,3MO",
  "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY;BYMONTHDAY=11", "FREQ=YEARLY;BYMONTH=5", "FREQ=YEARLY;BYDAY=2WE", "FREQ=YEARLY;BYMONTH=11;BYDAY=WE",
  "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=SU", "FREQ=DAILY;BYMONTH=11", "FREQ=YEARLY;BYWEEKNO=20", "FREQ=MONTHLY;BYMONTH=5", "FREQ=SOMETHING",
];

for (const rule of KEPT) {
  test(`${rule} is more than the form can say: it stays as it is`, () => {
    const form = formOf(rule, START);
    assert.equal(form.recurrence, "other");
    assert.equal(ruleOf(form, START), rule);
  });
}

test("an event that isn't repeated would be on its own day", () => {
  assert.deepEqual(formOf(undefined, START), unrepeated(START));
  assert.deepEqual([weekdayOf("2026-11-09"), weekdayOf("2026-11-15")], ["MO", "SU"]);
  assert.equal(unrepeated("2026-11-30").repeat_nth, "5");
});

test("a rule is said in words", () => {
  const say = (language, rule) => ruleInWords(rule, START, { text: translator(language), weekdayName: (code) => code, dayName: (day) => day });
  const words = {
    "FREQ=DAILY": ["매일", "Every day"],
    "FREQ=DAILY;INTERVAL=2": ["2일마다", "Every 2 days"],
    "FREQ=WEEKLY;BYDAY=MO,WE": ["매주 MO, WE", "Every week on MO, WE"],
    "FREQ=WEEKLY;INTERVAL=2;UNTIL=20261231;BYDAY=WE": ["2주마다 WE, 2026-12-31까지", "Every 2 weeks on WE, until 2026-12-31"],
    "FREQ=MONTHLY": ["매월 11일", "Every month on day 11"],
    "FREQ=MONTHLY;BYDAY=-1FR": ["매월 마지막 FR", "Every month on the last FR"],
    "FREQ=YEARLY;COUNT=3": ["매년, 모두 3회", "Every year, 3 times"],
    "FREQ=YEARLY;BYWEEKNO=20": ["반복 (FREQ=YEARLY;BYWEEKNO=20)", "Repeats (FREQ=YEARLY;BYWEEKNO=20)"],
  };
  for (const [rule, both] of Object.entries(words)) assert.deepEqual([say("ko", rule), say("en", rule)], both);
  assert.equal(say("ko", undefined), "");
});
