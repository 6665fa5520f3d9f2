"""Pings to all clients from one task.

Engine.IO's own way is a sleeping task for every client: a thread each where threads aren't green, and where
they are, a seventh of the memory of a connection.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

log = logging.getLogger("teamcal.heartbeat")


class Heartbeat:
    """Runs each ping `interval()` seconds after it was asked for.

    `spawn(task)` starts a background task, `sleep(seconds)` waits in it.
    """

    def __init__(
        self,
        interval: Callable[[], float],
        spawn: Callable[[Callable[[], None]], object],
        sleep: Callable[[float], object],
    ) -> None:
        self._interval, self._spawn, self._sleep = interval, spawn, sleep
        self._due: deque[tuple[float, Callable[[], object]]] = deque()
        self._beating = False
        self._lock = threading.Lock()

    def later(self, ping: Callable[[], object]) -> None:
        with self._lock:
            self._due.append((time.monotonic() + self._interval(), ping))
            if self._beating:
                return
            self._beating = True
        self._spawn(self._beat)

    def _beat(self) -> None:
        while True:
            with self._lock:
                if not self._due:
                    self._beating = False
                    return
                due, ping = self._due.popleft()
            # Every interval is the same, so the first in the queue is the first that is due.
            self._sleep(max(0.0, due - time.monotonic()))
            try:
                ping()
            except Exception:  # one client's trouble is no other's
                log.exception("a ping couldn't be sent")
