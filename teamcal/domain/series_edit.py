"""What setting fields makes of a series: its rule, its last day and its exceptions fit each other. Pure."""

from dataclasses import replace
from datetime import date
from typing import Any

from teamcal.domain.dates import days_between, moved
from teamcal.domain.event_fields import EXCEPTION_MARKS, SERIES_MARKS
from teamcal.domain.events import is_series, value_of
from teamcal.domain.recurrence import (
    Rule,
    RuleRefused,
    canonical,
    days,
    first_day,
    last_day,
    rule_from,
    rule_of,
)
from teamcal.domain.values import Record, to_json
from teamcal.errors import FieldProblem, InvalidInput

EXCEPTIONS_BYTES = 100_000
"""Of a series' exceptions as JSON."""
Patches = dict[str, dict[str, Any]]
"""Exceptions of a series: original date → what its occurrence has of its own."""


def settle_series(event: Record, new: Record, changed: set[str], zone: str) -> None:
    """Makes `new`, which was `event` before `changed` were set, fit itself. Raises InvalidInput.

    `zone`: that of times for which neither names one.
    """
    patches: Patches = {
        day: {name: value for name, value in patch.items() if name not in EXCEPTION_MARKS}
        for day, patch in new.get("exceptions", {}).items()
    }
    if event and "event_date" in changed and "exceptions" not in changed:
        patches = _moved(patches, days_between(event["event_date"], new["event_date"]))
    if "recurrence" in new:
        if changed & {"recurrence", "event_date"}:
            _settle_rule(event, new, changed, patches)
        patches = _fitting(new, patches)
    else:
        new.pop("until_day", None)
        patches = {day: patch for day, patch in patches.items() if patch.get("added")}
        if patches and not is_series(event):  # the event's own date is one of them (RFC 5545, 3.8.5.2)
            patches.setdefault(new["event_date"], {"added": True})
    if "time_zone" not in new:
        patches = _with_zones(patches, event.get("time_zone", zone))
    if len(to_json(patches)) > EXCEPTIONS_BYTES:
        raise InvalidInput([FieldProblem("exceptions", "exceptions_too_big", {"limit": EXCEPTIONS_BYTES})])
    _stamp(event, new, patches)


def _moved(patches: Patches, by: int) -> Patches:
    """Returns the exceptions of a series that begins so many days later."""
    return {
        moved(day, by): {
            name: moved(value, by) if name in ("event_date", "end_date") and value else value
            for name, value in patch.items()
        }
        for day, patch in patches.items()
    }


def _settle_rule(event: Record, new: Record, changed: set[str], patches: Patches) -> None:
    """Writes the rule in its canonical form, the first day that it gives, and the last."""
    try:
        rule = rule_from(new["recurrence"], start_time=new.get("start_time"), time_zone=new.get("time_zone"))
        if event and "recurrence" not in changed:
            rule = _turned(rule, event["event_date"], new["event_date"])
        start = date.fromisoformat(new["event_date"])
        first = first_day(rule, start)
        if first is None:
            raise RuleRefused("rule_never")
        if not patches.get(new["event_date"], {}).get("added"):
            start = first
        last = last_day(rule, start)
    except RuleRefused as refused:
        raise InvalidInput([FieldProblem("recurrence", refused.reason)]) from None
    new["recurrence"] = canonical(rule)
    _begin(new, start.isoformat())
    new.pop("until_day", None)
    if last is not None:
        new["until_day"] = last.isoformat()


def _begin(new: Record, first: str) -> None:
    """Moves an event that its rule doesn't give on its own date to the first that it gives."""
    if first != new["event_date"]:
        if "end_date" in new:
            new["end_date"] = moved(new["end_date"], days_between(new["event_date"], first))
        new["event_date"] = first


