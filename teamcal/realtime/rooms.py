"""Which clients are in which rooms of Socket.IO."""

from collections.abc import Iterable
from typing import Any

from socketio import Manager

from teamcal.brief_lock import BriefLock


class RoomManager(Manager):
    """python-socketio's manager, which also remembers the rooms of each client.

    The inherited one looks through all rooms of the server whenever a client goes, and every client has a
    room of its own: at 20,000 clients that is 1.9 ms of CPU for each of them. (python-socketio 5.18 has no
    issue about it; it is https://github.com/SocketCluster/socketcluster/issues/346 of another server.) It
    also makes a room before it notices that the client has gone: a room without members would be watched for
    ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rooms_of: dict[str, set[str | None]] = {}
        self._members: dict[str | None, tuple[str, ...]] = {}
        """Those of rooms that were asked for since they changed: 8 bytes a member."""
        self._lock = BriefLock()

    @property
    def clients(self) -> int:
        """How many clients are in a room."""
        return len(self._rooms_of)

    def members(self, room: str | None) -> tuple[str, ...]:
        """Returns the Engine.IO ids of those who are in the room now: the same tuple until it changes."""
        members = self._members.get(room)
        if members is None:
            with self._lock:
                members = tuple(self.rooms.get("/", {}).get(room, {}).values())
                if members:
                    self._members[room] = members
        return members

    def basic_enter_room(
        self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None
    ) -> None:
        """Raises ValueError if the client has gone."""
        with self._lock:
            if eio_sid is None and sid not in self._rooms_of:
                raise ValueError("the client has gone")
            self._members.pop(room, None)
            super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
            self._rooms_of.setdefault(sid, set()).add(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        with self._lock:
            self._members.pop(room, None)
            super().basic_leave_room(sid, namespace, room)
            self._rooms_of.get(sid, set()).discard(room)

    def basic_disconnect(self, sid: str, namespace: str, **options: Any) -> None:
        with self._lock:
            for room in self._rooms_of.pop(sid, ()):
                self._members.pop(room, None)
                super().basic_leave_room(sid, namespace, room)
            self.callbacks.pop(sid, None)
            for pending in (self.pending_connect, self.pending_disconnect):
                if sid in pending.get(namespace, ()):
                    pending[namespace].remove(sid)
                    if not pending[namespace]:
                        del pending[namespace]

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        return [room for room in self._rooms_of.get(sid, ()) if room is not None]


def participants(manager: Any, room: str | None) -> Iterable[tuple[str, str]]:
    """The clients in the room now: (Socket.IO id, Engine.IO id)."""
    return tuple(manager.get_participants("/", room))
