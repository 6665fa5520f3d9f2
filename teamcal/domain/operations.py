"""Operations as values, and `fold`, which turns a batch of them into one write. Pure.

An operation decides on the newest state of its log. It may be applied again, to a newer state, when another
server process wrote in between.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

from teamcal.domain.caller import Caller, Right
from teamcal.domain.changes import (
    DEPARTMENT_CREATED,
    DEPARTMENT_DELETED,
    DEPARTMENT_UPDATED,
    EVENT_CREATED,
    EVENT_DELETED,
    EVENT_UPDATED,
    Change,
    Head,
)
from teamcal.domain.events import CREATE_DIGEST, department_name, differs
from teamcal.domain.values import Record, new_id
from teamcal.errors import (
    CalendarError,
    DepartmentNameTaken,
    DepartmentNotFound,
    EventGone,
    EventNotFound,
    IdTaken,
    StorageUnavailable,
    VersionConflict,
)

BATCH_CHANGES = 45
"""Operations in a transaction: each puts an event and a change row, of DynamoDB's 100 items at most."""

TRANSACTION_BYTES = 3_500_000
"""Of DynamoDB's 4 MB, which the embedded engine counts in escaped JSON; so does `_size_of`."""

LARGEST_OPERATION_BYTES = 2 * 6 * 12_500
"""The most that one more operation adds to a transaction: all fields at their limits, twice."""


View = ChainMap[str, Record | None]
"""The records of a log as an operation sees them, after the operations before it in the batch; None for one
that these have deleted."""


class Draft(NamedTuple):
    """A change that is to be made, before it has a number.

    `expects`: the revision at which the record must be stored for this, 0 for an id that was never used.
    `at`: the time of the change if it isn't that of the commit; a row whose event has the same time is
    smaller. `prior_log`: the log of the record's previous change if it isn't this one.
    """

    kind: str
    record: Record
    expects: int | None = None
    at: str = ""
    prior_log: str = ""


class Unchanged(NamedTuple):
    """There is nothing to change: the answer is `record` as it is."""

    record: Record


class Operation(Protocol):
    """What a caller wants done to one log. `needs`: the right that the caller must have.

    `is_for_list`: the log is that of the list of departments.
    """

    needs: ClassVar[Right]
    is_for_list: ClassVar[bool]

    def apply(self, view: View) -> Draft | Unchanged:
        """Returns the change to make to the state in `view`. Raises CalendarError if there can't be one."""

    def refusal(self) -> CalendarError:
        """Returns the error of this operation when the stored record isn't as its draft expects it."""


class _EventOperation:
    needs: ClassVar[Right] = Right.EDIT
    is_for_list: ClassVar[bool] = False

    def refusal(self) -> CalendarError:
        return StorageUnavailable("a stored event is not as expected")


@dataclass(frozen=True, slots=True)
class CreateEvent(_EventOperation):
    """`event` has an id, its fields and CREATE_DIGEST. Repeating it returns the event as it is now.

    `id_is_clients`: the client made the id, so it may have been used before, also by a deleted event.
    """

    event: Record
    id_is_clients: bool = False

    def apply(self, view: View) -> Draft | Unchanged:
        existing = view.get(self.event["id"])
        if existing is None:
            expects = 0 if self.id_is_clients else None
            return Draft(EVENT_CREATED, self.event, expects, self.event["created_at"])
        if existing.get(CREATE_DIGEST) != self.event[CREATE_DIGEST]:
            raise IdTaken(self.event["id"])
        return Unchanged(existing)

    def refusal(self) -> CalendarError:
        return EventGone(self.event["id"])


@dataclass(frozen=True, slots=True)
class ImportEvent(_EventOperation):
    """An event with a stable id; one whose id the department has known stays as it is."""

    event: Record

    def apply(self, view: View) -> Draft | Unchanged:
        existing = view.get(self.event["id"])
        return Draft(EVENT_CREATED, self.event, expects=0) if existing is None else Unchanged(existing)

    def refusal(self) -> CalendarError:
        return EventGone(self.event["id"])


