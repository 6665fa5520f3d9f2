"""Which records are taken, how they are repaired, and which are refused."""

import json
import unicodedata
from pathlib import Path

import pytest

from tests.importer.conftest import MEETING, Desk

SAMPLE = Path(__file__).resolve().parent.parent / "sample"


def test_the_sample_files(desk: Desk) -> None:
    for path in SAMPLE.iterdir():
        desk.put(path.name, path.read_bytes())

    run = desk.run()

    assert run.status == 1
    assert [line for line in run.err.splitlines() if line.startswith("✗ calendar")] == [
        '✗ calendar_events.json: "2024-02-30"[0]: event_date: YYYY-MM-DD 형식의 실제 날짜여야 합니다.'
    ]
    assert "✅ 부서 데이터 마이그레이션 완료: 3개" in run.out
    assert "  • 부서: 3개\n  • 이벤트: 23개\n" in run.out
    assert "기본 부서 '개발팀'(으)로 옮긴 이벤트: 2개" in run.err
    assert len(desk.events()) == 23


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_harm(desk: Desk, bom: bytes) -> None:
    desk.write()
    desk.put("calendar_events.json", bom + json.dumps({"2024-01-20": [MEETING]}).encode())

    assert desk.run().status == 0
    assert len(desk.events()) == 1


def test_names_of_every_style(desk: Desk) -> None:
    camel = {"id": "8", "departmentId": "2", "title": "가", "lastModified": "2024-01-15T10:30:00"}
    snake = {"id": 9, "department_id": 2.0, "title": "나", "last_modified": "2024-01-15T10:30:00"}
    desk.write(
        {"2024-01-20": [camel, snake]},
        {"Departments": [{"Id": 1, "Name": "개발팀"}, {"Id": "2", "Name": "마케팅팀", "Description": None}]},
    )

    assert desk.run().status == 0
    assert {event["department_id"] for event in desk.events()} == {desk.departments()["마케팅팀"]}
    assert {event["last_modified"] for event in desk.events()} == {"2024-01-15T01:30:00.000Z"}


@pytest.mark.parametrize(
    "key",
    ["2024-01-20", "2024-01-20T00:00:00", "2024-01-20 14:00", "2024-01-20 오전 12:00:00", " 2024-01-20 "],
)
def test_a_date_with_or_without_a_time(desk: Desk, key: str) -> None:
    desk.write({key: [{**MEETING, "Date": "1999-12-31", "IsAllDay": False}]})

    assert desk.run().status == 0
    assert desk.events()[0]["event_date"] == "2024-01-20"


@pytest.mark.parametrize("key", ["2024-02-30", "2024-1-5", "20240120", "", "오늘", "2024-01-20abc"])
def test_a_date_that_does_not_exist(desk: Desk, key: str) -> None:
    desk.write({key: [MEETING], "2024-01-21": [MEETING]})

    run = desk.run()

    assert run.status == 1
    assert f'✗ calendar_events.json: "{key}"[0]: event_date: ' in run.err
    assert [event["event_date"] for event in desk.events()] == ["2024-01-21"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2024-01-15T10:30:00", "2024-01-15T01:30:00.000Z"),
        ("2024-01-15T10:30:00.1234567", "2024-01-15T01:30:00.123Z"),
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00.000Z"),
        ("2024-01-15T10:30:00.5+02:00", "2024-01-15T08:30:00.500Z"),
        ("2024-01-15 10:30:00", "2024-01-15T01:30:00.000Z"),
    ],
)
def test_last_modified_is_korean_time_unless_it_says_otherwise(desk: Desk, given: str, stored: str) -> None:
    event = desk.take(LastModified=given)

    assert (event["last_modified"], event["created_at"]) == (stored, stored)


def test_another_time_zone(desk: Desk) -> None:
    event = desk.take("--time-zone", "America/New_York", LastModified="2024-07-15T10:30:00")

    assert event["last_modified"] == "2024-07-15T14:30:00.000Z"


