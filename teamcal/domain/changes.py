"""The change log's values: a log's head, a change, a write. Design: docs/develop/sync.md.

Every department has a log of its own, and so have the list of departments (`DEPARTMENTS`) and what says who
may do what (`ACCESS`).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from teamcal.domain.cursor import Cursor
from teamcal.domain.items import ItemWrite
from teamcal.domain.operation_ids import AppliedOperation
from teamcal.domain.values import Record

DEPARTMENTS = "*"
"""Id of the log of the list of departments. No department can have it: their ids are UUIDs."""
ACCESS = "@access"
"""Id of the log of users and policies, and the audit trail. Its records are in the table `access`."""
LISTS = frozenset({DEPARTMENTS, ACCESS})
"""The logs that aren't a department's own: always there, and every process that needs one keeps it."""

DEPARTMENT_CREATED, DEPARTMENT_UPDATED = "department_created", "department_updated"
DEPARTMENT_DELETED = "department_deleted"
EVENT_CREATED, EVENT_UPDATED, EVENT_DELETED = "event_created", "event_updated", "event_deleted"
"""Kinds of changes. In a department's own log, the first and third are about no event: it is created again
or deleted as a whole."""

REPAIRED = "repaired"
"""Kind of the change that a repair makes: about no record, and it names no change before it, so that every
cursor and every replica starts over."""


@dataclass(frozen=True, slots=True)
class Change:
    """Change `revision` of a log. `record` is the event (or department) as it is afterwards.

    The record of a deletion is the one that was deleted, marked `deleted`; it is {} for a change about no
    record, and has no "id" where it only says something: that a token was revoked, say. `previous` is the
    change_id of revision - 1. `prior` is where the same record's previous change is: (log_id, revision). `by`
    is the author's display name; `by_verified` says whether the server knows that it is his.
    """

    revision: int
    kind: str
    record: Record
    change_id: str
    previous: str
    at: str
    by: str = ""
    prior: tuple[str, int] | None = None
    by_verified: bool = False

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "Change":
        """Returns the change with these fields; those of a newer server that aren't known are ignored."""
        return cls(**{name: value for name, value in fields.items() if name in cls.__slots__})

    @property
    def removes(self) -> bool:
        return bool(self.record.get("deleted"))

    @property
    def restarts_log(self) -> bool:
        """Whether it deletes a department or creates it again, in the department's own log."""
        return self.kind in (DEPARTMENT_CREATED, DEPARTMENT_DELETED) and not self.record


@dataclass(frozen=True, slots=True)
class Head:
    """The newest state of one log.

    `digest` is the sum modulo 2^64 of the terms of its live records that have a revision; None of a row that
    was written without one. `purging`, only in the log of the list of departments: deleted departments whose
    events are still to be removed.
    """

    log_id: str
    revision: int = 0
    change_id: str = ""
    digest: int | None = 0
    deleted: bool = False
    purging: frozenset[str] = frozenset()
    repairs: int = field(default=0, compare=False)
    """How often the log was repaired."""
    digest_is_stored: bool = field(default=True, compare=False)
    """Whether the row has the digest; it was reckoned from the records if not."""

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.log_id, self.revision, self.change_id)

    def is_at(self, other: "Head | Cursor") -> bool:
        return self.revision == other.revision and self.change_id == other.change_id

    def is_same_as(self, other: "Head") -> bool:
        """Whether both are one state: the same change, and records with the same digest where it is known.

        Revision 0 has no row, so nothing is known of its records.
        """
        unknown = self.revision == 0 or self.digest is None or other.digest is None
        return self.is_at(other) and (unknown or self.digest == other.digest)

    def precedes(self, change: Change) -> bool:
        """Whether `change` is the one after this state."""
        return self.revision == change.revision - 1 and self.change_id == change.previous

    def leads_to(self, change: Change, before: Record | None, digest: int | None) -> bool:
        """Whether `change` is the next one and, made to `before`, leads to this digest, if it is known."""
        return self.precedes(change) and (digest is None or digest == self.after(change, before).digest)

    def after(self, change: Change, before: Record | None) -> "Head":
        """Returns the head after `change`, which was made to a record that was `before`."""
        if not change.record and change.restarts_log:
            deleted = change.kind == DEPARTMENT_DELETED
            return Head(self.log_id, change.revision, change.change_id, deleted=deleted)
        digest = ((self.digest or 0) - term_of(before) + term_of(change.record)) % 2**64
        return Head(self.log_id, change.revision, change.change_id, digest, self.deleted, self.purging)


@dataclass(frozen=True)
class Write:
    """What one transaction does to one log: from `base` to `head` by `changes`.

    `puts` are the records as they are afterwards. `expects` names, by id, records that must be stored at
    this revision for the write to be applied; at 0, no such item may be stored. `items` are written beside
    them, to the table `access`. `operations` are stored beside the changes, each under an id that must not
    be in use.
    """

    base: Head
    head: Head
    changes: Sequence[Change]
    puts: Sequence[Record] = ()
    expects: Mapping[str, int] = field(default_factory=dict)
    items: Sequence[ItemWrite] = ()
    operations: Sequence[AppliedOperation] = ()

    @property
    def purges(self) -> list[str]:
        """Ids of departments that it takes off the list of departments: their events are to be removed."""
        deletions = (change for change in self.changes if change.kind == DEPARTMENT_DELETED)
        return [change.record["id"] for change in deletions if not change.restarts_log]


class RecordConflict(Exception):
    """Stored records or items are not as a write expects them: an id is used already, say.

    `operation_ids`: those of operations that are stored already.
    """

    def __init__(self, record_ids: list[str], operation_ids: Sequence[str] = ()) -> None:
        super().__init__(", ".join([*record_ids, *operation_ids]))
        self.record_ids, self.operation_ids = record_ids, operation_ids


def follows(changes: Sequence[Change], revision: int, change_id: str) -> bool:
    """Whether the changes are those after this state, one after the other and of one history."""
    for change in changes:
        if (change.revision, change.previous) != (revision + 1, change_id):
            return False
        revision, change_id = change.revision, change.change_id
    return True


def term_of(record: Record | None) -> int:
    """Returns what a record adds to its head's digest: 0 if it is gone or was written by an older server."""
    if record is None or record.get("deleted") or not record.get("revision"):
        return 0
    return term_at(record["id"], record["revision"])


def term_at(record_id: str, revision: int) -> int:
    """As `term_of`, of a record that lives at this revision."""
    text = f"{record_id}:{revision}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def digest_of_all(records: Iterable[Record]) -> int:
    return sum(map(term_of, records)) % 2**64
