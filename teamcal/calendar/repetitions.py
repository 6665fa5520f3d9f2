"""Writes that have an id of the caller's: one that is sent again gets the answer of the first time.

The transaction decides: it puts the id beside the change, on condition that it isn't there yet. So a write
that goes well reads nothing more. Only when it doesn't change anything is the id looked up: it may have been
applied before, and that may be why. Design: docs/develop/decisions/operation_ids.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from teamcal.calendar.at_once import at_once
from teamcal.calendar.gateway import Gateway, Result
from teamcal.domain.caller import Caller, Right
from teamcal.domain.changes import DEPARTMENTS, Change
from teamcal.domain.fold import Outcome
from teamcal.domain.operation_ids import AppliedOperation, OperationId, OperationPart
from teamcal.errors import (
    CalendarError,
    DepartmentNotFound,
    EventNotFound,
    KeyReused,
    OperationRepeated,
    StorageError,
    StorageUnavailable,
    TokenInvalid,
    TokenRequired,
)
from teamcal.sync.replica import Replica

TRIES = 3
"""Of a write whose id is stored with a change that isn't in the log; the first puts its own in its place."""
APART = 50
"""Rows that may lie between two that are read in one go."""
REFUSALS = (StorageError, TokenRequired, TokenInvalid)
"""Errors after which the id isn't looked up: it isn't known what was applied, or who asks."""

NOTHING = Change(0, "", {}, "", "", "")
"""Stands for the change of a part of an operation that changed nothing."""

Write = Callable[[OperationId | None], Outcome]
Permit = Callable[[AppliedOperation], None]
Answer = list[Outcome | None]
"""What each part of an operation did the first time; None for one that changed nothing."""


@dataclass(frozen=True)
class Earlier:
    """What is stored under an id. `answer` is None if it doesn't count: its change isn't in the log.

    `is_elsewhere`: it is about other departments than the request.
    """

    operation: AppliedOperation
    answer: Answer | None
    is_elsewhere: bool = False

    def answer_to(self, operation_id: OperationId) -> Answer | None:
        """Raises KeyReused if something else was asked."""
        is_understood = bool(self.operation.parts) and not self.is_elsewhere
        if is_understood and self.answer is None:
            return None
        if self.answer is None or self.operation.digest != operation_id.digest:
            raise KeyReused(operation_id.key)
        return self.answer