def _turned(rule: Rule, before: str, after: str) -> Rule:
    """Returns the rule of a series whose first date was moved.

    One that names just the weekday, the day or the month of that date names the new one's.
    """
    old, new = date.fromisoformat(before), date.fromisoformat(after)
    if rule.frequency == "WEEKLY" and rule.by_day == ((old.weekday(), 0),):
        return replace(rule, by_day=((new.weekday(), 0),))
    if rule.by_month_day == (old.day,):
        rule = replace(rule, by_month_day=(new.day,))
    return replace(rule, by_month=(new.month,)) if rule.by_month == (old.month,) else rule


def gives(series: Record, day: str) -> bool:
    """Returns whether the series' rule gives this date, exceptions aside."""
    if "recurrence" not in series or day > series.get("until_day", day):
        return False
    at, start = date.fromisoformat(day), date.fromisoformat(series["event_date"])
    return next(iter(days(rule_of(series["recurrence"]), start, at, at)), None) is not None


def _fitting(series: Record, patches: Patches) -> Patches:
    """Returns the exceptions without those of dates that the rule doesn't give (any more)."""
    fitting: Patches = {}
    for day, patch in patches.items():
        if not gives(series, day):
            if patch.get("added"):
                fitting[day] = patch
        elif own := {name: value for name, value in patch.items() if name != "added"}:
            fitting[day] = own
    return fitting


def _with_zones(patches: Patches, zone: str) -> Patches:
    """Returns the exceptions of a series without times: those with a time of their own need its zone."""
    return {
        day: {**patch, "time_zone": patch.get("time_zone") or zone} if patch.get("start_time") else patch
        for day, patch in patches.items()
    }


def dropped(before: Record, after: Record) -> list[str]:
    """Returns the dates of exceptions that an edit took away since the rule doesn't give them any more.

    They are the dates that they had before the edit.
    """
    by = days_between(before["event_date"], after["event_date"])
    kept = {date.fromisoformat(day).toordinal() for day in after.get("exceptions", {})}
    return [
        day
        for day in before.get("exceptions", {})
        if kept.isdisjoint((date.fromisoformat(day).toordinal(), date.fromisoformat(day).toordinal() + by))
    ]


def dropped_by_split(before: Record, original: str, begun: Record) -> list[str]:
    """As `dropped`, of what a split at the date took away: `begun` is the series that goes on there."""
    later = {day: patch for day, patch in before.get("exceptions", {}).items() if day >= original}
    return dropped({"event_date": original, "exceptions": later}, begun)


def _stamp(event: Record, new: Record, patches: Patches) -> None:
    """Notes at which version each exception changed last, and the series besides.

    Two people who change different occurrences so don't meet (If-Match of an occurrence).
    """
    version, before = event.get("version", 0) + 1, event.get("exceptions", {})
    known = value_of(event, "exceptions") or {}
    stamped = {
        day: before[day] if known.get(day) == patch else {**patch, "version": version}
        for day, patch in sorted(patches.items())
    }
    others = ("exceptions", "version", "revision", "last_modified", *SERIES_MARKS)
    is_same = all(new.get(name) == event.get(name) for name in {*event, *new} - {*others})
    if not is_same or not known.keys() <= stamped.keys() or "series_version" not in event:
        new["series_version"] = version
    if stamped or "exceptions" in event or "recurrence" not in new:
        new["exceptions"] = stamped  # empty: the log must tell plain clients that it was a series


def marked(series: Record, version: int, revision: int, at: str) -> Record:
    """Returns a series' record with the revision and the time of what was changed at `version`."""
    mark = {"revision": revision, "last_modified": at}
    patches = {
        day: {**patch, **mark} if patch.get("version") == version else patch
        for day, patch in series.get("exceptions", {}).items()
    }
    marks = {"series_revision": revision, "series_modified": at}
    is_changed = series.get("series_version") == version
    return {**series, **(marks if is_changed else {}), **({"exceptions": patches} if patches else {})}


def as_of_version(event: Record, version: int) -> Record:
    """Returns a series' record in which everything was changed at this version.

    One that is single now keeps an empty map: by it the log tells clients that don't know series.
    """
    patches = {day: {**patch, "version": version} for day, patch in event.get("exceptions", {}).items()}
    return {**event, "exceptions": patches, "series_version": version}
