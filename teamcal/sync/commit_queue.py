"""Group commit: how submissions become transactions.

Submissions of one process to one log queue up, and those that wait go out together as one transaction. One
of the requests that wait leads: it commits for all.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from teamcal.deadline import CALL_SECONDS, has_time_for_a_call, remaining
from teamcal.domain.fold import BATCH_CHANGES, BATCH_ITEMS, Submission
from teamcal.errors import CalendarError, StorageError, StorageUnavailable, TooLarge, WriteRefused
from teamcal.sync.commit import Part, commit_once, paused_after, settle
from teamcal.sync.locks import Signal
from teamcal.sync.ports import Ports
from teamcal.sync.replica import Replica

logger = logging.getLogger(__name__)

MOST_ITEMS = 3
"""That one submission puts into a transaction."""


@dataclass(eq=False)
class _Request:
    """Submissions that one caller waits for. `turn` is set when they are settled or should lead.

    `waiting` are those that no transaction has taken yet. `ends` is the caller's deadline, on the clock of
    `time.monotonic`.
    """

    submissions: Sequence[Submission]
    waiting: deque[Submission]
    ends: float
    turn: Signal = field(default_factory=Signal)
    abandoned: bool = False

    @property
    def is_settled(self) -> bool:
        for submission in self.submissions:  # noqa: SIM110 -- nearly always one: `all` would cost more
            if submission.result is None:
                return False
        return True

    @property
    def can_lead(self) -> bool:
        """Whether it waits and has time for a whole call: others would fail with a leader who hasn't."""
        if self.abandoned or self.is_settled:
            return False
        return self.ends - time.monotonic() >= CALL_SECONDS


@dataclass(eq=False, slots=True)
class _Entry:
    """A submission that a transaction has taken. `alone`: it must not share the next one."""

    request: _Request
    submission: Submission
    alone: bool = False

    @property
    def is_open(self) -> bool:
        return self.submission.result is None


class CommitQueue:
    """The submissions to one log that wait for their transaction.

    A transaction takes one submission of each request in turn, so a request with hundreds doesn't keep the
    others waiting for all of its own. A request without the time for a call doesn't lead; another one may
    carry it.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._waiting: deque[_Request] = deque()
        """Requests with submissions that no transaction has taken yet."""
        self._again: deque[_Entry] = deque()
        """Submissions whose transaction left them open. They go first. Only the leader changes it."""
        self._leading = threading.Lock()

    def submit(self, replica: Replica, submissions: Sequence[Submission]) -> None:
        """Returns when each of `submissions` has its own outcome or error.

        Those whose turn doesn't come in time end as StorageUnavailable; they may still be applied.
        """
        waiting = deque(submission for submission in submissions if submission.result is None)
        request = _Request(submissions, waiting, time.monotonic() + remaining())
        if waiting:
            self._waiting.append(request)
        try:
            while not request.is_settled:
                self._wait_or_lead(replica, request)
        except BaseException:
            self._abandon(request)
            raise

    def _wait_or_lead(self, replica: Replica, request: _Request) -> None:
        if not request.can_lead:
            self._wake_next()  # in case this one was woken to lead
        elif self._leading.acquire(blocking=False):
            self._lead(replica, request)
            return
        if not request.turn.wait(remaining()):
            settle(request.submissions, StorageUnavailable(f"{replica.log_id} is busy"))
            self._abandon(request)

    def _abandon(self, request: _Request) -> None:
        request.abandoned = True
        self._wake_next()  # this request may have been the one that was to lead next

    def _wake_next(self) -> None:
        """Wakes the first request that can lead: it does if nobody else does."""
        for request in chain([entry.request for entry in list(self._again)], list(self._waiting)):
            if request.can_lead:
                request.turn.set()
                return

    def _lead(self, replica: Replica, request: _Request) -> None:
        """Commits what waits until `request` is settled or its time is up, then lets the next one lead."""
        batch: list[_Entry] = []
        lost = 0
        try:
            while request.can_lead:
                if batch and not paused_after(lost):  # without the lock: others read in between
                    break
                with replica.lock():
                    _wake_settled(batch)
                    batch = self._next_batch(replica)
                    lost = 0 if self._commit(replica, batch) else lost + 1
        finally:
            self._leading.release()
            # After the release, so that a request that queues up now finds that nobody leads. The next leader
            # is woken before the settled requests: the database has work while they answer.
            self._wake_next()
            _wake_settled(batch)

    def _next_batch(self, replica: Replica) -> list[_Entry]:
        """Takes the submissions of the next transaction."""
        batch: list[_Entry] = []
        room = BATCH_ITEMS
        while len(batch) < BATCH_CHANGES and room >= MOST_ITEMS and (entry := self._next()) is not None:
            if entry.alone and batch:
                self._again.appendleft(entry)
                break
            if entry.request.abandoned:
                replica.forget_in_flight([entry.submission])
            elif entry.is_open:
                batch.append(entry)
                room -= entry.submission.items
                if entry.alone:
                    break
        return batch

    def _next(self) -> _Entry | None:
        if self._again:
            return self._again.popleft()
        if not self._waiting:
            return None
        request = self._waiting.popleft()
        entry = _Entry(request, request.waiting.popleft())
        if request.waiting:
            self._waiting.append(request)
        return entry

    def _commit(self, replica: Replica, batch: list[_Entry]) -> bool:
        """Makes one attempt; what it leaves open goes first in the next. Returns False after a lost race."""
        submissions = [entry.submission for entry in batch]
        try:
            return commit_once(Part(replica, submissions), self._ports)
        except (TooLarge, WriteRefused) as error:
            _refuse(batch, error)
        except StorageError as error:
            # A leader whose time is up leaves the batch to a request in it that has more.
            if has_time_for_a_call() or not any(entry.request.can_lead for entry in batch):
                settle(submissions, error)
        except CalendarError as error:
            settle(submissions, error)
        except Exception as error:
            logger.exception("a write to %s failed", replica.log_id)
            _refuse(batch, error)
        except BaseException:
            # The leader was interrupted, and nobody else would take its batch up.
            settle(submissions, StorageUnavailable(replica.log_id))
            raise
        finally:
            left = [entry for entry in batch if entry.is_open]
            replica.forget_in_flight([entry.submission for entry in batch if not entry.is_open])
            self._again.extendleft(reversed(left))
        return True


def _refuse(batch: Sequence[_Entry], error: Exception) -> None:
    """DynamoDB refuses a transaction, because of one of its submissions: only that one is to fail."""
    if len(batch) == 1:
        settle([batch[0].submission], error)
    for entry in batch:
        entry.alone = True


def _wake_settled(batch: Iterable[_Entry]) -> None:
    for request in dict.fromkeys([entry.request for entry in batch]):
        if request.is_settled:
            request.turn.set()
