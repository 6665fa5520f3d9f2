"""The engine's process: acknowledged writes survive kill -9, compaction, damaged files and a restart."""

import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from localdynamo import engine
from localdynamo import folder as files
from localdynamo.log import encode
from tests.localdynamo.engines import RunEngine, client, cpu_seconds, flip_bit, wait_until
from tests.localdynamo.stores import CHANGES, EVENTS


def item_of(department: str, number: int, text: str = "") -> dict[str, Any]:
    return {"department_id": {"S": department}, "revision": {"N": str(number)}, "text": {"S": text}}


class Writers:
    """Threads that write rows until the engine dies, and remember which writes were acknowledged."""

    def __init__(self, folder: Path, name: str, count: int, text: str = "") -> None:
        self.acknowledged: list[tuple[str, int]] = []
        self.slowest = 0.0
        self._client, self._text = client(folder), text
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(f"{name}-{i}",)) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def _write(self, name: str) -> None:
        number = 0
        while not self._stop.is_set():
            puts = [item_of(name, number, self._text), item_of(name, number + 1, self._text)]
            began = time.monotonic()
            try:
                self._client.transact_write_items(
                    TransactItems=[{"Put": {"TableName": "changes", "Item": put}} for put in puts]
                )
            except BotoCoreError:
                return
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.acknowledged += [(name, number), (name, number + 1)]
            number += 2

    def join(self) -> set[tuple[str, int]]:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        return set(self.acknowledged)


def stored(folder: Path) -> set[tuple[str, int]]:
    pages = client(folder).get_paginator("scan").paginate(TableName="changes")
    return {(i["department_id"]["S"], int(i["revision"]["N"])) for page in pages for i in page["Items"]}


@pytest.mark.parametrize("sync", ["interval", "always"])
def test_acknowledged_writes_survive_kill_9(run_engine: RunEngine, sync: str) -> None:
    running = run_engine("--sync", sync).ready()
    client(running.folder).create_table(**CHANGES)
    expected: set[tuple[str, int]] = set()
    for round_ in range(5 if sync == "interval" else 2):
        writers = Writers(running.folder, f"r{round_}", 16)
        wait_until(lambda w=writers: len(w.acknowledged) > 200)
        running.kill()
        expected |= writers.join()
        running = run_engine("--sync", sync).ready()
        found = stored(running.folder)
        assert expected <= found
        # A transaction is there as a whole or not at all.
        assert all((name, number ^ 1) in found for name, number in found)
    writers = Writers(running.folder, "last", 4)
    wait_until(lambda: writers.acknowledged)
    assert writers.join() <= stored(running.folder)
    running.end()


def test_requests_are_answered_during_a_compaction(run_engine: RunEngine) -> None:
    running = run_engine("--compact-at", "300000").ready()
    client(running.folder).create_table(**CHANGES)
    snapshot = running.folder / files.SNAPSHOT
    writers = Writers(running.folder, "w", 4, "x" * 1000)
    wait_until(snapshot.exists)
    written = snapshot.stat().st_mtime_ns
    wait_until(lambda: snapshot.stat().st_mtime_ns != written)
    acknowledged = writers.join()
    assert writers.slowest < 10
    running.end()
    again = run_engine().ready()
    assert acknowledged <= stored(again.folder)
    assert len(files.logs_of(running.folder)) <= 2


def test_a_failed_compaction_changes_nothing(run_engine: RunEngine) -> None:
    running = run_engine("--compact-at", "20000").ready()
    table = client(running.folder)
    table.create_table(**CHANGES)
    table.put_item(TableName="changes", Item=item_of("x", 1))
    flip_bit(files.logs_of(running.folder)[0][1], 100)
    for number in range(2, 30):
        table.put_item(TableName="changes", Item=item_of("x", number, "x" * 1000))
    wait_until(lambda: "Compaction of the log failed" in (running.folder / files.ENGINE_LOG).read_text())
    assert not (running.folder / files.SNAPSHOT).exists()
    assert len(stored(running.folder)) == 29
    assert len(files.logs_of(running.folder)) == 2


def test_compaction_may_be_killed_at_any_point(run_engine: RunEngine) -> None:
    acknowledged: set[tuple[str, int]] = set()
    for round_ in range(4):
        running = run_engine("--compact-at", "50000").ready()
        if not round_:
            client(running.folder).create_table(**CHANGES)
        writers = Writers(running.folder, f"r{round_}", 4, "x" * 2000)
        wait_until(lambda folder=running.folder: len(files.logs_of(folder)) > 1)
        time.sleep(0.03 * round_)
        running.kill()
        acknowledged |= writers.join()
    assert acknowledged <= stored(run_engine().ready().folder)


