"""What clients need to come to, or stay at, a department's newest state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller
from teamcal.domain.cursor import Cursor, cursor_from
from teamcal.domain.values import Record
from teamcal.errors import InvalidInput, ResyncRequired
from teamcal.metrics import CURSORS_CAUGHT_UP, RESYNCS_REQUIRED
from teamcal.sync.changes_since import ChangesSince
from teamcal.sync.replica import Replica


@dataclass(frozen=True)
class Snapshot:
    """A department at the moment of `cursor`.

    `full`: `events` are all of its events. Otherwise they are those changed since the client's cursor, and
    `deleted` are the ids of those that are gone since. `reason` is why a client with a cursor gets them all.
    """

    cursor: Cursor
    events: Sequence[Record]
    full: bool = True
    deleted: Sequence[str] = ()
    reason: str | None = None


class CatchUp:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def changes(self, caller: Caller, department_id: str, cursor: str | None, limit: int) -> ChangesSince:
        """Returns at most `limit` changes after `cursor`, or from revision 1.

        Raises DepartmentNotFound, InvalidInput, ResyncRequired.
        """
        replica = self._gateway.replica(caller, department_id)
        position = Cursor(department_id) if cursor is None else cursor_from(cursor)
        return replica.changes_since(position, limit)

    def snapshot(
        self, caller: Caller, department_id: str, cursor: object, deliver: Callable[[Snapshot], None]
    ) -> None:
        """Calls `deliver` with what a client with `cursor` (None: with nothing) needs.

        No change is published to the department's members until `deliver` returns: what it queues for the
        client comes before every later change. Raises DepartmentNotFound, StorageError.
        """
        replica = self._gateway.replica(caller, department_id)
        with replica.lock():
            deliver(self._snapshot(replica, cursor))

    def _snapshot(self, replica: Replica, cursor: object) -> Snapshot:
        head = replica.require_department()
        reason = None
        if cursor is not None:
            try:
                changes = replica.changes_since(cursor_from(cursor))
                events, deleted = changes.net_effect
            except (ResyncRequired, InvalidInput):
                replica.ports.metrics.add(RESYNCS_REQUIRED)
                reason = ResyncRequired.code
            else:
                replica.ports.metrics.add(CURSORS_CAUGHT_UP, bool(events or deleted))
                return Snapshot(head.cursor, events, False, deleted)
        return Snapshot(head.cursor, replica.locked_sorted().events, reason=reason)
