"""Time zones by their IANA names, from the pinned package `tzdata` alone.

The system's files may be older, and then two servers would disagree about one event.
"""

import zoneinfo
from functools import cache
from zoneinfo import ZoneInfo

zoneinfo.reset_tzpath(())
DEFAULT_ZONE = "Asia/Seoul"


@cache
def zone_names() -> frozenset[str]:
    """Returns all names. No other name is ever looked up in the file system."""
    return frozenset(zoneinfo.available_timezones())


@cache
def _by_lower_case() -> dict[str, str]:
    return {name.lower(): name for name in zone_names()}


def zone_name(text: str) -> str | None:
    """Returns the zone's name as the database writes it; None if there is none. Case doesn't count."""
    return _by_lower_case().get(text.lower()) if len(text) <= 64 else None


def zone_of(name: str) -> ZoneInfo:
    """Returns the zone of a name that `zone_name` returned."""
    return ZoneInfo(name)
