"""A batch of submissions folded into what one transaction does to one log. Pure."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from teamcal.domain.caller import Caller
from teamcal.domain.changes import Change, Head
from teamcal.domain.operations import CloseLog, Draft, Operation, ReopenLog, Unchanged, View
from teamcal.domain.values import Record
from teamcal.errors import CalendarError, DepartmentNotFound

BATCH_CHANGES = 45
"""Operations in a transaction: each puts an event and a change row, of DynamoDB's 100 items at most."""

TRANSACTION_BYTES = 3_500_000
"""Of DynamoDB's 4 MB, which the embedded engine counts in escaped JSON; so does `_size_of`."""

LARGEST_OPERATION_BYTES = 2 * 6 * 12_500
"""The most that one more operation adds to a transaction: all fields at their limits, twice."""


class Outcome(NamedTuple):
    """The record after an operation. `change` is None when nothing was changed."""

    record: Record
    change: Change | None


@dataclass(eq=False, slots=True)
class Submission:
    """One operation of a caller on its way; it is settled when it has a result.

    `change_id` stays the same however often the operation is tried.
    """

    operation: Operation
    caller: Caller
    change_id: str
    result: Outcome | Exception | None = None


@dataclass
class Fold:
    """Submissions applied one after the other to the state at `base`.

    `heads` are the heads after each of `changes`. `results` are those of submissions that failed or changed
    nothing.
    """

    base: Head
    head: Head
    changes: list[Change] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    puts: dict[str, Record] = field(default_factory=dict)
    expects: dict[str, int] = field(default_factory=dict)
    results: list[tuple[Submission, Outcome | CalendarError]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """An upper bound of the transaction's size, in bytes."""
        return sum(map(_size_of, self.changes))

    @property
    def failed(self) -> bool:
        return any(isinstance(result, CalendarError) for _, result in self.results)

    def add(self, submission: Submission, draft: Draft, before: Record | None, at: str) -> Change:
        """Numbers the change of `draft` and adds it; `before` is the record as it was."""
        revision, record, prior = self.head.revision + 1, draft.record, None
        if record:
            version = (before.get("version", 1) if before else record.get("version", 0)) + 1
            # A restored or moved event carries the revision of its previous change.
            previous_revision = (before or record).get("revision")
            prior = (draft.prior_log or self.base.log_id, previous_revision) if previous_revision else None
            record = {**record, "revision": revision, "version": version}
            if draft.expects is not None and record["id"] not in self.puts:
                self.expects[record["id"]] = draft.expects
            self.puts[record["id"]] = record
        change = Change(
            revision,
            draft.kind,
            record,
            submission.change_id,
            self.head.change_id,
            draft.at or at,
            submission.caller.name,
            prior,
            submission.caller.verified,
        )
        self.head = self.head.after(change, before)
        self.changes.append(change)
        self.heads.append(self.head)
        return change


def fold(
    base: Head, records: Mapping[str, Record], submissions: Sequence[Submission], at: str, whole: bool
) -> Fold:
    """Returns what they do to a log at `base` with `records`; if not `whole`, up to a transaction's size."""
    folded = Fold(base, base)
    view: View = ChainMap({}, records)  # type: ignore[arg-type] # only its own dict is written to
    size = measured = 0
    for submission in submissions:
        size += sum(map(_size_of, folded.changes[measured:]))
        measured = len(folded.changes)
        if size > TRANSACTION_BYTES - LARGEST_OPERATION_BYTES and not whole:
            break
        operation = submission.operation
        try:
            if base.deleted and not isinstance(operation, CloseLog | ReopenLog):
                raise DepartmentNotFound(base.log_id)
            # Another process may have reopened the log, which has new events since.
            reopened = isinstance(operation, ReopenLog) and not base.deleted
            decision = Unchanged({}) if reopened else operation.apply(view)
        except CalendarError as error:
            folded.results.append((submission, error))
            continue
        if isinstance(decision, Unchanged):
            folded.results.append((submission, Outcome(decision.record, None)))
            continue
        record_id = decision.record.get("id", "")
        change = folded.add(submission, decision, view.get(record_id), at)
        if record_id:
            view[record_id] = None if change.record.get("deleted") else change.record
    return folded


def _size_of(change: Change) -> int:
    """Returns an upper bound of the bytes that a change adds to a transaction: its record and its row.

    They are counted as escaped JSON: 6 bytes for each character beyond ASCII.
    """
    texts: list[Any] = [value for value in change.record.values() if isinstance(value, str)]
    return 2 * (400 + sum(len(text) if text.isascii() else 6 * len(text) for text in [change.by, *texts]))
