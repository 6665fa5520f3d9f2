"""A change as the members of a department see it. The only place that sends live messages."""

from collections.abc import Callable
from typing import Any

from teamcal.domain.changes import DEPARTMENTS, Change, Head
from teamcal.domain.cursor import cursor_of
from teamcal.domain.events import public_department, public_event

_OF_EVENTS = {"event_created", "event_updated"}
_OF_DEPARTMENTS = {"department_created", "department_updated"}


def room_of(department_id: str) -> str:
    return f"department:{department_id}"


def live_message(log_id: str, change: Change, head: Head) -> tuple[str, dict[str, Any]] | None:
    """(name, payload) of a change, or None for one that members aren't told of.

    Unknown kinds (a newer server's) are told by the state that they carry.
    """
    if "id" not in change.record:
        return None
    at = {"revision": change.revision, "cursor": cursor_of(head)}
    record = change.record
    if log_id == DEPARTMENTS:
        if change.removes:
            return "department_deleted", {"id": record["id"], **at}
        name = change.kind if change.kind in _OF_DEPARTMENTS else "department_updated"
        return name, {**public_department(record), **at}
    if change.removes:
        return "event_deleted", {"id": record["id"], "department_id": log_id, **at}
    if change.kind in _OF_EVENTS:
        name = change.kind
    else:
        name = "event_created" if record.get("version", 1) == 1 else "event_updated"
    return name, {**public_event(record), **at}


class Publisher:
    """Sends changes to the members that are connected to this process.

    `socketio`: a Flask-SocketIO; `broadcast(name, payload, room)` sends to all who are in `room` now, or to
    everybody without one.
    """

    def __init__(self, socketio: Any, broadcast: Callable[[str, dict[str, Any], str | None], None]) -> None:
        self.socketio, self.broadcast = socketio, broadcast

    def publish(self, log_id: str, change: Change, head: Head) -> None:
        if log_id != DEPARTMENTS and not self.has_members(log_id):
            return
        told = live_message(log_id, change, head)
        if told is None:
            return
        name, payload = told
        self.broadcast(name, payload, None if log_id == DEPARTMENTS else room_of(log_id))

    def has_members(self, log_id: str) -> bool:
        return room_of(log_id) in self.socketio.server.manager.rooms.get("/", {})

    def disconnect_members(self, log_id: str) -> None:
        """They come back with a cursor of another history and are told to start over."""
        manager = self.socketio.server.manager
        room = None if log_id == DEPARTMENTS else room_of(log_id)
        if "/" in manager.rooms:
            for sid, _ in list(manager.get_participants("/", room)):
                self.socketio.server.disconnect(sid)
