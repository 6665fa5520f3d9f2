"""Many operations on one department in one request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from teamcal.calendar.events import Events
from teamcal.calendar.gateway import Gateway, Result
from teamcal.calendar.repetitions import TRIES, Repetitions, is_final, is_repeated
from teamcal.calendar.series import shown
from teamcal.domain.caller import Caller
from teamcal.domain.fields import (
    client_id_from,
    event_edit_from,
    event_from,
    operation_id_from,
    usable_id,
)
from teamcal.domain.fold import Outcome
from teamcal.domain.occurrences import OccurrenceId
from teamcal.domain.operation_ids import (
    OperationId,
    asked_to_create,
    asked_to_delete,
    asked_to_update,
)
from teamcal.domain.operations import CreateEvent, DeleteEvent, Operation, UpdateEvent
from teamcal.domain.series_operations import DeleteOccurrence, EditOccurrence
from teamcal.domain.values import new_id, timestamp
from teamcal.errors import (
    CalendarError,
    EventNotFound,
    FieldProblem,
    InvalidInput,
    KeyReused,
    NotApplied,
    StorageUnavailable,
    TooLarge,
)

MAX_OPERATIONS = 500
MAX_ATOMIC = 49
"""A head, its check, and an event and a change row for each: 100 items, DynamoDB's limit."""
MAX_ATOMIC_WITH_ID = 48
"""The batch's id is one more."""

Item = Operation | CalendarError
"""What an operation of the request was read as."""
Reader = Callable[[str, dict[str, Any]], Operation]
_ON_OCCURRENCES = (EditOccurrence, DeleteOccurrence)


