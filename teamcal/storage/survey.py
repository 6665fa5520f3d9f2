"""A complete, consistent reading of one log and its records, in bounded memory: ids and revisions only.

The index is no evidence: it only names ids. Design: docs/develop/sync.md.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from teamcal.domain.changes import DEPARTMENTS, LISTS, REPAIRED, Head
from teamcal.domain.values import Record
from teamcal.settings import StorageSettings
from teamcal.storage.access_items import OWNER, access_records
from teamcal.storage.change_rows import RowKey, key_of, key_projection, rows_query
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.codec import Item, from_item, from_value
from teamcal.storage.department_index import DepartmentIndex
from teamcal.storage.parallel import Task, WorkQueue, for_each_chunk
from teamcal.storage.repair_plan import Row, Stored, Verdict, judge, judge_list
from teamcal.storage.transactions import head_key

WORKERS = 4
KEYS = 100
"""Of one call: as many as DynamoDB takes."""
MAX_HOLES = 1_000
BEYOND_EVERY_REVISION = 10**18


class Moved(Exception):
    """The log was repaired, deleted or created again while it was read."""


@dataclass
class LogRows:
    """The newest row of each record in the department's present life, and what the rows themselves lack.

    `began`: revision at which the department was created again. `holes`: revisions whose rows are missing
    although they can't have expired.
    """

    newest: dict[str, Row] = field(default_factory=dict)
    began: int = 0
    last: int = 0
    last_at: str = ""
    holes: list[int] = field(default_factory=list)


@dataclass
class Survey:
    """What was found. `head` is the one that the verdict is to be compared with, at revision 0 if missing.

    `items`: a department's events as they are stored; of `moving`, which were written meanwhile, perhaps not.
    """

    head: Head
    verdict: Verdict
    rows: LogRows
    items: dict[str, Stored] = field(default_factory=dict)
    moving: frozenset[str] = frozenset()

    @property
    def confirmed(self) -> dict[str, Stored]:
        """The items that are as they should be."""
        found = self.verdict.outdated + self.verdict.ghosts
        doubtful = self.moving.union(one.record_id for one in found)
        return {event_id: stored for event_id, stored in self.items.items() if event_id not in doubtful}

    @property
    def moves_head(self) -> bool:
        """Whether the head doesn't fit: its digest, or there are newer records or rows than it knows."""
        seen = max(self.verdict.newest, self.rows.last)
        is_wrong = self.head.digest is not None and self.verdict.digest != self.head.digest
        return not self.head.deleted and (seen > self.head.revision or (self.head.revision > 0 and is_wrong))

    @property
    def is_sound(self) -> bool:
        return not self.faults

    @property
    def faults(self) -> dict[str, int]:
        """Numbers of what is wrong, by kind; the texts are in operator_messages."""
        if self.head.deleted:
            return {}
        found = {
            "head_missing": int(self.head.revision == 0 and max(self.verdict.newest, self.rows.last) > 0),
            "head_differs": int(self.moves_head and self.head.revision > 0),
            "outdated": len(self.verdict.outdated),
            "ghosts": len(self.verdict.ghosts),
            "rows_missing": len(self.rows.holes),
            "to_remove": len(self.verdict.to_remove),
            "to_reopen": len(self.verdict.to_reopen),
            "to_close": len(self.verdict.to_close),
        }
        return {kind: number for kind, number in found.items() if number}

    @property
    def signature(self) -> tuple[Any, ...]:
        """Stays the same while others write to a log that doesn't fit; changes while an index catches up."""
        delta = (self.verdict.digest - (self.head.digest or 0)) % 2**64
        return (delta, *self.faults.items())


