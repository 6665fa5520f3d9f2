"""What clients need to come to, or stay at, a department's newest state."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller, Right
from teamcal.domain.cursor import Cursor, cursor_from
from teamcal.domain.fields import event_date_from
from teamcal.errors import FieldProblem, InvalidInput, ResyncRequired
from teamcal.metrics import CURSORS_CAUGHT_UP, RESYNCS_REQUIRED
from teamcal.sync.changes_since import ChangesSince
from teamcal.sync.missed_changes import newest_changes
from teamcal.sync.replica import Replica
from teamcal.sync.sorted_events import EventFilter

READS = 3
"""How often the log is read for one client, whose department may change faster than it is read."""


class Wanted(NamedTuple):
    """What a client asks for. `series`: it knows series; others get occurrences.

    `window`: of a whole calendar only what touches these days; `events`: whether it wants one at all, or is
    going to read it over REST.
    """

    series: bool = True
    window: EventFilter | None = None
    events: bool = True


EVERYTHING = Wanted()


@dataclass(frozen=True)
class Snapshot:
    """A department at the moment of `cursor`.

    `full`: `events_json`, a JSON array, holds all of its events, or those of `window`; None if the client
    didn't want them. Otherwise it holds those changed since the client's cursor, and `deleted` are the ids of
    those that are gone since. `reason` is why a client with a cursor gets them all.
    """

    cursor: Cursor
    events_json: memoryview | None
    full: bool = True
    deleted: Sequence[str] = ()
    reason: str | None = None
    window: EventFilter | None = None


class CatchUp:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def changes(
        self, caller: Caller, department_id: str, cursor: str | None, limit: int, series: bool = True
    ) -> ChangesSince:
        """Returns at most `limit` changes after `cursor`, or from revision 1.

        `series`: to a client that knows series. Raises DepartmentNotFound, InvalidInput, ResyncRequired.
        """
        replica = self._gateway.replica(caller, department_id)
        position = Cursor(department_id) if cursor is None else cursor_from(cursor)
        _turn_day(replica)
        changes = replica.changes_since(position, limit)
        if not _follows(changes, replica, series):
            raise ResyncRequired(department_id)
        return changes

    def newest(self, caller: Caller, department_id: str, most: int) -> ChangesSince:
        """Returns the newest changes, at most `most`, oldest first; those of series are of the whole series.

        Raises DepartmentNotFound.
        """
        replica = self._gateway.replica(caller, department_id)
        with replica.lock():
            head = replica.require_department()
        return newest_changes(replica, most, head)

    def snapshot(
        self,
        caller: Caller,
        department_id: str,
        cursor: object,
        deliver: Callable[[Snapshot], None],
        wanted: Wanted = EVERYTHING,
    ) -> None:
        """Calls `deliver` with what a client with `cursor` (None: with nothing) needs.

        No change is published to the department's members until `deliver` returns: what it queues for the
        client comes before every later change. Whether the caller may see the department is asked at that
        moment once more. Raises DepartmentNotFound, StorageError.
        """
        replica = self._gateway.replica(caller, department_id)
        # The log is read before the lock is taken: nobody waits for it. Again, if the log has run away.
        for left in reversed(range(READS + 1)):
            missed = self._missed(replica, cursor) if left else None
            with replica.lock():
                replica.locked_turn_day()
                newest = None if missed is None else replica.locked_extended(missed)
                if newest is not None or missed is None:
                    self._gateway.permits.require(caller, Right.SEE, department_id)
                    deliver(self._snapshot(replica, newest, cursor is not None, wanted))
                    return

    def _missed(self, replica: Replica, cursor: object) -> ChangesSince | None:
        """Returns the changes since `cursor`; None for a client that needs all events."""
        try:
            return None if cursor is None else replica.changes_since(cursor_from(cursor))
        except (ResyncRequired, InvalidInput):
            return None

    def _snapshot(
        self, replica: Replica, missed: ChangesSince | None, has_cursor: bool, wanted: Wanted
    ) -> Snapshot:
        series, window = wanted.series, wanted.window
        head, add = replica.require_department(), replica.ports.metrics.add
        cursor = head.cursor if series else head.cursor._replace(day=replica.plain.day)
        if missed is not None and _follows(missed, replica, series):
            with suppress(ResyncRequired):
                events, deleted = missed.net_effect
                add(CURSORS_CAUGHT_UP, bool(events or deleted))
                return Snapshot(cursor, memoryview(missed.events_json), False, deleted)
        if has_cursor:
            add(RESYNCS_REQUIRED)
        reason = ResyncRequired.code if has_cursor else None
        whole = replica.locked_events_json(series, window) if wanted.events else None
        return Snapshot(cursor, whole, reason=reason, window=window)


def window_from(first: object, last: object) -> EventFilter | None:
    """Returns what touches the days `first` to `last`; None without them. Raises InvalidInput."""
    if first is None and last is None:
        return None
    for name, value in (("from", first), ("to", last)):
        if value is None:
            raise InvalidInput([FieldProblem(name, "required")])
    window = EventFilter(event_date_from("from", first), event_date_from("to", last), touching=True)
    if (window.last or "") < (window.first or ""):
        raise InvalidInput([FieldProblem("to", "ends_before_start")])
    return window


def _turn_day(replica: Replica) -> None:
    if replica.plain.day and replica.plain.day != replica.ports.today():
        with replica.lock():
            replica.locked_turn_day()


def _follows(missed: ChangesSince, replica: Replica, series: bool) -> bool:
    """Returns whether a client of this kind can go on from its cursor by the events that were changed.

    One that doesn't know series can't over a change of a series, or over midnight; and nobody can from a
    cursor of the other kind.
    """
    if series:
        return not missed.cursor.day
    return missed.cursor.day == replica.plain.day and not missed.touches_series
