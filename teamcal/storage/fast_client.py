"""Calls to DynamoDB by the short way: an open connection of botocore's, a signature, JSON in and out.

botocore takes 1.4 ms of CPU a GetItem under eventlet, the short way 0.2: botocore validates, walks shapes,
resolves the endpoint anew, and its HTTP client reads headers as if they were e-mail. All that is rare stays
with it: connecting, TLS, proxies, the words of an error; and everything as soon as something
isn't as expected here, its own insides included.
"""

import hashlib
import hmac
import logging
import time
from base64 import b64encode
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import orjson
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.hooks import first_non_none_response
from botocore.parsers import ResponseParserError, create_parser
from urllib3.util.connection import is_connection_dropped

log = logging.getLogger("teamcal.storage")

OPERATIONS = {
    "get_item": "GetItem", "query": "Query", "scan": "Scan", "batch_get_item": "BatchGetItem",
    "transact_write_items": "TransactWriteItems", "batch_write_item": "BatchWriteItem",
    "update_item": "UpdateItem",
}  # fmt: skip
"""Those whose request is their parameters and whose answer is its JSON. All may be repeated."""
IDLE_SECONDS = 1.0
"""A connection that rested for longer may have been closed by the other side: looking costs 50 µs."""
_TYPE = "application/x-amz-json-1.0"


class _LongWay(Exception):
    """Not by the short way: the same call has to go through botocore."""


