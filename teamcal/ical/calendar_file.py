"""Cuts an .ics file into entries: the components with one UID each, without reading their values.

One component that can't be read must not fail the others, and the server's other work goes on in between: the
cutter calls `pause` after every 16 KB. RFC 5545 §3.4 and §3.6; lower-case names, bare LF or CR, several
VCALENDARs and components outside of one are accepted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from teamcal.ical.content_lines import LINE_END, content_line, unfolded

LARGEST_FILE = 10_000_000
"""Bytes of a file."""
MOST_ENTRIES = 10_000
LONGEST_LINE = 65_536
"""Octets of a content line with its folds."""
MOST_LINES = 1_000
"""Content lines of a component, those of components inside it included."""
DEEPEST = 4
"""Levels of components: an event is the first, its alarm the second."""
LARGEST_COMPONENT = 262_144
"""Bytes of a component, lines that are left out not counted."""

_MOST_COMPONENTS = 50_000  # overrides included
_MOST_ZONES = 100
_PIECE = 16_384  # bytes between two pauses
_LONG_PIECE = 262_144  # the same within one line
_BOUNDARY = re.compile(rb"(BEGIN|END)[ \t]*:[ \t]*([!-~]{1,40})[ \t]*", re.IGNORECASE)
_NAME = re.compile(rb"[^;:]{1,60}")
_ENTRY_KINDS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY", "VTIMEZONE")
# Lines that an entry can't do without. Others are left out if they are too long.
_NEEDED = (
    b"UID", b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"EXRULE", b"RDATE", b"EXDATE", b"RECURRENCE-ID",
    b"SUMMARY", b"DESCRIPTION", b"LOCATION",
)  # fmt: skip


FILE_REFUSALS = ("file_too_large", "not_a_calendar", "too_many_entries")


class FileRefused(Exception):
    """The whole file can't be imported. `reason`: one of FILE_REFUSALS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Cut:
    """A component as the file has it. `problem`: the reason code why it can't be read, if any."""

    kind: str
    text: bytes = b""
    uid: str = ""
    problem: str | None = None
    left_out: list[str] = field(default_factory=list)
    """Names of lines that were longer than LONGEST_LINE and are missing in `text`."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The components of one UID in the order of the file: a single event, or a series with its overrides.

    `uid` is "" if the file gives none.
    """

    uid: str
    parts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """`time_zones`: the file's VTIMEZONEs; `zone_name`: of times without a zone (X-WR-TIMEZONE), or ""."""

    entries: list[FileEntry]
    time_zones: list[bytes]
    zone_name: str = ""


def calendar_file(data: bytes, pause: Callable[[], object] = lambda: None) -> CalendarFile:
    """Returns the entries of a file in the order in which their UIDs first appear. Raises FileRefused."""
    if len(data) > LARGEST_FILE:
        raise FileRefused("file_too_large")
    groups: dict[tuple[str, str], list[Cut]] = {}
    zones: list[bytes] = []
    number = 0
    cutter = _Cutter(data, pause)
    for number, cut in enumerate(cutter.cuts(), start=1):
        if cut.kind == "VTIMEZONE":
            zones += [cut.text] if len(zones) < _MOST_ZONES and not cut.problem else []
            continue
        groups.setdefault((cut.kind, cut.uid or f"\0{number}"), []).append(cut)
        if len(groups) > MOST_ENTRIES or number > _MOST_COMPONENTS:
            raise FileRefused("too_many_entries")
    if not number and not cutter.is_calendar:
        raise FileRefused("not_a_calendar")
    entries = [FileEntry(cuts[0].uid, tuple(cuts)) for cuts in groups.values()]
    return CalendarFile(entries, zones, cutter.zone_name)


