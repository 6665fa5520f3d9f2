"""What an import says about an entry: why it is refused, or what was changed on its way in."""

from typing import NamedTuple

REFUSALS = (
    "not_an_event",  # a task, a journal or the like; detail: the component
    "unterminated", "too_deep", "too_many_lines", "too_large", "line_too_long", "unreadable",
    "no_start", "bad_date", "older_revision", "several_rules", "exclusion_rule", "too_many_exceptions",
    "range_unsupported", "no_occurrence",
    # of a recurrence rule (teamcal/domain/recurrence.py)
    "rule_too_long", "rule_syntax", "rule_too_fine", "rule_interval", "rule_count", "rule_until",
    "rule_count_and_until", "rule_part", "rule_never",
)  # fmt: skip
"""Codes of `Reading.refused`. None of the entry is imported then."""

WARNINGS = (
    "unknown_zone",  # detail: the TZID; the times are taken to be in the default zone
    "end_dropped",  # it isn't after the start
    "seconds_dropped", "end_zone_converted", "title_missing", "text_cut", "characters_removed", "url_dropped",
    "categories_dropped", "attachment_dropped", "lines_dropped", "extras_dropped", "private", "no_series",
    "uid_repeated", "uid_replaced", "series_split", "rule_dropped", "date_dropped", "override_repeated",
    "override_outdated",
)  # fmt: skip
"""Codes of `Note.code`. The entry is imported."""


class Note(NamedTuple):
    """`detail`: the field, date or name that the warning is about."""

    code: str
    detail: str = ""


class EntryRefused(Exception):
    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


class Notes:
    """Collects what is said about one entry. `says_more`: the original has more than the fields do."""

    _MOST = 50

    def __init__(self) -> None:
        self.warnings: list[Note] = []
        self.says_more = False

    def warn(self, code: str, detail: str = "") -> None:
        note = Note(code, detail[:200])
        if note not in self.warnings and len(self.warnings) < self._MOST:
            self.warnings.append(note)

    def lossy(self, code: str, detail: str = "") -> None:
        """The same, about something that only the original lines still have."""
        self.says_more = True
        self.warn(code, detail)
