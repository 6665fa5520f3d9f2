"""Operations as values: what a caller can want done to a log. Pure. `fold` applies them.

An operation decides on the newest state of its log. It may be applied again, to a newer state, when another
server process wrote in between.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

from teamcal.domain.caller import Right
from teamcal.domain.changes import (
    DEPARTMENT_CREATED,
    DEPARTMENT_DELETED,
    DEPARTMENT_UPDATED,
    EVENT_CREATED,
    EVENT_DELETED,
    EVENT_UPDATED,
)
from teamcal.domain.events import CREATE_DIGEST, create_digest, department_name, differs, is_created_by
from teamcal.domain.values import Record
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
    """Creates an event with these fields; repeating it returns the event as it is now.

    `id_is_clients`: the client made the id, so it may have been used before, also by a deleted event.
    """

    event_id: str
    department_id: str
    fields: Mapping[str, str]
    at: str
    id_is_clients: bool = False

    def apply(self, view: View) -> Draft | Unchanged:
        existing = view.get(self.event_id)
        if existing is not None:
            if not is_created_by(existing, self.fields):
                raise IdTaken(self.event_id)
            return Unchanged(existing)
        if self.event_id in view:  # deleted by this batch: a version never starts again
            raise EventGone(self.event_id)
        event = {"id": self.event_id, "department_id": self.department_id, **self.fields}
        event |= {"created_at": self.at, "last_modified": self.at, CREATE_DIGEST: create_digest(self.fields)}
        return Draft(EVENT_CREATED, event, 0 if self.id_is_clients else None, self.at)

    def refusal(self) -> CalendarError:
        return EventGone(self.event_id)


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
        if view.get(self.event["id"]) is not None:  # clients made one id in two departments at once
            raise IdTaken(self.event["id"])
        # An older server's event has no version: it counts as its first.
        moved = {"version": 1, **self.event, "department_id": self.department_id, "last_modified": self.at}
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
        if not self.newest.get("deleted") or self.newest["id"] in view:  # the tombstone isn't the newest
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
    """Adds a department with a free name to the list; one that has its id already stays as it is."""

    needs: ClassVar[Right] = Right.ADMINISTER
    department: Record

    def apply(self, view: View) -> Draft | Unchanged:
        existing = view.get(self.department["id"])
        if existing is not None:
            return Unchanged(existing)
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
