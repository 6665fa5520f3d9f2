"""Beneath Engine.IO's sessions: what is written to a websocket, and the TCP sockets it goes through."""

import _socket
import functools
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import engineio.exceptions
import engineio.packet
import engineio.socket

Send = Callable[[bytes], int]
"""Writes what it can of some bytes, without waiting; answers how many. Raises OSError."""

# What reading a packet can raise: no number where its type belongs, bad base64, JSON nested too deep …
UNREADABLE = (ValueError, LookupError, TypeError, RecursionError, engineio.exceptions.UnknownPacketError)


class WholeWrites:
    """A socket whose `send` writes everything, one caller at a time; otherwise the socket itself.

    simple-websocket 1.1 calls `send` once, ignores how much was taken, and answers pings and closes from
    another thread: a slow reader gets half a frame and then garbage.
    https://github.com/miguelgrinberg/simple-websocket/issues/45
    """

    def __init__(self, sock: Any) -> None:
        self.bare = sock
        self.lock = threading.Lock()
        self.at_close: Callable[[], object] = bool

    def send(self, data: bytes) -> int:
        with self.lock:
            self.bare.sendall(data)
        return len(data)

    def close(self) -> None:
        # Closing alone leaves a thread that is blocked in `sendall` blocked for good.
        hang_up(self.bare)
        self.bare.close()
        self.at_close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)


def hang_up(sock: Any) -> None:
    """End both directions at once, which wakes whoever reads from or writes to `sock`."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def frame_of(packet: Any) -> bytes:
    """An Engine.IO packet as a server's websocket frame, RFC 6455 section 5.2: whole and unmasked."""
    encoded = packet.encode()
    text = isinstance(encoded, str)
    data = encoded.encode() if text else bytes(encoded)
    first = 0x81 if text else 0x82
    if len(data) < 126:
        return struct.pack("!BB", first, len(data)) + data
    if len(data) < 65_536:
        return struct.pack("!BBH", first, 126, len(data)) + data
    return struct.pack("!BBQ", first, 127, len(data)) + data


@dataclass
class Letter:
    """Engine.IO packets that belong together, in order."""

    packets: list[Any]

    @property
    def size(self) -> int:
        """In characters."""
        return sum(len(packet.encode()) for packet in self.packets)

    @functools.cached_property
    def frame(self) -> bytes:
        """All of them for a websocket, made once for all who receive them."""
        return b"".join(map(frame_of, self.packets))


class Watched:
    """A lock that tells `changed` when it was taken and when it is free again."""

    def __init__(self, lock: Any, changed: Callable[[], object]) -> None:
        self._lock, self._changed = lock, changed
        self.locked = lock.locked

    def acquire(self, *how: Any) -> bool:
        taken: bool = self._lock.acquire(*how)
        self._changed()
        return taken

    def release(self) -> None:
        self._lock.release()
        self._changed()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *why: object) -> None:
        self.release()


class DirectWire:
    """Writes whole frames to a websocket's socket from wherever they come up, without ever waiting.

    `sock` is the operating system's socket, `lock` the one that everybody holds who writes to it, `sendall`
    writes and may wait, `spawn(task, …)` starts a background task.
    """

    __slots__ = ("_flags", "_lock", "_locked", "_send", "_sendall", "_sock", "_spawn")

    def __init__(self, sock: Any, lock: Any, sendall: Callable[[bytes], object], spawn: Any) -> None:
        self._sock, self._lock, self._sendall, self._spawn = sock, lock, sendall, spawn
        self._send, self._locked = sock.send, lock.locked
        self._flags = getattr(socket, "MSG_DONTWAIT", 0)

    def ready(self) -> Send | None:
        """See teamcal.outbox.Client. Not with real threads: another may write at any moment."""
        return None

    def write(self, frame: bytes) -> bool:
        """Is all of `frame` on its way? Else nothing of it: somebody writes, or the client doesn't read."""
        if not self._lock.acquire(False):
            return False
        try:
            sent = self._send(frame, self._flags)
        except OSError:  # its buffer is full; or it is closed, which the queue's writer finds out
            sent = 0
        if 0 < sent < len(frame):
            self._pass_on(frame[sent:])
        else:
            self._lock.release()
        return sent > 0

    def finish(self, rest: bytes) -> None:
        """`rest` follows the half of a frame that was written just now."""
        self._lock.acquire(False)
        self._pass_on(rest)

    def _pass_on(self, rest: bytes) -> None:
        """The lock is taken and stays it: nothing may come between the two halves."""
        try:
            self._spawn(self._finish, rest)
        except RuntimeError:  # no thread is to be had
            hang_up(self._sock)
            self._lock.release()

    def _finish(self, rest: bytes) -> None:
        try:
            self._sendall(rest)
        except Exception:  # noqa: BLE001 -- nothing can follow half a frame
            hang_up(self._sock)
        finally:
            self._lock.release()


