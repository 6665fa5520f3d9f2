"""Our own calendars read again: by us field by field, and by two other parsers with the same occurrences."""

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.ical.files import STORED, read, read_records, starts, written
from tests.ical.other_parsers import ask_ical, ask_ical_js
from tests.ical.random_events import ZONES, random_event

FIRST, LAST = date(2027, 1, 1), date(2028, 12, 31)


def without_stamps(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in STORED}


@pytest.mark.parametrize("seed", range(20))
def test_random_events_are_the_same_field_by_field(seed: int) -> None:
    random = Random(seed)
    events = [random_event(random, number) for number in range(50)]
    readings = read(written(*events, name="팀"))
    assert [reading.refused for reading in readings] == [None] * 50
    for event, reading in zip(events, readings, strict=True):
        expected = without_stamps(event) | {"uid": f"{event['id']}@teamcal"}
        assert reading.records == (expected,)
        assert not reading.warnings


def test_in_utc() -> None:
    event = {**STORED, "title": "x", "event_date": "2026-11-02", "start_time": "10:00", "time_zone": "UTC"}
    (record,) = read_records(written(event))
    assert without_stamps(record) == without_stamps(event) | {"uid": f"{STORED['id']}@teamcal"}


# Occurrences in other parsers, over both changes of the clock and 29 February 2028


def series_of_a_zone(zone: str) -> list[dict[str, Any]]:
    exceptions = {
        "2027-03-15": {"excluded": True},
        "2027-03-17": {"event_date": "2027-03-18", "start_time": "09:00", "end_time": "10:00"},
        "2027-03-19": {"added": True},
        "2027-11-08": {"title": "y"},
        "2028-03-13": {"start_time": "04:30", "end_time": None},
    }
    weekly = {"event_date": "2027-01-04", "recurrence": "FREQ=WEEKLY;BYDAY=MO,WE", "exceptions": exceptions}
    last_workday = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    added = {"event_date": "2027-01-04", "exceptions": {"2027-01-04": {"added": True}}}
    last_friday = {"event_date": "2027-01-29", "recurrence": "FREQ=MONTHLY;UNTIL=20281229;BYDAY=-1FR"}
    return [
        {"start_time": "10:00", "end_time": "11:00", "recurrence": "FREQ=DAILY"},
        {"start_time": "00:00", "recurrence": "FREQ=DAILY;COUNT=700"},
        {"start_time": "23:00", "end_time": "01:00", **weekly},
        {
            "start_time": "00:00",
            "end_time": "23:00",
            "event_date": "2027-01-31",
            "recurrence": "FREQ=MONTHLY",
        },
        {"start_time": "09:00", **last_friday},
        {"start_time": "09:00", "recurrence": last_workday, **added},
        {"start_time": "03:00", "end_time": "02:00", "event_date": "2027-11-07", "end_date": "2027-11-09"},
        {"start_time": "01:30", "recurrence": "FREQ=DAILY;UNTIL=20281101"},
        {"start_time": "02:30", "recurrence": "FREQ=DAILY;UNTIL=20281101"},
        {"start_time": "09:00", "end_time": "10:00", "event_date": "2024-02-29", "recurrence": "FREQ=YEARLY"},
    ]


ALL_DAY: list[dict[str, Any]] = [
    {
        "event_date": "2027-01-01",
        "recurrence": "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,FR;WKST=SU",
        "exceptions": {
            "2027-02-12": {"excluded": True},
            "2027-02-26": {"event_date": "2027-02-27"},
            "2027-03-02": {"added": True},
        },
    },
    {"event_date": "2027-01-31", "recurrence": "FREQ=MONTHLY;UNTIL=20280131;BYMONTHDAY=-1"},
    {"event_date": "2027-05-05", "end_date": "2027-05-09"},
    {"event_date": "2024-02-29", "end_date": "2024-03-02", "recurrence": "FREQ=YEARLY"},
]


def office() -> list[dict[str, Any]]:
    fields = [{"time_zone": zone, **event} for zone in ZONES for event in series_of_a_zone(zone)]
    return [
        {**STORED, "id": f"e{number}", "title": "x", "event_date": "2026-12-31", **each}
        for number, each in enumerate([*fields, *ALL_DAY])
    ]


def question(events: list[dict[str, Any]]) -> dict[str, str]:
    return {"text": written(*events).decode(), "first": FIRST.isoformat(), "last": LAST.isoformat()}


def differing(events: list[dict[str, Any]], answers: dict[str, list[str]]) -> list[dict[str, Any]]:
    return [
        event
        for event in events
        if sorted(answers.get(f"{event['id']}@teamcal", [])) != starts(event, FIRST, LAST)
    ]


def test_the_same_occurrences_in_ical_js() -> None:
    """It is wrong in two cases.

    29 February comes in leap years only: instances "with an invalid date ... MUST be ignored" (RFC 5545
    §3.3.10). Local times that the clock skips or repeats are those by the offset before the change (§3.3.5).
    """
    events = office()
    wrong = differing(events, ask_ical_js(question(events)))
    assert all(
        event["event_date"] == "2024-02-29" or event["start_time"] in ("01:30", "02:30") for event in wrong
    )
    answers = ask_ical_js(question(wrong))
    for event in wrong:
        theirs, ours = {*answers[f"{event['id']}@teamcal"]}, {*starts(event, FIRST, LAST)}
        # One day a year that there is not, or two changes of the clock a year.
        assert len(theirs - ours) <= 4, event
        assert ours <= theirs or event["event_date"] != "2024-02-29", event


@pytest.mark.slow
def test_the_same_occurrences_in_ical(other_python: Path) -> None:
    events = office()
    assert not differing(events, ask_ical(other_python, question(events)))
