"""DynamoDBDatabase: every table, key, transaction and botocore error of the calendar lives here."""

import logging
import random
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError

from localdynamo import EngineFailed, endpoint_of
from teamcal.deadline import remaining
from teamcal.domain.changes import DEPARTMENTS, Change, Head, RecordConflict, Write, digest_of_all
from teamcal.domain.values import Record, timestamp, utc_now
from teamcal.errors import (
    CredentialsRefused,
    RevisionConflict,
    StorageError,
    StorageThrottled,
    StorageUnavailable,
    TableMissing,
)
from teamcal.settings import StorageSettings, storage_settings
from teamcal.storage.change_rows import change_of, row_of
from teamcal.storage.fast_client import ShortWay

log = logging.getLogger("teamcal.storage")

CONNECT_SECONDS, READ_SECONDS = 1.0, 2.2
RETENTION_MARGIN = timedelta(days=7)
OVERLAY_ROWS = 64
"""Newest changes that a cold load lays over the index at first; more when the digest says so."""

_CREDENTIAL_CODES = {
    "UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId",
    "AccessDeniedException",
    "ExpiredTokenException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
    "IncompleteSignature", "IncompleteSignatureException", "SignatureDoesNotMatch", "OptInRequired",
}  # fmt: skip
_THROTTLE_CODES = {
    "ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded", "ThrottlingException",
    "ThrottlingError", "Throttling", "RequestLimitExceeded", "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException", "LimitExceededException", "ReplicatedWriteConflictException",
}  # fmt: skip
_CREDENTIAL_ERRORS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    NoRegionError,
    ProfileNotFound,
)


_serialize: Callable[[Any], Any] = TypeSerializer().serialize
_deserialize: Callable[[Any], Any] = TypeDeserializer().deserialize


