"""A series of a file: its rule, and its EXDATE, RDATE and RECURRENCE-ID as one map of exceptions.

RFC 5545 §3.8.5 and §3.8.4.4. Rules are never finer than a day, so a date names an occurrence.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from teamcal.domain.event_fields import MAX_EXCEPTIONS, PATCHABLE
from teamcal.domain.recurrence import Rule, RuleRefused, canonical, days, first_day, last_day, rule_from
from teamcal.domain.series_edit import EXCEPTIONS_BYTES
from teamcal.domain.values import Record, to_json
from teamcal.ical.content_lines import Component, ContentLine
from teamcal.ical.notes import EntryRefused, Notes
from teamcal.ical.occurrences import difference, occurrence
from teamcal.ical.text_fields import reminders, text_fields
from teamcal.ical.times import Start, TimeReader, in_zone, later, moved_end, time_fields
from teamcal.ical.values import duration_from

_MOST_DATES = 5_000  # values of EXDATE and RDATE that are looked at

_MOST_REVISION = 2**31 - 1
# A series without a rule: its first date, and RDATEs.
_ONCE = "FREQ=DAILY;COUNT=1"


@dataclass(frozen=True, slots=True)
class Series:
    """`record`: the fields of the series, without exceptions; `last`: the rule's last day, if it has one."""

    record: Record
    start: Start
    rule: Rule
    last: date | None

    def gives(self, day: date) -> bool:
        """Returns whether the rule gives the day."""
        if self.last and day > self.last:
            return False
        return next(days(self.rule, self.start.day, day, day), None) is not None


def revision_of(component: Component) -> int:
    """Returns SEQUENCE, 0 without one."""
    line = component.line("SEQUENCE")
    value = line.value.strip()[:12] if line else ""
    return min(int(value), _MOST_REVISION) if value.isascii() and value.isdigit() else 0


def rule_text(component: Component) -> str | None:
    """Returns the only RRULE's value, None without one. Raises EntryRefused for several, and for EXRULE."""
    if component.line("EXRULE"):
        raise EntryRefused("exclusion_rule")
    values = {line.value.strip() for line in component.lines("RRULE")}
    if len(values) > 1:
        raise EntryRefused("several_rules")
    return next(iter(values), None)


def rule_in(text: str, start: Start, default_zone: str) -> Rule:
    """Reads the RRULE of an event. Raises RuleRefused."""
    zone = start.zone or default_zone
    if start.clock is None and text.upper().rstrip(";").endswith("T000000Z"):
        # Midnight in UTC stands for the date itself in an event that lasts all day.
        zone = "UTC"
    return rule_from(text, start_time=start.clock, time_zone=zone)


def gives_nothing(rule: Rule, start: Start) -> bool:
    """Returns whether a rule ends before the first day that it would give, but not before the start.

    Some programs write such rules for a single event.
    """
    return rule.until is not None and rule.until >= start.day and first_day(rule, start.day) is None


def series_of(record: Record, start: Start, rule: Rule | None) -> Series:
    """Returns the series of a rule, or of the start alone. Raises RuleRefused for a rule without a day."""
    rule = rule or rule_from(_ONCE)
    last = last_day(rule, start.day)
    if first_day(rule, start.day) is None:
        raise RuleRefused("rule_never")
    return Series({**record, "recurrence": canonical(rule)}, start, rule, last)


