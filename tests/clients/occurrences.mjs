// Reads {"text", "first", "last"} as JSON, prints the starts that ical.js reads from the calendar, and the
// offsets of wall times if {"zones": {name: [VTIMEZONE, [wall time, …]]}} is asked for.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const asked = JSON.parse(readFileSync(0, "utf8"));

function start(time) {
  return time.isDate ? time.toString() : new Date(time.toUnixTime() * 1000).toISOString().slice(0, 16) + "Z";
}

function occurrences(text, first, last) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = calendar.getAllSubcomponents("vevent").map((component) => new ICAL.Event(component));
  const found = {};
  for (const event of events.filter((event) => !event.isRecurrenceException())) {
    for (const other of events) {
      if (other.uid === event.uid && other.isRecurrenceException()) event.relateException(other);
    }
    const starts = (found[event.uid] = []);
    if (!event.isRecurring()) {
      starts.push(start(event.startDate));
      continue;
    }
    const iterator = event.iterator();
    for (let next; (next = iterator.next()); ) {
      const day = next.toString().slice(0, 10);
      if (day > last) break;
      if (day >= first) starts.push(start(event.getOccurrenceDetails(next).startDate));
    }
  }
  return found;
}

function offsets(zones) {
  return Object.fromEntries(
    Object.entries(zones).map(([name, [text, times]]) => {
      const calendar = new ICAL.Component(ICAL.parse(`BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${text}END:VCALENDAR\r\n`));
      const zone = new ICAL.Timezone(calendar.getFirstSubcomponent("vtimezone"));
      const offset = (time) => {
        const moment = ICAL.Time.fromString(time);
        moment.zone = zone;
        return zone.utcOffset(moment);
      };
      return [name, times.map(offset)];
    }),
  );
}

const answer = asked.zones ? offsets(asked.zones) : occurrences(asked.text, asked.first, asked.last);
console.log(JSON.stringify(answer));