@dataclass(frozen=True, slots=True)
class UpdateEvent(_EventOperation):
    """Sets `fields` and leaves the others. `expected_version`: only if the event is still at it."""

    event_id: str
    fields: Mapping[str, str]
    expected_version: int | None
    at: str

    def apply(self, view: View) -> Draft | Unchanged:
        current = _event(view, self.event_id)
        _require_version(current, self.expected_version)
        if not differs(current, self.fields):
            return Unchanged(current)
        return Draft(EVENT_UPDATED, {**current, **self.fields, "last_modified": self.at}, at=self.at)


@dataclass(frozen=True, slots=True)
class DeleteEvent(_EventOperation):
    event_id: str
    expected_version: int | None = None

    def apply(self, view: View) -> Draft | Unchanged:
        current = _event(view, self.event_id)
        _require_version(current, self.expected_version)
        return Draft(EVENT_DELETED, {**current, "deleted": True})


@dataclass(frozen=True, slots=True)
class ReceiveEvent(_EventOperation):
    """The second half of a move. `event` is what DeleteEvent, at its version, takes out of its department."""

    event: Record
    department_id: str
    at: str

    def apply(self, view: View) -> Draft | Unchanged:
        moved = {**self.event, "department_id": self.department_id, "last_modified": self.at}
        return Draft(EVENT_CREATED, moved, at=self.at, prior_log=self.event["department_id"])


@dataclass(frozen=True, slots=True)
class RestoreEvent(_EventOperation):
    """Gives the event the state `fields`. `newest` is its record, which may be a tombstone."""

    newest: Record
    fields: Mapping[str, str]
    at: str

    def apply(self, view: View) -> Draft | Unchanged:
        current = view.get(self.newest["id"])
        if current is not None:
            return UpdateEvent(self.newest["id"], self.fields, None, self.at).apply(view)
        if not self.newest.get("deleted"):
            raise EventNotFound(self.newest["id"])
        event = {name: value for name, value in self.newest.items() if name not in ("deleted", "expires_at")}
        restored = {**event, **self.fields, "last_modified": self.at}
        # The event may have been restored and moved since the tombstone was read: it would be in two places.
        return Draft(EVENT_CREATED, restored, self.newest["revision"], self.at)

    def refusal(self) -> CalendarError:
        return EventNotFound(self.newest["id"])


class _DepartmentOperation:
    needs: ClassVar[Right] = Right.MANAGE
    is_for_list: ClassVar[bool] = True

    def refusal(self) -> CalendarError:
        return StorageUnavailable("a stored department is not as expected")


@dataclass(frozen=True, slots=True)
class CreateDepartment(_DepartmentOperation):
    """Adds a department, with an id and a free name, to the list."""

    needs: ClassVar[Right] = Right.ADMINISTER
    department: Record

    def apply(self, view: View) -> Draft | Unchanged:
        _require_free_name(view, self.department)
        return Draft(DEPARTMENT_CREATED, self.department, expects=0)


@dataclass(frozen=True, slots=True)
class EditDepartment(_DepartmentOperation):
    department_id: str
    fields: Mapping[str, str]
    at: str

    def apply(self, view: View) -> Draft | Unchanged:
        current = _department(view, self.department_id)
        if not differs(current, self.fields):
            return Unchanged(current)
        edited = {**current, **self.fields, "updated_at": self.at}
        if department_name(edited) != department_name(current):
            _require_free_name(view, edited)
        return Draft(DEPARTMENT_UPDATED, edited)


@dataclass(frozen=True, slots=True)
class DeleteDepartment(_DepartmentOperation):
    """Takes the department off the list. CloseLog ends its own log in the same commit."""

    department_id: str

    def apply(self, view: View) -> Draft | Unchanged:
        return Draft(DEPARTMENT_DELETED, {**_department(view, self.department_id), "deleted": True})


@dataclass(frozen=True, slots=True)
class CloseLog(_DepartmentOperation):
    """Ends the log of a department that is being deleted."""

    is_for_list: ClassVar[bool] = False

    def apply(self, view: View) -> Draft | Unchanged:
        return Draft(DEPARTMENT_DELETED, {})


@dataclass(frozen=True, slots=True)
class ReopenLog(_DepartmentOperation):
    """Continues the log of a deleted department that is being created again."""

    needs: ClassVar[Right] = Right.ADMINISTER
    is_for_list: ClassVar[bool] = False

    def apply(self, view: View) -> Draft | Unchanged:
        return Draft(DEPARTMENT_CREATED, {})


