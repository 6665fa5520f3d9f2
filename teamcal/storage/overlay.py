"""A copy from an index that lags, made whole by the newest changes of the log. Pure functions.

The log is consistent and the index isn't, so changes replace what the copy holds; the head's digest tells
whether the result is complete.
"""

from dataclasses import replace
from itertools import takewhile

from teamcal.domain.changes import Change, Head, digest_of_all
from teamcal.domain.values import Record

Records = dict[str, Record]


def whole_log(
    head: Head, copy: Records, newest_first: list[Change]
) -> tuple[Head, Records, list[Change]] | None:
    """Returns head, live records and newest changes (oldest first, without a hole) if they fit each other.

    `copy` must have been read before `head`. Returns None when the digest differs: the index lags further
    back than the given changes reach.
    """
    changes = unbroken(newest_first, head)
    if head.deleted:
        return head, {}, changes
    records = laid_over(copy, newest_first)
    digest = digest_of_all(records.values())
    if head.revision == 0:  # an older server's department, or the log was lost: nothing to compare with
        return replace(head, digest=digest), records, []
    return (head, records, changes) if digest == head.digest else None


def laid_over(copy: Records, newest_first: list[Change]) -> Records:
    """Returns the live records of `copy` with the changes applied."""
    newest: dict[str, Change] = {}
    created_at = 0
    for change in newest_first:
        if "id" in change.record:
            newest.setdefault(change.record["id"], change)
        elif change.kind == "department_deleted":
            created_at = change.revision  # what lies before belongs to the department's earlier life
            break
    records = {
        record_id: record
        for record_id, record in copy.items()
        if not record.get("deleted") and record.get("revision", 0) >= created_at
    }
    for record_id, change in newest.items():
        if change.removes:
            records.pop(record_id, None)
        elif records.get(record_id, {}).get("revision", 0) <= change.revision:
            records[record_id] = change.record
    return records


def unbroken(newest_first: list[Change], head: Head) -> list[Change]:
    """Returns the changes that lead up to `head` without a hole, oldest first. TTL makes holes."""
    expected = range(head.revision, 0, -1)
    pairs = zip(newest_first, expected, strict=False)
    leading = [change for change, _ in takewhile(lambda pair: pair[0].revision == pair[1], pairs)]
    return leading[::-1]
