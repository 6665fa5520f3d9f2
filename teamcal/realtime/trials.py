"""Tries library internals: each function returns the names (see library_internals.py) of those that work.

Servers made for the trial serve clients over polling; websocket_trial.py opens a websocket. Nothing
here raises: an internal that doesn't work is missing in the result.
"""

import io
import logging
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

from teamcal.library_internals import ROOMS, SESSION
from teamcal.realtime.broadcast import TextPacket, members_of
from teamcal.realtime.direct_write import frame_of
from teamcal.realtime.engineio_socket import EngineIoSocket
from teamcal.realtime.rooms import RoomManager
from teamcal.realtime.shared_packet import SharedPacket
from teamcal.realtime.socket_factory import use_socket_class
from teamcal.realtime.worker import AsyncMode

OVERRIDDEN = (
    "send", "receive", "poll", "close", "schedule_ping", "handle_get_request", "handle_post_request",
)  # fmt: skip
ATTRIBUTES = ("queue", "closed", "closing", "connected", "_upgraded", "upgrading", "last_ping")
SECONDS = 5.0
"""How long a trial waits for a library that has changed."""
QUIET = logging.getLogger(__name__ + ".libraries")
QUIET.setLevel(logging.CRITICAL + 1)


def working_of(checks: Mapping[str, Callable[[], object]]) -> set[str]:
    """The names whose check returns something true; the checks are called in their order."""
    names: set[str] = set()
    for name, check in checks.items():
        with suppress(Exception):
            if check():
                names.add(name)
    return names


def within_time(task: Callable[[], object]) -> None:
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
    within_time(lambda: working.update(_try_sockets(mode)))
    within_time(lambda: working.update(_try_events(mode)))
    return set(working)


def _socketio_server(mode: AsyncMode) -> Any:
    return socketio.Server(
        async_mode=mode,
        serializer=TextPacket,
        monitor_clients=False,
        ping_interval=0.01,  # a plain socket starts a task that sleeps for so long
        logger=QUIET,
        engineio_logger=QUIET,
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
    attributes = "Socket.queue, closed, closing, connected, upgraded, upgrading, last_ping"
    return working_of(
        {
            "server.socket.Socket": lambda: len(sessions) == 1,
            "Server._cors_headers": lambda: isinstance(engine._cors_headers({"REQUEST_METHOD": "GET"}), list),
            "Server.sockets": lambda: isinstance(engine.sockets, dict) and "close" in calls,
            SESSION: lambda: calls >= set(OVERRIDDEN),
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
    connected: list[Any] = []
    connect = server._handle_connect

    def record(*event: Any) -> None:
        connected.append(event)
        connect(*event)

    server._handle_connect = record
    server.on("connect", lambda sid, environ: None)
    server.on("trial", lambda sid, payload: triggered.append(payload))
    server._handle_event = lambda *event: handled.append(event)
    sid = _client_with_an_event(server)

    return working_of(
        {
            "BaseManager.rooms": lambda: members_of(server.manager, None) == (sid,),
            "Server._handle_connect": lambda: connected[0] in ((sid, None, None), (sid, "/", None)),
            "Server._handle_event": lambda: handled[0][0] == sid and handled[0][2:] == (0, ["trial", {}]),
            "Server._trigger_event": lambda: _triggers(server, sid, triggered),
            "Server._send_packet": lambda: _acknowledges(server, sid),
            "Server._send_eio_packet": lambda: _sends_calendar(server, sid),
        }
    )


def _client_with_an_event(server: Any) -> str:
    """A client that connects, polls and sends an event; its id."""
    sid = _connect(server.eio)
    _call(server.eio, "POST", sid, b"40")
    _call(server.eio, "GET", sid)
    _call(server.eio, "POST", sid, b'420["trial",{}]')
    return sid


def _triggers(server: Any, sid: str, triggered: list[Any]) -> bool:
    triggered.clear()
    server._trigger_event("trial", "/", server.manager.sid_from_eio_sid(sid, "/"), {})
    return triggered == [{}]


def _acknowledges(server: Any, sid: str) -> bool:
    server._send_packet(sid, server.packet_class(ACK, namespace="/", id=0, data=["answer"]))
    return b'430["answer"]' in _call(server.eio, "GET", sid)


def _sends_calendar(server: Any, sid: str) -> bool:
    packet = SharedPacket(b'2["trial",', memoryview(b"[]"), b"]")
    sent: list[Any] = []
    engine = SimpleNamespace(send_packet=lambda *arguments: sent.extend(arguments))
    type(server)._send_eio_packet(SimpleNamespace(eio=engine), sid, packet)
    return sent == [sid, packet]


def try_rooms() -> set[str]:
    """A client enters a room and goes."""

    def goes() -> bool:
        manager = RoomManager()
        manager.set_server(
            SimpleNamespace(eio=engineio.Server(monitor_clients=False), packet_class=TextPacket)
        )
        sid = manager.connect("engine's", "/")
        manager.enter_room(sid, "/", "room")
        entered = list(manager.get_participants("/", "room")) == [(sid, "engine's")]
        manager.pre_disconnect(sid, "/")
        manager.disconnect(sid, "/")
        left = (manager.clients, manager.pending_connect, manager.pending_disconnect, manager.callbacks)
        return entered and not any(left) and not any(manager.get_participants("/", "room"))

    return working_of({ROOMS: goes})


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

    return working_of(
        {
            "Packet.encode": encode,
            "Payload.max_decode_packets": limit_packets,
            "Packet.uses_binary_events": lambda: TextPacket(EVENT, data=[b""]).packet_type == EVENT,
        }
    )


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
    return working_of(checks)


def try_test_client() -> set[str]:
    """Whether Flask-SocketIO's method is still there to be overridden."""
    return working_of({"SocketIO.test_client": lambda: callable(SocketIO.test_client)})
