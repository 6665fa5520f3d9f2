"""Acknowledgements that are sent from within the handler.

python-socketio sends a handler's acknowledgement after it returns, when a later change may have overtaken
it. An answer and its acknowledgement must be queued together, before any later change: see
docs/develop/sync.md.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

ACK_PACKET = 3

_acknowledge: ContextVar[Callable[[Any], None]] = ContextVar("acknowledge")


def acknowledge(payload: Any) -> None:
    """Acknowledges the client's message that is being handled, if the client asked for it; once at most."""
    _acknowledge.get()(payload)


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
        token = _acknowledge.set(self._sender(eio_sid, namespace, ack_id))
        try:
            self.server._trigger_event(data[0], namespace, sid, *data[1:])
        finally:
            _acknowledge.reset(token)

    def _sender(self, eio_sid: str, namespace: str, ack_id: int | None) -> Callable[[Any], None]:
        sent = ack_id is None

        def send(payload: Any) -> None:
            nonlocal sent
            if not sent:
                sent = True
                packet = self.server.packet_class(ACK_PACKET, namespace=namespace, id=ack_id, data=[payload])
                self.server._send_packet(eio_sid, packet)

        return send