class ExceptionReader:
    """Builds the exceptions of one series."""

    def __init__(self, series: Series, times: TimeReader, notes: Notes) -> None:
        self._series = series
        self._times = times
        self._notes = notes
        self._exceptions: dict[date, dict[str, Any]] = {}
        self._revision = 0
        self.outdated: list[Component] = []
        """Overrides that say nothing any more."""

    def read(self, master: Component, overrides: Iterable[Component]) -> dict[str, dict[str, Any]]:
        """Returns the map of original date and exception. Raises EntryRefused if it is too large."""
        self._revision = revision_of(master)
        excluded = {self.original(line, value) for line, value in _values(master, "EXDATE")}
        for line, value in _values(master, "RDATE"):
            self._add(line, value, excluded)
        start = self._series.start.day
        if not self._series.gives(start) and start not in excluded:
            # The rule doesn't give the first date, but all programs show it.
            self._exceptions.setdefault(start, {})["added"] = True
        self._exceptions |= {day: {"excluded": True} for day in excluded if self._series.gives(day)}
        for override in overrides:
            self._override(override)
        self._check()
        return {day.isoformat(): patch for day, patch in sorted(self._exceptions.items())}

    def original(self, line: ContentLine, value: str) -> date:
        """Returns the date that an EXDATE or RECURRENCE-ID names, in whatever form it is written."""
        start, named = self._series.start, self._times.value(line, value)
        if named.clock is None:
            return named.day
        local = in_zone(named, start.zone or self._times.default)
        # Some programs write midnight where they mean the date.
        midnight = named.clock == "00:00" and local.clock != start.clock
        return named.day if midnight else local.day

    def original_of(self, override: Component) -> date:
        line = override.line("RECURRENCE-ID")
        assert line
        return self.original(line, line.value)

    def _add(self, line: ContentLine, value: str, excluded: set[date]) -> None:
        """RDATE: a date that the rule doesn't give, perhaps with another time or length."""
        first, _, rest = value.partition("/")
        moment, start = self._times.value(line, first), self._series.start
        if start.clock and moment.clock is None:
            moment = start._replace(day=moment.day)
        if start.clock is None:
            moment = Start(in_zone(moment, self._times.default).day)
        moment = in_zone(moment, start.zone or self._times.default)
        if moment.day in excluded:
            return
        patch = self._own_times(moment, self._period_end(line, rest, moment))
        if self._series.gives(moment.day) or moment.day in self._exceptions:
            if patch:
                self._notes.lossy("date_dropped", moment.day.isoformat())
            return
        self._exceptions[moment.day] = {"added": True, **patch}

    def _period_end(self, line: ContentLine, rest: str, moment: Start) -> Record | None:
        if not rest:
            return None
        length = duration_from(rest)
        end = later(moment, length) if length else self._times.value(line, rest)
        return self._times.until(moment, end)

    def _own_times(self, moment: Start, end: Record | None) -> Record:
        """Returns what an added date has of its own: a start, and the series' length if it says no other."""
        start, record = self._series.start, self._series.record
        if moment.clock == start.clock and end is None:
            return {}
        if end is None and (same_length := moved_end(record, moment)):
            end = self._times.until(moment, same_length)
        fields = time_fields(moment, end or {})
        base = occurrence(record, moment.day.isoformat(), {}, self._times.default)
        return difference(base, fields, ("start_time", "end_time", "end_date"))

    def _override(self, component: Component) -> None:
        day = self.original_of(component)
        if self._is_outdated(component, day):
            self._notes.warn("override_outdated", day.isoformat())
            self.outdated.append(component)
            return
        patch = self._patch(component, day)
        if day in self._exceptions and not {*self._exceptions[day]} <= {"added", "excluded"}:
            self._notes.lossy("override_repeated", day.isoformat())
        if not self._series.gives(day):
            patch["added"] = True
        self._exceptions.pop(day, None)
        if patch:
            self._exceptions[day] = patch

    def _is_outdated(self, component: Component, day: date) -> bool:
        """Returns whether a later revision of the series has removed the occurrence (RFC 5546 §2.1.5)."""
        if revision_of(component) >= self._revision or "added" in self._exceptions.get(day, {}):
            return False
        return not self._series.gives(day) or "excluded" in self._exceptions.get(day, {})

    def _patch(self, component: Component, day: date) -> dict[str, Any]:
        """Returns the fields in which an override differs from the occurrence that it replaces."""
        series, original = self._series, day.isoformat()
        fields = text_fields(component, self._notes, series.record["title"])
        same_reminders = reminders(component, self._notes) == series.record.get("reminders", [])
        if not same_reminders or component.line("RRULE"):
            self._notes.says_more = True
        start = series.start._replace(day=day)
        if line := component.line("DTSTART"):
            start = in_zone(self._times.value(line, line.value), series.start.zone or self._times.default)
        fields |= time_fields(start, self._times.end(component, start))
        moved = {} if fields["event_date"] == original else {"event_date": fields["event_date"]}
        base = occurrence(series.record, original, moved, self._times.default)
        # The text of a time says nothing beside a start, nor does a zone without one.
        names = [name for name in PATCHABLE if name != ("time" if start.clock else "time_zone")]
        return moved | difference(base, fields, names)

    def _check(self) -> None:
        if len(self._exceptions) > MAX_EXCEPTIONS:
            raise EntryRefused("too_many_exceptions")
        by_text = {day.isoformat(): patch for day, patch in self._exceptions.items()}
        if len(to_json(by_text)) > EXCEPTIONS_BYTES:
            raise EntryRefused("too_many_exceptions")
        series, excluded = self._series, [patch for patch in self._exceptions.values() if "excluded" in patch]
        if len(excluded) < len(self._exceptions) or not series.last:
            return
        given = days(series.rule, series.start.day, series.start.day, series.last)
        if len([*islice(given, len(excluded) + 1)]) <= len(excluded):
            raise EntryRefused("no_occurrence")


def _values(component: Component, name: str) -> Iterator[tuple[ContentLine, str]]:
    pairs = ((line, value) for line in component.lines(name) for value in line.value.split(",") if value)
    for number, pair in enumerate(pairs):
        if number == _MOST_DATES:
            raise EntryRefused("too_many_exceptions")
        yield pair
