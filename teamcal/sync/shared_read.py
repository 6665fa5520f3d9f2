"""One look at a log's head for all who were already waiting when it was sent."""

import threading
from collections.abc import Callable

from teamcal.deadline import remaining
from teamcal.errors import CalendarError, StorageUnavailable


class _Round:
    """One look and those who wait for it; it starts when the one before has ended."""

    def __init__(self, before: "_Round | None") -> None:
        self.before = before
        self.done = threading.Event()
        self.failure: CalendarError | None = None


class SharedLook:
    """`look` as often as needed and no more: one at a time, shared, and never an old one.

    Whoever comes first while a look is under way leads the next; who comes before that one is sent shares
    it. An event for each round and no lock to queue at: eventlet's lets newcomers in first. Sixteen readers
    made one look for every two requests with it, and the unlucky waited a second; now one for nine.
    """

    def __init__(self, what: str, look: Callable[[], None]) -> None:
        self._what, self._look = what, look
        self._lock = threading.Lock()
        self._newest: _Round | None = None
        self._gathering: _Round | None = None

    def wait(self) -> None:
        """Returns when a look has ended that was sent after this call began. Raises CalendarError."""
        with self._lock:
            mine, leads = self._gathering, self._gathering is None
            if mine is None:
                before = self._newest if self._newest and not self._newest.done.is_set() else None
                mine = self._gathering = self._newest = _Round(before)
        if leads:
            self._lead(mine)
        else:
            self._await(mine)
        if mine.failure is not None:
            raise mine.failure

    def _lead(self, mine: _Round) -> None:
        mine.failure = StorageUnavailable(f"{self._what} is busy")
        try:
            if mine.before is not None:
                self._await(mine.before)
            self._close(mine)
            self._look()
            mine.failure = None
        except CalendarError as error:
            mine.failure = error
        finally:
            self._close(mine)
            mine.before = None
            mine.done.set()

    def _close(self, mine: _Round) -> None:
        """Who comes from now on may not share it: it may have been sent before they came."""
        with self._lock:
            if self._gathering is mine:
                self._gathering = None

    def _await(self, one: _Round) -> None:
        if not one.done.wait(remaining()):
            raise StorageUnavailable(f"{self._what} is busy")
