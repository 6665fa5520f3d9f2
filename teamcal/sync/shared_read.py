"""One read of a log's head for all requests that were already waiting when it was sent."""

import threading
from collections.abc import Callable

from teamcal.deadline import remaining
from teamcal.errors import CalendarError, StorageUnavailable


class _Round:
    """One read and the requests that wait for it. It is sent when the read before it has ended."""

    def __init__(self, before: "_Round | None") -> None:
        self.before = before
        self.done = threading.Event()
        self.failure: CalendarError | None = None


class SharedRead:
    """Coalesces reads: one at a time, shared, and never one that was sent before the caller asked.

    While one read is in flight, the next caller becomes leader of the following read; callers that arrive
    before it is sent share its result. Each round has an event of its own instead of a lock to queue at,
    because eventlet's lock lets newcomers in first: with it, sixteen readers made one read for every two
    requests, and the unlucky ones waited a second; now they make one for nine.
    """

    def __init__(self, log_id: str) -> None:
        self._log_id = log_id
        self._lock = threading.Lock()
        self._newest: _Round | None = None
        self._gathering: _Round | None = None

    def wait(self, read: Callable[[], None]) -> None:
        """Returns when a `read` has ended that was sent after this call began. Raises CalendarError."""
        with self._lock:
            round_, is_leader = self._gathering, self._gathering is None
            if round_ is None:
                before = self._newest if self._newest and not self._newest.done.is_set() else None
                round_ = self._gathering = self._newest = _Round(before)
        if is_leader:
            self._lead(round_, read)
        else:
            self._await(round_)
        if round_.failure is not None:
            raise round_.failure

    def _lead(self, round_: _Round, read: Callable[[], None]) -> None:
        round_.failure = StorageUnavailable(f"{self._log_id} is busy")
        try:
            if round_.before is not None:
                self._await(round_.before)
            self._close(round_)
            read()
            round_.failure = None
        except CalendarError as error:
            round_.failure = error
        finally:
            self._close(round_)
            round_.before = None
            round_.done.set()

    def _close(self, round_: _Round) -> None:
        """Keeps later callers out of the round: the read may have been sent before they came."""
        with self._lock:
            if self._gathering is round_:
                self._gathering = None

    def _await(self, round_: _Round) -> None:
        if not round_.done.wait(remaining()):
            raise StorageUnavailable(f"{self._log_id} is busy")
