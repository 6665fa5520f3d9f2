"""What is true of a log whose tables don't fit each other, after a restore say. Pure functions.

Of an item and its newest row in the log the one with the higher revision is true: what was removed by hand
returns, what was deleted stays deleted. Design: docs/develop/sync.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from teamcal.domain.changes import term_at

MISSING = -1
"""The stored revision of an item that isn't there; one without a revision is at 0."""


class Stored(NamedTuple):
    """An item as it is stored. `usable`: it is in the index, or it is a tombstone."""

    revision: int
    deleted: bool
    usable: bool = True


class Row(NamedTuple):
    """A record's newest row in the log. `at`: of the row."""

    revision: int
    deleted: bool


class Correction(NamedTuple):
    """`record_id` is stored at the revision `stored` (or MISSING), its newest row is `row`."""

    record_id: str
    stored: int
    row: int


@dataclass
class Verdict:
    """`digest` of the live records, the highest revision seen, and what has to be written.

    `outdated`: items that are older than their newest row. `ghosts`: rows of live records whose item is a
    newer tombstone; a cold load, which the index doesn't tell of tombstones, would bring them back.

    Only of the list of departments: `to_remove`, with their stored revisions, come from before their
    deletion; `to_reopen` live though their own log is deleted; `to_close` were deleted though it isn't.
    """

    digest: int = 0
    newest: int = 0
    outdated: list[Correction] = field(default_factory=list)
    ghosts: list[Correction] = field(default_factory=list)
    live: int = 0
    to_remove: dict[str, int] = field(default_factory=dict)
    to_reopen: list[str] = field(default_factory=list)
    to_close: list[str] = field(default_factory=list)


def judge(
    items: Mapping[str, Stored], rows: Mapping[str, Row], began: int = 0, moving: frozenset[str] = frozenset()
) -> Verdict:
    """Compares each item with its newest row.

    `began`: revision at which the department was created again; older items belong to its earlier life.
    `moving`: ids that were written meanwhile; their rows are true and their items were read too early.
    """
    verdict = Verdict()
    for record_id in _ids(items, rows):
        row, item = rows.get(record_id), items.get(record_id)
        if row is None and item is not None and 0 < item.revision < began:
            continue
        revision, is_live = _truth(verdict, record_id, item, row, record_id in moving)
        verdict.newest = max(verdict.newest, revision)
        if is_live:
            verdict.live += 1
            verdict.digest += term_at(record_id, revision) if revision else 0
    verdict.digest %= 2**64
    return verdict


def _ids(items: Mapping[str, Stored], rows: Mapping[str, Row]) -> Iterator[str]:
    yield from items
    yield from (record_id for record_id in rows if record_id not in items)


def _truth(
    verdict: Verdict, record_id: str, item: Stored | None, row: Row | None, is_moving: bool
) -> tuple[int, bool]:
    """Returns the record's revision and whether it lives; adds what has to be corrected."""
    if row is None or (item is not None and not _is_outdated(item, row) and not is_moving):
        assert item is not None
        if row is not None and item.deleted and not row.deleted:
            verdict.ghosts.append(Correction(record_id, item.revision, row.revision))
        return item.revision, not item.deleted
    nothing_to_do = is_moving or (item is None and row.deleted)
    if not nothing_to_do:
        stored = MISSING if item is None else item.revision
        verdict.outdated.append(Correction(record_id, stored, row.revision))
    return row.revision, not row.deleted


def _is_outdated(item: Stored, row: Row) -> bool:
    if item.revision == row.revision:
        return row.deleted is not item.deleted or not (item.usable or row.deleted)
    return item.revision < row.revision


def judge_list(
    items: dict[str, Stored],
    rows: dict[str, Row],
    closed: Mapping[str, bool],
    head: int,
    moving: frozenset[str],
) -> Verdict:
    """As `judge`, for the list of departments, whose items and rows are changed.

    `closed`: whether a department's own log is deleted, of those that have one. It stays deleted for good,
    also when the row of the deletion has expired. `head`: the list's revision.
    """
    for department_id in [one for one in _ids(items, rows) if one not in moving]:
        item, row = items.get(department_id), rows.get(department_id)
        if row is not None and row.deleted and item is not None and item.revision == 0:
            del rows[department_id]  # an older server wrote it again after the deletion
    early = _take_early(items, rows, closed, head, moving)
    verdict = judge(items, rows, 0, moving)
    lives = {one: _lives(items.get(one), rows.get(one)) for one in _ids(items, rows) if one not in moving}
    verdict.to_reopen = [one for one, is_live in lives.items() if is_live and closed.get(one)]
    verdict.to_close = [one for one, is_live in lives.items() if not is_live and closed.get(one) is False]
    for department_id, item, row in early:
        if item is not None:
            verdict.to_remove[department_id] = item.revision
        if row is not None:
            verdict.ghosts.append(Correction(department_id, row.revision, row.revision))
    return verdict


def _take_early(
    items: dict[str, Stored],
    rows: dict[str, Row],
    closed: Mapping[str, bool],
    head: int,
    moving: frozenset[str],
) -> list[tuple[str, Stored | None, Row | None]]:
    """Takes the departments that are known from before their deletion out of both."""
    early = [
        one
        for one in _ids(items, rows)
        if one not in moving and closed.get(one) and _is_early(items.get(one), rows.get(one), head)
    ]
    return [(one, items.pop(one, None), rows.pop(one, None)) for one in early]


def _is_early(item: Stored | None, row: Row | None, head: int) -> bool:
    """Whether a department with a deleted log only is known from before its deletion.

    Creating it again would have moved the list's head and its own: that can only have happened after the
    log's present state.
    """
    if row is not None and row.deleted:
        return False
    return item is None or 0 < item.revision <= head


def _lives(item: Stored | None, row: Row | None) -> bool:
    if item is not None and (row is None or item.revision > row.revision):
        return True
    return row is not None and not row.deleted
