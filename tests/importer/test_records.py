"""Which records are imported, how they are repaired, and which are refused."""

import json
import unicodedata
from pathlib import Path

import pytest

from tests.importer.migration import MEETING, Migration

SAMPLE = Path(__file__).resolve().parent.parent / "sample"


def test_the_sample_files_are_imported(migration: Migration) -> None:
    for path in SAMPLE.iterdir():
        migration.write_file(path.name, path.read_bytes())

    run = migration.run()

    assert run.status == 1
    assert [line for line in run.err.splitlines() if line.startswith("✗ calendar")] == [
        '✗ calendar_events.json: "2024-02-30"[0]: event_date: YYYY-MM-DD 형식의 실제 날짜여야 합니다.'
    ]
    assert "✅ 부서 데이터 마이그레이션 완료: 3개" in run.out
    assert "  • 부서: 3개\n  • 이벤트: 23개\n" in run.out
    assert "기본 부서 '개발팀'에 넣은 이벤트: 2개" in run.err
    assert len(migration.events()) == 23


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_ignored(migration: Migration, bom: bytes) -> None:
    migration.write_files()
    migration.write_file("calendar_events.json", bom + json.dumps({"2024-01-20": [MEETING]}).encode())

    assert migration.run().status == 0
    assert len(migration.events()) == 1


def test_keys_may_be_in_camel_snake_or_pascal_case(migration: Migration) -> None:
    camel = {"id": "8", "departmentId": "2", "title": "가", "lastModified": "2024-01-15T10:30:00"}
    snake = {"id": 9, "department_id": 2.0, "title": "나", "last_modified": "2024-01-15T10:30:00"}
    migration.write_files(
        {"2024-01-20": [camel, snake]},
        {"Departments": [{"Id": 1, "Name": "개발팀"}, {"Id": "2", "Name": "마케팅팀", "Description": None}]},
    )

    assert migration.run().status == 0
    assert {event["department_id"] for event in migration.events()} == {migration.departments()["마케팅팀"]}
    assert {event["last_modified"] for event in migration.events()} == {"2024-01-15T01:30:00.000Z"}


@pytest.mark.parametrize(
    "key",
    ["2024-01-20", "2024-01-20T00:00:00", "2024-01-20 14:00", "2024-01-20 오전 12:00:00", " 2024-01-20 "],
)
def test_the_time_in_a_date_key_is_ignored(migration: Migration, key: str) -> None:
    migration.write_files({key: [{**MEETING, "Date": "1999-12-31", "IsAllDay": False}]})

    assert migration.run().status == 0
    assert migration.events()[0]["event_date"] == "2024-01-20"


@pytest.mark.parametrize("key", ["2024-02-30", "2024-1-5", "20240120", "", "오늘", "2024-01-20abc"])
def test_an_event_on_an_invalid_date_is_refused(migration: Migration, key: str) -> None:
    migration.write_files({key: [MEETING], "2024-01-21": [MEETING]})

    run = migration.run()

    assert run.status == 1
    assert f'✗ calendar_events.json: "{key}"[0]: event_date: ' in run.err
    assert [event["event_date"] for event in migration.events()] == ["2024-01-21"]


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("2024-01-15T10:30:00", "2024-01-15T01:30:00.000Z"),
        ("2024-01-15T10:30:00.1234567", "2024-01-15T01:30:00.123Z"),
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00.000Z"),
        ("2024-01-15T10:30:00.5+02:00", "2024-01-15T08:30:00.500Z"),
        ("2024-01-15 10:30:00", "2024-01-15T01:30:00.000Z"),
    ],
)
def test_last_modified_is_korean_time_unless_it_says_otherwise(
    migration: Migration, value: str, stored: str
) -> None:
    event = migration.imported_event(LastModified=value)

    assert (event["last_modified"], event["created_at"]) == (stored, stored)


def test_the_time_zone_of_last_modified_can_be_chosen(migration: Migration) -> None:
    event = migration.imported_event("--time-zone", "America/New_York", LastModified="2024-07-15T10:30:00")

    assert event["last_modified"] == "2024-07-15T14:30:00.000Z"


@pytest.mark.parametrize("value", ["어제", "0001-01-01T00:00:00", 5, "2024-13-01T00:00:00"])
def test_an_invalid_last_modified_becomes_now_with_a_warning(migration: Migration, value: object) -> None:
    event = migration.imported_event(LastModified=value)

    assert event["last_modified"] > "2025"
    second = migration.run()
    assert second.status == 0
    assert '⚠️ calendar_events.json: "2024-01-20"[0]: LastModified' in second.err
    assert migration.events() == [event]


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_last_modified_becomes_now(migration: Migration, value: object) -> None:
    assert migration.imported_event(LastModified=value)["last_modified"] > "2025"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("www.naver.com", "https://www.naver.com"),
        ("  naver.com/path?q=1#top ", "https://naver.com/path?q=1#top"),
        ("192.168.0.5:8080/share", "https://192.168.0.5:8080/share"),
        ("localhost:3000", "https://localhost:3000"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
    ],
)
def test_a_web_address_without_a_scheme_gets_https(migration: Migration, value: str, stored: str) -> None:
    assert migration.imported_event(Url=value)["url"] == stored
    assert '⚠️ calendar_events.json: "2024-01-20"[0]: Url' in migration.run().err


