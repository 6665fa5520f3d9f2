"""Calls to DynamoDB: the connection, retries within the request's deadline, and errors as StorageError."""

import random
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from localdynamo import EngineFailed, credentials_of, endpoint_of
from teamcal.deadline import remaining
from teamcal.errors import StorageError, StorageUnavailable, TableMissing
from teamcal.metrics import NO_METRICS, STORAGE_CALLS, STORAGE_RETRIES, STORAGE_THROTTLED, Metrics
from teamcal.settings import StorageSettings
from teamcal.storage.codec import Item
from teamcal.storage.credentials import FAILURE_SECONDS, CredentialsFailed, without_frames
from teamcal.storage.embedded import trust_only_the_engine
from teamcal.storage.failures import Failures, tables_in
from teamcal.storage.fast_client import FastClient
from teamcal.storage.faults import Fault, fault_of
from teamcal.storage.time_limit import limit_calls_of

CONNECT_SECONDS, READ_SECONDS = 1.0, 2.2
CALL_SECONDS = CONNECT_SECONDS + READ_SECONDS
"""A call is only made when the deadline leaves this much time."""
LONGEST_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
"""Seconds to wait at most after the first failed attempt, the second and so on; after later ones the last."""
RECONNECT_SECONDS = 5.0
"""After refused credentials a new client is made, but not more often than this."""
_ANSWERED = (Fault.THROTTLED, Fault.ACCOUNT_LIMIT, Fault.CONFLICT, Fault.TABLE_BUSY, Fault.SERVER_ERROR)
ATTEMPTS = {**dict.fromkeys(_ANSWERED, 7), Fault.NO_ANSWER: 2}
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
_FAILURES = (ClientError, BotoCoreError, ResponseParserError, EngineFailed, CredentialsFailed, OSError)


def connect(settings: StorageSettings) -> Any:
    """Returns a new low-level DynamoDB client; starts the embedded engine when the settings name it.

    Raises EngineFailed; CredentialsFailed for whatever botocore finds wrong with its configuration.
    """
    url, keys = settings.endpoint_url, (settings.aws_access_key_id, settings.aws_secret_access_key)
    token = settings.aws_session_token if all(keys) else None
    if settings.embedded:  # then data_dir is set
        url = endpoint_of(settings.data_dir, settings.engine_port, settings.data_sync)  # type: ignore[arg-type]
        keys, token = credentials_of(settings.data_dir), None
    try:
        # A session of its own: boto3's default session must not be shared between threads.
        core = botocore.session.get_session()
        core.set_default_client_config(_config(core, url))
        client = boto3.session.Session(botocore_session=core).client(
            "dynamodb",
            region_name=settings.aws_region,
            endpoint_url=url,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            aws_session_token=token,
        )
    except Exception as error:
        raise CredentialsFailed(str(error)) from error
    limit_calls_of(client)
    if settings.embedded:
        trust_only_the_engine(client, settings.data_dir)
    return client


