"""ministack's DynamoDB behind the log: what a call changed is in the log before it is answered.

ministack keeps its tables in module variables, so there is one store a process.
"""

import copy
import hashlib
import logging
import time
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from ministack.core import responses
from ministack.services import dynamodb

from localdynamo.catalogue import catalogue, install
from localdynamo.image import TOKEN_SECONDS, Image
from localdynamo.log import Log
from localdynamo.order import Views
from localdynamo.query import Queries

logger = logging.getLogger(__name__)

# What is offered. Left out is what keeps state the log doesn't know: streams, backups, imports,
# replicas, PartiQL's transactions.
_DATA = {
    "PutItem": dynamodb._put_item,
    "GetItem": dynamodb._get_item,
    "DeleteItem": dynamodb._delete_item,
    "UpdateItem": dynamodb._update_item,
    "Scan": dynamodb._scan,
    "BatchWriteItem": dynamodb._batch_write_item,
    "BatchGetItem": dynamodb._batch_get_item,
    "TransactWriteItems": dynamodb._transact_write_items,
    "TransactGetItems": dynamodb._transact_get_items,
    "ExecuteStatement": dynamodb._execute_statement,
    "BatchExecuteStatement": dynamodb._batch_execute_statement,
    "DescribeTable": dynamodb._describe_table,
    "ListTables": dynamodb._list_tables,
    "DescribeTimeToLive": dynamodb._describe_ttl,
    "DescribeContinuousBackups": dynamodb._describe_continuous_backups,
    "ListTagsOfResource": dynamodb._list_tags,
    "DescribeEndpoints": dynamodb._describe_endpoints,
    "DescribeLimits": dynamodb._describe_limits,
}
_CATALOGUE = {
    "CreateTable": dynamodb._create_table,
    "DeleteTable": dynamodb._delete_table,
    "UpdateTable": dynamodb._update_table,
    "UpdateTimeToLive": dynamodb._update_ttl,
    "UpdateContinuousBackups": dynamodb._update_continuous_backups,
    "TagResource": dynamodb._tag_resource,
    "UntagResource": dynamodb._untag_resource,
}

Handler = Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes | str]]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Effect(NamedTuple):
    """One item as a call found and left it; None where there was or is none."""

    table: dict[str, Any]
    hash_value: str
    range_value: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None


class LogUnusable(Exception):
    """Memory holds what the log couldn't take: only a new start from the log is safe."""


