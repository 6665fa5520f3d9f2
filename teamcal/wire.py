"""Engine.IO sessions as this server wants them, and the TCP sockets beneath their websockets.

python-engineio stays as it is: `Session` overrides what is written here and inherits the rest.
"""

import _socket
import functools
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import engineio.exceptions
import engineio.packet
import engineio.socket

# What older clients take in one polling response: https://github.com/miguelgrinberg/python-engineio/issues/142
PACKETS_OUT = 16
MOST_BEHIND, MOST_BEHIND_SIZE = 20_000, 64_000_000
"""Packets and their characters that wait for a client that doesn't read; with more it is disconnected."""
# Engine.IO puts these into the queue by itself, and their order doesn't matter.
UNCOUNTED = (engineio.packet.NOOP, engineio.packet.CLOSE)
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


class DirectWire:
    """Writes whole frames to a websocket's socket from wherever they come up, without ever waiting.

    `sock` is the operating system's socket, `lock` the one that everybody holds who writes to it, `sendall`
    writes and may wait, `spawn(task, …)` starts a background task.
    """

    __slots__ = ("_flags", "_lock", "_send", "_sendall", "_sock", "_spawn")

    def __init__(self, sock: Any, lock: Any, sendall: Callable[[bytes], object], spawn: Any) -> None:
        self._sock, self._lock, self._sendall, self._spawn = sock, lock, sendall, spawn
        self._send = sock.send
        self._flags = getattr(socket, "MSG_DONTWAIT", 0)

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

    def write(self, frame: bytes) -> bool:
        if self._lock.locked():
            return False
        try:
            sent = self._send(frame, self._flags)
        except OSError:
            return False
        if sent < len(frame):
            self._lock.acquire(False)
            self._pass_on(frame[sent:])
        return True


def direct_wire_of(ws: Any, green: bool, spawn: Any) -> DirectWire | None:
    """None where it can't be had: TLS, a platform without MSG_DONTWAIT, a library that looks different."""
    try:
        if hasattr(ws, "ws"):
            outer, lock = ws.ws.sock.bare, ws.ws.sock.lock
        else:
            outer, lock = ws.socket, ws._sendlock
        # Under eventlet and gevent the socket that Python code sees is a coat over the real one.
        sock = getattr(outer, "fd", None) or getattr(outer, "_sock", None) or outer
        plain = isinstance(sock, _socket.socket) and not hasattr(sock, "cipher")
        if not plain or hasattr(outer, "cipher"):
            return None
        # One with a time-out would wait for it, whatever the flag says.
        ready = sock.gettimeout() == 0 or (sock.gettimeout() is None and hasattr(socket, "MSG_DONTWAIT"))
        kind = GreenWire if green else DirectWire
        return kind(sock, lock, outer.sendall, spawn) if ready else None
    except AttributeError:
        return None


