"""Acknowledgements that are sent from within the handler, and answers that carry a calendar.

python-socketio sends a handler's acknowledgement after it returns, when a later change may have overtaken
it. An answer and its acknowledgement must be queued together, before any later change: see
docs/develop/sync.md.
"""

from contextvars import ContextVar
from typing import Any

from teamcal.realtime.shared_packet import message_packet

EVENT_PACKET, ACK_PACKET = "2", "3"


class Acknowledgement:
    """What a client's message is acknowledged with: once at most, and only if the client asked for it."""

    def __init__(self, server: Any, eio_sid: str, ack_id: int | None) -> None:
        self._server, self._eio_sid, self._ack_id = server, eio_sid, ack_id

    @property
    def wanted(self) -> bool:
        return self._ack_id is not None

    def send(self, payload: Any, events: memoryview | None = None) -> None:
        """`events`: JSON that becomes the member `events` of `payload`."""
        if self._ack_id is None:
            return
        ack_id, self._ack_id = self._ack_id, None
        if events is None:
            packet = self._server.packet_class(int(ACK_PACKET), namespace="/", id=ack_id, data=[payload])
            self._server._send_packet(self._eio_sid, packet)
        else:
            send_calendar(self._server, self._eio_sid, f"{ACK_PACKET}{ack_id}[", payload, events)


_acknowledgement: ContextVar[Acknowledgement] = ContextVar("acknowledgement")


def acknowledgement() -> Acknowledgement:
    """Returns that of the client's message that is being handled."""
    return _acknowledgement.get()


def emit_calendar(server: Any, eio_sid: str, name: str, payload: dict[str, Any], events: memoryview) -> None:
    """Sends an event to one client; `events` is JSON that becomes the member `events` of `payload`."""
    send_calendar(server, eio_sid, f'{EVENT_PACKET}["{name}",', payload, events)


def send_calendar(server: Any, eio_sid: str, start: str, payload: dict[str, Any], events: memoryview) -> None:
    """The packet is `start` and `payload`, without a copy of `events`, which all who ask for them share."""
    text = server.packet_class.json.dumps(payload).removesuffix("}")
    head = f'{start}{text}{"," if payload else ""}"events":'
    server._send_eio_packet(eio_sid, message_packet(head.encode(), events, b"}]"))


class Acknowledgements:
    """Replaces the dispatcher of `server`, a socketio.Server."""

    def __init__(self, server: Any) -> None:
        self.server = server
        server._handle_event = self._handle_event

    def _handle_event(self, eio_sid: str, namespace: str | None, ack_id: int | None, data: Any) -> None:
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            return  # without the name of an event there is nothing to answer
        namespace = namespace or "/"
        sid = self.server.manager.sid_from_eio_sid(eio_sid, namespace)
        if data[0] in ("connect", "disconnect") or not self.server.manager.is_connected(sid, namespace):
            return
        token = _acknowledgement.set(Acknowledgement(self.server, eio_sid, ack_id))
        try:
            self.server._trigger_event(data[0], namespace, sid, *data[1:])
        finally:
            _acknowledgement.reset(token)
