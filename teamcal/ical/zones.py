"""What a TZID means: an IANA zone, by its name or by the offsets of the file's own VTIMEZONE.

A TZID comes from a stranger. It is only ever compared with names that `tzdata` has; none becomes a path.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from teamcal.ical.vtimezone import never_changes
from teamcal.ical.windows_zones import WINDOWS_ZONES
from teamcal.ical.zone_definitions import ZoneDefinition, definition
from teamcal.zones import zone_names

_LONGEST = 255
_MOST_FAILURES = 20  # of searches by offsets in one file: each takes some 10 ms
# Not in tzdata: abbreviations that mean one zone, names of Windows in Korean, other spellings.
_ALIASES = {
    "kst": "Asia/Seoul", "jst": "Asia/Tokyo", "z": "UTC", "utc/gmt": "UTC",
    "coordinated universal time": "UTC", "greenwich mean time": "UTC",
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "mdt": "America/Denver",
    "cdt": "America/Chicago", "edt": "America/New_York", "cest": "Europe/Berlin",
    "eest": "Europe/Helsinki", "aest": "Australia/Sydney", "aedt": "Australia/Sydney",
    "대한민국 표준시": "Asia/Seoul", "한국 표준시": "Asia/Seoul", "서울": "Asia/Seoul",
    "도쿄 표준시": "Asia/Tokyo", "중국 표준시": "Asia/Shanghai", "korea": "Asia/Seoul",
    "한국": "Asia/Seoul", "오사카": "Asia/Tokyo", "도쿄": "Asia/Tokyo", "베이징": "Asia/Shanghai",
    "beijing": "Asia/Shanghai", "osaka": "Asia/Tokyo", "sapporo": "Asia/Tokyo",
    "eastern time": "America/New_York", "central time": "America/Chicago",
    "mountain time": "America/Denver", "pacific time": "America/Los_Angeles",
    "atlantic time": "America/Halifax", "alaska": "America/Anchorage", "hawaii": "Pacific/Honolulu",
    "arizona": "America/Phoenix", "bern": "Europe/Zurich",
    "canberra": "Australia/Sydney", "new delhi": "Asia/Kolkata", "mumbai": "Asia/Kolkata",
    "hanoi": "Asia/Bangkok",
}  # fmt: skip
_WITH_OFFSET = re.compile(r"\(?(?:utc|gmt)?\s*([+-])(\d{1,2})[:.]?(\d{2})?\)?(?:\s+(.*))?", re.DOTALL)
_WITHOUT_OFFSET = re.compile(r"\((?:utc|gmt)\)\s*(.*)", re.DOTALL)
_CITY_SEPARATOR = re.compile(r"[,;()]|\s&\s")


class Zones:
    """The zones that one file speaks of.

    `default`: the department's, an IANA name, into which times in UTC come; `floating`: of times without a
    zone, any name.
    """

    def __init__(self, default: str, time_zones: Iterable[bytes] = (), floating: str = "") -> None:
        """`time_zones`: the file's VTIMEZONEs; those that can't be read are left out."""
        self.default = default
        self.floating = zone_of_name(floating, default) or default
        read = (definition(text) for text in time_zones)
        self._definitions: dict[str, ZoneDefinition] = {}
        for zone in read:
            if zone:
                self._definitions.setdefault(zone.tzid, zone)
        self._failures = 0
        self._known: dict[tuple[str, int | None], str | None] = {}

    def resolve(self, tzid: str, year: int) -> str | None:
        """Returns the IANA name for a TZID in a year, None if nothing says what it means."""
        if len(tzid) > _LONGEST:
            return None
        own = self._definitions.get(tzid)
        key = (tzid, year if own else None)
        if key not in self._known:
            if len(self._known) >= 1000:
                self._known.clear()
            zone = zone_of_name(tzid, self.default)
            self._known[key] = self._by_offsets(own, year) if own and not zone else zone
        return self._known[key]

    def offset_at(self, tzid: str, moment: datetime) -> int | None:
        """Returns seconds east of UTC at a local time, as the file's own VTIMEZONE says; None without one."""
        own = self._definitions.get(tzid)
        return own.offset_at(moment) if own else None

    def _by_offsets(self, own: ZoneDefinition, year: int) -> str | None:
        """Returns a zone that has the definition's offsets throughout the year, the default if it fits."""
        if self._failures >= _MOST_FAILURES:
            return None
        year = min(max(year, 1970), 2050)
        offsets = tuple(own.offset_at(moment) for moment in _moments(year))
        named = (zone_of_name(name, self.default) for name in own.other_names)
        for zone in (self.default, *(name for name in named if name), *_usual_zones()):
            # Three moments first: the whole year of all zones takes 40 times as long.
            if _offsets(zone, year, 26) == offsets[::26] and _offsets(zone, year) == offsets:
                return zone
        self._failures += 1
        return None


