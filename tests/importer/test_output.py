"""The migration's output, character for character, and its exit status."""

import pytest

import migrate_to_dynamodb
from tests.importer.migration import MEETING, Migration

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


def test_two_departments_and_one_event_print_the_example(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]})

    assert migration.run()[:2] == (0, EXAMPLE)


def test_a_second_run_prints_the_same_and_changes_nothing(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]})
    migration.run()
    before = migration.house.dump()

    assert migration.run()[:2] == (0, EXAMPLE)
    assert migration.house.dump() == before


def test_progress_goes_to_standard_error_even_without_a_terminal(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]})

    err = migration.run().err

    assert "이벤트: 100%" in err
    assert "⚠️" not in err
    assert "✗" not in err


def test_events_are_printed_in_the_order_of_the_file(migration: Migration) -> None:
    titles = [f"회의 {number}" for number in range(7)]
    migration.write_files(
        {"2024-01-20": [{"DepartmentId": 1 + i % 2, "Title": t} for i, t in enumerate(titles)]}
    )

    out = migration.run().out

    assert [line.split("'")[1] for line in out.splitlines() if "✓ 이벤트" in line] == titles


def test_all_fields_of_an_event_are_stored(migration: Migration) -> None:
    event = migration.imported_event()

    others = ("id", "revision", "version", "~")
    fields = {name: value for name, value in event.items() if name not in others}
    assert fields == {
        "department_id": migration.departments()["개발팀"],
        "event_date": "2024-01-20",
        "title": "팀 회의",
        "description": "주간 팀 회의",
        "time": "오후 2:00",
        "url": "https://example.com",
        "start_time": "14:00",
        "time_zone": "Asia/Seoul",
        "created_at": "2024-01-15T01:30:00.000Z",
        "last_modified": "2024-01-15T01:30:00.000Z",
    }
    migration.house.must_be_sound(event["department_id"])


def test_the_server_lists_what_was_imported(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]})
    migration.run()
    server = migration.house.server()

    departments = server.http.get("/api/departments").json["departments"]

    assert [(department["name"], department["description"]) for department in departments] == [
        ("개발팀", "소프트웨어 개발"),
        ("마케팅팀", "브랜드와 홍보"),
    ]
    assert [event["title"] for event in server.events(departments[0]["id"])] == ["팀 회의"]


@pytest.mark.parametrize(
    "options",
    [["--time-zone", "Asia/Pyeongyang"], ["--time-zone", "../x"], ["--default-department", " "], ["--nope"]],
)
def test_wrong_options_end_with_status_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        migrate_to_dynamodb.main(options)

    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_refused_record_makes_the_run_fail(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING], "2024-02-30": [MEETING]})

    run = migration.run()

    assert run.status == 1
    assert "  • 이벤트: 1개\n" in run.out
    assert "✅ 마이그레이션 검증 완료" not in run.out
    assert '✗ calendar_events.json: "2024-02-30"[0]: event_date: YYYY-MM-DD 형식의 실제 날짜' in run.err


def test_the_verification_finds_a_record_that_was_changed_in_the_table(migration: Migration) -> None:
    event = migration.imported_event()
    migration.house.put_event(**{**event, "title": "다른 회의"})

    run = migration.run()

    assert run.status == 1
    assert "❌ 마이그레이션 검증 실패: 1개" in run.out
    assert "  • 이벤트: 0개\n" in run.out
    assert '✗ calendar_events.json: "2024-01-20"[0]: 테이블의 내용이 다릅니다 (title).' in run.err
