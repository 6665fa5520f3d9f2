"""A VTIMEZONE as a file has it (RFC 5545 §3.6.5), read as far as it takes to recognise the zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from teamcal.domain.recurrence import Rule, RuleRefused, days, rule_from
from teamcal.ical.content_lines import Component, components
from teamcal.ical.values import moment_from

_MOST_OBSERVANCES = 100
_MOST_RULES = 20
_MOST_DATES = 500
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})(?::?[0-9]{2})?")


@dataclass(frozen=True, slots=True)
class _Observance:
    start: datetime
    before: int
    offset: int
    dates: tuple[datetime, ...]
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class ZoneDefinition:
    """`other_names`: what else the component says about which zone it is."""

    tzid: str
    observances: tuple[_Observance, ...]
    other_names: tuple[str, ...]

    def offset_at(self, moment: datetime) -> int:
        """Returns seconds east of UTC at a local time; before the first onset what held before it."""
        latest: datetime | None = None
        offset = min(self.observances, key=lambda each: each.start).before
        for observance in self.observances:
            onset = _latest_onset(observance, moment)
            if onset and (latest is None or onset > latest):
                latest, offset = onset, observance.offset
        return offset


def definition(text: bytes) -> ZoneDefinition | None:
    """Returns the definition of a VTIMEZONE component; None if it says nothing usable."""
    whole = next(iter(components(text)), None)
    tzid = whole.line("TZID") if whole else None
    if not whole or not tzid:
        return None
    read = (_observance(part) for part in whole.children()[:_MOST_OBSERVANCES])
    observances = [observance for observance in read if observance]
    if not observances or sum(observance.rule is not None for observance in observances) > _MOST_RULES:
        return None
    names = whole.lines("X-LIC-LOCATION", "TZID-ALIAS-OF", "X-WR-TIMEZONE")
    return ZoneDefinition(tzid.value.strip(), tuple(observances), tuple(line.value for line in names[:5]))


def _observance(part: Component) -> _Observance | None:
    start, before, offset = (part.line(name) for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"))
    if not (start and before and offset):
        return None
    begin, old, new = _moment(start.value), _seconds(before.value), _seconds(offset.value)
    if begin is None or old is None or new is None:
        return None
    values = [value for line in part.lines("RDATE") for value in line.value.split(",")]
    dates = tuple(moment for value in values[:_MOST_DATES] if (moment := _moment(value)))
    rule = part.line("RRULE")
    try:
        return _Observance(begin, old, new, dates, rule_from(rule.value) if rule else None)
    except RuleRefused:
        return None


def _latest_onset(observance: _Observance, moment: datetime) -> datetime | None:
    """Returns the observance's last onset at or before a local time."""
    onsets = [onset for onset in (observance.start, *observance.dates) if onset <= moment]
    if observance.rule and onsets:
        clock = observance.start.time()
        for year in (moment.year, moment.year - 1):
            found = _onset_days(observance.rule, observance.start.date(), year)
            onsets += [at for day in found if (at := datetime.combine(day, clock)) <= moment]
    return max(onsets, default=None)


@lru_cache(maxsize=4096)
def _onset_days(rule: Rule, start: date, year: int) -> tuple[date, ...]:
    if year < 1 or rule.frequency != "YEARLY":
        return ()
    return tuple(days(rule, start, date(year, 1, 1), date(year, 12, 31)))[:2]


def _moment(value: str) -> datetime | None:
    moment = moment_from(value)
    return datetime.combine(moment.day, moment.clock) if moment and moment.clock else None


def _seconds(value: str) -> int | None:
    match = _OFFSET.fullmatch(value.strip())
    if not match:
        return None
    return (int(match[2]) * 3600 + int(match[3]) * 60) * (-1 if match[1] == "-" else 1)
