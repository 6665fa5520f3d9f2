"""The Socket.IO handlers: connect, join, leave, sync. They parse, call the calendar and answer."""

import logging
from collections.abc import Callable
from typing import Any

from flask import request
from flask_socketio import SocketIO

from teamcal.calendar import Calendar
from teamcal.calendar.catch_up import Snapshot
from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.domain.caller import UNNAMED, Caller, caller_named
from teamcal.domain.events import public_event
from teamcal.domain.fields import usable_id
from teamcal.errors import CalendarError, DepartmentNotFound, FieldProblem, InvalidInput
from teamcal.realtime.acknowledgements import Acknowledgements, acknowledge
from teamcal.realtime.publisher import room_of
from teamcal.texts.error_body import failure, failure_of
from teamcal.texts.language import language
from teamcal.texts.messages import message

logger = logging.getLogger(__name__)

RECEIVED = ("join_department", "leave_department", "sync_request")
"""Events that clients send. Each is a method of `Handlers`."""
ANSWERS = ("connected", "joined_department", "left_department", "sync_response", "error")
"""Events that only the client gets to which they are the answer."""
MAX_JOINS = 200
"""Departments in one `join_department`."""
_CALLER = "teamcal.caller"


class Handlers:
    """Bad requests are answered to their sender only and never drop the connection."""

    def __init__(self, socketio: SocketIO, calendar: Calendar) -> None:
        self.socketio, self.calendar = socketio, calendar
        Acknowledgements(socketio.server)
        socketio.on_event("connect", self.connect)
        for name in RECEIVED:
            socketio.on_event(name, self._guarded(getattr(self, name)))

    def _guarded(self, handler: Callable[[str, Caller, Any], None]) -> Callable[..., None]:
        def guarded(*arguments: Any) -> None:
            sid, caller = request.sid, request.environ[_CALLER]  # type: ignore[attr-defined]
            try:
                with within(REQUEST_SECONDS):
                    handler(sid, caller, arguments[0] if arguments else None)
            except CalendarError as error:
                self._answer("error", failure_of(error, language()), sid)
            except Exception:
                logger.exception("a Socket.IO request failed")
                self._answer("error", failure("internal_error", language()), sid)

        return guarded

    def _answer(self, name: str, payload: dict[str, Any], sid: str) -> None:
        """Sends the event to this client only, and the same as its acknowledgement."""
        self.socketio.emit(name, payload, to=sid)
        acknowledge(payload)

    def connect(self, auth: Any = None) -> None:
        sid = request.sid  # type: ignore[attr-defined]
        # The environ of the handshake is that of every later message of this client.
        request.environ[_CALLER] = caller_from(auth)
        self.socketio.emit("connected", {"message": message("connected", language()), "sid": sid}, to=sid)

    def join_department(self, sid: str, caller: Caller, payload: Any) -> None:
        if isinstance(payload, dict) and "departments" in payload:
            self._join_several(sid, caller, payload["departments"])
        else:
            self._join(sid, caller, payload, acknowledge)

    def _join(self, sid: str, caller: Caller, payload: Any, answer_to: Callable[[Any], None]) -> None:
        department_id = _department_id(payload)

        def deliver(snapshot: Snapshot) -> None:
            answer = {"department_id": department_id, **_position(snapshot)}
            if "cursor" in payload:  # a client that knows no cursors asks for the events itself
                answer |= _content(snapshot)
            answer["message"] = message("joined", language())
            # The client enters first: a change between the answer and the room would be lost.
            self.socketio.server.enter_room(sid, room_of(department_id))
            self.socketio.emit("joined_department", answer, to=sid)
            answer_to(answer)

        self.calendar.catch_up.snapshot(caller, department_id, payload.get("cursor"), deliver)

    def _join_several(self, sid: str, caller: Caller, departments: Any) -> None:
        if not isinstance(departments, list):
            raise InvalidInput([FieldProblem("departments", "not_a_list")])
        if len(departments) > MAX_JOINS:
            raise InvalidInput([FieldProblem("departments", "too_many", {"limit": MAX_JOINS})])
        answers: list[dict[str, Any]] = []
        for payload in departments:
            try:
                self._join(sid, caller, payload, answers.append)
            except CalendarError as error:
                answers.append(failure_of(error, language()))
                self.socketio.emit("error", answers[-1], to=sid)
        acknowledge(answers)

    def leave_department(self, sid: str, caller: Caller, payload: Any) -> None:
        department_id = _department_id(payload)
        self.socketio.server.leave_room(sid, room_of(department_id))
        text = message("left", language())
        self._answer("left_department", {"department_id": department_id, "message": text}, sid)

    def sync_request(self, sid: str, caller: Caller, payload: Any) -> None:
        department_id = _department_id(payload)

        def deliver(snapshot: Snapshot) -> None:
            answer = {"department_id": department_id, **_position(snapshot), **_content(snapshot)}
            self._answer("sync_response", answer, sid)

        self.calendar.catch_up.snapshot(caller, department_id, payload.get("cursor"), deliver)


def caller_from(auth: Any) -> Caller:
    """Returns the caller that the handshake's `auth: {name}` names.

    A client that sends something else there connects as before and has no name.
    """
    name = auth.get("name") if isinstance(auth, dict) else None
    try:
        return caller_named(name, "name") if isinstance(name, str) else UNNAMED
    except InvalidInput:
        return UNNAMED


def _department_id(payload: Any) -> str:
    if not isinstance(payload, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    department_id = payload.get("department_id")
    if not isinstance(department_id, str):
        reason = "required" if department_id is None else "not_a_string"
        raise InvalidInput([FieldProblem("department_id", reason)])
    if not usable_id(department_id):
        raise DepartmentNotFound(department_id)
    return department_id


def _position(snapshot: Snapshot) -> dict[str, Any]:
    return {"revision": snapshot.cursor.revision, "cursor": snapshot.cursor.text}


def _content(snapshot: Snapshot) -> dict[str, Any]:
    content: dict[str, Any] = {
        "full": snapshot.full,
        "events": [public_event(event) for event in snapshot.events],
    }
    if not snapshot.full:
        content["deleted"] = list(snapshot.deleted)
    if snapshot.reason:
        content["reason"] = snapshot.reason
    return content
