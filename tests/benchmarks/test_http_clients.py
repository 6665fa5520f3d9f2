"""The HTTP load client, against a server that answers in every way that HTTP allows."""

import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.c_programs import compiled
from benchmarks.http_clients import SOURCES, Request, ask
from benchmarks.servers import Missing

Answer = Callable[[str, bytes], tuple[bytes, bool]]
"""(head, body of a request) → (bytes of the answer, whether the connection is kept)"""


class Answering:
    """Listens on a loopback port while the `with` lasts. `requests` has the (head, body) of every request."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[tuple[str, bytes]] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> "Answering":
        self._threads[0].start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while head := "".join(_lines(stream)):
                length = head.lower().partition("content-length: ")[2].split("\r\n")[0]
                body = stream.read(int(length or 0))
                self.requests.append((head, body))
                answer, keep = self._answer(head, body)
                connection.sendall(answer)
                if not keep:
                    return


def _lines(stream: object) -> Iterator[str]:
    while (line := stream.readline().decode()) not in ("", "\r\n"):  # type: ignore[attr-defined]
        yield line


def with_length(status: int = 200, body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the client is compiled, once."""
    folder = tmp_path_factory.mktemp("load")
    compiled(SOURCES, folder)
    return folder


@contextmanager
def answering(*answers: tuple[bytes, bool]) -> Iterator[Answering]:
    """A server that gives the answers in turn, over all connections."""
    number = iter(range(1_000_000))
    with Answering(lambda head, body: answers[next(number) % len(answers)]) as server:
        yield server


def test_requests_and_statuses_are_counted(scratch: Path) -> None:
    answers = [(with_length(status), True) for status in (200, 201, 304, 503)]
    # An answer without a body may have a Content-Length all the same.
    answers.append((b"HTTP/1.1 304 X\r\nContent-Length: 9000\r\n\r\n", True))
    with answering(*answers) as server:
        seen = ask(server.port, [Request("GET", "/a"), Request("GET", "/b")], 5, scratch, count=100)
    assert seen["requests"] == len(server.requests) == 100
    assert seen["statuses"] == {"200": 20, "201": 20, "304": 40, "503": 20}
    assert [sum(head.startswith(f"GET {path} ") for head, _ in server.requests) for path in ("/a", "/b")] == [
        50,
        50,
    ]
    assert seen["again"] == 0
    assert 0 < seen["p50_ms"] <= seen["p99_ms"] <= seen["p999_ms"] <= seen["max_ms"]
    assert seen["rate"] == pytest.approx(100 / seen["seconds"], rel=0.01)


def test_an_answer_may_come_in_chunks_of_any_size(scratch: Path) -> None:
    chunks = b"5\r\nhello\r\n1A\r\n" + b"x" * 26 + b"\r\n0\r\nTrailer: 1\r\n\r\n"
    chunked = b"HTTP/1.1 207 X\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    with answering((chunked, True), (with_length(200, b"x" * 1_000_000), True)) as server:
        seen = ask(server.port, [Request("GET", "/")], 2, scratch, count=20)
    assert seen["statuses"] == {"200": 10, "207": 10}
    assert seen["bytes"] > 10_000_000


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.0 200 X\r\nContent-Length: 2\r\n\r\n{}", id="HTTP/1.0"),
        pytest.param(
            b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", id="Connection: close"
        ),
        pytest.param(b"HTTP/1.1 200 X\r\n\r\n{}", id="no length"),
        pytest.param(with_length(), id="without notice"),
    ],
)
def test_after_a_closed_connection_requests_go_over_a_new_one(scratch: Path, answer: bytes) -> None:
    with answering((answer, False)) as server:
        seen = ask(server.port, [Request("GET", "/")], 4, scratch, count=40)
    assert seen["statuses"] == {"200": 40}
    assert len(server.requests) == 40


def test_an_incomplete_answer_is_counted_as_such(scratch: Path) -> None:
    with answering(
        (b"HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nhalf", False), (with_length(), True)
    ) as server:
        seen = ask(server.port, [Request("GET", "/")], 1, scratch, count=10)
    assert seen["statuses"] == {"0": 5, "200": 5}


def test_each_request_differs(scratch: Path) -> None:
    create = Request(
        "POST", "/{{n}}", '{"id": "{{uuid}}", "same": "{{uuid}}", "n": {{n}}, "{{": "한글"}', {"A": "b"}
    )
    with answering((with_length(201), True)) as server:
        ask(server.port, [create], 8, scratch, count=200)
    bodies = [json.loads(body) for _, body in server.requests]
    assert {body["n"] for body in bodies} == set(range(200))
    assert len({uuid.UUID(body["id"]) for body in bodies}) == 200
    assert all(body["id"] == body["same"] and body["{{"] == "한글" for body in bodies)
    assert all("\r\nA: b\r\n" in head for head, _ in server.requests)


def test_it_ends_in_time(scratch: Path) -> None:
    with answering((with_length(), True)) as server:
        seen = ask(server.port, [Request("GET", "/")], 3, scratch, seconds=0.3)
    assert 0.25 < seen["seconds"] < 30
    assert seen["requests"] == len(server.requests)


def test_an_answer_that_is_not_http_fails(scratch: Path) -> None:
    with (
        answering((b"SSH-2.0\r\n\r\n", True)) as server,
        pytest.raises(RuntimeError, match="no answer of HTTP"),
    ):
        ask(server.port, [Request("GET", "/")], 1, scratch, count=1)


def test_a_missing_compiler_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="gcc"):
        compiled(SOURCES, tmp_path)
