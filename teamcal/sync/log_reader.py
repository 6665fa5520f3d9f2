"""Reading changes that are no longer in memory: verified, and bounded in bytes."""

from teamcal.domain.changes import Change, follows
from teamcal.domain.cursor import Cursor
from teamcal.domain.database import Database
from teamcal.domain.memory import bytes_of_change
from teamcal.errors import ResyncRequired

READ_BYTES = 4 * 2**20
"""Bytes of changes that one read asks for, about."""
MOST_ROWS, FEWEST_ROWS = 1_000, 20
NEWEST_ROWS = 250
"""Rows that one read of the newest changes takes: 2.5 MB if each event has the longest description."""


def read_since(database: Database, position: Cursor, upto: int, most_bytes: int) -> tuple[list[Change], int]:
    """Returns the changes after `position` up to `upto`, oldest first, and their bytes.

    They are fewer when they take more than `most_bytes`, but at least one. The first row is read alone: it
    tells whether the position is of this history, so a cursor that is not costs one row. Raises
    ResyncRequired when it is not, or when rows have expired.
    """
    changes = database.read_changes(position.log_id, position.revision, position.revision + 1)
    fits = changes and follows(changes, position.revision, position.change_id)
    if not fits or database.forgotten(changes[0]):
        raise ResyncRequired(position.log_id)
    size = bytes_of_change(changes[0])
    while changes[-1].revision < upto and size < most_bytes:
        last = changes[-1]
        rows = max(FEWEST_ROWS, min(MOST_ROWS, READ_BYTES * len(changes) // size))
        page = database.read_changes(position.log_id, last.revision, upto, rows)
        if not page or not follows(page, last.revision, last.change_id):
            raise ResyncRequired(position.log_id)
        changes += page
        size += sum(map(bytes_of_change, page))
    return changes, size


def read_newest(database: Database, log_id: str, upto: int, most: int, most_bytes: int) -> list[Change]:
    """Returns the newest changes up to `upto`, oldest first, at most `most`.

    They end where the log has a gap or is forgotten, and are fewer when they take more than `most_bytes`.
    """
    changes: list[Change] = []
    size = 0
    while upto > 0 and len(changes) < most and size < most_bytes:
        rows = min(NEWEST_ROWS, most - len(changes), upto)
        page = database.read_changes(log_id, upto - rows, upto)
        kept = _kept(database, page, upto)
        changes = kept + changes
        size += sum(map(bytes_of_change, kept))
        if len(kept) < rows:
            break
        upto -= rows
    return changes


def _kept(database: Database, page: list[Change], upto: int) -> list[Change]:
    """Returns those of `page` that lead up to `upto` without a gap and aren't forgotten."""
    kept: list[Change] = []
    for change in reversed(page):
        if change.revision != upto - len(kept) or database.forgotten(change):
            break
        kept.append(change)
    return kept[::-1]
