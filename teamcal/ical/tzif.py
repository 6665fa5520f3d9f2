"""A time zone's changes as the package `tzdata` has them (TZif, RFC 9636).

`zoneinfo` answers offsets only; a VTIMEZONE needs the changes themselves and the rule of the years to come,
which the file's footer has.
"""

import re
import struct
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from teamcal.zones import zone_names


class Period(NamedTuple):
    """What holds from a change on: seconds east of UTC, whether it is daylight saving time, abbreviation."""

    offset: int
    is_dst: bool
    name: str


class Change(NamedTuple):
    """A change of the clock: its local time by the clock that ends, and what holds before and after."""

    local: datetime
    before: Period
    after: Period


@dataclass(frozen=True, slots=True)
class YearlyRule:
    """The day and time of a change in every year: the `week`-th (5: last) `weekday` (0: Sunday) of `month`,
    `seconds` after local midnight, which may be below zero or past one day."""

    month: int
    week: int
    weekday: int
    seconds: int

    def in_year(self, year: int) -> datetime:
        """Returns the change's local time, by the clock that ends there."""
        first = date(year, self.month, 1)
        day = 1 + (self.weekday - first.isoweekday()) % 7 + 7 * (self.week - 1)
        if day > monthrange(year, self.month)[1]:
            day -= 7
        return datetime(year, self.month, day) + timedelta(seconds=self.seconds)


class YearlyChange(NamedTuple):
    rule: YearlyRule
    before: Period
    after: Period


@dataclass(frozen=True, slots=True)
class ZoneData:
    """`first`: what held before all changes; `yearly`: the two changes of every year after `changes`, or
    none."""

    first: Period
    changes: tuple[Change, ...]
    yearly: tuple[YearlyChange, ...]


@lru_cache(maxsize=64)
def zone_data(zone: str) -> ZoneData:
    """Returns the changes of an IANA zone. Raises KeyError for a name that `tzdata` doesn't have."""
    if zone not in zone_names():
        raise KeyError(zone)
    return _parsed(resources.files("tzdata.zoneinfo").joinpath(*zone.split("/")).read_bytes())


_HEADER = struct.Struct(">4sc15x6L")


def _parsed(raw: bytes) -> ZoneData:
    _, _, utc, std, leaps, times, types, characters = _HEADER.unpack_from(raw)
    # The first block has 32-bit times and is skipped; the second one has 64-bit times.
    at = _HEADER.size + times * 5 + types * 6 + characters + leaps * 8 + std + utc
    _, _, utc, std, leaps, times, types, characters = _HEADER.unpack_from(raw, at)
    at += _HEADER.size
    moments = struct.unpack_from(f">{times}q", raw, at)
    indices = raw[at + times * 8 : at + times * 9]
    at += times * 9
    names = raw[at + types * 6 :][:characters]
    periods = [
        Period(offset, bool(is_dst), names[index : names.index(b"\0", index)].decode())
        for offset, is_dst, index in struct.iter_unpack(">lBB", raw[at : at + types * 6])
    ]
    at += types * 6 + characters + leaps * 12 + std + utc
    changes = _changes(periods[0], moments, [periods[index] for index in indices])
    return ZoneData(periods[0], changes, _yearly(raw[at:].strip(b"\n").decode()))


_EPOCH = datetime(1970, 1, 1)
# The first entry of many files stands for the beginning of time.
_EARLIEST = -60 * 60 * 24 * 365 * 200


def _changes(first: Period, moments: tuple[int, ...], periods: list[Period]) -> tuple[Change, ...]:
    changes, before = [], first
    for moment, after in zip(moments, periods, strict=True):
        if moment > _EARLIEST:
            changes.append(Change(_EPOCH + timedelta(seconds=moment + before.offset), before, after))
        before = after
    return tuple(changes)


_NAME = r"(<[^>]+>|[A-Za-z]+)"
_OFFSET = r"([+-]?[\d:]+)"
_FOOTER = re.compile(rf"{_NAME}{_OFFSET}(?:{_NAME}{_OFFSET}?,([^,]+),([^,]+))?")
_RULE = re.compile(r"M(\d+)\.(\d)\.(\d)(?:/([+-]?[\d:]+))?")


def _yearly(text: str) -> tuple[YearlyChange, ...]:
    """Reads a footer, a POSIX TZ string such as `EST5EDT,M3.2.0,M11.1.0` (RFC 9636 §3.3).

    Its offsets are west of UTC. No zone has one of the two other forms of rules (`Jn`, `n`).
    """
    match = _FOOTER.fullmatch(text)
    if not match:
        raise ValueError(text)
    name, west, dst_name, dst_west, begins, ends = match.groups()
    if not dst_name:
        return ()
    offset = -_seconds(west)
    dst_offset = -_seconds(dst_west) if dst_west else offset + 3600
    standard = Period(offset, False, name.strip("<>"))
    daylight = Period(dst_offset, True, dst_name.strip("<>"))
    return (
        YearlyChange(_rule(begins), standard, daylight),
        YearlyChange(_rule(ends), daylight, standard),
    )


def _rule(text: str) -> YearlyRule:
    match = _RULE.fullmatch(text)
    if not match:
        raise ValueError(text)
    month, week, weekday, at = match.groups()
    return YearlyRule(int(month), int(week), int(weekday), _seconds(at) if at else 7200)


def _seconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = ([int(part) for part in text.lstrip("+-").split(":")] + [0, 0])[:3]
    return sign * (hours * 3600 + minutes * 60 + seconds)
