"""Calls to DynamoDB without botocore's own client, which takes about 1.4 ms of CPU a call under eventlet.

This client takes 0.15 to 0.2: see docs/develop/decisions/fast_client.md for reasons and price. What is
rare stays botocore's: connecting, TLS, proxies, credentials, the texts of errors. A call that can't be made
here goes through botocore; when that will be so from now on, one WARNING says it. `look_inside` is the only
place that reads undocumented parts of a botocore client.
"""

import logging
import queue
import threading
import time
from base64 import b64encode
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import botocore
import orjson
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.client import BaseClient
from botocore.parsers import ResponseParserError, create_parser
from urllib3.util.connection import is_connection_dropped

from teamcal.storage.http_exchange import HttpAnswer, UnexpectedHttp, exchange
from teamcal.storage.signature import Signer

logger = logging.getLogger(__name__)

OPERATIONS = {
    "get_item": "GetItem",
    "query": "Query",
    "scan": "Scan",
    "batch_get_item": "BatchGetItem",
    "transact_write_items": "TransactWriteItems",
    "batch_write_item": "BatchWriteItem",
    "update_item": "UpdateItem",
}
"""Operations whose request is their parameters and whose answer is its JSON. All may be repeated."""
IDLE_SECONDS = 1.0
"""After this time the other side may have closed an idle connection. Finding out costs 50 µs."""
CLOSED_IN_A_ROW = 20
"""So many answered calls without an open connection afterwards: the endpoint closes each one."""
USER_AGENT = "teamcal"
COST = "about 1.4 ms of CPU a call instead of 0.15 to 0.2"


class UseBotocore(Exception):
    """This call has to go through botocore's client."""


class Insides(NamedTuple):
    """What is read of a botocore client. `pool`: urllib3's pool of connections to `url`."""

    url: str
    signer: Signer
    pool: Any
    read_timeout: float


def look_inside(client: Any) -> Insides:
    """Reads all that teamcal.library_internals.BOTOCORE lists and tries it. Raises whatever goes wrong."""
    parts, request_signer = urlsplit(client.meta.endpoint_url), client._request_signer
    if request_signer.signature_version != "v4" or parts.path not in ("", "/"):
        raise UseBotocore("the endpoint has a path, or another signature than version 4")
    is_default_port = parts.port in (None, {"http": 80, "https": 443}[parts.scheme])
    host = str(parts.hostname) if is_default_port else f"{parts.hostname}:{parts.port}"
    url = f"{parts.scheme}://{parts.netloc}/"
    session = client._endpoint.http_session
    if session._proxy_config.proxy_url_for(url):
        raise UseBotocore("calls go through a proxy")
    pool = session._manager.connection_from_url(url)
    if not isinstance(pool.pool, queue.LifoQueue) or pool.num_connections < 0:
        raise UseBotocore("urllib3's pool of connections has another form")
    if pool.ConnectionCls("127.0.0.1").sock is not None:
        raise UseBotocore("urllib3's connections have another form")
    client.meta.events.emit("teamcal.look-inside")
    credentials = request_signer._credentials
    signer = Signer(credentials, request_signer.region_name, request_signer.signing_name, host)
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}'
    error: Any = _error_of(client, "GetItem", HttpAnswer(400, {}, body))
    if error.response["Error"]["Code"] != "ResourceNotFoundException":
        raise UseBotocore("errors are read in another way")
    return Insides(url, signer, pool, client.meta.config.read_timeout)