class GreenWire(DirectWire):
    """The same where threads are green: nobody else runs between a look at the lock and the write.

    Taking and releasing eventlet's lock would be a fifth of a delivery.
    """

    __slots__ = ()

    def ready(self) -> Send | None:
        # Without flags: a socket with a time-out of its own would wait.
        return self._send if not self._locked() and self._sock.gettimeout() == 0 else None

    def write(self, frame: bytes) -> bool:
        if self._locked():
            return False
        try:
            sent = self._send(frame, self._flags)
        except OSError:
            return False
        if sent < len(frame):
            self.finish(frame[sent:])
        return True


def direct_wire_of(ws: Any, green: bool, spawn: Any, changed: Callable[[], object]) -> DirectWire | None:
    """None where it can't be had: TLS, a platform without MSG_DONTWAIT, a library that looks different.

    `changed()` is called when somebody begins or ends to write to it.
    """
    try:
        if hasattr(ws, "ws"):
            outer, holder, name = ws.ws.sock.bare, ws.ws.sock, "lock"
        else:
            outer, holder, name = ws.socket, ws, "_sendlock"
        # Under eventlet and gevent the socket that Python code sees is a coat over the real one.
        sock = getattr(outer, "fd", None) or getattr(outer, "_sock", None) or outer
        plain = isinstance(sock, _socket.socket) and not hasattr(sock, "cipher")
        if not plain or hasattr(outer, "cipher"):
            return None
        # One with a time-out would wait for it, whatever the flag says.
        ready = sock.gettimeout() == 0 or (sock.gettimeout() is None and hasattr(socket, "MSG_DONTWAIT"))
        if not ready:
            return None
        lock = getattr(holder, name)
        if not green:
            return DirectWire(sock, lock, outer.sendall, spawn)
        watched = Watched(lock, changed)  # the same lock beneath: who holds it goes on doing so
        setattr(holder, name, watched)
        return GreenWire(sock, watched, outer.sendall, spawn)
    except AttributeError:
        return None


def prepare_websocket(ws: Any, wire: Any, limit: int) -> None:
    """Refuse a message of more than `limit` bytes, in however many frames; end when the writer has ended.

    Inherited, a connection that the server closes stays open until the client answers the close: under
    eventlet 45 s, else as long as the client likes.
    """
    if hasattr(ws, "ws"):
        ws.ws.max_message_size = limit
        # It tells the reader of a message that is too big before it calls itself closed, which may be missed.
        wire.at_close = ws.ws.event.set
        say_goodbye = ws.close
    else:
        ws.Message = _eventlet_message()
        ws._apply_mask = unmask
        say_goodbye = functools.partial(ws._send_closing_frame, ignore_send_errors=True)

    def close(**details: Any) -> None:
        with suppress(OSError):
            say_goodbye(**details)
        hang_up(wire)

    ws.close = close


@functools.cache
def _eventlet_message() -> type:
    # Here, because importing eventlet where it isn't the worker would be a second event loop.
    from eventlet.websocket import FailedConnectionError, RFC6455WebSocket

    class Message(RFC6455WebSocket.Message):
        """eventlet limits a frame, but not the frames of a message."""

        size = 0

        def push(self, data: bytes, final: bool = False) -> None:
            self.size += len(data)
            if self.size > self.max_frame_length:
                raise FailedConnectionError(1009, "The message is too big.")
            super().push(data, final)

    return Message


def unmask(message: bytes, mask: tuple[int, ...], length: int | None = None, offset: int = 0) -> bytes:
    """As eventlet's, which takes 0.1 s for 1 MB, byte by byte, while everybody else waits."""
    length = len(message) if length is None else length
    key = bytes(mask[(offset + index) % 4] for index in range(4)) * (length // 4 + 1)
    number = int.from_bytes(message[:length], "little") ^ int.from_bytes(key[:length], "little")
    return number.to_bytes(length, "little")