class Batch:
    def __init__(self, gateway: Gateway, events: Events) -> None:
        self._gateway, self._events = gateway, events
        self._repetitions = Repetitions(gateway)
        self._readers: dict[str, Reader] = {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
        }

    def run(
        self,
        caller: Caller,
        department_id: str,
        operations: Any,
        atomic: bool,
        operation_id: OperationId | None = None,
    ) -> list[tuple[str, Result]]:
        """Applies `operations`: [{"op": "create" | "update" | "delete", "id", "event": {…}, "version"?,
        "operation_id"?}, …].

        Returns (op, outcome or error) of each, in order. With `atomic`, all are applied or none is, and
        `operation_id` is that of the whole. Raises InvalidInput, TooLarge, DepartmentNotFound, KeyReused,
        StorageError.
        """
        _require_size(operations, atomic, operation_id)
        self._gateway.replica(caller, department_id)
        read = [self._read(department_id, operation, atomic) for operation in operations]
        items = [item for _, item, _ in read]
        if operation_id is not None:
            results = self._all_once(caller, department_id, items, operation_id)
        else:
            own_ids = [own_id and own_id.of(caller) for _, _, own_id in read]
            results = self._write(caller, department_id, items, atomic, own_ids)
            self._give_first_answers(caller, department_id, items, own_ids, results)
        shown = (_shown(item, result) for item, result in zip(items, results, strict=True))
        return [(op, result) for (op, _, _), result in zip(read, shown, strict=True)]

    def _write(
        self,
        caller: Caller,
        department_id: str,
        items: Sequence[Item],
        atomic: bool,
        operation_ids: Sequence[OperationId | None],
    ) -> list[Result]:
        """Returns the outcome or error of each; of one that couldn't be read, that error."""
        checked = self._without_refused_ids(caller, department_id, items)
        numbers = [number for number, item in enumerate(checked) if not isinstance(item, CalendarError)]
        valid = [item for item in checked if not isinstance(item, CalendarError)]
        if atomic and len(valid) < len(items):
            results: list[Result] = [NotApplied() for _ in valid]
        else:
            ids = [operation_ids[number] for number in numbers]
            results = self._gateway.write(caller, department_id, valid, atomic, ids)
        remaining = iter(results)
        return [item if isinstance(item, CalendarError) else next(remaining) for item in checked]

    def _all_once(
        self, caller: Caller, department_id: str, items: Sequence[Item], operation_id: OperationId
    ) -> list[Result]:
        """Applies an atomic batch that has an id. What changed nothing the first time is as it is now."""

        def write(own_id: OperationId) -> list[Result]:
            return self._write(caller, department_id, items, True, [own_id] * len(items))

        results = self._repetitions.all_once(caller, operation_id, write)
        return [
            self._as_it_is(department_id, item) if result is None else result
            for item, result in zip(items, results, strict=True)
        ]

    def _as_it_is(self, department_id: str, item: Item) -> Result:
        event_id = item.series_id if isinstance(item, _ON_OCCURRENCES) else getattr(item, "event_id", "")
        event = self._gateway.replicas.of(department_id).records.get(event_id)
        return EventNotFound(event_id) if event is None else Outcome(event, None)

    def _give_first_answers(
        self,
        caller: Caller,
        department_id: str,
        items: Sequence[Item],
        operation_ids: Sequence[OperationId | None],
        results: list[Result],
    ) -> None:
        """Puts the first answer in place of each result of an operation that was applied before."""
        own_ids = {
            number: own_id
            for number, own_id in enumerate(operation_ids)
            if own_id is not None and not isinstance(items[number], CalendarError)
        }
        for _ in range(TRIES):
            own_ids = {number: one for number, one in own_ids.items() if not is_final(results[number])}
            if not own_ids:
                return
            again = self._look_up(caller, department_id, own_ids, results)
            numbers = list(again)
            written = self._write(
                caller, department_id, [items[number] for number in numbers], False, list(again.values())
            )
            for number, result in zip(numbers, written, strict=True):
                results[number] = result
            own_ids = again
        for number in own_ids:
            if is_repeated(results[number]):
                results[number] = StorageUnavailable("an operation's id keeps changing")

    def _look_up(
        self,
        caller: Caller,
        department_id: str,
        operation_ids: Mapping[int, OperationId],
        results: list[Result],
    ) -> dict[int, OperationId]:
        """As `_give_first_answers`; returns those that are to be written once more, by number."""
        ids = list(operation_ids.values())
        try:
            earlier = self._repetitions.look_up(caller, ids, department_id=department_id)
        except CalendarError as error:  # it must not hide the results of the others
            results[:] = [error if number in operation_ids else one for number, one in enumerate(results)]
            return {}
        again: dict[int, OperationId] = {}
        for number, operation_id in operation_ids.items():
            found = earlier.get(operation_id.id)
            try:
                answer = None if found is None else found.answer_to(operation_id)
            except KeyReused as error:
                results[number] = error.with_traceback(None)
                continue
            if answer is not None and answer[-1] is not None:
                results[number] = answer[-1]
            elif is_repeated(results[number]):
                again[number] = replace(operation_id, replaces=found.operation.change_id if found else "")
        return again

    def _without_refused_ids(self, caller: Caller, department_id: str, items: Sequence[Item]) -> list[Item]:
        """Returns the operations with the error of each create whose id is used elsewhere or was deleted."""
        creates = [item for item in items if isinstance(item, CreateEvent) and item.id_is_clients]
        ids = [create.event_id for create in creates]
        refused = self._events.refused_ids(caller, department_id, ids) if ids else {}
        return [refused.get(item.event_id, item) if isinstance(item, CreateEvent) else item for item in items]

    def _read(self, department_id: str, operation: Any, atomic: bool) -> tuple[str, Item, OperationId | None]:
        op = operation.get("op") if isinstance(operation, dict) else None
        reader = self._readers.get(op) if isinstance(op, str) else None
        if reader is None:
            return "", InvalidInput([FieldProblem("op", "unknown_operation")]), None
        try:
            read = reader(department_id, operation)
            return str(op), read, self._operation_id(department_id, operation, atomic)
        except InvalidInput as error:
            return str(op), error, None

    def _operation_id(
        self, department_id: str, operation: dict[str, Any], atomic: bool
    ) -> OperationId | None:
        """Returns the id of the operation: the same as of a request of its own that asks for the same."""
        given = operation.get("operation_id")
        if given is None:
            return None
        if atomic:
            raise InvalidInput([FieldProblem("operation_id", "key_of_whole_batch")])
        op, event = operation["op"], operation.get("event")
        if op == "create":
            return operation_id_from(given, "operation_id", *asked_to_create(department_id, event))
        event_id, series = self._id_of(operation), _knows_series(operation)
        if op == "update":
            return operation_id_from(given, "operation_id", *asked_to_update(event_id, event, series=series))
        return operation_id_from(given, "operation_id", *asked_to_delete(event_id, series=series))

    def _create(self, department_id: str, operation: dict[str, Any]) -> CreateEvent:
        body = operation.get("event")
        fields, client_id = event_from(body), client_id_from(body)
        event_id, at = client_id or new_id(), timestamp(self._gateway.now())
        return CreateEvent(event_id, department_id, fields, at, self._gateway.zone, client_id is not None)

    def _update(self, department_id: str, operation: dict[str, Any]) -> Operation:
        fields = event_edit_from(operation.get("event"))
        at, zone, version = timestamp(self._gateway.now()), self._gateway.zone, _version_of(operation)
        event_id = self._id_of(operation)
        if (which := self._gateway.occurrence(event_id)) is not None:
            return EditOccurrence(*which, fields, version, at, zone)
        return UpdateEvent(event_id, fields, version, at, zone, _knows_series(operation))

    def _delete(self, department_id: str, operation: dict[str, Any]) -> Operation:
        event_id, version = self._id_of(operation), _version_of(operation)
        if (which := self._gateway.occurrence(event_id)) is not None:
            at = timestamp(self._gateway.now())
            return DeleteOccurrence(*which, version, at, self._gateway.zone)
        return DeleteEvent(event_id, version, _knows_series(operation))

    def _id_of(self, operation: dict[str, Any]) -> str:
        if not usable_id(operation.get("id")):
            raise InvalidInput([FieldProblem("id", "not_a_string")])
        return self._gateway.stored_id(operation["id"])


def _shown(operation: Item, result: Result) -> Result:
    """Returns the result, with the occurrence in place of its series where the operation was about one."""
    if isinstance(operation, _ON_OCCURRENCES) and isinstance(result, Outcome):
        return shown(result, OccurrenceId(operation.series_id, operation.original))
    return result


def _require_size(operations: Any, atomic: bool, operation_id: OperationId | None) -> None:
    if not isinstance(operations, list):
        raise InvalidInput([FieldProblem("operations", "not_a_list")])
    if operation_id is not None and not atomic:
        raise InvalidInput([FieldProblem("Idempotency-Key", "key_needs_atomic")])
    if atomic and len(operations) > (MAX_ATOMIC if operation_id is None else MAX_ATOMIC_WITH_ID):
        raise TooLarge(f"{len(operations)} operations")
    if len(operations) > MAX_OPERATIONS:
        raise InvalidInput([FieldProblem("operations", "too_many", {"limit": MAX_OPERATIONS})])


def _knows_series(operation: dict[str, Any]) -> bool:
    """Whether the id may be a whole series'. An operation says so itself."""
    series = operation.get("series", False)
    if not isinstance(series, bool):
        raise InvalidInput([FieldProblem("series", "not_a_boolean")])
    return series


def _version_of(operation: dict[str, Any]) -> int | None:
    version = operation.get("version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise InvalidInput([FieldProblem("version", "not_an_integer")])
    return version
