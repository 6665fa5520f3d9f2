"""Corrections to the websocket objects of eventlet and simple-websocket, one object at a time."""

import functools
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from teamcal.realtime.direct_write import shutdown_socket
from teamcal.realtime.worker import AsyncMode

READ_AHEAD = 1_000_000
"""Bytes of messages that are read before they can be handled."""


class FullWriteSocket:
    """A socket whose `send` writes all bytes, one caller at a time, and which calls `before_read` before each
    read. Everything else is `raw`'s.

    simple-websocket 1.1 calls `send` once, ignores how many bytes were taken, and answers pings and closes
    from another thread: a slow reader would get half a frame and then garbage.
    https://github.com/miguelgrinberg/simple-websocket/issues/45
    """

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.lock = threading.Lock()
        self.on_close: Callable[[], object] = bool
        self.before_read: Callable[[], object] = bool
        self.unhandled = 0
        """Bytes that were read since the program had last handled everything."""
        self.ended = False

    def recv(self, size: int) -> bytes:
        self.before_read()
        data: bytes = self.raw.recv(size)
        self.unhandled += len(data)
        return data

    def shutdown(self, how: int) -> None:
        self.ended = True
        self.raw.shutdown(how)

    def send(self, data: bytes) -> int:
        with self.lock:
            self.raw.sendall(data)
        return len(data)

    def close(self) -> None:
        # Closing alone doesn't wake a thread that is blocked in `sendall`.
        shutdown_socket(self)
        self.raw.close()
        self.on_close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


class _UnknownSocket:
    """Takes the place of a websocket's socket that can't be found. Shutting it down does nothing."""

    def shutdown(self, how: int) -> None: ...


def raw_socket_of(ws: Any, mode: AsyncMode) -> Any:
    """The socket under Engine.IO's websocket object: eventlet's, or a FullWriteSocket."""
    owner = ws if mode == "eventlet" else getattr(ws, "ws", None)
    return getattr(owner, "socket" if mode == "eventlet" else "sock", None) or _UnknownSocket()


class Session(Protocol):
    """Whoever handles the messages of a websocket."""

    def on_frame(self, ends_message: bool) -> None: ...
    def pause(self, seconds: float) -> None: ...


def fix_websocket(ws: Any, mode: AsyncMode, sock: Any, limit: int, session: Session) -> None:
    """Makes `ws` refuse a message of more than `limit` bytes, in however many frames, and close at once; and
    read no more from the network than `session` can handle, letting other tasks run meanwhile.

    Without this, a connection that the server closes stays open until the client answers the close: under
    eventlet 45 s, otherwise for as long as the client likes.
    """
    if mode == "eventlet":
        send_close = _fix_eventlet(ws, session)
    else:
        send_close = _fix_simple_websocket(ws, sock, limit)
        _limit_reading(ws, sock, session)

    def close(**details: Any) -> None:
        with suppress(OSError):
            send_close(**details)
        shutdown_socket(sock)

    ws.close = close


def release_websocket(ws: Any, sock: Any) -> None:
    """Undoes `fix_websocket` at the end.

    The corrections refer to what they correct, and such a cycle, 30 KB with all that hangs on it, would stay
    until a full garbage collection: after a connection of hours, for days.
    """
    vars(ws).pop("_recv_frame", None)

    def close(**details: Any) -> None:  # Engine.IO's writer may still call it
        shutdown_socket(sock)

    ws.close = close
    if isinstance(sock, FullWriteSocket):
        sock.before_read = sock.on_close = bool


def _fix_simple_websocket(ws: Any, sock: Any, limit: int) -> Callable[..., object]:
    inner = getattr(ws, "ws", None)
    if inner is not None:
        inner.max_message_size = limit
    event = getattr(inner, "event", None)
    if event is not None and isinstance(sock, FullWriteSocket):
        # After a message that is too big, simple-websocket wakes the reader before it marks itself as closed,
        # and the reader may miss the close: wake it again.
        sock.on_close = event.set
    close: Callable[..., object] = ws.close
    return close


def _limit_reading(ws: Any, sock: Any, session: Session) -> None:
    """simple-websocket's task reads whatever comes, and keeps it. This one waits while there is too much."""
    inner = getattr(ws, "ws", None)
    messages = getattr(inner, "input_buffer", None)
    if messages is None or not isinstance(sock, FullWriteSocket):
        return

    def wait_for_room() -> None:
        session.pause(0)
        while messages and sock.unhandled > READ_AHEAD and not sock.ended:
            session.pause(0.05)
        if not messages:
            sock.unhandled = 0

    sock.before_read = wait_for_room


def _let_others_run(ws: Any, session: Session) -> None:
    """eventlet reads frames that have arrived without letting another task run."""
    receive = getattr(ws, "_recv_frame", None)
    if receive is None:
        return

    def receive_frame(**details: Any) -> Any:
        frame = receive(**details)
        session.on_frame(not frame.opcode & 8 and frame.finished)
        return frame

    ws._recv_frame = receive_frame


def _fix_eventlet(ws: Any, session: Session) -> Callable[..., object]:
    _let_others_run(ws, session)
    message = limited_message()
    if message is not None:
        ws.Message = message
    ws._apply_mask = unmask
    send_close = getattr(ws, "_send_closing_frame", None)
    return functools.partial(send_close, ignore_send_errors=True) if send_close else lambda **details: None


@functools.cache
def limited_message() -> type | None:
    """eventlet's message class with a limit, or None if eventlet has no such class any more."""
    # Imported here: under another worker, eventlet would bring in a second event loop.
    from eventlet import websocket

    inherited: Any = getattr(websocket.RFC6455WebSocket, "Message", None)
    if inherited is None:
        return None

    class Message(inherited):
        """Limits the size of a message. eventlet limits only the size of a frame."""

        size = 0

        def push(self, data: bytes, final: bool = False) -> None:
            self.size += len(data)
            if self.size > self.max_frame_length:
                raise websocket.FailedConnectionError(1009, "The message is too big.")
            super().push(data, final)

    return Message


def unmask(message: bytes, mask: tuple[int, ...], length: int | None = None, offset: int = 0) -> bytes:
    """Replaces eventlet's function, which works byte by byte: 1 MB would block all clients for 0.1 s."""
    length = len(message) if length is None else length
    key = bytes(mask[(offset + index) % 4] for index in range(4)) * (length // 4 + 1)
    number = int.from_bytes(message[:length], "little") ^ int.from_bytes(key[:length], "little")
    return number.to_bytes(length, "little")
