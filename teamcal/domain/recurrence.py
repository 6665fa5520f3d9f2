"""The days that a recurrence rule gives (RFC 5545 §3.3.10), looking only at the window that is asked for.

A query begins by arithmetic with the period (day, week, month, year) in which its window begins, so it costs
what the window costs, however old the series is. COUNT becomes a last day once, when a rule is written.

Days are ordinals of `datetime.date` inside, and a period is its first day and the offsets of its days from
there: ordinals have no end at the years 1 and 9999, and offsets can be remembered, since months and years
repeat their shapes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import islice

from teamcal.domain.rule_text import Rule, RuleRefused, canonical, rule_from, rule_of

__all__ = ["Rule", "RuleRefused", "canonical", "days", "first_day", "last_day", "rule_from", "rule_of"]

# The calendar repeats after 400 years, which are 20,871 whole weeks: a rule that gives no day within so many
# of its periods never gives one. A cycle of DAILY has 146,097 periods, but the rarest day, 29 February on a
# certain weekday, comes again within 14,610. With an INTERVAL, what is rarer than 20,000 counts as never.
_CYCLE = {"DAILY": 20_000, "WEEKLY": 20_871, "MONTHLY": 4_800, "YEARLY": 400}
_MOST_PERIODS_OF_COUNT = 20_000
_DAYS_OF = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ALL_MONTHS = tuple(range(1, 13))
_LAST_ORDINAL = date.max.toordinal()

_ByDay = tuple[tuple[int, int], ...]
_Numbers = tuple[int, ...]
_Period = tuple[int, Iterable[int]]
"""Ordinal from which the offsets count, and the sorted offsets of the days that the period gives."""


def days(rule: Rule, start: date, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last`, both included, of a series that begins on `start`, in their order.

    Honours UNTIL. COUNT is the caller's, who keeps the day that `last_day` returned. Costs about a
    microsecond for each day and for each period between `first` and `last`.
    """
    first = max(start, first)
    last = min(last, rule.until or last)
    if first > last:
        return
    low, high = first.toordinal(), last.toordinal()
    for base, offsets in _PERIODS[rule.frequency](rule, start, first, last):
        for offset in offsets:
            if low <= base + offset <= high:
                yield date.fromordinal(base + offset)


def first_day(rule: Rule, start: date) -> date | None:
    """The first day that the rule gives on or after `start`; None if it never gives one, UNTIL included."""
    return next(days(rule, start, start, _moved(start, _CYCLE[rule.frequency], rule)), None)


def last_day(rule: Rule, start: date) -> date | None:
    """The last day of a series that ends by COUNT or UNTIL; None if it is endless.

    Raises RuleRefused: rule_never if there is no day at all, rule_count if COUNT isn't reached within 20,000
    periods or before the year 10000.
    """
    if rule.count is None and rule.until is None:
        return None
    if first_day(rule, start) is None:
        raise RuleRefused("rule_never")
    if rule.until is not None:
        return _last_until(rule, start, rule.until)
    all_days = days(rule, start, start, _moved(start, _MOST_PERIODS_OF_COUNT, rule))
    day = next(islice(all_days, (rule.count or 1) - 1, None), None)
    if day is None:
        raise RuleRefused("rule_count")
    return day


def _last_until(rule: Rule, start: date, until: date) -> date:
    """Looks backwards from `until`, in windows that grow because most rules give a day in the first one.

    The rule gives at least one day.
    """
    for periods in (2, 60, 1_200, 20_000):
        first = max(start, _moved(until, -periods, rule))
        if found := deque(days(rule, start, first, until), maxlen=1):
            return found[0]
    return deque(days(rule, start, start, until), maxlen=1)[0]


def _moved(day: date, periods: int, rule: Rule) -> date:
    """The date so many periods later, or earlier if negative; every month has 31 days, every year 366."""
    ordinal = day.toordinal() + periods * rule.interval * _DAYS_OF[rule.frequency]
    return date.fromordinal(min(max(ordinal, 1), _LAST_ORDINAL))


# Periods by frequency. Each begins with the period in which `first` lies, or the last one before it.


def _daily(rule: Rule, start: date, first: date, last: date) -> Iterator[_Period]:
    origin, end = start.toordinal(), last.toordinal()
    day = first.toordinal() + (origin - first.toordinal()) % rule.interval
    if not (rule.by_month or rule.by_month_day or rule.by_day):
        yield 0, range(day, end + 1, rule.interval)
        return
    # The set of one day has one element: no other position gives anything.
    if rule.by_set_position and not {1, -1} & {*rule.by_set_position}:
        return
    while day <= end:
        base, offsets, next_month = _month_of(rule, date.fromordinal(day))
        yield base, [offset for offset in offsets if (base + offset - origin) % rule.interval == 0]
        day = next_month + (origin - next_month) % rule.interval


