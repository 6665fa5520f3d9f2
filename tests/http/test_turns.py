"""A client whose bytes are always there already: others are served meanwhile, under both green workers."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from teamcal.http.turns import MAX_CHUNKED_BYTES
from tests.rest.raw_http import exchange
from tests.servers import Server, Worker, running

POST = b"POST /api/departments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SMALL = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PADDING = b"a" * (8192 - len(SMALL) - len("X: \r\n"))
FLOODS = {
    "many small requests": (b"", SMALL * 2_000),
    "requests as long as a read": (b"", SMALL[:-2] + b"X: " + PADDING + b"\r\n\r\n"),
    "an extension of a chunk": (CHUNKED + b"1;", b"x" * 60_000),
    "chunks of one byte": (CHUNKED, b"1\r\n \r\n" * 10_000),
    "trailers": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n" * 10_000),
    "a body that is too long": (POST + b"Content-Length: 99999999999\r\n\r\n", b"x" * 200_000),
}
CLIENTS, ASKED = 4, 20
SECONDS = 25


@pytest.fixture(scope="module", params=["eventlet", "gevent"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    worker: Worker = request.param
    with running(worker, data_dir=tmp_path_factory.mktemp(worker)) as one:
        yield one
        assert "WORKER TIMEOUT" not in one.log()
        assert "Traceback" not in one.log()


class Flood(threading.Thread):
    """Sends `first`, then `again` as fast as the server takes it, on one connection after another."""

    def __init__(self, port: int, first: bytes, again: bytes, over: threading.Event) -> None:
        super().__init__()
        self._port, self._first, self._again, self._over = port, first, again, over
        self.sent = 0

    def run(self) -> None:
        while not self._over.is_set():
            with closing(socket.create_connection(("127.0.0.1", self._port), 5)) as wire:
                reader = threading.Thread(target=self._read, args=(wire,))
                reader.start()
                with suppress(OSError):
                    wire.sendall(self._first)
                    while not self._over.is_set():
                        wire.sendall(self._again)
                        self.sent += len(self._again)
                with suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)
                reader.join()

    def _read(self, wire: socket.socket) -> None:
        with suppress(OSError):
            while wire.recv(1 << 18):
                pass


@pytest.mark.parametrize("kind", FLOODS)
def test_others_are_served_while_one_sends_without_a_pause(server: Server, kind: str) -> None:
    over = threading.Event()
    # The flood ends by itself: a server which serves nobody else fails here and isn't blocked for good.
    timer = threading.Timer(SECONDS, over.set)
    floods = [Flood(server.port, *FLOODS[kind], over) for _ in range(CLIENTS)]
    for thread in (timer, *floods):
        thread.start()
    try:
        while not all(flood.sent for flood in floods):
            assert not over.wait(0.01), "the flood didn't begin"
        for _ in range(ASKED):
            said = exchange(server.port, SMALL[:-2] + b"Connection: close\r\n\r\n")
            assert said.startswith(b"HTTP/1.1 200 ")
        assert not over.is_set(), "the others were served when the flood was over"
    finally:
        timer.cancel()
        over.set()
        for flood in floods:
            flood.join()


def test_a_chunked_body_may_be_as_long_as_any_and_its_connection_stays(server: Server) -> None:
    name = b'{"name": "' + b" " * 1_000_000 + b'x"}'
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (name[:500], name[500:]))
    one = CHUNKED + chunks + b"0\r\n\r\n"
    said = exchange(server.port, one * 3 + SMALL[:-2] + b"Connection: close\r\n\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+)", said) == [b"201", b"409", b"409", b"200"]


def test_a_chunked_body_of_nothing_but_heads_ends(server: Server) -> None:
    said = exchange(server.port, CHUNKED + b"1;" + b"x" * (2 * MAX_CHUNKED_BYTES))
    assert not said or said.startswith(b"HTTP/1.1 400 ")
