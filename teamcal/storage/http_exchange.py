"""One HTTP/1.1 request and its answer on an open socket: the part of HTTP that DynamoDB uses."""

from typing import Any, NamedTuple


class UnexpectedHttp(Exception):
    """The answer is valid HTTP perhaps, but not of the kind that DynamoDB sends."""


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


def exchange(sock: Any, headers: dict[str, str], body: bytes) -> HttpAnswer:
    """Sends `POST /` and returns the answer. Raises OSError, UnexpectedHttp."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    sock.sendall(head.encode("latin-1") + body)
    data, answer = bytearray(), None
    while answer is None or len(data) < answer.total:
        received = sock.recv(262_144)
        if not received:
            raise ConnectionResetError("the connection was closed before its answer")
        data += received
        answer = answer or _head_of(data)
    if len(data) > answer.total:
        raise UnexpectedHttp("more than was announced")
    return HttpAnswer(answer.status, answer.headers, bytes(data[answer.end :]))


def _head_of(data: bytearray) -> _Head | None:
    """Returns None while the head is incomplete. Raises UnexpectedHttp."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = data[:end].decode("latin-1").split("\r\n")
    version, status, *_ = f"{first} ".split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "")
    if "transfer-encoding" in headers or "content-encoding" in headers:
        raise UnexpectedHttp("an encoded answer")
    if version != "HTTP/1.1" or not status.isdigit() or status < "200" or not length.isdigit():
        raise UnexpectedHttp(first)
    return _Head(int(status), headers, end + 4, end + 4 + int(length))
