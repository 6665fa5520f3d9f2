"""The key: only its owner reads it, other accounts of the machine get nothing from the engine."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from localdynamo import EngineFailed, credentials_of, endpoint_of, key, launch
from localdynamo import folder as files
from tests.localdynamo.engines import ROOT, RunEngine, client
from tests.localdynamo.stores import CHANGES

NOBODY = 65534
ANOTHER_ACCOUNT = """
import encodings.idna, http.client, json, os, sys
from localdynamo.lease import TARGET
from localdynamo.signature import sign
folder, port, uid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if uid:
    os.setgroups([]), os.setgid(uid), os.setuid(uid)
readable = []
for name in sorted(sys.argv[4:]):
    try:
        readable.append(open(os.path.join(folder, name), "rb").read())
    except OSError:
        pass

def ask(action, parameters, key):
    body, host = json.dumps(parameters).encode(), f"127.0.0.1:{port}"
    target = action if "." in action else f"DynamoDB_20120810.{action}"
    headers = sign(key, host, target, body) if key else {"X-Amz-Target": target}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())

row = {"department_id": {"S": "x"}, "revision": {"N": "2"}}
calls = [
    ("ListTables", {}),
    ("Scan", {"TableName": "changes"}),
    ("PutItem", {"TableName": "changes", "Item": row}),
    ("DeleteTable", {"TableName": "changes"}),
    (TARGET, {"sync": "always"}),
]
answers = [ask(*call, key) for call in calls for key in ("", "embedded", "0" * 64)]
print(json.dumps({"uid": os.getuid(), "readable": len(readable), "answers": answers}))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which every account may look around, as a data folder that was made by hand."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "data")
        folder.mkdir()
        for one in (Path(parent), folder):
            one.chmod(0o755)
        yield folder


def seen_by_another_account(folder: Path, port: int, uid: int, *names: str) -> Any:
    """Runs the calls of another account; one that isn't root itself can only do without the key."""
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER_ACCOUNT, str(folder), str(port), str(uid), *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(os.name == "nt", reason="accounts of POSIX")
def test_another_account_gets_nothing(run_engine: RunEngine, open_folder: Path) -> None:
    running = run_engine(folder=open_folder).ready()
    table = client(open_folder)
    table.create_table(**CHANGES)
    row = {"department_id": {"S": "x"}, "revision": {"N": "1"}}
    table.put_item(TableName="changes", Item=row)
    is_root = os.getuid() == 0
    names = [path.name for path in open_folder.iterdir()] if is_root else []
    seen = seen_by_another_account(open_folder, running.port, NOBODY if is_root else 0, *names)
    assert seen["uid"] == (NOBODY if is_root else os.getuid())
    assert seen["readable"] == 0
    assert not is_root or {"engine.key", "engine.json"} < set(names)
    assert len(seen["answers"]) == 15
    for status, answer in seen["answers"]:
        assert status == 403
        assert set(answer) == {"__type", "message"}
        assert answer["__type"].startswith("com.amazon.coral.service#")
    assert table.scan(TableName="changes")["Items"] == [row]
    assert "always" not in running.end()


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_all_files_are_the_owners_alone(run_engine: RunEngine, tmp_path: Path) -> None:
    running = run_engine().ready()
    client(running.folder).create_table(**CHANGES)
    assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in running.folder.iterdir()}
    assert modes.keys() >= {key.KEY, files.ADDRESS, files.LOCK, files.ENGINE_LOG}
    assert set(modes.values()) == {0o600}
    content = (running.folder / key.KEY).read_text()
    assert len(bytes.fromhex(content)) == 32
    # It stands in no other file, and the engine's own log doesn't tell it either.
    assert not [p.name for p in running.folder.iterdir() if p.name != key.KEY and content in p.read_text()]
    running.kill()
    run_engine().ready()
    assert (running.folder / key.KEY).read_text() == content


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o660])
def test_a_key_that_others_can_read_is_refused(run_engine: RunEngine, tmp_path: Path, mode: int) -> None:
    running = run_engine().ready()
    running.end()
    path = running.folder / key.KEY
    path.chmod(mode)
    failed = run_engine()
    assert failed.process.wait(60) == 10
    with pytest.raises(EngineFailed) as caught:
        endpoint_of(running.folder)
    for words in (failed.end(), str(caught.value)):
        assert "다른 계정이 내장 엔진의 키를 읽을 수 있어" in words
        assert "Another account can read the embedded engine's key" in words
        assert f"chmod 600 {path}" in words
        assert path.read_text() not in words
    path.chmod(0o600)
    run_engine().ready()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
