"""Group commit: how submissions become transactions.

Submissions of one process to one log queue up, and those that wait go out together as one transaction. One
of the requests that wait leads: it commits for all.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import NamedTuple

from teamcal.deadline import remaining
from teamcal.domain.changes import RecordConflict, Write
from teamcal.domain.fold import BATCH_CHANGES, TRANSACTION_BYTES, Fold, Submission, fold
from teamcal.domain.values import new_id, timestamp
from teamcal.errors import (
    CalendarError,
    NotApplied,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
    TooLarge,
)
from teamcal.metrics import (
    CHANGES_BY_WRITE,
    COMMITS,
    COMMITTED_CHANGES,
    LOST_ANSWERS,
    REVISION_CONFLICTS,
)
from teamcal.sync.ports import Ports
from teamcal.sync.replica import Replica

logger = logging.getLogger(__name__)

LEADING_SECONDS = 3.2
"""A request with less time left than this must not lead a batch. It is the time that the database wants for a
call (teamcal.storage.client.CALL_SECONDS): without it, every write in the batch would fail."""


class Part(NamedTuple):
    """What one commit is to do to one log."""

    replica: Replica
    submissions: Sequence[Submission]


@dataclass(eq=False)
class _Request:
    """Submissions that one caller waits for. `turn` is set when they may be settled or should lead."""

    submissions: Sequence[Submission]
    turn: threading.Event = field(default_factory=threading.Event)
    abandoned: bool = False


class CommitQueue:
    """The submissions to one log that wait for their transaction."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._waiting: deque[tuple[_Request, Submission]] = deque()
        self._leading = threading.Lock()

    def submit(self, replica: Replica, submissions: Sequence[Submission]) -> None:
        """Returns when each of `submissions` has its own outcome or error.

        Raises StorageUnavailable when their turn doesn't come in time; they may still have been applied.
        """
        request = _Request(submissions)
        self._waiting.extend((request, one) for one in submissions if one.result is None)
        try:
            while any(submission.result is None for submission in submissions):
                if remaining() < LEADING_SECONDS:
                    raise StorageUnavailable(f"{replica.log_id} is busy")
                if self._leading.acquire(blocking=False):
                    self._lead(replica, request)
                elif not request.turn.wait(remaining()):
                    raise StorageUnavailable(f"{replica.log_id} is busy")
                request.turn.clear()
        except BaseException:
            request.abandoned = True
            self._wake_next()  # this request may have been the one that was to lead next
            raise

    def _wake_next(self) -> None:
        """Wakes the first request that still waits: it leads if nobody does."""
        for request, submission in list(self._waiting):
            if submission.result is None and not request.abandoned:
                request.turn.set()
                return

    def _lead(self, replica: Replica, request: _Request) -> None:
        """Commits what waits until `request` is settled, then lets the next in the queue lead."""
        batch: list[tuple[_Request, Submission]] = []
        try:
            with replica.lock():
                while any(submission.result is None for submission in request.submissions):
                    for other, _ in batch:
                        other.turn.set()
                    if remaining() < LEADING_SECONDS:
                        request.abandoned = True
                        _settle(request.submissions, StorageUnavailable(f"{replica.log_id} is busy"))
                        break
                    batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_CHANGES))]
                    waiting = [submission for other, submission in batch if not other.abandoned]
                    self._commit(replica, waiting)
        finally:
            self._leading.release()
            # After the release, so that a request that queues up now finds that nobody leads. The next leader
            # is woken before the settled requests: the database has work while they answer.
            if self._waiting:
                self._wake_next()
            for other, _ in batch:
                other.turn.set()

    def _commit(self, replica: Replica, submissions: list[Submission]) -> None:
        """Settles each of `submissions`; a failure of the transaction is the result of all in it."""
        try:
            commit([Part(replica, submissions)], self._ports)
        except Exception as error:
            if not isinstance(error, CalendarError):
                logger.exception("a write to %s failed", replica.log_id)
            _settle(submissions, error)
        except BaseException:
            # The leader was interrupted, and nobody else would take its batch up.
            _settle(submissions, StorageUnavailable(replica.log_id))
            raise


def commit_whole(parts: Sequence[Part], ports: Ports) -> None:
    """Settles all submissions of `parts` in one transaction over their logs, or none.

    If one fails, the others end as NotApplied. Raises TooLarge, StorageError, DepartmentNotFound.
    """
    with ExitStack() as stack:
        # In one order everywhere, so that two such commits can't wait for each other.
        for part in sorted(parts, key=lambda part: part.replica.log_id):
            stack.enter_context(part.replica.lock())
            if len(parts) > 1:
                part.replica.locked_catch_up()
        commit(parts, ports, whole=True)
    for part in parts:
        _settle(part.submissions, NotApplied())


