"""The one way to the replicas: every read and every write names its caller and passes here."""

from collections.abc import Callable, Sequence
from datetime import datetime

from teamcal import access
from teamcal.calendar.conflicts import fields_changed_since
from teamcal.domain.caller import Caller, Right
from teamcal.domain.changes import DEPARTMENTS
from teamcal.domain.database import Database
from teamcal.domain.fields import usable_id
from teamcal.domain.fold import Outcome, Submission
from teamcal.domain.operations import Operation
from teamcal.domain.values import Record, new_id
from teamcal.errors import (
    CalendarError,
    DepartmentNotFound,
    EventNotFound,
    NotApplied,
    VersionConflict,
)
from teamcal.sync.replica import Replica
from teamcal.sync.replicas import Replicas

Result = Outcome | CalendarError


class Gateway:
    """Asks whether the caller may, then reads or commits. Used by the use cases of this package only."""

    def __init__(self, database: Database, replicas: Replicas, now: Callable[[], datetime]) -> None:
        self.database, self.replicas, self.now = database, replicas, now

    # Reading

    def replica(self, caller: Caller, department_id: str) -> Replica:
        """Returns the department's replica, holding every change that was acknowledged before the call.

        Raises DepartmentNotFound, StorageError.
        """
        if not usable_id(department_id) or not access.may(caller, Right.SEE, department_id):
            raise DepartmentNotFound(department_id)
        replica = self.replicas.of(department_id)
        replica.refresh()
        return replica

    def departments(self) -> Replica:
        """Returns the replica of the list of departments, as `replica` does."""
        replica = self.replicas.of(DEPARTMENTS)
        replica.refresh()
        return replica

    def stored_event(self, event_id: str) -> Record:
        """Returns the event from the table: where it lives, or its newest tombstone. Raises EventNotFound."""
        event = self.database.read_event(event_id) if usable_id(event_id) else None
        if event is None:
            raise EventNotFound(event_id)
        return event

    def live_event(self, event_id: str) -> Record:
        """Returns the event from the table. Raises EventNotFound, also for a deleted one."""
        event = self.stored_event(event_id)
        if event.get("deleted"):
            raise EventNotFound(event_id)
        return event

    # Writing

    def write(
        self, caller: Caller, department_id: str, operations: Sequence[Operation], atomic: bool = False
    ) -> list[Result]:
        """Commits the operations to the department's log; with `atomic`, all of them or none.

        Returns the outcome or error of each, in order. Raises DepartmentNotFound, TooLarge, and StorageError,
        after which operations may have been applied.
        """
        submissions = self._submissions(caller, department_id, operations)
        if atomic:
            self.replicas.submit_whole([(department_id, submissions)])
        else:
            self.replicas.submit(department_id, submissions)
        return [self._result(submission) for submission in submissions]

    def write_one(self, caller: Caller, department_id: str, operation: Operation) -> Outcome:
        """As `write` for one operation. Raises its error."""
        submissions = self._submissions(caller, department_id, [operation])
        self.replicas.submit(department_id, submissions)
        result = submissions[0].result
        return result if isinstance(result, Outcome) else self._outcome(submissions[0])

    def write_across(self, caller: Caller, parts: Sequence[tuple[str, Operation]]) -> list[Outcome]:
        """Commits operations on several logs, (log id, operation), in one transaction.

        Returns the outcome of each. Raises the error of the one that failed, StorageError.
        """
        prepared = [(log_id, self._submissions(caller, log_id, [operation])) for log_id, operation in parts]
        submissions = [submission for _, (submission,) in prepared]
        for submission in submissions:
            submission.change_id = submissions[0].change_id  # the two halves of a move can be told by it
        self.replicas.submit_whole(prepared)
        for submission in submissions:
            if not isinstance(submission.result, NotApplied):
                self._outcome(submission)
        return [self._outcome(submission) for submission in submissions]

    def write_to_event(self, caller: Caller, event_id: str, operation: Operation) -> Outcome:
        """Commits an operation on an event in whichever department it lives. Raises EventNotFound."""
        department_id = self.replicas.department_of(event_id)
        if department_id is not None:
            try:
                return self.write_one(caller, department_id, operation)
            except (EventNotFound, DepartmentNotFound):
                pass  # another process has moved or deleted it: the table tells
        try:
            return self.write_one(caller, self.live_event(event_id)["department_id"], operation)
        except DepartmentNotFound:
            raise EventNotFound(event_id) from None

    def _submissions(self, caller: Caller, log_id: str, operations: Sequence[Operation]) -> list[Submission]:
        """Returns the operations as submissions. Raises DepartmentNotFound if the caller may not make one."""
        is_list = log_id == DEPARTMENTS
        if not is_list and not usable_id(log_id):
            raise DepartmentNotFound(log_id)
        for operation in operations:
            if operation.is_for_list is not is_list or not access.may(caller, operation.needs, log_id):
                raise DepartmentNotFound(log_id)
        return [Submission(operation, caller, new_id()) for operation in operations]

    def _result(self, submission: Submission) -> Result:
        try:
            return self._outcome(submission)
        except CalendarError as error:
            return error

    def _outcome(self, submission: Submission) -> Outcome:
        """Returns the outcome or raises the error."""
        result = submission.result
        assert result is not None
        if isinstance(result, Outcome):
            return result
        if isinstance(result, VersionConflict):
            # Read here, without the log's lock.
            result.changed = fields_changed_since(self.database, result.current, result.expected)
        raise result
