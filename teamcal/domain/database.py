"""What the calendar needs of its storage. `models.DynamoDBDatabase` is one implementation.

One contract suite (tests/storage/test_contract.py) runs against every implementation.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from teamcal.domain.changes import Change, Head, Write
from teamcal.domain.items import Items
from teamcal.domain.operation_ids import AppliedOperation
from teamcal.domain.pulse import Pulse
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

    def read_next(self, positions: Mapping[str, int], most: int) -> dict[str, tuple[Head, list[Change]]]:
        """Returns for each log its head and the changes after the given revision, in one call for all.

        At most `most` a log, at most 99 together with the heads. The changes are oldest first and none is
        beyond the head; some may be missing.
        """

    def read_changes(
        self, log_id: str, after: int, upto: int, limit: int | None = None, newest_first: bool = False
    ) -> list[Change]:
        """Returns the changes with revisions `after` + 1 to `upto`, at most `limit`, oldest first by default.

        Rows that have expired may be missing.
        """

    def read_department(self, department_id: str) -> Record | None:
        """Returns the department's record; None when there is none."""

    def read_event(self, event_id: str) -> Record | None:
        """Returns the event in whichever department it lives; its newest tombstone if it lives in none.

        Of several the one that a bare id means (teamcal.domain.events.meant_by_id).
        """

    def read_events(self, keys: Iterable[tuple[str, str]]) -> dict[str, Record]:
        """Returns the events with these (id, department_id), tombstones included, by id."""

    def read_operations(self, operation_ids: Sequence[str]) -> dict[str, AppliedOperation]:
        """Returns what is stored under these ids of operations, by id; one that isn't understood as done
        by nobody: without parts.
        """

    def load(self, log_id: str) -> tuple[Head, dict[str, Record], list[Change]]:
        """Returns a whole log at one moment: its head, its live records by id, and its newest changes.

        The changes are oldest first, lead up to the head and have no hole. Raises StorageUnavailable while
        records and head don't fit each other. If that lasts for some seconds, the log is repaired: its head
        moves to a change that names none before it.
        """

    def commit(self, writes: Sequence[Write], token: str) -> None:
        """Applies all of `writes` or none, once however often it is called with the same `token`.

        Raises RevisionConflict when a head is no longer at its write's base, or the department of a first
        event doesn't exist; RecordConflict when stored records aren't as the writes expect them, deleted
        ones included, or an id of an operation is in use. After StorageUnavailable the writes may have been
        applied.
        """

    def forgotten(self, change: Change) -> bool:
        """Returns whether the change is older than the log promises to keep changes."""

    items: Items
    """Plain items of the table `access`."""

    def when_repaired(self, tell: Callable[[str, int], None]) -> None:
        """Has `tell(log id, revision)` called after each repair of a log that this process has made."""

    def purge(self, department_id: str) -> bool:
        """Removes the events of a deleted department, as many as it can before the deadline.

        Then takes it off the list of those to be purged; also when it has been created again, whose events
        are left alone. The next call, in whichever process, goes on where this one ended. Returns whether
        nothing is left to do.
        """

    def put_pulse(self, pulse: Pulse) -> None:
        """Stores what a process says of its changes in place of what it said before. Tries only once."""

    def read_pulses(self) -> list[Pulse]:
        """Returns what every process said last."""

    def delete_pulse(self, pulse: Pulse) -> None:
        """Removes what a process said, unless it has said something else since."""
