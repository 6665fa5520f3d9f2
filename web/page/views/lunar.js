// Lunar dates, as Korean calendars show them, by the browser's own calendar (Intl, "dangi").

const formatter = (() => {
  try {
    return new Intl.DateTimeFormat("en-u-ca-dangi", { timeZone: "UTC", month: "numeric", day: "numeric" });
  } catch {
    return null;
  }
})();

/** Returns a day's lunar date as `10.17`, a leap month as `윤6.1`; "" where the browser knows none. */
export function lunarDate(day) {
  if (formatter === null || formatter.resolvedOptions().calendar !== "dangi") return "";
  const parts = Object.fromEntries(formatter.formatToParts(new Date(`${day}T00:00:00Z`)).map(({ type, value }) => [type, value]));
  const leap = /bis/.test(parts.month);
  return `${leap ? "윤" : ""}${Number.parseInt(parts.month, 10)}.${parts.day}`;
}
