"""DynamoDBDatabase: departments, events and their change log, as DynamoDB transactions."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from teamcal.deadline import remaining
from teamcal.domain.changes import DEPARTMENTS, Change, Head, Write
from teamcal.domain.database import Database
from teamcal.domain.values import Record, timestamp, utc_now
from teamcal.errors import StorageUnavailable
from teamcal.metrics import NO_METRICS, Metrics
from teamcal.settings import StorageSettings, storage_settings
from teamcal.storage.change_rows import change_of
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.codec import Item, from_item
from teamcal.storage.overlay import whole_log
from teamcal.storage.tables import DATE_INDEX, Tables
from teamcal.storage.transactions import Action, actions_of, conflict_of, head_key

RETENTION_MARGIN = timedelta(days=7)
"""Rows expire this much later than the log promises to keep them."""
OVERLAY_ROWS = 64
"""Newest changes that a cold load reads at first; four times as many as long as the digest differs."""
PURGE_BATCH = 25
"""Items of one BatchWriteItem, DynamoDB's limit."""


class DynamoDBDatabase(Database):
    """The calendar's three tables. Safe for threads and greenlets.

    Every method raises StorageError (throttled, unavailable, credentials refused, table missing) and ends
    within the deadline in force (teamcal.deadline). `client`: a low-level DynamoDB client; without one,
    `teamcal.storage.client.connect(settings)` makes it at the first call. `settings`: by default those of
    the environment.
    """

    def __init__(
        self,
        settings: StorageSettings | None = None,
        client: Any = None,
        now: Callable[[], datetime] = utc_now,
        *,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        self.settings = settings or storage_settings()
        self.dynamodb = DynamoDBClient(self.settings, client, metrics)
        self._now = now
        self._retention = timedelta(days=self.settings.change_retention_days)

    @property
    def client(self) -> Any:
        """The low-level client, connected."""
        return self.dynamodb.client

    def create_tables(self) -> None:
        """Creates the tables, indexes and TTL that are missing and waits until all are ACTIVE. Idempotent."""
        Tables(self.dynamodb, self.settings).create()

    # Reading

    def read_head(self, log_id: str) -> Head:
        row = self._get(self.settings.changes_table, head_key(log_id))
        return _head_of(log_id, row)

    def read_heads(self, log_ids: Iterable[str]) -> dict[str, Head]:
        keys = {log_id: head_key(log_id) for log_id in log_ids}
        items = self.dynamodb.get_all(self.settings.changes_table, list(keys.values()))
        rows = {item["department_id"]["S"]: from_item(item) for item in items}
        return {log_id: _head_of(log_id, rows.get(log_id)) for log_id in keys}

    def read_changes(
        self, log_id: str, after: int, upto: int, limit: int | None = None, newest_first: bool = False
    ) -> list[Change]:
        if upto <= after:
            return []
        query = {
            "TableName": self.settings.changes_table,
            "KeyConditionExpression": "department_id = :log AND revision BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":log": {"S": log_id},
                ":first": {"N": str(after + 1)},
                ":last": {"N": str(upto)},
            },
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        return [change_of(from_item(item)) for item in self.dynamodb.pages("query", query, limit)]

    def read_department(self, department_id: str) -> Record | None:
        return self._get(self.settings.departments_table, {"id": {"S": department_id}})

    def read_event(self, event_id: str) -> Record | None:
        query = {
            "TableName": self.settings.events_table,
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": {":id": {"S": event_id}},
            "ConsistentRead": True,
        }
        events = [from_item(item) for item in self.dynamodb.pages("query", query)]
        return max(
            events, key=lambda event: (not event.get("deleted"), event.get("version", 1)), default=None
        )

    def read_events(self, keys: Iterable[tuple[str, str]]) -> dict[str, Record]:
        item_keys = [_event_key(event_id, department_id) for event_id, department_id in keys]
        items = self.dynamodb.get_all(self.settings.events_table, item_keys)
        return {item["id"]["S"]: from_item(item) for item in items}

    def load(self, log_id: str) -> tuple[Head, dict[str, Record], list[Change]]:
        """As in `Database`. How long the index lags isn't known, so the copy from it only is a start.

        The newest changes are laid over it, ever more of them, until the head's digest fits.
        """
        rows, pause = OVERLAY_ROWS, 0.05
        while True:
            copy = {record["id"]: record for record in self._copy_of(log_id)}
            # Read after the copy: whatever the copy holds is at or before this head.
            head = self.read_head(log_id)
            while True:
                changes = self.read_changes(log_id, 0, head.revision, rows, newest_first=True)
                whole = whole_log(head, copy, changes)
                if whole is not None:
                    return whole
                if len(changes) < rows:
                    break
                rows *= 4
            if remaining() < pause + 1:
                raise StorageUnavailable(f"the index of {log_id} lags behind its log")
            time.sleep(pause)
            pause *= 2

    def _copy_of(self, log_id: str) -> Iterator[Record]:
        """Yields the department records, consistently, or a department's events as its index has them."""
        if log_id == DEPARTMENTS:
            scan = {"TableName": self.settings.departments_table, "ConsistentRead": True}
            return map(from_item, self.dynamodb.pages("scan", scan))
        query = {
            "TableName": self.settings.events_table,
            "IndexName": DATE_INDEX,
            "KeyConditionExpression": "department_id = :department",
            "ExpressionAttributeValues": {":department": {"S": log_id}},
        }
        return map(from_item, self.dynamodb.pages("query", query))

    def _get(self, table: str, key: Item) -> Record | None:
        answer = self.dynamodb.call("get_item", TableName=table, Key=key, ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    # Writing

    def commit(self, writes: Sequence[Write], token: str) -> None:
        actions: list[Action] = []
        for write in writes:
            # The change's own time, not the clock's: a commit that is repeated with its token must be the
            # same request to the byte, or DynamoDB refuses it.
            expiry = datetime.fromisoformat(write.changes[-1].at) + self._retention + RETENTION_MARGIN
            actions += actions_of(write, self.settings, int(expiry.timestamp()))
        try:
            self.dynamodb.call("transact_write_items", TransactItems=actions, ClientRequestToken=token)
        except ClientError as error:
            raise conflict_of(error, actions) from error

    def forgotten(self, change: Change) -> bool:
        """As in `Database`. Only age decides: TTL deletes rows late and in no order."""
        return change.at < timestamp(self._now() - self._retention)

    # A deleted department

    def purge(self, department_id: str, event_ids: Iterable[str], go_on: Callable[[], bool]) -> bool:
        ids = {record["id"] for record in self._copy_of(department_id)} | set(event_ids)
        keys = [_event_key(event_id, department_id) for event_id in sorted(ids)]
        for start in range(0, len(keys), PURGE_BATCH):
            if not go_on():
                return False
            requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + PURGE_BATCH]]
            self.dynamodb.write_all(self.settings.events_table, requests)
        return True

    def mark_purged(self, department_id: str) -> None:
        self.dynamodb.call(
            "update_item",
            TableName=self.settings.changes_table,
            Key=head_key(DEPARTMENTS),
            UpdateExpression="DELETE purging :purged",
            ExpressionAttributeValues={":purged": {"SS": [department_id]}},
        )


def _event_key(event_id: str, department_id: str) -> Item:
    return {"id": {"S": event_id}, "department_id": {"S": department_id}}


def _head_of(log_id: str, row: Record | None) -> Head:
    if row is None or "head" not in row:
        return Head(log_id)
    return Head(
        log_id,
        row["head"],
        row["change_id"],
        row.get("digest", 0),
        row.get("deleted", False),
        frozenset(row.get("purging", ())),
    )
