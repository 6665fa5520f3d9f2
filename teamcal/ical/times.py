"""When a VEVENT begins and ends: dates and local times in one zone, whatever form the file has them in."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from teamcal.domain.values import Record
from teamcal.ical.content_lines import Component, ContentLine
from teamcal.ical.notes import EntryRefused, Notes
from teamcal.ical.occurrences import end_day
from teamcal.ical.values import Duration, duration_from, moment_from
from teamcal.ical.vtimezone import never_changes
from teamcal.ical.zones import Zones


class Start(NamedTuple):
    """A date, and unless it means the whole day, a time "HH:MM" in an IANA zone."""

    day: date
    clock: str | None = None
    zone: str | None = None

    def instant(self) -> datetime:
        clock = datetime.strptime(self.clock or "00:00", "%H:%M").time()
        return datetime.combine(self.day, clock, ZoneInfo(self.zone or "UTC"))


class TimeReader:
    """Reads the times of one entry; those without a zone or in an unknown one are in the default zone."""

    def __init__(self, zones: Zones, notes: Notes) -> None:
        self.default = zones.default
        self._zones = zones
        self._notes = notes

    def start(self, component: Component, *, is_series: bool) -> Start:
        """Returns DTSTART. Times in UTC come into the default zone, unless that would change a series."""
        line = component.line("DTSTART")
        if not line:
            raise EntryRefused("no_start")
        start = self.value(line, line.value)
        own = component.line("X-TEAMCAL-ZONE")
        if start.zone != "UTC" or (own and own.value.strip().upper() == "UTC"):
            return start
        local = in_zone(start, self.default)
        if is_series and not (local.day == start.day and never_changes(self.default, start.day.year)):
            return start
        return local

    def value(self, line: ContentLine, value: str) -> Start:
        """Returns one value of a line as it stands, in its own zone."""
        moment = moment_from(value)
        if not moment:
            raise EntryRefused("bad_date", f"{line.name}:{value[:40]}")
        if moment.clock is None or (line.parameter("VALUE") or "").upper() == "DATE":
            return Start(moment.day)
        if moment.clock.second:
            self._notes.lossy("seconds_dropped")
        local = datetime.combine(moment.day, moment.clock)
        tzid = line.parameter("TZID")
        if moment.is_utc or not tzid:
            return _start_of(local, "UTC" if moment.is_utc else self._zones.floating)
        return self._in_named_zone(local, tzid)

    def _in_named_zone(self, local: datetime, tzid: str) -> Start:
        zone = self._zones.resolve(tzid, local.year)
        if zone:
            return _start_of(local, zone)
        self._notes.lossy("unknown_zone", tzid)
        # The file may at least say how far its clock is from UTC.
        offset = self._zones.offset_at(tzid, local)
        if offset is None:
            return _start_of(local, self.default)
        return _start_at((local - timedelta(seconds=offset)).replace(tzinfo=UTC), self.default)

    def end(self, component: Component, start: Start) -> Record:
        """Returns `end_date` and `end_time` as far as they say something."""
        line, duration = component.line("DTEND"), component.line("DURATION")
        if line:
            if line.parameter("X-TEAMCAL-END") == "DAY":
                return _last_day(start, self.value(line, line.value).day - timedelta(days=1))
            return self.until(start, self.value(line, line.value))
        if duration:
            length = duration_from(duration.value)
            if length is None:
                raise EntryRefused("bad_date", f"DURATION:{duration.value[:40]}")
            return self.until(start, later(start, length))
        return {}

    def until(self, start: Start, end: Start) -> Record:
        """Returns the fields of an event that ends at `end`, in whatever form and zone that is."""
        if start.clock is None:
            # DTEND is exclusive; a time of day within a day makes that day the last one.
            partly = end.clock not in (None, "00:00")
            return self._whole_days(start, end.day if partly else end.day - timedelta(days=1), end)
        if end.clock is None:
            end = Start(end.day, "00:00", start.zone)
        if end.zone != start.zone:
            if end.zone != "UTC":
                self._notes.lossy("end_zone_converted")
            end = in_zone(end, start.zone or self.default)
        if (end.day, end.clock or "") <= (start.day, start.clock):
            # An event without length is one with a start only.
            if (end.day, end.clock) != (start.day, start.clock):
                self._notes.lossy("end_dropped")
            return {}
        implied = start.day + timedelta(days=(end.clock or "") <= start.clock)
        return {"end_time": end.clock} | _last_day(start, end.day, implied)

    def _whole_days(self, start: Start, last: date, end: Start) -> Record:
        if last < start.day and end.day != start.day:
            self._notes.lossy("end_dropped")
        return _last_day(start, last)


def _last_day(start: Start, last: date, implied: date | None = None) -> Record:
    return {"end_date": last.isoformat()} if last > start.day and last != implied else {}


def moved_end(record: Record, start: Start) -> Start | None:
    """Returns where an event of the record's length ends if it begins at `start`; None if it has no end."""
    if not record.get("end_time") or start.clock is None:
        return None
    begin = datetime.fromisoformat(f"{record['event_date']}T{record['start_time']}")
    length = datetime.fromisoformat(f"{end_day(record)}T{record['end_time']}") - begin
    end = datetime.fromisoformat(f"{start.day.isoformat()}T{start.clock}") + length
    return Start(end.date(), end.strftime("%H:%M"), start.zone)


def later(start: Start, length: Duration) -> Start:
    """Returns a start later by days of the calendar and then by exact seconds (RFC 5545 §3.3.6)."""
    day = start.day + timedelta(days=length.days)
    if start.clock is None:
        # Part of a day counts as a whole one.
        return Start(day + timedelta(days=-(-length.seconds // 86_400)))
    if not length.seconds:
        return start._replace(day=day)
    moment = start._replace(day=day).instant().astimezone(UTC) + timedelta(seconds=length.seconds)
    return _start_at(moment, start.zone or "UTC")


def in_zone(start: Start, zone: str) -> Start:
    """Returns the same moment by the clock of another zone; a whole day stays that day."""
    if start.clock is None or start.zone == zone:
        return start
    return _start_at(start.instant(), zone)


def _start_at(moment: datetime, zone: str) -> Start:
    return _start_of(moment.astimezone(ZoneInfo(zone)), zone)


def _start_of(local: datetime, zone: str) -> Start:
    return Start(local.date(), local.strftime("%H:%M"), zone)


def time_fields(start: Start, end: Record) -> Record:
    fields: Record = {"event_date": start.day.isoformat()}
    if start.clock is not None:
        fields |= {"start_time": start.clock, "time_zone": start.zone}
    return fields | end