def _event(view: View, event_id: str) -> Record:
    event = view.get(event_id)
    if event is None:
        raise EventNotFound(event_id)
    return event


def _require_version(current: Record, expected: int | None) -> None:
    if expected is not None and expected != current.get("version", 1):
        raise VersionConflict(current, expected)


def _department(view: View, department_id: str) -> Record:
    department = view.get(department_id)
    if department is None:
        raise DepartmentNotFound(department_id)
    return department


def _require_free_name(view: View, department: Record) -> None:
    for other in view.values():
        if other and other["id"] != department["id"] and department_name(other) == department["name"]:
            raise DepartmentNameTaken(department["name"])


class Outcome(NamedTuple):
    """The record after an operation. `change` is None when nothing was changed."""

    record: Record
    change: Change | None


@dataclass(eq=False, slots=True)
class Submission:
    """One operation of a caller on its way; it is settled when it has a result.

    `change_id` stays the same however often the operation is tried.
    """

    operation: Operation
    caller: Caller
    change_id: str = field(default_factory=new_id)
    result: Outcome | Exception | None = None


@dataclass
class Fold:
    """Submissions applied one after the other to the state at `base`.

    `heads` are the heads after each of `changes`. `results` are those of submissions that failed or changed
    nothing. `size` is that of the transaction, in bytes.
    """

    base: Head
    head: Head
    changes: list[Change] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    puts: dict[str, Record] = field(default_factory=dict)
    expects: dict[str, int] = field(default_factory=dict)
    results: list[tuple[Submission, Outcome | CalendarError]] = field(default_factory=list)
    size: int = 0

    @property
    def failed(self) -> bool:
        return any(isinstance(result, CalendarError) for _, result in self.results)

    def add(self, submission: Submission, draft: Draft, before: Record | None, at: str) -> Change:
        """Numbers the change of `draft` and adds it; `before` is the record as it was."""
        revision, record, prior = self.head.revision + 1, draft.record, None
        if record:
            version = (before.get("version", 1) if before else record.get("version", 0)) + 1
            # A restored or moved event carries the revision of its previous change.
            previous_revision = (before or record).get("revision")
            prior = (draft.prior_log or self.base.log_id, previous_revision) if previous_revision else None
            record = {**record, "revision": revision, "version": version}
            if draft.expects is not None and record["id"] not in self.puts:
                self.expects[record["id"]] = draft.expects
            self.puts[record["id"]] = record
        change = Change(
            revision,
            draft.kind,
            record,
            submission.change_id,
            self.head.change_id,
            draft.at or at,
            submission.caller.name,
            prior,
            submission.caller.verified,
        )
        self.head = self.head.after(change, before)
        self.changes.append(change)
        self.heads.append(self.head)
        self.size += 2 * _size_of(change)
        return change


def fold(
    base: Head, records: Mapping[str, Record], submissions: Sequence[Submission], at: str, whole: bool
) -> Fold:
    """Returns what `submissions` do to the log that is at `base` with `records`.

    Unless it has to be `whole`, it ends where a transaction is full; the rest has to be folded again.
    """
    folded = Fold(base, base)
    view: View = ChainMap({}, records)  # type: ignore[arg-type]
    for submission in submissions:
        if folded.size > TRANSACTION_BYTES - LARGEST_OPERATION_BYTES and not whole:
            break
        operation = submission.operation
        try:
            if base.deleted and not isinstance(operation, ReopenLog):
                raise DepartmentNotFound(base.log_id)
            decision = operation.apply(view)
        except CalendarError as error:
            folded.results.append((submission, error))
            continue
        if isinstance(decision, Unchanged):
            folded.results.append((submission, Outcome(decision.record, None)))
            continue
        record_id = decision.record.get("id", "")
        change = folded.add(submission, decision, view.get(record_id), at)
        if record_id:
            view[record_id] = None if change.record.get("deleted") else change.record
    return folded


def _size_of(change: Change) -> int:
    """Returns an upper bound of the change's bytes as escaped JSON: 6 for each character beyond ASCII."""
    texts: list[Any] = [value for value in change.record.values() if isinstance(value, str)]
    return 400 + sum(len(text) if text.isascii() else 6 * len(text) for text in [change.by, *texts])
