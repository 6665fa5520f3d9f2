"""A batch of submissions folded into what one transaction does to one log. Pure."""

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from teamcal.domain.caller import Caller
from teamcal.domain.changes import EVENT_DELETED, Change, Head
from teamcal.domain.department_operations import CloseLog, ReopenLog
from teamcal.domain.events import is_series
from teamcal.domain.items import ItemWrite
from teamcal.domain.occurrences import ShownCounts, ShownOccurrences
from teamcal.domain.operation_ids import OperationId, OperationPart
from teamcal.domain.operations import Draft, Operation, Unchanged, View
from teamcal.domain.series_edit import marked
from teamcal.domain.values import Record, to_json
from teamcal.errors import CalendarError, DepartmentNotFound, OperationRepeated

BATCH_CHANGES = 45
"""Operations in a transaction: each puts an event and a change row, of DynamoDB's 100 items at most."""

BATCH_ITEMS = 98
"""Items in a transaction beside the head and its check: one that has an id puts one more."""

TRANSACTION_BYTES = 3_500_000
"""Of DynamoDB's 4 MB, which the embedded engine counts in escaped JSON; so does `_size_of`."""

LARGEST_OPERATION_BYTES = 2 * (6 * (12_500 + 3_000) + 6 * 100_000 // 3 * 2 + 135_000)
"""The most that one more operation adds to a transaction, all fields at their limits, twice: the texts (those
of before, and place, categories and people), exceptions whose 100,000 bytes are Korean, and the text of an
imported event in base64."""


OPERATION_BYTES = 1_000
"""The most that an operation's id adds to a transaction, besides 20 for each part of it."""


class Outcome(NamedTuple):
    """The record after an operation. `change` is None when nothing was changed."""

    record: Record
    change: Change | None


@dataclass(eq=False, slots=True)
class Submission:
    """One operation of a caller on its way; it is settled when it has a result.

    `change_id` stays the same however often the operation is tried. `permit` raises CalendarError if the
    caller may not: it is asked at each attempt, so that a submission that waits can't outlive its right.
    `operation_id`: the caller's, which submissions of one commit have in common if they are one write.
    """

    operation: Operation
    caller: Caller
    change_id: str
    result: Outcome | Exception | None = None
    permit: Callable[[], None] | None = None
    operation_id: OperationId | None = None

    @property
    def items(self) -> int:
        """How many items it puts into a transaction: the record, the change's row and the id's."""
        return 2 if self.operation_id is None else 3


@dataclass
class Fold:
    """Submissions applied one after the other to the state at `base`.

    `heads` are the heads after each of `changes`. `items`: the plain items that are written with them, by
    id, and the ids of the changes that they belong to. `results` are those of submissions that failed or
    changed nothing. `operations`: what each operation that has an id did here.
    """

    base: Head
    head: Head
    changes: list[Change] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    puts: dict[str, Record] = field(default_factory=dict)
    expects: dict[str, int] = field(default_factory=dict)
    items: dict[str, tuple[ItemWrite, str]] = field(default_factory=dict)
    results: list[tuple[Submission, Outcome | CalendarError]] = field(default_factory=list)
    operations: dict[OperationId, OperationPart] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """An upper bound of the transaction's size, in bytes."""
        parts = self.operations.values()
        of_operations = sum(OPERATION_BYTES + 20 * len(part.revisions) for part in parts)
        return sum(map(_size_of, self.changes)) + of_operations

    @property
    def failed(self) -> bool:
        return any(isinstance(result, CalendarError) for _, result in self.results)

    def add(self, submission: Submission, draft: Draft, before: Record | None, at: str) -> Change:
        """Numbers the change of `draft` and adds it; `before` is the record as it was."""
        record, prior = draft.record, None
        if "id" in record:
            # A restored or moved event carries the revision of its previous change.
            previous_revision = (before or record).get("revision")
            prior = (draft.prior_log or self.base.log_id, previous_revision) if previous_revision else None
            record = self._put(draft, before, at)
        change = Change(
            self.head.revision + 1,
            draft.kind,
            record,
            submission.change_id,
            self.head.change_id,
            draft.at or at,
            submission.caller.name,
            prior,
            submission.caller.verified,
        )
        if draft.items:
            self.items |= {write.id: (write, change.change_id) for write in draft.items}
        self.note(submission, change)
        self.head = self.head.after(change, before)
        self.changes.append(change)
        self.heads.append(self.head)
        return change

    def _put(self, draft: Draft, before: Record | None, at: str) -> Record:
        """Returns the event of `draft` as it is going to be stored."""
        record, revision = draft.record, self.head.revision + 1
        version = (before.get("version", 1) if before else record.get("version", 0)) + 1
        record = {**record, "revision": revision, "version": version}
        if "series_version" in record:
            record = marked(record, version, revision, draft.at or at)
        if draft.expects is not None and record["id"] not in self.puts:
            self.expects[record["id"]] = draft.expects
        self.puts[record["id"]] = record
        return record

    def leave(self, submission: Submission, record: Record, whole: bool) -> None:
        """Adds the result of a submission that changes nothing; if `whole`, it is a part of an operation."""
        self.results.append((submission, Outcome(record, None)))
        if whole:
            self.note(submission, None)

    def note(self, submission: Submission, change: Change | None) -> None:
        """Adds a part of the submission's operation, if that has an id; None of one that changed nothing."""
        if (operation_id := submission.operation_id) is None:
            return
        _, change_id, revisions = self.operations.get(operation_id) or (self.base.log_id, "", ())
        if change is None:
            part = OperationPart(self.base.log_id, change_id, (*revisions, 0))
        else:
            part = OperationPart(self.base.log_id, change.change_id, (*revisions, change.revision))
        self.operations[operation_id] = part

    def has_operation(self, operation_id: OperationId) -> bool:
        return any(other.id == operation_id.id for other in self.operations)


def fold(
    base: Head,
    records: Mapping[str, Record],
    submissions: Sequence[Submission],
    at: str,
    whole: bool,
    counts: ShownCounts,
) -> Fold:
    """Returns what they do to a log at `base` with `records`; if not `whole`, up to a transaction's size.

    `counts`: of the series among the records.
    """
    folded = Fold(base, base)
    view: View = ChainMap({}, records)  # type: ignore[arg-type] # only its own dict is written to
    shown = ShownOccurrences(counts)
    size = measured = 0
    for submission in submissions:
        size += sum(map(_size_of, folded.changes[measured:]))
        measured = len(folded.changes)
        if size > TRANSACTION_BYTES - LARGEST_OPERATION_BYTES and not whole:
            break
        try:
            decision = _decide(submission, folded, view, shown, whole)
        except CalendarError as error:
            # Its stack would keep the records, and with them a replica that is dropped.
            folded.results.append((submission, error.with_traceback(None)))
            continue
        if isinstance(decision, Unchanged):
            folded.leave(submission, decision.record, whole)
            continue
        _add(submission, decision, folded, view, shown, at)
    return folded


def _decide(
    submission: Submission, folded: Fold, view: View, shown: ShownOccurrences, whole: bool
) -> Draft | Unchanged:
    """Returns what the operation does to `view`. Raises CalendarError."""
    operation, base, operation_id = submission.operation, folded.base, submission.operation_id
    if operation_id is not None and not whole and folded.has_operation(operation_id):
        raise OperationRepeated
    if base.deleted and not isinstance(operation, CloseLog | ReopenLog):
        raise DepartmentNotFound(base.log_id)
    if submission.permit is not None:
        submission.permit()
    # Another process may have reopened the log, which has new events since.
    reopened = isinstance(operation, ReopenLog) and not base.deleted
    decision = Unchanged({}) if reopened else operation.apply(view)
    if isinstance(decision, Draft) and decision.kind != EVENT_DELETED and is_series(decision.record):
        shown.require_few(decision.record)
    return decision


def _add(
    submission: Submission, draft: Draft, folded: Fold, view: View, shown: ShownOccurrences, at: str
) -> None:
    """Adds the change of `draft`, which the operations after it find in `view`."""
    record_id = draft.record.get("id", "")
    change = folded.add(submission, draft, view.get(record_id), at)
    if record_id:
        view[record_id] = None if change.record.get("deleted") else change.record
        shown.changed(record_id, view[record_id])


def _size_of(change: Change) -> int:
    """Returns an upper bound of the bytes that a change adds to a transaction: its record and its row.

    They are counted as escaped JSON: 6 bytes for each character beyond ASCII.
    """
    texts: list[Any] = [
        value if isinstance(value, str) else _escaped(value)
        for value in change.record.values()
        if isinstance(value, str | dict | list | bytes)  # numbers and flags are short
    ]
    return 2 * (400 + sum(len(text) if text.isascii() else 6 * len(text) for text in [change.by, *texts]))


def _escaped(value: Any) -> str:
    """Returns a text as long as the value takes in a transaction, before its characters are escaped."""
    if isinstance(value, bytes):
        return " " * (len(value) * 4 // 3)
    # Each part of a map or list names its type, too: {"S":…}.
    content = to_json(value).decode()
    return content + " " * (12 * content.count(","))