@pytest.mark.parametrize("given", ["어제", "0001-01-01T00:00:00", 5, "2024-13-01T00:00:00"])
def test_an_invalid_last_modified_is_now_with_a_warning(desk: Desk, given: object) -> None:
    event = desk.take(LastModified=given)

    assert event["last_modified"] > "2025"
    again = desk.run()
    assert again.status == 0
    assert '⚠️ calendar_events.json: "2024-01-20"[0]: LastModified' in again.err
    assert desk.events() == [event]


@pytest.mark.parametrize("given", [None, ""])
def test_no_last_modified_is_now(desk: Desk, given: object) -> None:
    assert desk.take(LastModified=given)["last_modified"] > "2025"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("www.naver.com", "https://www.naver.com"),
        ("  naver.com/path?q=1#top ", "https://naver.com/path?q=1#top"),
        ("192.168.0.5:8080/share", "https://192.168.0.5:8080/share"),
        ("localhost:3000", "https://localhost:3000"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
    ],
)
def test_a_web_address_without_a_scheme(desk: Desk, given: str, stored: str) -> None:
    assert desk.take(Url=given)["url"] == stored
    assert '⚠️ calendar_events.json: "2024-01-20"[0]: Url' in desk.run().err


@pytest.mark.parametrize(
    "given",
    [
        "3층 회의실",
        "ftp://files.example.com/a",
        "javascript:alert(1)",
        r"C:\회의\자료.docx",
        "김민수",
        "a@b.com",
    ],
)
def test_what_is_no_web_address_moves_to_the_description(desk: Desk, given: str) -> None:
    event = desk.take(Url=given)

    assert (event["url"], event["description"]) == ("", f"주간 팀 회의\n{given}")
    assert '⚠️ calendar_events.json: "2024-01-20"[0]: 웹 주소가 아닌 Url' in desk.run().err


def test_it_becomes_the_description_when_there_is_none(desk: Desk) -> None:
    assert desk.take(Url="3층 회의실", Description=None)["description"] == "3층 회의실"


def test_it_moves_only_when_it_fits(desk: Desk) -> None:
    assert "description: 10000자 이하여야 합니다." in desk.refuse(Url="3층 회의실", Description="가" * 9_999)


@pytest.mark.parametrize("title", ["", "  \n", None])
def test_a_blank_title(desk: Desk, title: str | None) -> None:
    assert desk.take(Title=title)["title"] == "(제목 없음)"
    assert "⚠️" in desk.run().err


def test_missing_and_null_fields_are_empty(desk: Desk) -> None:
    desk.write({"2024-01-20": [{"DepartmentId": 1, "Title": "팀 회의", "Url": None}], "2024-01-21": None})

    assert desk.run().status == 0
    (event,) = desk.events()
    assert (event["description"], event["time"], event["url"]) == ("", "", "")


def test_text_is_trimmed_and_nfc(desk: Desk) -> None:
    event = desk.take(Title="  " + unicodedata.normalize("NFD", "팀 회의") + "\r\n2부 ")

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
def test_what_the_server_would_refuse_is_refused(desk: Desk, fields: dict[str, object], reason: str) -> None:
    assert reason in desk.refuse(**fields)


def test_what_is_no_record_is_told_and_the_rest_is_taken(desk: Desk) -> None:
    desk.write(
        {"2024-01-20": ["팀 회의", None, MEETING], "2024-01-21": {"Title": "목록이 아님"}},
        {"departments": [{"id": 1, "name": "개발팀"}, {"id": 2}, {"id": 3, "name": " "}, "영업팀"]},
    )

    run = desk.run()

    assert run.status == 1
    for line in (
        'calendar_events.json: "2024-01-20"[0]: JSON 객체가 아닙니다.',
        'calendar_events.json: "2024-01-20"[1]: JSON 객체가 아닙니다.',
        'calendar_events.json: "2024-01-21": 이벤트의 목록이 아닙니다.',
        "departments.json: departments[1]: name: 필수 항목입니다.",
        "departments.json: departments[2]: name: 비워 둘 수 없습니다.",
        "departments.json: departments[3]: JSON 객체가 아닙니다.",
    ):
        assert f"✗ {line}" in run.err
    assert len(desk.events()) == 1
    assert list(desk.departments()) == ["개발팀"]


