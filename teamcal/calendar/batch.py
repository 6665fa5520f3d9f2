"""Many operations on one department in one request."""

from collections.abc import Callable
from typing import Any

from teamcal.calendar.events import Events
from teamcal.calendar.gateway import Gateway, Result
from teamcal.domain.caller import Caller
from teamcal.domain.fields import client_id_from, event_edit_from, event_from, usable_id
from teamcal.domain.operations import CreateEvent, DeleteEvent, Operation, UpdateEvent
from teamcal.domain.values import new_id, timestamp
from teamcal.errors import (
    CalendarError,
    EventGone,
    FieldProblem,
    IdTaken,
    InvalidInput,
    NotApplied,
    TooLarge,
)

MAX_OPERATIONS = 500
MAX_ATOMIC = 49
"""A head, its check, and an event and a change row for each: 100 items, DynamoDB's limit."""

Reader = Callable[[str, dict[str, Any]], Operation]


class Batch:
    def __init__(self, gateway: Gateway, events: Events) -> None:
        self._gateway, self._events = gateway, events
        self._readers: dict[str, Reader] = {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
        }

    def run(
        self, caller: Caller, department_id: str, operations: Any, atomic: bool
    ) -> list[tuple[str, Result]]:
        """Applies `operations`: [{"op": "create" | "update" | "delete", "id", "event": {…}, "version"?}, …].

        Returns (op, outcome or error) of each, in order. With `atomic`, all are applied or none is. Raises
        InvalidInput, TooLarge, DepartmentNotFound, StorageError.
        """
        _require_size(operations, atomic)
        self._gateway.replica(caller, department_id)
        read = [self._read(department_id, operation) for operation in operations]
        valid = [item for _, item in read if not isinstance(item, CalendarError)]
        if atomic and len(valid) < len(read):
            results: list[Result] = [NotApplied() for _ in valid]
        else:
            results = self._gateway.write(caller, department_id, valid, atomic)
        remaining = iter(results)
        return [(op, item if isinstance(item, CalendarError) else next(remaining)) for op, item in read]

    def _read(self, department_id: str, operation: Any) -> tuple[str, Operation | CalendarError]:
        op = operation.get("op") if isinstance(operation, dict) else None
        reader = self._readers.get(op) if isinstance(op, str) else None
        if reader is None:
            return "", InvalidInput([FieldProblem("op", "unknown_operation")])
        try:
            return str(op), reader(department_id, operation)
        except (InvalidInput, EventGone, IdTaken) as error:
            return str(op), error

    def _create(self, department_id: str, operation: dict[str, Any]) -> CreateEvent:
        body = operation.get("event")
        fields, client_id = event_from(body), client_id_from(body)
        if client_id is not None:
            self._events.require_unused(department_id, client_id)
        event_id, at = client_id or new_id(), timestamp(self._gateway.now())
        return CreateEvent(event_id, department_id, fields, at, id_is_clients=client_id is not None)

    def _update(self, department_id: str, operation: dict[str, Any]) -> Operation:
        fields = event_edit_from(operation.get("event"))
        at = timestamp(self._gateway.now())
        return UpdateEvent(_id_of(operation), fields, _version_of(operation), at)

    def _delete(self, department_id: str, operation: dict[str, Any]) -> Operation:
        return DeleteEvent(_id_of(operation), _version_of(operation))


def _require_size(operations: Any, atomic: bool) -> None:
    if not isinstance(operations, list):
        raise InvalidInput([FieldProblem("operations", "not_a_list")])
    if atomic and len(operations) > MAX_ATOMIC:
        raise TooLarge(f"{len(operations)} operations")
    if len(operations) > MAX_OPERATIONS:
        raise InvalidInput([FieldProblem("operations", "too_many", {"limit": MAX_OPERATIONS})])


def _id_of(operation: dict[str, Any]) -> str:
    if not usable_id(operation.get("id")):
        raise InvalidInput([FieldProblem("id", "not_a_string")])
    return str(operation["id"])


def _version_of(operation: dict[str, Any]) -> int | None:
    version = operation.get("version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise InvalidInput([FieldProblem("version", "not_an_integer")])
    return version
