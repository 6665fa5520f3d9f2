"""Random recurrence rules, and what others than teamcal.domain.recurrence say about their days."""

from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from random import Random

from dateutil.rrule import rrulestr

from teamcal.domain.recurrence import Rule

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_STARTS = (date(2020, 2, 29), date(2021, 1, 31), date(2020, 12, 31), date(2021, 1, 1), date(2019, 12, 30))


def random_start(random: Random) -> date:
    return (
        random.choice(_STARTS)
        if random.random() < 0.2
        else date(2015, 1, 1) + timedelta(random.randrange(4000))
    )


def random_rule(random: Random) -> str:
    """A rule that may have every part, without COUNT and UNTIL."""
    frequency = random.choice(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
    parts = {"FREQ": frequency}
    if random.random() < 0.5:
        parts["INTERVAL"] = str(random.choice((1, 2, 3, 4, 5, 7, 13, 24)))
    if random.random() < 0.3:
        parts["WKST"] = random.choice(_WEEKDAYS)
    parts |= dict(_by_parts(random, frequency))
    if random.random() < 0.25 and any(name.startswith("BY") for name in parts):
        parts["BYSETPOS"] = _list(random, (1, 1, -1, -1, 2, 3, -2, 10, 366))
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _by_parts(random: Random, frequency: str) -> Iterator[tuple[str, str]]:
    weeks = frequency == "YEARLY" and random.random() < 0.2
    if weeks:
        yield "BYWEEKNO", _list(random, (1, 2, 10, 20, 51, 52, 53, -1, -2, -52, -53))
    if random.random() < 0.4:
        numbers: tuple[object, ...] = ("",)
        if frequency in ("MONTHLY", "YEARLY") and not weeks and random.random() < 0.5:
            rare = () if frequency == "MONTHLY" else (20, 53, -53)
            numbers = (1, 2, 3, 5, -1, -2, -5, "", *rare)
        days = (f"{random.choice(numbers)}{random.choice(_WEEKDAYS)}" for _ in range(random.randrange(1, 4)))
        yield "BYDAY", ",".join(days)
    if random.random() < 0.3 and frequency != "WEEKLY":
        yield "BYMONTHDAY", _list(random, (1, 5, 13, 15, 28, 29, 30, 31, -1, -2, -15, -31))
    if random.random() < 0.3:
        yield "BYMONTH", _list(random, range(1, 13))
    if random.random() < 0.15 and frequency == "YEARLY":
        yield "BYYEARDAY", _list(random, (1, 2, 59, 60, 100, 200, 365, 366, -1, -60, -306, -365, -366))


def _list(random: Random, values: Iterable[int]) -> str:
    return ",".join(str(random.choice(list(values))) for _ in range(random.randrange(1, 4)))


def known_difference(rule: Rule, start: date) -> str:
    """In what dateutil and the programs built on it differ from RFC 5545 about this rule; "" if in nothing.

    Each has a test of its own in test_recurrence.py.
    """
    weeks, by_day = rule.by_week_number, rule.by_day
    differences = {
        "takes what plain and numbered weekdays have in common": len({bool(n) for _, n in by_day}) == 2,
        "fails for a week of a month that has none": rule.by_month and any(abs(n) > 5 for _, n in by_day),
        "takes the whole week": weeks and not (by_day or rule.by_month_day or rule.by_year_day),
        "cuts weeks at New Year": weeks and (rule.interval > 1 or rule.by_set_position),
        "miscounts the weeks at New Year": weeks and (weeks[0] < -1 or weeks[-1] >= 52),
        "counts positions in the rest of the first week": rule.frequency == "WEEKLY"
        and rule.by_set_position
        and start.weekday() != rule.week_start,
    }
    return next((name for name, is_met in differences.items() if is_met), "")


def by_dateutil(text: str, start: date, first: date, last: date) -> list[date]:
    """Of a rule without COUNT and UNTIL. Doesn't return in reasonable time if it never gives a day."""
    begin, end = (datetime.combine(day, time()) for day in (start, last))
    moments = rrulestr(f"{text};UNTIL={last:%Y%m%d}", dtstart=begin, cache=False)
    return [moment.date() for moment in moments.between(datetime.combine(first, time()), end, inc=True)]


def by_rfc(rule: Rule, start: date, first: date, last: date) -> list[date]:
    """A slow reading of RFC 5545 §3.3.10: looks at every date, one by one.

    An "expanding" part names dates of the period as a limiting one does, since the finest period is a day.
    """
    around = timedelta(400 if rule.frequency == "YEARLY" else 40)
    begin, end = max(start, first) - around, last + around
    dates = (begin + timedelta(number) for number in range((end - begin).days))
    found = []
    for period, members in groupby(dates, lambda day: _period(rule, day)):
        if (period - _period(rule, start)) % rule.interval == 0:
            found += _positions(rule, [day for day in members if _is_named(rule, start, day)])
    return [day for day in found if max(start, first) <= day <= min(last, rule.until or last)]


def _period(rule: Rule, day: date) -> int:
    if rule.frequency == "DAILY":
        return day.toordinal()
    if rule.frequency == "WEEKLY":
        return _week(rule, day).toordinal() // 7
    if rule.frequency == "MONTHLY":
        return day.year * 12 + day.month
    return _week(rule, day).year if rule.by_week_number else day.year


def _week(rule: Rule, day: date) -> date:
    """The week that `day` is in, by its fourth day, which lies in the year that the week belongs to."""
    return day - timedelta((day.weekday() - rule.week_start) % 7 - 3)


def _positions(rule: Rule, days: list[date]) -> list[date]:
    positions = rule.by_set_position
    return [day for i, day in enumerate(days) if not positions or _is_counted(i, len(days), positions)]


def _is_counted(index: int, length: int, numbers: tuple[int, ...]) -> bool:
    return index + 1 in numbers or index - length in numbers


def _is_named(rule: Rule, start: date, day: date) -> bool:
    if rule.by_month and day.month not in rule.by_month:
        return False
    month_length, year_length = monthrange(day.year, day.month)[1], 365 + isleap(day.year)
    if rule.by_month_day and not _is_counted(day.day - 1, month_length, rule.by_month_day):
        return False
    if rule.by_year_day and not _is_counted(day.timetuple().tm_yday - 1, year_length, rule.by_year_day):
        return False
    if rule.by_week_number and not _is_in_week(rule, _week(rule, day)):
        return False
    if rule.by_day and not any(_is_weekday(rule, day, *named) for named in rule.by_day):
        return False
    return _is_derived(rule, start, day)


def _is_in_week(rule: Rule, week: date) -> bool:
    # A week of a year has its fourth day there: the first one in the first seven days.
    number = (week.timetuple().tm_yday - 1) // 7
    after = (date(week.year, 12, 31) - week).days // 7
    return _is_counted(number, number + 1 + after, rule.by_week_number)


def _is_weekday(rule: Rule, day: date, weekday: int, number: int) -> bool:
    if day.weekday() != weekday or not number:
        return day.weekday() == weekday
    in_month = rule.frequency == "MONTHLY" or bool(rule.by_month)
    length = monthrange(day.year, day.month)[1] if in_month else 365 + isleap(day.year)
    position = day.day if in_month else day.timetuple().tm_yday
    return number in ((position - 1) // 7 + 1, -((length - position) // 7 + 1))


def _is_derived(rule: Rule, start: date, day: date) -> bool:
    """What the rule doesn't say is as in DTSTART."""
    if rule.by_day or rule.by_month_day or rule.by_year_day or rule.frequency == "DAILY":
        return True
    if rule.frequency == "WEEKLY" or rule.by_week_number:
        return day.weekday() == start.weekday()
    same_month = rule.frequency == "MONTHLY" or bool(rule.by_month) or day.month == start.month
    return same_month and day.day == start.day
