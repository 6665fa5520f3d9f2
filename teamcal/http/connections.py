"""Who is ended when a worker of gunicorn runs out of connections.

For the workers whose connections are green threads, eventlet's and gevent's. gthread keeps connections that
send nothing out of its threads by itself.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from teamcal.http.answers import Answer
from teamcal.http.bodies import Body
from teamcal.http.transfers import Transfers, stop_both
from teamcal.http.turns import is_next_here, let_others_run

RESERVE = 16
"""One in so many connections is kept free, as nginx does: there it is 1 of 16 as well."""

REQUESTS_A_TURN = 4
"""Requests of one connection that may be answered one after the other if they arrived together."""
REQUESTS_WITHOUT_TURN = 32
"""The same for requests whose next one isn't known to be here: it rarely is, and a turn costs 9 µs."""


class Connection:
    """A client's connection, from its acceptance to its end."""

    __slots__ = ("requests", "sock")

    def __init__(self, sock: Any) -> None:
        self.sock, self.requests = sock, 0


_current: ContextVar[Connection | None] = ContextVar("connection", default=None)


class Connections:
    """The connections of one worker, which takes at most `slots` at once.

    A connection on which the server waits for the client costs a place that others need. When places are
    short, each new connection ends an old one, whoever has made the server wait longest: with a body, with a
    first request, by not reading an answer, or by keeping an idle connection. Websockets are never ended.
    """

    def __init__(self, slots: int, transfers: Transfers) -> None:
        self._usable = slots - max(1, slots // RESERVE)
        self._transfers = transfers
        self.open = 0
        self._silent: dict[Connection, None] = {}
        """Connections without a request so far, the oldest first."""
        self._idle: dict[Connection, None] = {}
        """Connections between two requests, the longest idle first."""

    def attach(self, worker: Any) -> None:
        """Replaces two methods of a gunicorn.workers.base_async.AsyncWorker, on this object only."""
        handle, handle_request = worker.handle, worker.handle_request

        def connected(listener: Any, client: Any, address: Any) -> None:
            self._run(client, lambda: handle(listener, client, address))

        def requested(listener: Any, request: Any, *arguments: Any) -> Any:
            connection = _current.get()
            if connection is None:
                return handle_request(listener, request, *arguments)
            waiting = self._idle if connection.requests else self._silent
            waiting.pop(connection, None)
            try:
                more = handle_request(listener, request, *arguments)
            finally:
                self._idle[connection] = None
            connection.requests += 1
            if connection.requests % REQUESTS_A_TURN == 0 and (
                connection.requests % REQUESTS_WITHOUT_TURN == 0 or is_next_here(request)
            ):
                let_others_run()
            return more

        worker.handle, worker.handle_request = connected, requested

    def _run(self, sock: Any, serve: Callable[[], None]) -> None:
        connection = Connection(sock)
        self.open += 1
        self._silent[connection] = None
        _current.set(connection)
        if self.open > self._usable:
            self._end_one()
        try:
            serve()
        finally:
            self.open -= 1
            self._silent.pop(connection, None)
            self._idle.pop(connection, None)

    def _end_one(self) -> None:
        now = time.monotonic()
        transfers = list(self._transfers)
        body = next((transfer for transfer in transfers if isinstance(transfer, Body)), None)
        if body is not None:
            self._transfers.end(body)
            return
        if len(self._silent) > 1:  # the newest is the new one itself
            self._end(self._silent)
            return
        for transfer in transfers:
            if isinstance(transfer, Answer) and transfer.stalled(now):
                self._transfers.end(transfer)
                return
        if self._idle:
            self._end(self._idle)

    def _end(self, connections: dict[Connection, None]) -> None:
        connection = next(iter(connections))
        del connections[connection]
        stop_both(connection.sock)
