"""`.env` as Windows programs save it: read if it is UTF-8, else named with the line and what to do."""

import codecs
import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

KOREAN = "# 운영 서버 설정\r\nEVENTS_TABLE=팀\r\n"
SAVE = "UTF-8로 저장하세요"

REFUSED = {
    "CP949": (b"FLASK_ENV=development\r\n" + KOREAN.encode("cp949"), f".env: 2행: {SAVE}"),
    "UTF-16 LE": (codecs.BOM_UTF16_LE + KOREAN.encode("utf-16-le"), f".env: 1행: {SAVE}"),
    "UTF-16 BE": (codecs.BOM_UTF16_BE + KOREAN.encode("utf-16-be"), f".env: 1행: {SAVE}"),
    "UTF-16 without a mark": ("A=1\r\nB=2\r\n".encode("utf-16-le"), f".env: 1행: {SAVE}"),
    "a zero": (b"FLASK_ENV=development\nA=1\nB=\0\n", f".env: 3행: {SAVE}"),
    "only zeros": (b"\0" * 512, f".env: 1행: {SAVE}"),
    "a broken character": ("A=1\n# 서버".encode()[:-1], f".env: 2행: {SAVE}"),
    "a huge file": (b"#" * 2_000_000, ".env: 1 MB를 넘습니다"),
    "a name with =": (b"'A=B'=1\n", ".env: 변수 이름이 올바르지 않습니다"),
    "a folder": (None, ".env: 읽을 수 없습니다 (Is a directory)"),
    "a closed file": (b"A=1\n", ".env: 읽을 수 없습니다 (Permission denied)"),
}
COMMANDS = {
    "server": (["-c", "import app"], 4),
    "migration": (["migrate_to_dynamodb.py", "--data-dir", "."], 2),
    "tables": (["-c", "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"], 2),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program, which reads the `.env` beside its own app.py."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("app.py", "models.py", "migrate_to_dynamodb.py"):
        shutil.copy(ROOT / name, folder)
    for name in ("teamcal", "localdynamo"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "departments.json").write_text("[]")
    return folder


def without_privileges() -> None:
    """Takes from the process that is about to start what lets root read everything."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; fails for everybody but root


def run(project: Path, arguments: list[str], content: bytes | None, mode: int = 0o600) -> tuple[int, str]:
    path = project / ".env"
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
        path.chmod(mode)
    names = ("PATH", "HOME", "LANG")
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={name: os.environ[name] for name in names if name in os.environ},
        capture_output=True,
        text=True,
        preexec_fn=without_privileges,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


CASES = [
    *(("server", kind) for kind in REFUSED),
    *((command, kind) for command in ("migration", "tables") for kind in ("CP949", "a folder")),
]


@pytest.mark.parametrize(("command", "kind"), CASES)
def test_a_file_that_cannot_be_read_is_told_in_a_line(project: Path, command: str, kind: str) -> None:
    (arguments, status), (content, reason) = COMMANDS[command], REFUSED[kind]

    code, output = run(project, arguments, content, 0 if kind == "a closed file" else 0o600)

    assert code == status
    (line,) = [line for line in output.splitlines() if ".env" in line]
    assert line.startswith(f"✗ 설정 오류 (configuration): {reason}")
    assert "Traceback" not in output


PRINT = ["-c", "from models import DynamoDBDatabase as D; print(D().settings.events_table)"]


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + b"EVENTS_TABLE=meetings\r\n",
        "# 운영 서버\r\nEVENTS_TABLE=meetings\r\n".encode(),
        b"EVENTS_TABLE=meetings\r# old Mac\r",
        b"export EVENTS_TABLE='meetings' # comment",
        b'OTHER="a\r\nb"\r\nEVENTS_TABLE=meetings',
        "이름=값\nEVENTS_TABLE=meetings\n".encode(),
        b"=\nEVENTS_TABLE=meetings\n???\n",
    ],
)
def test_utf_8_is_read_as_windows_programs_save_it(project: Path, content: bytes) -> None:
    code, output = run(project, PRINT, content)

    assert code == 0, output
    assert "meetings" in output.splitlines()


def test_other_wrong_settings_end_the_tables_command_in_words_too(project: Path) -> None:
    code, output = run(project, COMMANDS["tables"][0], b"EVENTS_TABLE=?\n")

    assert code == 2
    assert output.startswith("✗ 설정 오류 (configuration): EVENTS_TABLE: must be a table name")
    assert "Traceback" not in output


def test_a_storage_that_fails_ends_the_tables_command_in_words_too(project: Path) -> None:
    keys = b"AWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=b\n"

    code, output = run(project, COMMANDS["tables"][0], keys + b"DYNAMODB_ENDPOINT_URL=http://127.0.0.1:1\n")

    assert code == 2
    assert "✗ DynamoDB 연결 실패" in output
    assert "✗ 중단되었습니다 (" in output
    assert "Traceback" not in output
