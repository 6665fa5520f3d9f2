"""The Socket.IO handlers: connect, join, leave, sync. They parse, call the calendar and answer."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from engineio.exceptions import SocketIsClosedError

from teamcal.calendar import Calendar
from teamcal.calendar.catch_up import Snapshot, Wanted, window_from
from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.domain.caller import UNNAMED, Caller, Right
from teamcal.domain.fields import folded_id, usable_id
from teamcal.errors import CalendarError, DepartmentNotFound, FieldProblem, InvalidInput
from teamcal.realtime.acknowledgements import Acknowledgements, acknowledgement, emit_calendar
from teamcal.realtime.presence import Presence, event_id_from
from teamcal.realtime.publisher import leave_rooms, room_of, rooms_of
from teamcal.realtime.server import CalendarSocketIO
from teamcal.realtime.socket_callers import CALLER, SocketCallers, identity_of, name_from
from teamcal.texts.error_body import failure, failure_of
from teamcal.texts.language import language_of
from teamcal.texts.messages import message

logger = logging.getLogger(__name__)

RECEIVED = ("join_department", "leave_department", "sync_request", "presence")
"""Events that clients send. Each is a method of `Handlers`."""
RECEIVED_WITH_TOKENS = ("authenticate",)
"""The same; only with AUTH_MODE=token."""
ANSWERS = ("connected", "joined_department", "left_department", "sync_response", "error")
"""Events that only the client gets to which they are the answer."""
ANSWERS_WITH_TOKENS = ("authenticated",)
"""The same; only with AUTH_MODE=token."""
MAX_JOINS = 200
"""Departments in one `join_department`."""


class Client(NamedTuple):
    """Who sent a message."""

    sid: str
    caller: Caller
    language: str


class Handlers:
    """Bad requests are answered to their sender only and never drop the connection.

    They are registered with python-socketio, not with Flask-SocketIO, whose context of a request for each
    message costs more than the handler and leaves 80 objects in a cycle. `callers`: in token mode.
    """

    def __init__(
        self,
        socketio: CalendarSocketIO,
        calendar: Calendar,
        presence: Presence,
        callers: SocketCallers | None = None,
    ) -> None:
        self.socketio, self.calendar, self.callers = socketio, calendar, callers
        self._presence = presence
        Acknowledgements(socketio.server)
        socketio.server.on("connect", self.connect)
        for name in RECEIVED if callers is None else RECEIVED + RECEIVED_WITH_TOKENS:
            socketio.server.on(name, self._guarded(getattr(self, name)))

    def _guarded(self, handler: Callable[[Client, Any], None]) -> Callable[..., None]:
        def guarded(sid: str, *arguments: Any) -> None:
            environ = self.socketio.server.get_environ(sid)
            if environ is None:
                return  # the client has gone
            caller = environ[CALLER] if self.callers is None else self.callers.caller_of(sid)
            client = Client(sid, caller, language_of(environ))
            try:
                with within(REQUEST_SECONDS):
                    handler(client, arguments[0] if arguments else None)
            except CalendarError as error:
                self._answer("error", failure_of(error, client.language), client)
            except SocketIsClosedError:
                pass  # the client has gone while it was waiting
            except Exception:
                logger.exception("a Socket.IO request failed")
                self._answer("error", failure("internal_error", client.language), client)

        return guarded

    def _answer(
        self, name: str, payload: dict[str, Any], client: Client, events: memoryview | None = None
    ) -> None:
        """Sends the event to this client only, and the same as its acknowledgement.

        `events` is the JSON of a calendar, which becomes a member of the payload.
        """
        self._emit(name, payload, client, events)
        acknowledgement().send(payload, events)

    def _emit(
        self, name: str, payload: dict[str, Any], client: Client, events: memoryview | None = None
    ) -> None:
        eio_sid = self.socketio.server.manager.eio_sid_from_sid(client.sid, "/")
        if events is None:
            self.socketio.emit(name, payload, to=client.sid)
        elif eio_sid is not None:
            emit_calendar(self.socketio.server, eio_sid, name, payload, events)

    def connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        # The environ of the handshake is that of every later message of this client.
        greeting = {"message": message("connected", language_of(environ)), "sid": sid}
        if self.callers is None:
            environ[CALLER] = caller_from(auth)
        else:
            greeting |= identity_of(self.callers.connected(sid, environ))
        self.socketio.emit("connected", greeting, to=sid)

    def authenticate(self, client: Client, payload: Any) -> None:
        assert self.callers is not None
        environ = self.socketio.server.get_environ(client.sid) or {}
        caller = self.callers.authenticate(client.sid, environ, _text(payload, "token"))
        self._presence.leave_all(client.sid)
        fields = {"message": message("authenticated", client.language), **identity_of(caller)}
        self._answer("authenticated", fields, client)

    def join_department(self, client: Client, payload: Any) -> None:
        if isinstance(payload, dict) and "departments" in payload:
            self._join_several(client, payload["departments"])
            return

        def answer(fields: dict[str, Any], events: memoryview | None) -> None:
            # The calendar is sent once: in the acknowledgement, if there is one.
            in_event = None if acknowledgement().wanted else events
            self._emit(
                "joined_department",
                fields if in_event is events else _without_calendar(fields),
                client,
                in_event,
            )
            acknowledgement().send(fields, events)

        self._join(client, payload, answer)

    def _join(
        self,
        client: Client,
        payload: Any,
        answer: Callable[[dict[str, Any], memoryview | None], None],
    ) -> None:
        department_id = self.calendar.stored_id(_department_id(payload))

        def deliver(snapshot: Snapshot) -> None:
            fields = {
                "department_id": department_id,
                **_position(snapshot),
                "message": message("joined", client.language),
            }
            with self._receiving(client, department_id):
                try:
                    # The client enters first: a change between the answer and the room would be lost.
                    self._enter(client, department_id, _knows_series(payload))
                except ValueError:
                    return  # it has gone meanwhile
                if "cursor" in payload:
                    answer(fields | _kind(snapshot), snapshot.events_json)
                else:  # a client that knows no cursors asks for the events itself
                    answer(fields, None)

        self._snapshot(client, department_id, payload, deliver)

    def _enter(self, client: Client, department_id: str, series: bool) -> None:
        """Raises ValueError if the client has gone."""
        self.socketio.server.enter_room(client.sid, room_of(department_id, series))
        self.socketio.server.leave_room(client.sid, room_of(department_id, not series))

    def _receiving(self, client: Client, department_id: str) -> AbstractContextManager[None]:
        """See Audience.receiving."""
        if self.callers is None:
            return nullcontext()
        return self.callers.audience.receiving(client.sid, department_id)

    def _snapshot(
        self, client: Client, department_id: str, payload: Any, deliver: Callable[[Snapshot], None]
    ) -> None:
        """See CatchUp.snapshot. Waits while the client has a calendar to read."""
        self.socketio.wait_until_calendar_fits(client.sid)
        cursor, wanted = payload.get("cursor"), _wanted(payload)
        self.calendar.catch_up.snapshot(client.caller, department_id, cursor, deliver, wanted)

    def _join_several(self, client: Client, departments: Any) -> None:
        """Each calendar is sent in its own event, before the department's next change.

        The acknowledgement comes after them all, when a calendar in it might be older than a change that the
        client has received.
        """
        if not isinstance(departments, list):
            raise InvalidInput([FieldProblem("departments", "not_a_list")])
        if len(departments) > MAX_JOINS:
            raise InvalidInput([FieldProblem("departments", "too_many", {"limit": MAX_JOINS})])
        self.socketio.charge(client.sid, len(departments) - 1)
        joined: dict[str, dict[str, Any]] = {}
        answers = [self._join_one(client, payload, joined) for payload in departments]
        acknowledgement().send(answers)

    def _join_one(self, client: Client, payload: Any, joined: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Joins one of several departments, unless it is in `joined` already; returns its acknowledgement."""

        def answer(fields: dict[str, Any], events: memoryview | None) -> None:
            self._emit("joined_department", fields, client, events)
            joined[fields["department_id"]] = _without_calendar(fields)

        try:
            department_id = self.calendar.stored_id(_department_id(payload))
            if department_id not in joined:
                self._join(client, payload, answer)
                self.socketio.sleep(0)
            return joined.get(department_id, {})
        except CalendarError as error:
            failed = failure_of(error, client.language)
            self.socketio.emit("error", failed, to=client.sid)
            return failed

    def leave_department(self, client: Client, payload: Any) -> None:
        self.calendar.permits.require_somebody(client.caller)
        given = _department_id(payload)
        department_id = self.calendar.stored_id(given)
        if not self.calendar.permits.may(client.caller, Right.SEE, department_id):
            department_id = folded_id(given)  # as of one that doesn't exist
        leave_rooms(self.socketio.server, client.sid, department_id)
        text = message("left", client.language)
        self._answer("left_department", {"department_id": department_id, "message": text}, client)

    def sync_request(self, client: Client, payload: Any) -> None:
        department_id = self.calendar.stored_id(_department_id(payload))

        def deliver(snapshot: Snapshot) -> None:
            fields = {"department_id": department_id, **_position(snapshot), **_kind(snapshot)}
            with self._receiving(client, department_id):
                self._answer("sync_response", fields, client, snapshot.events_json)

        self._snapshot(client, department_id, payload, deliver)

    def presence(self, client: Client, payload: Any) -> None:
        """Only acknowledged: whoever is present, the sender too, hears of the change as of every other."""
        department_id = self.calendar.stored_id(_department_id(payload))
        if _flag(payload, "leave", False):
            self.calendar.permits.require_somebody(client.caller)
            self._presence.leave(client.sid, department_id)
            acknowledgement().send({"success": True, "people": [], "count": 0})
            return
        event_id = event_id_from(payload.get("event_id"))
        self.calendar.permits.require(client.caller, Right.SEE, department_id)
        self._require_membership(client, department_id)
        with self._receiving(client, department_id):
            try:
                told = self._presence.enter(client.sid, department_id, client.caller, event_id)
            except ValueError:
                return  # the client has gone meanwhile
            acknowledgement().send({"success": True, **told})

    def _require_membership(self, client: Client, department_id: str) -> None:
        """Raises DepartmentNotFound, InvalidInput. Reads nothing: clients say often what they do."""
        rooms = self.socketio.server.manager.get_rooms(client.sid, "/") or ()
        if not set(rooms).isdisjoint(rooms_of(department_id)):
            return
        if self.calendar.departments.known(department_id) is None:
            raise DepartmentNotFound(department_id)
        raise InvalidInput([FieldProblem("department_id", "not_joined")])


