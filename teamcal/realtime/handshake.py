"""Refuses connections before they are made. Only with AUTH_MODE=token."""

from collections.abc import Callable
from typing import Any

from socketio.packet import CONNECT_ERROR

from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.errors import CalendarError, StorageError, TooMuch
from teamcal.texts.error_body import failure_of
from teamcal.texts.language import language_of

Admit = Callable[[dict[str, Any], Any], None]
"""(environ of the handshake, `auth`): raises CalendarError for a client that must not connect."""


class Handshake:
    """Calls `admit` before Socket.IO connects a client of `socketio`, a CalendarSocketIO.

    With `always_connect` (see server.py) a handler can refuse only whom Socket.IO has told already that it is
    connected. A client that is refused gets `connect_error` with the same fields as every error in `data`,
    and doesn't try again by itself; one that couldn't be looked up loses its transport, and does.
    """

    def __init__(self, socketio: Any, admit: Admit) -> None:
        self._server, self._admit = socketio.server, admit
        self._membership, self._drop = socketio.membership, socketio.drop_session
        server = socketio.server
        self._connect = server._handle_connect
        server._handle_connect = self._handle_connect

    def _handle_connect(self, eio_sid: str, namespace: str | None, auth: Any) -> None:
        environ = self._server.environ.get(eio_sid)
        if environ is None:
            return  # the client has gone
        if namespace not in (None, "/"):  # nobody connects to others
            self._connect(eio_sid, namespace, auth)
            return
        try:
            with within(REQUEST_SECONDS):
                self._admit(environ, auth)
        except (StorageError, TooMuch):
            self._drop(eio_sid)
        except CalendarError as error:
            data = failure_of(error, language_of(environ))
            refusal = {"message": data["message"], "data": data}
            packet = self._server.packet_class(CONNECT_ERROR, data=refusal, namespace="/")
            self._server._send_packet(eio_sid, packet)
        else:
            with self._membership:  # over polling its next message may come before its caller is known
                self._connect(eio_sid, namespace, auth)
