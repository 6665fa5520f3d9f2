"""A change as the members of a department see it. The only place that sends live messages."""

from collections.abc import Callable, Iterator
from typing import Any

from teamcal.domain.changes import (
    DEPARTMENT_CREATED,
    DEPARTMENT_DELETED,
    DEPARTMENT_UPDATED,
    DEPARTMENTS,
    EVENT_CREATED,
    EVENT_DELETED,
    EVENT_UPDATED,
    Change,
    Head,
)
from teamcal.domain.cursor import Cursor
from teamcal.domain.events import public_department, public_event
from teamcal.domain.values import Record
from teamcal.realtime.broadcast import has_members
from teamcal.sync.plain_view import PlainChange

DEPARTMENT_EVENTS = (DEPARTMENT_CREATED, DEPARTMENT_UPDATED, DEPARTMENT_DELETED)
"""Sent to everybody; in token mode to those who see the department."""
MEMBER_EVENTS = (EVENT_CREATED, EVENT_UPDATED, EVENT_DELETED)
"""Sent to the members of the department."""

POSITION = ("revision", "cursor")
"""Fields of a live message that say where in its log the change is."""
Announce = Callable[[str, str, dict[str, Any], bool], None]
"""(department id, name, payload, whether it is gone): sends a change of the list to who sees the department.
"""


_PLAIN, _SERIES = "department:", "series:"


def room_of(department_id: str, series: bool = False) -> str:
    """Returns the room of a department's members; those who know series have one of their own."""
    return f"{_SERIES if series else _PLAIN}{department_id}"


def rooms_of(department_id: str) -> tuple[str, str]:
    return room_of(department_id), room_of(department_id, series=True)


PRESENCE = "presence"
"""Sent to those who are present in the department (teamcal/realtime/presence.py)."""


def presence_room(department_id: str) -> str:
    """Returns the room of those who are present in a department, all of whom are its members."""
    return f"presence:{department_id}"


def leave_rooms(server: Any, sid: str, department_id: str) -> None:
    for room in (*rooms_of(department_id), presence_room(department_id)):
        server.leave_room(sid, room)


def department_of(room: object) -> str | None:
    """Returns the department whose room it is; None for another room, such as a client's own."""
    if not isinstance(room, str) or not room.startswith((_PLAIN, _SERIES)):
        return None
    return room.partition(":")[2]


def live_message(log_id: str, change: Change, head: Head) -> tuple[str, dict[str, Any]] | None:
    """Returns the name and payload of a change, or None for one that is about no event or department.

    A kind written by a newer server is sent as created, updated or deleted, judged by the event it carries.
    """
    if "id" not in change.record:
        return None
    position: dict[str, Any] = {"revision": change.revision, "cursor": head.cursor.text}
    if change.by:
        position |= {"by": change.by, "by_verified": change.by_verified}
    if log_id == DEPARTMENTS:
        return _department_message(change, position)
    return event_message(log_id, change.kind, change.record, position)


def plain_messages(
    log_id: str, change: Change, head: Head, plain: PlainChange
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields what those are told of a change who don't know series: only the last message has its cursor."""
    before = Cursor(log_id, change.revision - 1, change.previous, plain.day_before)
    author = {"by": change.by, "by_verified": change.by_verified} if change.by else {}
    yield from _effects(log_id, plain, change.revision, before, head.cursor, author)


def _effects(
    log_id: str, plain: PlainChange, revision: int, before: Cursor, after: Cursor, author: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    last = len(plain.effects) - 1
    for number, (kind, event) in enumerate(plain.effects):
        cursor = after._replace(day=plain.day) if number == last else before
        position = {"revision": revision, "cursor": cursor.text, **author}
        yield event_message(log_id, kind, event, position)


def _department_message(change: Change, position: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if change.removes:
        return DEPARTMENT_DELETED, {"id": change.record["id"], **position}
    name = change.kind if change.kind in DEPARTMENT_EVENTS else DEPARTMENT_UPDATED
    return name, {**public_department(change.record), **position}


def event_message(
    log_id: str, kind: str, event: Record, position: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    if kind == EVENT_DELETED or event.get("deleted"):
        return EVENT_DELETED, {"id": event["id"], "department_id": log_id, **position}
    is_first = event.get("version", 1) == 1
    name = kind if kind in MEMBER_EVENTS else EVENT_CREATED if is_first else EVENT_UPDATED
    return name, {**public_event(event), **position}


class Publisher:
    """Sends changes to the clients that are connected to this process: teamcal.sync.ports.Members.

    `socketio` is a CalendarSocketIO. `broadcast(name, payload, room)` sends to all who are in `room` now, or
    to everybody without one. `announce`: instead of it for the list of departments, in token mode.
    """

    def __init__(
        self,
        socketio: Any,
        broadcast: Callable[[str, dict[str, Any], str | None], None],
        announce: Announce | None = None,
    ) -> None:
        self.socketio, self.broadcast, self._announce = socketio, broadcast, announce

    def publish(self, log_id: str, change: Change, head: Head, plain: PlainChange | None = None) -> None:
        if log_id == DEPARTMENTS:
            self._publish_department(change, head)
            return
        room, series_room = rooms_of(log_id)
        if self._is_used(series_room) and (live := live_message(log_id, change, head)):
            self.broadcast(*live, series_room)
        if not self._is_used(room):
            return
        if plain is not None:
            for message in plain_messages(log_id, change, head, plain):
                self.broadcast(*message, room)
        elif live := live_message(log_id, change, head):
            self.broadcast(*live, room)

    def _publish_department(self, change: Change, head: Head) -> None:
        live = live_message(DEPARTMENTS, change, head)
        if live is not None and self._announce is not None:
            self._announce(change.record["id"], *live, change.removes)
        elif live is not None:
            self.broadcast(*live, None)

    def publish_day(self, log_id: str, head: Head, plain: PlainChange) -> None:
        before = head.cursor._replace(day=plain.day_before)
        if self._is_used(room_of(log_id)):
            for message in _effects(log_id, plain, head.revision, before, head.cursor, {}):
                self.broadcast(*message, room_of(log_id))

    def _is_used(self, room: str) -> bool:
        return has_members(self.socketio.server.manager, room)

    def has_members(self, log_id: str) -> bool:
        return any(map(self._is_used, rooms_of(log_id)))

    def watched(self) -> list[str]:
        rooms = dict(self.socketio.server.manager.rooms.get("/", {}))
        used = [department_of(room) for room, members in rooms.items() if members]
        departments = list(dict.fromkeys(one for one in used if one is not None))
        return [*departments, DEPARTMENTS] if rooms.get(None) else departments

    def count_members(self) -> int:
        """Returns the members of all departments' rooms; a client counts once for each of its rooms."""
        rooms = dict(self.socketio.server.manager.rooms.get("/", {}))
        return sum(len(members) for room, members in rooms.items() if department_of(room) is not None)

    def send_away(self, log_id: str) -> None:
        """Makes the members reconnect: their cursors are of another history, and they start over.

        From now on they are sent nothing more. Doesn't wait.
        """
        for room in [None] if log_id == DEPARTMENTS else rooms_of(log_id):
            self.socketio.send_away(room)
