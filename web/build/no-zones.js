// Stands in for temporal-polyfill (11 KB): FullCalendar needs it for named time zones only, and the page shows clocks as they are
// written (`timeZone: "UTC"`, views/calendar-options.js).

function unavailable() {
  throw new Error("the page is built without named time zones");
}

export { unavailable as create, unavailable as fromEpochMilliseconds, unavailable as offsetNanoseconds, unavailable as toZonedDateTime, unavailable as toZonedDateTimeISO };
