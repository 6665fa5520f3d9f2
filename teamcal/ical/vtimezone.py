"""VTIMEZONE components (RFC 5545 §3.6.5) of IANA zones, written so that other programs read them right.

Each change's DTSTART is the local time by the clock that ends there (TZOFFSETFROM), as the RFC asks. Changes
that `tzdata` lists are written one by one, those of the years to come as a yearly RRULE without an end.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from teamcal.ical.content_lines import escaped, folded
from teamcal.ical.tzif import Change, Period, YearlyChange, YearlyRule, zone_data

LATEST_SINCE = 2020
"""Components begin with this year, or with the decade of an earlier event."""

_LAST_YEAR = 2050  # of changes that are listed because no RRULE gives them
_EARLIEST_SINCE = 1900
_WEEKDAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")


def since_of(year: int) -> int:
    """Returns the first year of the component that an event of `year` needs: one of 13 values."""
    return max(_EARLIEST_SINCE, min(LATEST_SINCE, year // 10 * 10))


@lru_cache(maxsize=256)
def vtimezone(zone: str, since: int = LATEST_SINCE, tzid: str | None = None) -> bytes:
    """Returns the VTIMEZONE of an IANA zone for dates from `since` on, with CRLF after each line.

    `tzid`: the name that the component has instead of `zone`. Raises KeyError for an unknown zone.
    """
    observances = [*_observances(zone, since)]
    if not tzid and len(observances) == 1:
        # Under its IANA name all programs know the zone; it stays as everybody writes it.
        observances = [[line for line in observances[0] if not line.startswith("RDATE")]]
    lines = [line for observance in observances for line in observance]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{escaped(tzid or zone)}", *lines, "END:VTIMEZONE"]
    return b"".join(folded(line) for line in lines)


def never_changes(zone: str, year: int) -> bool:
    """Returns whether the zone has one offset from the beginning of `year` on, for ever."""
    data = zone_data(zone)
    return not data.yearly and not any(change.local.year >= year for change in data.changes)


def _observances(zone: str, since: int) -> Iterator[list[str]]:
    data = zone_data(zone)
    # A year more, so that the first date already follows a change.
    begin = datetime(since - 1, 1, 1)
    before = [change.after for change in data.changes if change.local < begin]
    listed = [change for change in data.changes if begin <= change.local and change.local.year <= _LAST_YEAR]
    base = before[-1] if before else data.first
    if begin < listed[0].local if listed else not data.yearly:
        start = begin if listed else datetime(1970, 1, 1)
        yield _observance(Change(start, base, base), _rdates([start]))
    yield from _listed(listed)
    after = max([begin, *(change.local for change in listed)])
    yield from (_ruled(change, after) for change in data.yearly)


def _listed(changes: Iterable[Change]) -> Iterator[list[str]]:
    """Changes between the same periods are one observance."""
    groups: dict[tuple[Period, Period], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.before, change.after), []).append(change)
    for group in groups.values():
        yield _observance(group[0], _rdates(change.local for change in group))


def _rdates(moments: Iterable[datetime]) -> list[str]:
    """Returns a line each, DTSTART's moment included: ical.js and PyPI's `ical` ignore DTSTART alone."""
    return [f"RDATE:{_local(moment)}" for moment in moments]


def _ruled(change: YearlyChange, later_than: datetime) -> list[str]:
    """A change of every year, from the first one after `later_than`."""
    year = later_than.year
    if change.rule.in_year(year) <= later_than:
        year += 1
    if text := _rrule(change.rule):
        recurrence = [f"RRULE:{text}"]
    else:
        recurrence = _rdates(change.rule.in_year(other) for other in range(year, _LAST_YEAR + 1))
    return _observance(Change(change.rule.in_year(year), change.before, change.after), recurrence)


def _rrule(rule: YearlyRule) -> str | None:
    """Returns the rule as an RRULE; None if its week runs over the end of the month."""
    shift = rule.seconds // 86_400
    month = f"FREQ=YEARLY;BYMONTH={rule.month}"
    if not shift:
        return f"{month};BYDAY={-1 if rule.week == 5 else rule.week}{_WEEKDAYS[rule.weekday]}"
    # A time before or after the day of the rule: a weekday within seven days of the month.
    days = monthrange(2007, rule.month)[1]
    first = (days - 6 if rule.week == 5 else 7 * (rule.week - 1) + 1) + shift
    if first < 1 or first + 6 > days:
        return None
    span = ",".join(str(day) for day in range(first, first + 7))
    return f"{month};BYDAY={_WEEKDAYS[(rule.weekday + shift) % 7]};BYMONTHDAY={span}"


def _observance(change: Change, recurrence: Iterable[str]) -> list[str]:
    kind = "DAYLIGHT" if change.after.is_dst else "STANDARD"
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{_local(change.local)}",
        *recurrence,
        f"TZOFFSETFROM:{_offset(change.before.offset)}",
        f"TZOFFSETTO:{_offset(change.after.offset)}",
        f"TZNAME:{change.after.name}",
        f"END:{kind}",
    ]


def _local(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("-", "").replace(":", "")


def _offset(seconds: int) -> str:
    """Returns `+0900`; with seconds only if there are any, as in times before the zones (§3.3.14)."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    text = f"{sign}{seconds // 3600:02}{seconds % 3600 // 60:02}"
    return f"{text}{seconds % 60:02}" if seconds % 60 else text
