"""VTIMEZONEs, read by two other parsers: the offsets that they find are those of the zones."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from teamcal.ical.vtimezone import LATEST_SINCE, never_changes, since_of, vtimezone
from teamcal.zones import zone_names
from tests.ical.other_parsers import ask_ical, ask_ical_js

_AROUND = tuple(timedelta(minutes=minutes) for minutes in (-121, -91, -61, -31, 31, 61, 91, 121, 181))


def test_a_zone_without_changes() -> None:
    assert vtimezone("Asia/Seoul").decode().splitlines() == [
        "BEGIN:VTIMEZONE", "TZID:Asia/Seoul", "BEGIN:STANDARD", "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0900", "TZOFFSETTO:+0900", "TZNAME:KST", "END:STANDARD", "END:VTIMEZONE",
    ]  # fmt: skip


def test_a_zone_with_two_changes_a_year() -> None:
    """DTSTART is the local time by the clock that ends there, RFC 5545 §3.6.5."""
    assert vtimezone("America/New_York").decode().splitlines() == [
        "BEGIN:VTIMEZONE", "TZID:America/New_York",
        "BEGIN:DAYLIGHT", "DTSTART:20190310T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
        "TZOFFSETFROM:-0500", "TZOFFSETTO:-0400", "TZNAME:EDT", "END:DAYLIGHT",
        "BEGIN:STANDARD", "DTSTART:20191103T020000", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
        "TZOFFSETFROM:-0400", "TZOFFSETTO:-0500", "TZNAME:EST", "END:STANDARD", "END:VTIMEZONE",
    ]  # fmt: skip


def test_the_years_of_older_events() -> None:
    assert [since_of(year) for year in (1, 1969, 2019, 2020, 9999)] == [1900, 1960, 2010, 2020, LATEST_SINCE]
    assert b"DTSTART:19990404T020000" in vtimezone("America/New_York", 2000)


def test_a_zone_that_never_changes_again() -> None:
    assert never_changes("Asia/Seoul", 1990)
    assert not never_changes("Asia/Seoul", 1980)
    assert not never_changes("Europe/Berlin", 2026)


def test_a_strange_name_is_escaped_and_folded() -> None:
    text = vtimezone("Asia/Seoul", tzid="(UTC+09:00) Seoul, " * 5)
    assert all(len(line) <= 75 for line in text.splitlines())
    assert b"\\," in text


@cache
def wall_times(first: int, last: int) -> dict[str, tuple[list[str], list[float]]]:
    """Zone → wall times that there is exactly one of, and their offsets in seconds."""
    random = Random(1)
    found = {}
    for zone in sorted(zone for zone in zone_names() if "/" in zone and not zone.startswith("Etc/")):
        info, chosen = ZoneInfo(zone), {*_changes(ZoneInfo(zone), first, last)}
        minutes = (last - first + 1) * 365 * 1440
        chosen |= {datetime(first, 1, 1) + timedelta(minutes=random.randrange(minutes)) for _ in range(40)}
        rows = [(moment, _offset(moment, info)) for moment in sorted(chosen) if moment.year >= first]
        sure = [(moment.isoformat(), offset) for moment, offset in rows if offset is not None]
        found[zone] = ([moment for moment, _ in sure], [offset for _, offset in sure])
    return found


def _offset(moment: datetime, zone: ZoneInfo) -> float | None:
    earlier, later = (moment.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return earlier.total_seconds() if earlier is not None and earlier == later else None


def _changes(zone: ZoneInfo, first: int, last: int) -> Iterator[datetime]:
    """Moments before and after each change of the clock."""
    day, before = datetime(first, 1, 1), datetime(first, 1, 1).replace(tzinfo=zone).utcoffset()
    while day.year <= last:
        day += timedelta(days=7)
        if (offset := day.replace(tzinfo=zone).utcoffset()) != before:
            moment = day - timedelta(days=7)
            while moment.replace(tzinfo=zone).utcoffset() == before:
                moment += timedelta(minutes=30)
            yield from (moment.replace(second=0) + around for around in _AROUND)
        before = offset


def asked(first: int, last: int, since: int) -> dict[str, Any]:
    return {
        "zones": {
            zone: [vtimezone(zone, since, f"X-{zone}").decode(), moments]
            for zone, (moments, _) in wall_times(first, last).items()
        }
    }


def read_wrongly(answers: dict[str, Any], first: int, last: int) -> set[str]:
    return {zone for zone, (_, offsets) in wall_times(first, last).items() if answers[zone] != offsets}


def test_ical_js_reads_all_zones_right() -> None:
    assert len(wall_times(2020, 2037)) >= 518
    wrong = read_wrongly(ask_ical_js(asked(2020, 2037, LATEST_SINCE)), 2020, 2037)
    assert not wrong


@pytest.mark.slow
def test_ical_reads_all_zones_right(other_python: Path) -> None:
    assert not read_wrongly(ask_ical(other_python, asked(2020, 2037, LATEST_SINCE)), 2020, 2037)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "last"), [(2000, 2019), (1970, 1999)])
def test_older_years(first: int, last: int, other_python: Path) -> None:
    # Offsets with seconds, and two changes at one moment.
    known = {"Africa/Monrovia", "Antarctica/Casey"}
    question = asked(first, last, since_of(first))
    assert read_wrongly(ask_ical_js(question), first, last) <= known
    without = {zone: rows for zone, rows in question["zones"].items() if zone not in known}
    answers = ask_ical(other_python, {"zones": without})
    assert read_wrongly(answers | dict.fromkeys(known), first, last) <= known
