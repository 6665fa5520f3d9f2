"""The data folder: records are recovered, an incomplete last one is cut off, other damage stops the start."""

from pathlib import Path
from typing import Any

import pytest

from localdynamo import compaction
from localdynamo import folder as files
from localdynamo.image import Image
from localdynamo.log import Damaged, Log, Reader, encode
from tests.localdynamo.engines import flip_bit
from tests.localdynamo.stores import CHANGES, EVENTS, OpenStore, put_change, revisions


def only_log(folder: Path) -> Path:
    ((_first, path),) = files.logs_of(folder)
    return path


def compact(folder: Path, upto: int) -> None:
    """Does all of a compaction in this process."""
    compaction.write_draft(folder, upto)
    compaction.draft_path(folder, upto).replace(folder / files.SNAPSHOT)


def test_a_restart_recovers_everything(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    call("CreateTable", **EVENTS)
    call(
        "UpdateTimeToLive",
        TableName="changes",
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"},
    )
    for number in range(5):
        put_change(call, number)
    call("DeleteItem", TableName="changes", Key={"department_id": {"S": "x"}, "revision": {"N": "3"}})
    call("DeleteTable", TableName="events")
    before = call("DescribeTable", TableName="changes")
    call = open_store()
    assert revisions(call) == [0, 1, 2, 4]
    assert call("DescribeTable", TableName="changes") == before
    assert call("ListTables")["TableNames"] == ["changes"]
    assert call("DescribeTimeToLive", TableName="changes")["TimeToLiveDescription"]["AttributeName"] == "t"
    assert call.reports == []


def test_a_table_that_was_created_again_is_empty_after_a_restart(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    put_change(call, 1)
    call("DeleteTable", TableName="changes")
    call("CreateTable", **CHANGES)
    put_change(call, 2)
    assert revisions(open_store()) == [2]


def test_a_refused_change_of_the_catalogue_writes_nothing(open_store: OpenStore, tmp_path: Path) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    size = call.store.log.size
    assert call("CreateTable", **CHANGES)["__type"] == "ResourceInUseException"
    assert call.store.log.size == size


@pytest.mark.parametrize("keep", [1, 9, 60, -1])
def test_an_incomplete_end_is_cut_off_and_kept_in_a_file(
    open_store: OpenStore, tmp_path: Path, keep: int
) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    put_change(call, 1)
    good = call.store.log.size
    put_change(call, 2)
    path = only_log(tmp_path)
    call.close()
    torn = path.read_bytes()[good:][:keep]
    path.write_bytes(path.read_bytes()[:good] + torn)
    call = open_store()
    assert revisions(call) == [1]
    (cut_file,) = tmp_path.glob("cut-*.bin")
    assert cut_file.read_bytes() == torn
    assert path.stat().st_size == good
    assert str(len(torn)) in call.reports[0]
    put_change(call, 3)
    assert revisions(open_store()) == [1, 3]


def filled(open_store: OpenStore, tmp_path: Path) -> Path:
    call = open_store()
    call("CreateTable", **CHANGES)
    for number in range(10):
        put_change(call, number)
    return only_log(tmp_path)


def damage_found_in(folder: Path) -> Damaged:
    """Recovers the folder, which must fail, report nothing and name the file in both languages."""
    reports: list[str] = []
    with pytest.raises(Damaged) as caught:
        files.recover(folder, reports.append)
    assert reports == []
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert all(caught.value.path.name in line for line in lines)
    return caught.value


def test_damage_inside_a_log_stops_the_start(open_store: OpenStore, tmp_path: Path) -> None:
    path = filled(open_store, tmp_path)
    content = flip_bit(path, path.stat().st_size // 2)
    assert damage_found_in(tmp_path).path == path
    assert path.read_bytes() == content


def test_a_missing_record_stops_the_start(open_store: OpenStore, tmp_path: Path) -> None:
    path = filled(open_store, tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4] + lines[5:]))
    assert damage_found_in(tmp_path).path == path


def test_a_missing_log_stops_the_start(open_store: OpenStore, tmp_path: Path) -> None:
    path = filled(open_store, tmp_path)
    path.rename(files.log_path(tmp_path, 7))
    assert "missing" in str(damage_found_in(tmp_path))


@pytest.mark.parametrize("damage", ["first", "middle", "last", "short", "empty", "joined", "end"])
def test_a_damaged_snapshot_stops_the_start(open_store: OpenStore, tmp_path: Path, damage: str) -> None:
    filled(open_store, tmp_path)
    compact(tmp_path, 12)
    path = tmp_path / files.SNAPSHOT
    size, content = path.stat().st_size, path.read_bytes()
    lines = content.splitlines(keepends=True)
    match damage:
        case "first" | "middle" | "last":
            flip_bit(path, {"first": 3, "middle": size // 2, "last": size - 4}[damage])
        case "short":
            path.write_bytes(b"".join(lines[:-1]))
        case "empty":
            path.write_bytes(b"")
        case "joined":
            path.write_bytes(content + encode(len(lines), {"ops": []}))
        case "end":
            path.write_bytes(encode(0, {"end": 0}))
    before = path.read_bytes()
    assert damage_found_in(tmp_path).path == path
    assert path.read_bytes() == before
    assert len(files.logs_of(tmp_path)) == 1


def test_a_compaction_holds_what_the_logs_held(open_store: OpenStore, tmp_path: Path) -> None:
    path = filled(open_store, tmp_path)
    call = open_store()
    token = {"ClientRequestToken": "one"}
    item = {"department_id": {"S": "x"}, "revision": {"N": "77"}}
    request: dict[str, Any] = {"TransactItems": [{"Put": {"TableName": "changes", "Item": item}}], **token}
    assert call("TransactWriteItems", **request) == {}
    number = call.store.log.number
    old = call.store.log
    planned = compaction.Compaction(tmp_path, 0, 0, 1)
    assert planned.due(old)
    compact(tmp_path, number)
    assert path.exists()  # as after a crash before the covered log was deleted
    call = open_store()
    assert [first for first, _ in files.logs_of(tmp_path)] == [number]
    assert revisions(call) == [*range(10), 77]
    request["TransactItems"][0]["Put"]["ConditionExpression"] = "attribute_not_exists(revision)"
    assert call("TransactWriteItems", **request)["__type"] == "IdempotentParameterMismatchException"
    del request["TransactItems"][0]["Put"]["ConditionExpression"]
    assert call("TransactWriteItems", **request) == {}


def test_a_compaction_stops_at_damage(open_store: OpenStore, tmp_path: Path) -> None:
    path = filled(open_store, tmp_path)
    with pytest.raises(Damaged):
        compaction.write_draft(tmp_path, 50)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Damaged):
        compaction.write_draft(tmp_path, 12)
    assert not (tmp_path / files.SNAPSHOT).exists()


def test_a_compaction_without_disk_space_is_postponed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    log = Log(files.log_path(tmp_path, 1), 1)
    log.append({"ops": []})
    planned = compaction.Compaction(tmp_path, 0, 0, 1)
    monkeypatch.setattr(compaction, "Log", fails)
    assert planned.start(log) is log
    assert not planned.due(log)
    monkeypatch.undo()
    monkeypatch.setattr(compaction.subprocess, "Popen", fails)
    new = planned.start(log)
    assert new.number == 2
    assert not planned.due(new)
    new.close()
    planned.stop()


def test_the_draft_of_a_dead_compaction_is_deleted(open_store: OpenStore, tmp_path: Path) -> None:
    filled(open_store, tmp_path)
    (tmp_path / "snapshot-12.tmp").write_bytes(b"half")
    assert revisions(open_store()) == list(range(10))
    assert not list(tmp_path.glob("*.tmp"))


def test_a_failed_append_leaves_only_complete_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path / "log-1.jsonl", 1)
    log.append({"ops": []})
    size = log.size
    real, calls = compaction.os.write, []

    def half(descriptor: int, line: bytes) -> int:
        calls.append(line)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return real(descriptor, line[:5])

    monkeypatch.setattr("os.write", half)
    with pytest.raises(OSError, match="No space"):
        log.append({"ops": []})
    monkeypatch.undo()
    assert (tmp_path / "log-1.jsonl").stat().st_size == size
    log.append({"ops": []})
    log.close()
    reader = Reader(tmp_path / "log-1.jsonl", 1)
    assert len(list(reader)) == 2
    assert reader.number == 3


def test_a_missing_or_malformed_address_is_empty(tmp_path: Path) -> None:
    assert files.read_address(tmp_path) == {}
    (tmp_path / files.ADDRESS).write_text("[1]")
    assert files.read_address(tmp_path) == {}
    (tmp_path / files.ADDRESS).write_text("{")
    assert files.read_address(tmp_path) == {}


def test_a_snapshot_leaves_expired_tokens_out() -> None:
    image = Image()
    image.apply({"token": ["old", "digest", {}, 1.0]})
    assert [change for change in image.dump() if "token" in change] == []
