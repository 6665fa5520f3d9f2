// What a write to one occurrence, to it and all that follow, or to all will make of a series. Pure.
//
// After the server's teamcal/domain/series_operations.py.

import { daysBetween, moved } from "../days.js";
import { FIELDS, PATCHABLE, sameValue, valueOf } from "../events.js";
import { hasAny, occurrence, ruleDays, unpatched } from "../recurrence/occurrences.js";
import { canonical, ruleOf } from "../recurrence/rule-text.js";
import { ordinalOf } from "../recurrence/civil.js";
import { edited } from "./foresee-event.js";

/** The series with one occurrence edited; null if there is no such occurrence. */
export function withOccurrence(series, original, fields) {
  const shown = occurrence(series, original);
  if (!shown) return null;
  const base = unpatched(series, original);
  const own = Object.fromEntries(Object.entries(fields).filter(([name]) => PATCHABLE.includes(name)));
  const after = edited(shown, own);
  const patch = series.exceptions?.[original]?.added ? { added: true } : {};
  for (const name of PATCHABLE) if (!sameValue(valueOf(after, name), valueOf(base, name))) patch[name] = after[name] ?? null;
  return { ...series, exceptions: { ...series.exceptions, [original]: patch } };
}

/** The series without one occurrence; null if none is left. */
export function withoutOccurrence(series, original) {
  const exceptions = { ...series.exceptions };
  if (exceptions[original]?.added) delete exceptions[original];
  else exceptions[original] = { excluded: true };
  const after = { ...series, exceptions };
  return hasAny(after) ? after : null;
}

/** The series without this date and all later ones; null if none is left. */
export function endedBefore(series, original) {
  const after = { ...series };
  after.exceptions = Object.fromEntries(Object.entries(series.exceptions ?? {}).filter(([day]) => day < original));
  if (series.recurrence) {
    if (original <= series.event_date) {
      delete after.recurrence;
      delete after.until_day;
    } else {
      after.until_day = moved(original, -1);
      after.recurrence = canonical({ ...ruleOf(series.recurrence), count: null, until: ordinalOf(after.until_day) });
    }
  }
  return hasAny(after) ? after : null;
}

/** The series `id` that goes on at this date, with `fields` set. */
export function begunAt(series, original, fields, id) {
  const own = { id, department_id: series.department_id };
  for (const name of FIELDS) if (series[name] !== undefined) own[name] = series[name];
  own.event_date = original;
  if (own.end_date) own.end_date = moved(own.end_date, daysBetween(series.event_date, original));
  if (series.until_day) own.until_day = series.until_day;
  own.exceptions = Object.fromEntries(Object.entries(series.exceptions ?? {}).filter(([day]) => day >= original));
  if (own.recurrence) {
    const rule = ruleOf(own.recurrence);
    if (rule.count !== null) own.recurrence = canonical({ ...rule, count: rule.count - countBefore(series, original) });
  }
  return edited(own, fields);
}

function countBefore(series, original) {
  let count = 0;
  for (const day of ruleDays(series, series.event_date, moved(original, -1))) count += day < original;
  return count;
}

/** What setting `fields` of one occurrence means for the whole series: dates move by as much. */
export function ofWhole(series, original, fields) {
  const shown = occurrence(series, original) ?? unpatched(series, original);
  const whole = { ...fields };
  if (whole.event_date) whole.event_date = moved(series.event_date, daysBetween(shown.event_date, whole.event_date));
  if (whole.end_date) {
    const begins = fields.event_date ?? shown.event_date;
    whole.end_date = moved(whole.event_date ?? series.event_date, daysBetween(begins, fields.end_date));
  }
  return whole;
}

/** Whether the series has no occurrence before this date. */
export function isFirst(series, original) {
  const patches = series.exceptions ?? {};
  if (Object.entries(patches).some(([day, patch]) => day < original && !patch.excluded)) return false;
  for (const day of ruleDays(series, series.event_date, original)) if (day < original && !Object.hasOwn(patches, day)) return false;
  return true;
}
