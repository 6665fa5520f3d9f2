"""Events as iCalendar text: VEVENTs, and whole calendars with the VTIMEZONEs that they need (RFC 5545).

There is no METHOD, and no ORGANIZER or ATTENDEE in a feed: programs would take it for an invitation, and it
would give away addresses.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from teamcal.domain.values import Record
from teamcal.ical.content_lines import escaped, folded
from teamcal.ical.line_patch import renamed_zones
from teamcal.ical.patching import patched
from teamcal.ical.vevents import vevents, with_usable_zone
from teamcal.ical.vtimezone import LATEST_SINCE, since_of, vtimezone

PRODUCT = "-//Team Calendar//Team Calendar//KO"
_AT_ONCE = 25  # events between two chunks


class Fragment(NamedTuple):
    """The VEVENTs of one event, and the TZIDs in them: pairs of TZID and IANA zone. `year`: the first date's.

    It depends on nothing but the record and the arguments, so it may be kept for a version of an event.
    """

    text: bytes
    zones: frozenset[tuple[str, str]]
    year: int


def fragment(record: Record, default_zone: str, *, guests: bool = False) -> Fragment:
    """Returns the VEVENTs of an event. An imported one keeps the lines of which no field has changed.

    `default_zone`: of times without a zone. `guests`: whether imported ATTENDEE and ORGANIZER lines are kept.
    Empty for an event without a date.
    """
    if not _has_date(record):
        return Fragment(b"", frozenset(), LATEST_SINCE)
    record = with_usable_zone(record, default_zone)
    year = min(int(day[:4]) for day in _dates(record))
    if record.get("ical") and (text := patched(record, default_zone, guests=guests)):
        return Fragment(text.text, text.zones, year)
    zones = {record["time_zone"]} if record.get("start_time") else set()
    for patch in (record.get("exceptions") or {}).values():
        if patch.get("start_time") or patch.get("time_zone"):
            zones.add(patch.get("time_zone") or record.get("time_zone") or default_zone)
    return Fragment(vevents(record, default_zone), frozenset((zone, zone) for zone in zones), year)


def calendar_text(
    records: Iterable[Record],
    fragment_of: Callable[[Record], Fragment],
    *,
    name: str | None = None,
    refresh_minutes: int = 60,
) -> Iterator[bytes]:
    """Yields a VCALENDAR in chunks; some are empty: after each one the caller may let others run.

    `fragment_of`: `fragment` with its other arguments, or the caller's cache of it. `name`: of a feed, which
    programs read again every `refresh_minutes`; None for a file that is read once.
    """
    fragments: list[Fragment] = []
    for number, record in enumerate(records, start=1):
        fragments.append(fragment_of(record))
        if number % _AT_ONCE == 0:
            yield b""
    zones = _zones(fragments)
    yield b"".join(folded(line) for line in _head(name, refresh_minutes))
    for tzid, (zone, year) in sorted(zones.items()):
        yield vtimezone(zone, since_of(year), None if tzid == zone else tzid)
    for at in range(0, len(fragments), _AT_ONCE):
        yield b"".join(_text(each, zones) for each in fragments[at : at + _AT_ONCE])
    yield b"END:VCALENDAR\r\n"


def _has_date(record: Record) -> bool:
    """Other programs may have stored an event without one; it must not fail the whole calendar."""
    try:
        date.fromisoformat(record["event_date"])
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _dates(record: Record) -> Iterator[str]:
    yield record["event_date"]
    for original, patch in (record.get("exceptions") or {}).items():
        yield patch.get("event_date") or original


def _head(name: str | None, refresh_minutes: int) -> Iterator[str]:
    """NAME and REFRESH-INTERVAL are RFC 7986's, the X- properties what Outlook, Apple and Google read."""
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{PRODUCT}"
    yield "CALSCALE:GREGORIAN"
    if name is None:
        return
    yield f"NAME:{escaped(name)}"
    yield f"X-WR-CALNAME:{escaped(name)}"
    yield f"REFRESH-INTERVAL;VALUE=DURATION:PT{refresh_minutes}M"
    yield f"X-PUBLISHED-TTL:PT{refresh_minutes}M"


def _zones(fragments: Iterable[Fragment]) -> dict[str, tuple[str, int]]:
    """Returns TZID → (zone, first year) of the VTIMEZONEs; IANA names always mean themselves."""
    zones: dict[str, tuple[str, int]] = {}
    for each in fragments:
        for tzid, zone in each.zones:
            if zone == "UTC" and tzid == "UTC":
                continue
            known, year = zones.get(tzid, (zone, LATEST_SINCE))
            zones[tzid] = (known, min(year, each.year))
            if known != zone:  # renamed below
                known, year = zones.get(zone, (zone, LATEST_SINCE))
                zones[zone] = (zone, min(year, each.year))
    return zones


def _text(each: Fragment, zones: dict[str, tuple[str, int]]) -> bytes:
    """Returns the fragment's text, without TZIDs that mean another zone in another event of this calendar."""
    others = {tzid: zone for tzid, zone in each.zones if zones.get(tzid, (zone,))[0] != zone}
    return renamed_zones(each.text, others) if others else each.text
