"""Socket.IO: connect, join, leave, sync. Parse, call, answer."""

import json
import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from flask import request
from flask_socketio import SocketIO

from teamcal import deadline
from teamcal.calendar.events import Calendar, Snapshot
from teamcal.domain.events import public_event
from teamcal.domain.fields import usable_id
from teamcal.domain.values import to_json
from teamcal.errors import CalendarError, DepartmentNotFound, FieldProblem, InvalidInput
from teamcal.realtime.publisher import room_of
from teamcal.sync.replica import Replica
from teamcal.texts.error_body import failure, failure_of
from teamcal.texts.language import language
from teamcal.texts.messages import message

log = logging.getLogger("teamcal.rooms")

MAX_JOINS = 200
"""Departments in one `join_department`."""

_acknowledge: ContextVar[Callable[[Any], None]] = ContextVar("acknowledge")


class FrameJson:
    """JSON of live messages: Korean as it is, in half the bytes of the escaped form."""

    loads = staticmethod(json.loads)

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        try:
            return to_json(value).decode()
        except TypeError:  # text that isn't Unicode: whatever comes in, there is an answer
            return json.dumps(value, separators=(",", ":"))


class Acknowledgements:
    """Sends a handler's acknowledgement from within the handler.

    python-socketio sends it after the handler returns, when a later change may have overtaken it; an
    answer and its acknowledgement have to be queued together, before anything later (docs/sync.md).
    """

    def __init__(self, server: Any) -> None:
        self.server = server
        server._handle_event = self._handle_event

    def _handle_event(self, eio_sid: str, namespace: str | None, ack_id: int | None, data: Any) -> None:
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            return  # no event name: there is nothing to answer
        namespace = namespace or "/"
        sid = self.server.manager.sid_from_eio_sid(eio_sid, namespace)
        if data[0] in ("connect", "disconnect") or not self.server.manager.is_connected(sid, namespace):
            return
        sent: list[bool] = []

        def acknowledge(payload: Any) -> None:
            if ack_id is not None and not sent:
                sent.append(True)
                packet = self.server.packet_class(3, namespace=namespace, id=ack_id, data=[payload])
                self.server._send_packet(eio_sid, packet)

        token = _acknowledge.set(acknowledge)
        try:
            self.server._trigger_event(data[0], namespace, sid, *data[1:])
        finally:
            _acknowledge.reset(token)


def _answer(name: str, payload: dict[str, Any], socketio: SocketIO, sid: str) -> None:
    """The event to this client only, and the same as its acknowledgement."""
    socketio.emit(name, payload, to=sid)
    _acknowledge.get()(payload)


def _department_id(payload: Any) -> str:
    if not isinstance(payload, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    given = payload.get("department_id")
    if not isinstance(given, str):
        raise InvalidInput([FieldProblem("department_id", "required" if given is None else "not_a_string")])
    if not usable_id(given):
        raise DepartmentNotFound(given)
    return given


def snapshot_payload(department_id: str, snapshot: Snapshot) -> dict[str, Any]:
    payload = {
        "department_id": department_id, "revision": snapshot.head.revision, "cursor": snapshot.cursor,
        "full": snapshot.full, "events": [public_event(event) for event in snapshot.events],
    }  # fmt: skip
    if not snapshot.full:
        payload["deleted"] = list(snapshot.deleted)
    if snapshot.reason:
        payload["reason"] = snapshot.reason
    return payload


class Rooms:
    """The handlers. A bad request is answered to its sender only and never drops the connection."""

    def __init__(self, socketio: SocketIO, calendar: Calendar) -> None:
        self.socketio, self.calendar = socketio, calendar
        Acknowledgements(socketio.server)
        socketio.on_event("connect", self.connect)
        for name in ("join_department", "leave_department", "sync_request"):
            socketio.on_event(name, self._guarded(getattr(self, name)))

    def _guarded(self, handler: Callable[[str, Any], None]) -> Callable[..., None]:
        def guarded(*arguments: Any) -> None:
            sid = request.sid  # type: ignore[attr-defined]
            try:
                with deadline.within(deadline.REQUEST_SECONDS):
                    handler(sid, arguments[0] if arguments else None)
            except CalendarError as error:
                _answer("error", failure_of(error, language()), self.socketio, sid)
            except Exception:
                log.exception("a Socket.IO request failed")
                _answer("error", failure("internal_error", language()), self.socketio, sid)

        return guarded

    def connect(self, auth: Any = None) -> None:
        sid = request.sid  # type: ignore[attr-defined]
        self.socketio.emit("connected", {"message": message("connected", language()), "sid": sid}, to=sid)

    def join_department(self, sid: str, payload: Any) -> None:
        if isinstance(payload, dict) and "departments" in payload:
            self._join_several(sid, payload["departments"])
            return
        department_id = _department_id(payload)
        replica = self.calendar.list_events(department_id)
        with replica.held():
            self._welcome(sid, replica, payload, _acknowledge.get())

    def _join_several(self, sid: str, departments: Any) -> None:
        if not isinstance(departments, list):
            raise InvalidInput([FieldProblem("departments", "not_a_list")])
        if len(departments) > MAX_JOINS:
            raise InvalidInput([FieldProblem("departments", "too_many", {"limit": MAX_JOINS})])
        answers: list[dict[str, Any]] = []
        for wanted in departments:
            try:
                replica = self.calendar.list_events(_department_id(wanted))
                with replica.held():
                    self._welcome(sid, replica, wanted, answers.append)
            except CalendarError as error:
                answers.append(failure_of(error, language()))
                self.socketio.emit("error", answers[-1], to=sid)
        _acknowledge.get()(answers)

    def _welcome(self, sid: str, replica: Replica, payload: Any, acknowledge: Callable[[Any], None]) -> None:
        """The lock is held: room, answer and acknowledgement belong to one revision."""
        snapshot = self.calendar.snapshot(replica, payload.get("cursor"))
        answer = snapshot_payload(replica.log_id, snapshot)
        if "cursor" not in payload:  # a client that knows no cursors asks for the events itself
            for name in ("events", "deleted", "full", "reason"):
                answer.pop(name, None)
        answer["message"] = message("joined", language())
        # Enter first: a change between the answer and the room would be lost.
        self.socketio.server.enter_room(sid, room_of(replica.log_id))
        self.socketio.emit("joined_department", answer, to=sid)
        acknowledge(answer)

    def leave_department(self, sid: str, payload: Any) -> None:
        department_id = _department_id(payload)
        self.socketio.server.leave_room(sid, room_of(department_id))
        text = message("left", language())
        _answer("left_department", {"department_id": department_id, "message": text}, self.socketio, sid)

    def sync_request(self, sid: str, payload: Any) -> None:
        department_id = _department_id(payload)
        replica = self.calendar.list_events(department_id)
        with replica.held():
            snapshot = self.calendar.snapshot(replica, payload.get("cursor"))
            _answer("sync_response", snapshot_payload(department_id, snapshot), self.socketio, sid)