def test_a_start_with_ten_thousand_events_takes_under_three_seconds_of_cpu(
    run_engine: RunEngine, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    running = run_engine().ready()
    table = client(running.folder)
    for description in (EVENTS, CHANGES):
        table.create_table(**description)
    running.end()
    ((first, path),) = files.logs_of(folder)
    with open(path, "ab") as log:
        for number in range(10_000):
            event = {"id": str(uuid.uuid4()), "department_id": "x", "event_date": "2024", "text": "글" * 180}
            item = {name: {"S": text} for name, text in event.items()}
            change = {**item_of("x", number), "event": {"M": item}}
            ops = [["events", item], ["changes", change], ["changes", item_of("y", 0)]]
            log.write(encode(first + 2 + number, {"ops": ops, "token": [str(number), "0" * 32, {}, 1.0]}))
    running = run_engine().ready()
    query = {"KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": event["id"]}}}
    assert client(running.folder).query(TableName="events", **query)["Count"] == 1
    assert cpu_seconds(running.process.pid) < 3


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_department_of_100_000_events_is_read_in_under_four_seconds_of_cpu(
    run_engine: RunEngine, tmp_path: Path
) -> None:
    """All pages of the index, the sorting at the first of them included: a second and a half, idle."""
    events = 100_000
    folder = tmp_path / "data"
    running = run_engine().ready()
    client(running.folder).create_table(**EVENTS)
    running.end()
    ((first, path),) = files.logs_of(folder)
    with open(path, "ab") as log:
        for number in range(events // 100):
            items = [
                {"id": str(uuid.uuid4()), "department_id": "x", "event_date": f"20{n:02}", "text": "글" * 100}
                for n in range(100)
            ]
            ops = [["events", {name: {"S": text} for name, text in item.items()}] for item in items]
            log.write(encode(first + 1 + number, {"ops": ops}))
    running = run_engine().ready()
    table, before = client(running.folder), cpu_seconds(running.process.pid)
    query = {
        "TableName": "events",
        "IndexName": "by-date",
        "KeyConditionExpression": "department_id = :d",
        "ExpressionAttributeValues": {":d": {"S": "x"}},
    }
    pages = [len(page["Items"]) for page in table.get_paginator("query").paginate(**query)]
    assert sum(pages) == events
    assert cpu_seconds(running.process.pid) - before < 4


def test_damage_stops_the_start_and_the_message_names_the_file(run_engine: RunEngine) -> None:
    running = run_engine().ready()
    client(running.folder).create_table(**CHANGES)
    running.end()
    (running.folder / files.SNAPSHOT).write_bytes(b"nothing that was written by an engine")
    before = {path: path.read_bytes() for path in running.folder.glob("*.jsonl")}
    failed = run_engine()
    assert failed.process.wait(60) == 10
    message = failed.end()
    assert "손상" in message
    assert "Damaged" in message
    assert str(running.folder / files.SNAPSHOT) in message
    assert before == {path: path.read_bytes() for path in running.folder.glob("*.jsonl")}


def test_a_cut_off_record_is_reported(run_engine: RunEngine) -> None:
    running = run_engine().ready()
    client(running.folder).create_table(**CHANGES)
    running.kill()
    ((_first, path),) = files.logs_of(running.folder)
    with open(path, "ab") as log:
        log.write(b"0badbad0 3 {half a rec")
    again = run_engine().ready()
    assert "Cut an incomplete record of 22 bytes" in (running.folder / files.ENGINE_LOG).read_text()
    assert client(again.folder).list_tables()["TableNames"] == ["changes"]
    assert "22" in again.end()


def test_only_one_engine_serves_a_folder(run_engine: RunEngine) -> None:
    run_engine().ready()
    second = run_engine()
    assert second.process.wait(60) == 0
    assert "running already" in second.end()


def test_a_restarted_engine_keeps_its_port(run_engine: RunEngine) -> None:
    running = run_engine().ready()
    port = files.read_address(running.folder)["port"]
    running.kill()
    run_engine().ready()
    assert files.read_address(running.folder)["port"] == port


def test_a_port_that_another_program_uses(
    run_engine: RunEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = files.read_address(run_engine().ready().folder)["port"]
    refused = run_engine("--port", str(port), folder=tmp_path / "other")
    monkeypatch.setattr(engine, "_PORT_WAIT", 0.2)
    with pytest.raises(engine.PortTaken, match=str(port)):
        engine.listen(tmp_path, port)
    # A port that was only remembered: no client uses this engine yet, so it may take another one.
    files.write_address(tmp_path, port)
    with engine.listen(tmp_path, 0) as other:
        assert other.getsockname()[1] != port
    monkeypatch.setattr(engine, "_FREE_PORTS", range(port, port + 1))
    monkeypatch.setattr(engine.random, "sample", lambda *_: [port])
    with engine.listen(tmp_path, 0) as other:
        assert other.getsockname()[1] != port
    assert refused.process.wait(60) == 10
    assert str(port) in refused.end()


def test_expired_items_are_deleted_without_a_request(run_engine: RunEngine) -> None:
    running = run_engine("--expire-every", "0.2", grace=4).ready()
    table = client(running.folder)
    table.create_table(**CHANGES)
    setting = {"Enabled": True, "AttributeName": "expires"}
    table.update_time_to_live(TableName="changes", TimeToLiveSpecification=setting)
    for number, expires in enumerate([int(time.time()) - 5, int(time.time()) + 500]):
        item = {**item_of("x", number), "expires": {"N": str(expires)}}
        table.put_item(TableName="changes", Item=item)
    wait_until(lambda: stored(running.folder) == {("x", 1)})
    running.kill()
    assert stored(run_engine().ready().folder) == {("x", 1)}


def test_the_engine_ends_without_users(run_engine: RunEngine) -> None:
    running = run_engine(grace=0.5).ready()
    assert running.process.wait(60) == 0
