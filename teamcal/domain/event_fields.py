"""The one table of an event's fields. Validation, the public form, comparison, search and occurrences follow.

A simple field is always there, as a string. All others are absent unless they are set; null takes one away.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator

from teamcal.domain.text_rules import date_text, description_text, one_line, refuse, url_text
from teamcal.zones import zone_name

MAX_CATEGORIES, MAX_PEOPLE, MAX_REMINDERS = 10, 20, 5
LONGEST_REMINDER = 28 * 24 * 60
"""Minutes."""
MAX_EXCEPTIONS = 500
STATUSES = ("confirmed", "tentative", "cancelled")

CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
Rule = Callable[[Any], Any]


def clock_rule(value: Any) -> str:
    if not isinstance(value, str) or not CLOCK.fullmatch(value):
        raise refuse("not_a_clock_time")
    return value


def zone_rule(value: Any) -> str:
    name = zone_name(value) if isinstance(value, str) else None
    if name is None:
        raise refuse("not_a_time_zone")
    return name


def _texts(limit: int, most: int) -> Rule:
    return partial(several, one_line(limit, required=True), most)


def several(rule: Rule, most: int, value: Any) -> list[str]:
    """Returns at most `most` texts, each as `rule` returns it, none of them twice."""
    return list(dict.fromkeys(map(rule, _list(value, most))))


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise refuse("not_a_list")
    if len(value) > most:
        raise refuse("too_many", limit=most)
    return value


def color_rule(value: Any) -> str:
    if not isinstance(value, str) or not COLOR.fullmatch(value):
        raise refuse("not_a_color")
    return value.lower()


def status_rule(value: Any) -> str | None:
    if value not in STATUSES:
        raise refuse("not_one_of", allowed=", ".join(STATUSES))
    return None if value == "confirmed" else str(value)


def busy_rule(value: Any) -> bool | None:
    """Only False is stored: an event is busy."""
    if not isinstance(value, bool):
        raise refuse("not_a_boolean")
    return None if value else False


def reminders_rule(value: Any) -> list[int]:
    for minutes in _list(value, MAX_REMINDERS):
        if type(minutes) is not int or not 0 <= minutes <= LONGEST_REMINDER:
            raise refuse("not_a_number", low=0, high=LONGEST_REMINDER)
    return sorted(set(value))


def exceptions_rule(value: Any) -> dict[str, Any] | None:
    """Returns the patch of each date, without the versions, which only the server knows."""
    if not isinstance(value, dict):
        raise refuse("not_an_object")
    if len(value) > MAX_EXCEPTIONS:
        raise refuse("too_many", limit=MAX_EXCEPTIONS)
    return {
        date_text(day): _patch(patch) for day, patch in sorted(value.items()) if patch is not None
    } or None


def _patch(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse("not_an_object")
    if value.get("excluded") is True:
        return {"excluded": True}
    added: dict[str, Any] = {"added": True} if value.get("added") is True else {}
    return added | {name: _PATCH_RULES[name](value[name]) for name in PATCHABLE if name in value}


def _or_absent(rule: Rule) -> Rule:
    return partial(or_absent, rule)


def or_absent(rule: Rule, value: Any) -> Any:
    """C# sends a field that isn't set as null or as an empty text."""
    return None if value is None or value in ("", []) else rule(value)


class EventField(NamedTuple):
    """`rule` checks a value and returns it as it is stored. `in_patch`: one occurrence may have its own.

    `searched`: the list's `q` looks in it.
    """

    name: str
    rule: Rule
    is_simple: bool = False
    in_patch: bool = False
    searched: bool = False

    @property
    def type(self) -> Any:
        """The field's type for pydantic."""
        return Annotated[str if self.is_simple else Any, BeforeValidator(self.rule)]


FIELDS = (
    EventField("event_date", date_text, is_simple=True, in_patch=True),
    EventField("title", one_line(200, required=True), is_simple=True, in_patch=True, searched=True),
    EventField("description", description_text, is_simple=True, in_patch=True, searched=True),
    EventField("time", one_line(50), is_simple=True, in_patch=True, searched=True),
    EventField("url", url_text, is_simple=True, in_patch=True, searched=True),
    EventField("start_time", _or_absent(clock_rule), in_patch=True),
    EventField("end_time", _or_absent(clock_rule), in_patch=True),
    EventField("end_date", _or_absent(date_text), in_patch=True),
    EventField("time_zone", _or_absent(zone_rule), in_patch=True),
    # Only its length: what a rule means depends on the event's time (teamcal/domain/event_edit.py).
    EventField("recurrence", _or_absent(one_line(1000))),
    EventField("exceptions", _or_absent(exceptions_rule)),
    EventField("location", _or_absent(one_line(200)), in_patch=True, searched=True),
    EventField("categories", _or_absent(_texts(50, MAX_CATEGORIES)), in_patch=True, searched=True),
    EventField("people", _or_absent(_texts(100, MAX_PEOPLE)), in_patch=True, searched=True),
    EventField("color", _or_absent(color_rule), in_patch=True),
    EventField("status", _or_absent(status_rule), in_patch=True),
    EventField("busy", _or_absent(busy_rule), in_patch=True),
    EventField("reminders", _or_absent(reminders_rule)),
)
"""What a client may write of an event, in the order of answers."""

EVENT_FIELDS = tuple(field.name for field in FIELDS)
SIMPLE = tuple(field.name for field in FIELDS if field.is_simple)
OPTIONAL = tuple(field.name for field in FIELDS if not field.is_simple)
PATCHABLE = tuple(field.name for field in FIELDS if field.in_patch)
SEARCHED = tuple(field.name for field in FIELDS if field.searched)
DERIVED = ("until_day", "uid", "series_id", "original_date")
"""What answers show besides if it is there: the last day of a series, the UID of an imported event, and which
occurrence of which series it is."""
SERIES_MARKS = ("series_version", "series_revision", "series_modified")
"""Version, revision and time of a series' last change but those of its exceptions, which have their own."""
EXCEPTION_MARKS = ("version", "revision", "last_modified")
IMPORT_DIGEST = "import_digest"
"""Attribute of an imported event: digests of the fields that it got, and of what the file said."""
HIDDEN = (*SERIES_MARKS, "sequence", "resource", "ical", IMPORT_DIGEST)
"""Attributes that no answer and no live message carries."""
_PATCH_RULES: Mapping[str, Rule] = {field.name: field.rule for field in FIELDS if field.in_patch}
