"""Calls to DynamoDB: the connection, retries within the request's deadline, and errors as StorageError."""

import random
import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from localdynamo import EngineFailed, endpoint_of
from teamcal.deadline import remaining
from teamcal.errors import (
    CredentialsRefused,
    StorageError,
    StorageThrottled,
    StorageUnavailable,
    TableMissing,
)
from teamcal.metrics import NO_METRICS, STORAGE_CALLS, STORAGE_RETRIES, STORAGE_THROTTLED, Metrics
from teamcal.settings import StorageSettings
from teamcal.storage.codec import Item
from teamcal.storage.fast_client import FastClient
from teamcal.storage.faults import Fault, code_of, fault_of
from teamcal.storage.operator_messages import OperatorMessages

CONNECT_SECONDS, READ_SECONDS = 1.0, 2.2
CALL_SECONDS = CONNECT_SECONDS + READ_SECONDS
"""A call is only made when the deadline leaves this much time."""
LONGEST_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
"""Seconds to wait at most after the first failed attempt, the second and so on; after later ones the last."""
RECONNECT_SECONDS = 5.0
"""After refused credentials a new client is made, but not more often than this."""
ATTEMPTS = {Fault.THROTTLED: 7, Fault.SERVER_ERROR: 7, Fault.NO_ANSWER: 2}
"""How often a call is made that fails so. Throttling of an on-demand table passes quickly or not at all."""
PATIENT_SECONDS = 10.0
"""A call that has more time left than this (a script's) is repeated more often than ATTEMPTS, if answered."""

_RESULT_MEMBERS = {
    "query": "Items",
    "scan": "Items",
    "batch_get_item": "Responses",
    "describe_table": "Table",
    "describe_time_to_live": "TimeToLiveDescription",
}
"""A member that the answer to an operation always has; to the others, botocore's own."""


def connect(settings: StorageSettings) -> Any:
    """Returns a new low-level DynamoDB client; starts the embedded engine when the settings name it.

    Raises EngineFailed, or botocore's error when there is no usable region or profile.
    """
    url, key, secret = settings.endpoint_url, settings.aws_access_key_id, settings.aws_secret_access_key
    if settings.embedded:
        url = endpoint_of(settings.data_dir, settings.engine_port, settings.data_sync)  # type: ignore[arg-type]
        key, secret = "embedded", "embedded"
    # A session of its own: boto3's default session must not be shared between threads.
    return boto3.session.Session().client(
        "dynamodb",
        region_name=settings.aws_region,
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=64,
            # DynamoDBClient.call retries itself, within the request's deadline.
            retries={"total_max_attempts": 1, "mode": "standard"},
        ),
    )


