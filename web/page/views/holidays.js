// The days off in the days that are shown. They are loaded by the year and kept as long as the page.

const AGAIN = 60_000;

/** `changed(holidays)` is called with a Map of day → holidays whenever there are more. */
export function createHolidays({ api, changed, now = () => Date.now() }) {
  // Year → null when it is loaded or on the way, or the time before which it isn't asked for again
  const years = new Map();
  const days = new Map();

  async function load(year) {
    years.set(year, null);
    try {
      const holidays = await api.holidays(`${year}-01-01`, `${year}-12-31`);
      for (const each of holidays) days.set(each.date, [...(days.get(each.date) ?? []), each]);
      changed(new Map(days));
    } catch (error) {
      if (error.status === undefined) throw error;
      // The calendar can be used without them.
      years.set(year, now() + AGAIN);
    }
  }

  return {
    show({ first, last }) {
      for (const year of new Set([first.slice(0, 4), last.slice(0, 4)])) {
        const state = years.get(year);
        if (state === undefined || (state !== null && state < now())) load(year);
      }
    },
  };
}

/** Returns the names of a day's holidays, "" for none. */
export const holidayNames = (holidays, language) =>
  (holidays ?? []).map(({ name, name_en: english }) => (language === "ko" ? name : english || name)).join(", ");
