"""Answers that clients take slowly, or not at all."""

import json
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import requests

from teamcal.http.answers import PART_BYTES, LimitedAnswers
from teamcal.http.transfers import Transfers
from tests.house import wait_until
from tests.servers import Server, running

MB = 1024 * 1024


def worker_of(server: Server) -> int:
    """The process that serves: gunicorn's only worker."""
    return int(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()[0])


def resident_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def open_sockets(pid: int) -> int:
    links = Path(f"/proc/{pid}/fd").iterdir()
    return sum(1 for link in links if link.is_symlink() and str(link.readlink()).startswith("socket"))


def large_calendar(server: Server, events: int) -> str:
    """A department with a day for each event, of 30,000 bytes each."""
    made = requests.post(f"{server.url}/api/departments", json={"name": "큰 부서"}, timeout=60).json()
    department = made["department"]["id"]
    for start in range(0, events, 30):
        operations = [
            {"op": "create", "event": {
                "id": str(uuid.uuid4()), "title": "회의", "description": "가" * 10_000,
                "event_date": f"20{number // 336:02}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"}}
            for number in range(start, min(start + 30, events))
        ]  # fmt: skip
        url = f"{server.url}/api/events/{department}/batch"
        body = json.dumps({"operations": operations}, ensure_ascii=False).encode()
        answer = requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=60)
        assert all(result["status"] == 201 for result in answer.json()["results"])
    return department


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(
        "eventlet", data_dir=tmp_path_factory.mktemp("answers"), env={"ANSWERS_MEMORY_MB": "32"}
    ) as one:
        yield one


@pytest.fixture(scope="module")
def department(server: Server) -> str:
    return large_calendar(server, 600)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_answers_that_nobody_reads_take_bounded_memory_and_end(server: Server, department: str) -> None:
    worker = worker_of(server)
    url = f"{server.url}/api/events/{department}"
    assert len(requests.get(url, timeout=60).content) > 17 * MB
    before, sockets = resident_bytes(worker), open_sockets(worker)
    with ExitStack() as stack:
        for day in range(1, 25):  # each of another range, and none shares its bytes
            wire = stack.enter_context(closing(socket.socket()))
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.connect(("127.0.0.1", server.port))
            wire.sendall(
                f"GET /api/events/{department}?from=2000-01-{day:02} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            )
            assert requests.get(f"{server.url}/api/departments", timeout=20).status_code == 200
        wait_until(lambda: open_sockets(worker) <= sockets + 3)
        # 24 × 17 MB were asked for, and twice as much was held for them before.
        assert resident_bytes(worker) - before < 32 * MB + 120 * MB
        wait_until(lambda: open_sockets(worker) <= sockets + 1, seconds=40)
    assert len(requests.get(url, timeout=60).content) > 17 * MB
    assert "Traceback" not in server.log()


def test_a_client_that_reads_slowly_but_steadily_gets_everything(server: Server, department: str) -> None:
    head = f"GET /api/events/{department}?from=2000-01-02 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = 0
    with closing(socket.create_connection(("127.0.0.1", server.port), 60)) as wire:
        wire.sendall(head.encode())
        while part := wire.recv(MB):
            received += len(part)
            time.sleep(0.02)
    assert received > 17 * MB


# The layer by itself, with the client's end of a pair of sockets


class Clock:
    """Background tasks that run when the test says so."""

    def __init__(self) -> None:
        self.tasks: list[Any] = []

    def spawn(self, task: Any) -> None:
        self.tasks.append(task)


def layer(bodies: list[list[bytes]], limit: int = 10 * MB, rate: int = 64 * 1024) -> LimitedAnswers:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        return bodies[environ["number"]]

    return LimitedAnswers(application, Transfers(Clock().spawn, time.sleep), rate, limit)


def environ(number: int) -> tuple[dict[str, Any], socket.socket]:
    ours, theirs = socket.socketpair()
    return {"number": number, "gunicorn.socket": ours, "PATH_INFO": "/api/departments"}, theirs


def is_ended(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


def test_a_large_answer_is_handed_over_in_parts() -> None:
    content = bytes(range(256)) * 4096
    answer = layer([[content, b"", b"end"]])(environ(0)[0], None)
    parts = list(answer)
    assert b"".join(parts) == content + b"end"
    assert max(map(len, parts)) == PART_BYTES


def test_bytes_that_are_shared_count_once() -> None:
    content = b"x" * MB
    answers = layer([[content]], limit=2 * MB)
    waiting = [answers(environ(0)[0], None) for _ in range(50)]
    assert answers.size == MB
    for answer in waiting:
        answer.close()  # type: ignore[attr-defined]
        answer.close()  # type: ignore[attr-defined] -- of one that was ended in between
    assert answers.size == 0


def test_beyond_the_limit_the_one_that_would_free_most_is_ended() -> None:
    bodies = [[b"a" * MB], [b"b" * 5 * MB], [b"c" * 2 * MB], [b"d" * 4 * MB]]
    answers = layer(bodies, limit=10 * MB)
    clients = []
    for number in range(4):
        request, client = environ(number)
        clients.append(client)
        answers(request, None)
    assert [is_ended(client) for client in clients] == [False, True, False, False]
    assert answers.size == 7 * MB


def test_the_only_answer_may_be_larger_than_the_limit() -> None:
    answers = layer([[b"a" * 20 * MB]])
    request, client = environ(0)
    answer = answers(request, None)
    assert not is_ended(client)
    assert sum(map(len, answer)) == 20 * MB


@pytest.mark.parametrize(("taken", "ends"), [(0, True), (5, True), (20, False)])
def test_an_answer_must_move(monkeypatch: pytest.MonkeyPatch, taken: int, ends: bool) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    answers = layer([[b"a" * 100 * PART_BYTES]], rate=PART_BYTES, limit=100 * MB)
    answer = answers(environ(0)[0], None)
    parts = iter(answer)
    for _ in range(taken + 1):
        next(parts)
    assert not answer.overdue(now + 5)  # type: ignore[attr-defined]
    assert answer.overdue(now + 10) is ends  # type: ignore[attr-defined]
    # What it took before doesn't count for ever.
    assert answer.overdue(now + 20)  # type: ignore[attr-defined]


def test_a_websocket_has_no_answer() -> None:
    request, _ = environ(0)
    body = [b""]
    assert layer([body])(request | {"HTTP_UPGRADE": "websocket", "PATH_INFO": "/socket.io/"}, None) is body