class FastClient:
    """Makes calls for a low-level client: the same answers and the same exceptions.

    `off`: leave all calls to botocore, since an earlier client of the same kind had to. A `client` that is
    not botocore's (a stand-in) is called as it is.
    """

    def __init__(self, client: Any, off: bool = False) -> None:
        self.client = client
        self._insides: Insides | None = None
        self._connections: deque[tuple[float, Any]] = deque()
        self._closed_in_a_row = 0
        self._warning = threading.Lock()
        self._has_answered = False
        if off or not isinstance(client, BaseClient):
            return
        try:
            self._insides = look_inside(client)
        except Exception as error:  # noqa: BLE001 -- of another botocore anything may come
            self._turn_off(error)

    @property
    def off(self) -> bool:
        """Whether all calls go through botocore from now on."""
        return self._insides is None

    @property
    def in_use(self) -> bool:
        """Whether this client has answered a call itself and goes on doing so."""
        return self._has_answered and not self.off

    def call(self, operation: str, params: dict[str, Any]) -> Any:
        """Returns or raises what the client's method does; also raises OSError, ResponseParserError."""
        insides, answer = self._insides, None
        if insides is not None and operation in OPERATIONS:
            try:
                answer = self._request(OPERATIONS[operation], params, insides)
            except UseBotocore:
                pass
            except UnexpectedHttp as error:
                self._turn_off(error)
        if answer is None:
            return self._call_botocore(operation, params)
        if answer.status >= 301:
            raise _error_of(self.client, OPERATIONS[operation], answer)
        try:
            result = orjson.loads(answer.body or b"{}")
            result["ResponseMetadata"] = {"HTTPStatusCode": answer.status, "HTTPHeaders": answer.headers}
        except (ValueError, TypeError) as error:  # no JSON, or no object
            raise ResponseParserError(str(error)) from None
        if not self._has_answered:
            self._has_answered = True
            logger.info("The fast DynamoDB client is in use (botocore %s)", botocore.__version__)
        return result

    def _call_botocore(self, operation: str, params: dict[str, Any]) -> Any:
        has_answered = False
        try:
            answer = getattr(self.client, operation)(**params)
            has_answered = True
        finally:
            self._keep_connection(has_answered)
        return answer

    def _turn_off(self, error: Exception) -> None:
        """Leaves all calls to botocore and logs why, once."""
        self._insides = None
        if self._warning.acquire(blocking=False):  # never released
            logger.warning(
                "The fast DynamoDB client is off: botocore's client (%s) makes every call from now on, "
                "which takes %s. Reason: %s: %s",
                *(botocore.__version__, COST, type(error).__name__, error),
            )

    # Connections: botocore opens them, and this client keeps those that stay open

    def _keep_connection(self, has_answered: bool) -> None:
        """Takes the connection that botocore has just used out of its pool."""
        insides = self._insides
        if insides is None or not insides.pool.num_connections:  # a hook answers, nothing was opened
            return
        connection = None
        try:
            with suppress(queue.Empty, queue.Full):  # many calls at once
                connection = insides.pool.pool.get(block=False)
                insides.pool.pool.put(None, block=False)
            if connection is not None and connection.sock is not None:
                connection.sock.settimeout(insides.read_timeout)
                self._connections.append((time.monotonic(), connection))
                self._closed_in_a_row = 0
            elif has_answered:
                self._closed_in_a_row += 1
        except Exception as error:  # noqa: BLE001 -- of another urllib3 anything may come
            self._turn_off(error)
        if self._closed_in_a_row >= CLOSED_IN_A_ROW:
            self._turn_off(UseBotocore("the endpoint closes every connection"))

    def _take_connection(self) -> Any:
        while self._connections:
            used_at, connection = self._connections.pop()
            if time.monotonic() - used_at < IDLE_SECONDS or not is_connection_dropped(connection):
                return connection
            connection.close()
        raise UseBotocore("no connection is open")

    # One call

    def _request(self, name: str, params: dict[str, Any], insides: Insides) -> HttpAnswer:
        """Raises UseBotocore, UnexpectedHttp, OSError."""
        if not self._connections or insides.signer.credentials is None:
            raise UseBotocore("botocore connects, and looks for credentials")
        try:
            body = orjson.dumps(params, default=lambda value: b64encode(value).decode())
        except (TypeError, ValueError):  # a lone surrogate, say
            raise UseBotocore("the request is no JSON") from None
        headers = insides.signer.headers(name, body)
        headers["User-Agent"] = USER_AGENT
        # A `before-send` handler may answer in DynamoDB's place, as those of tests and benchmarks do.
        request = AWSPreparedRequest("POST", insides.url, cast(Any, headers), body, False)
        for _, answer in self.client.meta.events.emit(f"before-send.dynamodb.{name}", request=request):
            if answer is not None:
                lower = {header.lower(): value for header, value in answer.headers.items()}
                return HttpAnswer(answer.status_code, lower, answer.content)
        return self._exchange(headers, body)

    def _exchange(self, headers: dict[str, str], body: bytes) -> HttpAnswer:
        connection, began = self._take_connection(), time.monotonic()
        try:
            answer = exchange(connection.sock, headers, body)
        except OSError:
            connection.close()
            if time.monotonic() - began > IDLE_SECONDS:
                raise
            raise UseBotocore("the other side had closed the idle connection") from None
        except BaseException:  # the rest of this answer would be read as the next call's
            connection.close()
            raise
        if answer.headers.get("connection", "").lower() == "close":
            connection.close()
        else:
            self._connections.append((time.monotonic(), connection))
        return answer


def _error_of(client: Any, name: str, answer: HttpAnswer) -> Exception:
    """Returns the client's own ClientError: with code, text, and the reasons of a cancellation."""
    service, parser = client.meta.service_model, create_parser("json")
    response = {
        "status_code": answer.status,
        "headers": HeadersDict(answer.headers),
        "body": answer.body,
        "context": {"operation_name": name},
    }
    parsed = parser.parse(response, service.operation_model(name).output_shape)
    code = parsed.get("Error", {}).get("Code")
    shape = service.shape_for_error_code(code)
    if shape is not None:
        parsed.update(parser.parse(response, shape))
    error: Exception = client.exceptions.from_code(code)(parsed, name)
    return error
