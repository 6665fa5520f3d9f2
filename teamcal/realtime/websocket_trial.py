"""Tries library internals of websockets: over a socket pair, whose other end is the client's."""

import io
import socket
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import engineio

from teamcal.library_internals import WEBSOCKET_WRAPPER
from teamcal.realtime.direct_write import ObservedLock, os_socket_of, shutdown_socket
from teamcal.realtime.engineio_socket import EngineIoSocket
from teamcal.realtime.trials import QUIET, SECONDS, within_time, working_of
from teamcal.realtime.websocket_fixes import FullWriteSocket, fix_websocket, raw_socket_of, unmask
from teamcal.realtime.worker import AsyncMode

LIMIT = 100
"""The largest message that the trial's server takes, in bytes."""


class _WebsocketTrial:
    """A websocket over a socket pair, opened as Engine.IO does, with this program's fixes.

    The results are in `working`, also when the trial doesn't end.
    """

    def __init__(self, mode: AsyncMode) -> None:
        self.mode = mode
        self.working: set[str] = set()
        self.frames: list[bool] = []
        accepted, self.client_end = socket.socketpair()
        # As `accept` makes it: eventlet's socketpair wraps its sockets twice.
        kind = (accepted.family, accepted.type, accepted.proto)
        self.server_end = socket.socket(*kind, fileno=accepted.detach())
        self.client_end.settimeout(SECONDS)
        self.given: Any = self.server_end if mode == "eventlet" else FullWriteSocket(self.server_end)

    def run(self) -> None:
        within_time(self._open)
        for end in (self.client_end, self.server_end):
            shutdown_socket(end)
            end.close()

    def _open(self) -> None:
        trial = self

        class TrialSocket(EngineIoSocket):
            def _websocket_handler(self, ws: Any) -> list[Any]:
                trial.working.add("Socket._websocket_handler")
                trial.try_websocket(ws)
                return []

        engine = engineio.Server(
            async_mode=self.mode, monitor_clients=False, logger=QUIET, max_http_buffer_size=LIMIT
        )
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/socket.io/",
            "HTTP_HOST": "localhost",
            "HTTP_UPGRADE": "websocket",
            "HTTP_CONNECTION": "Upgrade",
            "HTTP_SEC_WEBSOCKET_VERSION": "13",
            "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
            "wsgi.errors": io.StringIO(),
            "werkzeug.socket": self.given,
            "eventlet.input": SimpleNamespace(get_socket=lambda: self.given),
        }
        # Engine.IO ends a websocket's request by an exception, under most servers.
        TrialSocket(engine, "trial").handle_get_request(environ, lambda *response: None)

    def try_websocket(self, ws: Any) -> None:
        if self.mode == "eventlet":
            self._try(self._eventlet_checks(ws))
        else:
            self._try(self._simple_websocket_checks(ws))

    def _try(self, checks: Mapping[str, Callable[[], object]]) -> None:
        for name, check in checks.items():
            self.working |= working_of({name: check})

    def _eventlet_checks(self, ws: Any) -> dict[str, Callable[[], object]]:
        masks: list[Any] = []

        def unmask_recorded(message: bytes, mask: Any, **where: Any) -> bytes:
            masks.append(mask)
            return unmask(message, mask, **where)

        def reads_by_our_function() -> bool:
            fix_websocket(ws, self.mode, self.given, LIMIT, self)
            ws._apply_mask = unmask_recorded
            self.client_end.sendall(HELLO)
            return ws.wait() == "hello" and bool(masks)

        def closes_with_a_frame() -> bool:
            ws.close()
            return b"\x88" in self._received()

        return {
            "WebSocket.socket": lambda: raw_socket_of(ws, self.mode) is self.given,
            "GreenSocket.fd": self._finds_os_socket,
            "WebSocket._sendlock": lambda: self._writes_under_our_lock(ws),
            "RFC6455WebSocket._apply_mask": reads_by_our_function,
            "RFC6455WebSocket._recv_frame": lambda: self.frames == [True],
            "RFC6455WebSocket.Message": lambda: self._refuses_a_big_message(ws),
            "RFC6455WebSocket.close, _send_closing_frame": closes_with_a_frame,
        }

    def _simple_websocket_checks(self, ws: Any) -> dict[str, Callable[[], object]]:
        def has_our_socket() -> bool:
            ws.send("hello")
            return raw_socket_of(ws, self.mode) is self.given and b"hello" in self._received(once=True)

        def wakes_its_reader() -> bool:
            fix_websocket(ws, self.mode, self.given, LIMIT, self)
            self.client_end.sendall(HELLO)
            return ws.wait() == "hello" and self.given.on_close == ws.ws.event.set

        return {
            "socket._sock": self._finds_os_socket,
            WEBSOCKET_WRAPPER: lambda: hasattr(ws.ws, "receive") and callable(ws.close),
            "Base.sock": has_our_socket,
            "Base.event": wakes_its_reader,
            "Base.input_buffer": lambda: bool(self.frames) and ws.ws.input_buffer == [],
            "Base.max_message_size": lambda: self._refuses_a_big_message(ws),
        }

    def on_frame(self, ends_message: bool) -> None:
        self.frames.append(ends_message)

    def pause(self, seconds: float) -> None:
        self.frames.append(True)

    def _finds_os_socket(self) -> bool:
        return bool(os_socket_of(self.server_end).fileno() == self.server_end.fileno())

    def _writes_under_our_lock(self, ws: Any) -> bool:
        changes: list[bool] = []
        ws._sendlock = ObservedLock(ws._sendlock, lambda: changes.append(ws._sendlock.locked()))
        ws.send("hello")
        return changes == [True, False]

    def _refuses_a_big_message(self, ws: Any) -> bool:
        self.client_end.sendall(TOO_BIG)
        return ws.wait() is None

    def _received(self, once: bool = False) -> bytes:
        """What the client has received: after one read, or until the server has closed."""
        data = self.client_end.recv(65_536)
        while not once and (more := self.client_end.recv(65_536)):
            data += more
        return bytes(data)


def _masked(text: bytes, first_byte: int) -> bytes:
    """A client's frame. `first_byte` holds its opcode, and whether it is the last one of its message."""
    mask = b"\x01\x02\x03\x04"
    data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(text))
    return bytes([first_byte, 0x80 | len(text)]) + mask + data


HELLO = _masked(b"hello", 0x81)
TOO_BIG = _masked(b"x" * 60, 0x01) + _masked(b"x" * 60, 0x80)
"""A message of two frames, together larger than LIMIT."""


def try_websocket(mode: AsyncMode) -> set[str]:
    """Opens a websocket, reads and writes through it, and closes it."""
    trial = _WebsocketTrial(mode)
    trial.run()
    return set(trial.working)
