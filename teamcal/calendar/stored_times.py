"""Times of events that earlier versions stored with their text alone, read by a command."""

from teamcal.calendar.gateway import Gateway
from teamcal.deadline import SCRIPT_SECONDS, within
from teamcal.domain.caller import Caller
from teamcal.domain.event_edit import with_times_read
from teamcal.domain.fold import BATCH_CHANGES, Outcome
from teamcal.domain.operations import ReadTimes
from teamcal.domain.values import timestamp
from teamcal.errors import EventNotFound


class StoredTimes:
    """Each reading is an ordinary change of its event: it has a revision, and members hear of it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def read(self, caller: Caller, department_id: str) -> int:
        """Reads the times of a department's events that have none. Returns of how many it wrote them.

        Raises DepartmentNotFound, Forbidden, StorageError, after which some may have been written.
        """
        zone, written = self._gateway.zone, 0
        with within(SCRIPT_SECONDS):
            replica = self._gateway.replica(caller, department_id)
        with replica.lock():
            records = list(replica.records.values())
        unread = [event["id"] for event in records if with_times_read(event, zone) is not event]
        for at in range(0, len(unread), BATCH_CHANGES):
            with within(SCRIPT_SECONDS):
                written += self._write(caller, department_id, unread[at : at + BATCH_CHANGES])
        return written

    def _write(self, caller: Caller, department_id: str, event_ids: list[str]) -> int:
        at, zone = timestamp(self._gateway.now()), self._gateway.zone
        operations = [ReadTimes(event_id, at, zone) for event_id in event_ids]
        written = 0
        for result in self._gateway.write(caller, department_id, operations):
            if isinstance(result, Outcome):
                written += result.change is not None
            elif not isinstance(result, EventNotFound):  # it was deleted meanwhile
                raise result
        return written