def _config(core: Any, url: str | None) -> Config:
    """Also of the clients that botocore makes to ask STS and SSO for credentials."""
    # An address of its own for each account costs the fast client its connections, and wins nothing here.
    required = core.get_config_variable("account_id_endpoint_mode") == "required"
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=64,
        # DynamoDBClient.call retries itself, within the request's deadline.
        retries={"total_max_attempts": 1, "mode": "standard"},
        account_id_endpoint_mode="required" if required else "disabled",
        # No proxy can reach this machine's own loopback. None: those of the environment or the system.
        proxies={} if url and is_loopback(url) else None,
    )


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


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
        self._connect_failure: tuple[Exception | None, float] = (None, 0.0)
        self._failures = Failures(settings)

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
                self._fast = FastClient(self._new_client(), off=self._fast is not None and self._fast.off)
                self._connected, self._connected_at = True, time.monotonic()
            return self._fast
        finally:
            self._connecting.release()

    def _new_client(self) -> Any:
        """Raises as `connect`, or its last failure again if that was a moment ago: other calls wait."""
        failure, failed_at = self._connect_failure
        if failure and time.monotonic() - failed_at < FAILURE_SECONDS:
            raise CredentialsFailed(str(failure)) from failure
        try:
            return connect(self.settings)
        except CredentialsFailed as error:
            cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
            self._connect_failure = without_frames(cause), time.monotonic()
            raise

    # Calls

    def call(self, operation: str, quiet: bool = False, once: bool = False, **params: Any) -> Any:
        """Returns the answer to one request, which is repeated while that may help.

        Raises StorageError, or ClientError for an answer that the caller has to understand. Ends within the
        deadline in force, without one within SCRIPT_SECONDS. With `quiet` the operator isn't told that a
        table is missing or an operation isn't known. With `once` it isn't repeated.
        """
        left = remaining()
        if left < CALL_SECONDS:
            raise StorageUnavailable(operation)
        ends = time.monotonic() + (0.0 if once else left)
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
            except _FAILURES as error:
                self._judge(error, operation, params, attempt, ends, quiet)
            attempt += 1

    def _judge(
        self, error: Exception, operation: str, params: dict[str, Any], attempt: int, ends: float, quiet: bool
    ) -> None:
        """Waits until the call may be made again; raises if that is of no use."""
        name = operation.title().replace("_", "")
        fault = fault_of(error, name)
        if fault is None:
            try:
                raise error
            finally:
                del error  # its stack has this frame: the circle would keep what all callers hold
        if fault is Fault.THROTTLED:
            self.metrics.add(STORAGE_THROTTLED)
        if fault is Fault.NO_ANSWER and operation == "transact_write_items":
            ends -= CALL_SECONDS  # this time is for reading the log, which tells whether it was applied
        if _is_worth_another(fault, attempt, ends - time.monotonic()) and self._pause(attempt, ends):
            if fault in (Fault.THROTTLED, Fault.ACCOUNT_LIMIT):  # worth knowing even if it passes
                self._failures.failure(fault, error, name, params)
            return
        if fault is Fault.TABLE_MISSING:
            raise self._table_missing(params, quiet) from None
        if fault is Fault.CREDENTIALS:
            self._look_for_new_credentials()
        raise self._failures.failure(fault, error, name, params, quiet) from None

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

    def get_all(self, table: str, keys: list[Item], attributes: str = "") -> Iterator[Item]:
        """Yields the items with these keys that exist, read consistently, 100 a call.

        `attributes`: their names, separated by commas; all by default.
        """
        projection = {"ProjectionExpression": attributes} if attributes else {}
        for at in range(0, len(keys), 100):
            request = {table: {"Keys": keys[at : at + 100], "ConsistentRead": True, **projection}}
            for answer in self._batch("batch_get_item", request, "UnprocessedKeys"):
                yield from answer["Responses"].get(table, [])

    def _batch(self, operation: str, request: dict[str, Any], unprocessed: str) -> Iterator[dict[str, Any]]:
        """Yields the answers to a batch call, which is repeated with what the last one left unprocessed."""
        pending, ends = request, time.monotonic() + remaining()
        for attempt in count(1):
            answer = self.call(operation, RequestItems=pending)
            yield answer
            pending = answer.get(unprocessed) or {}
            if not pending:
                return
            if not self._pause(attempt, ends) or remaining() < CALL_SECONDS:
                self.metrics.add(STORAGE_THROTTLED)
                raise self._failures.throttled(", ".join(pending))

    def _pause(self, attempt: int, ends: float) -> bool:
        """Waits after attempt number `attempt` (from 1), with full jitter: writers collide once, not again.

        Returns False at once when the time until `ends` isn't enough for another attempt.
        """
        pause = random.uniform(0, LONGEST_PAUSES[min(attempt, len(LONGEST_PAUSES)) - 1])
        if min(remaining(), ends - time.monotonic()) < pause + CALL_SECONDS:
            return False
        time.sleep(pause)  # of this call alone, and within its deadline
        self.metrics.add(STORAGE_RETRIES)
        return True

    # Failures

    def account_limit(self, error: ClientError) -> StorageError:
        """Tells the operator of a LimitExceededException that the caller has understood."""
        return self._failures.account_limit(error)

    def _look_for_new_credentials(self) -> None:
        # boto3 looks for credentials once a client: only a new one finds a new key or role.
        if self._makes_clients and time.monotonic() - self._connected_at > RECONNECT_SECONDS:
            self._connected = False

    def _table_missing(self, params: dict[str, Any], quiet: bool) -> TableMissing:
        """DynamoDB doesn't say which table of a transaction is missing, so each one is looked up."""
        tables = tables_in(params)
        name = next((table for table in tables if len(tables) > 1 and not self._exists(table)), tables[0])
        return self._failures.table_missing(name, quiet)

    def _exists(self, table: str) -> bool:
        try:
            self._connect().call("describe_table", {"TableName": table})
        except _FAILURES:
            return False
        return True


def _is_worth_another(fault: Fault, attempt: int, seconds: float) -> bool:
    """Whether a call is made again whose attempt number `attempt` (from 1) failed, with `seconds` left."""
    if fault in _ANSWERED and seconds > PATIENT_SECONDS:
        return True
    return attempt < ATTEMPTS.get(fault, 1)