def test_one_id_with_different_content_is_two_events_and_repeats_are_one(desk: Desk) -> None:
    other = {**MEETING, "Title": "다른 회의"}
    desk.write({"2024-01-20": [MEETING, other, MEETING], "2024-01-27": [MEETING]})

    run = desk.run()

    assert run.status == 0
    assert [(one["event_date"], one["title"]) for one in desk.events()] == [
        ("2024-01-20", "다른 회의"), ("2024-01-20", "팀 회의"), ("2024-01-27", "팀 회의"),
    ]  # fmt: skip
    assert (
        '⚠️ calendar_events.json: "2024-01-20"[2]: calendar_events.json: "2024-01-20"[0]와 똑같은' in run.err
    )
    assert "  • 이벤트: 3개\n" in run.out


def test_a_date_that_stands_in_the_file_twice_loses_nothing(desk: Desk) -> None:
    desk.write()
    first, second = (json.dumps([{**MEETING, "Title": title}]) for title in ("가", "나"))
    desk.put("calendar_events.json", f'{{"2024-01-20": {first}, "2024-01-20": {second}}}'.encode())

    assert desk.run().status == 0
    assert [event["title"] for event in desk.events()] == ["가", "나"]


# Departments


def test_departments_with_one_name_are_one(desk: Desk) -> None:
    again = {"id": 5, "name": unicodedata.normalize("NFD", " 개발팀 "), "description": "다른 설명"}
    desk.write(
        {"2024-01-20": [{**MEETING, "DepartmentId": 5}]},
        {"departments": [{"id": 1, "name": "개발팀", "description": "소프트웨어 개발"}, again]},
    )

    run = desk.run()

    assert run.status == 0
    assert "✅ 부서 데이터 마이그레이션 완료: 1개" in run.out
    assert "⚠️ departments.json: departments[1]: 부서 '개발팀'와 이름이 같아" in run.err
    assert desk.events()[0]["department_id"] == desk.departments()["개발팀"]


def test_an_id_belongs_to_the_first_department_that_has_it(desk: Desk) -> None:
    desk.write({"2024-01-20": [MEETING]}, [{"id": 1, "name": "개발팀"}, {"id": 1, "name": "영업팀"}])

    run = desk.run()

    assert run.status == 0
    assert "⚠️ departments.json: departments[1]: id 1은(는) 부서 '개발팀'의 것" in run.err
    assert desk.events()[0]["department_id"] == desk.departments()["개발팀"]


def test_a_department_that_the_server_has_already_is_used(desk: Desk) -> None:
    there = desk.house.server().department("개발팀")

    assert desk.take()["department_id"] == there


@pytest.mark.parametrize("unknown", [0, None, "", 9, "0"])
def test_events_without_a_known_department_go_to_the_default(desk: Desk, unknown: object) -> None:
    event = desk.take(DepartmentId=unknown)

    assert event["department_id"] == desk.departments()["개발팀"]
    assert "기본 부서 '개발팀'(으)로 옮긴 이벤트: 1개" in desk.run().err


def test_the_default_can_be_chosen(desk: Desk) -> None:
    event = desk.take("--default-department", "마케팅팀", DepartmentId=0)

    assert event["department_id"] == desk.departments()["마케팅팀"]


def test_a_default_that_no_file_names_is_made(desk: Desk) -> None:
    event = desk.take("--default-department", "미지정", DepartmentId=0)

    assert event["department_id"] == desk.departments()["미지정"]


def test_another_default_later_moves_nothing(desk: Desk) -> None:
    event = desk.take(DepartmentId=0)

    assert desk.run("--default-department", "마케팅팀").status == 0
    assert desk.events() == [event]


def test_no_departments_at_all(desk: Desk) -> None:
    desk.write({"2024-01-20": [MEETING]}, {"departments": []})

    run = desk.run()
    assert run.status == 1
    assert '✗ calendar_events.json: "2024-01-20"[0]: 옮길 부서가 없습니다. --default-department' in run.err
    assert not desk.events()

    assert desk.run("--default-department", "개발팀").status == 0
    assert desk.events()[0]["department_id"] == desk.departments()["개발팀"]
