"""The components of one UID as records of events: a single event, or a series with its exceptions."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from teamcal.domain.values import Record
from teamcal.ical.content_lines import Component
from teamcal.ical.extras import says_more
from teamcal.ical.notes import EntryRefused, Notes
from teamcal.ical.series import ExceptionReader, Series, gives_nothing, rule_in, rule_text, series_of
from teamcal.ical.splitting import is_range, split
from teamcal.ical.text_fields import reminders, text_fields
from teamcal.ical.times import Start, TimeReader, in_zone, time_fields
from teamcal.ical.zones import Zones

_MOST_SPLITS = 20


class EventPart(NamedTuple):
    """The fields of an event, and the components that say it. The first one is its own; the others are
    overrides, of the occurrences on the dates `originals`."""

    fields: Record
    components: list[Component]
    originals: list[str]


class EventReader:
    """Reads one entry of a file.

    `read` raises EntryRefused, RuleRefused, and ValueError or OverflowError for values at the ends of the
    calendar.
    """

    def __init__(self, zones: Zones, notes: Notes) -> None:
        self._times = TimeReader(zones, notes)
        self._notes = notes

    def read(self, master: Component, overrides: list[Component]) -> list[EventPart]:
        """Returns one part, or several where the file changes the series from one date on."""
        text = rule_text(master)
        recurring = bool(text or master.line("RDATE") or overrides)
        start = self._times.start(master, is_series=recurring)
        fields = self._fields(master, start)
        rule = rule_in(text, start, self._times.default) if text else None
        if rule and gives_nothing(rule, start):
            self._notes.lossy("rule_dropped", text or "")
            rule, recurring = None, bool(master.line("RDATE") or overrides)
        if not recurring:
            return [EventPart(fields, [master], [])]
        return self._series(series_of(fields, start, rule), master, overrides)

    def _series(self, series: Series, master: Component, overrides: list[Component]) -> list[EventPart]:
        ranges = [override for override in overrides if is_range(override)]
        plain = [override for override in overrides if not is_range(override)]
        reader = ExceptionReader(series, self._times, self._notes)
        exceptions = reader.read(master, plain)
        plain = [override for override in plain if override not in reader.outdated]
        if not ranges:
            originals = [reader.original_of(override).isoformat() for override in plain]
            return [EventPart(_with(series.record, exceptions), [master, *plain], originals)]
        if len(ranges) > _MOST_SPLITS:
            raise EntryRefused("too_many_exceptions")
        self._notes.warn("series_split")
        if any(says_more(override) for override in plain):
            self._notes.warn("extras_dropped")
        cuts = [(reader.original_of(each), each) for each in ranges]
        return self._split(series, exceptions, master, sorted(cuts, key=lambda cut: cut[0]))

    def _split(
        self,
        series: Series,
        exceptions: dict[str, dict[str, Any]],
        master: Component,
        cuts: list[tuple[date, Component]],
    ) -> list[EventPart]:
        parts: list[EventPart] = []
        shift = 0
        for original, component in cuts:
            cut = original + timedelta(days=shift)
            start = self._start(component, series, cut)
            fields = self._fields(component, start, series.record["title"])
            kept, series, exceptions = split(series, exceptions, cut, fields, start, self._times.default)
            parts += [EventPart(kept, [master], [])] if kept else []
            shift += (start.day - cut).days
            master = detached(component)
        return [*parts, EventPart(_with(series.record, exceptions), [master], [])]

    def _start(self, component: Component, series: Series, day: date) -> Start:
        line = component.line("DTSTART")
        if not line:
            return series.start._replace(day=day)
        return in_zone(self._times.value(line, line.value), series.start.zone or self._times.default)

    def _fields(self, component: Component, start: Start, title: str = "") -> Record:
        fields = text_fields(component, self._notes, title)
        fields |= time_fields(start, self._times.end(component, start))
        if minutes := reminders(component, self._notes):
            fields["reminders"] = minutes
        if start.clock:
            fields.pop("time", None)  # says nothing beside a start
        return fields


def detached(override: Component) -> Component:
    """Returns an override as the component of an event of its own."""
    return override.without(*override.lines("RECURRENCE-ID"))


def _with(record: Record, exceptions: dict[str, dict[str, Any]]) -> Record:
    return record | ({"exceptions": exceptions} if exceptions else {})
