"""An answer's head and body leave together, whatever shape the answer has."""

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.wsgi import Response

from teamcal.http.answers import PART_BYTES, LimitedAnswers
from teamcal.http.gunicorn_worker import remember_settings
from teamcal.http.one_send import JOINED_BYTES, hold_head
from teamcal.http.transfers import Transfers


class Wire:
    """The client's socket: what was sent, call by call."""

    def __init__(self, fails_at: int = -1) -> None:
        self.sent: list[bytes] = []
        self._fails_at = fails_at

    def sendall(self, data: bytes) -> None:
        if len(self.sent) == self._fails_at:
            raise BrokenPipeError
        self.sent.append(bytes(data))


def response_on(wire: Wire, method: str = "GET") -> Response:
    request = SimpleNamespace(method=method, version=(1, 1), should_close=lambda: False)
    return Response(request, wire, Config())


def layer_over(application: Any) -> LimitedAnswers:
    return LimitedAnswers(application, Transfers(lambda task: None, lambda seconds: None), 65_536, 2**20)


def answered(
    body: Iterable[bytes], status: str = "200 OK", length: int | None = None, method: str = "GET"
) -> list[bytes]:
    """Returns what gunicorn sends of an answer, call by call; as `AsyncWorker.handle_request` does it."""
    wire = Wire()
    response = response_on(wire, method)

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response(status, [] if length is None else [("Content-Length", str(length))])
        return body

    layer = layer_over(application)
    answer = layer({"gunicorn.socket": wire, "PATH_INFO": "/api/departments"}, response.start_response)
    try:
        for part in answer:
            response.write(part)
        response.close()
    finally:
        answer.close()  # type: ignore[attr-defined]
    assert layer.size == 0
    assert response.sock is wire
    return wire.sent


def test_an_ordinary_answer_is_sent_at_once() -> None:
    (sent,) = answered([b'{"success":true}'], length=16)
    head, _, body = sent.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b'{"success":true}'


@pytest.mark.parametrize(
    ("body", "status", "length", "method"),
    [
        ([b""], "304 NOT MODIFIED", None, "GET"),
        ([], "304 NOT MODIFIED", None, "GET"),
        ([b""], "200 OK", 0, "GET"),
        ([], "200 OK", 0, "GET"),
        ([b""], "200 OK", 100, "HEAD"),
        ([], "204 NO CONTENT", None, "DELETE"),
    ],
)
def test_an_answer_without_a_body_is_its_head(
    body: list[bytes], status: str, length: int | None, method: str
) -> None:
    sent = b"".join(answered(body, status, length, method))
    assert sent.startswith(f"HTTP/1.1 {status}\r\n".encode())
    assert sent.endswith(b"\r\n\r\n")
    assert sent.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("size", [JOINED_BYTES, JOINED_BYTES + 1, 3 * PART_BYTES, 9 * PART_BYTES])
def test_a_larger_answer_is_whole_and_in_order(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    sent = answered([content[:size]], length=size)
    assert b"".join(sent).partition(b"\r\n\r\n")[2] == content[:size]
    assert len(sent) == 1 if size <= JOINED_BYTES else len(sent) > 1


def test_an_answer_in_parts_is_in_order() -> None:
    sent = answered([b"one", b"", b"two", b"three"], length=11)
    assert b"".join(sent).partition(b"\r\n\r\n")[2] == b"onetwothree"
    assert b"one" in sent[0]
    chunks = b"".join(answered([b"one", b"two"])).partition(b"\r\n\r\n")[2]
    assert chunks == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


def test_a_body_that_breaks_off_has_sent_its_head() -> None:
    def body() -> Iterator[bytes]:
        yield b"begun"
        raise ValueError

    wire = Wire()
    response = response_on(wire)
    response.start_response("200 OK", [("Content-Length", "10")])
    held = hold_head(response.start_response)
    assert held is not None
    with pytest.raises(ValueError):
        for part in body():
            response.write(part)
    held.flush()
    assert b"".join(wire.sent).endswith(b"\r\n\r\nbegun")


def test_a_client_that_is_gone_leaves_nothing_behind() -> None:
    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("304 NOT MODIFIED", [])
        return []

    wire = Wire(fails_at=0)
    response, layer = response_on(wire), layer_over(application)
    answer = layer({"gunicorn.socket": wire, "PATH_INFO": "/"}, response.start_response)
    response.close()
    with pytest.raises(BrokenPipeError):
        answer.close()  # type: ignore[attr-defined]
    assert layer.size == 0


def test_other_web_servers_are_left_alone() -> None:
    assert hold_head(lambda status, headers: None) is None


def test_settings_are_what_they_were() -> None:
    config = Config()
    config.set("keepalive", 7)
    expected = {name: getattr(config, name) for name in config.settings}
    address, worker = config.address, config.worker_class_str
    remember_settings(config)
    assert {name: getattr(config, name) for name in config.settings} == expected
    assert (config.keepalive, config.address, config.worker_class_str) == (7, address, worker)
    assert vars(config)["keepalive"] == 7
