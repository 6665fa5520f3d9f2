"""Notices over a real Redis: fast when it is there, and no harm when it isn't."""

import hmac
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from teamcal.domain.changes import Change, Head
from teamcal.factory import create_app
from teamcal.settings import Settings
from teamcal.sync.redis_channel import MAC_BYTES, QUEUE_BYTES
from teamcal.sync.redis_notices import RedisNotices, key_of
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


def start(task: Callable[[], None]) -> None:
    threading.Thread(target=task, daemon=True).start()


def notices_of(
    url: str = "redis://127.0.0.1:1",
    server: str = "one",
    sleep: Callable[[float], None] = time.sleep,
    spawn: Callable[[Callable[[], None]], object] = lambda task: task(),
) -> RedisNotices:
    return RedisNotices(url, "test:changes", key_of(server), sleep, spawn)


def signed(body: bytes, server: str = "one") -> bytes:
    return hmac.digest(key_of(server), body, "sha256") + body


def connected(house: House, port: int, over: threading.Event) -> tuple[Server, RedisNotices]:
    def sleep(seconds: float) -> None:
        if over.wait(seconds):
            raise SystemExit  # ends the task's thread, and nothing else

    notices = notices_of(f"redis://127.0.0.1:{port}", sleep=sleep, spawn=start)
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


