"""What happened in a log since a position: from a replica's memory, or read from the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamcal.domain.changes import Change, Head, follows
from teamcal.domain.cursor import Cursor
from teamcal.errors import ResyncRequired
from teamcal.sync.changes_since import ChangesSince
from teamcal.sync.locks import held
from teamcal.sync.log_reader import read_newest, read_since
from teamcal.sync.recent_changes import RECENT_BYTES, RECENT_CHANGES

if TYPE_CHECKING:
    from teamcal.sync.replica import Replica


def missed_changes(replica: Replica, position: Cursor, limit: int | None, head: Head) -> ChangesSince:
    """As Replica.changes_since, up to the state at `head`. The answer's cursor has the position's day."""
    gap = head.revision - position.revision
    if position.log_id != replica.log_id or gap < 0 or (gap == 0 and not head.is_at(position)):
        raise ResyncRequired(replica.log_id)
    if gap == 0:
        return ChangesSince(head.cursor._replace(day=position.day), [], False)
    upto, own_bytes = head.revision if limit is None else min(head.revision, position.revision + limit), 0
    with replica.lock():
        changes = replica.recent.between(position.revision, upto)
    if changes is None and limit is not None:
        changes, own_bytes = read_since(replica.ports.database, position, upto, RECENT_BYTES)
    elif changes is None:
        if gap > max(RECENT_CHANGES, len(replica.records)):
            raise ResyncRequired(replica.log_id)
        changes, own_bytes = _read_missed(replica, position, upto)
    if changes[0].previous != position.change_id or replica.ports.database.forgotten(changes[0]):
        raise ResyncRequired(replica.log_id)
    cursor = Cursor(replica.log_id, changes[-1].revision, changes[-1].change_id, position.day)
    return ChangesSince(cursor, changes, cursor.revision < head.revision, own_bytes)


def newest_changes(replica: Replica, most: int, head: Head) -> ChangesSince:
    """Returns the newest changes up to `head`, at most `most`.

    None is from before the department was deleted and made again.
    """
    first = max(0, head.revision - most)
    with replica.lock():
        changes = replica.recent.between(first, head.revision)
    if changes is None:
        changes = read_newest(replica.ports.database, replica.log_id, head.revision, most, RECENT_BYTES)
    restarts = [index for index, change in enumerate(changes) if change.restarts_log]
    return ChangesSince(head.cursor, changes[restarts[-1] + 1 :] if restarts else changes, False)


def _read_missed(replica: Replica, position: Cursor, upto: int) -> tuple[list[Change], int]:
    """Returns all changes after `position` and their bytes; keeps them, as far as there is room.

    One request reads at a time: those that wait find its changes in memory. Raises ResyncRequired.
    """
    with held(replica.reading, replica.log_id):
        with replica.lock():
            kept = replica.recent.between(position.revision, upto)
            first = replica.recent.first or upto + 1
            newest = replica.recent.between(first - 1, upto) or []
            most_bytes = max(RECENT_BYTES, replica.records_bytes)
        if kept is not None:
            return kept, 0
        oldest, size = read_since(replica.ports.database, position, min(first - 1, upto), most_bytes)
        if oldest[-1].revision < min(first - 1, upto):  # more bytes than the calendar has
            raise ResyncRequired(replica.log_id)
        if not follows(newest, oldest[-1].revision, oldest[-1].change_id):
            raise ResyncRequired(replica.log_id)
        with replica.lock():
            replica.recent.prepend(oldest)
        return oldest + newest, size