@pytest.mark.parametrize(
    "value",
    [
        "3층 회의실",
        "ftp://files.example.com/a",
        "javascript:alert(1)",
        r"C:\회의\자료.docx",
        "김민수",
        "a@b.com",
    ],
)
def test_a_url_that_is_no_web_address_moves_to_the_description(migration: Migration, value: str) -> None:
    event = migration.imported_event(Url=value)

    assert (event["url"], event["description"]) == ("", f"주간 팀 회의\n{value}")
    assert '⚠️ calendar_events.json: "2024-01-20"[0]: 웹 주소가 아닌 Url' in migration.run().err


def test_such_a_url_becomes_an_empty_description(migration: Migration) -> None:
    assert migration.imported_event(Url="3층 회의실", Description=None)["description"] == "3층 회의실"


def test_an_event_is_refused_if_such_a_url_makes_the_description_too_long(migration: Migration) -> None:
    assert "description: 10000자 이하여야 합니다." in migration.refusal(
        Url="3층 회의실", Description="가" * 9_999
    )


@pytest.mark.parametrize("title", ["", "  \n", None])
def test_a_blank_title_is_replaced(migration: Migration, title: str | None) -> None:
    assert migration.imported_event(Title=title)["title"] == "(제목 없음)"
    assert "⚠️" in migration.run().err


def test_missing_and_null_fields_are_empty(migration: Migration) -> None:
    migration.write_files(
        {"2024-01-20": [{"DepartmentId": 1, "Title": "팀 회의", "Url": None}], "2024-01-21": None}
    )

    assert migration.run().status == 0
    (event,) = migration.events()
    assert (event["description"], event["time"], event["url"]) == ("", "", "")


def test_text_is_trimmed_and_nfc(migration: Migration) -> None:
    event = migration.imported_event(Title="  " + unicodedata.normalize("NFD", "팀 회의") + "\r\n2부 ")

    assert event["title"] == "팀 회의 2부"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"Title": "가" * 201}, "title: 200자 이하여야 합니다."),
        ({"Title": 5}, "title: 문자열이어야 합니다."),
        ({"Time": "가" * 51}, "time: 50자 이하여야 합니다."),
        ({"Description": "가\x00"}, "description: 사용할 수 없는 문자가 있습니다."),
        ({"Description": ["가"]}, "description: 문자열이어야 합니다."),
        ({"Url": "https://example.com/" + "a" * 2048}, "url: 2048자 이하여야 합니다."),
        ({"title": "또 다른 제목"}, "title에 값이 두 개 있습니다."),
    ],
)
def test_an_event_with_invalid_fields_is_refused(
    migration: Migration, fields: dict[str, object], reason: str
) -> None:
    assert reason in migration.refusal(**fields)


def test_malformed_records_are_named_and_the_others_imported(migration: Migration) -> None:
    migration.write_files(
        {"2024-01-20": ["팀 회의", None, MEETING], "2024-01-21": {"Title": "목록이 아님"}},
        {"departments": [{"id": 1, "name": "개발팀"}, {"id": 2}, {"id": 3, "name": " "}, "영업팀"]},
    )

    run = migration.run()

    assert run.status == 1
    for line in (
        'calendar_events.json: "2024-01-20"[0]: JSON 객체가 아닙니다.',
        'calendar_events.json: "2024-01-20"[1]: JSON 객체가 아닙니다.',
        'calendar_events.json: "2024-01-21": 이벤트 목록이 아닙니다.',
        "departments.json: departments[1]: name: 필수 항목입니다.",
        "departments.json: departments[2]: name: 비워 둘 수 없습니다.",
        "departments.json: departments[3]: JSON 객체가 아닙니다.",
    ):
        assert f"✗ {line}" in run.err
    assert len(migration.events()) == 1
    assert list(migration.departments()) == ["개발팀"]


def test_equal_records_become_one_event_and_others_with_the_same_id_two(migration: Migration) -> None:
    other = {**MEETING, "Title": "다른 회의"}
    migration.write_files({"2024-01-20": [MEETING, other, MEETING], "2024-01-27": [MEETING]})

    run = migration.run()

    assert run.status == 0
    assert [(event["event_date"], event["title"]) for event in migration.events()] == [
        ("2024-01-20", "다른 회의"),
        ("2024-01-20", "팀 회의"),
        ("2024-01-27", "팀 회의"),
    ]
    assert '⚠️ calendar_events.json: "2024-01-20"[2]: 똑같은 이벤트가 앞에 있어' in run.err
    assert '한 번만 가져옵니다 (calendar_events.json: "2024-01-20"[0]).' in run.err
    assert "  • 이벤트: 3개\n" in run.out