def _month_of(rule: Rule, day: date) -> tuple[int, _Numbers, int]:
    """The first day of the month of `day`, the days that the limits let pass, and the next month's first."""
    base, length = day.toordinal() - day.day + 1, _month_length(day.year, day.month)
    if rule.by_month and day.month not in rule.by_month:
        return base, (), base + length
    return base, _month_offsets((base + 6) % 7, length, rule.by_month_day, rule.by_day, ()), base + length


def _weekly(rule: Rule, start: date, first: date, last: date) -> Iterator[_Period]:
    step = 7 * rule.interval
    week = start.toordinal() - (start.weekday() - rule.week_start) % 7
    week += (first.toordinal() - week) // step * step
    by_day = rule.by_day or ((start.weekday(), 0),)
    offsets = _weekday_offsets(rule.week_start, 7, by_day)
    # A part of a week has no more positions than the whole week.
    if not _at_positions(offsets, rule.by_set_position):
        return
    for base in range(week, last.toordinal() + 1, step):
        in_months = _in_months(base, offsets, rule.by_month) if rule.by_month else offsets
        yield base, _at_positions(in_months, rule.by_set_position)


def _in_months(week: int, offsets: _Numbers, by_month: _Numbers) -> _Numbers:
    dates = ((offset, min(max(week + offset, 1), _LAST_ORDINAL)) for offset in offsets)
    return tuple(offset for offset, day in dates if date.fromordinal(day).month in by_month)


def _monthly(rule: Rule, start: date, first: date, last: date) -> Iterator[_Period]:
    month = start.year * 12 + start.month - 1
    month += (first.year * 12 + first.month - 1 - month) // rule.interval * rule.interval
    by_month_day = rule.by_month_day if rule.by_month_day or rule.by_day else (start.day,)
    for index in range(month, last.year * 12 + last.month, rule.interval):
        year, month_number = index // 12, index % 12 + 1
        if rule.by_month and month_number not in rule.by_month:
            continue
        base = date(year, month_number, 1).toordinal()
        length = _month_length(year, month_number)
        yield base, _month_offsets((base + 6) % 7, length, by_month_day, rule.by_day, rule.by_set_position)


def _yearly(rule: Rule, start: date, first: date, last: date) -> Iterator[_Period]:
    if rule.by_week_number:
        yield from _by_week_years(rule, start, first, last)
        return
    by_month, by_month_day = rule.by_month, rule.by_month_day
    if not (rule.by_year_day or by_month_day or rule.by_day):
        by_month, by_month_day = by_month or (start.month,), (start.day,)
    begin = start.year + (first.year - start.year) // rule.interval * rule.interval
    for year in range(begin, last.year + 1, rule.interval):
        offsets = _year_offsets(
            _same_year(year), by_month, by_month_day, rule.by_day, rule.by_year_day, rule.by_set_position
        )
        yield _new_year(year), offsets


