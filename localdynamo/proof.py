"""The engine proves that it knows the key, before anything else is sent over a connection.

An engine may have died, and another program may have taken its port. So each connection begins with a number
that was never used before, which the engine answers with an HMAC of it. Who can't is sent nothing. The answer
holds for one port: a program on another port can't get it from the engine and pass it on.

A TCP connection stays with the one that accepted it, so one proof is enough for as long as it lasts.
"""

import hmac
import re
import secrets
import socket
import time
from typing import Any

from localdynamo.reports import EngineFailed, impostor

PATH = "/prove"
_NONCE = re.compile(r"[0-9a-f]{32}")
_MAX_ANSWER = 4096  # bytes


def proof_of(key: str, port: int, nonce: str) -> str | None:
    """Returns what the engine at `port` answers; None if `nonce` isn't one."""
    if not _NONCE.fullmatch(nonce):
        return None
    text = f"localdynamo engine at 127.0.0.1:{port}\n{nonce}"
    # Not a form of any step of a signature, whose first key is this one with "AWS4" before it.
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()


def demand_proof(connection: Any, port: int, key: str, seconds: float) -> None:
    """Makes sure that the engine with this key listens at the other end of a new connection.

    `connection`: a connected socket. Raises EngineFailed if it is another program; OSError if there is no
    whole answer within `seconds`.
    """
    nonce = secrets.token_hex(16)
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Nonce: {nonce}\r\nContent-Length: 0\r\n\r\n"
    before = connection.gettimeout()
    try:
        status, body, rest = ask(connection, head.encode(), seconds)
    finally:
        connection.settimeout(before)
    proof = proof_of(key, port, nonce) or ""
    if status != 200 or rest or not hmac.compare_digest(body, proof.encode()):
        raise EngineFailed(impostor(port))


def ask(connection: Any, request: bytes, seconds: float) -> tuple[int, bytes, bytes]:
    """Sends a request; returns status and body of its answer, and what came after them.

    Raises OSError if no HTTP answer of a few bytes comes within `seconds`. Changes the socket's timeout.
    """
    deadline = time.monotonic() + seconds
    connection.settimeout(seconds)
    connection.sendall(request)
    answer = b""
    while len(answer) < _MAX_ANSWER:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        part = connection.recv(_MAX_ANSWER)
        if not part:
            break
        answer += part
        head, end, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d{1,4})(\r\n|$)", head, re.IGNORECASE)
        if end and not length:
            break
        if end and length and len(body) >= int(length[1]):
            size, status = int(length[1]), re.match(rb"HTTP/1\.1 (\d{3}) ", head)
            return int(status[1]) if status else 0, body[:size], body[size:]
    raise ConnectionError("no answer of an engine")


def port_of(transport: Any) -> int:
    """Returns the port on which the engine accepted a connection."""
    port: int = transport.get_extra_info("sockname")[1]
    return port


def connect(port: int, key: str, seconds: float) -> socket.socket:
    """Returns a connection to the engine, which has proved itself. Raises as `demand_proof`."""
    connection = socket.create_connection(("127.0.0.1", port), seconds)
    try:
        demand_proof(connection, port, key, seconds)
    except BaseException:
        connection.close()
        raise
    return connection
