"""Notices over a real Redis: fast when it is there, and no harm when it isn't."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from teamcal.domain.changes import Change, Head
from teamcal.sync.redis_notices import QUEUE_LENGTH, RedisNotices
from tests.house import House, Server, wait_until

pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server isn't installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_on(port: int, folder: Path) -> Iterator[None]:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        yield
    finally:
        process.terminate()
        process.wait(60)


def connected(house: House, port: int, over: threading.Event) -> tuple[Server, RedisNotices]:
    def sleep(seconds: float) -> None:
        if over.wait(seconds):
            raise SystemExit  # ends the task's thread, and nothing else

    notices = RedisNotices(f"redis://127.0.0.1:{port}", "test", sleep)
    server = house.server(notices=notices)
    threading.Thread(target=notices.send, daemon=True).start()
    threading.Thread(
        target=notices.listen, args=(server.replicas.notice,), name="listen", daemon=True
    ).start()
    return server, notices


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_notice_brings_the_change_and_an_outage_loses_nothing(house: House, tmp_path: Path) -> None:
    port, over = free_port(), threading.Event()
    (one, writer), (other, _) = connected(house, port, over), connected(house, port, over)
    department = one.department()
    with redis_on(port, tmp_path):
        member = other.member(department)
        wait_until(lambda: writer.redis.pubsub_numsub("test:changes")[0][1] == 2)
        heard: list[Any] = []
        one.event(department, title="첫째")
        wait_until(lambda: heard.extend(member.heard()) or heard)
        assert [(name, told["revision"]) for name, told in heard] == [("event_created", 1)]
    started = time.monotonic()
    one.event(department, title="둘째")
    assert time.monotonic() - started < 2
    with redis_on(port, tmp_path):
        wait_until(lambda: writer.redis.pubsub_numsub("test:changes")[0][1] == 2)
        one.event(department, title="셋째")
        wait_until(lambda: heard.extend(member.heard()) or len(heard) == 3)
    over.set()
    for thread in threading.enumerate():
        if thread.name == "listen":
            thread.join(60)
    assert [told["revision"] for _, told in heard] == [1, 2, 3]


def test_what_waits_for_redis_is_bounded(house: House) -> None:
    notices = RedisNotices("redis://127.0.0.1:1", "test", time.sleep)
    change = Change(1, "event_created", {"id": "x"}, "c", "", "now")
    for _ in range(QUEUE_LENGTH + 5):
        notices.announce("d", change)
    assert notices._waiting.qsize() == QUEUE_LENGTH


def test_a_record_that_json_cannot_carry_makes_the_others_look(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    other.events(department)
    sender = RedisNotices("redis://127.0.0.1:1", "test", time.sleep)
    hearer = RedisNotices("redis://127.0.0.1:1", "test", time.sleep)
    member = other.member(department)
    one.event(department)
    replica = one.replicas.of(department)
    (change,) = one.database.read_changes(department, 0, 1)
    odd = Change(1, change.kind, {**change.record, "tags": {"a"}}, change.change_id, "", change.at)
    hearer.receive(sender._text(department, odd).encode(), other.replicas.notice)
    assert replica.head == other.replicas.of(department).head != Head(department)
    assert [name for name, _ in member.heard()] == ["event_created"]
    hearer.receive(hearer._text(department, change).encode(), other.replicas.notice)
    sender.receive(hearer._text("unknown", change).encode(), one.replicas.notice)
    assert member.heard() == []


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[]", b"5", b'{"from": "x"}', b'{"from": "x", "log": "d", "change": 5}']
)
def test_a_notice_that_cannot_be_read_is_one_line(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    received: list[Any] = []
    RedisNotices("redis://127.0.0.1:1", "test", time.sleep).receive(
        data, lambda *notice: received.append(notice)
    )
    assert (received, len(caplog.records)) == ([], 1)
    assert "can't be read" in caplog.text
