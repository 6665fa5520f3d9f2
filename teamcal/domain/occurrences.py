"""The occurrences of a series as plain events, and edits of single ones. Pure.

Clients that don't know series see occurrences only: `{id of the series}_{yyyymmdd}`, with the original date.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from teamcal.domain.dates import days_between, moved
from teamcal.domain.event_edit import edited, time_text
from teamcal.domain.event_fields import EXCEPTION_MARKS, HIDDEN, PATCHABLE, SERIES_MARKS
from teamcal.domain.events import is_series, value_of
from teamcal.domain.recurrence import days, rule_of
from teamcal.domain.series_edit import gives
from teamcal.domain.values import Record
from teamcal.errors import TooManyOccurrences
from teamcal.zones import DEFAULT_ZONE

DAYS_BEFORE, DAYS_AFTER = 31, 92
"""What clients that don't know series see of one: its occurrences so many days around today."""
MAX_OCCURRENCES = 10_000
"""Of all series of a department, in what these clients see; and in one answer with occurrences."""
_ID = re.compile(r"(.+)_([0-9]{4})([0-9]{2})([0-9]{2})", re.DOTALL)
_OF_SERIES = {*HIDDEN, "recurrence", "until_day", "exceptions", "uid", "create_digest"}


class OccurrenceId(NamedTuple):
    """`original`: the date that the rule (or an added one) gives, whatever the occurrence's own is."""

    series_id: str
    original: str


def occurrence_id_from(text: str) -> OccurrenceId | None:
    """Returns what an id of an occurrence names; None for an id of another form."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    try:
        return OccurrenceId(match[1], date(int(match[2]), int(match[3]), int(match[4])).isoformat())
    except ValueError:
        return None


def id_of(series_id: str, original: str) -> str:
    return f"{series_id}_{original.replace('-', '')}"


def occurrence(series: Record, original: str) -> Record | None:
    """Returns the occurrence as a plain event; None if the series has none at this date."""
    patch = series.get("exceptions", {}).get(original)
    if patch is None:
        return _plain(series, original, {}) if gives(series, original) else None
    return None if patch.get("excluded") else _plain(series, original, patch)


def unpatched(series: Record, original: str) -> Record:
    """Returns the occurrence as the series alone has it."""
    return _plain(series, original, {})


def removed(series: Record, original: str) -> Record:
    """Returns an occurrence that was deleted as its series has it, at the version of its deletion."""
    deletion = series if series.get("deleted") else series.get("exceptions", {}).get(original, {})
    marks = {name: deletion[name] for name in EXCEPTION_MARKS if name in deletion}
    return {**unpatched(series, original), **marks}


def occurrences(series: Record, first: str, last: str) -> Iterator[Record]:
    """Yields the occurrences whose own dates are `first` to `last`, inclusive; those with exceptions last."""
    patches, shared = series.get("exceptions", {}), _shared(series)
    for day in rule_days(series, first, last):
        if day not in patches:
            yield _on(series, shared, day, day)
    for day, patch in patches.items():
        if not patch.get("excluded") and first <= patch.get("event_date", day) <= last:
            yield _plain(series, day, patch)


def rule_days(series: Record, first: str, last: str) -> Iterator[str]:
    """Yields the dates that the rule gives, exceptions aside."""
    if "recurrence" not in series:
        return
    until = min(last, series.get("until_day", last))
    if first <= until and series["event_date"] <= until:
        begin = date.fromisoformat(series["event_date"])
        rule = rule_of(series["recurrence"])
        for day in days(rule, begin, max(begin, date.fromisoformat(first)), date.fromisoformat(until)):
            yield day.isoformat()


def has_any(series: Record) -> bool:
    """Returns whether any occurrence is left."""
    patches = series.get("exceptions", {})
    if any(not patch.get("excluded") for patch in patches.values()):
        return True
    given = rule_days(series, series["event_date"], series.get("until_day", "9999-12-31"))
    return any(day not in patches for day in given)  # ends after as many days as there are exceptions


def _shared(series: Record) -> Record:
    """Returns what all occurrences have in common."""
    shared: Record = {name: value for name, value in series.items() if name not in _OF_SERIES}
    shared["series_id"] = series["id"]
    if "series_revision" in series:
        shared |= {name: series[mark] for name, mark in zip(EXCEPTION_MARKS, SERIES_MARKS, strict=True)}
    return shared


def _on(series: Record, shared: Record, original: str, begins: str) -> Record:
    """Returns the occurrence of this original date, without its exception, at the date at which it begins."""
    event = {**shared, "id": id_of(series["id"], original), "original_date": original, "event_date": begins}
    if "end_date" in series:
        event["end_date"] = moved(begins, days_between(series["event_date"], series["end_date"]))
        event["time"] = time_text(event) if series.get("time") == time_text(series) else series["time"]
    return event


def _plain(series: Record, original: str, patch: Record) -> Record:
    event = _on(series, _shared(series), original, patch.get("event_date", original))
    if patch.get("version", 0) > series.get("series_version", 1):
        event |= {name: patch[name] for name in EXCEPTION_MARKS if name in patch}
    for name in PATCHABLE:
        if name in patch:
            if patch[name] is None:
                event.pop(name, None)
            else:
                event[name] = patch[name]
    if patch:
        _settle_zone(event, series)
    return event


def _settle_zone(event: Record, series: Record) -> None:
    """The exception may be older than what the series has become: all-day, say."""
    if "start_time" in event:
        event.setdefault("time_zone", series.get("time_zone", DEFAULT_ZONE))
    else:
        event.pop("end_time", None)
        event.pop("time_zone", None)


def window(day: str) -> tuple[str, str]:
    """Returns the first and last date of what clients that don't know series see on this day."""
    today = date.fromisoformat(day)
    return (today - timedelta(DAYS_BEFORE)).isoformat(), (today + timedelta(DAYS_AFTER)).isoformat()


