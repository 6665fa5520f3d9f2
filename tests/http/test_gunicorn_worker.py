"""gunicorn's own refusals; and what happens when gunicorn has changed."""

import json
import logging
import socket
import time
from types import SimpleNamespace
from typing import Any

import gunicorn.glogging
import gunicorn.http.wsgi
import gunicorn.util
import pytest
from gunicorn.config import Config
from gunicorn.util import http_date as gunicorn_date

from teamcal.http.gunicorn_worker import http_date, prepare, write_error
from teamcal.http.transfers import Transfers
from tests.rest.raw_http import exchange
from tests.tls_server import Real

REFUSED = [
    b"GARBAGE\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\n\r\n",
]


@pytest.mark.parametrize("raw", REFUSED, ids=lambda raw: raw[:40].decode())
def test_what_is_no_http_is_refused_in_json(eventlet_server: Real, raw: bytes) -> None:
    head, _, body = exchange(eventlet_server.server.port, raw).partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert b"Content-Type: application/json" in head
    assert json.loads(body)["success"] is False
    assert b"<" not in body


def test_a_prefix_that_a_proxy_takes_away_and_names_as_well(eventlet_server: Real) -> None:
    raw = b"GET /api/departments HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /calendar\r\n\r\n"
    head, _, body = exchange(eventlet_server.server.port, raw).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["code"] == "validation_error"
    log = eventlet_server.server.log()
    assert "'/api/departments' does not start with SCRIPT_NAME '/calendar'" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("status", "code"), [(400, "validation_error"), (431, "bad_request"), (500, "internal_error")]
)
def test_the_code_of_a_refusal(status: int, code: str) -> None:
    ours, theirs = socket.socketpair()
    write_error(ours, status, "Reason", "<b>what the client sent</b>")
    head, _, body = theirs.recv(65_536).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} Reason\r\n".encode())
    assert f"Content-Length: {len(body)}" in head.decode()
    assert json.loads(body)["code"] == code


@pytest.mark.parametrize("second", [0, 951_782_399, 951_782_400, 1_795_824_000, 253_402_300_799])
def test_dates_are_gunicorns_own(second: int) -> None:
    for part in (0.0, 0.5, 0.999):
        assert http_date(second + part) == gunicorn_date(second)
    assert http_date() in (gunicorn_date(), gunicorn_date(time.time() - 1))


def test_a_changed_gunicorn_is_named_and_the_worker_serves(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(gunicorn.util, "write_error")
    monkeypatch.delattr(gunicorn.util, "http_date")
    monkeypatch.delattr(gunicorn.http.wsgi.Response, "force_close")
    monkeypatch.delattr(gunicorn.http.wsgi.Response, "send_headers")
    worker: Any = SimpleNamespace(
        log=gunicorn.glogging.Logger(Config()),
        cfg=SimpleNamespace(is_ssl=False),
        worker_connections=10,
        timeout_ctx=None,
    )
    with caplog.at_level(logging.WARNING):
        prepare(worker, Transfers(print, print))
    for name in (
        "util.write_error",
        "util.http_date",
        "Response.force_close",
        "Response.sock",
        "Config.settings",
        "AsyncWorker",
    ):
        assert name in caplog.text
