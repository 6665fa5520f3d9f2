"""Request bodies and answers that are under way. They must move, or their connection is ended."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol
from wsgiref.types import WSGIEnvironment

CHECK_SECONDS = 0.5
"""Between two looks at all transfers."""
STALLED_SECONDS = 1.0
"""An answer of which nothing was taken for so long may be ended to make room for others."""


class Transfer(Protocol):
    sock: Any
    """The client's socket; None if the web server doesn't tell it."""

    def overdue(self, now: float) -> bool:
        """Whether it has to end. `now` is on the clock of `time.monotonic`."""

    def end(self) -> None:
        """Called at most once: wakes the task that waits for the client."""


class Transfers:
    """Ends transfers that are overdue, with one task for all, which runs while there are any.

    `spawn(task)` starts a background task, `sleep(seconds)` waits in it.
    """

    def __init__(
        self, spawn: Callable[[Callable[[], None]], object], sleep: Callable[[float], object]
    ) -> None:
        self._spawn, self._sleep = spawn, sleep
        self._under_way: dict[Transfer, bool] = {}
        self._running = False

    def __len__(self) -> int:
        return len(self._under_way)

    def __iter__(self) -> Any:
        """The oldest first."""
        return iter(list(self._under_way))

    def start(self, transfer: Transfer) -> None:
        self._under_way[transfer] = True
        if not self._running:
            self._running = True
            self._spawn(self._run)

    def stop(self, transfer: Transfer) -> bool:
        """Returns whether it was under way until now."""
        return self._under_way.pop(transfer, False)

    def end(self, transfer: Transfer) -> None:
        if self.stop(transfer):
            transfer.end()

    def _run(self) -> None:
        while True:
            self._sleep(CHECK_SECONDS)
            if not self._under_way:
                self._running = False
                if not self._under_way:  # with real threads, one may have been added in between
                    return
                self._running = True
            now = time.monotonic()
            for transfer in self:
                if transfer.overdue(now):
                    self.end(transfer)


def socket_of(environ: WSGIEnvironment) -> Any:
    """Returns the client's socket; None if the web server doesn't tell it, as in tests."""
    sock = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if sock is None and (own := environ.get("eventlet.input")) is not None:
        sock = own.get_socket()
    return sock


def stop_receiving(sock: Any) -> None:
    """Ends a socket's reads, now and later, as if the client had closed it. An answer can still be sent."""
    encrypted = hasattr(sock, "cipher")  # shutting down one direction of TLS would send the rest unencrypted
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR if encrypted else socket.SHUT_RD)


def stop_both(sock: Any) -> None:
    """Ends a socket's reads and writes, now and later."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
