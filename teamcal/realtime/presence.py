"""Who looks at which department and edits which event. Nothing of it is stored.

Design: docs/develop/decisions/presence.md.
"""

import logging
import threading
import time
from collections.abc import Callable, Set
from typing import Any

from teamcal.domain.caller import Caller
from teamcal.domain.fields import folded_id, usable_id
from teamcal.domain.presence import Person, present, told
from teamcal.domain.values import new_id
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.realtime.presence_peers import NO_PEERS, Peers
from teamcal.realtime.publisher import PRESENCE, presence_room

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
"""A department's members hear of changes at most so often."""
HEARERS_A_SECOND = 200
"""In a department where more are present they hear of it less often: 1,000 of them every 5 seconds."""
MAX_DEPARTMENTS = 200
"""In which one connection is present."""


class _Place:
    """Those who are present in a department at this server, by the id of their connection."""

    __slots__ = ("changed", "due", "news", "people", "sent")

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.changed = False
        """Members have to be told: `sent` is what they were told last, and they aren't until it is `due`."""
        self.news = False
        """Other servers have to be told."""
        self.due = 0.0
        self.sent: dict[str, Any] | None = None

    def put(self, sid: str, person: Person) -> None:
        if person != self.people.get(sid):
            self.people[sid] = person
            self.changed = self.news = True

    def keep(self, members: Set[str]) -> None:
        """Forgets those who have left the room."""
        for sid in self.people.keys() - members:
            del self.people[sid]
            self.changed = self.news = True


class Presence:
    """Being in the room `presence_room` is the permission to hear, and to be seen: whatever makes a client
    leave it ends its presence at the next tick. So nothing has to tell this class of it.

    `socketio` is a CalendarSocketIO. `peers`: the other servers. `clock()`: seconds. The task that ticks runs
    while anybody is present.
    """

    def __init__(
        self, socketio: Any, peers: Peers = NO_PEERS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._socketio, self._peers, self._clock = socketio, peers, clock
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()
        self._running = False

    def enter(self, sid: str, department_id: str, caller: Caller, event_id: str | None) -> dict[str, Any]:
        """Makes a client present, looking or editing an event; returns who is present and its own id.

        The caller holds what keeps the client in the department's room. Raises InvalidInput, and ValueError
        if the client has gone.
        """
        server, room = self._socketio.server, presence_room(department_id)
        rooms = server.manager.get_rooms(sid, "/") or ()
        if room not in rooms:
            if sum(1 for one in rooms if is_presence(one)) >= MAX_DEPARTMENTS:
                problem = FieldProblem("department_id", "too_many", {"limit": MAX_DEPARTMENTS})
                raise InvalidInput([problem])
            server.enter_room(sid, room)
        with self._lock:
            place = self._places.setdefault(department_id, _Place())
            known = place.people.get(sid)
            person = Person(known.id if known else new_id(), caller.name, caller.verified, event_id)
            place.put(sid, person)
            answer = self._told(department_id, place)
        self._peers.start()
        self._run_if_needed()
        return {**answer, "id": person.id}

    def leave(self, sid: str, department_id: str) -> None:
        self._socketio.server.leave_room(sid, presence_room(department_id))

    def leave_all(self, sid: str) -> None:
        """Ends a client's presence everywhere: it has become somebody else's."""
        for room in self._socketio.server.manager.get_rooms(sid, "/") or ():
            if is_presence(room):
                self._socketio.server.leave_room(sid, room)

    def _told(self, department_id: str, place: _Place) -> dict[str, Any]:
        return told([present(list(place.people.values())), *self._peers.present_in(department_id)])

    # The task

    def _run_if_needed(self) -> None:
        with self._lock:
            if self._running:
                return
            self._running = True
        try:
            self._socketio.start_background_task(self._run)
        except RuntimeError:  # can't start a new thread: the next message tries again
            self._running = False

    def _run(self) -> None:
        while True:
            self._socketio.sleep(TICK_SECONDS)
            try:
                self.step()
            except Exception:
                logger.exception("presence couldn't be told")
            with self._lock:
                if not self._places:
                    self._running = False
                    return

    def step(self) -> None:
        """Tells members and other servers what has changed, as far as it is their turn."""
        now = self._clock()
        changed_elsewhere = self._peers.step(now)
        for department_id in list(self._places):
            self._look_at(department_id, now, department_id in changed_elsewhere)
        self._peers.beat(now)

    def _look_at(self, department_id: str, now: float, changed_elsewhere: bool) -> None:
        message = None
        with self._lock:
            place = self._places[department_id]
            place.keep(set(self._socketio.members(presence_room(department_id))))
            if place.news:
                place.news = False
                self._peers.tell(department_id, present(list(place.people.values())))
            place.changed = place.changed or changed_elsewhere
            if not place.people:
                del self._places[department_id]
            elif place.changed and now >= place.due:
                place.changed = False
                payload = self._told(department_id, place)
                if payload != place.sent:
                    place.sent = message = payload
                    place.due = now + len(place.people) / HEARERS_A_SECOND
        if message is not None:
            content = {"department_id": department_id, **message}
            self._socketio.broadcast(PRESENCE, content, presence_room(department_id))


def is_presence(room: object) -> bool:
    return isinstance(room, str) and room.startswith(presence_room(""))


def event_id_from(value: object) -> str | None:
    """Returns the id of the event that somebody edits; None for none. Whether there is one isn't asked."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidInput([FieldProblem("event_id", "not_a_string")])
    if not usable_id(value):
        raise InvalidInput([FieldProblem("event_id", "bad_characters")])
    return folded_id(value)
