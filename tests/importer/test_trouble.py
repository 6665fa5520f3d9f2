"""Files that are missing or damaged, and storage that fails."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import migrate_to_dynamodb
from teamcal.importer import target
from tests.engine import Fault, client, error
from tests.importer.migration import DEPARTMENTS, MEETING, Migration
from tests.sample_generator import write_sample
from tests.servers import ROOT, environment_of

NOBODY = "http://127.0.0.1:9"


def faulty(migration: Migration, before: Fault) -> Any:
    """Returns a database whose client has this fault."""
    return migration.house.database(client(before=before))


def failing(migration: Migration, answer: Any) -> Any:
    """Returns a database whose every request is answered like this."""
    return faulty(migration, lambda action, body: answer())


def test_without_files_nothing_is_imported(migration: Migration) -> None:
    run = migration.run()

    assert (run.status, run.out) == (1, "")
    assert "departments.json과 calendar_events.json 파일이 없습니다." in run.err


def test_without_departments_the_events_need_a_default(migration: Migration) -> None:
    migration.write_file("calendar_events.json", {"2024-01-20": [MEETING]})

    run = migration.run("--default-department", "개발팀")

    assert run.status == 1
    assert "✗ departments.json: 파일이 없습니다." in run.err
    assert migration.events()[0]["department_id"] == migration.departments()["개발팀"]


def test_without_events_the_departments_are_imported(migration: Migration) -> None:
    migration.write_file("departments.json", {"departments": DEPARTMENTS})

    run = migration.run()

    assert run.status == 1
    assert "✗ calendar_events.json: 파일이 없습니다." in run.err
    assert sorted(migration.departments()) == ["개발팀", "마케팅팀"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"2024-01-20": [\n  {"Title": }]}', "2행 13열: 올바른 JSON이 아닙니다"),
        ('{\n"2024-01-20": "회의"}'.encode("cp949"), "2행 18번째 바이트: UTF-8이 아닙니다."),
        (b"", "1행 1열"),
        (b"[" * 200_000, "올바른 JSON이 아닙니다"),
        (b"[]", '{"날짜": [이벤트, …]} 형식이 아닙니다.'),
    ],
)
def test_a_damaged_file_is_named_with_position_and_reason(
    migration: Migration, raw: bytes, reason: str
) -> None:
    migration.write_files()
    migration.write_file("calendar_events.json", raw)

    run = migration.run()

    assert run.status == 1
    assert "✗ calendar_events.json: " in run.err
    assert reason in run.err
    assert "✅ 부서 데이터 마이그레이션 완료: 2개" in run.out


@pytest.mark.parametrize("content", [{"teams": []}, "부서", {"departments": {"id": 1}}])
def test_a_departments_file_of_another_form_is_refused(migration: Migration, content: Any) -> None:
    migration.write_files({}, content)

    run = migration.run()

    assert run.status == 1
    assert '✗ departments.json: {"departments": […]} 형식이 아닙니다.' in run.err


def test_refused_credentials_end_the_run(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]})

    run = migration.run(database=failing(migration, lambda: error("UnrecognizedClientException")))

    assert run.status == 2
    assert "\n✗ DynamoDB 연결 실패: 자격증명 오류" in "\n" + run.err
    assert "IAM" in run.err
    assert "Traceback" not in run.err


def test_an_engine_without_transactions_ends_the_run(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]})
    unknown = error("UnknownOperationException")
    without = client(before=lambda action, body: unknown if action == "TransactWriteItems" else None)
    database = migration.house.database(without)

    run = migration.run(database=database)

    assert run.status == 2
    assert "✗ 이 엔진은 TransactWriteItems를 지원하지 않습니다" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("table", ["departments_table", "events_table", "changes_table"])
def test_a_missing_table_is_named_before_anything_is_written(migration: Migration, table: str) -> None:
    migration.write_files({"2024-01-20": [MEETING]})
    name = getattr(migration.house.storage, table)
    migration.house.plain.delete_table(TableName=name)

    run = migration.run()

    assert run.status == 2
    assert f"테이블 '{name}'가 없습니다." in run.err
    assert 'python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"' in run.err
    assert "부서" not in run.out
    assert "Traceback" not in run.err


def test_an_unreachable_database_ends_the_run(migration: Migration) -> None:
    def refuse() -> None:
        raise ConnectionRefusedError

    migration.write_files({"2024-01-20": [MEETING]})

    run = migration.run(database=failing(migration, refuse))

    assert run.status == 2
    assert "✗ DynamoDB 연결 실패" in run.err
    assert "Traceback" not in run.err


def test_throttling_is_waited_for(migration: Migration) -> None:
    remaining = [3]

    def before(action: str, body: bytes) -> Any:
        if action != "TransactWriteItems" or not remaining[0]:
            return None
        remaining[0] -= 1
        return error("ProvisionedThroughputExceededException")

    migration.write_files({"2024-01-20": [MEETING]})

    run = migration.run(database=faulty(migration, before))

    assert run.status == 0
    assert "ProvisionedThroughputExceededException" in run.err
    assert len(migration.events()) == 1


def test_throttling_longer_than_a_request_waits_is_waited_for_too(
    migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "SCRIPT_SECONDS", 3.5)
    ends = time.monotonic() + 1.5

    def before(action: str, body: bytes) -> Any:
        throttled = action == "TransactWriteItems" and time.monotonic() < ends
        return error("ProvisionedThroughputExceededException") if throttled else None

    migration.write_files({"2024-01-20": [MEETING]})

    assert migration.run(database=faulty(migration, before)).status == 0


def test_lasting_throttling_ends_the_run(migration: Migration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "SCRIPT_SECONDS", 3.5)
    monkeypatch.setattr(target, "THROTTLED_SECONDS", 0.0)
    migration.write_files({"2024-01-20": [MEETING]})

    run = migration.run(database=failing(migration, lambda: error("ProvisionedThroughputExceededException")))

    assert run.status == 2
    assert "ProvisionedThroughputExceededException: 테이블 '" in run.err
    assert "Traceback" not in run.err


def test_a_lost_answer_duplicates_nothing(migration: Migration) -> None:
    lost: list[str] = []

    def after(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and len(lost) < 2:
            lost.append(action)
            raise ConnectionResetError

    migration.write_files({"2024-01-20": [MEETING]})
    migration.run(database=migration.house.database(client(after=after)))

    assert migration.run().status == 0
    assert len(migration.events()) == 1
    migration.house.must_be_sound(migration.events()[0]["department_id"])


def test_an_interrupted_run_says_so(migration: Migration) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    migration.write_files({"2024-01-20": [MEETING]})

    run = migration.run(database=failing(migration, interrupt))

    assert run.status == 130
    assert run.err.strip().splitlines()[-1] == "✗ 중단되었습니다. 다시 실행하면 이어서 진행합니다."
    assert "Traceback" not in run.err


# The command itself


def test_files_beside_the_script_come_before_its_parent_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path / "server"
    write_sample(tmp_path, 1)
    write_sample(beside, 1)
    (beside / "calendar_events.json").unlink()
    monkeypatch.setattr(migrate_to_dynamodb, "__file__", str(beside / "migrate_to_dynamodb.py"))

    assert migrate_to_dynamodb.find_file("departments.json", None) == beside / "departments.json"
    assert migrate_to_dynamodb.find_file("calendar_events.json", None) == tmp_path / "calendar_events.json"


def test_the_command_needs_no_secret_key_and_names_a_missing_table(tmp_path: Path) -> None:
    write_sample(tmp_path, 3)
    environment = environment_of("python", 0, tmp_path / "data", {"LC_ALL": "C", "PYTHONUTF8": "0"})
    del environment["SECRET_KEY"]
    command = [sys.executable, "migrate_to_dynamodb.py", "--data-dir", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)

    assert done.returncode == 2
    assert "🚀 JSON → DynamoDB 마이그레이션 시작" in done.stdout.decode()
    assert "테이블 'departments'가 없습니다." in done.stderr.decode()


@pytest.mark.parametrize(
    ("env", "reason"),
    [
        ({"DYNAMODB_ENDPOINT_URL": ""}, "✗ DynamoDB 연결 실패: 자격증명 오류"),
        ({"EVENTS_TABLE": "?"}, "✗ 설정 오류 (configuration): EVENTS_TABLE"),
        (
            {"DYNAMODB_ENDPOINT_URL": NOBODY, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
            f"✗ DynamoDB 연결 실패: {NOBODY} 응답 없음",
        ),
    ],
)
def test_the_command_without_storage_ends_with_status_2(
    tmp_path: Path, env: dict[str, str], reason: str
) -> None:
    write_sample(tmp_path, 3)
    command = [sys.executable, "migrate_to_dynamodb.py", "--data-dir", str(tmp_path)]

    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment_of("python", 0, tmp_path / "data", env),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sample_generator_is_deterministic(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.sample_generator", "--events", "50", "--seed", "7", "--out"]
    for name in ("a", "b"):
        subprocess.run([*command, str(tmp_path / name)], cwd=ROOT, check=True)

    for name in ("departments.json", "calendar_events.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
