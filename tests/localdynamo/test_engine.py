"""The engine's process: what it answered survives its death, its compaction, its disk, and its restart."""

import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from teamcal.localdynamo import folder as files
from teamcal.localdynamo.log import encode
from tests.localdynamo.conftest import CHANGES, EVENTS, Running, alive, client, wait_until
from tests.localdynamo.test_files import damage

Run = Callable[..., Running]


def item_of(department: str, number: int, text: str = "") -> dict[str, Any]:
    return {"department_id": {"S": department}, "revision": {"N": str(number)}, "text": {"S": text}}


class Writers:
    """Threads that write rows until the engine dies, and remember what was answered."""

    def __init__(self, url: str, name: str, count: int, text: str = "") -> None:
        self.answered: list[tuple[str, int]] = []
        self.slowest = 0.0
        self._client, self._text = client(url), text
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
            self.answered += [(name, number), (name, number + 1)]
            number += 2

    def join(self) -> set[tuple[str, int]]:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)
        return set(self.answered)


def stored(url: str) -> set[tuple[str, int]]:
    pages = client(url).get_paginator("scan").paginate(TableName="changes")
    return {(i["department_id"]["S"], int(i["revision"]["N"])) for page in pages for i in page["Items"]}


@pytest.mark.parametrize("sync", ["interval", "always"])
def test_what_was_answered_survives_kill_9(run: Run, sync: str) -> None:
    engine = run("--sync", sync).ready()
    client(engine.url).create_table(**CHANGES)
    expected: set[tuple[str, int]] = set()
    for round_ in range(5 if sync == "interval" else 2):
        writers = Writers(engine.url, f"r{round_}", 16)
        wait_until(lambda w=writers: len(w.answered) > 200)
        engine.kill()
        expected |= writers.join()
        engine = run("--sync", sync).ready()
        found = stored(engine.url)
        assert expected <= found
        # A transaction is there as a whole or not at all.
        assert all((name, number ^ 1) in found for name, number in found)


def test_compaction_lets_requests_go_on(run: Run) -> None:
    engine = run("--compact-at", "300000").ready()
    client(engine.url).create_table(**CHANGES)
    snapshot = engine.folder / files.SNAPSHOT
    writers = Writers(engine.url, "w", 4, "x" * 1000)
    wait_until(snapshot.exists)
    written = snapshot.stat().st_mtime_ns
    wait_until(lambda: snapshot.stat().st_mtime_ns != written)
    engine.kill()
    answered = writers.join()
    assert writers.slowest < 2
    again = run().ready()
    assert answered <= stored(again.url)
    assert len(files.logs_of(engine.folder)) <= 2


def test_a_failed_compaction_changes_nothing(run: Run) -> None:
    engine = run("--compact-at", "20000").ready()
    table = client(engine.url)
    table.create_table(**CHANGES)
    table.put_item(TableName="changes", Item=item_of("x", 1))
    damage(files.logs_of(engine.folder)[0][1], 100)
    for number in range(2, 30):
        table.put_item(TableName="changes", Item=item_of("x", number, "x" * 1000))
    wait_until(lambda: "compaction failed" in (engine.folder / files.JOURNAL).read_text())
    assert not (engine.folder / files.SNAPSHOT).exists()
    assert len(stored(engine.url)) == 29
    assert len(files.logs_of(engine.folder)) == 2


def test_starts_on_ten_thousand_events_in_time(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    engine = run().ready()
    table = client(engine.url)
    for description in (EVENTS, CHANGES):
        table.create_table(**description)
    engine.end()
    ((first, path),) = files.logs_of(folder)
    with open(path, "ab") as log:
        for number in range(10_000):
            event = {"id": str(uuid.uuid4()), "department_id": "x", "event_date": "2024", "text": "글" * 180}
            item = {name: {"S": text} for name, text in event.items()}
            change = {**item_of("x", number), "event": {"M": item}}
            ops = [["events", item], ["changes", change], ["changes", item_of("y", 0)]]
            log.write(encode(first + 2 + number, {"ops": ops, "token": [str(number), "0" * 32, {}, 1.0]}))
    began = time.monotonic()
    engine = run().ready()
    query = {"KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": event["id"]}}}
    assert client(engine.url).query(TableName="events", **query)["Count"] == 1
    assert time.monotonic() - began < 3


def test_damage_stops_the_start_and_says_where(run: Run) -> None:
    engine = run().ready()
    client(engine.url).create_table(**CHANGES)
    engine.end()
    (engine.folder / files.SNAPSHOT).write_bytes(b"nothing that was written by an engine")
    before = {path: path.read_bytes() for path in engine.folder.glob("*.jsonl")}
    failed = run()
    assert failed.process.wait(20) == 10
    said = failed.end()
    assert "손상" in said
    assert "Damaged" in said
    assert str(engine.folder / files.SNAPSHOT) in said
    assert before == {path: path.read_bytes() for path in engine.folder.glob("*.jsonl")}


def test_a_torn_end_is_reported(run: Run) -> None:
    engine = run().ready()
    client(engine.url).create_table(**CHANGES)
    engine.kill()
    ((_first, path),) = files.logs_of(engine.folder)
    with open(path, "ab") as log:
        log.write(b"0badbad0 3 {half a rec")
    again = run().ready()
    assert "Cut a torn record of 22 bytes" in (engine.folder / files.JOURNAL).read_text()
    assert client(again.url).list_tables()["TableNames"] == ["changes"]
    assert "22" in again.end()


def test_only_one_engine_serves_a_folder(run: Run) -> None:
    run().ready()
    second = run()
    assert second.process.wait(20) == 10
    assert "running already" in second.end()


def test_keeps_its_port_or_says_that_it_is_taken(run: Run, tmp_path: Path) -> None:
    engine = run().ready()
    port = files.read_address(engine.folder)["port"]
    engine.kill()
    again = run().ready()
    assert files.read_address(engine.folder)["port"] == port
    other = run("--port", str(port), folder=tmp_path / "other")
    assert other.process.wait(20) == 10
    assert str(port) in other.end()
    # Somebody else's remembered port: nobody uses this engine yet, so it may take another.
    (tmp_path / "third").mkdir()
    files.write_address(tmp_path / "third", port, "x")
    third = run(folder=tmp_path / "third").ready()
    assert files.read_address(third.folder)["port"] != port
    assert alive(again.process.pid)


def test_expires_items_by_itself(run: Run) -> None:
    engine = run("--expire-every", "0.2", grace=4).ready()
    table = client(engine.url)
    table.create_table(**CHANGES)
    setting = {"Enabled": True, "AttributeName": "expires"}
    table.update_time_to_live(TableName="changes", TimeToLiveSpecification=setting)
    for number, expires in enumerate([int(time.time()) - 5, int(time.time()) + 500]):
        item = {**item_of("x", number), "expires": {"N": str(expires)}}
        table.put_item(TableName="changes", Item=item)
    wait_until(lambda: stored(engine.url) == {("x", 1)})
    engine.kill()
    assert stored(run().ready().url) == {("x", 1)}


def test_ends_with_nobody_left(run: Run) -> None:
    engine = run(grace=0.5).ready()
    assert engine.process.wait(20) == 0


def test_dies_when_memory_and_log_disagree(run: Run) -> None:
    engine = run().ready()
    table = client(engine.url)
    with pytest.raises(ClientError, match="ValidationException"):
        table.create_table(**{**CHANGES, "TableName": "a."})
    assert alive(engine.process.pid)
