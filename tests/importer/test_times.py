"""Times of day in the files: what the events get of them beside the text, and --keep-times."""

from typing import Any

import pytest

from teamcal.importer.times import time_fields_from
from tests.importer.earlier_version import migrate_as_earlier
from tests.importer.migration import MEETING, Migration
from tests.importer.test_output import EXAMPLE

TIME_FIELDS = {"start_time", "end_time", "time_zone"}
NEW_FIELDS = {*TIME_FIELDS, "~"}
TEXTS = ["오후 2:00", "14시~16시", "22:00~02:00", "종일", "점심", "2:00", "2시쯤", "", None]


def times_of(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name in TIME_FIELDS}


def without_times(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in NEW_FIELDS}


def write_texts(migration: Migration) -> None:
    events = [{**MEETING, "Title": f"회의 {number}", "Time": text} for number, text in enumerate(TEXTS)]
    migration.write_files({"2024-01-20": events})


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("오후 2:00", {"start_time": "14:00"}),
        (" 14시~16시 ", {"start_time": "14:00", "end_time": "16:00"}),
        ("22:00~02:00", {"start_time": "22:00", "end_time": "02:00"}),
        ("오전\n9시 30분", {"start_time": "09:30"}),
    ],
)
def test_a_text_that_is_understood_gives_times(
    migration: Migration, text: str, times: dict[str, str]
) -> None:
    event = migration.imported_event(Time=text)

    assert times_of(event) == {**times, "time_zone": "Asia/Seoul"}
    assert event["time"] == text.strip().replace("\n", " ")
    migration.house.must_be_sound(event["department_id"])


@pytest.mark.parametrize("text", ["종일", "하루 종일", "점심", "2:00", "2시쯤", "10:00/14:00", "", None])
def test_other_texts_give_none(migration: Migration, text: str | None) -> None:
    event = migration.imported_event(Time=text)

    assert times_of(event) == {}
    assert event["time"] == (text or "")


def test_only_the_times_differ_from_an_import_that_keeps_them(migration: Migration) -> None:
    other = Migration(migration.folder, migration._capsys)
    write_texts(migration)

    runs = migration.run(), other.run("--keep-times")

    assert runs[0][:2] == runs[1][:2]
    assert runs[0].status == 0
    assert [without_times(event) for event in migration.events()] == other.events()
    assert [event["title"] for event in migration.events() if times_of(event)] == [
        "회의 0",
        "회의 1",
        "회의 2",
    ]


@pytest.mark.parametrize("options", [[], ["--keep-times"]])
def test_the_output_is_that_of_the_contract(migration: Migration, options: list[str]) -> None:
    migration.write_files({"2024-01-20": [MEETING]})

    assert migration.run(*options)[:2] == (0, EXAMPLE)
    assert ("start_time" in migration.events()[0]) == (not options)


def test_the_time_zone_option_is_that_of_the_events_too(migration: Migration) -> None:
    assert migration.imported_event("--time-zone", "Europe/Berlin")["time_zone"] == "Europe/Berlin"


def test_events_that_are_stored_stay_as_they_are(migration: Migration) -> None:
    write_texts(migration)
    migration.run("--keep-times")
    before = migration.house.dump()

    for options in ([], ["--keep-times"], ["--time-zone", "Europe/Berlin"]):
        run = migration.run(*options)
        assert run.status == 0
        assert "✅ 마이그레이션 검증 완료" in run.out
        assert migration.house.dump() == before


def test_events_that_have_times_stay_as_they_are(migration: Migration) -> None:
    write_texts(migration)
    migration.run()
    before = migration.house.dump()

    for options in ([], ["--keep-times"]):
        run = migration.run(*options)
        assert run.status == 0
        assert "⚠️" not in run.err
        assert migration.house.dump() == before


def test_what_an_earlier_version_imported_is_no_difference(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]})
    migrate_as_earlier(migration)
    before = migration.house.dump()

    run = migration.run()

    assert run[:2] == (0, EXAMPLE)
    assert "⚠️" not in run.err
    assert migration.house.dump() == before


def test_an_edit_on_the_server_keeps_the_times(migration: Migration) -> None:
    event = migration.imported_event()
    server = migration.house.server()
    server.http.put(f"/api/events/{event['id']}", json={"title": "옮긴 회의"})

    (edited,) = migration.events()

    assert edited["title"] == "옮긴 회의"
    assert times_of(edited) == times_of(event)


def test_the_fields_of_a_text() -> None:
    assert time_fields_from("오후 2시~4시", "Asia/Tokyo") == {
        "start_time": "14:00",
        "end_time": "16:00",
        "time_zone": "Asia/Tokyo",
    }
    assert time_fields_from("종일", "Asia/Tokyo") == {}
    assert time_fields_from("회의 후", "Asia/Tokyo") == {}
