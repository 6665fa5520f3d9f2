"""Files that are imported, as events: iCalendar, and the tables that `csv_of` writes. All is bounded."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from teamcal.domain.event_fields import EVENT_FIELDS, SIMPLE
from teamcal.domain.fields import event_from
from teamcal.domain.spreadsheet import columns_of, rows_from
from teamcal.domain.values import Record
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.ical.calendar_file import FileRefused, calendar_file
from teamcal.ical.extras import unpacked
from teamcal.ical.reading import Reading, read_entry
from teamcal.ical.zones import Zones

LONGEST_UID, LONGEST_TITLE = 255, 200
MAX_WARNINGS = 20
"""Of an entry."""
_LOOKED_AT = 65_536
"""Bytes at the beginning of a file that say what it is."""
_IS_CALENDAR = re.compile(rb"^\s*BEGIN[ \t]*:[ \t]*VCALENDAR", re.IGNORECASE | re.MULTILINE)
# What changes with every export, and what feeds leave out.
_VOLATILE = re.compile(
    rb"^(?:DTSTAMP|LAST-MODIFIED|CREATED|SEQUENCE|ATTENDEE|ORGANIZER)[:;].*\r?\n(?:[ \t].*\r?\n)*",
    re.IGNORECASE | re.MULTILINE,
)
_ALL_ABSENT: Record = {name: "" if name in SIMPLE else None for name in EVENT_FIELDS}

Pause = Callable[[], object]


class Remark(NamedTuple):
    """Why an entry is refused, or what was changed in it. `reason` is a code; `details` fill its text."""

    reason: str
    details: dict[str, Any] = {}


@dataclass(slots=True)
class FileEvent:
    """One event of a file. `entry`: its number in the file, from 1; of a table its row.

    `fields`: those that the file speaks of, checked; or `refused`. `source` and `digest` as ImportEntry's.
    `part_of`: the UID of the series that the file changes from a date on, of which this is a part: its parts
    are imported together. "" of all other events.
    """

    entry: int
    uid: str
    title: str
    fields: Record = field(default_factory=dict)
    source: Record | None = None
    digest: str = ""
    part_of: str = ""
    refused: Remark | None = None
    warnings: list[Remark] = field(default_factory=list)


class File(NamedTuple):
    """`events`: those of each of its `entries`, read one by one as they are asked for."""

    entries: int
    events: Iterator[list[FileEvent]]


def file_from(data: bytes, zone: str, pause: Pause) -> File:
    """Returns what the file holds; `zone`: of times that name none. `pause` is called every few milliseconds.

    Raises InvalidInput when nothing of it can be read.
    """
    head = data[:_LOOKED_AT].replace(b"\x00", b"")
    if _IS_CALENDAR.search(head.removeprefix(b"\xef\xbb\xbf")):
        return _calendar(data, zone, pause)
    return _table(data, pause)


class ShortTurns:
    """A `Pause` that lets others run when `seconds` are over; `also` is called then, too."""

    def __init__(self, seconds: float, also: Pause = lambda: None) -> None:
        self._seconds, self._also = seconds, also
        self._ends = time.perf_counter() + seconds

    def __call__(self) -> None:
        if time.perf_counter() >= self._ends:
            self._also()
            time.sleep(0)  # yields in eventlet, in gevent and among threads alike
            self._ends = time.perf_counter() + self._seconds


# iCalendar


def _calendar(data: bytes, zone: str, pause: Pause) -> File:
    try:
        file = calendar_file(data, pause)
    except FileRefused as refused:
        raise InvalidInput([FieldProblem("", refused.reason)]) from None
    zones = Zones(zone, file.time_zones)

    def events() -> Iterator[list[FileEvent]]:
        for number, entry in enumerate(file.entries, start=1):
            readings = read_entry(entry, zones)
            file.entries[number - 1] = None  # type: ignore[call-overload] # its text isn't needed any more
            yield [event for reading in readings for event in _events_of(number, reading)]
            pause()

    return File(len(file.entries), events())


def _events_of(number: int, reading: Reading) -> Iterator[FileEvent]:
    warnings = [Remark(note.code, {"detail": note.detail}) for note in reading.warnings[:MAX_WARNINGS]]
    if reading.refused:
        remark = Remark(reading.refused, {"detail": reading.detail})
        yield FileEvent(number, reading.uid, reading.title, refused=remark, warnings=warnings)
    for record in reading.records:
        uid = str(record.get("uid") or reading.uid)
        event = FileEvent(number, uid, str(record.get("title") or reading.title), warnings=warnings)
        event.source = {name: record[name] for name in ("sequence", "ical") if name in record}
        event.digest = _digest_of(record.get("ical"))
        event.part_of = reading.uid if len(reading.records) > 1 else ""
        yield _checked(event, record, _ALL_ABSENT)


def _digest_of(packed: bytes | None) -> str:
    text = unpacked(packed) if packed else None
    if text is None:
        return ""
    return hashlib.blake2b(_VOLATILE.sub(b"", text), digest_size=8).hexdigest()


# Tables


def _table(data: bytes, pause: Pause) -> File:
    absent = {name: _ALL_ABSENT[name] for name in columns_of(data) if name in _ALL_ABSENT}
    rows: list[Any] = []
    for row in rows_from(data):
        rows.append(row)
        pause()

    def events() -> Iterator[list[FileEvent]]:
        for number, row in rows:
            yield [_event_of(number, row, absent)]
            pause()

    return File(len(rows), events())


def _event_of(number: int, row: Record | FieldProblem, absent: Record) -> FileEvent:
    if isinstance(row, FieldProblem):
        return FileEvent(
            number, "", row.field, refused=Remark(row.reason, {**row.details, "field": row.field})
        )
    title, uid = row.get("title"), str(row["uid"])
    event = FileEvent(number, uid, title if isinstance(title, str) else "")
    return _checked(event, row, absent)


def _checked(event: FileEvent, fields: Record, absent: Record) -> FileEvent:
    """Puts the fields into the event, or the reason why they aren't allowed."""
    uid, event.uid, event.title = event.uid, event.uid[:LONGEST_UID], event.title[:LONGEST_TITLE]
    try:
        if len(uid) > LONGEST_UID or not uid.isprintable():
            raise InvalidInput([FieldProblem("uid", "too_long", {"limit": LONGEST_UID})])
        checked = event_from(fields)
        event.fields = absent | {name: checked[name] for name in checked if name in absent or name in fields}
    except InvalidInput as error:
        event.refused = remark_of(error)
    return event


def remark_of(error: InvalidInput) -> Remark:
    problem = error.problems[0]
    return Remark(problem.reason, {**problem.details, "field": problem.field})