class _Answer(NamedTuple):
    """`headers` by their names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


class ShortWay:
    """Stands before a low-level client: the same answers and the same errors, at less cost."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._open: deque[tuple[float, Any]] = deque()
        self._keys: tuple[tuple[str, str], bytes] | None = None
        self._works = False
        with suppress(Exception):  # another botocore: the long way is always there
            self._look_inside()
            self._works = True

    def _look_inside(self) -> None:
        signer, parts = self.client._request_signer, urlsplit(self.client.meta.endpoint_url)
        if signer.signature_version != "v4" or parts.path not in ("", "/"):
            raise _LongWay
        self._credentials = signer._credentials
        self._region, self._service = signer.region_name, signer.signing_name
        plain = {"http": 80, "https": 443}[parts.scheme]
        self._host = parts.hostname if parts.port in (None, plain) else f"{parts.hostname}:{parts.port}"
        self._url = f"{parts.scheme}://{parts.netloc}/"
        self._timeout = self.client.meta.config.read_timeout
        # Connections to a proxy are in other pools: they are never found here, and never used.
        self._idle = self.client._endpoint.http_session._manager.connection_from_url(self._url).pool

    def call(self, operation: str, params: dict[str, Any]) -> Any:
        """As the client's method. Raises what it raises, or OSError, ResponseParserError."""
        name = OPERATIONS.get(operation)
        if name is not None and self._works:
            with suppress(_LongWay):
                return self._ask(name, params)
        try:
            return getattr(self.client, operation)(**params)
        finally:
            self._adopt()

    # Connections: botocore opens them, and they are kept here once they are open

    def _adopt(self) -> None:
        """The connection that botocore has just used, if it is still open."""
        if not self._works:
            return
        try:
            connection = self._idle.get(block=False)
            self._idle.put(None, block=False)
            if connection is not None and connection.sock is not None:
                connection.sock.settimeout(self._timeout)
                self._open.append((time.monotonic(), connection))
        except Exception:  # empty, or not what it was: see _look_inside
            log.debug("no connection to keep", exc_info=True)

    def _take(self) -> Any:
        while self._open:
            used, connection = self._open.pop()
            if time.monotonic() - used < IDLE_SECONDS or not is_connection_dropped(connection):
                return connection
            connection.close()
        raise _LongWay

    # One call

    def _ask(self, name: str, params: dict[str, Any]) -> Any:
        if not self._open or self._credentials is None:
            raise _LongWay
        try:
            body = orjson.dumps(params, default=_in_base64)
        except (TypeError, ValueError):  # text that isn't Unicode, and whatever else is no JSON
            raise _LongWay from None
        request = self._signed(name, body)
        hooks = self.client.meta.events.emit(f"before-send.dynamodb.{name}", request=request)
        instead = first_non_none_response(hooks)
        if instead is not None:
            headers = {name.lower(): value for name, value in instead.headers.items()}
            answer = _Answer(instead.status_code, headers, instead.content)
        else:
            answer = self._exchange(request)
        if answer.status >= 301:
            raise self._error(name, answer)
        return _parsed(answer)

    def _exchange(self, request: Any) -> _Answer:
        connection, began = self._take(), time.monotonic()
        lines = [f"{name}: {value}\r\n" for name, value in request.headers.items()]
        head = f"POST / HTTP/1.1\r\n{''.join(lines)}Content-Length: {len(request.body)}\r\n\r\n"
        try:
            connection.sock.sendall(head.encode("latin-1") + request.body)
            answer = _read(connection.sock)
        except OSError:
            connection.close()
            if time.monotonic() - began > IDLE_SECONDS:
                raise
            raise _LongWay from None  # closed by the other side while it rested
        except _LongWay:
            connection.close()
            self._works = False
            log.info("the endpoint speaks another HTTP: botocore's client from now on")
            raise
        except BaseException:  # the rest of the answer would be taken for the next one's
            connection.close()
            raise
        if answer.headers.get("connection", "").lower() == "close":
            connection.close()
        else:
            self._open.append((time.monotonic(), connection))
        return answer

    def _error(self, name: str, answer: _Answer) -> Exception:
        """The client's own exception: ClientError with code, words, and the reasons of a cancellation."""
        service = self.client.meta.service_model
        told = {
            "status_code": answer.status, "headers": HeadersDict(answer.headers), "body": answer.body,
            "context": {"operation_name": name},
        }  # fmt: skip
        parser = create_parser("json")
        parsed = parser.parse(told, service.operation_model(name).output_shape)
        code = parsed.get("Error", {}).get("Code")
        shape = service.shape_for_error_code(code)
        if shape is not None:
            parsed.update(parser.parse(told, shape))
        error: Exception = self.client.exceptions.from_code(code)(parsed, name)
        return error

    # The signature, version 4. https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html

    def _signed(self, name: str, body: bytes) -> AWSPreparedRequest:
        access = self._credentials.get_frozen_credentials()  # renews those that end soon
        at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        signed = {"host": self._host, "x-amz-date": at, "x-amz-target": f"DynamoDB_20120810.{name}"}
        if access.token:
            signed["x-amz-security-token"] = access.token
        names = ";".join(sorted(signed))
        lines = "".join(f"{header}:{signed[header]}\n" for header in sorted(signed))
        canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{at[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key(access.secret_key, scope), text.encode(), "sha256").hex()
        headers = {
            "Host": self._host, "X-Amz-Date": at, "X-Amz-Target": signed["x-amz-target"],
            "Content-Type": _TYPE, "User-Agent": "teamcal",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={access.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}",
        }  # fmt: skip
        if access.token:
            headers["X-Amz-Security-Token"] = access.token
        return AWSPreparedRequest("POST", self._url, cast(Any, headers), body, False)

    def _key(self, secret: str, scope: str) -> bytes:
        """The same for a whole day."""
        known = self._keys
        if known is None or known[0] != (secret, scope):
            key = f"AWS4{secret}".encode()
            for part in scope.split("/"):
                key = hmac.digest(key, part.encode(), "sha256")
            known = self._keys = ((secret, scope), key)
        return known[1]


def _in_base64(value: Any) -> str:
    if not isinstance(value, bytes):
        raise TypeError(type(value))
    return b64encode(value).decode()


def _read(sock: Any) -> _Answer:
    """One answer with a Content-Length. Raises _LongWay for any other, OSError."""
    data = _more(sock, b"")
    while (end := data.find(b"\r\n\r\n")) < 0:
        data = _more(sock, data)
    first, *lines = data[:end].decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "")
    odd = "transfer-encoding" in headers or "content-encoding" in headers
    if odd or parts[0] != "HTTP/1.1" or not parts[1].isdigit() or not length.isdigit() or parts[1] < "200":
        raise _LongWay
    pieces, left = [data[end + 4 :]], int(length) - (len(data) - end - 4)
    while left > 0:
        pieces.append(_more(sock, b""))
        left -= len(pieces[-1])
    if left < 0:
        raise _LongWay
    return _Answer(int(parts[1]), headers, b"".join(pieces))


def _more(sock: Any, data: bytes) -> bytes:
    piece = sock.recv(262_144)
    if not piece:
        raise ConnectionResetError("the connection was closed before its answer")
    return data + bytes(piece)


def _parsed(answer: _Answer) -> Any:
    try:
        parsed = orjson.loads(answer.body or b"{}")
    except ValueError as error:
        raise ResponseParserError(str(error)) from None
    if not isinstance(parsed, dict):
        raise ResponseParserError("no object")
    parsed["ResponseMetadata"] = {"HTTPStatusCode": answer.status, "HTTPHeaders": answer.headers}
    return parsed
