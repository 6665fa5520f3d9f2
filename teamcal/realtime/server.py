"""Socket.IO's server: its options, its sockets, and how live messages are broadcast."""

import json
from collections.abc import Callable
from typing import Any

import engineio.payload
from flask import Flask
from flask_socketio import SocketIO

from teamcal import library_internals
from teamcal.domain.values import to_json
from teamcal.metrics import DELIVERIES, NO_METRICS, Metrics
from teamcal.realtime.admission import Admission
from teamcal.realtime.broadcast import Broadcast, TextPacket, broadcast_by_outbox
from teamcal.realtime.engineio_socket import EngineIoSocket, socket_class, use_socket_class
from teamcal.realtime.gate import MAX_BYTES, Application, RequestChecks
from teamcal.realtime.outbox import Outbox
from teamcal.realtime.pings import PingScheduler
from teamcal.realtime.start_check import missing_internals
from teamcal.realtime.worker import async_mode, quiet_logger

# Forty joins at once are one polling request; Engine.IO's own limit is 16.
# https://github.com/miguelgrinberg/python-engineio/issues/142
PACKETS_IN = 512


class FrameJson:
    """JSON of live messages: Korean unescaped, half the bytes of the escaped form."""

    loads = staticmethod(json.loads)

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        try:
            return to_json(value).decode()
        except TypeError:  # text with lone surrogates: whatever a client sends gets an answer
            return json.dumps(value, separators=(",", ":"))


def socketio_options() -> dict[str, Any]:
    """Keyword arguments for Flask-SocketIO's SocketIO, without origins."""
    return {
        "async_mode": async_mode(),
        # A client's messages are handled in the order in which they arrive: a leave that overtook its join
        # would leave a ghost member.
        "async_handlers": False,
        # The answer to a connect comes before the events of its handler; some clients drop earlier events.
        "always_connect": True,
        "ping_interval": 25,
        "ping_timeout": 20,
        "max_http_buffer_size": MAX_BYTES,
        # Compressing a single change costs more than it saves; a whole calendar is worth it.
        "http_compression": True,
        "compression_threshold": 8_192,
        "cookie": None,
        # Flask's session is empty, so no copy has to be kept for each client.
        "manage_session": False,
        "serializer": TextPacket,
        "json": FrameJson,
        "logger": quiet_logger("teamcal.socketio"),
        "engineio_logger": quiet_logger("teamcal.engineio"),
    }


class CalendarSocketIO(SocketIO):
    """Flask-SocketIO with this server's sockets and its broadcasts, the same under every worker.

    `origins`: "*" or a list. `direct`: whether websockets are written to directly; without it, or where a
    library has changed, Socket.IO's own emit sends the broadcasts. Raises LibraryChanged.
    """

    def __init__(
        self, app: Flask, origins: str | list[str], direct: bool = True, metrics: Metrics = NO_METRICS
    ) -> None:
        self._metrics = metrics
        super().__init__(app, cors_allowed_origins=origins, cors_credentials=False, **socketio_options())
        engineio.payload.Payload.max_decode_packets = PACKETS_IN
        missing = {internal.without_it for internal in missing_internals(async_mode())}
        plain_sockets = library_internals.PLAIN_SOCKETS in missing
        emit = not direct or plain_sockets or library_internals.EMIT in missing
        outbox = None if emit else self._outbox()
        # Engine.IO refers to the class only weakly: this object keeps it.
        self._socket_class = None if plain_sockets else self._use_socket_class(outbox)
        self._broadcast: Broadcast = (
            self._emit if outbox is None else broadcast_by_outbox(self.server, outbox)
        )

    def _outbox(self) -> Outbox:
        engine = self.server.eio
        # Engine.IO replaces the dict of its sockets when it disconnects all.
        return Outbox(lambda: engine.sockets, engine.start_background_task, engine.sleep, self._metrics)

    def _use_socket_class(self, outbox: Outbox | None) -> type[EngineIoSocket]:
        engine = self.server.eio
        pings = PingScheduler(lambda: engine.ping_interval, engine.start_background_task, engine.sleep)
        sockets = socket_class(outbox, pings, self._metrics)
        use_socket_class(engine, sockets)
        return sockets

    def broadcast(self, name: str, payload: dict[str, Any], room: str | None) -> None:
        """Sends to everybody who is in `room` now, or to all clients without one."""
        self._broadcast(name, payload, room)

    def _emit(self, name: str, payload: dict[str, Any], room: str | None) -> None:
        members = self.server.manager.get_participants("/", room)
        self._metrics.add(DELIVERIES, sum(1 for member in members))
        self.emit(name, payload, to=room)

    def test_client(self, *arguments: Any, **options: Any) -> Any:
        """Flask-SocketIO's test client has no connection and receives what `emit` sends, nothing else.

        So from the first one on, `emit` sends the broadcasts.
        """
        self._broadcast = self._emit
        return super().test_client(*arguments, **options)


def gate(socketio: SocketIO) -> Callable[[Application], RequestChecks]:
    """Returns the WSGI layer that stands in front of Engine.IO."""
    engine = socketio.server.eio
    green = async_mode() != "threading"
    admission = Admission(engine.start_background_task, engine.sleep) if green else None
    return lambda application: RequestChecks(application, admission)
