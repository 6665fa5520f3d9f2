"""The original lines of an imported event: whether they say more than its fields, and how they are kept."""

import re
import zlib
from collections.abc import Iterable

from teamcal.ical.content_lines import Component, decoded, folded, raw_lines, unfolded
from teamcal.ical.notes import Notes

MOST_BYTES = 100_000
"""Of the original text, before compression."""

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TIME_PARAMETERS = frozenset(("TZID", "VALUE"))
_NONE: frozenset[str] = frozenset()
# Property → parameters that say nothing more.
_UNDERSTOOD: dict[str, frozenset[str]] = {
    **dict.fromkeys(("DTSTART", "EXDATE", "RDATE", "RECURRENCE-ID"), _TIME_PARAMETERS),
    "DTEND": _TIME_PARAMETERS | {"X-TEAMCAL-END"},
    "URL": frozenset(("VALUE",)),
    **dict.fromkeys(
        ("UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "DURATION", "RRULE", "SUMMARY",
         "DESCRIPTION", "LOCATION", "CATEGORIES", "COLOR", "STATUS", "TRANSP", "X-TEAMCAL-TIME",
         "X-TEAMCAL-PEOPLE", "X-TEAMCAL-COLOR", "X-TEAMCAL-ZONE"),
        _NONE,
    ),
}  # fmt: skip
_REPEATABLE = ("EXDATE", "RDATE", "CATEGORIES", "X-TEAMCAL-PEOPLE")
_DEFAULTS = (
    ("CLASS", "PUBLIC"), ("PRIORITY", "0"), ("TRANSP", "OPAQUE"), ("STATUS", "CONFIRMED"),
    ("DESCRIPTION", ""), ("LOCATION", ""), ("URL", ""),
)  # fmt: skip


def says_more(component: Component) -> bool:
    """Returns whether a VEVENT has properties, parameters or repetitions that no field keeps."""
    seen: set[str] = set()
    for line in component.lines():
        if (line.name, line.value.strip().upper()) in _DEFAULTS and not line.parameters:
            continue
        if line.name not in _UNDERSTOOD or (line.name in seen and line.name not in _REPEATABLE):
            return True
        if line.parameters and not line.parameter_names() <= _UNDERSTOOD[line.name]:
            return True
        seen.add(line.name)
    return False


def packed(events: Iterable[Component], notes: Notes) -> bytes | None:
    """Returns the components' text compressed, without attachments if it is too large with them.

    None, with a warning, if it is too large even so.
    """
    components = list(events)
    text = _text(components)
    if len(text) > MOST_BYTES:
        text = _text(_without_attachments(component, notes) for component in components)
    if len(text) > MOST_BYTES:
        notes.warn("extras_dropped")
        return None
    return zlib.compress(text, 9)


def _text(components: Iterable[Component]) -> bytes:
    """Returns the lines as they are, but with CRLF, in UTF-8 and without control characters."""
    raw = b"".join(component.raw() for component in components)
    return b"".join(_clean(line) for line in raw_lines(raw))


def _clean(raw: bytes) -> bytes:
    line = unfolded(raw)
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return folded(_CONTROLS.sub("", decoded(line)))
    if _CONTROL_BYTES.search(line):
        return folded(_CONTROLS.sub("", decoded(line)))
    return b"".join(physical + b"\r\n" for physical in raw.splitlines() if physical.strip())


def unpacked(data: bytes) -> bytes | None:
    """Returns the original text; None if it is damaged or larger than any that was packed."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MOST_BYTES + 1)
    except zlib.error:
        return None
    return text if unpacker.eof and len(text) <= MOST_BYTES else None


def _without_attachments(component: Component, notes: Notes) -> Component:
    inline = [
        line
        for line in component.lines("ATTACH", "IMAGE")
        if (line.parameter("VALUE") or "").upper() == "BINARY"
    ]
    for line in inline:
        notes.warn("attachment_dropped", line.parameter("FILENAME") or "")
    kept = component.without(*inline)
    kept.parts = [
        _without_attachments(part, notes) if isinstance(part, Component) else part for part in kept.parts
    ]
    return kept
