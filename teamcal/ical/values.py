"""Values of type DATE, DATE-TIME and DURATION (RFC 5545 §3.3.4 to §3.3.6), read and written."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

# Python's \d and int() also take the digits of other scripts.
_VALUE = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:T([0-9]{2}):?([0-9]{2}):?([0-9]{2})?(?:\.[0-9]{1,6})?(Z?))?",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"([+-]?)P(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?"
    r"(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?",
    re.IGNORECASE,
)


class Moment(NamedTuple):
    """A date, or a date and a time that is in UTC or local to a zone that stands elsewhere."""

    day: date
    clock: time | None = None
    is_utc: bool = False


class Duration(NamedTuple):
    """`days` keep the time of day across a change of the clock, `seconds` are exact (RFC 5545 §3.3.6)."""

    days: int
    seconds: int


def moment_from(value: str) -> Moment | None:
    match = _VALUE.fullmatch(value.strip())
    if not match:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
        if match[4] is None:
            return Moment(day)
        # 60 is a leap second.
        clock = time(int(match[4]), int(match[5]), min(int(match[6] or 0), 59))
    except ValueError:
        return None
    return Moment(day, clock, bool(match[7]))


def duration_from(value: str) -> Duration | None:
    match = _DURATION.fullmatch(value.strip())
    if not match or not any(match.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    return Duration(sign * (weeks * 7 + days), sign * (hours * 3600 + minutes * 60 + seconds))


def date_text(day: str) -> str:
    """`2026-11-02` → `20261102`."""
    return day.replace("-", "")


def moment_text(day: str, clock: str | None, zone: str | None) -> str:
    """Returns parameters and value of a property of an event in `zone`: `;TZID=Asia/Seoul:20261102T100000`,
    `:20261102T100000Z`, or `;VALUE=DATE:20261102` without a time."""
    if clock is None:
        return f";VALUE=DATE:{date_text(day)}"
    value = f"{date_text(day)}T{clock.replace(':', '')}00"
    return f":{value}Z" if zone == "UTC" else f";TZID={zone}:{value}"


def utc_text(day: str, clock: str, zone: str) -> str:
    """Returns a local time as `20261102T010000Z`; the local time itself at the ends of the calendar."""
    local = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), ZoneInfo(zone))
    with suppress(OverflowError):  # in the years 1 and 9999
        local = local.astimezone(UTC)
    return f"{local.strftime('%Y%m%dT%H%M%S').rjust(15, '0')}Z"


def stamp_text(timestamp: object) -> str | None:
    """`2024-01-15T10:30:00.000Z` → `20240115T103000Z`; None for what isn't a moment."""
    try:
        moment = datetime.fromisoformat(str(timestamp))
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return None
    return f"{moment.strftime('%Y%m%dT%H%M%S').rjust(15, '0')}Z"
