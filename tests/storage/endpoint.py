"""A DynamoDB endpoint on loopback, over HTTP or TLS: the tests' engine, or whatever a test wants instead."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from teamcal.storage.fast_client import USER_AGENT
from tests.engine import Answer, run

HANG: Answer = (0, {}, b"")
"""The request is read and never answered."""
Behaviour = Callable[[str, bytes], Answer | None]


def engine(action: str, body: bytes) -> None:
    """The behaviour of a sound endpoint."""


class Endpoint:
    """`behave(action, body)` returns the answer, None for the engine's, or HANG; it may be replaced.

    `calls`: the actions so far; `fast_calls`: those that came from the fast client. With `hangs_up` each
    connection is closed after its answer, without saying so.
    """

    def __init__(self, behave: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.behave = behave
        self.ended = threading.Event()
        self.calls: list[str] = []
        self.fast_calls: list[str] = []
        self.hangs_up = False
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def release(self) -> None:
        """Closes the connections whose requests hang."""
        hanging, self.ended = self.ended, threading.Event()
        hanging.set()

    def end(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what is being tested."""


def _handler_of(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            action = self.headers["X-Amz-Target"].rsplit(".", 1)[1]
            endpoint.calls.append(action)
            if self.headers["User-Agent"] == USER_AGENT:
                endpoint.fast_calls.append(action)
            answer = endpoint.behave(action, body)
            if answer is HANG:
                endpoint.ended.wait(60)
                self.close_connection = True
                return
            status, headers, content = answer or run(action, body)
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            # Read before the client has its answer and the test may change it.
            self.close_connection = self.close_connection or endpoint.hangs_up
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            pass

    return Handler


@contextmanager
def endpoint(behave: Behaviour = engine, tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    endpoint = Endpoint(behave, tls)
    try:
        yield endpoint
    finally:
        endpoint.end()


@contextmanager
def taking_at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took <= seconds, f"{took:.1f} s"