class Surveyor:
    """Reads logs. Raises StorageError, and Moved when the log begins anew meanwhile.

    `is_forgotten(log_id, at)`: whether a row of that time may have expired.
    """

    def __init__(
        self, dynamodb: DynamoDBClient, settings: StorageSettings, is_forgotten: Callable[[str, str], bool]
    ) -> None:
        self._dynamodb, self._settings, self._is_forgotten = dynamodb, settings, is_forgotten
        self._index = DepartmentIndex(dynamodb, settings)

    def survey(self, log_id: str, earlier: Survey | None = None) -> Survey:
        """Reads the log and its records.

        After an `earlier` survey of a department only what may have changed or was faulty: what the index
        names now, what was written meanwhile, and what would be corrected. All else was read consistently.
        """
        if log_id in LISTS:
            earlier = None
        before = earlier.head if earlier else self.head(log_id)
        if before.deleted or (before.revision == 0 and not self._may_have_head(log_id)):
            return Survey(before, Verdict(), LogRows())
        rows, items = self._rows_and_items(log_id, earlier)
        head = self.head(log_id)
        moving = self._written_meanwhile(log_id, before, head, rows)
        if 0 < rows.last < head.revision and not self._is_forgotten(log_id, rows.last_at):
            rows.holes += range(rows.last + 1, head.revision + 1)[: MAX_HOLES - len(rows.holes)]
            rows.last = head.revision
        if log_id == DEPARTMENTS:
            return self._of_list(head, items, rows, moving)
        return Survey(head, judge(items, rows.newest, rows.began, moving), rows, items, moving)

    def head(self, log_id: str) -> Head:
        answer = self._dynamodb.call(
            "get_item", TableName=self._settings.changes_table, Key=head_key(log_id), ConsistentRead=True
        )
        return head_of(log_id, from_item(answer["Item"]) if "Item" in answer else None)

    def _may_have_head(self, log_id: str) -> bool:
        """Whether it is the list, or a department: what is left of one that is gone stays as it is."""
        return log_id in LISTS or self.department(log_id) is not None

    def department(self, department_id: str) -> Record | None:
        answer = self._dynamodb.call(
            "get_item",
            TableName=self._settings.departments_table,
            Key={"id": {"S": department_id}},
            ConsistentRead=True,
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def live_events(self, department_id: str) -> int:
        """Returns the number of events that its index names and that aren't deleted."""
        ids = set[str]()
        self._index.read(department_id, lambda event: ids.add(event["id"]), "id")
        return sum(not stored.deleted for stored in self._events(department_id, ids, {}).values())

    # The log

    def rows(self, log_id: str) -> LogRows:
        """Reads the keys of all rows, beyond the head too."""
        rows = LogRows()
        self._read_rows(log_id, rows)
        return rows

    def _read_rows(self, log_id: str, rows: LogRows) -> None:
        newer = None
        for key in self.row_keys(log_id, 0, BEYOND_EVERY_REVISION, newest_first=True):
            if newer is None:
                rows.last, rows.last_at = key.revision, key.at
            elif newer.revision > key.revision + 1:
                self._add_holes(rows, newer, key.revision)
            newer = key
            if key.restarts_log:
                rows.began = max(rows.began, key.revision)
                break
            if key.record_id is not None:
                rows.newest.setdefault(key.record_id, Row(key.revision, key.removes))

    def _add_holes(self, rows: LogRows, newer: RowKey, revision: int) -> None:
        """TTL deletes late and in no order: only rows just before one that can't have expired are missed."""
        if newer.kind == REPAIRED and newer.repaired_from is not None:
            return
        missing = range(revision + 1, newer.revision)
        if not self._is_forgotten(newer.log_id, newer.at):
            rows.holes += list(missing[: MAX_HOLES - len(rows.holes)])

    def row_keys(self, log_id: str, after: int, upto: int, newest_first: bool = False) -> Iterator[RowKey]:
        query = rows_query(self._settings.changes_table, log_id, after, upto, newest_first)
        query |= key_projection(log_id)
        rows = self._dynamodb.pages("query", query) if upto > after else ()  # DynamoDB refuses an empty range
        return (key_of(log_id, item) for item in rows)

    def _written_meanwhile(self, log_id: str, before: Head, head: Head, rows: LogRows) -> frozenset[str]:
        """Adds the rows between the two heads; returns the ids of their records."""
        if head.revision < before.revision or head.deleted:
            raise Moved(log_id)
        moving = set()
        for key in self.row_keys(log_id, before.revision, head.revision):
            if key.starts_over:
                raise Moved(log_id)
            rows.last = max(rows.last, key.revision)
            if key.record_id is not None:
                moving.add(key.record_id)
                rows.newest[key.record_id] = Row(key.revision, key.removes)
        return frozenset(moving)

    # The records

    def _rows_and_items(self, log_id: str, earlier: Survey | None) -> tuple[LogRows, dict[str, Stored]]:
        if log_id in LISTS:
            rows = self.rows(log_id)
            return rows, self._departments() if log_id == DEPARTMENTS else self._access(rows.newest)
        ids = set[str]()
        known = earlier.confirmed if earlier else {}
        rows = earlier.rows if earlier else LogRows()
        # Which is read first is all the same: what is written meanwhile is read again.
        tasks: list[Task] = [lambda queue: self._index.read(log_id, lambda event: ids.add(event["id"]), "id")]
        if earlier is None:
            tasks.append(lambda queue: self._read_rows(log_id, rows))
        WorkQueue(len(tasks)).run(tasks)
        return rows, self._events(log_id, ids.union(rows.newest), known)

    def _access(self, rows: dict[str, Row]) -> dict[str, Stored]:
        """Users and policies: those that the index names and those that the log does."""
        ids = {record["id"] for record in access_records(self._dynamodb, self._settings, "id")}.union(rows)
        table, keys = self._settings.access_table, [{"id": {"S": one}} for one in ids]
        items = self._read_all(table, keys, f"id, revision, {OWNER}")
        return {item["id"]: Stored(item.get("revision", 0), False, OWNER in item) for item in items}

    def _events(self, department_id: str, ids: set[str], known: dict[str, Stored]) -> dict[str, Stored]:
        """Reads the events with these ids, but for those that are known."""
        ids.difference_update(known)
        found = dict(known)

        def read(some: list[str]) -> None:
            keys = [{"id": {"S": event_id}, "department_id": {"S": department_id}} for event_id in some]
            attributes = "id, revision, deleted, event_date"
            for item in self._dynamodb.get_all(self._settings.events_table, keys, attributes):
                found[item["id"]["S"]] = _event_of(item)

        for_each_chunk(list(ids), KEYS, read, WORKERS)
        return found

    def _departments(self) -> dict[str, Stored]:
        scan = {
            "TableName": self._settings.departments_table,
            "ConsistentRead": True,
            "ProjectionExpression": "id, revision",
        }
        items = map(from_item, self._dynamodb.pages("scan", scan))
        return {item["id"]: Stored(item.get("revision", 0), deleted=False) for item in items}

    def _read_all(self, table: str, keys: list[Item], attributes: str) -> list[Record]:
        """Returns the given attributes of the items with these keys, read consistently beside each other."""
        found: list[Record] = []

        def read(some: list[Item]) -> None:
            found.extend(map(from_item, self._dynamodb.get_all(table, some, attributes)))

        for_each_chunk(keys, KEYS, read, WORKERS)
        return found

    # The list

    def _of_list(self, head: Head, items: dict[str, Stored], rows: LogRows, moving: frozenset[str]) -> Survey:
        """Also compares each department with the head of its own log, which stays deleted for good."""
        heads = self.heads(set(items) | set(rows.newest))
        closed = {own.log_id: own.deleted for own in heads if own.revision > 0}
        verdict = judge_list(items, rows.newest, closed, head.revision, moving)
        return Survey(head, verdict, rows)

    def heads(self, log_ids: Iterable[str]) -> list[Head]:
        keys = [head_key(log_id) for log_id in log_ids]
        attributes = "department_id, head, change_id, digest, deleted, repairs"
        rows = self._read_all(self._settings.changes_table, keys, attributes)
        return [head_of(row["department_id"], row) for row in rows]


def _event_of(item: Item) -> Stored:
    is_deleted = "deleted" in item and bool(from_value(item["deleted"]))
    is_usable = is_deleted or ("event_date" in item and bool(from_value(item["event_date"])))
    return Stored(from_value(item["revision"]) if "revision" in item else 0, is_deleted, is_usable)


def head_of(log_id: str, row: Record | None) -> Head:
    """Returns the head that row 0 of a log holds."""
    if row is None or "head" not in row:
        return Head(log_id)
    return Head(
        log_id,
        row["head"],
        row["change_id"],
        row.get("digest"),
        row.get("deleted", False),
        frozenset(row.get("purging", ())),
        row.get("repairs", 0),
    )
