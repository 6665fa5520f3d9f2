"""Answers of every form and speed: the same as botocore's, and none outlasts its request."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from http.client import parse_headers
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal import deadline
from teamcal.errors import StorageUnavailable
from teamcal.storage import http_exchange
from teamcal.storage.fast_client import USER_AGENT
from teamcal.storage.http_exchange import HttpAnswer, UnexpectedHttp, exchange
from tests.house import House, together
from tests.storage.endpoint import taking_at_most

ITEM = b'{"Item":{"head":{"N":"3"},"change_id":{"S":"c"}}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
PLAIN = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(ITEM), ITEM)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x;x=y\r\n%s\r\n0\r\nTrailer: a\r\n\r\n" % (
    ITEM[:5],
    len(ITEM) - 5,
    ITEM[5:],
)
UNTIL_THE_END = HEAD + b"Connection: close\r\n\r\n" + ITEM
HTTP_1_0 = PLAIN.replace(b"1.1", b"1.0", 1)
AFTER_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
BUSY = (
    b"HTTP/1.1 503 Busy\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
)


class RawServer:
    """Answers each request on a connection by `answer(connection)`; `requests` counts them."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.answer, self.requests, self.connections = answer, 0, 0
        self.agents: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as file, suppress(OSError, ValueError):
            while file.readline():
                headers = parse_headers(file)
                file.read(int(headers["Content-Length"]))
                self.requests += 1
                self.agents.append(headers["User-Agent"])
                self.answer(connection)

    @property
    def by_fast_client(self) -> int:
        return self.agents.count(USER_AGENT)


@pytest.fixture
def raw() -> Iterator[RawServer]:
    raw = RawServer(lambda connection: connection.sendall(PLAIN))
    with closing(raw.listener):
        yield raw


def database_at(house: House, raw: RawServer) -> DynamoDBDatabase:
    return DynamoDBDatabase(
        replace(house.storage, endpoint_url=raw.url, aws_access_key_id="a", aws_secret_access_key="b")
    )


def exchange_with(raw: RawServer, seconds: float) -> HttpAnswer:
    with closing(socket.create_connection(raw.listener.getsockname(), 5)) as connection:
        return exchange(connection, {"User-Agent": USER_AGENT}, b"{}", seconds)


def sends(answer: bytes, piece: int = 0, pause: float = 0.0) -> Callable[[socket.socket], None]:
    """At once, or in pieces of so many bytes."""

    def send(connection: socket.socket) -> None:
        for start in range(0, len(answer), piece or len(answer)):
            connection.sendall(answer[start : start + (piece or len(answer))])
            if pause:
                time.sleep(pause)
        if answer in (UNTIL_THE_END, HTTP_1_0):
            connection.shutdown(socket.SHUT_RDWR)

    return send


@pytest.mark.parametrize("piece", [0, 1, 7, 100])
@pytest.mark.parametrize(
    "answer", [PLAIN, CHUNKED, UNTIL_THE_END, HTTP_1_0, AFTER_CONTINUE], ids=lambda part: ascii(part[:40])
)
def test_an_answer_of_any_form_is_read(
    house: House, raw: RawServer, caplog: pytest.LogCaptureFixture, answer: bytes, piece: int
) -> None:
    database = database_at(house, raw)
    database.read_head("x")
    raw.answer = sends(answer, piece)
    assert [database.read_head("x").revision for _ in range(4)] == [3] * 4
    assert raw.by_fast_client >= 1
    assert database.dynamodb.fast_client_in_use
    if answer in (PLAIN, CHUNKED, AFTER_CONTINUE):
        assert raw.connections == 1
        assert raw.by_fast_client == 4
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_chunked_503_of_a_proxy_leaves_the_fast_client_on(house: House, raw: RawServer) -> None:
    database = database_at(house, raw)
    database.read_head("x")
    raw.answer = sends(BUSY)
    for _ in range(8):
        with deadline.within(3.6), pytest.raises(StorageUnavailable):
            database.read_head("x")
    raw.answer = sends(PLAIN)
    for _ in range(3):
        database.read_head("x")
    assert database.dynamodb.fast_client_in_use
    assert raw.by_fast_client == raw.requests - 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"Content-Length: 999999999999\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n",
        HEAD + b"Content-Length: 2\r\n\r\n{}{}",
        b"x" * 70_000,
    ],
    ids=lambda part: ascii(part[-30:]),
)
def test_what_is_not_http_is_unexpected(raw: RawServer, garbage: bytes) -> None:
    raw.answer = lambda connection: connection.sendall(garbage)
    with pytest.raises(UnexpectedHttp):
        exchange_with(raw, seconds=5.0)


def test_an_answer_without_end_is_bounded(raw: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_exchange, "MAX_BYTES", 1_000_000)
    sent = [0]

    def endless(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            sent[0] += 4096

    raw.answer = endless
    with pytest.raises(UnexpectedHttp, match="more than"):
        exchange_with(raw, seconds=30.0)
    assert sent[0] < 20_000_000


# Slow answers


def test_an_answer_that_drips_ends_with_its_request_on_both_ways(house: House, raw: RawServer) -> None:
    """Each piece comes well within the read time-out: only the sum is too long."""
    database = database_at(house, raw)
    database.read_head("x")
    raw.answer = sends(PLAIN, piece=2, pause=0.3)
    for way in ("the fast client's", "botocore's, since no connection is left"):
        with taking_at_most(6.5), deadline.within(4.0), pytest.raises(StorageUnavailable):
            database.read_head("x")
        assert way
    assert raw.by_fast_client == 1
    raw.answer = sends(PLAIN)
    assert [database.read_head("x").revision for _ in range(3)] == [3] * 3
    assert raw.by_fast_client == 3


def test_a_slow_answer_that_is_in_time_is_taken(house: House, raw: RawServer) -> None:
    database = database_at(house, raw)
    raw.answer = sends(PLAIN, piece=len(PLAIN) // 6, pause=0.5)
    with deadline.within(20):
        assert [database.read_head("x").revision for _ in range(2)] == [3, 3]
    assert raw.by_fast_client == 1


def test_a_dripping_endpoint_holds_no_request_longer_than_its_deadline(house: House, raw: RawServer) -> None:
    server_database = database_at(house, raw)
    raw.answer = sends(PLAIN, piece=1, pause=0.2)

    def read() -> Any:
        began = time.monotonic()
        with deadline.within(3.6), pytest.raises(StorageUnavailable):
            server_database.read_head("x")
        return time.monotonic() - began

    assert max(together(*[read] * 6)) < 8
