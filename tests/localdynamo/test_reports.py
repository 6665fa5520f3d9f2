"""What an operator has to know of the engine stands in the log of the server that uses it."""

import os
import resource
import signal
from pathlib import Path

import pytest
import requests

from localdynamo import EngineFailed, endpoint_of, reports
from localdynamo import folder as files
from localdynamo.catalogue import tables
from tests.localdynamo.engines import wait_until
from tests.localdynamo.stores import CHANGES, OpenStore, put_change, revisions
from tests.servers import environment_of, free_port, make_tables, running


def limit_files(folder: Path, limit: int) -> None:
    """Lets the engine's files grow to so many bytes at most, as `ulimit -f` does."""
    pid = files.read_address(folder)["pid"]
    _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))


def test_the_server_logs_a_repair_and_a_full_disk(tmp_path: Path) -> None:
    make_tables(environment_of("eventlet", free_port(), tmp_path, None))
    os.kill(files.read_address(tmp_path)["pid"], signal.SIGKILL)
    ((_first, path),) = files.logs_of(tmp_path)
    with open(path, "ab") as log:
        log.write(b"0badbad0 3 {half a rec")
    with running("eventlet", data_dir=tmp_path, tables=False) as server:
        url = f"{server.url}/api/departments"
        assert requests.post(url, json={"name": "개발팀"}, timeout=20).status_code == 201
        wait_until(lambda: "Cut an incomplete record of 22 bytes" in server.log())
        assert "22바이트" in server.log()
        limit_files(tmp_path, path.stat().st_size + 100)
        refused = requests.post(url, json={"name": "영업팀"}, timeout=20)
        assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
        assert requests.get(url, timeout=20).status_code == 200
        wait_until(lambda: str(tmp_path) in server.log().partition("더 쓸 수 없습니다")[2])
        limit_files(tmp_path, resource.RLIM_INFINITY)
        assert requests.post(url, json={"name": "영업팀"}, timeout=20).status_code == 201
        wait_until(lambda: "다시 쓸 수 있습니다" in server.log())
        assert "Traceback" not in server.log()


def test_a_full_disk_is_told_once_and_changes_nothing(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    put_change(call, 1)

    def full(_descriptor: int, _line: bytes) -> int:
        raise OSError(28, "No space left on device")

    item = {"department_id": {"S": "x"}, "revision": {"N": "2"}}
    with monkeypatch.context() as patch:
        patch.setattr("os.write", full)
        answers = [call("PutItem", TableName="changes", Item=item) for _ in range(3)]
        call.store.remove(tables()["changes"], [("x", "1")])
    for answer in answers:
        assert answer["__type"] == "InternalServerError"
        assert answer["message"].startswith(f"디스크가 가득 찼습니다: {tmp_path}")
    put_change(call, 3)
    assert revisions(call) == revisions(open_store()) == [1, 3]
    messages = [record.getMessage() for record in caplog.records]
    assert [text.partition(":")[0] for text in messages] == ["디스크가 가득 찼습니다", "다시 쓸 수 있습니다"]


@pytest.mark.parametrize("folder", ["/proc/self/data", __file__, f"{__file__}/data"])
def test_a_folder_that_cannot_be_written_is_named(folder: str) -> None:
    with pytest.raises(EngineFailed, match="쓸 수 없습니다") as caught:
        endpoint_of(Path(folder))
    assert folder in str(caught.value)


def test_the_reasons_are_told_apart(tmp_path: Path) -> None:
    texts = [
        reports.disk_trouble(tmp_path, OSError(number, os.strerror(number))) for number in (28, 122, 27, 13)
    ]
    assert [text.partition(":")[0] for text in texts] == [
        "디스크가 가득 찼습니다",
        "디스크가 가득 찼습니다",
        "파일 크기 한도에 걸려 더 쓸 수 없습니다(ulimit -f)",
        "데이터 폴더에 쓸 수 없습니다",
    ]
    assert all(text.count(str(tmp_path)) == 2 and text.count("\n") == 1 for text in texts)