def test_what_waits_for_redis_is_bounded_in_bytes() -> None:
    notices = notices_of()
    text = "가" * 10_000
    change, head = Change(1, "event_created", {"id": "x", "description": text}, "c", "", "now"), Head("d", 1)
    for _ in range(2 * QUEUE_BYTES // len(text.encode())):
        notices.announce("d", change, head)
    assert 0.9 * QUEUE_BYTES < notices._waiting.size <= QUEUE_BYTES
    assert len(notices._waiting.get()) < 1.2 * len(text.encode())


def test_a_record_that_json_cannot_carry_makes_the_others_look(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    other.events(department)
    sender, hearer = notices_of(), notices_of()
    member = other.member(department)
    one.event(department)
    replica = one.replicas.of(department)
    (change,) = one.database.read_changes(department, 0, 1)
    odd = Change(1, change.kind, {**change.record, "tags": {"a"}}, change.change_id, "", change.at)
    hearer.receive(signed(sender._body(department, odd, replica.head)), other.replicas.notice)
    assert replica.head == other.replicas.of(department).head != Head(department)
    assert [name for name, _ in member.heard()] == ["event_created"]
    hearer.receive(signed(hearer._body(department, change, replica.head)), other.replicas.notice)
    sender.receive(signed(hearer._body("unknown", change, replica.head)), one.replicas.notice)
    assert member.heard() == []


def test_a_notice_of_a_newer_server_is_understood() -> None:
    """Fields that aren't known are ignored; those of the event are kept."""
    hearer, received = notices_of(), []
    event = {"id": "x", "colour": "blue"}
    fields = {
        "revision": 7,
        "kind": "event_coloured",
        "record": event,
        "change_id": "c",
        "previous": "b",
        "at": "now",
        "mood": {},
    }
    body = {"from": "x", "log": "d", "change": fields, "digest": 5, "weather": "fine"}
    hearer.receive(signed(json.dumps(body).encode()), lambda *notice: received.append(notice))
    assert received == [("d", Change(7, "event_coloured", event, "c", "b", "now"), 5)]


def believable(log_id: str = "d", **fields: Any) -> bytes:
    change = {"revision": 1, "kind": "event_created", "record": {"id": "x"}, "change_id": "c", "previous": ""}
    return json.dumps({"from": "x", "log": log_id, "change": {**change, "at": "now", **fields}}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        believable(),  # an older server's, or anybody's
        b"\0" * MAC_BYTES + believable(),
        signed(believable(), "two"),
        *map(
            signed, [b"", b"\xff", b"[]", b"5", b'{"from": "x"}', b'{"from": "x", "log": "d", "change": 5}']
        ),
        signed(b'{"from": "x", "log": "d", "change": {"revision": 1}}'),
        signed(believable(prior=5)),
        signed(believable(log_id=["d"])),  # type: ignore[arg-type]
        signed(believable(log_id=5)),  # type: ignore[arg-type]
    ],
)
def test_a_notice_that_is_not_to_be_believed_is_one_line(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    received: list[Any] = []
    notices = notices_of()
    for _ in range(1_000):
        notices.receive(data, lambda *notice: received.append(notice))
    assert (received, len(caplog.records)) == ([], 1)
    assert "Traceback" not in caplog.text


def test_a_forged_notice_reaches_nobody(house: House) -> None:
    writer, server = house.server(), house.server()
    department = writer.department()
    member, hearer = server.member(department), notices_of()
    forged = {"id": "x", "department_id": department, "title": "사칭", "event_date": "2024-01-20"}
    hearer.receive(believable(department, record=forged), server.replicas.notice)
    hearer.receive(signed(believable(department, record=forged), "guessed"), server.replicas.notice)
    assert member.heard() == []
    hearer.receive(signed(believable(department, record=forged)), server.replicas.notice)
    assert [told["title"] for _, told in member.heard()] == ["사칭"]  # so it was the signature


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_garbage_does_not_end_the_subscription(house: House, tmp_path: Path) -> None:
    port, over = free_port(), threading.Event()
    with redis_on(port, tmp_path):
        (one, writer), (other, hearer) = connected(house, port, over), connected(house, port, over)
        department = one.department()
        member = other.member(department)
        wait_until(lambda: writer.redis.pubsub_numsub("test:changes")[0][1] == 2)
        subscribed = len(hearer.redis.client_list(_type="pubsub"))
        for _ in range(200):
            writer.redis.publish("test:changes", b"garbage")
        one.event(department)
        heard: list[Any] = []
        wait_until(lambda: heard.extend(member.heard()) or heard)
        assert other.counters.values()["changes_by_notice"] == 1
        assert len(hearer.redis.client_list(_type="pubsub")) == subscribed
        over.set()
    for thread in threading.enumerate():
        if thread.name == "listen":
            thread.join(60)


def test_a_busy_department_holds_up_no_other(house: House) -> None:
    server = house.server()
    busy, free = server.department("기획팀"), server.department("개발팀")
    server.events(busy)
    server.events(free)
    hearer, taken_up = notices_of(spawn=start), threading.Event()

    def take_up(log_id: str, change: Change, digest: int | None) -> None:
        server.replicas.notice(log_id, change, digest)
        if log_id == free:
            taken_up.set()

    with server.replicas.of(busy).lock():
        for _ in range(100):
            hearer.receive(signed(believable(busy)), take_up)
        hearer.receive(signed(believable(free)), take_up)
        assert taken_up.wait(4)


def test_notices_that_cannot_be_taken_up_are_bounded_in_bytes(house: House) -> None:
    waiting: list[Callable[[], None]] = []
    hearer = notices_of(spawn=waiting.append)
    notice = signed(believable(record={"id": "x", "description": "x" * 100_000}))
    for _ in range(2 * QUEUE_BYTES // len(notice)):
        hearer.receive(notice, lambda *notice: None)
    assert 0.9 * QUEUE_BYTES < hearer._handed_over <= QUEUE_BYTES
    waiting.pop()()
    assert hearer._handed_over == 0


def test_the_channel_is_that_of_the_tables(house: House) -> None:
    """A copy of the installation, whose tables have other names, hears nothing of the first one."""
    channels = set()
    for one in (house, House()):
        settings = Settings(one.storage, "one", redis_url="redis://127.0.0.1:1")
        app, _ = create_app(settings, one.database(), watch=False)
        channels.add(app.extensions["replicas"].ports.notices.ways[0].channel)
    assert len(channels) == 2
