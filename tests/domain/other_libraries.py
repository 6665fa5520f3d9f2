"""Run by a Python that has recurring-ical-events: answers each case on its input with the days of a series.

A case is a line of JSON, `{"rule", "start", "time", "zone", "first", "last", "excluded", "added"}`: dates as
YYYY-MM-DD, time as HH:MM or null for all day. The answer is `{"dateutil": dates, "recurring_ical_events":
dates}`, in which a list is the name of an exception if the library raised one.
"""

import json
import sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from dateutil.rrule import rruleset, rrulestr


def _lines(case):
    timed = case["time"] is not None
    kind = f";TZID={case['zone']}:" if timed else ";VALUE=DATE:"
    clock = f"T{case['time'].replace(':', '')}00" if timed else ""
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//oracle//", "BEGIN:VEVENT", "UID:1")
    yield f"DTSTART{kind}{case['start'].replace('-', '')}{clock}"
    yield f"RRULE:{case['rule']}"
    for name, days in (("EXDATE", case["excluded"]), ("RDATE", case["added"])):
        for day in days:
            yield f"{name}{kind}{day.replace('-', '')}{clock}"
    yield from ("END:VEVENT", "END:VCALENDAR", "")


def by_recurring_ical_events(case):
    calendar = icalendar.Calendar.from_ical("\r\n".join(_lines(case)))
    after = date.fromisoformat(case["last"]) + timedelta(1)
    first, last = (datetime.combine(day, time()) for day in (date.fromisoformat(case["first"]), after))
    events = recurring_ical_events.of(calendar).between(first, last)
    return sorted(event["DTSTART"].dt.strftime("%Y-%m-%d") for event in events)


def by_dateutil(case):
    zone = ZoneInfo(case["zone"]) if case["zone"] else None
    clock = time.fromisoformat(case["time"] or "00:00")
    days = (date.fromisoformat(case[name]) for name in ("start", "first", "last"))
    start, first, last = (datetime.combine(day, clock, tzinfo=zone) for day in days)
    series = rruleset()
    series.rrule(rrulestr(case["rule"], dtstart=start))
    for name, add in (("excluded", series.exdate), ("added", series.rdate)):
        for day in case[name]:
            add(datetime.combine(date.fromisoformat(day), clock, tzinfo=zone))
    return [moment.strftime("%Y-%m-%d") for moment in series.between(first, last, inc=True)]


def answer(case):
    answers = {}
    for library in (by_dateutil, by_recurring_ical_events):
        try:
            answers[library.__name__.removeprefix("by_")] = library(case)
        except Exception as error:
            answers[library.__name__.removeprefix("by_")] = type(error).__name__
    return answers


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
