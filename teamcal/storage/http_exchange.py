"""One HTTP/1.1 request and its answer on an open socket: the part of HTTP that DynamoDB uses."""

from typing import Any, NamedTuple


class UnexpectedHttp(Exception):
    """The answer is valid HTTP perhaps, but not of the kind that DynamoDB sends."""


class HttpAnswer(NamedTuple):
    """`headers`: values by name in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(sock: Any, headers: dict[str, str], body: bytes) -> HttpAnswer:
    """Sends `POST /` and returns the answer. Raises OSError, UnexpectedHttp."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    sock.sendall(head.encode("latin-1") + body)
    return _read_answer(sock)


def _read_answer(sock: Any) -> HttpAnswer:
    data = _receive(sock)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _receive(sock)
    status, headers, length = _parse_head(data[:end])
    pieces, missing = [data[end + 4 :]], length - (len(data) - end - 4)
    while missing > 0:
        pieces.append(_receive(sock))
        missing -= len(pieces[-1])
    if missing < 0:
        raise UnexpectedHttp("more than was announced")
    return HttpAnswer(status, headers, b"".join(pieces))


def _parse_head(head: bytes) -> tuple[int, dict[str, str], int]:
    """Returns status, headers and Content-Length."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, *_ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "")
    if "transfer-encoding" in headers or "content-encoding" in headers:
        raise UnexpectedHttp("an encoded answer")
    if version != "HTTP/1.1" or not status.isdigit() or status < "200" or not length.isdigit():
        raise UnexpectedHttp(first)
    return int(status), headers, int(length)


def _receive(sock: Any) -> bytes:
    data: bytes = sock.recv(262_144)
    if not data:
        raise ConnectionResetError("the connection was closed before its answer")
    return data
