"""Socket.IO's server: its options, its sockets, and how live messages are broadcast."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import engineio.payload
from flask import Flask
from flask_socketio import SocketIO
from socketio import Manager

from teamcal import library_internals
from teamcal.domain.values import to_json
from teamcal.http.origins import OriginRule
from teamcal.http.refusals import Refusals
from teamcal.http.rules import BrowserRules
from teamcal.metrics import DELIVERIES, NO_METRICS, Metrics
from teamcal.realtime.admission import Admission
from teamcal.realtime.broadcast import Broadcast, TextPacket, broadcast_by_outbox, event_packet
from teamcal.realtime.engineio_socket import EngineIoSocket
from teamcal.realtime.gate import MAX_BYTES, Application, RequestChecks
from teamcal.realtime.message_rate import MessageRate
from teamcal.realtime.outbox import Outbox
from teamcal.realtime.pings import PingScheduler
from teamcal.realtime.repeated_connects import ignore_repeated_connects
from teamcal.realtime.rooms import RoomManager, participants
from teamcal.realtime.send_away import close_in_slices, mute
from teamcal.realtime.socket_factory import socket_class, use_socket_class
from teamcal.realtime.start_check import missing_internals
from teamcal.realtime.unread import ProcessUnread, UnreadLimits
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


class SocketLimits(NamedTuple):
    """What one client may send, and leave unread."""

    rate: MessageRate = MessageRate()
    unread: UnreadLimits = UnreadLimits()


NO_SETTINGS = SocketLimits()


class CalendarSocketIO(SocketIO):
    """Flask-SocketIO with this server's sockets and its broadcasts, the same under every worker.

    `origins`: which pages may connect. `direct`: whether websockets are written to directly; without it, or
    where a library has changed, Socket.IO's own emit sends the broadcasts. `limits_members`: whether clients
    are made to leave rooms; `membership` is then held while somebody enters, leaves or is sent to one. Raises
    LibraryChanged.
    """

    def __init__(
        self,
        app: Flask,
        origins: OriginRule,
        direct: bool = True,
        metrics: Metrics = NO_METRICS,
        limits: SocketLimits = NO_SETTINGS,
        limits_members: bool = False,
    ) -> None:
        self._metrics, self._limits = metrics, limits
        self.membership: AbstractContextManager[Any] = threading.RLock() if limits_members else nullcontext()
        missing = {internal.without_it for internal in missing_internals(async_mode())}
        manager = Manager() if library_internals.MANY_ROOMS in missing else RoomManager()
        options = {"cors_allowed_origins": origins, "cors_credentials": False, "client_manager": manager}
        super().__init__(app, **options, **socketio_options())
        ignore_repeated_connects(self.server)
        engineio.payload.Payload.max_decode_packets = PACKETS_IN
        plain_sockets = library_internals.PLAIN_SOCKETS in missing
        emit = not direct or plain_sockets or library_internals.EMIT in missing
        self._outbox = outbox = None if emit else self._new_outbox()
        self._has_test_clients = False
        # Engine.IO refers to the class only weakly: this object keeps it.
        self._socket_class = None if plain_sockets else self._use_socket_class(outbox)
        self._broadcast: Broadcast = (
            self._emit if outbox is None else broadcast_by_outbox(self.server, outbox, self.membership)
        )

    def _new_outbox(self) -> Outbox:
        engine = self.server.eio
        return Outbox(self._sockets, engine.start_background_task, engine.sleep, self._metrics)

    def _use_socket_class(self, outbox: Outbox | None) -> type[EngineIoSocket]:
        engine, manager = self.server.eio, self.server.manager
        tasks = (engine.start_background_task, engine.sleep)
        sockets = socket_class(
            outbox=outbox,
            metrics=self._metrics,
            rate=self._limits.rate,
            process_unread=ProcessUnread(self._limits.unread, lambda: list(self._sockets().values())),
            pings=PingScheduler(lambda: engine.ping_interval, *tasks),
            timeouts=PingScheduler(lambda: engine.ping_timeout, *tasks),
            is_connected=staticmethod(lambda sid: manager.sid_from_eio_sid(sid, "/") is not None),
        )
        use_socket_class(engine, sockets)
        return sockets

    def _sockets(self) -> Mapping[str, Any]:
        """The sessions now, by their ids; none if Engine.IO has changed. It replaces the dict at times."""
        return getattr(self.server.eio, "sockets", {})

    def _session(self, sid: str) -> EngineIoSocket | None:
        """The session of a Socket.IO client; None for one that has gone, and for test clients."""
        session = self._sockets().get(self.server.manager.eio_sid_from_sid(sid, "/"))
        return session if isinstance(session, EngineIoSocket) else None

    def wait_until_calendar_fits(self, sid: str) -> None:
        """See EngineIoSocket."""
        if (session := self._session(sid)) is not None:
            session.wait_until_calendar_fits()

    def charge(self, sid: str, messages: float) -> None:
        """Counts the message that is being handled as so many more."""
        if (session := self._session(sid)) is not None:
            session.charge(messages)

    def broadcast(self, name: str, payload: dict[str, Any], room: str | None) -> None:
        """Sends to everybody who is in `room` now, or to all clients without one."""
        self._broadcast(name, payload, room)

    def _emit(self, name: str, payload: dict[str, Any], room: str | None) -> None:
        with self.membership:
            members = self.server.manager.get_participants("/", room)
            self._metrics.add(DELIVERIES, sum(1 for member in members))
            self.emit(name, payload, to=room)

    def wait_for_outbox(self) -> None:
        """See Outbox.wait."""
        if self._outbox is not None:
            self._outbox.wait()

    def send_to(self, sids: Iterable[str], name: str, payload: dict[str, Any]) -> None:
        """Sends to these clients, behind everything that was sent before. Doesn't wait.

        When too much is queued already they are sent away instead: they come back and ask for everything.
        """
        manager, outbox = self.server.manager, self._outbox
        clients = [(sid, eio) for sid in sids if (eio := manager.eio_sid_from_sid(sid, "/")) is not None]
        if not clients:
            return
        if outbox is None or self._has_test_clients:
            for sid, _ in clients:
                self.emit(name, payload, to=sid)
        elif outbox.is_overfull:
            self._send_away(clients)
        else:
            outbox.queue(tuple(eio for _, eio in clients), event_packet(self.server, name, payload))

    def members(self, room: str) -> list[str]:
        """Returns the Socket.IO ids of those who are in the room now."""
        return [sid for sid, _ in participants(self.server.manager, room)]

    def send_away(self, room: str | None) -> None:
        """Closes the connections of all who are in `room`, or of all clients, so that they reconnect.

        They are sent nothing more from now on; the connections are closed in the background.
        """
        self._send_away(participants(self.server.manager, room), everybody=room is None)

    def _send_away(self, clients: Iterable[tuple[str, str]], everybody: bool = False) -> None:
        engine, sockets = self.server.eio, self._sockets()
        sessions = list(sockets.values()) if everybody else []
        for sid, engine_sid in clients:
            session = sockets.get(engine_sid)
            if session is None:  # a test client, or Engine.IO has changed
                self.server.disconnect(sid)
            elif not everybody:
                sessions.append(session)
        mute(sessions)
        if self._outbox is not None:
            self._outbox.invalidate()
        try:
            engine.start_background_task(close_in_slices, sessions, engine.sleep)
        except RuntimeError:  # can't start a new thread
            close_in_slices(sessions, engine.sleep)

    def drop_session(self, eio_sid: str) -> None:
        """Ends a client's transport so that it comes back."""
        session = self._sockets().get(eio_sid)
        if isinstance(session, EngineIoSocket):
            session.send_away()
        elif session is not None:
            session.close(wait=False, abort=True)

    def test_client(self, *arguments: Any, **options: Any) -> Any:
        """Flask-SocketIO's test client has no connection and receives what `emit` sends, nothing else.

        So from the first one on, `emit` sends the broadcasts.
        """
        self._broadcast, self._has_test_clients = self._emit, True
        return super().test_client(*arguments, **options)


def gate(
    socketio: SocketIO, refusals: Refusals, rules: BrowserRules
) -> Callable[[Application], RequestChecks]:
    """Returns the WSGI layer that stands in front of Engine.IO."""
    engine = socketio.server.eio
    green = async_mode() != "threading"
    admission = Admission(engine.start_background_task, engine.sleep) if green else None
    return lambda application: RequestChecks(application, admission, refusals, rules)
