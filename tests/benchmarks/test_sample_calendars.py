"""The calendars that all servers are to hold."""

import json
from dataclasses import fields

from benchmarks.sample_calendars import Event, calendar_of, events, in_month, new_event


def test_they_are_the_same_each_time_and_another_for_each_calendar() -> None:
    assert events("a", 100) == events("a", 100)
    assert len({one.id for name in "ab" for one in events(name, 1_000)}) == 2_000


def test_a_month_has_as_many_events_in_all_of_them() -> None:
    assert {in_month("a", size) for size in (100, 1_000, 10_000)} == {41}


def test_an_event_has_200_to_400_bytes() -> None:
    sizes = [len(json.dumps(one.as_json(), ensure_ascii=False).encode()) for one in events("a", 1_000)]
    assert 200 < min(sizes) <= max(sizes) < 400


def test_icalendar_says_the_same() -> None:
    members = events("a", 50)
    lines = calendar_of(members).split("\r\n")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 50
    for event in members:
        at = lines.index(f"UID:{event.id}")
        assert f"DTSTART;VALUE=DATE:{event.event_date.replace('-', '')}" in lines[at : at + 5]
        assert f"SUMMARY:{event.title}" in lines[at : at + 5]
        assert f"DESCRIPTION:{event.description}".replace(",", "\\,") in lines[at : at + 5]


def test_new_events_differ_by_what_the_load_client_fills_in() -> None:
    assert new_event().id == "{{uuid}}"
    assert {field.name for field in fields(Event)} == set(new_event().as_json())
