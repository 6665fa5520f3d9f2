"""An event's past: who changed what, and bringing an older state back."""

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller
from teamcal.domain.changes import Change
from teamcal.domain.events import fields_of
from teamcal.domain.fold import Outcome
from teamcal.domain.operations import RestoreEvent
from teamcal.domain.values import Record, timestamp
from teamcal.errors import DepartmentNotFound, EventNotFound, FieldProblem, InvalidInput

MAX_STEPS = 200
"""Changes of one event that are followed back."""


class History:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def of_event(self, caller: Caller, event_id: str) -> list[tuple[str, Change]]:
        """Returns the event's changes, (department id, change), newest first, as far as the log reaches.

        Raises EventNotFound.
        """
        event = self._newest(caller, event_id)
        steps: list[tuple[str, Change]] = []
        place: tuple[str, int] | None = (event["department_id"], event.get("revision", 0))
        while place is not None and place[1] and len(steps) < MAX_STEPS:
            log_id, revision = place
            changes = self._gateway.database.read_changes(log_id, revision - 1, revision)
            if not changes or changes[0].record.get("id") != event_id:
                break
            steps.append((log_id, changes[0]))
            place = changes[0].prior
        return steps

    def _newest(self, caller: Caller, event_id: str) -> Record:
        """Returns the event or its tombstone, if the caller sees its department. Raises EventNotFound."""
        event = self._gateway.stored_event(event_id)
        try:
            self._gateway.replica(caller, event["department_id"])
        except DepartmentNotFound:
            raise EventNotFound(event_id) from None
        return event

    def restore(self, caller: Caller, event_id: str, revision: int) -> Outcome:
        """Gives the event the state that it had after `revision`, also when it is deleted now.

        Raises EventNotFound, InvalidInput.
        """
        newest = self._newest(caller, event_id)
        states = [
            change.record for _, change in self.of_event(caller, event_id) if change.revision == revision
        ]
        if not states:
            raise InvalidInput([FieldProblem("revision", "unknown_revision")])
        while True:
            operation = RestoreEvent(newest, fields_of(states[0]), timestamp(self._gateway.now()))
            try:
                return self._gateway.write_one(caller, newest["department_id"], operation)
            except EventNotFound:  # it has moved or was deleted meanwhile; it may be somewhere else now
                before, newest = newest, self._newest(caller, event_id)
                if newest == before:
                    raise