def test_a_date_that_is_repeated_in_the_file_keeps_the_events_of_both(migration: Migration) -> None:
    migration.write_files()
    first, second = (json.dumps([{**MEETING, "Title": title}]) for title in ("가", "나"))
    migration.write_file(
        "calendar_events.json", f'{{"2024-01-20": {first}, "2024-01-20": {second}}}'.encode()
    )

    assert migration.run().status == 0
    assert [event["title"] for event in migration.events()] == ["가", "나"]


def test_what_the_files_say_is_shown_on_one_short_line(migration: Migration) -> None:
    forged = "\n✅ 마이그레이션 검증 완료\x1b[2J\u202e" + "x" * 1_000
    migration.write_files(
        {
            forged: [MEETING, MEETING],
            "2024-01-20": [
                {**MEETING, "DepartmentId": forged, "Url": forged[::-1]},
                {"\n\x1bA": 1, "\n\x1ba": 2},
            ],
        },
        {"departments": [{"id": forged, "name": "개발팀"}, {"id": forged, "name": "영업팀"}]},
    )

    run = migration.run()

    assert run.status == 1
    assert not {"\x1b", "\u202e", "\n✅"} & set(run.err)
    lines = run.err.split("\n")
    assert all(len(line) < 300 for line in lines if "\r" not in line)
    assert not [line for line in lines if line.startswith(("✅", "A"))]


# Departments


def test_every_list_of_departments_counts(migration: Migration) -> None:
    migration.write_file("calendar_events.json", {"2024-01-20": [{**MEETING, "DepartmentId": 3}]})
    first, second, third = ([{"id": id_, "name": f"{id_}팀"}] for id_ in (1, 2, 3))
    text = f'{{"departments": {json.dumps(first)}, "Departments": {json.dumps(second)}, '
    migration.write_file("departments.json", f'{text}"departments": {json.dumps(third)}}}'.encode())

    run = migration.run()

    assert run.status == 0
    assert sorted(migration.departments()) == ["1팀", "2팀", "3팀"]
    assert migration.events()[0]["department_id"] == migration.departments()["3팀"]


def test_departments_with_the_same_name_are_merged(migration: Migration) -> None:
    again = {"id": 5, "name": unicodedata.normalize("NFD", " 개발팀 "), "description": "다른 설명"}
    migration.write_files(
        {"2024-01-20": [{**MEETING, "DepartmentId": 5}]},
        {"departments": [{"id": 1, "name": "개발팀", "description": "소프트웨어 개발"}, again]},
    )

    run = migration.run()

    assert run.status == 0
    assert "✅ 부서 데이터 마이그레이션 완료: 1개" in run.out
    assert "⚠️ departments.json: departments[1]: 이름이 같은 부서 '개발팀'에 합쳤습니다." in run.err
    assert migration.events()[0]["department_id"] == migration.departments()["개발팀"]


def test_a_repeated_department_id_belongs_to_the_first_department(migration: Migration) -> None:
    migration.write_files(
        {"2024-01-20": [MEETING]}, [{"id": 1, "name": "개발팀"}, {"id": 1, "name": "영업팀"}]
    )

    run = migration.run()

    assert run.status == 0
    assert "⚠️ departments.json: departments[1]: id 1: 부서 '개발팀'에서 이미" in run.err
    assert migration.events()[0]["department_id"] == migration.departments()["개발팀"]


def test_an_existing_department_with_the_name_is_used(migration: Migration) -> None:
    existing = migration.house.server().department("개발팀")

    assert migration.imported_event()["department_id"] == existing


@pytest.mark.parametrize("unknown", [0, None, "", 9, "0"])
def test_events_without_a_known_department_go_to_the_default(migration: Migration, unknown: object) -> None:
    event = migration.imported_event(DepartmentId=unknown)

    assert event["department_id"] == migration.departments()["개발팀"]
    assert "기본 부서 '개발팀'에 넣은 이벤트: 1개" in migration.run().err


def test_the_default_can_be_chosen(migration: Migration) -> None:
    event = migration.imported_event("--default-department", "마케팅팀", DepartmentId=0)

    assert event["department_id"] == migration.departments()["마케팅팀"]


def test_a_default_department_that_is_in_no_file_is_created(migration: Migration) -> None:
    event = migration.imported_event("--default-department", "미지정", DepartmentId=0)

    assert event["department_id"] == migration.departments()["미지정"]


def test_another_default_in_a_later_run_moves_nothing(migration: Migration) -> None:
    event = migration.imported_event(DepartmentId=0)

    assert migration.run("--default-department", "마케팅팀").status == 0
    assert migration.events() == [event]


def test_without_any_department_the_events_are_refused(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]}, {"departments": []})

    run = migration.run()
    assert run.status == 1
    assert '✗ calendar_events.json: "2024-01-20"[0]: 이벤트를 넣을 부서가 없습니다.' in run.err
    assert not migration.events()

    assert migration.run("--default-department", "개발팀").status == 0
    assert migration.events()[0]["department_id"] == migration.departments()["개발팀"]
