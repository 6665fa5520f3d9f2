"""Files that are missing or damaged, and a storage that fails."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import migrate_to_dynamodb
from teamcal.importer import target
from tests.engine import Fault, client, error
from tests.importer.conftest import DEPARTMENTS, MEETING, Desk
from tests.sample_generator import write_sample
from tests.servers import ROOT, environment_of

NOBODY = "http://127.0.0.1:9"


def faulty(desk: Desk, before: Fault) -> Any:
    """The database over an engine with this fault."""
    return desk.house.database(client(before=before))


def failing(desk: Desk, answer: Any) -> Any:
    """The database when every request is answered like this."""
    return faulty(desk, lambda action, body: answer())


def test_no_files(desk: Desk) -> None:
    run = desk.run()

    assert (run.status, run.out) == (1, "")
    assert "departments.json과 calendar_events.json 파일이 없습니다." in run.err


def test_without_the_departments_only_a_default_helps(desk: Desk) -> None:
    desk.put("calendar_events.json", {"2024-01-20": [MEETING]})

    run = desk.run("--default-department", "개발팀")

    assert run.status == 1
    assert "✗ departments.json: 파일이 없습니다." in run.err
    assert desk.events()[0]["department_id"] == desk.departments()["개발팀"]


def test_without_the_events_the_departments_are_taken(desk: Desk) -> None:
    desk.put("departments.json", {"departments": DEPARTMENTS})

    run = desk.run()

    assert run.status == 1
    assert "✗ calendar_events.json: 파일이 없습니다." in run.err
    assert sorted(desk.departments()) == ["개발팀", "마케팅팀"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"2024-01-20": [\n  {"Title": }]}', "2행 13열: 올바른 JSON이 아닙니다"),
        ('{\n"2024-01-20": "회의"}'.encode("cp949"), "2행 18번째 바이트: UTF-8이 아닙니다."),
        (b"", "1행 1열"),
        (b"[" * 200_000, "올바른 JSON이 아닙니다"),
        (b"[]", '{"날짜": [이벤트, …]} 형식이 아닙니다.'),
    ],
)
def test_a_damaged_file(desk: Desk, raw: bytes, said: str) -> None:
    desk.write()
    desk.put("calendar_events.json", raw)

    run = desk.run()

    assert run.status == 1
    assert "✗ calendar_events.json: " in run.err
    assert said in run.err
    assert "✅ 부서 데이터 마이그레이션 완료: 2개" in run.out


@pytest.mark.parametrize("content", [{"teams": []}, "부서", {"departments": {"id": 1}}])
def test_departments_of_another_form(desk: Desk, content: Any) -> None:
    desk.write({}, content)

    run = desk.run()

    assert run.status == 1
    assert '✗ departments.json: {"departments": […]} 형식이 아닙니다.' in run.err


def test_credentials_refused(desk: Desk) -> None:
    desk.write({"2024-01-20": [MEETING]})

    run = desk.run(database=failing(desk, lambda: error("UnrecognizedClientException")))

    assert run.status == 2
    assert "\n✗ DynamoDB 연결 실패: 자격증명 오류" in "\n" + run.err
    assert "IAM" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("table", ["departments_table", "events_table", "changes_table"])
def test_a_missing_table_is_named_before_anything_is_written(desk: Desk, table: str) -> None:
    desk.write({"2024-01-20": [MEETING]})
    name = getattr(desk.house.storage, table)
    desk.house.plain.delete_table(TableName=name)

    run = desk.run()

    assert run.status == 2
    assert f"테이블 '{name}'가 없습니다." in run.err
    assert 'python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"' in run.err
    assert "부서" not in run.out
    assert "Traceback" not in run.err


def test_unreachable(desk: Desk) -> None:
    def refuse() -> None:
        raise ConnectionRefusedError

    desk.write({"2024-01-20": [MEETING]})

    run = desk.run(database=failing(desk, refuse))

    assert run.status == 2
    assert "✗ DynamoDB 연결 실패" in run.err
    assert "Traceback" not in run.err


def test_throttling_is_waited_for(desk: Desk) -> None:
    left = [3]

    def before(action: str, body: bytes) -> Any:
        if action != "TransactWriteItems" or not left[0]:
            return None
        left[0] -= 1
        return error("ProvisionedThroughputExceededException")

    desk.write({"2024-01-20": [MEETING]})

    run = desk.run(database=faulty(desk, before))

    assert run.status == 0
    assert "ProvisionedThroughputExceededException" in run.err
    assert len(desk.events()) == 1


def test_throttling_longer_than_a_request_waits_is_waited_for_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "SCRIPT_SECONDS", 3.5)
    ends = time.monotonic() + 1.5

    def before(action: str, body: bytes) -> Any:
        throttled = action == "TransactWriteItems" and time.monotonic() < ends
        return error("ProvisionedThroughputExceededException") if throttled else None

    desk.write({"2024-01-20": [MEETING]})

    assert desk.run(database=faulty(desk, before)).status == 0


def test_lasting_throttling_ends_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "SCRIPT_SECONDS", 3.5)
    monkeypatch.setattr(target, "THROTTLED_SECONDS", 0.0)
    desk.write({"2024-01-20": [MEETING]})

    run = desk.run(database=failing(desk, lambda: error("ProvisionedThroughputExceededException")))

    assert run.status == 2
    assert "ProvisionedThroughputExceededException: 테이블 '" in run.err
    assert "Traceback" not in run.err


def test_a_lost_answer_makes_nothing_twice(desk: Desk) -> None:
    lost: list[str] = []

    def after(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and len(lost) < 2:
            lost.append(action)
            raise ConnectionResetError

    desk.write({"2024-01-20": [MEETING]})
    desk.run(database=desk.house.database(client(after=after)))

    assert desk.run().status == 0
    assert len(desk.events()) == 1
    desk.house.must_be_sound(desk.events()[0]["department_id"])


def test_interrupted(desk: Desk) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    desk.write({"2024-01-20": [MEETING]})

    run = desk.run(database=failing(desk, interrupt))

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


def test_the_command_needs_no_secret_key_and_says_what_is_missing(tmp_path: Path) -> None:
    write_sample(tmp_path, 3)
    environment = environment_of("python", 0, tmp_path / "data", {"LC_ALL": "C", "PYTHONUTF8": "0"})
    del environment["SECRET_KEY"]
    command = [sys.executable, "migrate_to_dynamodb.py", "--data-dir", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)

    assert done.returncode == 2
    assert "🚀 JSON → DynamoDB 마이그레이션 시작" in done.stdout.decode()
    assert "테이블 'departments'가 없습니다." in done.stderr.decode()


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"DYNAMODB_ENDPOINT_URL": ""}, "✗ DynamoDB 연결 실패: 자격증명 오류"),
        ({"EVENTS_TABLE": "?"}, "✗ 설정 오류: EVENTS_TABLE"),
        (
            {"DYNAMODB_ENDPOINT_URL": NOBODY, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
            f"✗ DynamoDB 연결 실패: {NOBODY} 응답 없음",
        ),
    ],
)
def test_the_command_without_a_storage(tmp_path: Path, env: dict[str, str], said: str) -> None:
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
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_generator_gives_the_same_files_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.sample_generator", "--events", "50", "--seed", "7", "--out"]
    for name in ("a", "b"):
        subprocess.run([*command, str(tmp_path / name)], cwd=ROOT, check=True)

    for name in ("departments.json", "calendar_events.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
