"""One read of a log's head for all requests that were already waiting when it was sent."""

from collections.abc import Callable
from copy import copy

from teamcal.brief_lock import BriefLock
from teamcal.deadline import has_time_for_a_call, remaining
from teamcal.errors import CalendarError, StorageUnavailable
from teamcal.sync.locks import Signal


class _Round:
    """One read and the requests that wait for it."""

    def __init__(self) -> None:
        self.waiting: list[Signal] = []
        self.done = False
        self.failure: CalendarError | None = None
        self.gave_up = False
        """Whether it failed because its leader had no time left, so that others should read again."""


class SharedRead:
    """Coalesces reads: one at a time, shared, and never one that was sent before the caller asked.

    While one read is in flight, the next caller becomes leader of the following read; callers that arrive
    before it is sent share its result. Each of them has a signal of its own instead of a lock to queue at,
    because eventlet's lock lets newcomers in first: with it, sixteen readers made one read for every two
    requests, and the unlucky ones waited a second; now they make one for nine.
    """

    def __init__(self, log_id: str) -> None:
        self._log_id = log_id
        self._lock = BriefLock()
        self._newest: _Round | None = None
        self._gathering: _Round | None = None

    def wait(self, read: Callable[[], None]) -> None:
        """Returns when a `read` has ended that was sent after this call began. Raises CalendarError."""
        while True:
            round_, signal, is_leader = self._join()
            if is_leader:
                self._lead(round_, signal, read)
            else:
                self._await(signal)
            if round_.failure is None:
                return
            if is_leader or not round_.gave_up or not has_time_for_a_call():
                # A copy: raising the one that all share would tie their stacks, and so the replica, to it.
                raise copy(round_.failure)

    def _join(self) -> tuple[_Round, Signal | None, bool]:
        """Returns the round that gathers, what to wait for, and whether the caller leads the round.

        Its leader waits for the end of the read before it, if there is one, and the others for its own.
        """
        with self._lock:
            if self._gathering is not None:
                return self._gathering, _awaiting(self._gathering), False
            before, self._gathering = self._newest, _Round()
            self._newest = self._gathering
            return self._gathering, None if before is None or before.done else _awaiting(before), True

    def _lead(self, round_: _Round, before: Signal | None, read: Callable[[], None]) -> None:
        round_.failure = StorageUnavailable(f"{self._log_id} is busy")
        try:
            self._await(before)
            self._close(round_)
            read()
            round_.failure = None
        except CalendarError as error:
            round_.failure = copy(error)
            round_.gave_up = not has_time_for_a_call()
        finally:
            self._close(round_, done=True)
            for signal in round_.waiting:
                signal.set()

    def _close(self, round_: _Round, done: bool = False) -> None:
        """Keeps later callers out of the round: the read may have been sent before they came.

        `done`: from now on nobody waits for it.
        """
        with self._lock:
            if self._gathering is round_:
                self._gathering = None
            round_.done = done

    def _await(self, signal: Signal | None) -> None:
        if signal is not None and not signal.wait(remaining()):
            raise StorageUnavailable(f"{self._log_id} is busy")


def _awaiting(round_: _Round) -> Signal:
    signal = Signal()
    round_.waiting.append(signal)
    return signal