def plain_events(event: Record, day: str) -> list[Record]:
    """Returns what clients that don't know series see of a record on this day: itself, or its occurrences."""
    return list(occurrences(event, *window(day))) if is_series(event) else [event]


class ShownCounts:
    """How many occurrences each of a department's series shows on a day to clients that don't know series.

    It is kept up as they change; made anew it takes 1 µs for each, as one without exceptions is expanded once
    a day (`_count_of_rule`).
    """

    def __init__(self, series: Iterable[Record], day: str) -> None:
        self.day = day
        self.by_id = {one["id"]: count_on(one, day) for one in series}
        self.total = sum(self.by_id.values())

    def changed(self, event_id: str, event: Record | None) -> None:
        """Takes up that an event is another one now, or none."""
        self.total -= self.by_id.pop(event_id, 0)
        if event is not None and is_series(event):
            self.by_id[event_id] = count = count_on(event, self.day)
            self.total += count


class ShownOccurrences:
    """The same while a batch is folded, which may come to nothing. `counts`: before the batch."""

    def __init__(self, counts: ShownCounts) -> None:
        self._counts, self._total = counts, counts.total
        self._own: dict[str, int] = {}

    def require_few(self, series: Record) -> None:
        """Raises TooManyOccurrences if there are too many with this series, new or in place of its own."""
        if self._total - self._of(series["id"]) + count_on(series, self._counts.day) > MAX_OCCURRENCES:
            raise TooManyOccurrences(MAX_OCCURRENCES)

    def changed(self, event_id: str, event: Record | None) -> None:
        """As ShownCounts'."""
        before, now = self._of(event_id), 0
        if event is not None and is_series(event):
            now = count_on(event, self._counts.day)
        if before or now:
            self._own[event_id] = now
            self._total += now - before

    def _of(self, event_id: str) -> int:
        own = self._own.get(event_id)
        return self._counts.by_id.get(event_id, 0) if own is None else own


def count_on(series: Record, day: str) -> int:
    """Returns how many occurrences the series shows on a day to clients that don't know series."""
    if series.get("exceptions"):
        return len(plain_events(series, day))
    return _count_of_rule(
        series.get("recurrence", ""), series["event_date"], series.get("until_day", ""), day
    )


@lru_cache(20_000)
def _count_of_rule(recurrence: str, event_date: str, until_day: str, day: str) -> int:
    series = {"recurrence": recurrence, "event_date": event_date}
    series |= {"until_day": until_day} if until_day else {}
    return sum(1 for _ in rule_days(series if recurrence else {}, *window(day)))


def patch_of(series: Record, original: str, fields: Record, zone: str) -> dict[str, Any]:
    """Returns the exception that setting `fields` on this occurrence makes: {} for none.

    Raises InvalidInput where fields don't fit each other.
    """
    shown = occurrence(series, original) or unpatched(series, original)
    own = {name: value for name, value in fields.items() if name in PATCHABLE}
    after, base = edited(shown, own, zone), unpatched(series, original)
    before = series.get("exceptions", {}).get(original, {})
    patch: dict[str, Any] = {"added": True} if before.get("added") else {}
    for name in PATCHABLE:
        if value_of(after, name) != value_of(base, name):
            patch[name] = after.get(name)
    return patch


def fields_of(event: Record) -> dict[str, Any]:
    """Returns an occurrence's fields, None for those that it lacks: what sets another one to its state."""
    return {name: value_of(event, name) for name in PATCHABLE}
