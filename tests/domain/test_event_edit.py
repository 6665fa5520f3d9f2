"""What setting fields makes of an event: times, text, ends and zones; of a series: rule and exceptions."""

from typing import Any

import pytest

from teamcal.domain.event_edit import created, edited
from teamcal.domain.events import public_event, value_of
from teamcal.domain.occurrences import occurrence, occurrences, patch_of
from teamcal.errors import InvalidInput

ZONE = "Asia/Seoul"
DAY = {"event_date": "2026-11-09", "title": "회의", "description": "", "time": "", "url": ""}


def made(**fields: Any) -> dict[str, Any]:
    return created({**DAY, **fields}, ZONE)


def own(event: dict[str, Any]) -> dict[str, Any]:
    """What an event has beyond a plain one, and its text."""
    names = ("time", "start_time", "end_time", "end_date", "time_zone")
    return {name: event[name] for name in names if event.get(name) not in (None, "")}


TIMED = {"start_time": "14:00", "time_zone": ZONE}
CREATED = [
    ({"time": "오후 2시"}, {"time": "오후 2시", **TIMED}),
    ({"time": "14:00~15:30"}, {"time": "14:00~15:30", **TIMED, "end_time": "15:30"}),
    ({"time": "2시쯤"}, {"time": "2시쯤"}),
    ({"time": "종일"}, {"time": "종일"}),
    ({"start_time": "14:00"}, {"time": "오후 2:00", **TIMED}),
    ({"start_time": "14:00", "time": "점심"}, {"time": "오후 2:00", **TIMED}),
    ({"start_time": "14:00", "end_time": "15:00"}, {"time": "오후 2:00~3:00", **TIMED, "end_time": "15:00"}),
    ({"start_time": "22:00", "end_time": "02:00"}, {
        "time": "오후 10:00~오전 2:00", "start_time": "22:00", "end_time": "02:00", "time_zone": ZONE,
    }),
    ({"start_time": "22:00", "end_time": "02:00", "end_date": "2026-11-10"}, {
        "time": "오후 10:00~오전 2:00", "start_time": "22:00", "end_time": "02:00", "time_zone": ZONE,
    }),
    ({"end_date": "2026-11-11"}, {"time": "종일 (~11/11)", "end_date": "2026-11-11"}),
    ({"end_date": "2026-11-09"}, {}),
    ({"time_zone": "Europe/Berlin"}, {}),
    ({"start_time": "14:00", "time_zone": "Europe/Berlin"}, {
        "time": "오후 2:00", "start_time": "14:00", "time_zone": "Europe/Berlin",
    }),
    ({"end_date": "2026-11-11", "time": "점심"}, {"time": "점심", "end_date": "2026-11-11"}),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), CREATED)
def test_what_is_created(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert own(made(**fields)) == expected


MEETING = {"start_time": "14:00", "end_time": "15:30"}
EDITED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # A new start alone keeps the duration, also over midnight.
    (MEETING, {"start_time": "09:00"}, {"end_time": "10:30", "time": "오전 9:00~10:30"}),
    (MEETING, {"start_time": "23:00"}, {"end_time": "00:30", "end_date": None}),
    (MEETING, {"end_time": "16:00"}, {"end_time": "16:00", "time": "오후 2:00~4:00"}),
    # Old clients send a text; a whole event sent back changes nothing.
    (MEETING, {"time": "오후 2:00~3:30"}, {"start_time": "14:00"}),
    (MEETING, {"time": "10시"}, {"start_time": "10:00", "end_time": None, "time": "10시"}),
    (MEETING, {"time": "나중에"}, {"start_time": None, "time_zone": None, "time": "나중에"}),
    (MEETING, {"time": ""}, {"start_time": None, "time": ""}),
    # Fields win over the text if they change; if they are sent as they were, the text does.
    (MEETING, {"time": "10시", "start_time": "11:00"}, {"time": "오전 11:00~오후 12:30"}),
    (MEETING, {**MEETING, "time": "10시"}, {"start_time": "10:00", "end_time": None}),
    (MEETING, {"start_time": None}, {"start_time": None, "end_time": None, "time_zone": None, "time": ""}),
    (MEETING, {"start_time": ""}, {"start_time": None, "time": ""}),
    (MEETING, {"start_time": "14:30", "end_time": "15:30"}, {"end_time": "15:30", "time": "오후 2:30~3:30"}),
    (MEETING, {"time": "점심", "start_time": None, "end_time": None}, {"start_time": None, "time": "점심"}),
    ({}, {"time": "14:00", "end_date": "2026-11-11"}, {"start_time": "14:00", "end_date": "2026-11-11"}),
    ({"time": "점심"}, {"end_date": "2026-11-11"}, {"time": "점심", "end_date": "2026-11-11"}),
    ({"time": "점심"}, {"start_time": "12:00"}, {"time": "오후 12:00"}),
    # What is moved ends as much later, and says so.
    ({"end_date": "2026-11-11"}, {"event_date": "2026-11-20"}, {"end_date": "2026-11-22"}),
    ({"end_date": "2026-11-11"}, {"event_date": "2026-11-20"}, {"time": "종일 (~11/22)"}),
    ({"end_date": "2026-11-11"}, {"end_date": None}, {"end_date": None, "time": ""}),
    ({"time": "점심"}, {"location": "3층"}, {"time": "점심", "location": "3층"}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "fields", "expected"), EDITED)
