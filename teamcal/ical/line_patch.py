"""Changes some properties of a component and leaves every other line as its program wrote it, byte for byte.

Writing an event anew through a library changes one component in ten, and damages some: programs disagree
about order, quoting and escapes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from teamcal.domain.values import Record
from teamcal.ical import properties
from teamcal.ical.content_lines import Component, ContentLine, components, folded
from teamcal.ical.text_fields import minutes_before

# People's addresses; programs take an event with them for an invitation.
_GUESTS = ("ATTENDEE", "ORGANIZER", "X-MS-OLK-SENDER")

Changes = Mapping[str, Sequence[str]]
"""Property → its content lines from now on, without folds; an empty list takes it away."""


class LinePatch:
    """`appended`: lines that are added to those of the same name. `guests`: whether addresses are kept."""

    def __init__(
        self, changes: Changes, appended: Sequence[str] = (), *, reminders: "Reminders", guests: bool
    ) -> None:
        self._changes = changes
        self._appended = appended
        self._reminders = reminders
        self._guests = guests

    def apply(self, component: Component) -> bytes:
        return b"".join((component.begin, *self._parts(component), component.end))

    def _parts(self, component: Component) -> Iterator[bytes]:
        present = {line.name for line in component.lines()}
        new = [line for name, lines in self._changes.items() if name not in present for line in lines]
        added = b"".join(map(folded, (*new, *self._appended)))
        written: set[str] = set()
        for part in component.parts:
            if isinstance(part, Component):
                # Properties come before components (RFC 5545 §3.6).
                yield added
                added = b""
                yield self._child(part)
            elif part.name not in self._changes:
                yield part.raw if self._guests or part.name not in _GUESTS else b""
            elif part.name not in written:
                yield from map(folded, self._changes[part.name])
                written.add(part.name)
        yield added
        for minutes in self._reminders.added:
            yield from map(folded, properties.alarm(self._reminders.fields, minutes))

    def _child(self, child: Component) -> bytes:
        minutes = minutes_before(child)
        if minutes is not None and minutes in self._reminders.dropped:
            return b""
        # An alarm by e-mail is nothing without the addresses.
        return child.raw() if self._guests or not child.lines(*_GUESTS) else b""


class Reminders:
    """The difference between the reminders of two versions of an event. `fields`: those of the later one."""

    def __init__(self, old: Record, fields: Record) -> None:
        before, after = old.get("reminders") or [], fields.get("reminders") or []
        self.fields = fields
        self.dropped = [minutes for minutes in before if minutes not in after]
        self.added = [minutes for minutes in after if minutes not in before]


def tzids(component: Component) -> set[str]:
    """Returns the TZIDs that any line of a component names."""
    found = {tzid for line in component.lines() if line.parameters and (tzid := line.parameter("TZID"))}
    return found.union(*(tzids(child) for child in component.children()))


def renamed_zones(text: bytes, zones: Mapping[str, str]) -> bytes:
    """Returns the components' text with TZIDs replaced by IANA names. `zones`: TZID → IANA zone."""
    return b"".join(_renamed(component, zones) for component in components(text))


def _renamed(component: Component, zones: Mapping[str, str]) -> bytes:
    parts = (
        _renamed_line(part, zones) if isinstance(part, ContentLine) else _renamed(part, zones)
        for part in component.parts
    )
    return b"".join((component.begin, *parts, component.end))


def _renamed_line(line: ContentLine, zones: Mapping[str, str]) -> bytes:
    zone = zones.get(line.parameter("TZID") or "") if line.parameters else None
    if not zone:
        return line.raw
    parameters = re.sub(
        r';\s*TZID\s*=(?:"[^"]*"|[^";:]*)', f";TZID={zone}", line.parameters, flags=re.IGNORECASE
    )
    return folded(f"{line.name}{parameters}:{line.value}")
