"""A copy from an index that lags, made whole by the newest changes of the log. Pure functions.

The log is consistent and the index isn't, so changes replace what the copy holds; the head's digest tells
whether the result is complete.
"""

from collections.abc import Iterable
from dataclasses import replace

from teamcal.domain.changes import Change, Head, term_of
from teamcal.domain.memory import bytes_of_record
from teamcal.domain.values import Record

Records = dict[str, Record]


class Copy:
    """Records by id and their digest, which is kept up while they are read: at the end it would stall others.

    A record that comes twice counts once, at its higher revision. `unsummed`: ids of the records that the
    digest doesn't see: tombstones, and those of older servers. `lacked_since`: time of the oldest change that
    had to be laid over it. `bytes`: what the records hold in memory.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.records: Records = {}
        self.unsummed: set[str] = set()
        self.digest = self.bytes = 0
        self.lacked_since = "~"  # after every time
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        known = self.records.get(record["id"])
        if known is None or known.get("revision", 0) < record.get("revision", 0):
            self.put(record["id"], record)

    def put(self, record_id: str, record: Record | None) -> None:
        """Stores the record in place of the one known; None removes it."""
        known = self.records.pop(record_id, None)
        if known is not None:
            self.digest -= term_of(known)
            self.bytes -= bytes_of_record(known)
            self.unsummed.discard(record_id)
        if record is not None:
            term = term_of(record)
            self.records[record_id] = record
            self.digest += term
            self.bytes += bytes_of_record(record)
            if not term:
                self.unsummed.add(record_id)
        self.digest %= 2**64


def whole_log(
    head: Head, copy: Copy, newest_first: list[Change]
) -> tuple[Head, Records, list[Change]] | None:
    """Returns head, live records and newest changes (oldest first, without a hole) if they fit each other.

    `copy` must have been read before `head`, and is changed. Returns None when the digest differs: the index
    lags further back than the given changes reach, or the tables were restored to different moments.
    """
    if head.deleted:
        return head, {}, unbroken(newest_first, head)
    lay_over(copy, newest_first)
    if head.revision == 0:  # an older server's department, or the log was lost: nothing to compare with
        return replace(head, digest=copy.digest), copy.records, []
    if head.digest is None:
        return replace(head, digest=copy.digest), copy.records, unbroken(newest_first, head)
    return (head, copy.records, unbroken(newest_first, head)) if copy.digest == head.digest else None


def lay_over(copy: Copy, newest_first: list[Change]) -> None:
    """Applies the changes to the copy, and leaves only live records in it."""
    newest: dict[str, Change] = {}
    created_at = 0
    for change in newest_first:
        if "id" in change.record:
            newest.setdefault(change.record["id"], change)
        elif change.kind == "department_deleted":
            created_at = change.revision  # what lies before belongs to the department's earlier life
            break
    # Without an earlier life only what the digest doesn't see can be gone; of 100,000 that takes 80 ms less.
    doubtful = copy.records if created_at else copy.unsummed
    gone = [
        record_id
        for record_id in doubtful
        if copy.records[record_id].get("deleted") or copy.records[record_id].get("revision", 0) < created_at
    ]
    for record_id in gone:
        copy.put(record_id, None)
    for record_id, change in newest.items():
        known = copy.records.get(record_id)
        # A record that is newer than its change is one of a restored table, which was repaired since.
        if known is None or known.get("revision", 0) <= change.revision:
            if (known or {}).get("revision", 0) < change.revision and not (known is None and change.removes):
                copy.lacked_since = min(copy.lacked_since, change.at)
            copy.put(record_id, None if change.removes else change.record)


def unbroken(newest_first: list[Change], head: Head) -> list[Change]:
    """Returns the changes that lead up to `head`, each naming the one before it, oldest first.

    TTL makes holes, and a repaired log begins anew.
    """
    leading: list[Change] = []
    revision, change_id = head.revision, head.change_id
    for change in newest_first:
        if change.revision != revision or change.change_id != change_id:
            break
        leading.append(change)
        revision, change_id = revision - 1, change.previous
    return leading[::-1]