@lru_cache(maxsize=1024)
def zone_of_name(tzid: str, default: str) -> str | None:
    """Returns the IANA name that a TZID is or that it contains; None if it says nothing.

    A bare offset means `default` if that zone always has it, else a zone without a name for whole hours.
    """
    if len(tzid) > _LONGEST or not tzid.isprintable():
        return None
    name = " ".join(tzid.strip("\"' ").casefold().split())
    if known := _by_name().get(name) or _by_name().get(name.replace(" ", "_")):
        return known
    # /mozilla.org/20070129_1/America/Argentina/Buenos_Aires, tzone://Microsoft/Utc
    parts = name.split("/")
    for length in (3, 2, 1):
        if len(parts) > length and (known := _by_name().get("/".join(parts[-length:]))):
            return known
    return _from_description(name, default)


def _from_description(name: str, default: str) -> str | None:
    """`(UTC+09:00) Seoul`, `(GMT-05.00) Eastern Time (US & Canada)`, `GMT+0900`, `Seoul`."""
    if match := _WITHOUT_OFFSET.fullmatch(name):
        return _by_cities(match[1], 0) or "UTC"
    if not (match := _WITH_OFFSET.fullmatch(name)):
        return _by_cities(name, None)
    sign, hours, minutes, cities = match.groups()
    offset = (int(hours) * 60 + int(minutes or 0)) * (-60 if sign == "-" else 60)
    if cities and (zone := _by_cities(cities, offset)):
        return zone
    if never_changes(default, 2000) and _standard_offset(default) == offset:
        return default
    if cities or offset % 3600:
        return None
    # The names of these zones have the sign of POSIX: west is positive.
    return _by_name().get(f"etc/gmt{'+' if offset < 0 else '-'}{abs(offset) // 3600}") if offset else "UTC"


def _by_cities(text: str, offset: int | None) -> str | None:
    """Returns the zone of the first place that is known, and that has the offset as its standard time."""
    for part in _CITY_SEPARATOR.split(text[:_LONGEST]):
        for zone in _cities().get(part.strip().replace(" ", "_"), ()):
            if offset is None or _standard_offset(zone) == offset:
                return zone
    return None


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    names = {name.casefold(): zone for name, zone in WINDOWS_ZONES.items() if zone in zone_names()}
    names |= {zone.casefold(): zone for zone in zone_names()}
    return names | _ALIASES


@lru_cache(maxsize=1)
def _cities() -> dict[str, list[str]]:
    """City in lower case, with underscores → its zones."""
    cities = {alias.replace(" ", "_"): [zone] for alias, zone in _ALIASES.items()}
    for zone in sorted(zone_names()):
        region, _, city = zone.rpartition("/")
        if region and region.split("/")[0] != "Etc":
            cities.setdefault(city.casefold(), []).append(zone)
    return cities


@lru_cache(maxsize=1)
def _usual_zones() -> tuple[str, ...]:
    """All zones; first those that Windows has, which stand for nearly all combinations of offsets."""
    windows = (zone for zone in WINDOWS_ZONES.values() if zone in zone_names())
    return (*windows, "UTC", *sorted(zone_names()))


@lru_cache(maxsize=1024)
def _standard_offset(zone: str) -> int:
    """Seconds east of UTC in the half of 2025 that isn't summer."""
    return min(_offsets(zone, 2025, 26))


def _moments(year: int) -> Iterable[datetime]:
    """A moment a week, so that two zones whose clocks change a week apart are told apart."""
    return (datetime(year, 1, 1, 12) + timedelta(weeks=week) for week in range(53))


@lru_cache(maxsize=4096)
def _offsets(zone: str, year: int, step: int = 1) -> tuple[int, ...]:
    """Returns the offsets at every `step`-th moment of the year, in seconds east of UTC."""
    info = ZoneInfo(zone)
    moments = islice(_moments(year), 0, None, step)
    deltas = (moment.replace(tzinfo=info).utcoffset() for moment in moments)
    return tuple(int(delta.total_seconds()) for delta in deltas if delta is not None)
