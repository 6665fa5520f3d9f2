"""An event's past: who changed what, and bringing an older state back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from teamcal.calendar.gateway import Gateway
from teamcal.calendar.repetitions import Repetitions
from teamcal.calendar.series import Series, shown
from teamcal.domain.caller import Caller, Right
from teamcal.domain.changes import EVENT_CREATED, EVENT_DELETED, EVENT_UPDATED, Change
from teamcal.domain.events import public_event
from teamcal.domain.fold import Outcome
from teamcal.domain.occurrences import OccurrenceId, occurrence
from teamcal.domain.operation_ids import OperationId
from teamcal.domain.operations import RestoreEvent
from teamcal.domain.values import Record, timestamp
from teamcal.errors import DepartmentNotFound, EventNotFound, FieldProblem, InvalidInput

MAX_STEPS = 200
"""Changes of one event that are followed back at most."""
MAX_READS = 20
"""Reads of the log for one answer; each brings one of the event's changes at least."""
ROWS = 50
"""Rows of the log that one read takes, up to the change that is looked for: what came shortly before it is
often about the same event."""


class History:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._series = gateway, Series(gateway)
        self._repetitions = Repetitions(gateway)

    def of_event(self, caller: Caller, event_id: str) -> list[tuple[str, Change]]:
        """Returns the event's changes, (department id, change), newest first, as far as the log reaches.

        At most MAX_STEPS, and as many as MAX_READS find. Of an occurrence those that changed it; its event is
        that of the series at its date. Raises EventNotFound.
        """
        if (which := self._gateway.occurrence(event_id)) is not None:
            return list(_steps_of(which, self.of_event(caller, which.series_id)))
        event = self._newest(caller, event_id)
        walk = _Walk(self._gateway)
        steps: list[tuple[str, Change]] = []
        place: tuple[str, int] | None = (event["department_id"], event.get("revision", 0))
        while place is not None and place[1] and len(steps) < MAX_STEPS:
            if not self._gateway.permits.may(caller, Right.SEE, place[0]):
                break  # what happened there isn't his to know
            change = walk.change_at(*place)
            if change is None or change.record.get("id") != event_id:
                break
            steps.append((place[0], change))
            place = change.prior
        return steps

    def _newest(self, caller: Caller, event_id: str) -> Record:
        """Returns the event or its tombstone, if the caller sees its department. Raises EventNotFound."""
        event = self._gateway.stored_event(caller, event_id)
        try:
            self._gateway.replica(caller, event["department_id"])
        except DepartmentNotFound:
            raise EventNotFound(event_id) from None
        return event

    def restore(
        self,
        caller: Caller,
        event_id: str,
        revision: int,
        department_id: str | None = None,
        operation_id: OperationId | None = None,
    ) -> Outcome:
        """Gives the event the state that it had after `revision`, also when it is deleted now.

        `department_id`: in whose log; without it the newest change with this revision. `operation_id`:
        repeating it returns what the first one did. Raises EventNotFound, InvalidInput.
        """
        which = self._gateway.occurrence(event_id)

        def write(own_id: OperationId | None) -> Outcome:
            return self._restore(caller, event_id, which, revision, department_id, own_id)

        outcome = self._repetitions.once(caller, operation_id, write)
        return outcome if which is None else shown(outcome, which)

    def _restore(
        self,
        caller: Caller,
        event_id: str,
        which: OccurrenceId | None,
        revision: int,
        department_id: str | None,
        operation_id: OperationId | None,
    ) -> Outcome:
        own_id = event_id if which is None else which.series_id
        newest = self._newest(caller, own_id)
        states = [
            change.record
            for log_id, change in self.of_event(caller, own_id)
            if change.revision == revision and department_id in (None, log_id)
        ]
        if not states:
            raise InvalidInput([FieldProblem("revision", "unknown_revision")])
        if which is not None:
            return self._series.restore(caller, which, states[0], operation_id)
        while True:
            log_id = newest["department_id"]
            operation = RestoreEvent(newest, states[0], timestamp(self._gateway.now()))
            try:
                return self._gateway.write_one(caller, log_id, operation, operation_id=operation_id)
            except EventNotFound:  # it has moved or was deleted meanwhile; it may be somewhere else now
                before, newest = newest, self._newest(caller, event_id)
                if newest == before:
                    raise


def _steps_of(which: OccurrenceId, steps: Sequence[tuple[str, Change]]) -> Iterator[tuple[str, Change]]:
    """Yields the changes of a series that changed this occurrence, newest first, each with the occurrence."""
    states = [occurrence(change.record, which.original) for _, change in steps]
    for (log_id, change), state, before in zip(steps, states, [*states[1:], None], strict=True):
        if change.removes or state is None:
            if before is not None:
                gone = {**before, "deleted": True}
                yield log_id, replace(change, kind=EVENT_DELETED, record=gone)
        elif before is None or public_event(state) != public_event(before):
            kind = EVENT_CREATED if before is None else EVENT_UPDATED
            yield log_id, replace(change, kind=kind, record=state)


class _Walk:
    """Follows an event back: from memory, else by reads that bring the rows before as well."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._reads = gateway, 0
        self._rows: dict[tuple[str, int], Change] = {}

    def change_at(self, log_id: str, revision: int) -> Change | None:
        """Returns None when the change is forgotten, or after MAX_READS."""
        change = self._gateway.replicas.of(log_id).recent.at(revision) or self._rows.get((log_id, revision))
        if change is None and self._reads < MAX_READS:
            self._reads += 1
            rows = self._gateway.database.read_changes(log_id, max(0, revision - ROWS), revision)
            self._rows = {(log_id, row.revision): row for row in rows}
            change = self._rows.get((log_id, revision))
        return change
