"""Who receives what: the callers behind the connections, and their rights. Only with AUTH_MODE=token.

Design: docs/develop/access.md, "Sockets".
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from teamcal.access import ADMINISTRATOR, Rights, level, with_policies
from teamcal.domain.caller import NOBODY, Caller, Kind, Role
from teamcal.domain.people import Policy
from teamcal.errors import DepartmentNotFound, TokenInvalid
from teamcal.realtime.caller_groups import CallerGroups
from teamcal.realtime.publisher import POSITION, department_of, leave_rooms, rooms_of
from teamcal.texts.error_body import failure
from teamcal.texts.language import language_of

ENDING = 1_000
"""Departments whose policy is gone before this process has heard of their deletion."""


class Audience:
    """Membership of a room is the permission to receive, so nothing is asked for each message.

    That is so because three things never overlap: a client enters a room, or is answered with a calendar; a
    message is queued for those who are in a room; a change of rights makes clients leave. All of them hold
    `lock`, `CalendarSocketIO.membership`, which may be taken with a log's lock held, not the other way round.
    Nobody waits for anything with it held. `rights` are those of the last change that was taken up here.
    """

    def __init__(self, socketio: Any) -> None:
        self.socketio, self.lock = socketio, socketio.membership
        self.callers = CallerGroups()
        self.rights: Rights | None = None
        self._when_refused: Callable[[str], object] = id
        self._ending: dict[str, Policy] = {}

    def when_refused(self, told: Callable[[str], object]) -> None:
        """Has `told(sid)` called, with the lock held, for each client that has become nobody's."""
        self._when_refused = told

    # Asking

    def level(self, caller: Caller, department_id: str) -> int:
        """As teamcal.access.level."""
        return 0 if self.rights is None else level(self.rights, caller, department_id)

    def sees(self, caller: Caller, department_id: str) -> bool:
        return self.level(caller, department_id) >= Role.VIEWER

    @contextmanager
    def receiving(self, sid: str, department_id: str) -> Iterator[None]:
        """While it is held, what is queued for the client comes before whatever ends its right to it.

        Raises TokenInvalid, DepartmentNotFound if that has ended already.
        """
        with self.lock:
            caller = self.callers.caller_of(sid)
            if caller.kind is Kind.NOBODY:
                raise TokenInvalid
            if not self.sees(caller, department_id):
                raise DepartmentNotFound(department_id)
            yield

    def departments_of(self, sid: str) -> list[str]:
        """Returns the departments whose rooms the client is in."""
        rooms = self.socketio.server.manager.get_rooms(sid, "/") or ()
        return [found for room in rooms if (found := department_of(room)) is not None]

    # Sending

    def announce(self, department_id: str, name: str, payload: dict[str, Any], removes: bool) -> None:
        """Sends a change of the list of departments to those who see the department.

        The list's revision and cursor would tell of the other departments: only administrators get them. A
        deleted department's room is empty afterwards: who joins one that is made again is asked again.
        """
        self.socketio.wait_for_outbox()
        with self.lock:
            everything: list[str] = []
            others: list[str] = []
            for group in self.callers.groups():
                now = self.level(group.caller, department_id)
                if now >= ADMINISTRATOR and self.level(group.caller, "") >= ADMINISTRATOR:
                    everything += group.sids
                elif now >= Role.VIEWER:
                    others += group.sids
            self.socketio.send_to(everything, name, payload)
            plain = {field: value for field, value in payload.items() if field not in POSITION}
            self.socketio.send_to(others, name, plain)
            if removes:
                self._forget(department_id)

    def _forget(self, department_id: str) -> None:
        for room in rooms_of(department_id):
            self.leave(self.socketio.members(room), department_id)
        if self._ending.pop(department_id, None) is not None and self.rights is not None:
            self.rights = with_policies(self.rights, {department_id: None})

    def leave(self, sids: Iterable[str], department_id: str) -> None:
        for sid in sids:
            leave_rooms(self.socketio.server, sid, department_id)

    def expel(self, caller: Caller) -> None:
        """The caller's token has ended: his clients are nobody's, and receive nothing more."""
        for sid in self.callers.clients_of(caller):
            self.callers.put(sid, NOBODY)
            for department_id in self.departments_of(sid):
                self.leave([sid], department_id)
            self.refuse(sid)

    def refuse(self, sid: str) -> None:
        """Tells a client that it is nobody's any more."""
        environ = self.socketio.server.get_environ(sid)
        if environ is not None:
            self.socketio.emit("error", failure("token_invalid", language_of(environ)), to=sid)
        self._when_refused(sid)

    # The rights of the moment

    def adopt(self, rights: Rights, ending: tuple[str, Policy] | None = None) -> None:
        """Takes up new rights. `ending`: a department whose policy was removed before this process heard of
        its deletion; until then it is as it was.
        """
        if ending is not None and len(self._ending) < ENDING:
            self._ending.update([ending])
        for department_id in [one for one in self._ending if one in rights.policies]:
            del self._ending[department_id]  # it was made again
        self.rights = with_policies(rights, self._ending) if self._ending else rights
