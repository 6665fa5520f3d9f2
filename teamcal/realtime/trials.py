"""Tries library internals: each function returns the names (see library_internals.py) of those that work.

Servers made for the trial serve clients over polling, and one over a websocket whose other end is in this
process. Nothing here raises: an internal that doesn't work is missing in the result.
"""

import io
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import engineio
import engineio.packet
import engineio.payload
import socketio
from flask_socketio import SocketIO
from socketio.packet import ACK, EVENT

from teamcal.library_internals import WEBSOCKET_WRAPPER
from teamcal.realtime.broadcast import TextPacket, members_of
from teamcal.realtime.direct_write import ObservedLock, frame_of, os_socket_of, shutdown_socket
from teamcal.realtime.engineio_socket import EngineIoSocket, use_socket_class
from teamcal.realtime.websocket_fixes import FullWriteSocket, fix_websocket, raw_socket_of, unmask
from teamcal.realtime.worker import AsyncMode

OVERRIDDEN = ("send", "poll", "close", "schedule_ping", "handle_post_request")
ATTRIBUTES = ("queue", "closed", "closing", "connected", "_upgraded", "upgrading", "last_ping")
SECONDS = 5.0
"""How long a trial waits for a library that has changed."""
LIMIT = 100
"""The largest message in the trial of websockets, in bytes."""

_quiet = logging.getLogger(__name__ + ".libraries")
_quiet.setLevel(logging.CRITICAL + 1)


def _working(checks: Mapping[str, Callable[[], object]]) -> set[str]:
    """The names whose check returns something true; the checks are called in their order."""
    names: set[str] = set()
    for name, check in checks.items():
        with suppress(Exception):
            if check():
                names.add(name)
    return names


def _within_time(task: Callable[[], object]) -> None:
    """Returns after `SECONDS` at most: a library that has changed might wait for ever."""

    def run() -> None:
        with suppress(Exception):
            task()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)


def try_polling(mode: AsyncMode) -> set[str]:
    """Serves clients over polling, by WSGI calls."""
    working = _try_packets()
    _within_time(lambda: working.update(_try_sockets(mode)))
    _within_time(lambda: working.update(_try_events(mode)))
    return set(working)


def _socketio_server(mode: AsyncMode) -> Any:
    return socketio.Server(
        async_mode=mode,
        serializer=TextPacket,
        monitor_clients=False,
        ping_interval=0.01,  # a plain socket starts a task that sleeps for so long
        logger=_quiet,
        engineio_logger=_quiet,
    )


def _call(engine: Any, method: str, sid: str = "", body: bytes = b"") -> bytes:
    """One polling request, and the body of its response."""
    environ = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": "EIO=4&transport=polling" + (f"&sid={sid}" if sid else ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    return b"".join(engine.handle_request(environ, lambda status, headers: None))


def _connect(engine: Any) -> str:
    """A new client's id."""
    return _call(engine, "GET").split(b'"sid":"')[1].split(b'"')[0].decode()


def _try_sockets(mode: AsyncMode) -> set[str]:
    """A client of a server with our class of sockets connects, sends, polls and is disconnected."""
    engine = _socketio_server(mode).eio
    sessions: list[Any] = []
    calls: set[str] = set()
    sockets = _recording_class(sessions, calls)
    use_socket_class(engine, sockets)
    with suppress(Exception):
        _connect(engine)
    if sessions:  # else Engine.IO made a socket of its own, and closing that one waits for its client
        for method, body in (("POST", b"40"), ("GET", b"")):
            with suppress(Exception):
                _call(engine, method, sessions[0].sid, body)
        with suppress(Exception):
            engine.disconnect()
    overridden = "Socket.send, poll, close, schedule_ping, handle_post_request"
    attributes = "Socket.queue, closed, closing, connected, upgraded, upgrading, last_ping"
    return _working(
        {
            "server.socket.Socket": lambda: len(sessions) == 1,
            "Server.sockets": lambda: isinstance(engine.sockets, dict) and "close" in calls,
            overridden: lambda: calls >= set(OVERRIDDEN),
            attributes: lambda: vars(sessions[0]).keys() >= set(ATTRIBUTES),
        }
    )


def _recording_class(sessions: list[Any], calls: set[str]) -> type[EngineIoSocket]:
    """A class of sockets that adds the name of each overridden method to `calls` when it is called."""

    def recording(name: str) -> Callable[..., Any]:
        inherited = getattr(EngineIoSocket, name)

        def call(self: Any, *arguments: Any, **options: Any) -> Any:
            calls.add(name)
            if self not in sessions:
                sessions.append(self)
            # Scheduling a ping would start a task that sleeps for a ping interval.
            return None if name == "schedule_ping" else inherited(self, *arguments, **options)

        return call

    return type("RecordingSocket", (EngineIoSocket,), {name: recording(name) for name in OVERRIDDEN})