class DynamoDBClient:
    """Calls DynamoDB. Safe for threads and greenlets.

    `client`: a low-level client; without one, `connect` makes it at the first call.
    """

    def __init__(self, settings: StorageSettings, client: Any = None, metrics: Metrics = NO_METRICS) -> None:
        self.settings, self.metrics = settings, metrics
        self._connecting = threading.Lock()
        self._makes_clients = client is None
        self._fast = None if client is None else FastClient(client)
        self._connected_at = 0.0
        self._connected = client is not None
        self._messages = OperatorMessages()

    @property
    def client(self) -> Any:
        """The low-level client, for calls that nothing here repeats or translates."""
        return self._connect().client

    @property
    def fast_client_in_use(self) -> bool:
        """Whether calls are made without botocore's own client; False before the second call."""
        return self._fast is not None and self._fast.in_use

    def _connect(self) -> FastClient:
        """Connects, unless another thread has. Raises StorageUnavailable when that takes too long."""
        if not self._connecting.acquire(timeout=remaining()):
            raise StorageUnavailable("connecting")
        try:
            if self._fast is None or not self._connected:
                # A fast client that has given up stays off: its reason is logged once, not per connection.
                self._fast = FastClient(connect(self.settings), off=self._fast is not None and self._fast.off)
                self._connected, self._connected_at = True, time.monotonic()
            return self._fast
        finally:
            self._connecting.release()

    # Calls

    def call(self, operation: str, quiet: bool = False, **params: Any) -> Any:
        """Returns the answer to one request, which is repeated while that may help.

        Raises StorageError, or ClientError for an answer that the caller has to understand. With `quiet`
        the operator isn't told that a table is missing.
        """
        if remaining() < CALL_SECONDS:
            raise StorageUnavailable(operation)
        attempt, member = 1, _RESULT_MEMBERS.get(operation, "ResponseMetadata")
        while True:
            self.metrics.add(STORAGE_CALLS)
            try:
                client = self._fast if self._connected and self._fast else self._connect()
                answer = client.call(operation, params)
                kind = answer["ResponseMetadata"]["HTTPHeaders"].get("content-type", "")
                if kind.startswith("application/x-amz-json") and member in answer:
                    return answer
                raise ResponseParserError(f"no answer to {operation}: {kind}")  # a captive portal's 200, say
            except (ClientError, BotoCoreError, ResponseParserError, EngineFailed, OSError) as error:
                fault = fault_of(error)
                if fault is None:
                    raise
                failure = self._failure(fault, error, params, quiet)
            if not (_is_worth_another(fault, attempt) and self._pause(attempt)):
                raise failure
            attempt += 1

    def pages(self, operation: str, query: dict[str, Any], limit: int | None = None) -> Iterator[Item]:
        """Yields the items of a query or scan page by page, at most `limit`."""
        left, start = limit, None
        while left is None or left > 0:
            page = dict(query)
            if left:
                page["Limit"] = left
            if start:
                page["ExclusiveStartKey"] = start
            answer = self.call(operation, **page)
            yield from answer["Items"]
            left = left - len(answer["Items"]) if left is not None else None
            start = answer.get("LastEvaluatedKey")
            if not start:
                return

    def get_all(self, table: str, keys: list[Item]) -> Iterator[Item]:
        """Yields the items with these keys that exist, read consistently, 100 a call."""
        for at in range(0, len(keys), 100):
            request = {table: {"Keys": keys[at : at + 100], "ConsistentRead": True}}
            for answer in self._batch("batch_get_item", request, "UnprocessedKeys"):
                yield from answer["Responses"].get(table, [])

    def write_all(self, table: str, requests: list[dict[str, Any]]) -> None:
        """Makes at most 25 put or delete requests, each of them on its own."""
        for _ in self._batch("batch_write_item", {table: requests}, "UnprocessedItems"):
            pass

    def _batch(self, operation: str, request: dict[str, Any], unprocessed: str) -> Iterator[dict[str, Any]]:
        """Yields the answers to a batch call, which is repeated with what the last one left unprocessed."""
        pending = request
        for attempt in count(1):
            answer = self.call(operation, RequestItems=pending)
            yield answer
            pending = answer.get(unprocessed) or {}
            if not pending:
                return
            if not self._pause(attempt):
                raise self._throttled(", ".join(pending))

    def _pause(self, attempt: int) -> bool:
        """Waits after attempt number `attempt` (from 1), with full jitter: writers collide once, not again.

        Returns False at once when the deadline leaves no time for another attempt.
        """
        pause = random.uniform(0, LONGEST_PAUSES[min(attempt, len(LONGEST_PAUSES)) - 1])
        if remaining() < pause + CALL_SECONDS:
            return False
        time.sleep(pause)
        self.metrics.add(STORAGE_RETRIES)
        return True

    # Failures

    def _failure(self, fault: Fault, error: Exception, params: dict[str, Any], quiet: bool) -> StorageError:
        """Tells the operator and returns the exception for the caller."""
        if fault is Fault.CREDENTIALS:
            return self._credentials_refused(code_of(error))
        if fault is Fault.TABLE_MISSING:
            return self._table_missing(params, quiet)
        if fault is Fault.THROTTLED:
            return self._throttled(", ".join(_tables_in(params)))
        if fault is Fault.ENGINE_FAILED:
            self._messages.engine_failed(str(error))
            return StorageUnavailable(str(error))
        return self._unreachable(error)

    def _throttled(self, tables: str) -> StorageThrottled:
        self.metrics.add(STORAGE_THROTTLED)
        self._messages.throttled(tables)
        return StorageThrottled(tables)

    def _credentials_refused(self, reason: str) -> CredentialsRefused:
        self._messages.credentials_refused(reason)
        # boto3 looks for credentials once a client: only a new one finds a new key or role.
        if self._makes_clients and time.monotonic() - self._connected_at > RECONNECT_SECONDS:
            self._connected = False
        return CredentialsRefused(reason)

    def _table_missing(self, params: dict[str, Any], quiet: bool) -> TableMissing:
        """DynamoDB doesn't say which table of a transaction is missing, so each one is looked up."""
        tables = _tables_in(params)
        name = next((table for table in tables if len(tables) > 1 and not self._exists(table)), tables[0])
        if not quiet:
            self._messages.table_missing(name)
        return TableMissing(name)

    def _exists(self, table: str) -> bool:
        try:
            self.client.describe_table(TableName=table)
        except (ClientError, BotoCoreError):
            return False
        return True

    def _unreachable(self, error: Exception) -> StorageUnavailable:
        settings = self.settings
        where = "내장 엔진" if settings.embedded else settings.endpoint_url or settings.aws_region
        self._messages.unreachable(where, type(error).__name__)
        return StorageUnavailable(type(error).__name__)


def _is_worth_another(fault: Fault, attempt: int) -> bool:
    """Whether a call is made again whose attempt number `attempt` (from 1) failed."""
    if fault in (Fault.THROTTLED, Fault.SERVER_ERROR) and remaining() > PATIENT_SECONDS:
        return True
    return attempt < ATTEMPTS.get(fault, 1)


def _tables_in(params: dict[str, Any]) -> list[str]:
    if "TableName" in params:
        return [params["TableName"]]
    if "RequestItems" in params:
        return list(params["RequestItems"])
    bodies = [body for action in params.get("TransactItems", []) for body in action.values()]
    return list(dict.fromkeys(body["TableName"] for body in bodies))
