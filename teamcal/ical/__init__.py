"""iCalendar (RFC 5545, 7986): .ics files read into event records and written from them. Pure: no I/O.

Reading, entry by entry, so that the server's other work goes on in between:

    file = calendar_file(data, pause)                       # may raise FileRefused
    zones = Zones(default_zone, file.time_zones, file.zone_name)
    for entry in file.entries:
        for reading in read_entry(entry, zones):            # never raises
            reading.records or reading.refused

`pause` is called after every 16 KB; an entry takes less than a millisecond, a large series some. The codes in
`Reading.refused` and `Reading.warnings` are REFUSALS and WARNINGS; FileRefused has FILE_REFUSALS.

Writing: `calendar_text` yields a calendar in chunks, `fragment` is one event's part of it, which a caller may
keep for a version of the event. Nothing in them depends on the time of day: the same records give the same
bytes.
"""

from teamcal.ical.calendar_file import (
    FILE_REFUSALS,
    LARGEST_FILE,
    MOST_ENTRIES,
    CalendarFile,
    FileEntry,
    FileRefused,
    calendar_file,
)
from teamcal.ical.notes import REFUSALS, WARNINGS, Note
from teamcal.ical.reading import Reading, read_entry
from teamcal.ical.writing import Fragment, calendar_text, fragment
from teamcal.ical.zones import Zones

__all__ = [
    "FILE_REFUSALS",
    "LARGEST_FILE",
    "MOST_ENTRIES",
    "REFUSALS",
    "WARNINGS",
    "CalendarFile",
    "FileEntry",
    "FileRefused",
    "Fragment",
    "Note",
    "Reading",
    "Zones",
    "calendar_file",
    "calendar_text",
    "fragment",
    "read_entry",
]
