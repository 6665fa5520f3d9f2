"""Many operations on one department in one request."""

from collections.abc import Callable
from typing import Any

from teamcal.calendar.events import Calendar
from teamcal.domain.fields import client_id_from, event_edit_from, event_from, usable_id
from teamcal.domain.operations import Outcome, Pending
from teamcal.errors import CalendarError, DepartmentNotFound, FieldProblem, InvalidInput, TooLarge

MAX_OPERATIONS = 500
MAX_ATOMIC = 49
"""A head, its check, and an event and a change row for each: 100 items, DynamoDB's limit."""

Result = Outcome | CalendarError


class Batch:
    """`operations`: [{"op": "create" | "update" | "delete", "id", "event": {…}, "version"?}, …]"""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._readers: dict[str, Callable[[str, dict[str, Any]], Pending]] = {
            "create": self._create, "update": self._update, "delete": self._delete,
        }  # fmt: skip

    def run(self, department_id: str, operations: Any, atomic: bool) -> list[tuple[str, Result]]:
        """(op, outcome or error) of each, in their order. With `atomic`, all are applied or none is.

        Raises InvalidInput, TooLarge, DepartmentNotFound, StorageError.
        """
        if not isinstance(operations, list):
            raise InvalidInput([FieldProblem("operations", "not_a_list")])
        if atomic and len(operations) > MAX_ATOMIC:
            raise TooLarge(f"{len(operations)} operations")
        if len(operations) > MAX_OPERATIONS:
            raise InvalidInput([FieldProblem("operations", "too_many", {"limit": MAX_OPERATIONS})])
        if not usable_id(department_id):
            raise DepartmentNotFound(department_id)
        self.calendar.list_events(department_id).must_exist()
        read = [self._read(department_id, operation) for operation in operations]
        pendings = [one for _, one in read if isinstance(one, Pending)]
        self.calendar.refuse_used_ids(department_id, pendings)
        replica = self.calendar.replicas.of(department_id)
        if atomic:
            replica.write_atomic(pendings, spoiled=len(pendings) < len(read))
        else:
            replica.write_all(pendings)
        return [(op, _result(one)) for op, one in read]

    def _read(self, department_id: str, operation: Any) -> tuple[str, Pending | CalendarError]:
        op = operation.get("op") if isinstance(operation, dict) else None
        reader = self._readers.get(op) if isinstance(op, str) else None
        if reader is None:
            return "", InvalidInput([FieldProblem("op", "unknown_operation")])
        try:
            return str(op), reader(department_id, operation)
        except InvalidInput as error:
            return str(op), error

    def _create(self, department_id: str, operation: dict[str, Any]) -> Pending:
        body = operation.get("event")
        client_id = client_id_from(body)
        return Pending(
            self.calendar.creating(department_id, event_from(body), client_id), record_id=client_id or ""
        )

    def _update(self, department_id: str, operation: dict[str, Any]) -> Pending:
        fields = event_edit_from(operation.get("event"))
        return Pending(self.calendar.updating(_id_of(operation), fields, _version_of(operation)))

    def _delete(self, department_id: str, operation: dict[str, Any]) -> Pending:
        return Pending(self.calendar.deleting(_id_of(operation), _version_of(operation)))


def _result(one: Pending | CalendarError) -> Result:
    if isinstance(one, CalendarError):
        return one
    if isinstance(one.error, CalendarError):
        return one.error
    return one.result()


def _id_of(operation: dict[str, Any]) -> str:
    if not usable_id(operation.get("id")):
        raise InvalidInput([FieldProblem("id", "not_a_string")])
    return str(operation["id"])


def _version_of(operation: dict[str, Any]) -> int | None:
    version = operation.get("version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise InvalidInput([FieldProblem("version", "not_a_version")])
    return version
