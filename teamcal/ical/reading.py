"""Reads the components of one UID as events of the calendar, or says why they can't be read.

Nothing that a file says is dropped in silence: what no field keeps stays in `ical`, and what is changed or
refused is named by a code of teamcal/ical/notes.py.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from teamcal.domain.recurrence import RuleRefused
from teamcal.domain.values import Record
from teamcal.ical.calendar_file import FileEntry
from teamcal.ical.content_lines import Component, components, unescaped
from teamcal.ical.event_reading import EventPart, EventReader, detached
from teamcal.ical.extras import packed, says_more
from teamcal.ical.notes import EntryRefused, Note, Notes
from teamcal.ical.series import revision_of
from teamcal.ical.text_fields import UNTITLED
from teamcal.ical.zones import Zones

LONGEST_UID = 255
_BLANK = re.compile(r"[\x00-\x20\x7f]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one entry of a file became.

    `records`: fields of an event record (with `uid`, and `sequence` and `ical` where there are any), without
    what the calendar gives (ids, times of writing, `until_day`, `time` of events with a start, `version` of
    exceptions). Empty if `refused`, which is one of REFUSALS; `detail` says what exactly. More than one if
    the file changes the series from one date on.

    SEQUENCE is exported as `sequence` + `version` - 1. An import that replaces an event must therefore
    store `sequence` lower by the version that it makes, less one; it may be negative.
    """

    uid: str
    title: str
    records: tuple[Record, ...] = ()
    warnings: tuple[Note, ...] = ()
    refused: str | None = None
    detail: str = ""


def read_entry(entry: FileEntry, zones: Zones) -> list[Reading]:
    """Returns one reading, or several where a file uses one UID for several events. Never raises."""
    parts = [component for cut in entry.parts for component in components(cut.text)[:1]]
    title = next((text for part in parts if (text := _title(part))), UNTITLED)
    for cut in entry.parts:
        if cut.kind != "VEVENT":
            return [Reading(entry.uid, title, refused="not_an_event", detail=cut.kind)]
        if cut.problem:
            return [Reading(entry.uid, title, refused=cut.problem)]
    left_out = [name for cut in entry.parts for name in cut.left_out]
    return [_reading(group, zones, left_out) for group in _groups(parts)]


@dataclass(frozen=True, slots=True)
class _Group:
    """Components that become one event, or the reason why they don't."""

    uid: str
    master: Component
    overrides: tuple[Component, ...] = ()
    note: Note | None = None
    refused: str | None = None


def _groups(parts: list[Component]) -> Iterator[_Group]:
    uid, note = _uid(parts[0])
    overrides = tuple(part for part in parts if part.line("RECURRENCE-ID"))
    masters = [part for part in parts if not part.line("RECURRENCE-ID")]
    if not masters:
        for override in overrides:
            suffix = re.sub("[^0-9T]", "", _value(override, "RECURRENCE-ID"))[:8]
            yield _Group(_derived(uid, suffix), detached(override), note=Note("no_series"))
        return
    # Of several revisions in one file the last one counts (RFC 5546 §2.1.5).
    masters.sort(key=revision_of, reverse=True)
    first, texts = masters[0], {masters[0].raw()}
    yield _Group(uid, first, overrides, note)
    for number, other in enumerate(masters[1:], start=2):
        if revision_of(other) < revision_of(first) or other.raw() in texts:
            yield _Group(uid, other, refused="older_revision")
        else:
            yield _Group(_derived(uid, str(number)), other, note=Note("uid_repeated", uid))
        texts.add(other.raw())


def _reading(group: _Group, zones: Zones, left_out: Iterable[str]) -> Reading:
    title = _title(group.master) or UNTITLED
    if group.refused:
        return Reading(group.uid, title, refused=group.refused)
    notes = Notes()
    if group.note:
        notes.warn(*group.note)
    for name in left_out:
        notes.warn("attachment_dropped" if name == "ATTACH" else "lines_dropped", name)
    try:
        parts = EventReader(zones, notes).read(group.master, [*group.overrides])
    except EntryRefused as error:
        return Reading(group.uid, title, refused=error.reason, detail=error.detail)
    except RuleRefused as error:
        return Reading(group.uid, title, refused=error.reason)
    except (ValueError, ArithmeticError, LookupError, TypeError) as error:
        return Reading(group.uid, title, refused="unreadable", detail=type(error).__name__)
    records = [_complete(part, number, group.uid, notes) for number, part in enumerate(parts)]
    return Reading(group.uid, records[0]["title"], tuple(records), tuple(notes.warnings))


def _complete(part: EventPart, number: int, uid: str, notes: Notes) -> Record:
    """Adds `uid`, `sequence` and, where the lines say more than the fields, `ical`."""
    fields, own = part.fields, part.components[0]
    record = {**fields, "uid": _derived(uid, fields["event_date"].replace("-", "")) if number else uid}
    if sequence := revision_of(own):
        record["sequence"] = sequence
    if notes.says_more or any(says_more(component) for component in part.components):
        text = packed(part.components, notes)
        record |= {"ical": text} if text else {}
    return record


def _title(component: Component) -> str:
    return unescaped(_value(component, "SUMMARY")[:400])[:200]


def _value(component: Component, name: str) -> str:
    line = component.line(name)
    return line.value.strip() if line else ""


def _uid(component: Component) -> tuple[str, Note | None]:
    """Returns the UID as it is written; one of the content's own if there is none that can be kept.

    The same event gets the same one at every import: DTSTAMP differs from export to export.
    """
    uid = _BLANK.sub(" ", _value(component, "UID")).strip()
    if 0 < len(uid) <= LONGEST_UID:
        return uid, None
    lines = (line.raw for line in component.lines() if line.name != "DTSTAMP")
    digest = hashlib.sha256(uid.encode() or b"".join(lines)).hexdigest()[:32]
    return f"{digest}@import.teamcal", Note("uid_replaced")


def _derived(uid: str, suffix: str) -> str:
    return f"{uid[: LONGEST_UID - len(suffix) - 1]}_{suffix}"
