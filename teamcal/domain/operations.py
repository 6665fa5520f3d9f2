"""Writes that wait for their turn, and how a batch of them becomes one transaction."""

import threading
import uuid
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from teamcal.domain.changes import Change, Head, Write
from teamcal.domain.values import Record
from teamcal.errors import CalendarError

BATCH_CHANGES = 45
"""Operations a transaction: each an event and a change row, of DynamoDB's 100 items at most."""

TRANSACTION_BYTES = 3_500_000
"""Of DynamoDB's 4 MB, which the embedded engine counts in escaped JSON: so do we."""

RECORD_BYTES = 2 * 6 * 12_500
"""The most that one more operation adds: all fields at their limits, twice."""

View = Mapping[str, Record | None]
"""The records of a log as an operation sees them; a record that is gone may stand there as None."""


class Draft(NamedTuple):
    """A change to be made. `fresh`: the record's id must never have been used in this log.

    `at`: the change's moment, if it isn't that of the commit. A row whose event says the same moment is
    smaller.
    """

    kind: str
    record: Record
    fresh: bool = False
    at: str = ""


class Settled(NamedTuple):
    """Nothing to change: the answer is `record` as it is."""

    record: Record


Operation = Callable[[View], Draft | Settled]
"""Decides on the newest state; may be called again on a newer one. Raises CalendarError."""


class Outcome(NamedTuple):
    """`change` is None when nothing was changed; `head` is the log at that moment."""

    record: Record
    change: Change | None
    head: Head


_NOBODYS = threading.Event()


@dataclass(eq=False)
class Pending:
    """One operation on its way; `change_id` stays the same however often it is tried.

    Whoever waits for it waits for its `turn`.
    """

    operation: Operation
    by: str = ""
    record_id: str = ""
    change_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: Outcome | None = None
    error: Exception | None = None
    abandoned: bool = False
    turn: threading.Event = _NOBODYS

    @property
    def done(self) -> bool:
        return self.outcome is not None or self.error is not None

    def result(self) -> Outcome:
        if self.error is not None:
            raise self.error
        assert self.outcome is not None
        return self.outcome


@dataclass
class Fold:
    """Operations applied one after the other on top of a head; `heads` are those after each change."""

    base: Head
    head: Head
    changes: list[Change] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    puts: dict[str, Record] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    verdicts: list[tuple[Pending, Outcome | CalendarError]] = field(default_factory=list)
    size: int = 0

    @property
    def failed(self) -> bool:
        return any(isinstance(verdict, CalendarError) for _, verdict in self.verdicts)

    def as_write(self) -> Write:
        return Write(self.base, self.head, self.changes, list(self.puts.values()), self.fresh)


def fold(base: Head, records: dict[str, Record], waiting: list[Pending], at: str, whole: bool) -> Fold:
    """What `waiting` does to `records`. Those that fail or change nothing are among the verdicts.

    Unless it has to be `whole`, it ends where a transaction is full; the rest has to be folded again.
    """
    folded = Fold(base, base)
    overlay: dict[str, Any] = {}
    view: ChainMap[str, Any] = ChainMap(overlay, records)
    for pending in waiting:
        if folded.size > TRANSACTION_BYTES - RECORD_BYTES and not whole:
            break
        try:
            decided = pending.operation(view)
        except CalendarError as error:
            folded.verdicts.append((pending, error))
            continue
        if isinstance(decided, Settled):
            folded.verdicts.append((pending, Outcome(decided.record, None, folded.head)))
            continue
        _make(folded, pending, decided, view.get(decided.record["id"]), at)
        overlay[decided.record["id"]] = None if folded.changes[-1].removes else folded.changes[-1].record
    return folded


def _make(folded: Fold, pending: Pending, draft: Draft, before: Record | None, at: str) -> None:
    revision = folded.head.revision + 1
    record_id = draft.record["id"]
    version = (before.get("version", 1) if before else draft.record.get("version", 0)) + 1
    record = {**draft.record, "revision": revision, "version": version}
    # A restored event carries the revision of its deletion.
    last = (before or draft.record).get("revision")
    prior = (folded.base.log_id, last) if last else None
    change = Change(
        revision, draft.kind, record, pending.change_id, folded.head.change_id, draft.at or at, pending.by,
        prior,
    )  # fmt: skip
    folded.size += 2 * _size_of(record)
    folded.head = folded.head.after(change, before)
    folded.changes.append(change)
    folded.heads.append(folded.head)
    if draft.fresh and record_id not in folded.puts:
        folded.fresh.add(record_id)
    folded.puts[record_id] = record


def _size_of(record: Record) -> int:
    """Bytes as escaped JSON, at most about: 6 for each character that isn't ASCII."""
    texts = [value for value in record.values() if isinstance(value, str)]
    return 400 + sum(len(text) if text.isascii() else 6 * len(text) for text in texts)
