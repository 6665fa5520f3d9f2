"""Engine.IO sessions as this server wants them, and the TCP sockets beneath their websockets.

python-engineio stays as it is: `Session` overrides what is written here and inherits the rest.
"""

import functools
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import engineio.exceptions
import engineio.socket

# What older clients take in one polling response: https://github.com/miguelgrinberg/python-engineio/issues/142
PACKETS_OUT = 16
# What reading a packet can raise: no number where its type belongs, bad base64, JSON nested too deep …
UNREADABLE = (ValueError, LookupError, TypeError, RecursionError, engineio.exceptions.UnknownPacketError)


class WholeWrites:
    """A socket whose `send` writes everything, one caller at a time; otherwise the socket itself.

    simple-websocket 1.1 calls `send` once, ignores how much was taken, and answers pings and closes from
    another thread: a slow reader gets half a frame and then garbage.
    https://github.com/miguelgrinberg/simple-websocket/issues/45
    """

    def __init__(self, sock: Any) -> None:
        self._socket = sock
        self._lock = threading.Lock()
        self.at_close: Callable[[], object] = bool

    def send(self, data: bytes) -> int:
        with self._lock:
            self._socket.sendall(data)
        return len(data)

    def close(self) -> None:
        # Closing alone leaves a thread that is blocked in `sendall` blocked for good.
        hang_up(self._socket)
        self._socket.close()
        self.at_close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


def hang_up(sock: Any) -> None:
    """End both directions at once, which wakes whoever reads from or writes to `sock`."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class Session(engineio.socket.Socket):
    """One client's Engine.IO session."""

    _wire: Any = None

    def poll(self) -> list[Any]:
        """The next packets, at most `PACKETS_OUT`; [] when the session is closed. Raises QueueEmpty.

        The inherited one hands out the whole queue, and a client that takes at most 16 packets would be
        thrown out by a burst. What is left over stays queued, in order, for the next call, which the client
        (or the websocket's writer) makes at once.
        """
        empty = self.server.get_queue_empty_exception()
        try:
            packet = self.queue.get(timeout=self.server.ping_interval + self.server.ping_timeout)
        except empty:
            raise engineio.exceptions.QueueEmpty() from None
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
        self._wire = ws.ws.sock if hasattr(ws, "ws") else ws.socket
        prepare_websocket(ws, self._wire, self.server.max_http_buffer_size)
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
            self._wire = None
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
