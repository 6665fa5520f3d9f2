"""ministack's DynamoDB behind the write-ahead log: what a call changed is in the log before its answer.

ministack keeps its tables in module variables, so a process can have one store only. The store replaces the
functions of ministack named in _REPLACED, from its start to `release`.
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

from localdynamo import actions
from localdynamo.catalogue import catalogue, install, tables
from localdynamo.image import TOKEN_SECONDS, Image
from localdynamo.log import Log
from localdynamo.query import Queries
from localdynamo.reports import disk_trouble, room_again
from localdynamo.sorted_keys import Views

logger = logging.getLogger(__name__)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Effect(NamedTuple):
    """One item before and after a call; None if there was or is none."""

    table: dict[str, Any]
    hash_value: str
    range_value: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None


class _Equal:
    """Is equal to everything, or to nothing."""

    def __init__(self, is_equal: bool) -> None:
        self._is_equal = is_equal

    def __eq__(self, other: object) -> bool:
        return self._is_equal

    __hash__ = object.__hash__


class LogUnusable(Exception):
    """Memory holds a change that couldn't be logged: the engine must end and recover from the log."""


class Store:
    """Answers calls one at a time."""

    def __init__(self, image: Image, log: Log, report: Callable[[str], None] = logger.warning) -> None:
        """`report` is called with a sentence for people when nothing can be stored, and when it can again."""
        self.log, self._report, self._is_full = log, report, False
        self.tokens = image.tokens  # token → [digest of its request, sizes of its items, time]
        self._effects: list[Effect] = []  # of the current call, not logged yet
        self._token: list[Any] | None = None  # of the current call, not logged yet
        self._digest = ""  # of the current TransactWriteItems
        self._views = Views()
        self._queries = Queries(self._views)
        install(image)
        for table in tables().values():
            self._views.prepare(table)
        self._logged_catalogue = copy.deepcopy(catalogue())
        # ministack's own thread for expired items would delete them without a log record. It needs this lock,
        # which no offered action uses, so holding it stops the thread. expiry.py does that work instead.
        dynamodb._lock.acquire()
        self._replace_functions()

    def call(self, action: str, body: bytes) -> Answer:
        """Returns DynamoDB's answer to one request, after the log holds what the call changed.

        Malformed input is answered with an error. Raises LogUnusable.
        """
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
            return _error("InternalServerError", self._report_trouble(error), 500)
        except Exception:  # a request that makes ministack fail must not end the engine
            self._undo()
            logger.exception("%s failed", action)
            return _error("InternalServerError", "The request could not be processed", 500)

    def remove(self, table: dict[str, Any], keys: list[tuple[str, str]]) -> None:
        """Deletes items as one logged change, or nothing if that can't be logged."""
        for hash_value, range_value in keys:
            dynamodb._remove_item(table, hash_value, range_value)
        try:
            self._commit()
        except OSError as error:
            self._undo()
            self._report_trouble(error)

    def release(self) -> None:
        """Gives ministack its own functions and its lock back."""
        for name, function in _ORIGINAL.items():
            setattr(dynamodb, name, function)
        dynamodb._lock.release()

    def _run(self, action: str, data: dict[str, Any]) -> Answer:
        if action == "Query":
            return _answer(*self._queries.query(data))
        if action in actions.CATALOGUE:
            return self._run_catalogue_action(action, data)
        if action == "TransactWriteItems":
            self._digest = _digest(data)
        response = actions.run(action, data)
        if self._effects or self._token:
            self._commit()
        return _answer(*response)

    def _run_catalogue_action(self, action: str, data: dict[str, Any]) -> Answer:
        try:
            return _answer(*actions.run(action, data))
        finally:  # ministack may have changed something before it refused the call or failed
            self._queries.forget()
            self._commit_catalogue()

    def _commit(self, new_catalogue: dict[str, Any] | None = None) -> None:
        """Appends the effects of the current call to the log. Raises OSError."""
        change: dict[str, Any] = {}
        if self._effects:
            change["ops"] = [_op(effect) for effect in self._effects]
        if self._token is not None:
            change["token"] = self._token
        if new_catalogue is not None:
            change["catalogue"] = new_catalogue
        if change:
            self.log.append(change)
            if self._is_full:
                self._is_full = False
                self._report(room_again(self.log.path.parent))
        self._effects, self._token = [], None

    def _report_trouble(self, error: OSError) -> str:
        """Reports that the disk is full, once until it has room again; returns the sentence."""
        trouble = disk_trouble(self.log.path.parent, error)
        if not self._is_full:
            self._is_full = True
            self._report(trouble)
        return trouble

    def _commit_catalogue(self) -> None:
        """Raises LogUnusable: unlike effects, a change of the catalogue can't be undone."""
        current = catalogue()
        if current == self._logged_catalogue:
            return
        try:
            self._commit(current)
        except OSError as error:
            raise LogUnusable(str(error)) from error
        self._logged_catalogue = copy.deepcopy(current)

    def _undo(self) -> None:
        """Undoes the effects of the current call, which was neither logged nor answered."""
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

    def _replace_functions(self) -> None:
        set_item, remove_item = dynamodb._set_item, dynamodb._remove_item

        def logged_set(table: dict[str, Any], hash_value: str, range_value: str, item: dict[str, Any]) -> Any:
            old = set_item(table, hash_value, range_value, item)
            self._effects.append(Effect(table, hash_value, range_value, old, item))
            self._views.follow(table, old, item)
            return old

        def logged_remove(table: dict[str, Any], hash_value: str, range_value: str) -> Any:
            old = remove_item(table, hash_value, range_value)
            if old is not None:
                self._effects.append(Effect(table, hash_value, range_value, old, None))
                self._views.follow(table, old, None)
            return old

        dynamodb._set_item = logged_set
        dynamodb._remove_item = logged_remove
        dynamodb._emit_stream_event = lambda *_args, **_kwargs: None  # there are no streams to collect
        dynamodb._txn_token_lookup = self._lookup_token
        dynamodb._txn_token_store = self._store_token
        dynamodb.json_response = _json_response
        _cache_expressions()

    def _lookup_token(self, token: str) -> dict[str, Any] | None:
        """Returns what ministack remembers of the request that used the token, None if none did.

        ministack compares `signature` with the content of the current request. The log has only a digest of
        the earlier request: if the digests are equal, so is the content.
        """
        earlier = self.tokens.get(token)
        if earlier is None or earlier[-1] <= time.time() - TOKEN_SECONDS:
            return None
        digest, sizes, _time = earlier
        return {"signature": _Equal(digest == self._digest), "response": {}, "sizes": sizes}

    def _store_token(self, token: str, entry: dict[str, Any]) -> None:
        """Remembers the token of the current request, and forgets those that have expired."""
        now = time.time()
        self.tokens.pop(token, None)  # so that it becomes the newest
        self.tokens[token] = [self._digest, entry["sizes"], now]
        self._token = [token, *self.tokens[token]]
        while self.tokens[oldest := next(iter(self.tokens))][-1] <= now - TOKEN_SECONDS:
            del self.tokens[oldest]