def test_a_key_that_another_account_has_put_there_is_refused(tmp_path: Path) -> None:
    key.make_key(tmp_path)
    os.chown(tmp_path / key.KEY, NOBODY, NOBODY)
    with pytest.raises(EngineFailed, match="Another account"):
        key.read_key(tmp_path)
    os.chown(tmp_path, NOBODY, NOBODY)  # root helps that account's own server
    assert key.read_key(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_folder_that_others_can_write_to_is_refused(
    run_engine: RunEngine, open_folder: Path, mode: int
) -> None:
    open_folder.chmod(mode)
    failed = run_engine(folder=open_folder)
    assert failed.process.wait(60) == 10
    words = failed.end()
    assert "다른 계정도 데이터 폴더에 쓸 수 있어" in words
    assert "Other accounts can write to the data folder" in words
    assert f"chmod 700 {open_folder}" in words
    assert list(open_folder.iterdir()) == []
    assert stat.S_IMODE(open_folder.stat().st_mode) == mode


@pytest.mark.parametrize("content", ["", "0f", "0f" * 31 + "0g", "0F" * 32])
def test_what_is_no_key_is_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / key.KEY
    path.write_text(content)
    path.chmod(0o600)
    (tmp_path / f"{key.KEY}.{os.getpid()}.tmp").write_text("of a process that died")
    assert key.read_key(tmp_path) == ""
    with pytest.raises(EngineFailed, match="No embedded engine"):
        credentials_of(tmp_path)
    made = key.make_key(tmp_path)
    assert made == key.read_key(tmp_path) == credentials_of(tmp_path).secret_access_key != content
    assert [one.name for one in tmp_path.iterdir()] == [key.KEY]


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_link_in_the_keys_place_isnt_followed(tmp_path: Path) -> None:
    key.make_key(tmp_path)
    (tmp_path / key.KEY).rename(tmp_path / "elsewhere")
    (tmp_path / key.KEY).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineFailed):
        credentials_of(tmp_path)


@pytest.mark.usefixtures("in_process")
def test_an_engine_of_an_older_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no key, holds the lock and has written an id."""
    monkeypatch.setattr(launch, "_START_SECONDS", 1.0)
    (tmp_path / files.ADDRESS).write_text(json.dumps({"port": 1, "pid": 1, "id": "x"}))
    with (
        FileLock(tmp_path / files.LOCK),
        pytest.raises(EngineFailed, match="이전 버전의 내장 엔진") as caught,
    ):
        endpoint_of(tmp_path)
    assert "of an older version" in str(caught.value)


@pytest.mark.usefixtures("in_process")
def test_an_engine_of_an_older_version_is_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It ends after its last user, and the server that waits for it starts its own."""
    (tmp_path / files.ADDRESS).write_text(json.dumps({"port": 1, "pid": 1, "id": "x"}))
    lock = FileLock(tmp_path / files.LOCK, thread_local=False)
    lock.acquire()
    timer = threading.Timer(5, lock.release)
    timer.start()
    endpoint_of(tmp_path)
    assert caplog.text.count("이전 버전의 내장 엔진이 아직") == 1
    timer.join()
    assert client(tmp_path).list_tables()["TableNames"] == []
    assert "id" not in files.read_address(tmp_path)


def run_credentials(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "localdynamo", "--data-dir", str(folder), "--credentials"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_credentials_are_printed_of_an_engine_that_runs(run_engine: RunEngine, tmp_path: Path) -> None:
    running = run_engine().ready()
    done = run_credentials(running.folder)
    assert done.returncode == 0
    assert f"AWS_ENDPOINT_URL_DYNAMODB={running.url}\n" in done.stdout
    assert f"AWS_SECRET_ACCESS_KEY={credentials_of(running.folder).secret_access_key}\n" in done.stdout
    running.kill()
    for folder in (running.folder, tmp_path / "nothing"):
        done = run_credentials(folder)
        assert (done.returncode, done.stdout) == (10, "")
        assert "No embedded engine runs" in done.stderr
        assert "Traceback" not in done.stderr
