"""HTTP/1.1 on loopback: collects requests from bytes, passes them to the store, answers in their order.

Every account of the machine reaches it: a request without a valid signature is answered with 403, but for
the one by which a client learns that this is the engine (proof.py). A malformed request is answered with 400
and ends its connection, never the engine.
"""

import asyncio
import json
import logging
import os
import re
from collections.abc import Callable
from typing import NamedTuple

from localdynamo.disk_sync import Syncer
from localdynamo.lease import TARGET, Leases
from localdynamo.proof import PATH, port_of, proof_of
from localdynamo.signature import SignatureRefused, Verifier
from localdynamo.store import Answer, LogUnusable, Store
from localdynamo.strangers import Strangers

logger = logging.getLogger(__name__)

MAX_HEAD = 64 * 1024  # bytes
MAX_BODY = 16 * 1024 * 1024  # bytes; DynamoDB's own limit
_TARGET_PREFIX = "DynamoDB_20120810."
# A request with another Host comes from a web page whose name resolves to 127.0.0.1 (DNS rebinding).
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_SINGLE_HEADERS = frozenset(
    ("host", "content-length", "transfer-encoding", "x-amz-target", "x-amz-date", "authorization")
)
_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    413: "Content Too Large",
    500: "Internal Server Error",
}
_REQUEST_ID_PREFIX = os.urandom(12).hex().upper()


class RequestHead(NamedTuple):
    """Request line and headers; the names of headers are in lower case, `length` is that of the body."""

    method: str
    path: str
    headers: dict[str, str]
    length: int
    keep_alive: bool


class Refused(Exception):
    """A request that the store never sees; the connection ends after the error answer."""

    def __init__(self, status: int, reason: str, code: str = "ValidationException") -> None:
        super().__init__(status, reason)
        self.status, self.reason, self.code = status, reason, code


class Checks(NamedTuple):
    """What tells programs with the engine's key from others."""

    key: str
    verifier: Verifier
    strangers: Strangers


class Service(NamedTuple):
    """What all connections share. `fail` ends the engine with an error."""

    store: Store
    syncer: Syncer
    leases: Leases
    checks: Checks
    fail: Callable[[BaseException], None]


class Connection(asyncio.Protocol):
    """One client's connection. Requests may arrive in any pieces, and several at once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._buffer = bytearray()
        self._head: RequestHead | None = None  # of a request whose body hasn't arrived completely
        self._ended = False
        self._paused = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._service.checks.strangers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._service.checks.strangers.discard(self)
        self._service.leases.discard(self)

    def break_off(self) -> None:
        self._ended = True
        self._buffer.clear()
        self._transport.abort()

    def tell(self, line: bytes) -> None:
        self._service.syncer.send(self._transport, line)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._answer_all()
        self._service.checks.strangers.holds(self, len(self._buffer))

    def pause_writing(self) -> None:
        """The client doesn't read its answers, so the engine reads no more requests from it."""
        self._paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._paused = False
        self._transport.resume_reading()
        self._answer_all()

    def _answer_all(self) -> None:
        try:
            while not self._ended and not self._paused and self._answer_one():
                pass
        except Refused as refusal:
            self._refuse(refusal)
        except LogUnusable as error:
            self._service.fail(error)

    def _answer_one(self) -> bool:
        """Answers one request if it has arrived completely; returns whether it has."""
        head = self._head or self._parse_head()
        if head is None:
            return False
        if len(self._buffer) < head.length:
            if self._head is None and head.headers.get("expect", "").lower() == "100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._head = head
            return False
        body = bytes(self._buffer[: head.length])
        del self._buffer[: head.length]
        self._head = None
        self._dispatch(head, body)
        return True

    def _parse_head(self) -> RequestHead | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD:
                raise Refused(400, "head too long")
            return None
        if end > MAX_HEAD:
            raise Refused(400, "head too long")
        head = parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        return head

    def _dispatch(self, head: RequestHead, body: bytes) -> None:
        if head.path == PATH:
            self._prove(head)
            return
        target = head.headers.get("x-amz-target", "")
        if head.method != "POST" or head.path != "/" or not target.startswith((_TARGET_PREFIX, TARGET)):
            raise Refused(400, "not a DynamoDB request")
        try:
            self._service.checks.verifier.check(head.headers, body)
        except SignatureRefused as refusal:
            raise Refused(403, str(refusal), f"com.amazon.coral.service#{refusal.code}") from None
        self._service.checks.strangers.discard(self)
        if target == TARGET:
            self._grant_lease(body)
        else:
            self._send(self._service.store.call(target[len(_TARGET_PREFIX) :], body), head.keep_alive)

    def _prove(self, head: RequestHead) -> None:
        port, nonce = port_of(self._transport), head.headers.get("x-nonce", "")
        proof = proof_of(self._service.checks.key, port, nonce)
        if proof is None:
            raise Refused(400, "not a number of 128 bits")
        self._send(Answer(200, {"Content-Type": "text/plain"}, proof.encode()), head.keep_alive)

    def _grant_lease(self, body: bytes) -> None:
        if json.loads(body).get("sync") == "always":
            self._service.syncer.mode = "always"
        self._send(Answer(200, {"Content-Type": "application/x-amz-json-1.0"}, b"{}"), True)
        self._service.leases.add(self)

    def _refuse(self, refusal: Refused) -> None:
        self._buffer.clear()
        body = json.dumps({"__type": refusal.code, "message": refusal.reason}).encode()
        self._send(Answer(refusal.status, {"Content-Type": "application/x-amz-json-1.0"}, body), False)

    def _send(self, answer: Answer, keep_alive: bool) -> None:
        self._service.syncer.send(self._transport, render(answer, keep_alive))
        if not keep_alive:
            self._ended = True
            self._service.syncer.close_after_answers(self._transport)


_request_count = 0


def render(answer: Answer, keep_alive: bool) -> bytes:
    """Returns the answer as bytes, with an id that no other request has."""
    global _request_count
    _request_count += 1
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines.append(f"x-amzn-RequestId: {_REQUEST_ID_PREFIX}{_request_count:020X}")
    lines.append(f"Content-Length: {len(answer.body)}")
    lines.append("\r\n" if keep_alive else "Connection: close\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1") + answer.body


def parse_head(raw: bytes) -> RequestHead:
    """Raises Refused unless it is a plain HTTP/1 request by a program on this machine."""
    request_line, *lines = raw.decode("latin-1").split("\r\n")
    parts = request_line.split(" ")
    if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(400, "not HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name or name != name.strip() or (name in headers and name in _SINGLE_HEADERS):
            raise Refused(400, "malformed header")
        headers[name] = value.strip()
    if not _LOOPBACK.fullmatch(headers.get("host", "")) or "origin" in headers:
        raise Refused(403, "for programs on this machine only")
    closing = headers.get("connection", "").lower() == "close" or parts[2] == "HTTP/1.0"
    return RequestHead(parts[0], parts[1], headers, _body_length(headers), not closing)


def _body_length(headers: dict[str, str]) -> int:
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()) or len(length) > 12:
        raise Refused(400, "a body needs a Content-Length")
    if int(length) > MAX_BODY:
        raise Refused(413, "body too long")
    return int(length)
