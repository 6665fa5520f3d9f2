"""Events: reading and writing single ones, moving one, and lists."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from teamcal.calendar.at_once import at_once
from teamcal.calendar.gateway import Gateway
from teamcal.calendar.repetitions import Repetitions
from teamcal.calendar.series import Scope, Series, shown
from teamcal.domain.caller import Caller, Right
from teamcal.domain.changes import EVENT_CREATED, Change
from teamcal.domain.events import is_series
from teamcal.domain.fold import Outcome
from teamcal.domain.occurrences import occurrence, occurrence_id_from
from teamcal.domain.operation_ids import OperationId
from teamcal.domain.operations import CreateEvent, DeleteEvent, ImportEvent, ReceiveEvent, UpdateEvent
from teamcal.domain.series_edit import dropped, dropped_by_split
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import (
    CalendarError,
    DepartmentNotFound,
    EventGone,
    EventNotFound,
    IdTaken,
    VersionConflict,
)
from teamcal.sync.sorted_events import EventFilter


class Listing(NamedTuple):
    """A list as REST answers it. `gzip()` returns its gzip form, which is made for the first who asks."""

    content: bytes
    cursor: str
    gzip: Callable[[], bytes]


class Events:
    """`series`: edits of occurrences."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self.series = gateway, Series(gateway)
        self._repetitions = Repetitions(gateway)

    # Reading

    def list_json(
        self, caller: Caller, department_id: str, filter: EventFilter | None = None, series: bool = True
    ) -> tuple[bytes, str]:
        """Returns the events as REST lists them, and the cursor of that moment. Raises DepartmentNotFound.

        `series`: a series is one event; otherwise its occurrences around today are events.
        """
        answer, cursor = self._gateway.replica(caller, department_id).listing(filter, series)
        return answer.content, cursor

    def listing(
        self, caller: Caller, department_id: str, filter: EventFilter | None = None, series: bool = True
    ) -> Listing:
        """As `list_json`, with what compresses it."""
        replica = self._gateway.replica(caller, department_id)
        answer, cursor = replica.listing(filter, series)
        return Listing(answer.content, cursor, partial(replica.gzip_of, answer))

    def get(self, caller: Caller, department_id: str, event_id: str, series: bool = True) -> Record:
        """Returns an event or an occurrence of a series. Raises DepartmentNotFound, EventNotFound.

        `series`: also a series as a whole.
        """
        records = self._gateway.replica(caller, department_id).records
        event, which = records.get(event_id), occurrence_id_from(event_id)
        if event is None and which is not None:
            whole = records.get(which.series_id)
            event = occurrence(whole, which.original) if whole is not None and is_series(whole) else None
        elif event is not None and is_series(event) and not series:
            event = None
        if event is None:
            raise EventNotFound(event_id)
        return event

    # Writing. With an `operation_id`, repeating a write returns what the first one did, and makes no change.

    def create(
        self,
        caller: Caller,
        department_id: str,
        fields: dict[str, Any],
        client_id: str | None = None,
        operation_id: OperationId | None = None,
    ) -> Outcome:
        """Creates an event. With `client_id`, repeating it returns the same event and makes no change.

        Raises DepartmentNotFound, EventGone, IdTaken.
        """

        def write(own_id: OperationId | None) -> Outcome:
            return self._create(caller, department_id, fields, client_id, own_id)

        return self._repetitions.once(caller, operation_id, write)

    def _create(
        self,
        caller: Caller,
        department_id: str,
        fields: dict[str, Any],
        client_id: str | None,
        operation_id: OperationId | None,
    ) -> Outcome:
        if client_id is not None:
            self._gateway.permits.require(caller, Right.EDIT, department_id)
            self.require_unused(caller, department_id, client_id)
        event_id, at = client_id or new_id(), timestamp(self._gateway.now())
        zone, is_clients = self._gateway.zone, client_id is not None
        operation = CreateEvent(event_id, department_id, fields, at, zone, is_clients)
        return self._gateway.write_one(caller, department_id, operation, operation_id=operation_id)

    def require_unused(self, caller: Caller, department_id: str, event_id: str) -> None:
        """Raises EventGone for the id of a deleted event, IdTaken for one of another department.

        Of a department that the caller doesn't see he learns only that the id is used.
        """
        event = self._gateway.database.read_event(event_id)
        if event is None:
            return
        if not self._gateway.permits.may(caller, Right.SEE, event["department_id"]):
            raise IdTaken(event_id)
        if event.get("deleted"):
            raise EventGone(event_id)
        if event["department_id"] != department_id:
            raise IdTaken(event_id)

    def refused_ids(
        self, caller: Caller, department_id: str, event_ids: Sequence[str]
    ) -> dict[str, CalendarError]:
        """Returns for each id that can't be used for a new event why; ids of this department can be repeated.

        Raises DepartmentNotFound, Forbidden, StorageError.
        """
        self._gateway.permits.require(caller, Right.EDIT, department_id)
        records = self._gateway.replica(caller, department_id).records
        unknown = [event_id for event_id in dict.fromkeys(event_ids) if event_id not in records]

        def refusal(event_id: str) -> CalendarError | None:
            try:
                self.require_unused(caller, department_id, event_id)
            except (EventGone, IdTaken) as error:
                return error.with_traceback(None)
            return None

        refusals = zip(unknown, at_once(refusal, unknown), strict=True)
        return {event_id: error for event_id, error in refusals if error is not None}

    def update(
        self,
        caller: Caller,
        event_id: str,
        fields: dict[str, Any],
        expected_version: int | None = None,
        scope: Scope = Scope.THIS,
        series: bool = True,
        operation_id: OperationId | None = None,
    ) -> Outcome:
        """Sets the fields given and leaves the others. Raises EventNotFound, VersionConflict, InvalidInput.

        `scope`: of an occurrence's id, what of its series is meant. `series`: the id may be a whole series'.
        """
        which = self._gateway.occurrence(event_id)

        def write(own_id: OperationId | None) -> Outcome:
            if which is not None:
                return self.series.update(caller, which, fields, expected_version, scope, own_id)
            at, zone = timestamp(self._gateway.now()), self._gateway.zone
            operation = UpdateEvent(event_id, fields, expected_version, at, zone, whole_series=series)
            return self._gateway.write_to_event(caller, event_id, operation, own_id)

        outcome = self._repetitions.once(caller, operation_id, write)
        return outcome if which is None or scope is not Scope.THIS else shown(outcome, which)

    def dropped_exceptions(self, caller: Caller, event_id: str, outcome: Outcome) -> list[str]:
        """Returns the dates whose exceptions an edit of a series took away, as far as the log tells.

        `event_id`: what was edited.
        """
        change, after = outcome.change, outcome.record
        if change is None or "recurrence" not in after:
            return []
        if change.kind == EVENT_CREATED:
            return self._dropped_by_split(caller, event_id, change)
        before = None if change.prior is None else self._gateway.change_at(caller, *change.prior)
        return [] if before is None else dropped(before.record, after)

    def _dropped_by_split(self, caller: Caller, event_id: str, begun: Change) -> list[str]:
        """The change before `begun`, in the same transaction, ended the series of which it is the rest."""
        which, log_id = occurrence_id_from(event_id), begun.record["department_id"]
        ended = self._gateway.change_at(caller, log_id, begun.revision - 1)
        if which is None or ended is None or ended.prior is None or ended.record.get("id") != which.series_id:
            return []
        before = self._gateway.change_at(caller, *ended.prior)
        return [] if before is None else dropped_by_split(before.record, which.original, begun.record)

    def delete(
        self,
        caller: Caller,
        event_id: str,
        expected_version: int | None = None,
        scope: Scope = Scope.THIS,
        series: bool = True,
        operation_id: OperationId | None = None,
    ) -> None:
        """Raises EventNotFound, VersionConflict. `scope`, `series`: see `update`."""

        def write(own_id: OperationId | None) -> Outcome:
            if (which := self._gateway.occurrence(event_id)) is not None:
                return self.series.delete(caller, which, expected_version, scope, own_id)
            operation = DeleteEvent(event_id, expected_version, whole_series=series)
            return self._gateway.write_to_event(caller, event_id, operation, own_id)

        self._repetitions.once(caller, operation_id, write)

    def move(
        self,
        caller: Caller,
        event_id: str,
        department_id: str,
        expected_version: int | None = None,
        series: bool = True,
        operation_id: OperationId | None = None,
    ) -> Record:
        """Moves the event to a department in one transaction over both logs, and returns it.

        An occurrence becomes an event of its own there. Raises EventNotFound, DepartmentNotFound,
        VersionConflict.
        """

        def write(own_id: OperationId | None) -> Outcome:
            if (which := self._gateway.occurrence(event_id)) is not None:
                return self.series.move(caller, which, department_id, expected_version, own_id)
            return self._move(caller, event_id, department_id, expected_version, series, own_id)

        return self._repetitions.once(caller, operation_id, write).record

    def _move(
        self,
        caller: Caller,
        event_id: str,
        department_id: str,
        expected_version: int | None,
        series: bool,
        operation_id: OperationId | None,
    ) -> Outcome:
        event = self._gateway.live_event(caller, event_id)
        if is_series(event) and not series:
            raise EventNotFound(event_id)
        while True:
            try:
                return self._move_once(caller, event, department_id, expected_version, operation_id)
            except VersionConflict as conflict:
                if expected_version is not None:
                    raise
                event = conflict.current  # somebody changed it after it was read; the move takes that along
            except (EventNotFound, DepartmentNotFound) as error:
                if isinstance(error, DepartmentNotFound) and error.args != (event["department_id"],):
                    raise
                # Another process has moved it or deleted it, or its department.
                before, event = event, self._gateway.live_event(caller, event_id)
                if event["department_id"] == before["department_id"]:
                    raise EventNotFound(event_id) from None

    def _move_once(
        self,
        caller: Caller,
        event: Record,
        department_id: str,
        expected_version: int | None,
        operation_id: OperationId | None,
    ) -> Outcome:
        event_id, source, at = event["id"], event["department_id"], timestamp(self._gateway.now())
        self._gateway.replica(caller, department_id)
        if source == department_id or expected_version not in (None, event.get("version", 1)):
            nothing = UpdateEvent(event_id, {}, expected_version, at, whole_series=True)
            event = self._gateway.write_one(caller, source, nothing).record
        if source == department_id:
            return Outcome(event, None)
        departure = DeleteEvent(event_id, event.get("version", 1), whole_series=True)
        parts = ((source, departure), (department_id, ReceiveEvent(event, department_id, at)))
        # The answer is the outcome: the event may be deleted or moved on by now.
        return self._gateway.write_across(caller, parts, operation_id)[1]

    def import_many(self, caller: Caller, department_id: str, events: Sequence[Record]) -> set[str]:
        """Creates events that have stable ids and times of their own. Returns the ids that are new.

        An event whose id the department has known stays as it is, edited or deleted. Raises CalendarError.
        """
        existing = self._gateway.database.read_events([(event["id"], department_id) for event in events])
        operations = [ImportEvent(event) for event in events if event["id"] not in existing]
        created: set[str] = set()
        for result in self._gateway.write(caller, department_id, operations):
            if isinstance(result, Outcome):
                created.update([result.record["id"]] if result.change else [])
            elif not isinstance(result, EventGone):  # that one was deleted after it was looked for above
                raise result
        return created