def _by_week_years(rule: Rule, start: date, first: date, last: date) -> Iterator[_Period]:
    """Periods of a rule with BYWEEKNO: years of whole weeks, so that week 1 belongs to one year only."""
    begin, low, high = (_week_year(day, rule.week_start) for day in (start, first, last))
    # What the rule doesn't say is "derived from DTSTART" (§3.3.10): here the weekday.
    by_day = rule.by_day
    if not (by_day or rule.by_month_day or rule.by_year_day):
        by_day = ((start.weekday(), 0),)
    limits = rule.by_month, rule.by_month_day, by_day, rule.by_year_day
    for year in range(begin + (low - begin) // rule.interval * rule.interval, high + 1, rule.interval):
        offsets = _week_year_offsets(
            _same_year(year), rule.week_start, rule.by_week_number, limits, rule.by_set_position
        )
        yield _week_one(year, rule.week_start), offsets


_PERIODS: dict[str, Callable[[Rule, date, date, date], Iterator[_Period]]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}


# The days of one period, as offsets. Months of one shape (first weekday, length) have the same.


@lru_cache(maxsize=4096)
def _month_offsets(
    first_weekday: int, length: int, by_month_day: _Numbers, by_day: _ByDay, positions: _Numbers
) -> _Numbers:
    offsets = set(range(length))
    if by_month_day:
        offsets &= _counted_offsets(length, by_month_day)
    if by_day:
        offsets &= {*_weekday_offsets(first_weekday, length, by_day)}
    return _at_positions(tuple(sorted(offsets)), positions)


@lru_cache(maxsize=1024)
def _year_offsets(
    year: int,
    by_month: _Numbers,
    by_month_day: _Numbers,
    by_day: _ByDay,
    by_year_day: _Numbers,
    positions: _Numbers,
) -> _Numbers:
    new_year, length = _new_year(year), _new_year(year + 1) - _new_year(year)
    # A numbered weekday counts within the month if there is BYMONTH, else within the year (§3.3.10).
    in_year = any(number for _, number in by_day) and not by_month
    offsets: set[int] = set()
    for month in by_month or _ALL_MONTHS:
        base = date(year, month, 1).toordinal()
        of_month = _month_offsets(
            (base + 6) % 7, _month_length(year, month), by_month_day, () if in_year else by_day, ()
        )
        offsets.update(base - new_year + offset for offset in of_month)
    if in_year:
        offsets &= {*_weekday_offsets((new_year + 6) % 7, length, by_day)}
    if by_year_day:
        offsets &= _counted_offsets(length, by_year_day)
    return _at_positions(tuple(sorted(offsets)), positions)


_Limits = tuple[_Numbers, _Numbers, _ByDay, _Numbers]


@lru_cache(maxsize=1024)
def _week_year_offsets(
    year: int, week_start: int, by_week_number: _Numbers, limits: _Limits, positions: _Numbers
) -> _Numbers:
    """Offsets from the first day of week 1."""
    base = _week_one(year, week_start)
    weeks = (_week_one(year + 1, week_start) - base) // 7
    rule = Rule("YEARLY", by_month=limits[0], by_month_day=limits[1], by_day=limits[2])
    offsets = []
    for week in sorted(_counted_offsets(weeks, by_week_number)):
        for offset in range(7 * week, 7 * week + 7):
            day = date.fromordinal(base + offset)
            if _is_in(rule, day) and _is_year_day(day, limits[3]):
                offsets.append(offset)
    return _at_positions(tuple(offsets), positions)


def _is_in(rule: Rule, day: date) -> bool:
    """Do BYMONTH, BYMONTHDAY and BYDAY without numbers let the day pass?"""
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_day and (day.weekday(), 0) not in rule.by_day:
        return False
    from_end = day.day - _month_length(day.year, day.month) - 1
    return not rule.by_month_day or day.day in rule.by_month_day or from_end in rule.by_month_day


def _is_year_day(day: date, by_year_day: _Numbers) -> bool:
    number = day.toordinal() - _new_year(day.year) + 1
    from_end = day.toordinal() - _new_year(day.year + 1)
    return not by_year_day or number in by_year_day or from_end in by_year_day


def _counted_offsets(length: int, numbers: _Numbers) -> set[int]:
    """1 is the first of `length`, -1 the last; numbers that are too great name nothing."""
    offsets = (number - 1 if number > 0 else length + number for number in numbers)
    return {offset for offset in offsets if 0 <= offset < length}


@lru_cache(maxsize=1024)
def _weekday_offsets(first_weekday: int, length: int, by_day: _ByDay) -> _Numbers:
    """The union of the weekdays that BYDAY names, among `length` days that begin on `first_weekday`."""
    offsets: set[int] = set()
    for weekday, number in by_day:
        of_weekday = range((weekday - first_weekday) % 7, length, 7)
        index = number - 1 if number > 0 else len(of_weekday) + number
        if number == 0:
            offsets.update(of_weekday)
        elif 0 <= index < len(of_weekday):
            offsets.add(of_weekday[index])
    return tuple(sorted(offsets))


def _at_positions(offsets: _Numbers, positions: _Numbers) -> _Numbers:
    """BYSETPOS; without positions all offsets."""
    if not positions:
        return offsets
    return tuple(offsets[index] for index in sorted(_counted_offsets(len(offsets), positions)))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _month_length(year: int, month: int) -> int:
    return 29 if month == 2 and _is_leap(year) else _MONTH_LENGTHS[month - 1]


def _new_year(year: int) -> int:
    """Ordinal of 1 January, also of the years 0 and 10000, which `date` doesn't have."""
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400 + 1


def _week_one(year: int, week_start: int) -> int:
    """Ordinal of the first day of week 1, the first week with four days in the year: that of 4 January."""
    fourth = _new_year(year) + 3
    return fourth - (fourth + 6 - week_start) % 7


def _week_year(day: date, week_start: int) -> int:
    """The year to which the week of `day` belongs."""
    ordinal = day.toordinal()
    return max(y for y in (day.year - 1, day.year, day.year + 1) if _week_one(y, week_start) <= ordinal)


def _shape(year: int) -> tuple[int, bool, bool, bool]:
    return _new_year(year) % 7, _is_leap(year - 1), _is_leap(year), _is_leap(year + 1)


_YEAR_OF_SHAPE = {_shape(year): year for year in range(2000, 2400)}


def _same_year(year: int) -> int:
    """One of 28 years with the same weekdays and lengths, also of the years before and after."""
    return _YEAR_OF_SHAPE[_shape(year)]
