"""Exports an imported event: its original lines, with those changed whose fields have changed since.

What the fields were at import is read from the same lines again, so nothing but `ical` needs to be kept.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from teamcal.domain.dates import days_between
from teamcal.domain.event_fields import PATCHABLE
from teamcal.domain.recurrence import RuleRefused
from teamcal.domain.values import Record
from teamcal.ical import properties
from teamcal.ical.content_lines import Component, components
from teamcal.ical.event_reading import EventPart, EventReader
from teamcal.ical.extras import unpacked
from teamcal.ical.line_patch import LinePatch, Reminders, renamed_zones, tzids
from teamcal.ical.notes import EntryRefused, Notes
from teamcal.ical.occurrences import end_day, occurrence, shifted
from teamcal.ical.properties import date_line
from teamcal.ical.vevents import changed_occurrences, override_vevent, uid_of
from teamcal.ical.zones import Zones, zone_of_name

_LONGEST_TZID = 100


class Patched(NamedTuple):
    """The VEVENTs, and the TZIDs in them: pairs of TZID and IANA zone."""

    text: bytes
    zones: frozenset[tuple[str, str]]


def patched(record: Record, default_zone: str, *, guests: bool) -> Patched | None:
    """Returns the original components with the record's fields; None if they can't be read any more.

    `guests`: whether ATTENDEE and ORGANIZER lines are kept.
    """
    zone = record.get("time_zone") or default_zone
    original = _original(record, zone)
    if original is None:
        return None
    text = b"".join(_Patcher(original, record, default_zone, guests).texts())
    names: set[str] = set().union(*(tzids(component) for component in components(text)))
    zones = {tzid: zone_of_name(tzid, zone) or zone for tzid in names}
    unusable = {tzid: known for tzid, known in zones.items() if not _is_usable(tzid)}
    if unusable:
        text = renamed_zones(text, unusable)
    return Patched(
        text, frozenset((zones[tzid] if tzid in unusable else tzid, zones[tzid]) for tzid in zones)
    )


def _is_usable(tzid: str) -> bool:
    """Returns whether the name can be that of a VTIMEZONE of ours."""
    return len(tzid) <= _LONGEST_TZID and tzid.isprintable()


def _original(record: Record, zone: str) -> EventPart | None:
    text = unpacked(record["ical"])
    parts = components(text) if text else []
    masters = [part for part in parts if not part.line("RECURRENCE-ID")]
    if len(masters) != 1:
        return None
    overrides = [part for part in parts if part.line("RECURRENCE-ID")]
    try:
        # In the record's zone, names that only the file's own VTIMEZONE explained mean what they meant then.
        (part,) = EventReader(Zones(zone), Notes()).read(masters[0], overrides)
    except (EntryRefused, RuleRefused, ValueError, ArithmeticError, LookupError, TypeError):
        return None
    return part


class _Patcher:
    """Compares an event as it was imported with what it is now, component by component."""

    def __init__(self, original: EventPart, record: Record, default_zone: str, guests: bool) -> None:
        self._old, self._new = original.fields, record
        self._master, *self._overrides = original.components
        self._originals = original.originals
        self._default_zone = default_zone
        self._guests = guests
        # The keys of exceptions move with the first date.
        self._shift = days_between(original.fields["event_date"], record["event_date"])
        self._same_times = properties.start(self._old) == properties.start(record)
        self._common = self._common_changes()

    def texts(self) -> Iterator[bytes]:
        changes, appended = self._series_changes()
        yield self._patch(self._master, self._old, self._new, changes, appended)
        if not self._new.get("recurrence"):
            return
        written = set()
        for original, component in zip(self._originals, self._overrides, strict=True):
            day = shifted(original, self._shift)
            if (text := self._override(component, original, day)) is not None:
                yield text
                written.add(day)
        unwritten = written | ({*properties.added(self._old)} if "RDATE" not in changes else set())
        for day, patch in changed_occurrences(self._new):
            if day not in written and not (day in unwritten and self._is_unchanged(day)):
                yield override_vevent(self._new, day, patch, self._default_zone)

    def _common_changes(self) -> dict[str, list[str]]:
        """Changes of every component: the UID, and the stamps once the event has another version."""
        changes: dict[str, list[str]] = {}
        uid, number = self._master.line("UID"), self._master.line("SEQUENCE")
        if not uid or uid.value.strip() != uid_of(self._new):
            changes["UID"] = [f"UID:{uid_of(self._new)}"]
        imported = number.value.strip() if number else "0"
        if imported != str(properties.sequence(self._new)):
            changes |= properties.stamps(self._new)
        return changes

    def _patch(
        self,
        component: Component,
        old: Record,
        new: Record,
        changes: Mapping[str, list[str]],
        appended: list[str] | None = None,
    ) -> bytes:
        changes = {**self._common, **_field_changes(component, old, new), **changes}
        reminders = Reminders(old, new)
        return LinePatch(changes, appended or [], reminders=reminders, guests=self._guests).apply(component)

    def _series_changes(self) -> tuple[dict[str, list[str]], list[str]]:
        """Returns changes of RRULE, EXDATE and RDATE, and lines that are added to those that are there."""
        changes: dict[str, list[str]] = {}
        appended: list[str] = []
        if properties.rule(self._old) != properties.rule(self._new):
            changes["RRULE"] = properties.rule(self._new)
        for name, dates_of in properties.DATES.items():
            before, after = dates_of(self._old), dates_of(self._new)
            if not self._same_times or not {*before} <= {*after} or self._has_changed_period(name):
                if before or after:
                    changes[name] = [date_line(name, day, self._new) for day in after]
            else:
                appended += [date_line(name, day, self._new) for day in after if day not in before]
        return changes, appended

    def _has_changed_period(self, name: str) -> bool:
        """Returns whether an RDATE says when an occurrence begins or ends, and that isn't so any more."""
        if not any("/" in line.value for line in self._master.lines(name)):
            return False
        unchanged = all(self._is_unchanged(day) for day in properties.added(self._old))
        return not unchanged or properties.end(self._old) != properties.end(self._new)

    def _is_unchanged(self, day: str) -> bool:
        """Returns whether the exception of a date is as it was imported."""
        old, new = (_own((fields.get("exceptions") or {}).get(day)) for fields in (self._old, self._new))
        return old == new

    def _override(self, component: Component, original: str, day: str) -> bytes | None:
        """Returns an override with its occurrence's fields; None if that has no fields of its own now."""
        before = (self._old.get("exceptions") or {}).get(original)
        after = (self._new.get("exceptions") or {}).get(day) or {}
        if after.get("excluded") or (_own(before) and not _own(after)):
            return None
        old = occurrence(self._old, original, before or {}, self._default_zone)
        new = occurrence(self._new, day, after, self._default_zone)
        changes = {}
        line = date_line("RECURRENCE-ID", day, self._new)
        if line != date_line("RECURRENCE-ID", original, self._old):
            changes["RECURRENCE-ID"] = [line]
        return self._patch(component, old, new, changes)