def caller_from(auth: Any) -> Caller:
    """Returns the caller that the handshake's `auth: {name}` names, in open mode."""
    name = name_from(auth)
    return Caller(name) if name else UNNAMED


def _department_id(payload: Any) -> str:
    department_id = _text(payload, "department_id")
    if not usable_id(department_id):
        raise DepartmentNotFound(department_id)
    return department_id


def _knows_series(payload: dict[str, Any]) -> bool:
    """Whether the client takes a series as one event. Others get its occurrences."""
    return _flag(payload, "series", False)


def _wanted(payload: dict[str, Any]) -> Wanted:
    window = window_from(payload.get("from"), payload.get("to"))
    return Wanted(_knows_series(payload), window, _flag(payload, "events", True))


def _flag(payload: dict[str, Any], field: str, default: bool) -> bool:
    value = payload.get(field, default)
    if not isinstance(value, bool):
        raise InvalidInput([FieldProblem(field, "not_a_boolean")])
    return value


def _text(payload: Any, field: str) -> str:
    """Returns a field that must be a text. Raises InvalidInput."""
    if not isinstance(payload, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    value = payload.get(field)
    if not isinstance(value, str):
        raise InvalidInput([FieldProblem(field, "required" if value is None else "not_a_string")])
    return value


def _position(snapshot: Snapshot) -> dict[str, Any]:
    return {"revision": snapshot.cursor.revision, "cursor": snapshot.cursor.text}


def _without_calendar(fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the answer to a join without the calendar itself."""
    return {name: value for name, value in fields.items() if name != "deleted"}


def _kind(snapshot: Snapshot) -> dict[str, Any]:
    """Returns what the events of a snapshot are: all, or those changed since the client's cursor."""
    kind: dict[str, Any] = {"full": snapshot.full}
    if snapshot.window is not None:
        kind["window"] = {"from": snapshot.window.first, "to": snapshot.window.last}
    if not snapshot.full:
        kind["deleted"] = list(snapshot.deleted)
    if snapshot.reason:
        kind["reason"] = snapshot.reason
    return kind
