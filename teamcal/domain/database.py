"""What the calendar needs of its storage. `models.DynamoDBDatabase` is one implementation.

One contract suite (tests/storage/test_contract.py) runs against every implementation.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from teamcal.domain.changes import Change, Head, Write
from teamcal.domain.values import Record


class Database(Protocol):
    """Departments, events and their change log. Safe for threads and greenlets.

    Every read sees every commit that had returned before it began. Every method ends within the deadline in
    force (teamcal.deadline) and raises StorageError when the tables are throttled, unreachable or missing, or
    the credentials are refused.
    """

    def read_head(self, log_id: str) -> Head:
        """Returns the newest state of a log; revision 0 when the log has no rows yet."""

    def read_heads(self, log_ids: Iterable[str]) -> dict[str, Head]:
        """Returns the heads of many logs by log id; those without rows at revision 0."""

    def read_changes(
        self, log_id: str, after: int, upto: int, limit: int | None = None, newest_first: bool = False
    ) -> list[Change]:
        """Returns the changes with revisions `after` + 1 to `upto`, at most `limit`, oldest first by default.

        Rows that have expired may be missing.
        """

    def read_department(self, department_id: str) -> Record | None:
        """Returns the department's record; None when there is none."""

    def read_event(self, event_id: str) -> Record | None:
        """Returns the event in whichever department it lives; its newest tombstone if it lives in none."""

    def read_events(self, keys: Iterable[tuple[str, str]]) -> dict[str, Record]:
        """Returns the events with these (id, department_id), tombstones included, by id."""

    def load(self, log_id: str) -> tuple[Head, dict[str, Record], list[Change]]:
        """Returns a whole log at one moment: its head, its live records by id, and its newest changes.

        The changes are oldest first, lead up to the head and have no hole. Raises StorageUnavailable when
        records and head don't fit each other before the deadline.
        """

    def commit(self, writes: Sequence[Write], token: str) -> None:
        """Applies all of `writes` or none, once however often it is called with the same `token`.

        Raises RevisionConflict when a head is no longer at its write's base, or the department of a first
        event doesn't exist; RecordConflict when stored records aren't as the writes expect them, deleted
        ones included. After StorageUnavailable the writes may have been applied.
        """

    def forgotten(self, change: Change) -> bool:
        """Returns whether the change is older than the log promises to keep changes."""

    def purge(self, department_id: str, event_ids: Iterable[str], go_on: Callable[[], bool]) -> bool:
        """Removes all events of a deleted department: those in the index and `event_ids`.

        Asks `go_on` before each batch, since the department may be created again meanwhile. Returns whether
        everything was removed.
        """

    def mark_purged(self, department_id: str) -> None:
        """Takes a department off the list of those whose events are still to be removed."""
