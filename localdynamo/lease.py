"""A lease: one open connection from a process that uses the engine to the engine.

It ends when either side dies, however that happens: the engine counts its leases, and a user learns from
the end of its lease that the engine has gone.
"""

import contextlib
import socket
import time
from pathlib import Path

from localdynamo.folder import read_address

_ANSWER_SECONDS = 5.0


class Leases:
    """The engine's side: the connections that hold a lease, and whether the engine should end."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._holders: set[object] = set()
        self._empty_since = time.monotonic()
        self._stopping = False

    def add(self, holder: object) -> None:
        self._holders.add(holder)

    def discard(self, holder: object) -> None:
        if holder in self._holders:
            self._holders.discard(holder)
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
    """The user's side; `port` is the engine's."""

    def __init__(self, connection: socket.socket, port: int) -> None:
        self._connection = connection
        self.port = port

    def wait_for_end(self) -> None:
        """Blocks until the engine has gone."""
        with contextlib.suppress(OSError):
            while self._connection.recv(64):
                pass
        self._connection.close()

    def end(self) -> None:
        """Gives the lease up; `wait_for_end` returns in every thread that waits in it."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


def take_lease(folder: Path, sync: str) -> Lease | None:
    """Returns a lease of the engine that serves this folder; None if no engine answers."""
    address = read_address(folder)
    if not address:
        return None
    connection = None
    try:
        connection = socket.create_connection(("127.0.0.1", address["port"]), _ANSWER_SECONDS)
        connection.sendall(_request(address["id"], sync))
        answer = b""
        while not answer.endswith(address["id"].encode()) and (part := connection.recv(4096)):
            answer += part
        # Another program may listen on that port by now; only this folder's engine knows the id.
        if answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(address["id"].encode()):
            connection.settimeout(None)
            return Lease(connection, address["port"])
    except (OSError, KeyError, TypeError, ValueError):
        pass
    if connection is not None:
        connection.close()
    return None


def _request(identity: str, sync: str) -> bytes:
    return (
        f"POST /lease HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Engine-Id: {identity}\r\nX-Sync: {sync}\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode("latin-1")