def test_what_is_edited(before: dict[str, Any], fields: dict[str, Any], expected: dict[str, Any]) -> None:
    event = edited(made(**before), {name: value or None for name, value in fields.items()} | (
        {"time": fields["time"]} if "time" in fields else {}
    ), ZONE)  # fmt: skip
    assert {name: event.get(name) for name in expected} == expected


def test_a_whole_event_sent_back_changes_nothing() -> None:
    for before in (
        MEETING,
        {"end_date": "2026-11-11"},
        {"time": "점심"},
        {"recurrence": "FREQ=WEEKLY;COUNT=9"},
    ):
        event = {"id": "e", "department_id": "d", **made(**before)}
        sent = {name: value_of(event, name) for name in public_event(event) if name in {*DAY, *event}}
        for name in ("id", "department_id", "until_day", "series_version"):
            sent.pop(name, None)
        assert edited(event, sent, ZONE) is event


def series(**fields: Any) -> dict[str, Any]:
    return {
        "id": "s",
        "version": 1,
        "department_id": "d",
        **made(**_set({"recurrence": "FREQ=WEEKLY", **fields})),
    }


def _set(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def dates(event: dict[str, Any], last: str = "2026-12-07") -> list[str]:
    return sorted(one["event_date"] for one in occurrences(event, "2026-01-01", last))


def test_the_first_date_is_one_that_the_rule_gives() -> None:
    event = series(recurrence="FREQ=WEEKLY;BYDAY=FR", end_date="2026-11-10")
    assert (event["event_date"], event["end_date"]) == ("2026-11-13", "2026-11-14")
    counted = series(recurrence="RRULE:FREQ=DAILY;COUNT=3;INTERVAL=1")
    assert (counted["recurrence"], counted["until_day"]) == ("FREQ=DAILY;COUNT=3", "2026-11-11")


def test_exceptions_follow_the_first_date_and_the_rule() -> None:
    event = series(exceptions={"2026-11-16": {"excluded": True}, "2026-11-20": {"added": True}})
    assert dates(event, "2026-12-01") == ["2026-11-09", "2026-11-20", "2026-11-23", "2026-11-30"]
    later = edited(event, {"event_date": "2026-11-10"}, ZONE)
    assert dates(later, "2026-12-01") == ["2026-11-10", "2026-11-21", "2026-11-24", "2026-12-01"]
    daily = edited(event, {"recurrence": "FREQ=MONTHLY"}, ZONE)
    assert dates(daily, "2026-12-31") == ["2026-11-09", "2026-11-20", "2026-12-09"]
    single = edited(event, {"recurrence": None, "exceptions": None}, ZONE)
    assert value_of(single, "exceptions") is None
    assert "until_day" not in single


def test_all_day_over_the_end_of_a_month() -> None:
    event = series(event_date="2027-01-31", end_date="2027-02-01", recurrence="FREQ=MONTHLY;BYMONTHDAY=-1")
    found = [(one["event_date"], one["end_date"]) for one in occurrences(event, "2027-01-01", "2027-04-30")]
    assert found == [
        ("2027-01-31", "2027-02-01"), ("2027-02-28", "2027-03-01"), ("2027-03-31", "2027-04-01"),
        ("2027-04-30", "2027-05-01"),
    ]  # fmt: skip
    assert [one["time"] for one in occurrences(event, "2027-02-01", "2027-02-28")] == ["종일 (~3/1)"]


def test_dates_without_a_rule() -> None:
    event = series(
        recurrence=None, exceptions={"2026-11-12": {"added": True}, "2026-11-15": {"excluded": True}}
    )
    assert dates(event) == ["2026-11-09", "2026-11-12"]
    left = edited(event, {"exceptions": {"2026-11-12": {"added": True}}}, ZONE)
    assert dates(left) == ["2026-11-12"]


def test_one_moved_onto_anothers_day() -> None:
    event = series()
    patch = patch_of(event, "2026-11-16", {"event_date": "2026-11-23"}, ZONE)
    moved = edited(event, {"exceptions": {"2026-11-16": patch}}, ZONE)
    assert dates(moved, "2026-11-30") == ["2026-11-09", "2026-11-23", "2026-11-23", "2026-11-30"]
    back = patch_of(moved, "2026-11-16", {"event_date": "2026-11-16"}, ZONE)
    assert back == {}


def test_a_field_that_one_occurrence_lacks() -> None:
    event = series(start_time="10:00", end_time="11:00", location="3층")
    patch = patch_of(event, "2026-11-16", {"location": None, "start_time": None}, ZONE)
    changed = edited(event, {"exceptions": {"2026-11-16": patch}}, ZONE)
    one = occurrence(changed, "2026-11-16")
    assert one is not None
    assert {"location", "start_time", "end_time", "time_zone"}.isdisjoint(one)
    assert one["time"] == ""


MANY = {f"20{year}-01-0{day}": {"description": "나" * 400} for year in range(30, 90) for day in (1, 2)}


@pytest.mark.parametrize(
    "fields",
    [
        {"recurrence": "FREQ=DAILY", "exceptions": MANY},
        {"event_date": "9999-12-31", "recurrence": "FREQ=DAILY;BYDAY=MO"},
        {"end_date": "2046-11-09"},
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        made(**fields)
