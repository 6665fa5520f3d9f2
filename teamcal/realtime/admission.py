"""A crowd that comes at once is let in a few at a time."""

import threading
from collections import deque
from collections.abc import Callable

AT_ONCE = 16
"""Newcomers in one turn of the event loop: about 20 ms."""


class Arrivals:
    """For workers with green threads, where thousands of newcomers would all be served in one turn.

    Those who are in already, and what they wait for (a calendar being loaded), would get no turn for seconds:
    requests pass their deadline, clients ask again, and the crowd grows. `spawn(task)` starts a background
    task, `pause(0)` ends when everybody else has had a turn.
    """

    def __init__(
        self, spawn: Callable[[Callable[[], None]], object], pause: Callable[[float], object]
    ) -> None:
        self._spawn, self._pause = spawn, pause
        self._waiting: deque[threading.Semaphore] = deque()
        self._let_in = 0
        self._open = False

    def wait(self) -> None:
        """Returns when it is the caller's turn, in the order of the calls."""
        if not self._open:
            self._open = True
            self._spawn(self._admit)
        if self._let_in < AT_ONCE and not self._waiting:
            self._let_in += 1
            return
        turn = threading.Semaphore(0)
        self._waiting.append(turn)
        turn.acquire()

    def _admit(self) -> None:
        while self._let_in or self._waiting:
            self._pause(0)
            self._let_in = min(AT_ONCE, len(self._waiting))
            for _ in range(self._let_in):
                self._waiting.popleft().release()
        self._open = False