class Store:
    """Answers calls one at a time. `call` returns only when the log has what it changed."""

    def __init__(self, image: Image, log: Log) -> None:
        self.log = log
        self.tokens = image.tokens
        self._effects: list[Effect] = []
        self._token: list[Any] | None = None
        self._digest = ""
        self._views = Views()
        self._queries = Queries(self._views)
        install(image)
        self._logged = copy.deepcopy(catalogue())
        # ministack's reaper deletes expired items behind the log's back. It has to take this lock first,
        # and nothing that is offered here uses it. expiry.py does its work.
        dynamodb._lock.acquire()
        self._hook()

    def call(self, action: str, body: bytes) -> Answer:
        """The answer to one request, as DynamoDB words it; malformed input is answered, never raised."""
        try:
            data = orjson.loads(body or b"{}")
        except ValueError:
            data = None
        if not isinstance(data, dict):
            return _error("SerializationException", "Invalid JSON")
        try:
            return self._run(action, data)
        except LogUnusable:
            raise
        except OSError as error:
            self._undo()
            logger.exception("can't write %s", self.log.path)
            return _error("InternalServerError", f"The log can't be written: {error}", 500)
        except Exception:  # a request that ministack didn't foresee must not end the engine
            self._undo()
            logger.exception("%s failed", action)
            return _error("InternalServerError", "The request could not be processed", 500)

    def remove(self, table: dict[str, Any], keys: list[tuple[str, str]]) -> None:
        """Delete items as one logged change. Raises OSError, with nothing deleted, when it can't be."""
        for hash_value, range_value in keys:
            dynamodb._remove_item(table, hash_value, range_value)
        try:
            self._commit(None)
        except OSError:
            self._undo()
            raise

    def release(self) -> None:
        """Give ministack back as it was."""
        for name, function in _ORIGINAL.items():
            setattr(dynamodb, name, function)
        dynamodb._lock.release()

    def _run(self, action: str, data: dict[str, Any]) -> Answer:
        if action == "Query":
            return _answer(*self._queries.query(data))
        handler = _DATA.get(action)
        if handler is not None:
            if action == "TransactWriteItems":
                self._digest = _digest(data)
            status, headers, body = handler(data)
            if self._effects or self._token:
                self._commit(None)
            return _answer(status, headers, body)
        handler = _CATALOGUE.get(action)
        if handler is None or (action == "UpdateTable" and "ReplicaUpdates" in data):
            return _error("UnknownOperationException", f"Not offered by the embedded engine: {action}")
        try:
            return _answer(*handler(data))
        finally:  # ministack may have changed something before it refused, or failed
            self._queries.forget()
            self._commit_catalogue()

    def _commit(self, new_catalogue: dict[str, Any] | None) -> None:
        change: dict[str, Any] = {}
        if self._effects:
            change["ops"] = [_op(effect) for effect in self._effects]
        if self._token is not None:
            change["token"] = self._token
        if new_catalogue is not None:
            change["catalogue"] = new_catalogue
        if change:
            self.log.append(change)
        self._effects, self._token = [], None

    def _commit_catalogue(self) -> None:
        current = catalogue()
        if current == self._logged:
            return
        try:
            self._commit(current)
        except OSError as error:
            raise LogUnusable(str(error)) from error
        self._logged = copy.deepcopy(current)

    def _undo(self) -> None:
        """Take the effects of a call back that was neither logged nor answered."""
        effects, self._effects = self._effects, []
        for effect in reversed(effects):
            if effect.old is None:
                dynamodb._remove_item(effect.table, effect.hash_value, effect.range_value)
            else:
                dynamodb._set_item(effect.table, effect.hash_value, effect.range_value, effect.old)
        self._effects = []
        if self._token is not None:
            self.tokens.pop(self._token[0], None)
            self._token = None

    def _hook(self) -> None:
        set_item, remove_item = dynamodb._set_item, dynamodb._remove_item

        def logged_set(table: dict[str, Any], hash_value: str, range_value: str, item: dict[str, Any]) -> Any:
            old = set_item(table, hash_value, range_value, item)
            self._effects.append(Effect(table, hash_value, range_value, old, item))
            self._views.follow(table, (hash_value, range_value), old, item)
            return old

        def logged_remove(table: dict[str, Any], hash_value: str, range_value: str) -> Any:
            old = remove_item(table, hash_value, range_value)
            if old is not None:
                self._effects.append(Effect(table, hash_value, range_value, old, None))
                self._views.follow(table, (hash_value, range_value), old, None)
            return old

        dynamodb._set_item = logged_set
        dynamodb._remove_item = logged_remove
        dynamodb._emit_stream_event = lambda *_args, **_kwargs: None  # no streams here: don't collect them
        dynamodb._txn_token_lookup = self._lookup_token
        dynamodb._txn_token_store = self._store_token
        _remember_expressions()

    def _lookup_token(self, token: str) -> dict[str, Any] | None:
        known = self.tokens.get(token)
        if known is None or known[-1] <= time.time() - TOKEN_SECONDS:
            return None
        digest, sizes, _at = known
        return {"signature": _Same(digest == self._digest), "response": {}, "sizes": sizes}

    def _store_token(self, token: str, entry: dict[str, Any]) -> None:
        now = time.time()
        self.tokens.pop(token, None)
        self.tokens[token] = [self._digest, entry["sizes"], now]
        self._token = [token, *self.tokens[token]]
        while self.tokens[oldest := next(iter(self.tokens))][-1] <= now - TOKEN_SECONDS:
            del self.tokens[oldest]


class _Same:
    """Stands for the first request of a token where ministack compares it with the second."""

    def __init__(self, same: bool) -> None:
        self.same = same

    def __eq__(self, other: object) -> bool:
        return self.same

    __hash__ = None  # type: ignore[assignment]


_HOOKED = (
    *("_set_item", "_remove_item", "_emit_stream_event", "_txn_token_lookup", "_txn_token_store"),
    *("_tokenize", "_condition_syntax_error"),
)
_ORIGINAL = {name: getattr(dynamodb, name) for name in _HOOKED}


def _remember_expressions() -> None:
    """Programs send the same few expressions again and again: read each once."""
    tokens_of = lru_cache(1024)(dynamodb._tokenize)
    dynamodb._tokenize = lambda expression: list(tokens_of(expression))
    dynamodb._condition_syntax_error = lru_cache(1024)(dynamodb._condition_syntax_error)


def _op(effect: Effect) -> list[Any]:
    name = effect.table["TableName"]
    if effect.new is None:
        return [name, effect.hash_value, effect.range_value]
    return [name, effect.new]


def _digest(data: dict[str, Any]) -> str:
    """Tells two transactions apart, whatever their token."""
    content = {k: v for k, v in data.items() if k != "ClientRequestToken"}
    return hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _answer(status: int, headers: dict[str, str], body: bytes | str) -> Answer:
    content = body if isinstance(body, bytes) else body.encode()
    headers["x-amz-crc32"] = str(zlib.crc32(content))
    return Answer(status, headers, content)


def _error(code: str, message: str, status: int = 400) -> Answer:
    return _answer(*responses.error_response_json(code, message, status))
