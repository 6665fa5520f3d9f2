"""Sends the pings of all clients from one task.

Engine.IO starts a sleeping task for every client: a thread each with real threads, and with green threads a
seventh of the memory of a connection.
"""

import logging
import time
from collections import deque
from collections.abc import Callable

from teamcal.brief_lock import BriefLock

logger = logging.getLogger(__name__)


class PingScheduler:
    """Calls each ping `interval()` seconds after it was scheduled.

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
        self._running = False
        self._lock = BriefLock()

    def schedule(self, ping: Callable[[], object]) -> None:
        with self._lock:
            self._due.append((time.monotonic() + self._interval(), ping))
            if self._running:
                return
            self._running = True
        try:
            self._spawn(self._run)
        except RuntimeError:  # can't start a new thread: the next client that is scheduled tries again
            self._running = False

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._due:
                    self._running = False
                    return
                due, ping = self._due.popleft()
            # All intervals are equal, so the first ping in the queue is the first one due.
            self._sleep(max(0.0, due - time.monotonic()))
            try:
                ping()
            except Exception:  # a failing client must not stop the others
                logger.exception("a ping couldn't be sent")
