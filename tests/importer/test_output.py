"""What the migration prints, character for character, and its exit status."""

import pytest

import migrate_to_dynamodb
from tests.importer.conftest import MEETING, Desk

EXAMPLE = """\
==================================================
🚀 JSON → DynamoDB 마이그레이션 시작
==================================================

📋 부서 데이터 마이그레이션 시작...
  ✓ 부서 '개발팀' 마이그레이션 완료
  ✓ 부서 '마케팅팀' 마이그레이션 완료
✅ 부서 데이터 마이그레이션 완료: 2개

📅 캘린더 이벤트 데이터 마이그레이션 시작...
  ✓ 이벤트 '팀 회의' (2024-01-20) 마이그레이션 완료
✅ 이벤트 데이터 마이그레이션 완료: 1개

🔍 마이그레이션 검증 중...
  • 부서: 2개
  • 이벤트: 1개

✅ 마이그레이션 검증 완료
==================================================
"""


def test_two_departments_and_one_event_print_the_example(desk: Desk) -> None:
    desk.write({"2024-01-20": [MEETING]})

    assert desk.run()[:2] == (0, EXAMPLE)


def test_a_second_run_prints_the_same_and_changes_nothing(desk: Desk) -> None:
    desk.write({"2024-01-20": [MEETING]})
    desk.run()
    before = desk.house.dump()

    assert desk.run()[:2] == (0, EXAMPLE)
    assert desk.house.dump() == before


def test_progress_goes_to_standard_error_also_without_a_terminal(desk: Desk) -> None:
    desk.write({"2024-01-20": [MEETING]})

    err = desk.run().err

    assert "이벤트: 100%" in err
    assert "⚠️" not in err
    assert "✗" not in err


def test_events_are_named_in_the_order_of_the_files(desk: Desk) -> None:
    titles = [f"회의 {number}" for number in range(7)]
    desk.write({"2024-01-20": [{"DepartmentId": 1 + i % 2, "Title": t} for i, t in enumerate(titles)]})

    out = desk.run().out

    assert [line.split("'")[1] for line in out.splitlines() if "✓ 이벤트" in line] == titles


def test_an_event_is_stored_with_all_it_needs(desk: Desk) -> None:
    event = desk.take()

    own = {name: value for name, value in event.items() if name not in ("id", "revision", "version")}
    assert own == {
        "department_id": desk.departments()["개발팀"], "event_date": "2024-01-20", "title": "팀 회의",
        "description": "주간 팀 회의", "time": "오후 2:00", "url": "https://example.com",
        "created_at": "2024-01-15T01:30:00.000Z", "last_modified": "2024-01-15T01:30:00.000Z",
    }  # fmt: skip
    desk.house.must_be_sound(event["department_id"])


def test_the_server_lists_what_was_imported(desk: Desk) -> None:
    desk.write({"2024-01-20": [MEETING]})
    desk.run()
    server = desk.house.server()

    listed = server.http.get("/api/departments").json["departments"]

    assert [(one["name"], one["description"]) for one in listed] == [
        ("개발팀", "소프트웨어 개발"),
        ("마케팅팀", "브랜드와 홍보"),
    ]
    assert [event["title"] for event in server.events(listed[0]["id"])] == ["팀 회의"]


@pytest.mark.parametrize(
    "options",
    [["--time-zone", "Asia/Pyeongyang"], ["--time-zone", "../x"], ["--default-department", " "], ["--nope"]],
)
def test_wrong_options_end_with_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        migrate_to_dynamodb.main(options)

    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_refused_record_is_no_success_and_the_last_line_says_so(desk: Desk) -> None:
    desk.write({"2024-01-20": [MEETING], "2024-02-30": [MEETING]})

    run = desk.run()

    assert run.status == 1
    assert "  • 이벤트: 1개\n" in run.out
    assert "✅ 마이그레이션 검증 완료" not in run.out
    assert '✗ calendar_events.json: "2024-02-30"[0]: event_date: YYYY-MM-DD 형식의 실제 날짜' in run.err


def test_the_verification_sees_a_record_that_is_not_as_it_was_written(desk: Desk) -> None:
    event = desk.take()
    desk.house.put_event(**{**event, "title": "다른 회의"})

    run = desk.run()

    assert run.status == 1
    assert "❌ 마이그레이션 검증 실패: 1개" in run.out
    assert "  • 이벤트: 0개\n" in run.out
    assert '✗ calendar_events.json: "2024-01-20"[0]: 테이블의 내용이 다릅니다 (title).' in run.err
