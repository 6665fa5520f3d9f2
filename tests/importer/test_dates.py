"""Keys of calendar_events.json and LastModified as .NET's serialisers write them."""

import pytest

from tests.importer.earlier_version import migrate_as_earlier
from tests.importer.migration import MEETING, Migration

MIDNIGHT = 1_705_676_400_000  # ms, 2024-01-20T00:00:00+09:00


@pytest.mark.parametrize(
    "key",
    [
        "2024-01-19T15:00:00Z",
        "2024-01-19T15:00Z",
        "2024-01-19T15:00:00.0000000Z",
        "2024-01-19 15:00:00Z",
        "2024-01-19 15:00:00 UTC",
        "2024-01-19T15:00:00+00:00",
        "2024-01-19 오후 3:00:00 +00:00",
        "2024-01-19 3:00:00 PM +00:00",
        "2024-01-20T00:00:00+09:00",
        "2024-01-20T00:00+0900",
        "2024-01-20T23:59:59.9999999+09",
        "2024-01-20T03:00:00+12:00",
        "2024-01-19T10:00:00-05:00",
        f"/Date({MIDNIGHT})/",
        f"/Date({MIDNIGHT}+0900)/",
        f"/Date({MIDNIGHT + 86_399_999}-0500)/",
        " 2024-01-19T15:00:00Z ",
        "2024. 1. 20.",
        "2024. 1. 20. 오전 12:00:00",
        "2024.01.20",
        "2024/01/20 00:00:00",
        "2024년 1월 20일",
        "2024년 01월 20일 토요일",
        "2024년 1월 20일 토요일 오전 12:00:00",
        "2024. 1. 19. 오후 3:00:00 +00:00",
        "2024-01-20T00:00:00",
        "2024-01-20 12:00:00\u202fAM",
        "2024-01-19 3:00:00\u202fPM\u00a0+00:00",
        "2024-01-20 12:00:00 a. m.",
        "2024-01-20 14:00-15:00",
        "2024-01-20 14:00 ~ 15:00",
        "2024-01-20 오전 12:00:00",
    ],
)
def test_the_day_is_that_in_the_time_zone(migration: Migration, key: str) -> None:
    migration.write_files({key: [MEETING]})

    run = migration.run()

    assert run.status == 0, run.err
    assert [event["event_date"] for event in migration.events()] == ["2024-01-20"]
    assert "(2024-01-20)" in run.out


def test_the_time_zone_can_be_chosen(migration: Migration) -> None:
    migration.write_files({"2024-01-19T15:00:00Z": [MEETING], f"/Date({MIDNIGHT})/": [{**MEETING, "Id": 8}]})

    assert migration.run("--time-zone", "America/New_York").status == 0
    assert [event["event_date"] for event in migration.events()] == ["2024-01-19"] * 2


def test_another_time_zone_in_a_later_run_moves_nothing(migration: Migration) -> None:
    migration.write_files({"2024-01-19T15:00:00Z": [MEETING]})
    migration.run("--time-zone", "America/New_York")
    before = migration.events()

    run = migration.run()

    assert run.status == 0
    assert "event_date: '2024-01-19', 파일에서는 '2024-01-20'" in run.err
    assert "이전 실행이 다른 버전이나 옵션으로 가져와 그대로 둔 이벤트: 1개" in run.err
    assert "수정되어" not in run.err
    assert migration.events() == before


