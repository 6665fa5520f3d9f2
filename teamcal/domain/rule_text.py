"""Recurrence rules as text: RFC 5545 RRULE values into `Rule` and back (§3.3.10).

Accepted are the frequencies DAILY to YEARLY with every part that names days. A rule that repeats within a day
is refused, because an event has one time of day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MOST_CHARACTERS = 1_000
MOST_INTERVAL = 9_999
MOST_COUNT = 10_000

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_FINE_FREQUENCIES = ("HOURLY", "MINUTELY", "SECONDLY")

# Name of the part: field of Rule, greatest number, may be negative (counted from the end). In canonical
# order, in which BYDAY comes after BYMONTHDAY.
_NUMBERED_PARTS = {
    "BYMONTH": ("by_month", 12, False),
    "BYWEEKNO": ("by_week_number", 53, True),
    "BYYEARDAY": ("by_year_day", 366, True),
    "BYMONTHDAY": ("by_month_day", 31, True),
    "BYSETPOS": ("by_set_position", 366, True),
}
# "The BYYEARDAY rule part MUST NOT be specified when the FREQ rule part is set to DAILY, WEEKLY, or MONTHLY"
# and the like, RFC 5545 §3.3.10.
_FORBIDDEN_PARTS = {
    "DAILY": ("BYWEEKNO", "BYYEARDAY"),
    "WEEKLY": ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"),
    "MONTHLY": ("BYWEEKNO", "BYYEARDAY"),
    "YEARLY": (),
}
_TIME_PARTS = ("BYHOUR", "BYMINUTE", "BYSECOND")
_OTHER_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY")

# Python's \d and int() also take the digits of other scripts.
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
_COUNTED = re.compile(r"[0-9]{1,5}")
_BY_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")


class RuleRefused(ValueError):
    """A rule that this calendar doesn't keep.

    `reason` is one of rule_too_long, rule_syntax, rule_too_fine (repeats within a day), rule_interval,
    rule_count, rule_until, rule_count_and_until, rule_part (a part that is unknown or that RFC 5545 forbids
    beside the others), rule_never (gives no day).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule. Lists are sorted and without repetition; an empty one is an absent part.

    `by_day`: pairs of weekday (0 is Monday) and number (0 is every one, 2 the second, -1 the last).
    `until`: the last date that the rule may give, a local date.
    """

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_number: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()
    week_start: int = 0


def rule_from(text: str, *, start_time: str | None = None, time_zone: str | None = None) -> Rule:
    """Reads an RRULE value, with or without `RRULE:` before it, in any case. Raises RuleRefused.

    `start_time`: "HH:MM" of the event, None if it lasts all day. `time_zone`: the event's, an IANA name.
    An UNTIL with a time becomes the date of the last start at or before it; its own date if the event has no
    start, or if UNTIL is in UTC and there is no zone.
    """
    parts = _parts(text)
    frequency = _frequency(parts)
    _check_parts(frequency, parts)
    _check_times(parts, start_time)
    numbers = {
        field: _numbers(parts[name], most, signed=signed)
        for name, (field, most, signed) in _NUMBERED_PARTS.items()
        if name in parts
    }
    return Rule(
        frequency,
        interval=_counted(parts.get("INTERVAL", "1"), MOST_INTERVAL, "rule_interval"),
        count=_counted(parts["COUNT"], MOST_COUNT, "rule_count") if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], start_time, time_zone) if "UNTIL" in parts else None,
        by_day=_by_day(parts),
        week_start=_weekday(parts.get("WKST", "MO")),
        **numbers,
    )


@lru_cache(maxsize=4096)
def rule_of(text: str) -> Rule:
    """The rule of a canonical text, as it is stored. Raises RuleRefused."""
    return rule_from(text)


def canonical(rule: Rule) -> str:
    """The one text of a rule: parts in a fixed order, without those that are the default anyway."""
    return ";".join(f"{name}={value}" for name, value in _canonical_parts(rule))


def _canonical_parts(rule: Rule) -> Iterator[tuple[str, object]]:
    yield "FREQ", rule.frequency
    if rule.interval != 1:
        yield "INTERVAL", rule.interval
    if rule.count is not None:
        yield "COUNT", rule.count
    if rule.until is not None:
        yield "UNTIL", rule.until.isoformat().replace("-", "")
    for name, (field, _, _) in _NUMBERED_PARTS.items():
        if name == "BYSETPOS" and rule.by_day:
            yield "BYDAY", ",".join(f"{number or ''}{_WEEKDAYS[day]}" for day, number in rule.by_day)
        if numbers := getattr(rule, field):
            yield name, ",".join(map(str, numbers))
    if rule.week_start:
        yield "WKST", _WEEKDAYS[rule.week_start]


def _parts(text: str) -> dict[str, str]:
    """Name → value, in upper case. A last `;` is ignored, because some programs write one."""
    if len(text) > MOST_CHARACTERS:
        raise RuleRefused("rule_too_long")
    if not text.isascii():
        raise RuleRefused("rule_syntax")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").removesuffix(";").split(";"):
        name, _, value = part.partition("=")
        if not value or name in parts:
            raise RuleRefused("rule_syntax")
        parts[name] = value
    return parts


def _frequency(parts: dict[str, str]) -> str:
    frequency = parts.get("FREQ", "")
    if frequency in _FINE_FREQUENCIES:
        raise RuleRefused("rule_too_fine")
    if frequency not in _FREQUENCIES:
        raise RuleRefused("rule_syntax")
    return frequency


def _check_parts(frequency: str, parts: dict[str, str]) -> None:
    """Raises RuleRefused for parts that are unknown or that must not stand together (RFC 5545 §3.3.10)."""
    if not parts.keys() <= {*_OTHER_PARTS, *_NUMBERED_PARTS, *_TIME_PARTS}:
        raise RuleRefused("rule_part")
    if any(name in parts for name in _FORBIDDEN_PARTS[frequency]):
        raise RuleRefused("rule_part")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleRefused("rule_count_and_until")
    # BYSETPOS "MUST only be used in conjunction with another BYxxx rule part"; those of times are dropped.
    if "BYSETPOS" in parts and not parts.keys() & {"BYDAY", *_NUMBERED_PARTS} - {"BYSETPOS"}:
        raise RuleRefused("rule_part")


def _check_times(parts: dict[str, str], start_time: str | None) -> None:
    """Raises RuleRefused for BYHOUR, BYMINUTE and BYSECOND, unless they repeat what `start_time` says.

    In an event that lasts all day they "MUST be ignored" (RFC 5545 §3.3.10).
    """
    hour, minute = (start_time or "00:00").split(":")
    for name, expected in zip(_TIME_PARTS, (hour, minute, "00"), strict=True):
        if name in parts:
            numbers = _numbers(parts[name], 60, signed=False, zero=True)
            if start_time and numbers != (int(expected),):
                raise RuleRefused("rule_too_fine")


def _counted(value: str, most: int, reason: str) -> int:
    if not _COUNTED.fullmatch(value) or not 1 <= int(value) <= most:
        raise RuleRefused(reason)
    return int(value)


def _numbers(value: str, most: int, *, signed: bool, zero: bool = False) -> tuple[int, ...]:
    numbers = set()
    for item in value.split(","):
        if not _NUMBER.fullmatch(item) or not (-most if signed else 0) <= int(item) <= most:
            raise RuleRefused("rule_syntax")
        numbers.add(int(item))
    if 0 in numbers and not zero:
        raise RuleRefused("rule_syntax")
    return tuple(sorted(numbers))


def _weekday(name: str) -> int:
    if name not in _WEEKDAYS:
        raise RuleRefused("rule_syntax")
    return _WEEKDAYS.index(name)


def _by_day(parts: dict[str, str]) -> tuple[tuple[int, int], ...]:
    """Only MONTHLY and YEARLY rules may number their weekdays, and not beside BYWEEKNO (RFC 5545 §3.3.10)."""
    found = set()
    may_number = parts["FREQ"] in ("MONTHLY", "YEARLY") and "BYWEEKNO" not in parts
    for item in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        match = _BY_DAY.fullmatch(item)
        if not match:
            raise RuleRefused("rule_syntax")
        if match[1] and not may_number:
            raise RuleRefused("rule_part")
        number = _numbers(match[1], 53, signed=True)[0] if match[1] else 0
        found.add((_WEEKDAYS.index(match[2]), number))
    return tuple(sorted(found))


def _until(value: str, start_time: str | None, time_zone: str | None) -> date:
    """The last date on which an event may start at `start_time`."""
    day, clock, is_utc = _date_and_time(value)
    if clock is None or (is_utc and not time_zone):
        return day
    zone = ZoneInfo(time_zone) if is_utc and time_zone else None
    try:
        return _last_start(datetime.combine(day, clock), start_time, zone)
    except OverflowError:  # at the ends of Python's calendar, the years 1 and 9999
        return day


def _date_and_time(value: str) -> tuple[date, time | None, bool]:
    """The date, the time if there is one, and whether they are in UTC."""
    match = _UNTIL.fullmatch(value)
    if not match:
        raise RuleRefused("rule_until")
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
        if match[4] is None:
            return day, None, False
        # 60 is a leap second.
        return day, time(int(match[4]), int(match[5]), min(int(match[6]), 59)), match[7] == "Z"
    except ValueError:
        raise RuleRefused("rule_until") from None


def _last_start(moment: datetime, start_time: str | None, zone: ZoneInfo | None) -> date:
    """The last date whose `start_time` is at or before `moment`, which is in UTC if `zone` is given."""
    local = moment.replace(tzinfo=UTC).astimezone(zone) if zone else moment
    if start_time is None:
        return local.date()
    start = datetime.combine(local.date(), time.fromisoformat(start_time), tzinfo=zone)
    # Compared as moments: in the hour that a change of the clock skips or repeats, wall times mislead.
    late = start.astimezone(UTC) > moment.replace(tzinfo=UTC) if zone else start > moment
    return local.date() - timedelta(days=1) if late else local.date()