def to_value(value: Any) -> dict[str, Any]:
    """A Python value as DynamoDB's JSON; the common types without boto3's slow dispatch."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, dict):
        return {"M": {name: to_value(inner) for name, inner in value.items()}}
    if isinstance(value, list):
        return {"L": [to_value(inner) for inner in value]}
    return _serialize(value)


def from_value(value: dict[str, Any]) -> Any:
    ((kind, inner),) = value.items()
    if kind in ("S", "BOOL"):
        return inner
    if kind == "B":
        return _bytes(inner)
    if kind == "N" and inner.lstrip("-").isdigit():
        return int(inner)
    if kind == "M":
        return {name: from_value(one) for name, one in inner.items()}
    if kind == "L":
        return [from_value(one) for one in inner]
    if kind == "BS":
        return set(map(_bytes, inner))
    return _deserialize(value)


def _bytes(value: bytes | str) -> bytes:
    """A binary value as botocore decodes it, or as DynamoDB sends it: in base64."""
    return b64decode(value) if isinstance(value, str) else value


def to_item(record: Record) -> dict[str, Any]:
    return {name: to_value(value) for name, value in record.items()}


def from_item(item: dict[str, Any]) -> Record:
    return {name: from_value(value) for name, value in item.items()}


class DynamoDBDatabase:
    """The calendar's three tables. Safe for threads and greenlets.

    Every method raises StorageError (throttled, unavailable, credentials refused, table missing) and
    ends within the deadline in force (teamcal.deadline). `client` is a low-level DynamoDB client;
    without it one is made from `settings` at the first call.
    """

    def __init__(
        self,
        settings: StorageSettings | None = None,
        client: Any = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings or storage_settings()
        self._client = client
        self._own_client = client is None
        self._short: ShortWay | None = None
        self._connected_at = 0.0
        self._now = now
        self._connecting = threading.Lock()
        self._last_words: dict[str, float] = {}

    # Tables

    def create_tables(self) -> None:
        """Makes what is missing (tables, index, TTL) and waits until all is ACTIVE. Idempotent."""
        for definition in table_definitions(self.settings):
            self._create_table(definition)
        for table in (self.settings.events_table, self.settings.changes_table):
            self._expire_by_ttl(table)

    def _create_table(self, definition: dict[str, Any]) -> None:
        name = definition["TableName"]
        try:
            found = self._call("describe_table", quiet=True, TableName=name)["Table"]
        except TableMissing:
            try:
                self._call("create_table", **definition)
            except ClientError as error:  # another process was faster
                if error.response["Error"]["Code"] != "ResourceInUseException":
                    raise
            found = self._wait_until_active(name)
        present = {index["IndexName"] for index in found.get("GlobalSecondaryIndexes", [])}
        for index in definition.get("GlobalSecondaryIndexes", []):
            if index["IndexName"] not in present:
                self._add_index(definition, index)
        self._wait_until_active(name)

    def _add_index(self, definition: dict[str, Any], index: dict[str, Any]) -> None:
        self._call(
            "update_table",
            TableName=definition["TableName"],
            AttributeDefinitions=definition["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[{"Create": index}],
        )
        self._wait_until_active(definition["TableName"])

    def _wait_until_active(self, name: str, seconds: float = 300) -> dict[str, Any]:
        ends = time.monotonic() + seconds
        while True:
            try:
                table = self._call("describe_table", quiet=True, TableName=name)["Table"]
                indexes = table.get("GlobalSecondaryIndexes", [])
                if all(
                    one.get("IndexStatus", one.get("TableStatus")) == "ACTIVE" for one in [table, *indexes]
                ):
                    return table
            except TableMissing:  # a table just made may not be seen everywhere yet
                pass
            if time.monotonic() > ends:
                raise StorageUnavailable(f"{name} is not ACTIVE after {seconds:.0f} s")
            time.sleep(0.2)

    def _expire_by_ttl(self, name: str) -> None:
        found = self._call("describe_time_to_live", TableName=name)["TimeToLiveDescription"]
        if found["TimeToLiveStatus"] == "DISABLED":
            wanted = {"Enabled": True, "AttributeName": "expires_at"}
            self._call("update_time_to_live", TableName=name, TimeToLiveSpecification=wanted)

    # Reading

    def read_head(self, log_id: str) -> Head:
        """Consistent. Revision 0 when the log has none: an older server's, a new or unknown department."""
        answer = self._call(
            "get_item", TableName=self.settings.changes_table, Key=_row_key(log_id, 0), ConsistentRead=True
        )
        return _head_from(log_id, answer.get("Item"))

    def read_heads(self, log_ids: Iterable[str]) -> dict[str, Head]:
        """Consistent, 100 a call."""
        keys = [_row_key(log_id, 0) for log_id in log_ids]
        found = {
            item["department_id"]["S"]: item for item in self._get_all(self.settings.changes_table, keys)
        }
        return {
            key["department_id"]["S"]: _head_from(
                key["department_id"]["S"], found.get(key["department_id"]["S"])
            )
            for key in keys
        }

    def read_changes(
        self, log_id: str, after: int, upto: int, limit: int | None = None, newest_first: bool = False
    ) -> list[Change]:
        """Changes after+1 … upto, consistent; `limit` bounds their number."""
        if upto <= after:
            return []
        query = {
            "TableName": self.settings.changes_table,
            "KeyConditionExpression": "department_id = :log AND revision BETWEEN :from AND :to",
            "ExpressionAttributeValues": {
                ":log": {"S": log_id}, ":from": {"N": str(after + 1)}, ":to": {"N": str(upto)},
            },
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }  # fmt: skip
        return [change_of(from_item(item)) for item in self._pages("query", query, limit)]

    def read_department(self, department_id: str) -> Record | None:
        """Consistent."""
        key = {"id": {"S": department_id}}
        answer = self._call(
            "get_item", TableName=self.settings.departments_table, Key=key, ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def read_event(self, event_id: str) -> Record | None:
        """The event wherever it is, consistent. The newest tombstone (`deleted`) when it lives nowhere."""
        query = {
            "TableName": self.settings.events_table,
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": {":id": {"S": event_id}},
            "ConsistentRead": True,
        }
        found = [from_item(item) for item in self._pages("query", query)]
        return max(found, key=lambda one: (not one.get("deleted"), one.get("version", 1)), default=None)

    def read_events(self, keys: Iterable[tuple[str, str]]) -> dict[str, Record]:
        """Events by (id, department_id), tombstones too, consistent; those that exist, by id."""
        wanted = [
            {"id": {"S": event_id}, "department_id": {"S": department}} for event_id, department in keys
        ]
        items = self._get_all(self.settings.events_table, wanted)
        return {item["id"]["S"]: from_item(item) for item in items}

    def load(self, log_id: str) -> tuple[Head, dict[str, Record], list[Change]]:
        """All live records of a log, the head at which they are just these, and the newest changes before it.

        The copy is taken from the index (or, for departments, the table) and the newest changes are laid
        over it; the head's digest decides whether it is whole, because an index lags as long as it likes.
        The changes are oldest first and without a hole, so that they needn't be read again.
        """
        rows, pause = OVERLAY_ROWS, 0.05
        while True:
            copy = {record["id"]: record for record in self._copy_of(log_id)}
            # Read after the copy: whatever the copy holds is at or before this head.
            head = self.read_head(log_id)
            changes: list[Change] = []
            while True:
                changes = self.read_changes(log_id, 0, head.revision, rows, newest_first=True)
                records = _laid_over(copy, changes)
                if head.deleted:
                    return head, {}, _unbroken(changes, head)
                if head.revision == 0:  # no log to compare with: an older server's, or the log was lost
                    return replace(head, digest=digest_of_all(records.values())), records, []
                if digest_of_all(records.values()) == head.digest:
                    return head, records, _unbroken(changes, head)
                if len(changes) < rows:
                    break
                rows *= 4
            if remaining() < pause + 1:
                raise StorageUnavailable(f"the index of {log_id} lags behind its log")
            time.sleep(pause)
            pause *= 2

    def _copy_of(self, log_id: str) -> Iterator[Record]:
        if log_id == DEPARTMENTS:
            scan = {"TableName": self.settings.departments_table, "ConsistentRead": True}
            return map(from_item, self._pages("scan", scan))
        query = {
            "TableName": self.settings.events_table,
            "IndexName": "department-date-index",
            "KeyConditionExpression": "department_id = :department",
            "ExpressionAttributeValues": {":department": {"S": log_id}},
        }
        return map(from_item, self._pages("query", query))

    # Writing

    def commit(self, writes: Sequence[Write], token: str) -> None:
        """All of `writes` or nothing. Safe to repeat with the same `token`.

        Raises RevisionConflict when a head isn't at its base any more, RecordConflict when a fresh id is
        used, StorageError; StorageUnavailable means that it may have been applied.
        """
        actions = [action for write in writes for action in self._actions(write)]
        try:
            self._call("transact_write_items", TransactItems=actions, ClientRequestToken=token)
        except ClientError as error:
            raise self._lost(error, actions) from error

    def _lost(self, error: ClientError, actions: list[dict[str, Any]]) -> Exception:
        reasons = error.response.get("CancellationReasons", [])
        failed = [
            action for action, reason in zip(actions, reasons, strict=False)
            if reason.get("Code") == "ConditionalCheckFailed"
        ]  # fmt: skip
        unexpected = [action["Put"]["Item"]["id"]["S"] for action in failed if "Put" in action]
        if failed and len(unexpected) == len(failed):
            return RecordConflict(unexpected)
        return RevisionConflict("head") if failed else error

    def _actions(self, write: Write) -> Iterator[dict[str, Any]]:
        yield {"Update": self._head_update(write)}
        of_departments = write.base.log_id == DEPARTMENTS
        table = self.settings.departments_table if of_departments else self.settings.events_table
        if write.requires_department:
            yield {"ConditionCheck": {
                "TableName": self.settings.departments_table, "Key": {"id": {"S": write.base.log_id}},
                "ConditionExpression": "attribute_exists(id)",
            }}  # fmt: skip
        for record in write.puts:
            if of_departments and record.get("deleted"):
                yield {"Delete": {"TableName": table, "Key": {"id": {"S": record["id"]}}}}
                continue
            stored = tombstone_of(record, self.expiry()) if record.get("deleted") else record
            put = {"TableName": table, "Item": to_item(stored)}
            expected = write.expects.get(record["id"])
            if expected == 0:
                put["ConditionExpression"] = "attribute_not_exists(id)"
            elif expected is not None:
                put["ConditionExpression"] = "revision = :expected"
                put["ExpressionAttributeValues"] = {":expected": to_value(expected)}
            yield {"Put": put}
        for change in write.changes:
            row = row_of(write.base.log_id, change, self.expiry())
            yield {"Put": {"TableName": self.settings.changes_table, "Item": to_item(row)}}

    def _head_update(self, write: Write) -> dict[str, Any]:
        base, head = write.base, write.head
        values = {
            ":head": to_value(head.revision), ":change": to_value(head.change_id),
            ":digest": to_value(head.digest), ":deleted": to_value(head.deleted),
        }  # fmt: skip
        if base.revision == 0:
            condition = "attribute_not_exists(head)"
        else:
            condition = "head = :base AND change_id = :seen AND deleted = :was"
            values |= {
                ":base": to_value(base.revision),
                ":seen": to_value(base.change_id),
                ":was": to_value(base.deleted),
            }
        update = "SET head = :head, change_id = :change, digest = :digest, deleted = :deleted"
        if write.purges:
            update += " ADD purging :purges"
            values[":purges"] = {"SS": sorted(write.purges)}
        return {
            "TableName": self.settings.changes_table, "Key": _row_key(base.log_id, 0),
            "UpdateExpression": update, "ConditionExpression": condition, "ExpressionAttributeValues": values,
        }  # fmt: skip

    def expiry(self) -> int:
        """When a row or tombstone written now may go, seconds since 1970: retention and a margin."""
        kept = timedelta(days=self.settings.change_retention_days) + RETENTION_MARGIN
        return int((self._now() + kept).timestamp())

    def forgotten(self, change: Change) -> bool:
        """Is it older than the log promises to keep? Age decides, never which rows happen to be there."""
        kept = timedelta(days=self.settings.change_retention_days)
        return change.at < timestamp(self._now() - kept)

    def purge(self, department_id: str, known: Iterable[str], go_on: Callable[[], bool]) -> bool:
        """Deletes the events of a deleted department for good: those in the index and `known`.

        `go_on` is asked before each 25: the department may be made again meanwhile. Was all deleted?
        """
        ids = {record["id"] for record in self._copy_of(department_id)} | set(known)
        keys = [{"id": {"S": event_id}, "department_id": {"S": department_id}} for event_id in sorted(ids)]
        for start in range(0, len(keys), 25):
            if not go_on():
                return False
            chunk = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
            self._write_all(self.settings.events_table, chunk)
        return True

    def mark_purged(self, department_id: str) -> None:
        """The department's events are gone: takes it off the list of what is still to be done."""
        self._call(
            "update_item",
            TableName=self.settings.changes_table,
            Key=_row_key(DEPARTMENTS, 0),
            UpdateExpression="DELETE purging :done",
            ExpressionAttributeValues={":done": {"SS": [department_id]}},
        )

    # Calls

    @property
    def client(self) -> Any:
        if not self._connecting.acquire(timeout=remaining()):
            raise StorageUnavailable("connecting")
        try:
            if self._client is None:
                self._client = self._connect()
                self._connected_at = time.monotonic()
            return self._client
        finally:
            self._connecting.release()

    def _connect(self) -> Any:
        settings = self.settings
        url, key, secret = settings.endpoint_url, settings.aws_access_key_id, settings.aws_secret_access_key
        if settings.embedded:
            url = endpoint_of(settings.data_dir, settings.engine_port, settings.data_sync)  # type: ignore[arg-type]
            key, secret = "embedded", "embedded"
        # A session of its own: boto3's default one isn't safe to share between threads.
        return boto3.session.Session().client(
            "dynamodb",
            region_name=settings.aws_region,
            endpoint_url=url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(
                connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, max_pool_connections=64,
                # Retries are ours: they know the deadline of the request.
                retries={"total_max_attempts": 1, "mode": "standard"},
            ),
        )  # fmt: skip

    def _way(self) -> ShortWay:
        client, way = self.client, self._short
        if way is None or way.client is not client:
            way = self._short = ShortWay(client)
        return way

    def _pages(
        self, operation: str, query: dict[str, Any], limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        left, start = limit, None
        while left is None or left > 0:
            page = {
                **query,
                **({"Limit": left} if left else {}),
                **({"ExclusiveStartKey": start} if start else {}),
            }
            answer = self._call(operation, **page)
            yield from answer["Items"]
            left = left - len(answer["Items"]) if left is not None else None
            start = answer.get("LastEvaluatedKey")
            if not start:
                return

    def _get_all(self, table: str, keys: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for at in range(0, len(keys), 100):
            wanted = {table: {"Keys": keys[at : at + 100], "ConsistentRead": True}}
            for pause in self._pauses():
                answer = self._call("batch_get_item", RequestItems=wanted)
                yield from answer["Responses"].get(table, [])
                wanted = answer.get("UnprocessedKeys") or {}
                if not wanted:
                    break
                time.sleep(pause)
            else:
                raise self._throttled(table)

    def _write_all(self, table: str, requests: list[dict[str, Any]]) -> None:
        wanted = {table: requests}
        for pause in self._pauses():
            wanted = self._call("batch_write_item", RequestItems=wanted).get("UnprocessedItems") or {}
            if not wanted:
                return
            time.sleep(pause)
        raise self._throttled(table)

    def _throttled(self, table: str) -> StorageThrottled:
        self._tell("throttled", f"ProvisionedThroughputExceededException: 테이블 '{table}' 처리량 초과")
        return StorageThrottled(table)

    @staticmethod
    def _pauses() -> Iterator[float]:
        """Waiting times with full jitter (S; nothing here needs to be secret) until the deadline is near."""
        longest = 0.05
        while True:
            pause = random.uniform(0, longest)
            if remaining() < pause + CONNECT_SECONDS + READ_SECONDS:
                return
            yield pause
            longest = min(longest * 2, 1.0)

    def _call(self, operation: str, quiet: bool = False, **params: Any) -> Any:
        """One request, repeated while that helps. Raises StorageError or an unexpected ClientError."""
        failure: StorageError = StorageUnavailable(operation)
        for tries, pause in enumerate(self._pauses()):
            try:
                return _sound(operation, self._way().call(operation, params))
            except ClientError as error:
                found = self._fact_of(error, params, quiet)
                if found is None:
                    raise
                failure, again = found, not isinstance(found, CredentialsRefused | TableMissing)
                # On-demand tables answer throttling in a burst; a lasting one won't end within a request.
                again = again and (tries < 6 or remaining() > 10)
            except _CREDENTIAL_ERRORS as error:
                failure, again = self._refused(error), False
            except EngineFailed as error:
                self._tell("engine", str(error))
                failure, again = StorageUnavailable(str(error)), False
            except (BotoCoreError, ResponseParserError, OSError) as error:
                failure, again = self._unreachable(error), tries < 1
            if not again:
                break
            time.sleep(pause)
        raise failure

    def _fact_of(self, error: ClientError, params: dict[str, Any], quiet: bool) -> StorageError | None:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if code in _CREDENTIAL_CODES:
            return self._refused(error)
        if code == "ResourceNotFoundException":
            return self._missing(params, quiet)
        if code in _THROTTLE_CODES or ("ConditionalCheckFailed" not in reasons and reasons & _THROTTLE_CODES):
            return self._throttled(", ".join(_tables_in(params)))
        if status >= 500 or not status or not code or code.isdigit():  # a number: a proxy's page, no JSON
            return self._unreachable(error)
        return None

    def _refused(self, error: Exception) -> CredentialsRefused:
        reason = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        self._tell("credentials", CREDENTIALS_TEXT.format(reason=reason))
        if self._own_client and time.monotonic() - self._connected_at > 5:
            self._client = None  # boto3 looks for credentials once a client: a new key or role is found so
        return CredentialsRefused(reason)

    def _missing(self, params: dict[str, Any], quiet: bool) -> TableMissing:
        tables = _tables_in(params)
        name = next((table for table in tables if len(tables) > 1 and not self._exists(table)), tables[0])
        if not quiet:
            self._tell(f"missing {name}", TABLE_TEXT.format(table=name))
        return TableMissing(name)

    def _exists(self, table: str) -> bool:
        try:
            self.client.describe_table(TableName=table)
        except (ClientError, BotoCoreError):
            return False
        return True

    def _unreachable(self, error: Exception) -> StorageUnavailable:
        where = (
            "내장 엔진" if self.settings.embedded else self.settings.endpoint_url or self.settings.aws_region
        )
        self._tell("unreachable", f"✗ DynamoDB 연결 실패: {where} 응답 없음 ({type(error).__name__})")
        return StorageUnavailable(type(error).__name__)

    def _tell(self, kind: str, text: str) -> None:
        """To the operator, at most once in 5 seconds for each kind; never a stack trace."""
        now = time.monotonic()
        if now - self._last_words.get(kind, -5) >= 5:
            self._last_words[kind] = now
            log.error(text)


CREDENTIALS_TEXT = """✗ DynamoDB 연결 실패: 자격증명 오류 ({reason})
  - AWS_ACCESS_KEY_ID와 AWS_SECRET_ACCESS_KEY가 올바른지 확인하세요.
  - 환경 변수 또는 .env 파일, AWS_REGION을 확인하세요.
  - IAM 사용자/역할에 DynamoDB 권한이 있는지 확인하세요."""
TABLE_TEXT = """테이블 '{table}'가 없습니다. 다음 명령으로 만드세요:
  pip install -r requirements.txt
  python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()\""""


def table_definitions(settings: StorageSettings) -> list[dict[str, Any]]:
    """CreateTable requests. Attributes that no key or index uses would be rejected, so none are named."""
    billing: dict[str, Any] = {"BillingMode": settings.billing_mode}
    units: dict[str, Any] = {}
    if settings.billing_mode == "PROVISIONED":
        units = {"ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}}

    def table(name: str, keys: dict[str, str], **indexes: tuple[str, ...]) -> dict[str, Any]:
        kinds = ("HASH", "RANGE")
        wanted = [
            {
                "IndexName": index.replace("_", "-"),
                "KeySchema": [
                    {"AttributeName": a, "KeyType": k} for a, k in zip(attributes, kinds, strict=False)
                ],
                "Projection": {"ProjectionType": "ALL"},
                **units,
            }
            for index, attributes in indexes.items()
        ]
        named = {**dict.fromkeys((a for attributes in indexes.values() for a in attributes), "S"), **keys}
        return {
            "TableName": name,
            "KeySchema": [{"AttributeName": a, "KeyType": k} for a, k in zip(keys, kinds, strict=False)],
            "AttributeDefinitions": [
                {"AttributeName": a, "AttributeType": t} for a, t in sorted(named.items())
            ],
            **({"GlobalSecondaryIndexes": wanted} if wanted else {}),
            **billing,
            **units,
        }

    return [
        table(settings.departments_table, {"id": "S"}, name_index=("name",)),
        table(
            settings.events_table,
            {"id": "S", "department_id": "S"},
            department_date_index=("department_id", "event_date"),
        ),
        table(settings.changes_table, {"department_id": "S", "revision": "N"}),
    ]


def _row_key(log_id: str, revision: int) -> dict[str, Any]:
    return {"department_id": {"S": log_id}, "revision": {"N": str(revision)}}


def _head_from(log_id: str, item: dict[str, Any] | None) -> Head:
    if item is None or "head" not in item:
        return Head(log_id)
    row = from_item(item)
    return Head(
        log_id, row["head"], row["change_id"], row.get("digest", 0), row.get("deleted", False),
        frozenset(row.get("purging", ())),
    )  # fmt: skip


def _laid_over(copy: dict[str, Record], newest_first: list[Change]) -> dict[str, Record]:
    newest: dict[str, Change] = {}
    began = 0
    for change in newest_first:
        if "id" in change.record:
            newest.setdefault(change.record["id"], change)
        elif change.kind == "department_deleted":
            began = change.revision  # what lies before belongs to the department's earlier life
            break
    records = {
        record_id: record for record_id, record in copy.items()
        if not record.get("deleted") and record.get("revision", 0) >= began
    }  # fmt: skip
    for record_id, change in newest.items():
        if change.removes:
            records.pop(record_id, None)
        elif records.get(record_id, {}).get("revision", 0) <= change.revision:
            records[record_id] = change.record
    return records


def _unbroken(newest_first: list[Change], head: Head) -> list[Change]:
    """Those that lead up to `head` without a hole (TTL makes some), oldest first."""
    expected = range(head.revision, 0, -1)
    pairs = zip(newest_first, expected, strict=False)
    led = [change for change, _ in takewhile(lambda pair: pair[0].revision == pair[1], pairs)]
    return led[::-1]


_MEMBERS = {
    "query": "Items", "scan": "Items", "batch_get_item": "Responses", "describe_table": "Table",
    "describe_time_to_live": "TimeToLiveDescription",
}  # fmt: skip


def _sound(operation: str, answer: Any) -> Any:
    """`answer`, if DynamoDB can have given it: what a proxy or a portal says to a write is no success."""
    kind = answer["ResponseMetadata"]["HTTPHeaders"].get("content-type", "")
    member = _MEMBERS.get(operation, "ResponseMetadata")
    if not kind.startswith("application/x-amz-json") or member not in answer:
        raise ResponseParserError(f"no answer to {operation}: {kind}")
    return answer


def _tables_in(params: dict[str, Any]) -> list[str]:
    if "TableName" in params:
        return [params["TableName"]]
    if "RequestItems" in params:
        return list(params["RequestItems"])
    bodies = [body for action in params.get("TransactItems", []) for body in action.values()]
    return list(dict.fromkeys(body["TableName"] for body in bodies))


def tombstone_of(event: Record, expires_at: int) -> Record:
    """A deleted event as it stays until its TTL: without event_date, so that it leaves the index."""
    kept = {name: value for name, value in event.items() if name != "event_date"}
    return {**kept, "deleted": True, "expires_at": expires_at}
