"""Writes whole websocket frames to TCP sockets, without Engine.IO's queue and its writer."""

import _socket
import functools
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, cast

from teamcal.realtime.shared_packet import Buffer, SharedPacket, frame_header
from teamcal.realtime.worker import AsyncMode

SendFunction = Callable[[Buffer], int]
"""Writes as many bytes as fit without waiting and returns how many. Raises OSError."""


def shutdown_socket(sock: Any) -> None:
    """Ends both directions of `sock` at once, which wakes every task that reads from it or writes to it."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def frame_of(packet: Any) -> bytes:
    """An Engine.IO packet as an unmasked websocket frame of a server (RFC 6455, section 5.2)."""
    encoded = packet.encode()
    is_text = isinstance(encoded, str)
    data = encoded.encode() if is_text else bytes(encoded)
    return frame_header(len(data), 0x81 if is_text else 0x82) + data


@dataclass
class PacketBatch:
    """Engine.IO packets that are sent together, in order."""

    packets: list[Any]

    @functools.cached_property
    def frames(self) -> bytes:
        """A websocket frame for each packet, concatenated. Made once for all recipients."""
        return b"".join(map(frame_of, self.packets))

    def write_to(self, direct: "DirectWriter") -> bool:
        """See DirectWriter.write. A packet that shares its text isn't copied: the queue's writer sends it."""
        return not isinstance(self.packets[0], SharedPacket) and direct.write(self.frames)


class ObservedLock:
    """A lock that calls `on_change` after each acquire and release."""

    def __init__(self, lock: Any, on_change: Callable[[], object]) -> None:
        self._lock, self._on_change = lock, on_change
        self.locked = lock.locked

    def acquire(self, *arguments: Any) -> bool:
        acquired: bool = self._lock.acquire(*arguments)
        self._on_change()
        return acquired

    def release(self) -> None:
        self._lock.release()
        self._on_change()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *exception: object) -> None:
        self.release()


class DirectWriter:
    """Writes whole frames to a websocket's TCP socket from any task, without waiting.

    `sock` is the operating system's socket, `lock` the lock that every writer of this socket holds, `sendall`
    a function that writes and may wait, `spawn(task, …)` starts a background task.
    """

    __slots__ = ("_flags", "_lock", "_locked", "_send", "_sendall", "_sock", "_spawn")

    def __init__(self, sock: Any, lock: Any, sendall: Callable[[Buffer], object], spawn: Any) -> None:
        self._sock, self._lock, self._sendall, self._spawn = sock, lock, sendall, spawn
        self._send, self._locked = sock.send, lock.locked
        self._flags = getattr(socket, "MSG_DONTWAIT", 0)

    def send_function(self) -> SendFunction | None:
        """See outbox.Client. None here: with real threads, another task may write at any moment."""
        return None

    def write(self, frames: bytes) -> bool:
        """Returns whether `frames` are written or will be, without anything in between.

        False means that no byte was written: another task is writing, or the client doesn't read.
        """
        if not self._lock.acquire(False):
            return False
        try:
            sent = self._send(frames, self._flags)
        except OSError:  # the buffer is full; or the socket is closed, which the queue's writer notices
            sent = 0
        if 0 < sent < len(frames):
            self._start_writing(frames[sent:])
        else:
            self._lock.release()
        return sent > 0

    def held(self) -> AbstractContextManager[Any]:
        """Waits until no other task writes, and keeps the others from it."""
        return cast(AbstractContextManager[Any], self._lock)

    def write_and_wait(self, part: Buffer) -> None:
        """Writes all of `part`, as long as it takes. The caller holds the writer."""
        self._sendall(part)

    def write_rest(self, rest: Buffer) -> None:
        """Writes `rest` after the first part of it was just written by a send function."""
        self._lock.acquire(False)
        self._start_writing(rest)

    def _start_writing(self, rest: Buffer) -> None:
        """The caller holds the lock; the background task releases it.

        Nothing may be written between the two parts of a frame.
        """
        try:
            # A view: green sockets cut off what is written again and again.
            self._spawn(self._write_and_release, memoryview(rest))
        except RuntimeError:  # can't start a new thread
            shutdown_socket(self._sock)
            self._lock.release()

    def _write_and_release(self, rest: Buffer) -> None:
        try:
            self._sendall(rest)
        except Exception:  # noqa: BLE001 -- after a part of a frame nothing else can be sent
            shutdown_socket(self._sock)
        finally:
            self._lock.release()


class GreenDirectWriter(DirectWriter):
    """A DirectWriter for green threads, where no other task runs between the check of the lock and the write.

    Acquiring and releasing eventlet's lock would be a fifth of the cost of a delivery.
    """

    __slots__ = ()

    def send_function(self) -> SendFunction | None:
        # It is called without flags: a socket with a time-out of its own would wait.
        return self._send if not self._locked() and self._sock.gettimeout() == 0 else None

    def write(self, frames: bytes) -> bool:
        if self._locked():
            return False
        try:
            sent = self._send(frames, self._flags)
        except OSError:
            return False
        if sent < len(frames):
            self.write_rest(frames[sent:])
        return True


def direct_writer_of(
    ws: Any, mode: AsyncMode, spawn: Any, on_change: Callable[[], object]
) -> DirectWriter | None:
    """The writer of Engine.IO's websocket object, or None if its frames have to go through the queue.

    That is so with TLS, on a platform without MSG_DONTWAIT, and where a library has changed.
    `on_change()` is called when another writer of the socket starts or stops.
    """
    try:
        if mode == "eventlet":
            outer, owner, lock_name = ws.socket, ws, "_sendlock"
        else:
            outer, owner, lock_name = ws.ws.sock.raw, ws.ws.sock, "lock"
        sock = os_socket_of(outer)
        if sock is None or not _can_write_without_waiting(sock):
            return None
        lock = getattr(owner, lock_name)
        if mode == "threading":
            return DirectWriter(sock, lock, outer.sendall, spawn)
        # The same lock underneath: a task that holds it keeps holding it.
        observed = ObservedLock(lock, on_change)
        setattr(owner, lock_name, observed)
        return GreenDirectWriter(sock, observed, outer.sendall, spawn)
    except AttributeError:
        return None


def os_socket_of(outer: Any) -> Any:
    """The operating system's socket inside `outer`, or None if it is encrypted or can't be found.

    eventlet and gevent wrap the real socket.
    """
    sock = getattr(outer, "fd", None) or getattr(outer, "_sock", None) or outer
    encrypted = hasattr(sock, "cipher") or hasattr(outer, "cipher")
    return sock if isinstance(sock, _socket.socket) and not encrypted else None


def _can_write_without_waiting(sock: Any) -> bool:
    """A socket with a time-out waits for that long, whatever the flag says."""
    timeout = sock.gettimeout()
    return timeout == 0 or (timeout is None and hasattr(socket, "MSG_DONTWAIT"))