@pytest.mark.parametrize(
    "key",
    [
        "2024-01-19T15:00:00 EST",
        "2024-01-19T15:00:00 GMT+9",
        "2024-01-19T15:00:00[Asia/Seoul]",
        "２０２４-01-20",
        "2024-01-19T25:00:00Z",
        "2024-01-19T15:00:00+99:00",
        "2024-02-30T15:00:00Z",
        "0001-01-01T00:00:00Z",
        "/Date(-62135596800000)/",
        "/Date(999999999999999)/",
        "/Date(abc)/",
        "2024. 13. 1.",
        "2024/20/01",
        "2024/01.20",
        "2024년 1월",
        "20/01/2024",
        "2024. 2. 30. 오전 12:00:00",
        "01/20/2024 00:00:00",
        "1/20/2024 12:00:00 AM",
        "Fri, 19 Jan 2024 15:00:00 GMT",
        "9999-12-31T23:59:59Z",
    ],
)
def test_a_key_that_names_no_certain_day_is_listed(migration: Migration, key: str) -> None:
    migration.write_files({key: [MEETING], "2024-01-21": [MEETING]})

    run = migration.run()

    assert run.status == 1
    assert f'✗ calendar_events.json: "{key}"[0]: event_date: ' in run.err
    assert [event["event_date"] for event in migration.events()] == ["2024-01-21"]


def test_keys_of_one_moment_are_one_date_and_others_are_not(migration: Migration) -> None:
    same = ("2024-01-19T15:00:00Z", "2024-01-20T00:00:00+09:00", f"/Date({MIDNIGHT})/", "2024-01-20")
    migration.write_files({key: [MEETING] for key in (*same, "2024-01-19")})

    run = migration.run()

    assert run.status == 0
    assert [event["event_date"] for event in migration.events()] == ["2024-01-19", "2024-01-20"]
    assert run.err.count("똑같은 이벤트가 앞에 있어") == 3
    assert migration.run().status == 0
    assert len(migration.events()) == 2


def test_a_day_that_an_earlier_version_got_wrong_stays_and_is_named(migration: Migration) -> None:
    migration.write_files({"2024-01-19T15:00:00Z": [MEETING], "2024-01-19": [MEETING]})
    migrate_as_earlier(migration)  # takes the second for a repetition of the first
    (earlier,) = migration.events()

    run = migration.run()

    assert run.status == 0
    assert (
        '⚠️ calendar_events.json: "2024-01-19T15:00:00Z"[0]: 이전 실행이 다르게 가져왔습니다 '
        "(event_date: '2024-01-19', 파일에서는 '2024-01-20')" in run.err
    )
    assert [event["event_date"] for event in migration.events()] == ["2024-01-19", "2024-01-19"]
    assert earlier in migration.events()


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("/Date(1705363200000+0900)/", "2024-01-16T00:00:00.000Z"),
        ("/Date(1705363200123)/", "2024-01-16T00:00:00.123Z"),
        (" 2024-01-16T09:00:00 ", "2024-01-16T00:00:00.000Z"),
        ("2024-01-16T09:00:00.1234567+09:00", "2024-01-16T00:00:00.123Z"),
        ("2024-01-16 오전 9:00:00", "2024-01-16T00:00:00.000Z"),
        ("2024-01-16 오후 9:30:15", "2024-01-16T12:30:15.000Z"),
        ("2024-01-16 오전 12:00:00", "2024-01-15T15:00:00.000Z"),
        ("2024-01-16 12:05:00 PM", "2024-01-16T03:05:00.000Z"),
        ("2024. 1. 16. 오후 12:05:00", "2024-01-16T03:05:00.000Z"),
        ("2024-01-16 오전 9:00:00 +09:00", "2024-01-16T00:00:00.000Z"),
        ("2024-01-16 12:05:00\u202fPM", "2024-01-16T03:05:00.000Z"),
        ("2024-01-16", "2024-01-15T15:00:00.000Z"),
    ],
)
def test_last_modified_is_parsed(migration: Migration, value: str, stored: str) -> None:
    event = migration.imported_event(LastModified=value)

    assert (event["last_modified"], event["created_at"]) == (stored, stored)
    assert "⚠️" not in migration.run().err


@pytest.mark.parametrize(
    "value",
    ["/Date(-62135596800000)/", "/Date(999999999999999)/", "0001-01-01T00:00:00Z", "01/16/2024", {"a": [1]}],
)
def test_a_last_modified_without_a_certain_time_becomes_now(migration: Migration, value: object) -> None:
    assert migration.imported_event(LastModified=value)["last_modified"] > "2025"
    assert "LastModified의 시각을 알 수 없어" in migration.run().err
