"""What can be done with single occurrences of a series, as operations: values that `fold` applies. Pure.

Each changes the one record of the series. Its answer is the series; `occurrence` shows what was edited.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from teamcal.domain.changes import EVENT_DELETED
from teamcal.domain.dates import days_between, moved
from teamcal.domain.event_edit import created, edited
from teamcal.domain.event_fields import EVENT_FIELDS
from teamcal.domain.events import is_series, value_of
from teamcal.domain.occurrences import has_any, occurrence, patch_of, rule_days, unpatched
from teamcal.domain.operations import (
    Draft,
    EventOperation,
    Unchanged,
    View,
    event_in,
    require_version,
    updated,
)
from teamcal.domain.recurrence import canonical, rule_of
from teamcal.domain.values import Record
from teamcal.errors import EventNotFound, VersionConflict
from teamcal.zones import DEFAULT_ZONE


@dataclass(frozen=True, slots=True)
class EditOccurrence(EventOperation):
    """Sets `fields` of one occurrence and leaves the rest of the series.

    `expected_version`: only if the occurrence is still at it. `restores`: also one that was deleted.
    """

    series_id: str
    original: str
    fields: Mapping[str, Any]
    expected_version: int | None
    at: str
    zone: str = DEFAULT_ZONE
    restores: bool = False

    def apply(self, view: View) -> Draft | Unchanged:
        series = series_in(view, self.series_id)
        if not self.restores:
            require_unchanged(series, _shown(series, self.original), self.expected_version)
        patch = patch_of(series, self.original, dict(self.fields), self.zone)
        return _with_patch(series, self.original, patch, self.at, self.zone)


@dataclass(frozen=True, slots=True)
class DeleteOccurrence(EventOperation):
    """Takes one occurrence out of its series; with the last one the series is deleted."""

    series_id: str
    original: str
    expected_version: int | None
    at: str
    zone: str = DEFAULT_ZONE

    def apply(self, view: View) -> Draft | Unchanged:
        series = series_in(view, self.series_id)
        require_unchanged(series, _shown(series, self.original), self.expected_version)
        is_added = series.get("exceptions", {}).get(self.original, {}).get("added")
        draft = _with_patch(series, self.original, {} if is_added else {"excluded": True}, self.at, self.zone)
        return _deletion(series) if not has_any(draft.record) else draft


@dataclass(frozen=True, slots=True)
class EndSeries(EventOperation):
    """Ends a series before one of its occurrences: the first half of a split.

    `expected_version`: the series must be at it, since the second half was made of that.
    """

    series_id: str
    original: str
    expected_version: int
    at: str
    zone: str = DEFAULT_ZONE

    def apply(self, view: View) -> Draft | Unchanged:
        series = series_in(view, self.series_id)
        require_version(series, self.expected_version)
        head = ended_before(series, self.original, self.zone)
        return _deletion(series) if head is None else updated(head, self.at)


def series_in(view: View, series_id: str) -> Record:
    """Returns the series. Raises EventNotFound, also for an event that isn't one."""
    series = event_in(view, series_id, whole_series=True)
    if not is_series(series):
        raise EventNotFound(series_id)
    return series


def require_unchanged(series: Record, shown: Record, expected: int | None) -> None:
    """Raises VersionConflict if the occurrence has changed since its series was at version `expected`.

    A client that expands series itself knows the series' version only; the occurrence's own is one of them.
    """
    if expected is not None and not shown.get("version", 1) <= expected <= series.get("version", 1):
        raise VersionConflict(shown, expected)


def _shown(series: Record, original: str) -> Record:
    shown = occurrence(series, original)
    if shown is None:
        raise EventNotFound(series["id"])
    return shown


def _deletion(series: Record) -> Draft:
    return Draft(EVENT_DELETED, {**series, "deleted": True})


def _with_patch(
    series: Record, original: str, patch: dict[str, Any], at: str, zone: str
) -> Draft | Unchanged:
    """Returns the series with this exception in place of the one at the date; {} for none."""
    patches = dict(value_of(series, "exceptions") or {})
    patches.pop(original, None)
    if patch:
        patches[original] = patch
    after = edited(series, {"exceptions": patches or None}, zone)
    return Unchanged(series) if after is series else updated(after, at)


def ended_before(series: Record, original: str, zone: str) -> Record | None:
    """Returns the series without this date and all later ones; None if nothing is left."""
    earlier = {day: patch for day, patch in (value_of(series, "exceptions") or {}).items() if day < original}
    fields: dict[str, Any] = {"exceptions": earlier or None, "recurrence": None}
    if "recurrence" in series and original > series["event_date"]:
        until = date.fromisoformat(original) - timedelta(days=1)
        fields["recurrence"] = canonical(replace(rule_of(series["recurrence"]), count=None, until=until))
    if not (fields["recurrence"] or earlier):
        return None
    head = edited(series, fields, zone)
    return head if has_any(head) else None


def begun_at(series: Record, original: str, fields: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """Returns the fields of the series that goes on at this date, with `fields` set: a split's second half.

    Exceptions from the date on go along, and a COUNT is reduced by the dates before it. Raises InvalidInput.
    """
    own = {name: value_of(series, name) for name in EVENT_FIELDS if value_of(series, name) is not None}
    days = days_between(series["event_date"], original)
    own["event_date"] = original
    if "end_date" in own:
        own["end_date"] = moved(own["end_date"], days)
    own["exceptions"] = {day: patch for day, patch in own.get("exceptions", {}).items() if day >= original}
    if "recurrence" in own:
        rule = rule_of(own["recurrence"])
        if rule.count is not None:
            before = sum(day < original for day in rule_days(series, series["event_date"], original))
            own["recurrence"] = canonical(replace(rule, count=rule.count - before))
    begun = edited(created(own, zone), {**fields}, zone)
    return {name: value_of(begun, name) for name in EVENT_FIELDS if value_of(begun, name) is not None}


def of_whole(series: Record, original: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what setting `fields` of one occurrence means for the whole series: dates move by as much."""
    shown = occurrence(series, original) or unpatched(series, original)
    whole = dict(fields)
    if "event_date" in whole:
        by = days_between(shown["event_date"], whole["event_date"])
        whole["event_date"] = moved(series["event_date"], by)
    if whole.get("end_date") is not None:
        begins = {**shown, **fields}["event_date"]
        whole["end_date"] = moved({**series, **whole}["event_date"], days_between(begins, fields["end_date"]))
    return whole


def is_first(series: Record, original: str) -> bool:
    """Returns whether the series has no occurrence before this date."""
    patches = series.get("exceptions", {})
    if any(day < original and not patch.get("excluded") for day, patch in patches.items()):
        return False
    return all(day in patches or day >= original for day in rule_days(series, series["event_date"], original))
