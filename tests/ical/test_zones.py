"""What TZIDs mean."""

import time

import pytest

from teamcal.ical import Zones
from teamcal.ical.tzif import zone_data
from teamcal.ical.vtimezone import vtimezone
from teamcal.zones import zone_names
from tests.ical.files import SEOUL, calendar, read, read_one, vevent, warnings

NAMES = {
    "Asia/Seoul": SEOUL,
    "asia/seoul": SEOUL,
    "KST": SEOUL,
    "Seoul": SEOUL,
    "(UTC+09:00) Seoul": SEOUL,
    "(UTC+09:00) 서울": SEOUL,
    "Korea Standard Time": SEOUL,
    "대한민국 표준시": SEOUL,
    "GMT+0900": SEOUL,
    "UTC+9": SEOUL,
    "/mozilla.org/20070129_1/Asia/Seoul": SEOUL,
    "/freeassociation.sourceforge.net/Asia/Seoul": SEOUL,
    "/citadel.org/20210210_1/America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/New York": "America/New_York",
    "US/Eastern": "US/Eastern",
    "tzone://Microsoft/Utc": "UTC",
    "UTC": "UTC",
    "(UTC) Coordinated Universal Time": "UTC",
    "W. Europe Standard Time": "Europe/Berlin",
    "Romance Standard Time": "Europe/Paris",
    "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna": "Europe/Amsterdam",
    "(UTC+00:00) Dublin, Edinburgh, Lisbon, London": "Europe/Dublin",
    "(UTC-05:00) Eastern Time (US & Canada)": "America/New_York",
    "(GMT-08.00) Pacific Time (US & Canada)": "America/Los_Angeles",
    "(UTC+09:00) Osaka, Sapporo, Tokyo": "Asia/Tokyo",
    "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi": "Asia/Kolkata",
    "GMT-0500": "Etc/GMT+5",
}
NOTHING = (
    "", "/", "Customized Time Zone", "Nowhere/City", "+0530", "../../etc/passwd", "Asia/../../../etc/passwd",
    "/etc/localtime", "Asia", "a\x00b", "Asia/Seoul\x00", "x" * 65_000, "x/" * 30_000, "(utc+" + " " * 30_000,
)  # fmt: skip


@pytest.mark.parametrize("tzid", NAMES)
def test_names(tzid: str) -> None:
    assert Zones(SEOUL).resolve(tzid, 2026) == NAMES[tzid]


@pytest.mark.parametrize("tzid", NOTHING, ids=lambda tzid: ascii(tzid[:30]))
def test_names_that_say_nothing(tzid: str) -> None:
    begin = time.process_time()
    assert Zones(SEOUL).resolve(tzid, 2026) is None
    assert time.process_time() - begin < 0.2


def test_a_stranger_s_name_is_never_looked_up_as_a_file() -> None:
    with pytest.raises(KeyError):
        zone_data("../../../../etc/passwd")
    assert not any(".." in name or name.startswith("/") for name in zone_names())


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata", SEOUL]
)
def test_the_file_s_own_definition(zone: str) -> None:
    zones = Zones(SEOUL, [vtimezone(zone, tzid="Customized Time Zone")])
    found = zones.resolve("Customized Time Zone", 2026)
    assert found
    assert vtimezone(found) == vtimezone(zone).replace(zone.encode(), found.encode())


def test_the_default_zone_is_preferred_where_it_fits() -> None:
    definition = vtimezone("Europe/Paris", tzid="Mine")
    assert Zones("Europe/Vienna", [definition]).resolve("Mine", 2026) == "Europe/Vienna"
    assert Zones("Asia/Pyongyang", [vtimezone(SEOUL, tzid="Mine")]).resolve("Mine", 2026) == "Asia/Pyongyang"


def test_every_zone_is_recognised_by_its_offsets() -> None:
    for zone in (
        "America/Vancouver",
        "Africa/Casablanca",
        "Asia/Tehran",
        "Pacific/Chatham",
        "America/St_Johns",
    ):
        found = Zones(SEOUL, [vtimezone(zone, tzid="Mine")]).resolve("Mine", 2026)
        assert found, zone


def test_an_event_in_a_zone_that_only_the_file_explains() -> None:
    definition = vtimezone("America/New_York", tzid="Mine").decode()
    (reading,) = read(calendar(definition, vevent("DTSTART;TZID=Mine:20260701T100000")))
    assert reading.records[0]["time_zone"] == "America/New_York"
    assert not reading.warnings


def test_an_unknown_zone_is_named_and_the_default_one_is_taken() -> None:
    lines = ("DTSTART;TZID=Nowhere/City:20261102T100000",)
    assert warnings(*lines) == [("unknown_zone", "Nowhere/City")]
    record = read_one(*lines)
    assert (record["start_time"], record["time_zone"]) == ("10:00", SEOUL)


def test_offsets_that_no_zone_has_still_tell_the_moment() -> None:
    definition = (
        "BEGIN:VTIMEZONE\r\nTZID:Ship\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0317\r\nTZOFFSETTO:+0317\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    (reading,) = read(calendar(definition, vevent("DTSTART;TZID=Ship:20261102T030000")))
    assert [tuple(note) for note in reading.warnings] == [("unknown_zone", "Ship")]
    assert reading.records[0]["start_time"] == "08:43"


ONSET = "DTSTART:19000101T000000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0900"
HOSTILE_DEFINITIONS = {
    "every second": f"{ONSET}\r\nRRULE:FREQ=SECONDLY",
    "thousands of dates": f"{ONSET}\r\nRDATE:"
    + ",".join(f"{1900 + n % 8000:04}0101T{n % 24:02}0000" for n in range(3_500)),
    "no offsets": "DTSTART:19700101T000000",
    "bad values": "DTSTART:x\r\nTZOFFSETFROM:+99999999\r\nTZOFFSETTO:one",
}


@pytest.mark.parametrize("name", HOSTILE_DEFINITIONS)
def test_hostile_definitions_take_no_time(name: str) -> None:
    body = f"BEGIN:STANDARD\r\n{HOSTILE_DEFINITIONS[name]}\r\nEND:STANDARD\r\n"
    definition = f"BEGIN:VTIMEZONE\r\nTZID:Boom\r\n{body * 10}END:VTIMEZONE\r\n"
    events = "".join(
        vevent(f"DTSTART;TZID=Boom:{year}1101T010000", uid=str(year)) for year in range(1990, 2030)
    )
    begin = time.process_time()
    assert len(read(calendar(definition, events))) == 40
    assert time.process_time() - begin < 2


def test_many_definitions_and_years_are_bounded() -> None:
    parts = "".join(
        f"BEGIN:STANDARD\r\nDTSTART:{1900 + n}0101T000000\r\nTZOFFSETFROM:+0123\r\nTZOFFSETTO:+0{n % 9}13\r\n"
        "END:STANDARD\r\n"
        for n in range(50)
    )
    zones = "".join(f"BEGIN:VTIMEZONE\r\nTZID:Z{n}\r\n{parts}END:VTIMEZONE\r\n" for n in range(30))
    events = "".join(
        vevent(f"DTSTART;TZID=Z{n % 30}:{1950 + n % 80}1101T010000", uid=str(n)) for n in range(1_200)
    )
    begin = time.process_time()
    assert len(read(calendar(zones, events))) == 1_200
    assert time.process_time() - begin < 5
