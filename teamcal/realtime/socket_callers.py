"""Who a client of Socket.IO is, from its connection on. Only with AUTH_MODE=token."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from teamcal.access import is_alive
from teamcal.calendar import Calendar
from teamcal.domain.caller import NOBODY, Caller, Kind, caller_named
from teamcal.errors import InvalidInput, TokenInvalid
from teamcal.http.callers import DEAD, FindCaller
from teamcal.realtime.access_changes import AccessChanges
from teamcal.realtime.audience import Audience
from teamcal.realtime.handshake import Handshake
from teamcal.realtime.renewals import Renewals

CALLER = "teamcal.socket_caller"


class SocketCallers:
    """`now`: the time by which tokens end, in UTC."""

    def __init__(
        self, audience: Audience, calendar: Calendar, find: FindCaller, now: Callable[[], datetime]
    ) -> None:
        self.audience, self._find = audience, find
        self._permits = calendar.permits
        self._changes = AccessChanges(audience, calendar)
        socketio = audience.socketio
        tasks = (socketio.start_background_task, socketio.sleep)
        self.renewals = Renewals(audience, calendar.tokens.renewed, lambda: now().timestamp(), *tasks)
        Handshake(socketio, self.admit)
        socketio.server.on("disconnect", self.disconnected)

    def caller_of(self, sid: str) -> Caller:
        with self.audience.lock:
            return self.audience.callers.caller_of(sid)

    def admit(self, environ: dict[str, Any], auth: Any) -> None:
        """Finds the caller of a new connection. Raises TokenInvalid, TooManyRequests, StorageError."""
        given = auth.get("token") if isinstance(auth, dict) else None
        caller = self._find(environ) if given is None else self._caller_with(given, environ)
        if not self._permits.is_alive(caller):
            raise TokenInvalid
        if caller.kind in (Kind.GUEST, Kind.PASSCODE):
            caller = replace(caller, name=name_from(auth))
        environ[CALLER] = caller

    def _caller_with(self, token: object, environ: dict[str, Any]) -> Caller:
        caller = self._find.of_token(token, environ) if isinstance(token, str) else DEAD
        if caller is DEAD:
            raise TokenInvalid
        return caller

    def connected(self, sid: str, environ: dict[str, Any]) -> Caller:
        """Returns the caller that `admit` found, or NOBODY, who may only authenticate."""
        caller: Caller = environ.pop(CALLER, NOBODY)
        with self.audience.lock:
            if self._is_dead(caller):  # since it was admitted
                self.audience.callers.put(sid, NOBODY)
                self.audience.refuse(sid)
                caller = NOBODY
            else:
                self._put(sid, caller)
            if not self.audience.socketio.server.manager.is_connected(sid, "/"):
                self.disconnected(sid)
        return caller

    def authenticate(self, sid: str, environ: dict[str, Any], token: object) -> Caller:
        """Gives the connection another token. Rooms that its caller doesn't see are left.

        Raises TokenInvalid, TooManyRequests, StorageError; then everything stays as it was.
        """
        caller = self._caller_with(token, environ)
        with self.audience.lock:
            if self._is_dead(caller):
                raise TokenInvalid
            if sid in self.audience.callers:
                self.renewals.keep(sid)
                self._put(sid, caller)
                self._changes.recheck([sid])
        return caller

    def _is_dead(self, caller: Caller) -> bool:
        """Whether he isn't what he was when his token was looked up. What comes later finds his clients."""
        rights = self.audience.rights
        return self._permits.is_revoked(caller) or (rights is not None and not is_alive(rights, caller))

    def _put(self, sid: str, caller: Caller) -> None:
        self.audience.callers.put(sid, caller)
        if caller.kind is Kind.NOBODY:
            self.renewals.give_grace(sid)
        else:
            self.renewals.follow(caller)

    def disconnected(self, sid: str, reason: Any = None) -> None:
        with self.audience.lock:
            self.audience.callers.drop(sid)
            self.renewals.keep(sid)


def name_from(auth: Any) -> str:
    """Returns the display name that a client claims with `auth: {name}`.

    A client that sends something else there connects as before and has no name.
    """
    name = auth.get("name") if isinstance(auth, dict) else None
    try:
        return caller_named(name, "name").name if isinstance(name, str) else ""
    except InvalidInput:
        return ""


def identity_of(caller: Caller) -> dict[str, Any]:
    """Returns who a client is, as it is told."""
    departments = caller.scope.departments
    return {
        "kind": caller.kind.value,
        "user": {"id": caller.id, "name": caller.name} if caller.kind is Kind.USER else None,
        "departments": None if departments is None else sorted(departments),
        "ends_at": caller.ends or None,
    }