class Repetitions:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def once(
        self, caller: Caller, given: OperationId | None, write: Write, permit: Permit | None = None
    ) -> Outcome:
        """Returns the outcome of `write`, or that of the first time.

        `permit` raises what the caller gets who may not have that answer (any more); by default as for an
        operation on events in the same departments. Raises KeyReused, and what `write` raises.
        """
        if given is None:
            return write(None)

        def write_all(operation_id: OperationId) -> Sequence[Result]:
            return [write(operation_id)]

        result = self.all_once(caller, given, write_all, permit)[-1]
        assert isinstance(result, Outcome)
        return result

    def all_once(
        self,
        caller: Caller,
        given: OperationId,
        write: Callable[[OperationId], Sequence[Result]],
        permit: Permit | None = None,
    ) -> Sequence[Result | None]:
        """As `once`, of operations that are one write. None: that one changed nothing the first time."""
        operation_id = given.of(caller)
        for _ in range(TRIES):
            error: CalendarError | None = None
            results: Sequence[Result] = ()
            try:
                results = write(operation_id)
            except REFUSALS:
                raise
            except CalendarError as caught:
                error = caught
            if any(map(is_final, results)):
                return results
            earlier = self.look_up(caller, [operation_id], permit, error).get(operation_id.id)
            if earlier is not None and (answer := earlier.answer_to(operation_id)) is not None:
                return answer
            if not (is_repeated(error) or any(map(is_repeated, results))):
                if error is not None:
                    raise error
                return results
            operation_id = replace(operation_id, replaces=earlier.operation.change_id if earlier else "")
        raise StorageUnavailable("an operation's id keeps changing")

    def look_up(
        self,
        caller: Caller,
        operation_ids: Sequence[OperationId],
        permit: Permit | None = None,
        error: CalendarError | None = None,
        department_id: str = "",
    ) -> Mapping[str, Earlier]:
        """Returns what is stored under the ids. One call, and the changes that aren't in memory.

        `department_id`: of others nothing is answered. Raises what `permit` raises; `error` instead, where
        both say that something isn't there.
        """
        found = self._gateway.database.read_operations([one.id for one in operation_ids])
        here = {
            one.id: self._without_deleted(one)
            for one in found.values()
            if not department_id or one.is_about(department_id)
        }
        try:
            for operation in here.values():
                (permit or partial(self._permit_events, caller))(operation)
            changes = self._changes([part for operation in here.values() for part in operation.parts])
        except DepartmentNotFound:
            raise error if isinstance(error, EventNotFound | DepartmentNotFound) else EventNotFound from None
        return {
            id_: Earlier(one, _answer(here[id_], changes)) if id_ in here else Earlier(one, None, True)
            for id_, one in found.items()
        }

    def _without_deleted(self, operation: AppliedOperation) -> AppliedOperation:
        """Returns the operation without departments that are gone, unless the answer is about one: of a move
        out of it nothing else is left.
        """
        if len(operation.parts) < 2:
            return operation
        present = self._gateway.departments().records
        first = [part for part in operation.parts[:-1] if part.log_id in present]
        return replace(operation, parts=(*first, operation.parts[-1]))

    def _permit_events(self, caller: Caller, operation: AppliedOperation) -> None:
        """Raises DepartmentNotFound, Forbidden for who may not edit in all departments of the operation."""
        for part in operation.parts:
            if part.log_id != DEPARTMENTS:
                self._gateway.permits.require(caller, Right.EDIT, part.log_id)

    def _changes(self, parts: Sequence[OperationPart]) -> Mapping[tuple[str, int], Change]:
        """Returns the changes of these parts that are in the log, by log and revision."""
        changes: dict[tuple[str, int], Change] = {}
        missing: list[tuple[Replica, int]] = []
        for log_id in dict.fromkeys(part.log_id for part in parts):
            replica = self._gateway.replicas.of(log_id)
            replica.refresh()
            head = replica.require_department()
            of_log = {number for part in parts if part.log_id == log_id for number in part.revisions}
            for revision in sorted(number for number in of_log if 0 < number <= head.revision):
                if (change := replica.recent.at(revision)) is not None:
                    changes[log_id, revision] = change
                else:
                    missing.append((replica, revision))
        for log_id, read in at_once(self._read, list(_ranges(missing))):
            changes |= {(log_id, change.revision): change for change in read}
        return changes

    def _read(self, rows: tuple[str, int, int]) -> tuple[str, list[Change]]:
        log_id, first, last = rows
        return log_id, self._gateway.database.read_changes(log_id, first - 1, last)


def is_final(result: Result) -> bool:
    """Whether the id needn't be looked up: the operation was applied, or it ended with one of REFUSALS."""
    return bool(result.change) if isinstance(result, Outcome) else isinstance(result, REFUSALS)


def is_repeated(result: object) -> bool:
    return isinstance(result, OperationRepeated)


def _answer(operation: AppliedOperation, changes: Mapping[tuple[str, int], Change]) -> Answer | None:
    """Returns the first answer; None if the log doesn't have the changes, or others in their places."""
    answer: Answer = []
    for log_id, change_id, revisions in operation.parts:
        last = ""
        for change in (changes.get((log_id, revision)) if revision else NOTHING for revision in revisions):
            if change is None:
                return None
            answer.append(None if change is NOTHING else Outcome(change.record, change))
            last = last if change is NOTHING else change.change_id
        if last != change_id:
            return None
    return answer if operation.parts else None


def _ranges(rows: Iterable[tuple[Replica, int]]) -> Iterator[tuple[str, int, int]]:
    """Yields (log id, first, last): rows, in order, that lie close enough to be read in one go."""
    log_id, first, last = "", 0, 0
    for replica, revision in rows:
        if replica.log_id != log_id or revision > last + APART:
            if log_id:
                yield log_id, first, last
            log_id, first = replica.log_id, revision
        last = revision
    if log_id:
        yield log_id, first, last
