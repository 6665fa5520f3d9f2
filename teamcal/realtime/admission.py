"""Admission control: at most 16 new connections per turn of the event loop."""

import threading
from collections import deque
from collections.abc import Callable

PER_TURN = 16
"""New connections per turn of the event loop: about 20 ms."""


class Admission:
    """For workers with green threads, where thousands of new clients would all be served in one turn.

    Connected clients, and what they wait for (a calendar that is being loaded), would get no turn for
    seconds: requests would pass their deadline, clients would ask again, and the load would grow.
    `spawn(task)` starts a background task; `pause(0)` returns when every other task has had a turn.
    """

    def __init__(
        self, spawn: Callable[[Callable[[], None]], object], pause: Callable[[float], object]
    ) -> None:
        self._spawn, self._pause = spawn, pause
        self._waiting: deque[threading.Semaphore] = deque()
        self._admitted = 0
        self._running = False

    def wait(self) -> None:
        """Returns when the calling request may connect; requests are admitted in the order of their calls."""
        if not self._running:
            self._running = True
            self._spawn(self._admit)
        if self._admitted < PER_TURN and not self._waiting:
            self._admitted += 1
            return
        turn = threading.Semaphore(0)
        self._waiting.append(turn)
        turn.acquire()

    def _admit(self) -> None:
        while self._admitted or self._waiting:
            self._pause(0)
            self._admitted = min(PER_TURN, len(self._waiting))
            for _ in range(self._admitted):
                self._waiting.popleft().release()
        self._running = False
