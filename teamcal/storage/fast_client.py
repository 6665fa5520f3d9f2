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
from collections.abc import Sized
from contextlib import suppress
from typing import Any, NamedTuple, cast
from urllib.parse import SplitResult, urlsplit

import botocore
import orjson
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.client import BaseClient
from botocore.parsers import ResponseParserError, create_parser
from urllib3.util.connection import is_connection_dropped

from teamcal.deadline import remaining
from teamcal.storage.credentials import CredentialSource
from teamcal.storage.http_exchange import HttpAnswer, UnexpectedHttp, exchange
from teamcal.storage.signature import Signer
from teamcal.storage.time_limit import limited

logger = logging.getLogger(__name__)

OPERATIONS = {
    "get_item": "GetItem",
    "query": "Query",
    "scan": "Scan",
    "batch_get_item": "BatchGetItem",
    "transact_write_items": "TransactWriteItems",
    "update_item": "UpdateItem",
    "put_item": "PutItem",
    "delete_item": "DeleteItem",
}
"""Operations whose request is their parameters and whose answer is its JSON. All may be repeated."""
IDLE_SECONDS = 1.0
"""After this time the other side may have closed an idle connection. Finding out costs 50 µs."""
IN_A_ROW = 20
"""After so many calls in a row that only botocore could make, this client gives up."""
USER_AGENT = "teamcal"
COST = "about 1.4 ms of CPU a call instead of 0.15 to 0.2"


class UseBotocore(Exception):
    """This call has to go through botocore's client."""


class Insides(NamedTuple):
    """What is read of a botocore client. `pool`: urllib3's of connections to `url`; `pools`: to all hosts."""

    url: str
    signer: Signer
    pool: Any
    pools: Sized
    read_timeout: float


def look_inside(client: Any) -> Insides:
    """Reads all that teamcal.library_internals.BOTOCORE lists and tries it. Raises whatever goes wrong."""
    parts, request_signer = urlsplit(client.meta.endpoint_url), client._request_signer
    if request_signer.signature_version != "v4" or parts.path not in ("", "/"):
        raise UseBotocore("the endpoint has a path, or another signature than version 4")
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
    credentials = _source_of(request_signer._credentials)
    region, service = request_signer.region_name, request_signer.signing_name
    signer = Signer(credentials, region, service, _host_header(parts))
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}'
    error: Any = _error_of(client, "GetItem", HttpAnswer(400, {}, body))
    if error.response["Error"]["Code"] != "ResourceNotFoundException":
        raise UseBotocore("errors are read in another way")
    pools = session._manager.pools
    if len(pools) != 1:
        raise UseBotocore("urllib3's pools of connections have another form")
    return Insides(url, signer, pool, pools, client.meta.config.read_timeout)


def _source_of(credentials: Any) -> CredentialSource | None:
    return None if credentials is None else CredentialSource(credentials)


def _any_source_of(client: Any) -> CredentialSource | None:
    """Of a client of whatever kind, if it has credentials where botocore's have them."""
    return _source_of(getattr(getattr(client, "_request_signer", None), "_credentials", None))


def _host_header(address: SplitResult) -> str:
    """Returns the host as a URL has it, an IPv6 address in brackets, with a port unless it is the default."""
    host = address.netloc.rpartition("@")[2]
    default = {"http": ":80", "https": ":443"}[address.scheme]
    return host.removesuffix(default)


class FastClient:
    """Makes calls for a low-level client: the same answers and the same exceptions.

    `off`: leave all calls to botocore, since an earlier client of the same kind had to. A `client` that is
    not botocore's (a stand-in) is called as it is.
    """

    def __init__(self, client: Any, off: bool = False) -> None:
        self.client = client
        self._insides: Insides | None = None
        self._connections: deque[tuple[float, Any]] = deque()
        self._closed_in_a_row, self._unexpected_in_a_row = 0, 0
        self._warning = threading.Lock()
        self._has_answered, self._hook_answers = False, False
        if not off and isinstance(client, BaseClient):
            try:
                self._insides = look_inside(client)
            except Exception as error:  # noqa: BLE001 -- of another botocore anything may come
                self._turn_off(error)
        # Also when botocore makes the calls: nobody must wait in its lock for somebody else's time-outs.
        self._credentials = self._insides.signer.credentials if self._insides else _any_source_of(client)

    @property
    def off(self) -> bool:
        """Whether all calls go through botocore from now on."""
        return self._insides is None

    @property
    def in_use(self) -> bool:
        """Whether this client has answered a call itself and goes on doing so."""
        return self._has_answered and not self.off

    def call(self, operation: str, params: dict[str, Any]) -> Any:
        """Returns or raises what the client's method does.

        Also raises OSError, ResponseParserError, CredentialsFailed, StorageUnavailable.
        """
        insides, answer = self._insides, None
        if insides is not None and operation in OPERATIONS:
            try:
                answer = self._request(OPERATIONS[operation], params, insides)
            except UseBotocore:
                pass
            except UnexpectedHttp as error:
                return self._call_after_unexpected_http(operation, params, error)
        if answer is None:
            return self._call_botocore(operation, params)
        self._unexpected_in_a_row = 0
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

    def _call_after_unexpected_http(self, operation: str, params: dict[str, Any], error: Exception) -> Any:
        """One such answer is a proxy's on a bad day; many, all of which botocore can read, are the rule."""
        answer = self._call_botocore(operation, params)
        self._unexpected_in_a_row += 1
        if self._unexpected_in_a_row >= IN_A_ROW:
            self._turn_off(error)
        return answer

    def _call_botocore(self, operation: str, params: dict[str, Any]) -> Any:
        has_answered = False
        if self._credentials is not None:
            self._credentials.get_frozen_credentials()
        try:
            with limited(remaining()):
                answer = getattr(self.client, operation)(**params)
            # A captive portal's 200 says nothing of the endpoint.
            headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            has_answered = "json" in headers.get("content-type", "")
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
        if insides is None:
            return
        connection = None
        try:
            if not insides.pool.num_connections:
                if len(insides.pools) > 1:
                    raise UseBotocore(f"calls go to another address than {insides.url}, the account's own")
                self._hook_answers |= has_answered  # nothing was opened
                return
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
        if self._closed_in_a_row >= IN_A_ROW:
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
        if not (self._connections or self._hook_answers) or insides.signer.credentials is None:
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
            answer = exchange(connection.sock, headers, body, remaining())
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
