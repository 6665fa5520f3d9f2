"""Dates and times as the desktop client's serialisers write them, and times of day as people do."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from teamcal.domain.time_texts import times_from
from teamcal.domain.values import timestamp

_EARLIEST_YEAR = 1000  # C# writes the year 1 for a time that was never set.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Of DataContractJsonSerializer and Newtonsoft's MicrosoftDateFormat: UTC, whatever offset is added.
_MICROSOFT = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:([T ]+)(.*))?", re.DOTALL)
# Other notations with the year first: "2024. 1. 20. 오전 12:00:00" (DateTime.ToString() in Korean since
# .NET 5), "2024년 1월 20일 토요일" (ToLongDateString()), "2024/01/20".
_YEAR_FIRST = re.compile(
    r"([0-9]{4})(?:\. ?([0-9]{1,2})\. ?([0-9]{1,2})\.?"
    r"|년 ?([0-9]{1,2})월 ?([0-9]{1,2})일(?: ?[월화수목금토일]요일)?"
    r"|/([0-9]{1,2})/([0-9]{1,2}))( .*)?"
)
_TIME = re.compile(
    r"(?:(오전|오후|AM|PM) )?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]+)?)?(?: ?(오전|오후|AM|PM))?"
    r"( ?)(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?",
    re.IGNORECASE,
)
_BEGINS_WITH_TIME = re.compile(r"(?:오전 |오후 |AM |PM )?[0-9]{1,2}:")
# "KST", "GMT+9", "Asia/Seoul" or an offset; not "a. m." or 午前.
_UNKNOWN_ZONE = re.compile(r"[A-Z]{3}|[a-z]/[A-Z]|[0-9] ?[+-][0-9]{2}:?[0-9]{2}$")


class DateKey(NamedTuple):
    """A key of calendar_events.json.

    `date` is the day, or the key itself if it names none. `identity` stands for the key in the ids of its
    events, `earlier_date` is the day that earlier versions took, who overlooked the zone.
    """

    date: str
    identity: str
    earlier_date: str


def date_key_from(key: str, zone: tzinfo) -> DateKey:
    """Returns the day that the key is in `zone`, if it names a moment, or else the day that it names."""
    key = _plain_spaces(key)
    if _MICROSOFT.fullmatch(key):
        return _moment_key(key, key, _moment(key), zone)
    match = _DATE.fullmatch(_iso_date(key))
    if match is None:
        return DateKey(key, key, key)
    date, separator, clock = match.groups()
    # Earlier versions didn't know the other notations.
    earlier_date = date if key.startswith(date) else key
    if clock is None:
        return DateKey(date, earlier_date, earlier_date)
    if not _BEGINS_WITH_TIME.match(clock):
        return DateKey(key, key, key)
    parts = _TIME.fullmatch(clock.strip())
    if parts and _names_a_zone(separator, parts):
        return _moment_key(key, earlier_date, _moment(key), zone)
    if parts is None and _UNKNOWN_ZONE.search(clock):
        return DateKey(key, key, earlier_date)  # which day it is depends on a zone that isn't understood
    return DateKey(date, earlier_date, earlier_date)


def _plain_spaces(text: str) -> str:
    """Returns the text trimmed, with a space for any other white space: .NET 8 writes U+202F before AM."""
    return re.sub(r"\s", " ", text.strip())


def _iso_date(text: str) -> str:
    """Returns a text that begins with another notation of a date with an ISO date instead."""
    other = _YEAR_FIRST.fullmatch(text)
    if other is None:
        return text
    year, month, day, *_ = (part for part in other.groups() if part is not None)
    return f"{year}-{int(month):02}-{int(day):02}{other[8] or ''}"


def _names_a_zone(separator: str, parts: re.Match[str]) -> bool:
    """Returns whether the time ends in a zone; "14:00-15:00" without a T is two times."""
    zone = parts[8]
    return bool(zone) and (zone[0] not in "+-" or bool("T" in separator or parts[4] or parts[7]))


def _moment_key(key: str, earlier_date: str, moment: datetime | None, zone: tzinfo) -> DateKey:
    try:
        if moment is not None and moment.year >= _EARLIEST_YEAR:
            date = moment.astimezone(zone).date().isoformat()
            return DateKey(date, moment.astimezone(UTC).isoformat(), earlier_date)
    except OverflowError:
        pass
    return DateKey(key, key, earlier_date)


def _moment(text: str) -> datetime | None:
    """Returns the moment that the text names, without a zone if it names none; None if it isn't one."""
    try:
        if microsoft := _MICROSOFT.fullmatch(text):
            return _EPOCH + timedelta(milliseconds=int(microsoft[1]))
        text = _iso_date(text)
        match = _DATE.fullmatch(text)
        parts = _TIME.fullmatch(match[3].strip()) if match and match[3] else None
        if match is None or parts is None:
            return datetime.fromisoformat(text)
        half, hour, minute, second, fraction, late_half, _, offset = parts.groups(default="")
        half = (half or late_half).upper()
        hours = int(hour) % 12 + 12 * (half in ("오후", "PM")) if half else int(hour)
        offset = "+00:00" if offset.upper() in ("Z", "UTC", "GMT") else offset
        return datetime.fromisoformat(
            f"{match[1]}T{hours:02}:{minute}:{second or '00'}{fraction[:7]}{offset}"
        )
    except (ValueError, OverflowError):
        return None


def last_modified_from(value: object, zone: tzinfo) -> tuple[str | None, list[str]]:
    """Returns LastModified in UTC as it is stored, or None, and a sentence if the value isn't a time.

    `zone` is the time zone of a value that names none.
    """
    if value is None or value == "":
        return None, []
    moment = _stored_moment(value, zone)
    if moment is None:
        return None, ["LastModified의 시각을 알 수 없어 현재 시각을 사용합니다."]
    return moment, []


def _stored_moment(value: object, zone: tzinfo) -> str | None:
    moment = _moment(_plain_spaces(value)) if isinstance(value, str) else None
    if moment is None or moment.year < _EARLIEST_YEAR:
        return None
    try:
        return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except OverflowError:
        return None


def time_fields_from(text: str, time_zone: str) -> dict[str, str]:
    """Returns `start_time`, `end_time` and `time_zone` of an event with this `time`, as they are stored.

    `time_zone` is the IANA name of the zone that the text is in. All-day texts and those that aren't
    understood give no fields.
    """
    times = times_from(text)
    if times is None or times.start is None:
        return {}
    fields = {"start_time": times.start, "time_zone": time_zone}
    return fields | ({"end_time": times.end} if times.end else {})
