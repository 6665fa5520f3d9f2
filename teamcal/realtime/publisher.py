"""A change as the members of a department see it. The only place that sends live messages."""

from collections.abc import Callable
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
from teamcal.domain.events import public_department, public_event
from teamcal.realtime.broadcast import has_members

DEPARTMENT_EVENTS = (DEPARTMENT_CREATED, DEPARTMENT_UPDATED, DEPARTMENT_DELETED)
"""Sent to everybody."""
MEMBER_EVENTS = (EVENT_CREATED, EVENT_UPDATED, EVENT_DELETED)
"""Sent to the members of the department."""


def room_of(department_id: str) -> str:
    return f"department:{department_id}"


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
    return _event_message(log_id, change, position)


def _department_message(change: Change, position: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if change.removes:
        return DEPARTMENT_DELETED, {"id": change.record["id"], **position}
    name = change.kind if change.kind in DEPARTMENT_EVENTS else DEPARTMENT_UPDATED
    return name, {**public_department(change.record), **position}


def _event_message(log_id: str, change: Change, position: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    event = change.record
    if change.removes:
        return EVENT_DELETED, {"id": event["id"], "department_id": log_id, **position}
    is_first = event.get("version", 1) == 1
    name = change.kind if change.kind in MEMBER_EVENTS else EVENT_CREATED if is_first else EVENT_UPDATED
    return name, {**public_event(event), **position}


class Publisher:
    """Sends changes to the clients that are connected to this process: teamcal.sync.ports.Members.

    `socketio` is a Flask-SocketIO. `broadcast(name, payload, room)` sends to all who are in `room` now, or to
    everybody without one.
    """

    def __init__(self, socketio: Any, broadcast: Callable[[str, dict[str, Any], str | None], None]) -> None:
        self.socketio, self.broadcast = socketio, broadcast

    def publish(self, log_id: str, change: Change, head: Head) -> None:
        if log_id != DEPARTMENTS and not has_members(self.socketio.server.manager, room_of(log_id)):
            return
        live = live_message(log_id, change, head)
        if live is not None:
            self.broadcast(*live, None if log_id == DEPARTMENTS else room_of(log_id))

    def has_members(self, log_id: str) -> bool:
        return has_members(self.socketio.server.manager, room_of(log_id))

    def count_members(self) -> int:
        """Returns the members of all departments' rooms; a client counts once for each of its rooms."""
        rooms = dict(self.socketio.server.manager.rooms.get("/", {}))
        return sum(len(members) for room, members in rooms.items() if room and room.startswith(room_of("")))

    def send_away(self, log_id: str) -> None:
        """Disconnects the members: their cursors are of another history, and they are told to start over."""
        manager = self.socketio.server.manager
        room = None if log_id == DEPARTMENTS else room_of(log_id)
        for sid, _ in list(manager.get_participants("/", room)):
            self.socketio.server.disconnect(sid)
