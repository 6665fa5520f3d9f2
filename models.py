"""DynamoDBDatabase: departments, events, who may do what, and the change log, as DynamoDB transactions."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from botocore.exceptions import ClientError

from teamcal.domain.changes import ACCESS, DEPARTMENTS, Change, Head, Write
from teamcal.domain.database import Database
from teamcal.domain.events import meant_by_id
from teamcal.domain.items import Items
from teamcal.domain.operation_ids import AppliedOperation
from teamcal.domain.pulse import PULSE, UNREADABLE, Pulse
from teamcal.domain.values import Record, timestamp, utc_now
from teamcal.metrics import NO_METRICS, Metrics
from teamcal.settings import StorageSettings, storage_settings
from teamcal.storage.access_items import AccessItems
from teamcal.storage.actions import Action
from teamcal.storage.change_rows import change_of, rows_query
from teamcal.storage.checkup import Checkup
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.codec import Item, from_item, to_item
from teamcal.storage.cold_load import ColdLoad
from teamcal.storage.command import end_in_words
from teamcal.storage.old_descriptions import OldDescriptions
from teamcal.storage.operation_rows import operation_key, operation_of
from teamcal.storage.own_fields import record_of
from teamcal.storage.pulse_rows import pulse_of, row_of
from teamcal.storage.purge import Purge
from teamcal.storage.repair import Repairer
from teamcal.storage.repairs import Repairs
from teamcal.storage.survey import Surveyor, head_of
from teamcal.storage.tables import Tables
from teamcal.storage.transactions import actions_of, conflict_of, head_key

if sys.argv[0] == "-c":  # python -c "from models import DynamoDBDatabase; …"
    end_in_words()

RETENTION_MARGIN = timedelta(days=7)
"""Rows expire this much later than the log promises to keep them."""


class DynamoDBDatabase(Database):
    """The calendar's four tables. Safe for threads and greenlets.

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
        surveyor = Surveyor(self.dynamodb, self.settings, self._has_expired)
        repairer = Repairer(self.dynamodb, self.settings, surveyor, now, self._kept)
        self.repairs = Repairs(surveyor, repairer)
        self._checkup = Checkup(self.dynamodb, self.settings, surveyor, repairer)
        self._cold_load = ColdLoad(
            self.dynamodb, self.settings, now, self.repairs, self.read_head, self.read_changes
        )
        self._purge = Purge(self.dynamodb, self.settings)
        self.items: Items = AccessItems(self.dynamodb, self.settings)

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
        return head_of(log_id, row)

    def read_heads(self, log_ids: Iterable[str]) -> dict[str, Head]:
        keys = {log_id: head_key(log_id) for log_id in log_ids}
        items = self.dynamodb.get_all(self.settings.changes_table, list(keys.values()))
        rows = {item["department_id"]["S"]: from_item(item) for item in items}
        return {log_id: head_of(log_id, rows.get(log_id)) for log_id in keys}

    def read_next(self, positions: Mapping[str, int], most: int) -> dict[str, tuple[Head, list[Change]]]:
        keys = [
            head_key(log_id) | {"revision": {"N": str(after + number if number else 0)}}
            for log_id, after in positions.items()
            for number in range(most + 1)
        ]
        rows = [from_item(item) for item in self.dynamodb.get_all(self.settings.changes_table, keys)]
        heads = {row["department_id"]: row for row in rows if not row["revision"]}
        changes = sorted((row for row in rows if row["revision"]), key=itemgetter("revision"))
        newest = {log_id: head_of(log_id, heads.get(log_id)) for log_id in positions}
        return {
            log_id: (head, [change_of(row) for row in changes if _is_of(row, head)])
            for log_id, head in newest.items()
        }

    def read_changes(
        self, log_id: str, after: int, upto: int, limit: int | None = None, newest_first: bool = False
    ) -> list[Change]:
        if upto <= after:
            return []
        query = rows_query(self.settings.changes_table, log_id, after, upto, newest_first)
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
        return meant_by_id(record_of(item) for item in self.dynamodb.pages("query", query))

    def read_events(self, keys: Iterable[tuple[str, str]]) -> dict[str, Record]:
        item_keys = [_event_key(event_id, department_id) for event_id, department_id in keys]
        items = self.dynamodb.get_all(self.settings.events_table, item_keys)
        return {item["id"]["S"]: record_of(item) for item in items}

    def read_operations(self, operation_ids: Sequence[str]) -> dict[str, AppliedOperation]:
        table, keys = self.settings.changes_table, list(map(operation_key, dict.fromkeys(operation_ids)))
        if len(keys) == 1:
            answer = self.dynamodb.call("get_item", TableName=table, Key=keys[0], ConsistentRead=True)
            items = [answer["Item"]] if "Item" in answer else []
        else:
            items = list(self.dynamodb.get_all(table, keys))
        return {one.id: one for one in map(operation_of, items)}

    def load(self, log_id: str) -> tuple[Head, dict[str, Record], list[Change]]:
        return self._cold_load.load(log_id)

    def _get(self, table: str, key: Item) -> Record | None:
        answer = self.dynamodb.call("get_item", TableName=table, Key=key, ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    # Writing

    def commit(self, writes: Sequence[Write], token: str) -> None:
        actions: list[Action] = []
        for write in writes:
            # The change's own time, not the clock's: a commit that is repeated with its token must be the
            # same request to the byte, or DynamoDB refuses it.
            expiry = datetime.fromisoformat(write.changes[-1].at) + self._kept(write.base.log_id)
            actions += actions_of(write, self.settings, int(expiry.timestamp()))
        try:
            self.dynamodb.call("transact_write_items", TransactItems=actions, ClientRequestToken=token)
        except ClientError as error:
            raise conflict_of(error, actions) from error

    def forgotten(self, change: Change) -> bool:
        """As in `Database`. Only age decides: TTL deletes rows late and in no order."""
        return self._has_expired("", change.at)

    def _has_expired(self, log_id: str, at: str) -> bool:
        return at < timestamp(self._now() - self._kept(log_id) + RETENTION_MARGIN)

    def _kept(self, log_id: str) -> timedelta:
        """Returns for how long a row of the log is stored."""
        settings = self.settings
        is_audit = log_id == ACCESS
        days = settings.audit_retention_days if is_audit else settings.change_retention_days
        return timedelta(days=days) + RETENTION_MARGIN

    def when_repaired(self, tell: Callable[[str, int], None]) -> None:
        self.repairs.repaired = tell

    def checkup(self) -> Checkup:
        """Returns what `python -m teamcal.repair` does, over this database."""
        return self._checkup

    def blank_old_descriptions(self, department_ids: Set[str]) -> int:
        """Blanks these departments' descriptions in all rows of the log; returns how many had one."""
        return OldDescriptions(self.dynamodb, self.settings).blank(
            self.read_head(DEPARTMENTS).revision, department_ids
        )

    # A deleted department

    def purge(self, department_id: str) -> bool:
        return self._purge.purge(department_id)

    # The pulses of processes

    def put_pulse(self, pulse: Pulse) -> None:
        table, item = self.settings.changes_table, to_item(row_of(pulse))
        self.dynamodb.call("put_item", once=True, TableName=table, Item=item)

    def read_pulses(self) -> list[Pulse]:
        query = {
            "TableName": self.settings.changes_table,
            "KeyConditionExpression": "department_id = :pulse",
            "ExpressionAttributeValues": {":pulse": {"S": PULSE}},
            "ConsistentRead": True,
        }
        return [pulse_of(from_item(item)) for item in self.dynamodb.pages("query", query)]

    def delete_pulse(self, pulse: Pulse) -> None:
        request: dict[str, Any] = {
            "TableName": self.settings.changes_table,
            "Key": {"department_id": {"S": PULSE}, "revision": {"N": str(pulse.process)}},
        }
        if pulse.mark != UNREADABLE:
            request["ConditionExpression"] = "beat = :beat"
            request["ExpressionAttributeValues"] = {":beat": {"N": str(pulse.beat)}}
        with suppress(ClientError):  # it has said something else, or another process was faster
            self.dynamodb.call("delete_item", once=True, **request)


def _is_of(row: Record, head: Head) -> bool:
    """Whether the row is of the head's log, and not beyond it."""
    return bool(row["department_id"] == head.log_id and row["revision"] <= head.revision)


def _event_key(event_id: str, department_id: str) -> Item:
    return {"id": {"S": event_id}, "department_id": {"S": department_id}}
