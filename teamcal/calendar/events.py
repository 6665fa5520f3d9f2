"""Events: reading and writing single ones, moving one, and lists."""

from collections.abc import Sequence

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller
from teamcal.domain.fold import Outcome
from teamcal.domain.operations import CreateEvent, DeleteEvent, ImportEvent, ReceiveEvent, UpdateEvent
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import DepartmentNotFound, EventGone, EventNotFound, IdTaken, VersionConflict
from teamcal.sync.sorted_events import EventFilter


class Events:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    # Reading

    def list_json(
        self, caller: Caller, department_id: str, filter: EventFilter | None = None
    ) -> tuple[bytes, str]:
        """Returns the events as REST lists them, and the cursor of that moment. Raises DepartmentNotFound."""
        return self._gateway.replica(caller, department_id).list_json(filter)

    def get(self, caller: Caller, department_id: str, event_id: str) -> Record:
        """Raises DepartmentNotFound, EventNotFound."""
        event = self._gateway.replica(caller, department_id).records.get(event_id)
        if event is None:
            raise EventNotFound(event_id)
        return event

    # Writing

    def create(
        self, caller: Caller, department_id: str, fields: dict[str, str], client_id: str | None = None
    ) -> Outcome:
        """Creates an event. With `client_id`, repeating it returns the same event and makes no change.

        Raises DepartmentNotFound, EventGone, IdTaken.
        """
        if client_id is not None:
            self.require_unused(department_id, client_id)
        event_id, at = client_id or new_id(), timestamp(self._gateway.now())
        operation = CreateEvent(event_id, department_id, fields, at, id_is_clients=client_id is not None)
        return self._gateway.write_one(caller, department_id, operation)

    def require_unused(self, department_id: str, event_id: str) -> None:
        """Raises EventGone for the id of a deleted event, IdTaken for one of another department."""
        event = self._gateway.database.read_event(event_id)
        if event is None:
            return
        if event.get("deleted"):
            raise EventGone(event_id)
        if event["department_id"] != department_id:
            raise IdTaken(event_id)

    def update(
        self, caller: Caller, event_id: str, fields: dict[str, str], expected_version: int | None = None
    ) -> Outcome:
        """Sets the fields given and leaves the others. Raises EventNotFound, VersionConflict."""
        operation = UpdateEvent(event_id, fields, expected_version, timestamp(self._gateway.now()))
        return self._gateway.write_to_event(caller, event_id, operation)

    def delete(self, caller: Caller, event_id: str, expected_version: int | None = None) -> Outcome:
        """Raises EventNotFound, VersionConflict."""
        return self._gateway.write_to_event(caller, event_id, DeleteEvent(event_id, expected_version))

    def move(
        self, caller: Caller, event_id: str, department_id: str, expected_version: int | None = None
    ) -> Record:
        """Moves the event to a department in one transaction over both logs, and returns it.

        Raises EventNotFound, DepartmentNotFound, VersionConflict.
        """
        event = self._gateway.live_event(event_id)
        while True:
            source, at = event["department_id"], timestamp(self._gateway.now())
            self._gateway.replica(caller, department_id)
            try:
                if source == department_id or expected_version not in (None, event.get("version", 1)):
                    nothing = UpdateEvent(event_id, {}, expected_version, at)
                    event = self._gateway.write_one(caller, source, nothing).record
                if source == department_id:
                    return event
                departure = DeleteEvent(event_id, event.get("version", 1))
                parts = ((source, departure), (department_id, ReceiveEvent(event, department_id, at)))
                return self._gateway.write_across(caller, parts)[1].record
            except VersionConflict as conflict:
                if expected_version is not None:
                    raise
                event = conflict.current  # somebody changed it after it was read; the move takes that along
            except DepartmentNotFound as error:
                if error.args != (source,):
                    raise
                raise EventNotFound(event_id) from None  # its department was deleted

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
