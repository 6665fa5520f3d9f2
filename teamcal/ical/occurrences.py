"""The fields of one occurrence of a series: those of the series, and what its exception says otherwise."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from teamcal.domain.dates import days_between
from teamcal.domain.event_fields import PATCHABLE
from teamcal.domain.values import Record

_SERIES_FIELDS = ("recurrence", "until_day", "exceptions", "ical", "resource", "uid")


def occurrence(record: Record, original: str, patch: Mapping[str, Any], default_zone: str) -> Record:
    """Returns the occurrence of `original` ("YYYY-MM-DD") as an event of its own, with the series' stamps.

    It ends as many days after its own date as the series' end_date is after its event_date, unless the patch
    has an end_date.
    """
    fields = {name: value for name, value in record.items() if name not in _SERIES_FIELDS}
    fields["event_date"] = patch.get("event_date") or original
    if "end_date" in record:
        span = days_between(record["event_date"], record["end_date"])
        fields["end_date"] = shifted(fields["event_date"], span)
    for name in PATCHABLE:
        if name in patch and patch[name] is None:
            fields.pop(name, None)
        elif name in patch:
            fields[name] = patch[name]
    if not fields.get("start_time"):
        if record.get("start_time") and "time" not in patch:
            fields.pop("time", None)  # the text of the series' start
        for name in ("start_time", "end_time", "time_zone"):
            fields.pop(name, None)
    else:
        fields.setdefault("time_zone", default_zone)
    return fields


def shifted(day: str, days: int) -> str:
    """Returns the date so many days later; the last or first one of the calendar if there is none."""
    ordinal = date.fromisoformat(day).toordinal() + days
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal())).isoformat()


def end_day(fields: Record) -> str:
    """Returns the date of an event's end: its end_date, or the next day if it ends at or before its start."""
    if end_date := fields.get("end_date"):
        return str(end_date)
    start, end = fields.get("start_time"), fields.get("end_time")
    return shifted(fields["event_date"], 1) if start and end and end <= start else str(fields["event_date"])


def difference(base: Record, fields: Record, names: Iterable[str]) -> dict[str, Any]:
    """Returns the fields that differ from `base`, None for those that are missing."""
    return {name: fields.get(name) for name in names if fields.get(name) != base.get(name)}
