"""Bodies that arrive slowly, not at all, or as no HTTP: over the wire, under every web server."""

import io
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.test import EnvironBuilder

from teamcal import deadline
from teamcal.factory import http_layers, within_deadline, wsgi_stack
from teamcal.http.bodies import MAX_BODY_BYTES, CompleteBodies
from teamcal.http.refusals import Refusals
from teamcal.http.transfers import Transfers
from teamcal.settings import load_settings
from tests.rest.raw_http import exchange
from tests.servers import WORKERS, Server, Worker, command_of, free_port, running

SECONDS = 1
ROUTES = ["POST /api/departments", "PUT /api/events/x", "POST /socket.io/?EIO=4&transport=polling&sid=x"]
CHUNKED = "Host: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module", params=WORKERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    worker: Worker = request.param
    folder = tmp_path_factory.mktemp(worker)
    with running(worker, data_dir=folder, env={"BODY_TIMEOUT_SECONDS": str(SECONDS)}) as one:
        yield one
        assert "Traceback" not in one.log()


def answer_of(said: bytes) -> tuple[int, Any]:
    """Status and JSON of the only answer in `said`."""
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("beginning", [b"", b'{"name"'], ids=["nothing", "a part"])
def test_a_body_that_does_not_come_is_refused_in_time(server: Server, route: str, beginning: bytes) -> None:
    head = f"{route} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    before = time.monotonic()
    status, answer = answer_of(exchange(server.port, head.encode() + beginning))
    assert (status, answer["code"], answer["success"]) == (408, "request_timeout", False)
    assert SECONDS - 0.1 < time.monotonic() - before < SECONDS + 5


def test_a_body_that_drips_is_refused_in_time(server: Server) -> None:
    head = b"POST /api/departments HTTP/1.1\r\n" + CHUNKED.encode()
    with closing(socket.create_connection(("127.0.0.1", server.port), 60)) as wire:
        wire.sendall(head)
        before, said = time.monotonic(), b""
        wire.settimeout(0.1)
        while not said and time.monotonic() - before < 60:
            try:
                wire.sendall(b"1\r\n \r\n")
                said = wire.recv(65_536)
            except TimeoutError:
                continue
        wire.settimeout(60)
        with suppress(ConnectionResetError):
            while part := wire.recv(65_536):
                said += part
    assert answer_of(said)[0] == 408
    assert time.monotonic() - before < SECONDS + 5


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "body",
    ["zz\r\n{}\r\n0\r\n\r\n", "-1\r\n\r\n", "2\r\n{}xx0\r\n\r\n", "g\r\n\r\n", "\r\n\r\n"],
)
def test_a_chunked_body_that_is_none(server: Server, route: str, body: str) -> None:
    follow_up = "GET /api/departments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    said = exchange(server.port, f"{route} HTTP/1.1\r\n{CHUNKED}{body}{follow_up}".encode())
    # One answer: what follows a body that can't be read is no request.
    status, answer = answer_of(said)
    assert (status, answer["success"]) == (400, False)


@pytest.mark.parametrize("route", ROUTES)
def test_a_trailer_that_is_none(server: Server, route: str) -> None:
    body = "2\r\n{}\r\n0\r\nno colon in this line\r\n\r\n"
    status, answer = answer_of(exchange(server.port, f"{route} HTTP/1.1\r\n{CHUNKED}{body}".encode(), True))
    # `python app.py` ignores trailers and finds that there is no such event, or no name.
    assert (status, answer["success"]) in [(400, False), (404, False)]


@pytest.mark.parametrize("method", ["post", "put"])
def test_a_chunked_body_is_read(server: Server, method: str) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"name": '
        yield f'"{method} {time.monotonic()}"}}'.encode()

    created = requests.post(
        f"{server.url}/api/departments", json={"name": f"{method} 부서"}, timeout=60
    ).json()
    path = "" if method == "post" else f"/{created['department']['id']}"
    url = f"{server.url}/api/departments{path}"
    answer = requests.request(
        method, url, data=parts(), headers={"Content-Type": "application/json"}, timeout=60
    )
    assert answer.status_code == (201 if method == "post" else 200), answer.text
    assert answer.json()["department"]["name"].startswith(method)


def test_slow_bodies_leave_room_for_others(tmp_path: Path) -> None:
    """As many slow bodies as the worker has connections, on both doors."""
    port = free_port()
    command = [*command_of("eventlet", port), "--worker-connections", "200"]
    with running("eventlet", data_dir=tmp_path, port=port, command=command) as server, ExitStack() as stack:
        durations = []
        for number in range(400):
            route = ROUTES[number % len(ROUTES)]
            wire = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), 60)))
            wire.sendall(f"{route} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{".encode())
            if number >= 180:
                before = time.monotonic()
                assert requests.get(f"{server.url}/api/departments", timeout=20).status_code == 200
                durations.append(time.monotonic() - before)
    durations.sort()
    assert durations[int(len(durations) * 0.99)] < 0.5, durations[-5:]


def test_silent_and_idle_connections_leave_room_for_others(tmp_path: Path) -> None:
    port = free_port()
    command = [*command_of("eventlet", port), "--worker-connections", "40"]
    with running("eventlet", data_dir=tmp_path, port=port, command=command) as server, ExitStack() as stack:
        for number in range(100):
            wire = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), 60)))
            if number % 3 == 0:
                wire.sendall(b"GET / HTTP/1.1\r\n")
            elif number % 3 == 1:
                wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert wire.recv(4096)
            before = time.monotonic()
            assert requests.get(f"{server.url}/api/departments", timeout=20).status_code == 200
            assert time.monotonic() - before < 2


# The layer by itself


@pytest.mark.parametrize("chunked", [True, False])
def test_the_largest_body(chunked: bool) -> None:
    received: list[int] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        received.append(len(environ["wsgi.input"].read()))
        assert int(environ["CONTENT_LENGTH"]) == received[-1]
        start_response("200 OK", [])
        return []

    layer = CompleteBodies(application, Refusals(lambda origin: ()), Transfers(print, print), 1)
    coding = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""} if chunked else {}
    statuses: list[str] = []
    for size in (MAX_BODY_BYTES, MAX_BODY_BYTES + 1):
        environ = EnvironBuilder("/", method="POST", data=b" " * size).get_environ() | coding
        list(layer(environ, lambda status, headers: statuses.append(status)))
    assert received == [MAX_BODY_BYTES]
    assert [status[:3] for status in statuses] == ["200", "413"]


class SlowBody(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        time.sleep(0.6)
        return super().read(size)


def test_the_deadline_begins_when_the_body_is_there() -> None:
    left: list[float] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        left.append(deadline.remaining())
        return []

    settings = load_settings({"SECRET_KEY": "long and random"})
    layers = http_layers(settings, Transfers(print, print), Refusals(lambda origin: ()))
    stack = wsgi_stack(application, [*layers, within_deadline])
    environ = EnvironBuilder("/", method="POST", data=b"{}").get_environ() | {"wsgi.input": SlowBody(b"{}")}
    stack(environ, lambda status, headers: None)  # type: ignore[arg-type,return-value]
    assert left[0] > deadline.REQUEST_SECONDS - 0.5