def commit(parts: Sequence[Part], ports: Ports, whole: bool = False) -> None:
    """Commits what the submissions of `parts` do to their logs, and tries again after a lost race.

    The caller holds the locks of the replicas. Afterwards each submission is settled; with `whole`, those
    without an error of their own are not when another one failed. Raises StorageUnavailable near the
    deadline, StorageError, TooLarge, DepartmentNotFound.
    """
    longest = 0.01
    try:
        for part in parts:
            if part.replica.head is None or part.replica.head.deleted:
                part.replica.locked_catch_up()
        while not _attempt(parts, ports, whole):
            pause = random.uniform(0, longest)
            if remaining() < pause + 1:
                raise StorageUnavailable(f"{parts[0].replica.log_id} is too busy")
            time.sleep(pause)
            longest = min(longest * 2, 0.5)
    finally:
        for part in parts:
            part.replica.in_flight = {}


def _attempt(parts: Sequence[Part], ports: Ports, whole: bool) -> bool:
    """Tries once. Returns False if the replicas were out of date; they are newer now."""
    results = [submission.result for part in parts for submission in part.submissions]
    if all(results) or (whole and any(isinstance(result, Exception) for result in results)):
        return True
    at, folds = timestamp(ports.now()), []
    for replica, submissions in parts:
        assert replica.head is not None
        waiting = [submission for submission in submissions if submission.result is None]
        folds.append(fold(replica.head, replica.records, waiting, at, whole))
    failed = whole and any(folded.failed for folded in folds)
    if failed or not any(folded.changes for folded in folds):
        if not _up_to_date(parts, folds):
            return False
    elif whole and sum(folded.size for folded in folds) > TRANSACTION_BYTES:
        raise TooLarge(f"{sum(folded.size for folded in folds)} bytes")
    elif not _apply(parts, folds, ports):
        return False
    for folded in folds:
        for submission, result in folded.results:
            if isinstance(result, CalendarError) or not failed:
                submission.result = result
    return whole or all(submission.result for part in parts for submission in part.submissions)


def _up_to_date(parts: Sequence[Part], folds: Sequence[Fold]) -> bool:
    """Whether what was decided without a write was decided on the newest state."""
    for part in parts:
        part.replica.locked_catch_up()
    heads = [part.replica.head for part in parts]
    return all(head and head.is_at(folded.base) for head, folded in zip(heads, folds, strict=True))


def _apply(parts: Sequence[Part], folds: Sequence[Fold], ports: Ports) -> bool:
    """Commits the changes and advances the replicas. Returns False after a lost race."""
    for part in parts:
        part.replica.in_flight = {submission.change_id: submission for submission in part.submissions}
    writes = [
        Write(folded.base, folded.head, folded.changes, list(folded.puts.values()), folded.expects)
        for folded in folds
        if folded.changes
    ]
    try:
        ports.database.commit(writes, new_id())
    except (RevisionConflict, RecordConflict) as conflict:
        ports.metrics.add(REVISION_CONFLICTS)
        _resolve(parts, folds, conflict)
        return False
    except StorageError:
        ports.metrics.add(LOST_ANSWERS)
        if not _found_in_log(parts):
            raise
        return True
    ports.metrics.add(COMMITS)
    ports.metrics.add(COMMITTED_CHANGES, sum(len(folded.changes) for folded in folds))
    for part, folded in zip(parts, folds, strict=True):
        for change, head in zip(folded.changes, folded.heads, strict=True):
            part.replica.locked_advance(change, CHANGES_BY_WRITE, head)
    return True


def _found_in_log(parts: Sequence[Part]) -> bool:
    """Reads the logs after a commit without an answer. Returns whether everything in it was applied."""
    for part in parts:
        try:
            part.replica.locked_catch_up()
        except StorageError:
            logger.info("it isn't known yet whether the last write to %s was applied", part.replica.log_id)
    return all(submission.result for part in parts for submission in part.submissions)


def _resolve(parts: Sequence[Part], folds: Sequence[Fold], conflict: Exception) -> None:
    """Brings the replicas up to date after a lost race.

    Refuses operations whose record is stored otherwise than the replica knows now: there is a tombstone.
    """
    for part, folded in zip(parts, folds, strict=True):
        part.replica.locked_catch_up()
        if not isinstance(conflict, RecordConflict):
            continue
        unknown = set(conflict.record_ids) - part.replica.records.keys()
        # The first change of a record is the one that expected something of it.
        first = {change.record.get("id"): change.change_id for change in reversed(folded.changes)}
        refused = {change_id for record_id, change_id in first.items() if record_id in unknown}
        for submission in part.submissions:
            if submission.change_id in refused and submission.result is None:
                submission.result = submission.operation.refusal()


def _settle(submissions: Sequence[Submission], error: Exception) -> None:
    for submission in submissions:
        if submission.result is None:
            submission.result = error
