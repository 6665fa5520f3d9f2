"""Series: editing, deleting and moving one occurrence, an occurrence and all that follow, or all of them."""

from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller
from teamcal.domain.events import is_series
from teamcal.domain.fold import Outcome
from teamcal.domain.occurrences import OccurrenceId, fields_of, id_of, occurrence, removed
from teamcal.domain.operation_ids import OperationId
from teamcal.domain.operations import (
    CreateEvent,
    DeleteEvent,
    Operation,
    UpdateEvent,
    View,
)
from teamcal.domain.series_operations import (
    DeleteOccurrence,
    EditOccurrence,
    EndSeries,
    begun_at,
    is_first,
    of_whole,
    require_unchanged,
    series_in,
)
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import CalendarError, DepartmentNotFound, EventNotFound, NotApplied, VersionConflict


class Scope(StrEnum):
    """What of a series an edit is about."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


class Series:
    """Ids are those of occurrences; outcomes carry the series, which `shown` turns into the occurrence.

    Every method raises EventNotFound for an occurrence that isn't there, VersionConflict, InvalidInput.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def series_of(self, caller: Caller, event_id: str) -> Record:
        """Returns the series as it is in the table. Raises EventNotFound."""
        series = self._gateway.live_event(caller, event_id)
        return series_in(View({event_id: series}), event_id)

    def update(
        self,
        caller: Caller,
        which: OccurrenceId,
        fields: dict[str, Any],
        expected_version: int | None = None,
        scope: Scope = Scope.THIS,
        operation_id: OperationId | None = None,
    ) -> Outcome:
        if scope is Scope.THIS:
            at, zone = self._at(), self._gateway.zone
            operation = EditOccurrence(*which, fields, expected_version, at, zone)
            return self._gateway.write_to_event(caller, which.series_id, operation, operation_id)
        while True:
            series = self.series_of(caller, which.series_id)
            _require_shown(series, which, expected_version)
            try:
                if scope is Scope.ALL or is_first(series, which.original):
                    return self._edit_all(caller, series, which, fields, operation_id)
                return self._split(caller, series, which, fields, operation_id)
            except VersionConflict:
                continue  # somebody changed the series after it was read: it is read again

    def _edit_all(
        self,
        caller: Caller,
        series: Record,
        which: OccurrenceId,
        fields: dict[str, Any],
        operation_id: OperationId | None,
    ) -> Outcome:
        whole = of_whole(series, which.original, fields)
        operation = UpdateEvent(
            which.series_id,
            whole,
            series.get("version", 1),
            self._at(),
            self._gateway.zone,
            whole_series=True,
        )
        return self._gateway.write_to_event(caller, which.series_id, operation, operation_id)

    def _split(
        self,
        caller: Caller,
        series: Record,
        which: OccurrenceId,
        fields: dict[str, Any],
        operation_id: OperationId | None,
    ) -> Outcome:
        """Ends the series before the occurrence and makes another one of the rest, in one transaction."""
        at, zone, department_id = self._at(), self._gateway.zone, series["department_id"]
        begun = begun_at(series, which.original, fields, zone)
        operations: Sequence[Operation] = [
            EndSeries(*which, series.get("version", 1), at, zone),
            CreateEvent(new_id(), department_id, begun, at, zone),
        ]
        ids = [operation_id, operation_id]
        _, begun_result = results = self._gateway.write(caller, department_id, operations, True, ids)
        for result in results:
            if isinstance(result, CalendarError) and not isinstance(result, NotApplied):
                raise result
        assert isinstance(begun_result, Outcome)  # if one isn't applied, the other says why
        return begun_result

    def delete(
        self,
        caller: Caller,
        which: OccurrenceId,
        expected_version: int | None = None,
        scope: Scope = Scope.THIS,
        operation_id: OperationId | None = None,
    ) -> Outcome:
        if scope is Scope.THIS:
            operation: Operation = DeleteOccurrence(*which, expected_version, self._at(), self._gateway.zone)
            return self._gateway.write_to_event(caller, which.series_id, operation, operation_id)
        while True:
            series = self.series_of(caller, which.series_id)
            _require_shown(series, which, expected_version)
            version = series.get("version", 1)
            if scope is Scope.ALL:
                operation = DeleteEvent(which.series_id, version, whole_series=True)
            else:
                operation = EndSeries(*which, version, self._at(), self._gateway.zone)
            with suppress(VersionConflict):  # else it is read again
                return self._gateway.write_to_event(caller, which.series_id, operation, operation_id)

    def move(
        self,
        caller: Caller,
        which: OccurrenceId,
        department_id: str,
        expected_version: int | None = None,
        operation_id: OperationId | None = None,
    ) -> Outcome:
        """Makes the occurrence an event of its own in another department, in one transaction; its outcome.

        In the same one it stays as it is. Raises DepartmentNotFound.
        """
        series = self.series_of(caller, which.series_id)
        event = _require_shown(series, which, expected_version)
        self._gateway.replica(caller, department_id)
        if series["department_id"] == department_id:
            return Outcome(event, None)
        at, zone = self._at(), self._gateway.zone
        own = {name: value for name, value in fields_of(event).items() if value is not None}
        parts: Sequence[tuple[str, Operation]] = (
            (series["department_id"], DeleteOccurrence(*which, event["version"], at, zone)),
            (department_id, CreateEvent(new_id(), department_id, own, at, zone)),
        )
        try:
            return self._gateway.write_across(caller, parts, operation_id)[1]
        except DepartmentNotFound as error:
            if error.args == (department_id,):
                raise
            raise EventNotFound(id_of(*which)) from None

    def restore(
        self,
        caller: Caller,
        which: OccurrenceId,
        state: Record,
        operation_id: OperationId | None = None,
    ) -> Outcome:
        """Gives the occurrence the state that it had in `state`, an earlier record of its series."""
        earlier = occurrence(state, which.original) if is_series(state) else None
        if earlier is None:
            operation: Operation = DeleteOccurrence(*which, None, self._at(), self._gateway.zone)
            return self._gateway.write_to_event(caller, which.series_id, operation, operation_id)
        fields = fields_of(earlier)
        operation = EditOccurrence(*which, fields, None, self._at(), self._gateway.zone, restores=True)
        return self._gateway.write_to_event(caller, which.series_id, operation, operation_id)

    def _at(self) -> str:
        return timestamp(self._gateway.now())


def shown(outcome: Outcome, which: OccurrenceId) -> Outcome:
    """Returns the outcome with the occurrence in place of its series; a deleted one as the series has it."""
    series, original = outcome.record, which.original
    event = None if series.get("deleted") else occurrence(series, original)
    return outcome._replace(record=event or removed(series, original))


def _require_shown(series: Record, which: OccurrenceId, expected_version: int | None) -> Record:
    """Returns the occurrence. Raises EventNotFound, VersionConflict."""
    event = occurrence(series, which.original)
    if event is None:
        raise EventNotFound(id_of(*which))
    require_unchanged(series, event, expected_version)
    return event