def _try_events(mode: AsyncMode) -> set[str]:
    """A client sends an event and polls its acknowledgement, which is sent as in handlers.py."""
    server = _socketio_server(mode)
    handled: list[Any] = []
    triggered: list[Any] = []
    server.on("connect", lambda sid, environ: None)
    server.on("trial", lambda sid, payload: triggered.append(payload))
    server._handle_event = lambda *event: handled.append(event)
    sid = _connect(server.eio)
    _call(server.eio, "POST", sid, b"40")
    _call(server.eio, "GET", sid)
    _call(server.eio, "POST", sid, b'420["trial",{}]')

    def acknowledge() -> bool:
        server._send_packet(sid, server.packet_class(ACK, namespace="/", id=0, data=["answer"]))
        return b'430["answer"]' in _call(server.eio, "GET", sid)

    def trigger() -> bool:
        triggered.clear()
        server._trigger_event("trial", "/", server.manager.sid_from_eio_sid(sid, "/"), {})
        return triggered == [{}]

    return _working(
        {
            "BaseManager.rooms": lambda: members_of(server.manager, None) == (sid,),
            "Server._handle_event": lambda: handled[0][0] == sid and handled[0][2:] == (0, ["trial", {}]),
            "Server._trigger_event": trigger,
            "Server._send_packet": acknowledge,
        }
    )


def _try_packets() -> set[str]:
    def encode() -> bool:
        packet = TextPacket(EVENT, namespace="/", data=["name", {}])
        frame = frame_of(engineio.packet.Packet(engineio.packet.MESSAGE, packet.encode()))
        return frame == b'\x81\x0d42["name",{}]'

    def limit_packets() -> bool:
        limited = type("Payload", (engineio.payload.Payload,), {"max_decode_packets": 17})
        packets = ["4a"] * 17
        with suppress(ValueError):
            limited(encoded_payload="\x1e".join([*packets, "4a"]))
            return False
        return len(limited(encoded_payload="\x1e".join(packets)).packets) == 17

    return _working(
        {
            "Packet.encode": encode,
            "Payload.max_decode_packets": limit_packets,
            "Packet.uses_binary_events": lambda: TextPacket(EVENT, data=[b""]).packet_type == EVENT,
        }
    )


class _WebsocketTrial:
    """A websocket over a socket pair, opened as Engine.IO does, with this program's fixes.

    The results are in `working`, also when the trial doesn't end.
    """

    def __init__(self, mode: AsyncMode) -> None:
        self.mode = mode
        self.working: set[str] = set()
        accepted, self.client_end = socket.socketpair()
        # As `accept` makes it: eventlet's socketpair wraps its sockets twice.
        kind = (accepted.family, accepted.type, accepted.proto)
        self.server_end = socket.socket(*kind, fileno=accepted.detach())
        self.client_end.settimeout(SECONDS)
        self.given: Any = self.server_end if mode == "eventlet" else FullWriteSocket(self.server_end)

    def run(self) -> None:
        _within_time(self._open)
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
            async_mode=self.mode, monitor_clients=False, logger=_quiet, max_http_buffer_size=LIMIT
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
            self.working |= _working({name: check})

    def _eventlet_checks(self, ws: Any) -> dict[str, Callable[[], object]]:
        masks: list[Any] = []

        def unmask_recorded(message: bytes, mask: Any, **where: Any) -> bytes:
            masks.append(mask)
            return unmask(message, mask, **where)

        def reads_by_our_function() -> bool:
            fix_websocket(ws, self.mode, self.given, LIMIT)
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
            "RFC6455WebSocket.Message": lambda: self._refuses_a_big_message(ws),
            "RFC6455WebSocket.close, _send_closing_frame": closes_with_a_frame,
        }

    def _simple_websocket_checks(self, ws: Any) -> dict[str, Callable[[], object]]:
        def has_our_socket() -> bool:
            ws.send("hello")
            return raw_socket_of(ws, self.mode) is self.given and b"hello" in self._received(once=True)

        def wakes_its_reader() -> bool:
            fix_websocket(ws, self.mode, self.given, LIMIT)
            self.client_end.sendall(HELLO)
            return ws.wait() == "hello" and self.given.on_close == ws.ws.event.set

        return {
            "socket._sock": self._finds_os_socket,
            WEBSOCKET_WRAPPER: lambda: hasattr(ws.ws, "receive") and callable(ws.close),
            "Base.sock": has_our_socket,
            "Base.event": wakes_its_reader,
            "Base.max_message_size": lambda: self._refuses_a_big_message(ws),
        }

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


def try_worker(mode: AsyncMode) -> set[str]:
    """The functions by which the worker is recognised, and eventlet's way into its event loop."""
    if mode != "eventlet":
        return {"monkey.is_module_patched"}  # worker.async_mode has called it
    from eventlet.hubs import get_hub

    def schedules() -> bool:
        called = threading.Event()
        hub = get_hub()
        hub.schedule_call_global(0, called.set)
        return hasattr(hub, "greenlet") and called.wait(SECONDS)

    checks = {"BaseHub.greenlet, schedule_call_global": schedules, "patcher.is_monkey_patched": lambda: True}
    return _working(checks)


def try_test_client() -> set[str]:
    """Whether Flask-SocketIO's method is still there to be overridden."""
    return _working({"SocketIO.test_client": lambda: callable(SocketIO.test_client)})