class _Cutter:
    """Walks over the content lines and keeps the component that is open at present."""

    def __init__(self, data: bytes, pause: Callable[[], object]) -> None:
        self.zone_name = ""
        self.is_calendar = False
        self._data = data.removeprefix(b"\xef\xbb\xbf")
        self._pause = pause
        self._cut: Cut | None = None
        self._kept: list[bytes] = []
        self._size = self._lines = 0
        self._open: list[bytes] = []  # kinds, from the entry's own inwards

    def cuts(self) -> Iterator[Cut]:
        for raw, too_long in _content_lines(self._data, self._pause):
            boundary = raw[0] in b"BbEe" and _BOUNDARY.fullmatch(unfolded(raw))
            if boundary and boundary[1].upper() == b"BEGIN":
                yield from self._begin(boundary[2].upper(), raw)
            elif boundary:
                yield from self._end(boundary[2].upper(), raw)
            elif self._cut and too_long:
                self._leave_out(self._cut, raw)
            elif self._cut:
                self._add(self._cut, raw)
            elif not self.zone_name and raw[:13].upper() == b"X-WR-TIMEZONE":
                self.zone_name = content_line(raw).value.strip()[:255]
        yield from self._finished("unterminated")

    def _begin(self, kind: bytes, raw: bytes) -> Iterator[Cut]:
        name = kind.decode("ascii")
        if name == "VCALENDAR" or name in _ENTRY_KINDS:
            # Also where the component before has no END: it must not swallow this one.
            yield from self._finished("unterminated")
        if name == "VCALENDAR":
            self.is_calendar = True
            return
        if not self._cut:
            self._cut = Cut(name)
        self._open.append(kind)
        if len(self._open) > DEEPEST:
            self._cut.problem = self._cut.problem or "too_deep"
        self._add(self._cut, raw)

    def _end(self, kind: bytes, raw: bytes) -> Iterator[Cut]:
        if not self._cut:
            return
        if self._open[-1] == kind:
            self._add(self._cut, raw)
            self._open.pop()
            if not self._open:
                yield from self._finished(None)
        elif kind == b"VCALENDAR":
            yield from self._finished("unterminated")
        else:
            self._cut.problem = self._cut.problem or "unterminated"
            if self._open[0] == kind:
                yield from self._finished(None)

    def _finished(self, problem: str | None) -> Iterator[Cut]:
        cut, self._cut = self._cut, None
        if cut:
            cut.problem = cut.problem or problem
            cut.text = b"".join(self._kept)
            yield cut
        self._kept, self._open, self._size, self._lines = [], [], 0, 0

    def _add(self, cut: Cut, raw: bytes) -> None:
        """Adds a content line to the open component. A refused component only keeps its beginning."""
        self._lines += 1
        if self._lines > MOST_LINES or self._size + len(raw) > LARGEST_COMPONENT:
            cut.problem = cut.problem or ("too_many_lines" if self._lines > MOST_LINES else "too_large")
            return
        self._size += len(raw)
        self._kept.append(raw)
        if not cut.uid and len(self._open) == 1 and raw[:3].upper() == b"UID":
            line = content_line(raw)
            cut.uid = line.value.strip() if line.name == "UID" else ""

    @staticmethod
    def _leave_out(cut: Cut, raw: bytes) -> None:
        match = _NAME.match(raw)
        name = match[0].strip().upper() if match else b""
        if name in _NEEDED:
            cut.problem = cut.problem or "line_too_long"
        elif len(cut.left_out) < 10:
            cut.left_out.append(name.decode("ascii", "replace"))


def _content_lines(data: bytes, pause: Callable[[], object]) -> Iterator[tuple[bytes, bool]]:
    """Yields each content line, and whether it is too long; of such a line only the beginning."""
    at = paused_at = 0
    while at < len(data):
        if at - paused_at >= _PIECE:
            pause()
            paused_at = at
        stop = at + LONGEST_LINE
        end = _line_end(data, at, stop)
        yield data[at : end or stop], end is None
        while end is None:
            pause()
            # From the last character on, which may be a line break that ends there.
            begin, stop = stop - 1, stop + _LONG_PIECE
            end = _line_end(data, begin, stop)
        at = end


def _line_end(data: bytes, begin: int, stop: int) -> int | None:
    """Returns where a content line ends; None if that isn't before `stop`."""
    match = LINE_END.search(data, begin, stop)
    if match and (match.end() < stop or stop >= len(data)):
        return match.end()
    return len(data) if stop >= len(data) else None
