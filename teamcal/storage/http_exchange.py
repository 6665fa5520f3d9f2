"""One HTTP/1.1 request and its answer on an open socket.

What DynamoDB sends, a head with Content-Length, is read here. Answers of another form (in chunks, until the
connection ends, HTTP/1.0) come from proxies and other engines: the standard library reads them.
"""

import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple

MAX_BYTES = 64 * 1024 * 1024
"""Of one answer. DynamoDB's are at most 16 MB, before JSON's escapes."""
_MAX_HEAD = 64 * 1024
_RECEIVED = 64 * 1024
"""Bytes that are received at once. More than teamcal.allocator.THRESHOLD would be mapped and unmapped each
time, which costs as much as the rest of the call."""


class UnexpectedHttp(Exception):
    """The answer isn't HTTP, or too big."""


class HttpAnswer(NamedTuple):
    """`headers`: values by name in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Head(NamedTuple):
    """Status and headers of an answer. `end`: where its body begins; `total`: bytes of the whole answer."""

    status: int
    headers: dict[str, str]
    end: int
    total: int


def exchange(sock: Any, headers: dict[str, str], body: bytes, seconds: float) -> HttpAnswer:
    """Sends `POST /` and returns the answer. Raises OSError, UnexpectedHttp.

    Ends after `seconds`, in however small pieces the answer comes; no pause in it may be longer than the
    socket's own timeout.
    """
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    wire = _Wire(sock, seconds)
    try:
        wire.send(head.encode("latin-1") + body)
        return _answer(wire)
    finally:
        wire.release()


class _Wire:
    """A socket whose calls end at one time all together."""

    def __init__(self, sock: Any, seconds: float) -> None:
        self._sock, self._ends = sock, time.monotonic() + seconds
        self._timeout = sock.gettimeout()
        self._longest = seconds if self._timeout is None else self._timeout
        self._is_shortened = False

    def send(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            if time.monotonic() + self._longest > self._ends:
                self._shorten()
            left = left[self._sock.send(left) :]

    def receive(self) -> bytes:
        """Returns nothing at the end of the connection."""
        if time.monotonic() + self._longest > self._ends:
            self._shorten()
        received: bytes = self._sock.recv(_RECEIVED)
        return received

    def release(self) -> None:
        if self._is_shortened:
            self._sock.settimeout(self._timeout)

    def _shorten(self) -> None:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out: the answer takes too long")
        if self._timeout is None or left < self._timeout:
            self._sock.settimeout(left)
            self._is_shortened = True


def _answer(wire: _Wire) -> HttpAnswer:
    data, head = bytearray(), None
    while head is None or len(data) < head.total:
        received = wire.receive()
        if not received:
            raise ConnectionResetError("the connection was closed before its answer")
        data += received
        if head is None and b"\r\n\r\n" in data:
            head = _head_of(data)
            if head is None:
                return _read_by_library(data, wire.receive)
        if head is None and len(data) > _MAX_HEAD:
            raise UnexpectedHttp("a head without an end")
    if len(data) > head.total:
        raise UnexpectedHttp("more than was announced")
    return HttpAnswer(head.status, head.headers, bytes(data[head.end :]))


def _head_of(data: bytearray) -> _Head | None:
    """Returns None for an answer of another form than DynamoDB's. Raises UnexpectedHttp."""
    end = data.find(b"\r\n\r\n")
    first, *lines = data[:end].decode("latin-1").split("\r\n")
    version, status, *_ = f"{first} ".split(" ", 2)
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise UnexpectedHttp(f"{first[:100]!a}")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = headers.get("content-length", "")
    if version != "HTTP/1.1" or "transfer-encoding" in headers or not length.isdigit():
        return None
    if not status.isdigit() or status < "200":
        return None
    if len(length) > 12 or int(length) > MAX_BYTES:
        raise UnexpectedHttp(f"{length} bytes")
    return _Head(int(status), headers, end + 4, end + 4 + int(length))


class _File:
    """The received bytes, and those still to come, as the file that HTTPResponse reads."""

    def __init__(self, data: bytearray, receive: Callable[[], bytes]) -> None:
        self.data, self._receive, self._left = data, receive, MAX_BYTES

    def makefile(self, mode: str) -> "_File":
        return self

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self.data and len(self.data) < limit and self._more():
            pass
        end = self.data.find(b"\n") + 1 or len(self.data)
        return self._take(min(end, limit))

    def read(self, size: int | None = None) -> bytes:
        while (size is None or len(self.data) < size) and self._more():
            pass
        return self._take(len(self.data) if size is None else size)

    def flush(self) -> None:
        """As a file."""

    close = flush

    def _more(self) -> bool:
        received = self._receive()
        self.data += received
        self._left -= len(received)
        if self._left < 0:
            raise UnexpectedHttp(f"more than {MAX_BYTES} bytes")
        return bool(received)

    def _take(self, size: int) -> bytes:
        part = bytes(self.data[:size])
        del self.data[:size]
        return part


def _read_by_library(data: bytearray, receive: Callable[[], bytes]) -> HttpAnswer:
    file = _File(data, receive)
    response = HTTPResponse(file, method="POST")  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except (HTTPException, ValueError) as error:
        raise UnexpectedHttp(f"{type(error).__name__}: {str(error)[:100]!a}") from None
    headers = {name.lower(): value.strip() for name, value in response.getheaders()}
    if response.will_close or file.data:
        headers["connection"] = "close"
    return HttpAnswer(response.status, headers, body)
