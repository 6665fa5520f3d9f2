"""The change log's values: a log's head, a change, a write. Design: docs/develop/sync.md.

Every department has a log of its own, and so has the list of departments (`DEPARTMENTS`).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from teamcal.domain.cursor import Cursor
from teamcal.domain.values import Record

DEPARTMENTS = "*"
"""Id of the log of the list of departments. No department can have it: their ids are UUIDs."""

DEPARTMENT_CREATED, DEPARTMENT_UPDATED = "department_created", "department_updated"
DEPARTMENT_DELETED = "department_deleted"
EVENT_CREATED, EVENT_UPDATED, EVENT_DELETED = "event_created", "event_updated", "event_deleted"
"""Kinds of changes. In a department's own log, the first and third are about no event: it is created again
or deleted as a whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """Change `revision` of a log. `record` is the event (or department) as it is afterwards.

    The record of a deletion is the one that was deleted, marked `deleted`; it is {} for a change about no
    record. `previous` is the change_id of revision - 1. `prior` is where the same record's previous change
    is: (log_id, revision). `by` is the author's display name; `by_verified` says whether the server knows
    that it is his.
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

    `digest` is the sum modulo 2^64 of the terms of its live records that have a revision. `purging`, only
    in the log of the list of departments: deleted departments whose events are still to be removed.
    """

    log_id: str
    revision: int = 0
    change_id: str = ""
    digest: int = 0
    deleted: bool = False
    purging: frozenset[str] = frozenset()

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.log_id, self.revision, self.change_id)

    def is_at(self, other: "Head | Cursor") -> bool:
        return self.revision == other.revision and self.change_id == other.change_id

    def after(self, change: Change, before: Record | None) -> "Head":
        """Returns the head after `change`, which was made to a record that was `before`."""
        if not change.record and change.restarts_log:
            deleted = change.kind == DEPARTMENT_DELETED
            return Head(self.log_id, change.revision, change.change_id, deleted=deleted)
        digest = (self.digest - term_of(before) + term_of(change.record)) % 2**64
        return Head(self.log_id, change.revision, change.change_id, digest, self.deleted, self.purging)


@dataclass(frozen=True)
class Write:
    """What one transaction does to one log: from `base` to `head` by `changes`.

    `puts` are the records as they are afterwards. `expects` names, by id, records that must be stored at
    this revision for the write to be applied; at 0, no such item may be stored.
    """

    base: Head
    head: Head
    changes: Sequence[Change]
    puts: Sequence[Record] = ()
    expects: Mapping[str, int] = field(default_factory=dict)

    @property
    def purges(self) -> list[str]:
        """Ids of departments that it takes off the list of departments: their events are to be removed."""
        deletions = (change for change in self.changes if change.kind == DEPARTMENT_DELETED)
        return [change.record["id"] for change in deletions if not change.restarts_log]


class RecordConflict(Exception):
    """Stored records are not as a write expects them: an id is used already, or a tombstone has changed."""

    def __init__(self, record_ids: list[str]) -> None:
        super().__init__(", ".join(record_ids))
        self.record_ids = record_ids


def term_of(record: Record | None) -> int:
    """Returns what a record adds to its head's digest: 0 if it is gone or was written by an older server."""
    if record is None or record.get("deleted") or not record.get("revision"):
        return 0
    text = f"{record['id']}:{record['revision']}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def digest_of_all(records: Iterable[Record]) -> int:
    return sum(map(term_of, records)) % 2**64