class Session(engineio.socket.Socket):
    """One client's Engine.IO session.

    With an outbox at the server (`server.outbox`), packets are written to an open websocket by whoever sends
    them; those that can't be written at once take the inherited way, through the queue and its writer.
    """

    _wire: Any = None
    last_ping: float | None
    _direct: DirectWire | None = None
    # Packets in the queue or in the hands of the writer, and their characters: while there are any, nothing
    # may overtake them.
    _behind = _behind_size = 0
    _handed = (0, 0)
    _counting = threading.Lock()

    def send(self, pkt: Any) -> None:
        """Send a packet after all that was sent before. Raises SocketIsClosedError."""
        outbox = getattr(self.server, "outbox", None)
        if self.closing or pkt.packet_type in UNCOUNTED:
            super().send(pkt)
        elif self.closed:
            raise engineio.exceptions.SocketIsClosedError()
        elif outbox is None or pkt.packet_type == engineio.packet.PING:
            # A ping that waits behind what others are sent would be answered too late.
            self.deliver(Letter([pkt]))
        else:
            outbox.send(self.sid, pkt)

    def schedule_ping(self) -> None:
        """The next ping, unless one is on its way: with those of all clients (teamcal/heartbeat.py)."""
        heartbeat = getattr(self.server, "heartbeat", None)
        if heartbeat is None:
            super().schedule_ping()
        elif self.last_ping:
            self.last_ping = None
            heartbeat.later(self._ping)

    def _ping(self) -> None:
        if not self.closing and not self.closed:
            self.last_ping = time.time()
            self.send(engineio.packet.Packet(engineio.packet.PING))

    def deliver(self, letter: Letter) -> None:
        """Write `letter` to the client's websocket, or put it into the queue; doesn't wait for the client."""
        direct = self._direct
        try:
            if direct is not None and self.upgraded and not self._behind and direct.write(letter.frame):
                return
            # Counted even when the session is closed: one that misses a letter gets none after it.
            self._count(len(letter.packets), letter.size)
            if self.closed:
                return
            if self._behind > MOST_BEHIND or self._behind_size > MOST_BEHIND_SIZE:
                self._give_up()
                return
            with suppress(engineio.exceptions.SocketIsClosedError):
                for packet in letter.packets:
                    super().send(packet)
        except Exception:
            self._give_up()
            raise

    def _count(self, packets: int, size: int) -> None:
        with self._counting:
            self._behind += packets
            self._behind_size += size

    def _give_up(self) -> None:
        """End a client that doesn't keep up. It comes back and asks for what it missed, which is cheaper."""
        self.server.logger.warning("a client is %d messages behind: disconnected", self._behind)
        wire = self._wire
        self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
        if wire is not None:
            hang_up(wire)

    def poll(self) -> list[Any]:
        """The next packets, at most `PACKETS_OUT`; [] when the session is closed. Raises QueueEmpty.

        The inherited one hands out the whole queue, and a client that takes at most 16 packets would be
        thrown out by a burst. What is left over stays queued, in order, for the next call, which the client
        (or the websocket's writer) makes at once.
        """
        # Whoever asks for more has sent what it was handed before.
        packets, size = self._handed
        self._count(-packets, -size)
        self._handed = (0, 0)
        taken = self._take()
        counted = Letter([packet for packet in taken if packet.packet_type not in UNCOUNTED])
        self._handed = (len(counted.packets), counted.size)
        return taken

    def _take(self) -> list[Any]:
        packet = self._first()
        empty = self.server.get_queue_empty_exception()
        packets: list[Any] = []
        with suppress(empty):
            while packet is not None:
                packets.append(packet)
                if len(packets) == PACKETS_OUT:
                    return packets
                packet = self.queue.get(block=False)
            if packets:
                # The mark of the end is for the next call.
                self.queue.put(None)
        return packets

    def _first(self) -> Any:
        empty = self.server.get_queue_empty_exception()
        while True:
            try:
                return self.queue.get(timeout=self.server.ping_interval + self.server.ping_timeout)
            except empty:
                # A websocket that is written to directly may need its queue's writer never again.
                if self._direct is None or self.closed:
                    raise engineio.exceptions.QueueEmpty() from None

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Raises EngineIOError for a body that can't be read, which ends the session with a 400.

        The inherited one logs a stack trace and answers 200: the client would never know that its packets
        are lost.
        """
        try:
            super().handle_post_request(environ)
        except UNREADABLE as error:
            raise engineio.exceptions.EngineIOError("unreadable payload") from error

    def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        """Close the session without waiting; its websocket, if any, ends within the ping timeout.

        Inherited, `wait` joins the queue, which nobody empties when the client is gone, and a writer that
        is blocked on a client that stopped reading blocks for good.
        https://github.com/miguelgrinberg/python-engineio/pull/60
        """
        was_open = not (self.closing or self.closed)
        super().close(wait=False, abort=abort, reason=reason)
        if not was_open or self._wire is None:
            return
        if reason == self.server.reason.PING_TIMEOUT:
            hang_up(self._wire)
        elif reason != self.server.reason.TRANSPORT_CLOSE:
            self.server.start_background_task(self._hang_up_later)

    def _hang_up_later(self) -> None:
        self.server.sleep(self.server.ping_timeout)
        if self._wire is not None:
            hang_up(self._wire)

    def _websocket_handler(self, ws: Any) -> list[Any]:
        """Serve a websocket until it ends. Garbage ends this session and is no error of the server's."""
        upgrading = self.connected
        wire = ws.ws.sock if hasattr(ws, "ws") else ws.socket
        if self._wire is not None:  # a session has one at most, and what is sent can't go to two
            hang_up(wire)
            return []
        self._wire = wire
        prepare_websocket(ws, self._wire, self.server.max_http_buffer_size)
        if getattr(self.server, "outbox", None) is not None:
            green = self.server.async_mode != "threading"
            self._direct = direct_wire_of(ws, green, self.server.start_background_task)
        try:
            return super()._websocket_handler(ws)
        except (*UNREADABLE, OSError):
            if not upgrading or self.upgraded:
                hang_up(self._wire)
                self._wire = None
                self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            return []
        finally:
            # Inherited, it stays set when the probe fails, and polling then answers nothing but NOOP.
            self.upgrading = False
            self._wire = self._direct = None
            if self.closed:
                # The service task may keep the session in hand for long, but not what nobody will read.
                self.queue = self.server.create_queue()


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