def _own(patch: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns what an exception says of its occurrence; the text of a time says nothing beside a start."""
    names = PATCHABLE if not (patch or {}).get("start_time") else [n for n in PATCHABLE if n != "time"]
    return {name: patch[name] for name in names if name in patch} if patch else {}


def _field_changes(component: Component, old: Record, new: Record) -> dict[str, list[str]]:
    changes = {
        name: lines_of(new)
        for name, lines_of in properties.PROPERTIES.items()
        if lines_of(old) != lines_of(new)
    }
    if properties.start(old) != properties.start(new):
        changes["DTSTART"] = properties.start(new)
    if component.line("DTEND"):
        if "DTSTART" in changes or properties.end(old) != properties.end(new):
            changes["DTEND"] = properties.end(new)
    elif _length(old) != _length(new):
        changes |= {"DURATION": [], "DTEND": properties.end(new)}
    return changes


def _length(fields: Record) -> object:
    """Returns how long an event lasts by the clock; what a DURATION keeps when only the start moves."""
    start, end = fields.get("start_time"), fields.get("end_time")
    if not start or not end:
        return bool(start), days_between(fields["event_date"], end_day(fields))
    begin = datetime.fromisoformat(f"{fields['event_date']}T{start}")
    return datetime.fromisoformat(f"{end_day(fields)}T{end}") - begin
