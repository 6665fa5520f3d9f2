"""New VEVENTs of an event: its own and one for each changed occurrence (RFC 5545 §3.6.1)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from teamcal.domain.event_fields import PATCHABLE
from teamcal.domain.values import Record
from teamcal.ical import properties
from teamcal.ical.content_lines import folded
from teamcal.ical.occurrences import occurrence
from teamcal.ical.properties import date_line
from teamcal.zones import zone_names


def uid_of(record: Record) -> str:
    """Returns the UID as it is written: an imported one keeps its escapes."""
    return str(record.get("uid") or f"{record['id']}@teamcal")


def with_usable_zone(record: Record, default_zone: str) -> Record:
    """Returns the record with a zone that this server knows, if it has a time of day at all."""
    if not record.get("start_time"):
        return {name: value for name, value in record.items() if name not in ("time_zone", "end_time")}
    zone = record.get("time_zone")
    return record if zone in zone_names() else {**record, "time_zone": default_zone}


def changed_occurrences(record: Record) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields original date and exception of each occurrence that has fields of its own, in order."""
    for original, patch in sorted((record.get("exceptions") or {}).items()):
        if not patch.get("excluded") and any(name in patch for name in PATCHABLE):
            yield original, patch


def vevents(record: Record, default_zone: str) -> bytes:
    """Returns the VEVENTs of a record whose zone is usable."""
    dates = (date_line(name, day, record) for name, of in properties.DATES.items() for day in of(record))
    own = _vevent(record, [*properties.rule(record), *dates])
    return own + b"".join(
        override_vevent(record, original, patch, default_zone)
        for original, patch in changed_occurrences(record)
    )


def override_vevent(record: Record, original: str, patch: Mapping[str, Any], default_zone: str) -> bytes:
    """Returns the VEVENT of one changed occurrence."""
    fields = occurrence(record, original, patch, default_zone)
    return _vevent({**fields, "uid": uid_of(record)}, [date_line("RECURRENCE-ID", original, record)])


def _vevent(fields: Record, recurrence: Iterable[str]) -> bytes:
    return b"".join(folded(line) for line in _lines(fields, recurrence))


def _lines(fields: Record, recurrence: Iterable[str]) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{uid_of(fields)}"
    for lines in properties.stamps(fields).values():
        yield from lines
    yield from properties.created(fields)
    yield from properties.start(fields)
    yield from properties.end(fields)
    yield from recurrence
    for lines_of in properties.PROPERTIES.values():
        yield from lines_of(fields)
    for minutes in fields.get("reminders") or ():
        yield from properties.alarm(fields, minutes)
    yield "END:VEVENT"
