"""The calendars that every server has."""

import json
from dataclasses import fields

from benchmarks.sample_calendars import Event, calendar_of, events, in_month, new_event


def test_a_calendar_has_the_same_events_each_time_and_other_events_than_another_one() -> None:
    assert events("a", 100) == events("a", 100)
    assert len({event.id for name in "ab" for event in events(name, 1_000)}) == 2_000


def test_the_month_has_the_same_number_of_events_whatever_the_size() -> None:
    assert {in_month("a", size) for size in (100, 1_000, 10_000)} == {41}


def test_an_event_has_200_to_400_bytes() -> None:
    sizes = [len(json.dumps(event.as_json(), ensure_ascii=False).encode()) for event in events("a", 1_000)]
    assert 200 < min(sizes) <= max(sizes) < 400


def test_the_icalendar_form_has_the_same_events() -> None:
    members = events("a", 50)
    lines = calendar_of(members).split("\r\n")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 50
    for event in members:
        at = lines.index(f"UID:{event.id}")
        assert f"DTSTART;VALUE=DATE:{event.event_date.replace('-', '')}" in lines[at : at + 5]
        assert f"SUMMARY:{event.title}" in lines[at : at + 5]
        assert f"DESCRIPTION:{event.description}".replace(",", "\\,") in lines[at : at + 5]


def test_a_new_event_has_placeholders_for_the_load_client() -> None:
    assert new_event().id == "{{uuid}}"
    assert {field.name for field in fields(Event)} == set(new_event().as_json())
