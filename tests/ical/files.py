"""Builds, reads and writes calendars of the tests."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from teamcal.domain.recurrence import days, last_day, rule_of
from teamcal.ical import Reading, Zones, calendar_file, calendar_text, fragment, read_entry
from teamcal.ical.content_lines import decoded, raw_lines, unfolded
from teamcal.ical.occurrences import occurrence

SEOUL = "Asia/Seoul"
ID = "0b9e6c1e-0000-4000-8000-000000000001"
STORED = {
    "id": ID,
    "version": 1,
    "created_at": "2026-01-01T00:00:00.000Z",
    "last_modified": "2026-01-01T00:00:00.000Z",
}
Record = dict[str, Any]


def calendar(*bodies: str) -> bytes:
    return "".join(("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n", *bodies, "END:VCALENDAR\r\n")).encode()


def vevent(*lines: str, uid: str = "u") -> str:
    """A VEVENT with DTSTART on 2 November 2026 at 10:00 unless the lines have one."""
    if not any(line.startswith("DTSTART") for line in lines):
        lines = ("DTSTART;TZID=Asia/Seoul:20261102T100000", *lines)
    if not any(line.startswith("SUMMARY") for line in lines):
        lines = ("SUMMARY:x", *lines)
    return "".join(f"{line}\r\n" for line in ("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"))


def read(data: bytes, default_zone: str = SEOUL) -> list[Reading]:
    file = calendar_file(data)
    zones = Zones(default_zone, file.time_zones, file.zone_name)
    return [reading for entry in file.entries for reading in read_entry(entry, zones)]


def read_records(data: bytes, default_zone: str = SEOUL) -> list[Record]:
    return [record for reading in read(data, default_zone) for record in reading.records]


def read_one(*lines: str, default_zone: str = SEOUL) -> Record:
    """The record of one VEVENT, without its UID."""
    (reading,) = read(calendar(vevent(*lines)), default_zone)
    assert reading.refused is None, reading
    (record,) = reading.records
    return {name: value for name, value in record.items() if name != "uid"}


def refusal(*lines: str) -> str | None:
    (reading,) = read(calendar(vevent(*lines)))
    assert not reading.records
    return reading.refused


def warnings(*lines: str) -> list[tuple[str, str]]:
    (reading,) = read(calendar(vevent(*lines)))
    assert reading.refused is None, reading
    return [tuple(note) for note in reading.warnings]


def stored(record: Record, **changes: Any) -> Record:
    """The record as it is stored; None takes a field away."""
    both = {"title": "x", "event_date": "2026-11-02", **STORED, **record, **changes}
    return {name: value for name, value in both.items() if value is not None}


def written(*records: Record, default_zone: str = SEOUL, guests: bool = False, **arguments: Any) -> bytes:
    fragment_of = partial(fragment, default_zone=default_zone, guests=guests)
    return b"".join(calendar_text(records, fragment_of, **arguments))


def lines_of(text: bytes) -> list[str]:
    """The content lines without their folds."""
    return [decoded(unfolded(raw)) for raw in raw_lines(text)]


def event_lines(record: Record, **arguments: Any) -> list[str]:
    return lines_of(fragment(record, SEOUL, **arguments).text)


def name_of(line: str) -> str:
    return re.split("[;:]", line, maxsplit=1)[0].upper()


def starts(record: Record, first: date, last: date) -> list[str]:
    """The starts of a record's occurrences, as dates or in UTC, by the expander of the server."""
    found = []
    for fields in _occurrences(record, first - timedelta(days=31), last + timedelta(days=31)):
        day = date.fromisoformat(fields["event_date"])
        if not first <= day <= last:
            continue
        if "start_time" in fields:
            clock = time.fromisoformat(fields["start_time"])
            local = datetime.combine(day, clock, ZoneInfo(fields["time_zone"]))
            found.append(local.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"))
        else:
            found.append(day.isoformat())
    return sorted(found)


def _occurrences(record: Record, first: date, last: date) -> list[Record]:
    if "recurrence" not in record:
        return [record]
    rule, begin = rule_of(record["recurrence"]), date.fromisoformat(record["event_date"])
    end = min(last, last_day(rule, begin) or last)
    exceptions = record.get("exceptions", {})
    originals = {day.isoformat() for day in days(rule, begin, first, end)}
    originals |= {day for day, patch in exceptions.items() if "added" in patch}
    patches = {day: exceptions.get(day, {}) for day in sorted(originals)}
    return [
        occurrence(record, day, patch, SEOUL) for day, patch in patches.items() if "excluded" not in patch
    ]


def corpus() -> list[Path]:
    """The .ics files that the package `icalendar` carries."""
    return sorted(Path(icalendar.__file__).parent.rglob("*.ics"))
