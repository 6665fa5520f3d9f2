"""RANGE=THISANDFUTURE (RFC 5545 §3.2.13): the series becomes two, because programs read it differently."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import takewhile
from typing import Any

from teamcal.domain.event_fields import PATCHABLE
from teamcal.domain.recurrence import Rule, canonical, days, last_day
from teamcal.domain.values import Record
from teamcal.ical.content_lines import Component
from teamcal.ical.notes import EntryRefused
from teamcal.ical.occurrences import difference, occurrence, shifted
from teamcal.ical.series import Series
from teamcal.ical.times import Start

Exceptions = Mapping[str, Mapping[str, Any]]


def is_range(override: Component) -> bool:
    line = override.line("RECURRENCE-ID")
    return line is not None and (line.parameter("RANGE") or "").upper() == "THISANDFUTURE"


def split(
    series: Series, exceptions: Exceptions, cut: date, fields: Record, start: Start, default_zone: str
) -> tuple[Record | None, Series, dict[str, Any]]:
    """Cuts a series before `cut`, from which on it has other `fields` and begins at `start`.

    Returns the record of the earlier part (None if there is none), the later part, and its exceptions.
    Raises EntryRefused if the days of the rule can't be moved with the first one.
    """
    limit, shift = cut.isoformat(), (start.day - cut).days
    earlier = {day: dict(patch) for day, patch in exceptions.items() if day < limit}
    rule = _moved(_later_rule(series, cut), shift)
    later = Series({**fields, "recurrence": canonical(rule)}, start, rule, last_day(rule, start.day))
    moved = {
        shifted(day, shift): _rebased(series, later, day, patch, shift, default_zone)
        for day, patch in exceptions.items()
        if day >= limit
    }
    before = replace(series.rule, count=None, until=cut - timedelta(days=1))
    kept = {**series.record, "recurrence": canonical(before)} | ({"exceptions": earlier} if earlier else {})
    has_days = any(day < cut for day in _first_days(series)) or any(
        "added" in each for each in earlier.values()
    )
    return kept if has_days else None, later, {day: patch for day, patch in moved.items() if patch}


def _first_days(series: Series) -> list[date]:
    first = next(days(series.rule, series.start.day, series.start.day, series.last or date.max), None)
    return [first] if first else []


def _rebased(
    series: Series, later: Series, day: str, patch: Mapping[str, Any], shift: int, default_zone: str
) -> dict[str, Any]:
    """Returns an exception of the whole series as one of the later part."""
    if "excluded" in patch:
        return dict(patch)
    original = shifted(day, shift)
    kept = {"added": True} if "added" in patch else {}
    if not any(name in patch for name in PATCHABLE):
        return kept
    fields = occurrence(series.record, day, patch, default_zone)
    moved = {} if fields["event_date"] == original else {"event_date": fields["event_date"]}
    base = occurrence(later.record, original, moved, default_zone)
    return {**moved, **difference(base, fields, PATCHABLE), **kept}


def _later_rule(series: Series, cut: date) -> Rule:
    rule = series.rule
    if rule.count is None:
        return rule
    before = takewhile(lambda day: day < cut, days(rule, series.start.day, series.start.day, cut))
    return replace(rule, count=max(1, rule.count - sum(1 for _ in before)))


def _moved(rule: Rule, shift: int) -> Rule:
    if not shift:
        return rule
    numbered = (rule.by_month_day, rule.by_month, rule.by_year_day, rule.by_week_number, rule.by_set_position)
    if any(numbered) or (rule.by_day and rule.frequency in ("MONTHLY", "YEARLY")):
        raise EntryRefused("range_unsupported")
    return replace(
        rule,
        until=rule.until and rule.until + timedelta(days=shift),
        by_day=tuple(sorted(((weekday + shift) % 7, number) for weekday, number in rule.by_day)),
        week_start=(rule.week_start + shift) % 7,
    )
