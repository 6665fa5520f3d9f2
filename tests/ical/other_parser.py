"""Runs in a virtual environment of its own and asks PyPI's `ical`.

Reads {"text", "first", "last"} as JSON and prints the starts that it reads from the calendar, or reads
{"zones": {name: [VTIMEZONE, [wall time, …]]}} and prints the offsets of the wall times.
"""

import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ical.calendar_stream import IcsCalendarStream

UTC_ZONE = ZoneInfo("UTC")


def start(moment: Any) -> str:
    if not isinstance(moment, datetime):
        return str(moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def occurrences(text: str, first: str, last: str) -> dict[str, list[str]]:
    calendar = IcsCalendarStream.calendar_from_ics(text)
    begin = datetime.combine(date.fromisoformat(first), time(), UTC_ZONE) - timedelta(days=2)
    end = datetime.combine(date.fromisoformat(last), time(), UTC_ZONE) + timedelta(days=2)
    found: dict[str, list[str]] = {}
    for event in calendar.timeline_tz(UTC_ZONE).overlapping(begin, end):
        if first <= event.dtstart.strftime("%Y-%m-%d") <= last:
            found.setdefault(event.uid, []).append(start(event.dtstart))
    return found


def offsets(zones: dict[str, Any]) -> dict[str, list[float]]:
    found = {}
    for name, (zone, times) in zones.items():
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", zone.rstrip()]
        for number, moment in enumerate(times):
            compact = moment.replace("-", "").replace(":", "")
            lines += ["BEGIN:VEVENT", f"UID:{number}", "DTSTAMP:20260101T000000Z", "SUMMARY:x"]
            lines += [f"DTSTART;TZID=X-{name}:{compact}", "END:VEVENT"]
        calendar = IcsCalendarStream.calendar_from_ics("\r\n".join([*lines, "END:VCALENDAR", ""]))
        by_number = {int(event.uid): event.dtstart.utcoffset().total_seconds() for event in calendar.events}
        found[name] = [by_number[number] for number in range(len(times))]
    return found


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    answer: Any = (
        offsets(asked["zones"])
        if "zones" in asked
        else occurrences(asked["text"], asked["first"], asked["last"])
    )
    json.dump(answer, sys.stdout)
