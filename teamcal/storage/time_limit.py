"""A limit for the whole of a call that botocore makes.

botocore's read_timeout is for each piece of an answer: one that comes in drops takes as long as it likes, and
so do the requests that wait for it.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

logger = logging.getLogger(__name__)


class _Call:
    """A call under way. `watch` is told its socket, whose connection ends when the time is up."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def watch(self, sock: Any) -> None:
        self.end()
        self._timer = threading.Timer(self._seconds, _break_off, (sock,))
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


_call: ContextVar[_Call | None] = ContextVar("call", default=None)


def _break_off(sock: Any) -> None:
    """Ends the connection, so that whoever reads from the socket finds its end. The socket isn't closed."""
    with suppress(OSError), socket.socket(fileno=os.dup(sock.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Limits the botocore call inside, if its client was prepared by `limit_calls_of`."""
    call = _Call(seconds)
    token = _call.set(call)
    try:
        yield
    finally:
        call.end()
        _call.reset(token)


def limit_calls_of(client: Any) -> None:
    """Lets `limited` know the connections of a new client, those through a proxy included."""
    try:
        replace_connections(client, _watched)
    except Exception as error:  # noqa: BLE001 -- of another botocore anything may come
        logger.warning("An answer that comes in drops may take longer than its request: %r", error)


def replace_connections(client: Any, replaced: Callable[[Any], Any]) -> None:
    """Makes a new client open connections of the class that `replaced` makes of botocore's.

    Raises whatever goes wrong with another botocore.
    """
    classes = client._endpoint.http_session._pool_classes_by_scheme
    for scheme, pool in list(classes.items()):
        connection = replaced(pool.ConnectionCls)
        classes[scheme] = type(pool.__name__, (pool,), {"ConnectionCls": connection})


def _watched(connection_class: Any) -> Any:
    class Watched(connection_class):
        def getresponse(self, *arguments: Any, **options: Any) -> Any:
            call = _call.get()
            if call is not None:
                call.watch(self.sock)
            return super().getresponse(*arguments, **options)

    return Watched
