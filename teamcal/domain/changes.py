"""The log's values: the head of a department, a change, a cursor. Design: docs/sync.md."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from teamcal.domain.values import Record

DEPARTMENTS = "*"
"""The log of the list of departments. No department can have this id: ids are UUIDs."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest state of one log. `digest`: sum modulo 2^64 over its live records that have a revision."""

    log_id: str
    revision: int = 0
    change_id: str = ""
    digest: int = 0
    deleted: bool = False
    purging: frozenset[str] = frozenset()

    def is_at(self, other: "Head") -> bool:
        return self.revision == other.revision and self.change_id == other.change_id

    def after(self, change: "Change", before: Record | None) -> "Head":
        """The head once `change` is made to a record that was `before`."""
        digest = (self.digest - term_of(before) + term_of(change.record)) % 2**64
        return Head(self.log_id, change.revision, change.change_id, digest, self.deleted, self.purging)


@dataclass(frozen=True, slots=True)
class Change:
    """Change `revision` of a log. `record` is the event (or department) as it is afterwards.

    A deletion carries the record as it last was, marked `deleted`. `previous` is the change_id of
    revision - 1; `prior` is where the same record's previous change is: (log_id, revision).
    """

    revision: int
    kind: str
    record: Record
    change_id: str
    previous: str
    at: str
    by: str = ""
    prior: tuple[str, int] | None = None

    @property
    def removes(self) -> bool:
        return bool(self.record.get("deleted"))


@dataclass
class Write:
    """What one transaction does to one log: from `base` to `head` by `changes`.

    `puts` are the records as they are afterwards, `fresh` the ids among them that must not exist yet,
    `drops` the ids of departments whose item goes. `lives`: does the department still have to be there?
    """

    base: Head
    head: Head
    changes: list[Change]
    puts: list[Record] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)
    drops: list[str] = field(default_factory=list)
    lives: bool = True


class RecordExists(Exception):
    """A record that should be new has an id that is already used (perhaps by a deleted one)."""

    def __init__(self, record_ids: list[str]) -> None:
        super().__init__(", ".join(record_ids))
        self.record_ids = record_ids


def term_of(record: Record | None) -> int:
    """What a record adds to its head's digest; 0 when it is gone or from an older server."""
    if record is None or record.get("deleted") or not record.get("revision"):
        return 0
    text = f"{record['id']}:{record['revision']}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def digest_of_all(records: Iterable[Record]) -> int:
    return sum(map(term_of, records)) % 2**64
