"""How long a client's session lives: pings, and the end of sessions that are no use to anybody."""

import time
from collections.abc import Callable
from typing import Any

import engineio.exceptions
import engineio.packet
import engineio.socket

from teamcal.realtime.pings import PingScheduler

EARLY = 0.1
"""Seconds by which a timer may be early."""
SILENT_INTERVALS = 0.8
"""Part of a ping interval: a polling client that has none of its requests here for so long is gone."""


class Liveness(engineio.socket.Socket):
    """Ends a session whose client doesn't answer a ping, and at its first ping one that never connected to
    Socket.IO, or whose client has stopped polling. `is_connected(sid)` says whether it is connected.

    A client that is receiving something big can't answer yet: while bytes are written it is alive.
    """

    pings: PingScheduler | None = None
    """Calls after a ping interval."""
    timeouts: PingScheduler | None = None
    """Calls after a ping timeout."""
    is_connected: Callable[[str], bool] | None = None
    last_ping: float | None

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self._raw_socket: Any = None
        self._moved_at = 0.0
        self._polls = 0
        self._polled_at = time.monotonic()

    def schedule_ping(self) -> None:
        """Schedules the next ping, unless one is scheduled already."""
        if self.pings is None:
            super().schedule_ping()
        elif self.last_ping:
            self.last_ping = None
            self.pings.schedule(self._ping)

    def _ping(self) -> None:
        if self.closing or self.closed:
            return
        connected = self.is_connected is None or self.is_connected(self.sid)
        if not connected or self._has_stopped_polling():
            self.close(reason=self.server.reason.PING_TIMEOUT)
            return
        self.last_ping = time.time()
        self.send(engineio.packet.Packet(engineio.packet.PING))
        if self.timeouts is not None:
            self.timeouts.schedule(self._check_answer)

    def _has_stopped_polling(self) -> bool:
        silent = time.monotonic() - self._polled_at
        is_polling = self._raw_socket is None and not self._polls
        return is_polling and silent > SILENT_INTERVALS * self.server.ping_interval

    def _check_answer(self) -> None:
        if self.last_ping and not self.closed and self.check_ping_timeout() and self.timeouts is not None:
            self.timeouts.schedule(self._check_answer)

    def check_ping_timeout(self) -> bool:
        """Returns whether the client may still answer. Raises SocketIsClosedError."""
        if self.closed:
            raise engineio.exceptions.SocketIsClosedError()
        last_ping, timeout = self.last_ping, self.server.ping_timeout
        if last_ping and time.time() - max(last_ping, self._moved_at) > timeout - EARLY:
            self.close(reason=self.server.reason.PING_TIMEOUT)
            return False
        return True
