"""A lease: one open connection from a process that uses the engine to the engine.

It ends when either side dies, however that happens: the engine counts its leases, and a user learns from
the end of its lease that the engine has gone.
"""

import contextlib
import json
import logging
import socket
import time
from pathlib import Path
from typing import Protocol

from localdynamo.folder import read_address
from localdynamo.key import read_key
from localdynamo.proof import ask, connect
from localdynamo.reports import EngineFailed
from localdynamo.signature import sign

logger = logging.getLogger(__name__)
TARGET = "Localdynamo.Lease"
"""The X-Amz-Target of a lease; its body is {"sync": …}."""
_ANSWER_SECONDS = 5.0

_REPORTS_KEPT = 20


class Holder(Protocol):
    """A connection with a lease."""

    def tell(self, line: bytes) -> None:
        """Sends a line behind everything that was answered."""


class Leases:
    """The engine's side: the connections that hold a lease, and whether the engine should end.

    What operators have to know goes to all holders, which log it: nobody reads the engine's own log.
    """

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._holders: set[Holder] = set()
        self._reports: list[bytes] = []  # nobody was there to be told
        self._empty_since = time.monotonic()
        self._stopping = False

    def add(self, holder: Holder) -> None:
        self._holders.add(holder)
        reports, self._reports = self._reports, []
        for line in reports:
            holder.tell(line)

    def report(self, text: str) -> None:
        line = json.dumps(text).encode() + b"\n"
        if not self._holders:
            self._reports = [*self._reports, line][-_REPORTS_KEPT:]
        for holder in self._holders:
            holder.tell(line)

    def discard(self, holder: object) -> None:
        if holder in self._holders:
            self._holders = {one for one in self._holders if one is not holder}
            self._empty_since = time.monotonic()

    def stop_when_free(self) -> None:
        """Makes the engine end with its last user, without waiting for another one."""
        self._stopping = True

    def over(self) -> bool:
        """Whether the engine should end: no user, and none came for `grace` seconds."""
        if self._holders:
            return False
        return self._stopping or time.monotonic() - self._empty_since > self._grace


class Lease:
    """The user's side; `port` is the engine's. `received` is what came with the engine's answer."""

    def __init__(self, connection: socket.socket, port: int, received: bytes = b"") -> None:
        self._connection, self._received = connection, received
        self.port = port

    def wait_for_end(self) -> None:
        """Blocks until the engine has gone; logs what it reports meanwhile."""
        with contextlib.suppress(OSError):
            self._log_reports()
            while part := self._connection.recv(4096):
                self._received += part
                self._log_reports()
        self._connection.close()

    def _log_reports(self) -> None:
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            logger.warning("%s", json.loads(line), extra={"several_lines": True})

    def end(self) -> None:
        """Gives the lease up; `wait_for_end` returns in every thread that waits in it."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


def take_lease(folder: Path, sync: str) -> Lease | None:
    """Returns a lease of the engine that serves this folder; None if no engine answers.

    Raises EngineFailed if the folder's key isn't safe.
    """
    address = read_address(folder)
    connection = None
    try:
        key = read_key(folder)
        if not address or not key:
            return None
        try:
            connection = connect(address["port"], key, _ANSWER_SECONDS)
        except EngineFailed:  # another program has its port by now
            return None
        status, _, received = ask(connection, _request(key, address["port"], sync), _ANSWER_SECONDS)
        if status == 200:
            connection.settimeout(None)
            return Lease(connection, address["port"], received)
    except (OSError, KeyError, TypeError, ValueError, OverflowError):
        pass
    if connection is not None:
        connection.close()
    return None


def _request(key: str, port: int, sync: str) -> bytes:
    body = json.dumps({"sync": sync}).encode()
    headers = sign(key, f"127.0.0.1:{port}", TARGET, body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