_REPLACED = (
    "_set_item",
    "_remove_item",
    "_emit_stream_event",
    "_txn_token_lookup",
    "_txn_token_store",
    "_tokenize",
    "_condition_syntax_error",
    "json_response",
)
_ORIGINAL = {name: getattr(dynamodb, name) for name in _REPLACED}


def _cache_expressions() -> None:
    """Makes ministack parse each expression once: programs send the same few again and again."""
    tokens_of = lru_cache(1024)(dynamodb._tokenize)
    dynamodb._tokenize = lambda expression: list(tokens_of(expression))
    dynamodb._condition_syntax_error = lru_cache(1024)(dynamodb._condition_syntax_error)


def _json_response(data: dict[str, Any], status: int = 200) -> actions.Response:
    """As ministack's, in a tenth of the time: a page of a query is a megabyte."""
    return status, {"Content-Type": responses.JSON_1_0_CONTENT_TYPE}, orjson.dumps(data)


def _op(effect: Effect) -> list[Any]:
    """Returns the effect as the log holds it, see image.py."""
    name = effect.table["TableName"]
    if effect.new is None:
        return [name, effect.hash_value, effect.range_value]
    return [name, effect.new]


def _digest(transaction: dict[str, Any]) -> str:
    """Returns a fingerprint of what two requests with one token must have in common."""
    content = {name: value for name, value in transaction.items() if name != "ClientRequestToken"}
    return hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _answer(status: int, headers: dict[str, str], body: bytes | str) -> Answer:
    content = body if isinstance(body, bytes) else body.encode()
    headers["x-amz-crc32"] = str(zlib.crc32(content))
    return Answer(status, headers, content)


def _error(code: str, message: str, status: int = 400) -> Answer:
    return _answer(*responses.error_response_json(code, message, status))
