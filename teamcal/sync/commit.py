"""One transaction over one log or several: submissions are folded, committed and settled."""

import logging
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from typing import NamedTuple

from teamcal.deadline import CALL_SECONDS, has_time_for_a_call, remaining
from teamcal.domain.changes import Change, Head, RecordConflict, Write
from teamcal.domain.department_operations import CloseLog, ReopenLog
from teamcal.domain.fold import TRANSACTION_BYTES, Fold, Submission, fold
from teamcal.domain.occurrences import ShownCounts
from teamcal.domain.operation_ids import AppliedOperation, applied
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import (
    CalendarError,
    NotApplied,
    OperationRepeated,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
    TooLarge,
    WriteRefused,
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

TRIES_AT_ONCE = 100
"""Lost races after which a commit is tried again without a pause: one that pauses loses against writers of
another server that never do."""
LONGEST_PAUSE = 0.5
NEXT_CHANGES = 10
"""Changes that are read beside the head after a lost race: more than a server commits meanwhile."""


class Part(NamedTuple):
    """What one commit is to do to one log."""

    replica: Replica
    submissions: Sequence[Submission]

    @property
    def needs_only_head(self) -> bool:
        """Whether they close or reopen the log: its records needn't be loaded, or fit their head."""
        return all(isinstance(submission.operation, CloseLog | ReopenLog) for submission in self.submissions)


def commit_whole(parts: Sequence[Part], ports: Ports) -> None:
    """Settles all submissions of `parts` in one transaction over their logs, or none.

    If one fails, the others end as NotApplied. Raises TooLarge, StorageError, DepartmentNotFound.
    """
    for part in parts:
        if not part.needs_only_head:
            part.replica.refresh()  # before any lock is taken: a load takes its time
    lost = 0
    try:
        while not _attempt_whole(parts, ports):
            lost += 1
            if not paused_after(lost):
                raise StorageUnavailable(f"{parts[0].replica.log_id} is too busy")
    finally:
        for part in parts:
            part.replica.forget_in_flight(part.submissions)
    for part in parts:
        settle(part.submissions, NotApplied())


def _attempt_whole(parts: Sequence[Part], ports: Ports) -> bool:
    """Tries once, so that nobody waits longer for the logs. Returns False after a lost race."""
    with ExitStack() as stack:
        # In one order everywhere, so that two such commits can't wait for each other; the list of departments
        # last, so that nobody waits for it because a department is busy.
        for part in sorted(parts, key=lambda part: part.replica.log_id, reverse=True):
            stack.enter_context(part.replica.lock())
        return _Attempt(parts, ports, whole=True).succeeds()


def commit_once(part: Part, ports: Ports) -> bool:
    """Tries to commit the submissions to one log, each for itself; the caller holds the replica's lock.

    Settles those that are decided. Returns False after a lost race; the replica is newer then. Raises
    StorageError, DepartmentNotFound, TooLarge.
    """
    if part.replica.head is None or part.replica.head.deleted:
        part.replica.locked_catch_up()
    return _Attempt([part], ports, whole=False).succeeds()


def paused_after(lost: int) -> bool:
    """Waits after a number of races lost one after the other. Returns False if there is no time for more."""
    longest = 0.0 if lost <= TRIES_AT_ONCE else min(0.01 * 2 ** (lost - TRIES_AT_ONCE), LONGEST_PAUSE)
    pause = random.uniform(0, longest)
    if remaining() < pause + CALL_SECONDS:
        return False
    time.sleep(pause)
    return True


def settle(submissions: Sequence[Submission], error: Exception) -> None:
    """Makes `error` the result of those that have none. Its stack is cut off: it would keep the replica."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    for submission in submissions:
        if submission.result is None:
            submission.result = error


class _Attempt:
    """The submissions of all parts, folded onto the newest states that are known here.

    The caller holds the replicas' locks.
    """

    def __init__(self, parts: Sequence[Part], ports: Ports, whole: bool) -> None:
        self.parts, self.ports, self.whole = parts, ports, whole
        at = timestamp(ports.now())
        self.folds = [self._fold(part, at) for part in parts]
        self.failed = whole and any(folded.failed for folded in self.folds)

    def _fold(self, part: Part, at: str) -> Fold:
        waiting = [submission for submission in part.submissions if submission.result is None]
        head, records, counts = self._state_of(part, at[:10])
        return fold(head, records, waiting, at, self.whole, counts)

    def _state_of(self, part: Part, day: str) -> tuple[Head, Mapping[str, Record], ShownCounts]:
        """Returns the head, the records, and how many occurrences the series among them show on the day."""
        if part.needs_only_head:
            return self.ports.database.read_head(part.replica.log_id), {}, ShownCounts((), day)
        if part.replica.head is None:
            part.replica.locked_catch_up()
        assert part.replica.head is not None
        return part.replica.head, part.replica.records, part.replica.plain.counts(day)

    def succeeds(self) -> bool:
        """Returns False after a lost race; the replicas are newer then. Raises StorageError, TooLarge."""
        if self._is_settled():
            return True
        if self.failed or not any(folded.changes for folded in self.folds):
            if not self._is_up_to_date():
                return False
        elif self.whole and sum(folded.size for folded in self.folds) > TRANSACTION_BYTES:
            raise TooLarge(f"{sum(folded.size for folded in self.folds)} bytes")
        elif not self._commit():
            return False
        for folded in self.folds:
            for submission, result in folded.results:
                if isinstance(result, CalendarError) or not self.failed:
                    submission.result = result
        return True

    def _is_settled(self) -> bool:
        results = [submission.result for part in self.parts for submission in part.submissions]
        return all(results) or (self.whole and any(isinstance(result, Exception) for result in results))

    def _is_up_to_date(self) -> bool:
        """Whether what was decided without a write was decided on the newest state."""
        return all(
            self._newest_head(part).is_at(folded.base)
            for part, folded in zip(self.parts, self.folds, strict=True)
        )

    def _newest_head(self, part: Part) -> Head:
        if part.needs_only_head:
            return self.ports.database.read_head(part.replica.log_id)
        part.replica.locked_catch_up()
        assert part.replica.head is not None
        return part.replica.head

    def _commit(self) -> bool:
        """Commits the changes and advances the replicas. Returns False after a lost race."""
        for part in self.parts:
            part.replica.in_flight.update((one.change_id, one) for one in part.submissions)
        operations = _operations_of(self.folds)
        writes = [
            _write_of(one, operations.get(number, ())) for number, one in enumerate(self.folds) if one.changes
        ]
        try:
            self.ports.database.commit(writes, new_id())
        except (RevisionConflict, RecordConflict) as conflict:
            self.ports.metrics.add(REVISION_CONFLICTS)
            self._resolve(conflict)
            return False
        except WriteRefused:
            raise  # nothing of it was applied
        except StorageError as error:
            self.ports.metrics.add(LOST_ANSWERS)
            may_try_again = type(error) is StorageUnavailable
            found = self._is_in_log()
            # It may still be applied later: then the next attempt loses the race to it, and its changes
            # settle the submissions.
            if found is None or not (found or (may_try_again and has_time_for_a_call())):
                raise
            return found
        self._advance_all()
        return True

    def _advance_all(self) -> None:
        self.ports.metrics.add(COMMITS)
        self.ports.metrics.add(COMMITTED_CHANGES, sum(len(folded.changes) for folded in self.folds))
        for part, folded in zip(self.parts, self.folds, strict=True):
            if folded.changes:
                _advance(part.replica, folded.changes, folded.heads)

    def _is_in_log(self) -> bool | None:
        """Whether the log has what was committed without an answer; None when it can't be read."""
        try:
            for part, folded in zip(self.parts, self.folds, strict=True):
                _find_changes(part, folded, self.ports)
        except StorageError:
            names = ", ".join(part.replica.log_id for part in self.parts)
            logger.info("it isn't known yet whether the last write to %s was applied", names)
            return None
        written = {change.change_id for folded in self.folds for change in folded.changes}
        submissions = [submission for part in self.parts for submission in part.submissions]
        return all(submission.result for submission in submissions if submission.change_id in written)

    def _resolve(self, conflict: Exception) -> None:
        """Brings the replicas up to date after a lost race. Raises DepartmentNotFound.

        One call for all of them: while a second one is under way, writers of another server that never pause
        have committed again, and the next race is lost before it begins.
        """
        logs = [part.replica for part in self.parts if not part.needs_only_head]
        positions = {replica.log_id: replica.head.revision for replica in logs if replica.head is not None}
        newest = self.ports.database.read_next(positions, NEXT_CHANGES) if positions else {}
        bases = [replica.head for replica in logs if replica.head is not None]
        for part, folded in zip(self.parts, self.folds, strict=True):
            if part.needs_only_head:
                continue
            part.replica.locked_take(*newest[part.replica.log_id])
            if isinstance(conflict, RecordConflict):
                _settle_repeated(part, conflict.operation_ids)
                _refuse(part, folded, set(conflict.record_ids) - part.replica.records.keys())
        if isinstance(conflict, RevisionConflict) and all(
            head.is_at(newest[head.log_id][0]) for head in bases
        ):
            for replica in logs:  # no head has moved: a department without one may be gone
                if positions[replica.log_id] == 0:
                    replica.locked_require_item()


def _operations_of(folds: Sequence[Fold]) -> Mapping[int, Sequence[AppliedOperation]]:
    """Returns the operations that have ids, each with the last log that it changed, by the log's number."""
    stored: dict[int, list[AppliedOperation]] = {}
    if not any(folded.operations for folded in folds):  # nearly always
        return stored
    for operation_id in dict.fromkeys(chain.from_iterable(folded.operations for folded in folds)):
        numbers = [number for number, folded in enumerate(folds) if operation_id in folded.operations]
        parts = [folds[number].operations[operation_id] for number in numbers]
        last = [number for number in numbers if folds[number].operations[operation_id].change_id][-1:]
        for number in last:
            stored.setdefault(number, []).append(applied(operation_id, parts))
    return stored


def _write_of(folded: Fold, operations: Sequence[AppliedOperation]) -> Write:
    return Write(
        folded.base,
        folded.head,
        folded.changes,
        list(folded.puts.values()),
        folded.expects,
        [item for item, _ in folded.items.values()],
        operations,
    )


def _advance(replica: Replica, changes: Sequence[Change], heads: Sequence[Head]) -> None:
    """Takes up changes that were committed by this process."""
    if replica.head is not None and replica.head.precedes(changes[0]):
        replica.locked_advance(changes, CHANGES_BY_WRITE, heads)
        return
    for change, head in zip(changes, heads, strict=True):
        # The log was closed without its records; a replica that is behind reads it itself.
        replica.locked_settle(change, head)


def _find_changes(part: Part, folded: Fold, ports: Ports) -> None:
    """Settles the submissions of `part` whose changes are in the log."""
    if not part.needs_only_head:
        part.replica.locked_catch_up()
        return
    base, heads = folded.base, {head.change_id: head for head in folded.heads}
    for change in ports.database.read_changes(base.log_id, base.revision, base.revision + len(heads)):
        if change.change_id in heads:
            part.replica.locked_settle(change, heads[change.change_id])


def _settle_repeated(part: Part, operation_ids: Sequence[str]) -> None:
    """Settles submissions whose operation was applied before, by whichever server."""
    for submission in part.submissions:
        operation_id = submission.operation_id
        if operation_id is not None and operation_id.id in operation_ids and submission.result is None:
            submission.result = OperationRepeated()


def _refuse(part: Part, folded: Fold, record_ids: set[str]) -> None:
    """Settles operations whose record or item is stored otherwise than they expect: there is a tombstone,
    say.
    """
    # The first change of a record is the one that expected something of it.
    first = {change.record.get("id"): change.change_id for change in reversed(folded.changes)}
    first |= {item_id: change_id for item_id, (_, change_id) in folded.items.items()}
    refused = {change_id for record_id, change_id in first.items() if record_id in record_ids}
    for submission in part.submissions:
        if submission.change_id in refused and submission.result is None:
            submission.result = submission.operation.refusal()
