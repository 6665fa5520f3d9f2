"""The one way to the replicas: every read and every write names its caller and passes here."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from teamcal.calendar.conflicts import fields_changed_since
from teamcal.calendar.permits import Permit, Permits
from teamcal.domain.access_operations import MarkStarted, PutFirstPolicy
from teamcal.domain.caller import SYSTEM, Caller, Right
from teamcal.domain.changes import ACCESS, DEPARTMENTS, LISTS, Change
from teamcal.domain.database import Database
from teamcal.domain.events import CREATE_DIGEST, text_of
from teamcal.domain.fields import folded_id, usable_id
from teamcal.domain.fold import Outcome, Submission
from teamcal.domain.occurrences import OccurrenceId, occurrence_id_from
from teamcal.domain.operation_ids import OperationId
from teamcal.domain.operations import Operation
from teamcal.domain.people import Access
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import (
    CalendarError,
    DepartmentNotFound,
    EventNotFound,
    Forbidden,
    NotApplied,
    VersionConflict,
    WriteRefused,
)
from teamcal.sync.replica import Replica
from teamcal.sync.replicas import Replicas

Result = Outcome | CalendarError
Changed = dict[tuple[Any, ...], list[str] | None]
"""What changed in events, by event, revision and the version that was expected."""

CREATION_TIME = timedelta(seconds=30)
"""After this no other server can still be creating an event with the same id: requests end within 8 s, and
clocks differ a little."""
MEANINGS = 20_000
"""Ids whose department is remembered; 5 MB."""


class Gateway:
    """Asks whether the caller may, then reads or commits. Used by the use cases of this package only."""

    def __init__(self, database: Database, replicas: Replicas, now: Callable[[], datetime]) -> None:
        self.database, self.replicas, self.now = database, replicas, now
        self.permits = Permits(replicas, self._start_token_mode)
        self._meanings: dict[str, str] = {}
        """Where the event is that an id of a client's making means, as far as it was looked up."""

    # Reading

    def stored_id(self, given: str) -> str:
        """Returns an id from outside as the tables have it: a UUID in lower case, any other text as it is.

        An id that somebody put into the tables in upper case is taken as it is, too, once it is in memory.
        """
        folded = folded_id(given)
        if folded == given or self.replicas.department_of(given) is not None:
            return given
        return given if given in self.replicas.of(DEPARTMENTS).records else folded

    def replica(self, caller: Caller, department_id: str) -> Replica:
        """Returns the department's replica, holding every change that was acknowledged before the call.

        Raises DepartmentNotFound, StorageError.
        """
        self.require_seen(caller, department_id)
        if not usable_id(department_id):
            raise DepartmentNotFound(department_id)
        replica = self.replicas.of(department_id)
        replica.refresh()
        self.permits.require(caller, Right.SEE, department_id)  # it may have ended while that was read
        return replica

    def require_seen(self, caller: Caller, department_id: str) -> None:
        """Raises DepartmentNotFound, TokenRequired, TokenInvalid. Of one that he sees nothing is read.

        For one that isn't there, one that was deleted and one that the caller doesn't see the reads are the
        same: the time would tell them apart.
        """
        if self.permits.is_open:
            return
        try:
            self.permits.require(caller, Right.SEE, department_id)
        except DepartmentNotFound:
            self.departments()
            raise
        known = self.replicas.of(DEPARTMENTS).records
        if department_id not in known and department_id not in self.departments().records:
            raise DepartmentNotFound(department_id)

    def departments(self) -> Replica:
        """Returns the replica of the list of departments, as `replica` does."""
        replica = self.replicas.of(DEPARTMENTS)
        replica.refresh()
        return replica

    def stored_event(self, caller: Caller, event_id: str) -> Record:
        """Returns the event from the table: where it lives, or its newest tombstone.

        Raises EventNotFound, also for one of a department that the caller doesn't see.
        """
        self.permits.require_somebody(caller)
        event = self.database.read_event(event_id) if usable_id(event_id) else None
        if event is None or not self.permits.may(caller, Right.SEE, event["department_id"]):
            raise EventNotFound(event_id)
        return event

    def change_at(self, caller: Caller, log_id: str, revision: int) -> Change | None:
        """Returns a change of a log, from memory or read.

        None when it is forgotten, and of a department that the caller doesn't see.
        """
        if not self.permits.may(caller, Right.SEE, log_id):
            return None
        change = self.replicas.of(log_id).recent.at(revision)
        if change is None and revision:
            change = next(iter(self.database.read_changes(log_id, revision - 1, revision)), None)
        return change

    def live_event(self, caller: Caller, event_id: str) -> Record:
        """As `stored_event`. Raises EventNotFound for a deleted one, too."""
        event = self.stored_event(caller, event_id)
        if event.get("deleted"):
            raise EventNotFound(event_id)
        return event

    @property
    def zone(self) -> str:
        """The time zone of events that name none."""
        return self.replicas.ports.zone

    def occurrence(self, event_id: str) -> OccurrenceId | None:
        """Returns which occurrence of a series the id names; None for an event's own id."""
        return None if self.replicas.department_of(event_id) is not None else occurrence_id_from(event_id)

    # Writing

    # Every method takes the id that the caller gave the write, as his own. It raises OperationRepeated, or
    # makes that an operation's result, if it was used before; teamcal.calendar.repetitions answers then.

    def write(
        self,
        caller: Caller,
        department_id: str,
        operations: Sequence[Operation],
        atomic: bool = False,
        operation_ids: Sequence[OperationId | None] = (),
    ) -> list[Result]:
        """Commits the operations to the department's log; with `atomic`, all of them or none.

        `operation_ids`: of each operation; those of an atomic batch have one in common. Returns the outcome
        or error of each, in order. Raises DepartmentNotFound, TooLarge, and StorageError, after which
        operations may have been applied.
        """
        submissions = self._submissions(caller, department_id, operations)
        for submission, operation_id in zip(submissions, operation_ids, strict=False):
            submission.operation_id = operation_id
        if atomic:
            self.replicas.submit_whole([(department_id, submissions)])
        else:
            self.replicas.submit(department_id, submissions)
        changed: Changed = {}
        return [self._result(submission, changed) for submission in submissions]

    def write_one(
        self,
        caller: Caller,
        log_id: str,
        operation: Operation,
        permit: Permit | None = None,
        operation_id: OperationId | None = None,
    ) -> Outcome:
        """As `write` for one operation. Raises its error. `permit`: instead of the one it needs."""
        submissions = self._submissions(caller, log_id, [operation], permit)
        submissions[0].operation_id = operation_id
        self.replicas.submit(log_id, submissions)
        result = submissions[0].result
        return result if isinstance(result, Outcome) else self._outcome(submissions[0])

    def write_across(
        self,
        caller: Caller,
        parts: Sequence[tuple[str, Operation]],
        operation_id: OperationId | None = None,
    ) -> list[Outcome]:
        """Commits operations on several logs, (log id, operation), in one transaction.

        Returns the outcome of each. Raises the error of the one that failed, StorageError.
        """
        prepared = [(log_id, self._submissions(caller, log_id, [operation])) for log_id, operation in parts]
        submissions = [submission for _, (submission,) in prepared]
        about_departments = any(log_id == DEPARTMENTS for log_id, _ in parts)
        for (log_id, _), submission in zip(parts, submissions, strict=True):
            submission.change_id = submissions[0].change_id  # the two halves of a move can be told by it
            if log_id == DEPARTMENTS or not about_departments:  # else the list alone has the answer
                submission.operation_id = operation_id
        self.replicas.submit_whole(prepared)
        for submission in submissions:
            if not isinstance(submission.result, NotApplied):
                self._outcome(submission)
        return [self._outcome(submission) for submission in submissions]

    def write_to_event(
        self, caller: Caller, event_id: str, operation: Operation, operation_id: OperationId | None = None
    ) -> Outcome:
        """Commits an operation on an event in whichever department it lives. Raises EventNotFound."""
        self.permits.require_somebody(caller)
        department_id = self._known_department(event_id)
        if department_id is not None:
            try:
                return self.write_one(caller, department_id, operation, operation_id=operation_id)
            except (EventNotFound, DepartmentNotFound, Forbidden):
                pass  # another process has moved or deleted it: the table tells
        try:
            department_id = self._stored_department(caller, event_id)
            return self.write_one(caller, department_id, operation, operation_id=operation_id)
        except DepartmentNotFound:
            raise EventNotFound(event_id) from None

    def _known_department(self, event_id: str) -> str | None:
        """Returns the department that holds the event, as far as this process knows.

        Clients may make one id in two departments at the same moment, and only one of them may be known
        here. So what the id of a client's own making means is looked up once.
        """
        department_id = self.replicas.department_of(event_id)
        if department_id is None:
            return None
        event = self.replicas.of(department_id).records.get(event_id, {})
        is_certain = CREATE_DIGEST not in event or self._meanings.get(event_id) == department_id
        return department_id if is_certain else None

    def _stored_department(self, caller: Caller, event_id: str) -> str:
        """Returns the department of the event in the table. Raises EventNotFound."""
        event = self.live_event(caller, event_id)
        department_id = str(event["department_id"])
        if text_of(event.get("created_at")) < timestamp(self.now() - CREATION_TIME):
            if len(self._meanings) >= MEANINGS:
                self._meanings.clear()
            self._meanings[event_id] = department_id
        return department_id

    def _submissions(
        self, caller: Caller, log_id: str, operations: Sequence[Operation], permit: Permit | None = None
    ) -> list[Submission]:
        """Returns the operations as submissions, which ask for the caller's rights at each attempt.

        Asked here too, so that nothing is loaded for who may not. Raises as `Permits.require`.
        """
        permits = [permit] * len(operations)
        if permit is None and not self.permits.is_open:
            for number, operation in enumerate(operations):
                about = operation.concerns or log_id
                self.permits.require(caller, operation.needs, about)
                permits[number] = self.permits.permit(caller, operation.needs, about)
        expected = log_id if log_id in LISTS else ""
        if any(operation.belongs_to != expected for operation in operations):
            raise DepartmentNotFound(log_id)
        if not expected and not usable_id(log_id):
            raise DepartmentNotFound(log_id)
        return [
            Submission(operation, caller, new_id(), permit=ask)
            for operation, ask in zip(operations, permits, strict=True)
        ]

    def _start_token_mode(self) -> None:
        """Opens the departments that exist when token mode is first started: for them nothing changes.

        Once: departments that are created later are their members'. What is interrupted is taken up again.
        """
        existing = [record["id"] for record in self.all_departments()]
        operations = [
            PutFirstPolicy(department_id, {"access": Access.OPEN.value}, if_missing=True)
            for department_id in existing
        ]
        submissions = self._submissions(SYSTEM, ACCESS, operations)
        self.replicas.submit(ACCESS, submissions)
        for submission in submissions:
            self._outcome(submission)
        self.write_one(SYSTEM, ACCESS, MarkStarted())

    def all_departments(self) -> list[Record]:
        replica = self.departments()
        with replica.lock():
            return list(replica.records.values())

    def _result(self, submission: Submission, changed: Changed) -> Result:
        try:
            return self._outcome(submission, changed)
        except CalendarError as error:
            return error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 -- logged where it happened; it must not hide the others
            return WriteRefused(str(error))

    def _outcome(self, submission: Submission, changed: Changed | None = None) -> Outcome:
        """Returns the outcome or raises the error. `changed`: what the request's other conflicts found."""
        result = submission.result
        assert result is not None
        if isinstance(result, Outcome):
            return result
        if isinstance(result, VersionConflict):
            known = {} if changed is None else changed
            result.changed = self._changed_since(submission.caller, result, known)
        raise result

    def _changed_since(self, caller: Caller, conflict: VersionConflict, known: Changed) -> list[str] | None:
        """Returns what changed since the version that the caller expected. No log's lock is held here."""
        current = conflict.current
        key = (current["id"], current.get("revision"), conflict.expected)
        if key not in known:
            change_at = partial(self.change_at, caller)
            known[key] = fields_changed_since(change_at, current, conflict.expected)
        return known[key]
