"""Asks teamcal.access with the rights of the moment, and says no in a way that gives nothing away."""

import threading
from collections.abc import Callable, Iterable

from teamcal.access import ADMINISTRATOR, NOTHING, Rights, is_alive, level, may
from teamcal.domain.caller import SYSTEM, Caller, Kind, Right
from teamcal.domain.changes import ACCESS, DEPARTMENTS
from teamcal.domain.values import Record
from teamcal.errors import DepartmentNotFound, Forbidden, TokenInvalid, TokenRequired
from teamcal.sync.current_rights import CurrentRights, RightsChanged
from teamcal.sync.replicas import Replicas

Permit = Callable[[], None]
"""Raises CalendarError if its caller may not, at the moment when it is called."""


class Permits:
    """Without `replicas.rights` (AUTH_MODE=open) everybody may do everything, and nothing is asked.

    `start()` is called before the first decision if token mode was never started over these tables.
    """

    def __init__(self, replicas: Replicas, start: Callable[[], None]) -> None:
        self._replicas, self._current, self._start = replicas, replicas.rights, start
        self._starting = threading.Lock()
        self.is_open = self._current is None

    @property
    def rights(self) -> Rights | None:
        """The rights of this moment; None with AUTH_MODE=open. They are loaded first. Raises StorageError."""
        if self._current is None:
            return None
        rights = self._current.rights
        return rights if rights is not None and rights.started else self._load(self._current)

    @property
    def newest(self) -> Rights | None:
        """As `rights`, holding every change that was acknowledged before, also by another process.

        It costs one GetItem: for what people do to users and policies, not for every request.
        """
        if self._current is not None:
            self._replicas.of(ACCESS).refresh()
        return self.rights

    def stored_rights(self, caller: Caller) -> Rights:
        """Returns the newest rights, for scripts with AUTH_MODE=token; unlike `rights`, without `start()`.

        Raises Forbidden for anybody but the system.
        """
        if caller is not SYSTEM:
            raise Forbidden
        assert self._current is not None
        self._replicas.of(ACCESS).refresh()
        assert self._current.rights is not None
        return self._current.rights

    def _load(self, current: CurrentRights) -> Rights:
        if current.rights is None:
            self._replicas.of(ACCESS).refresh()
        departments = self._replicas.of(DEPARTMENTS)
        if departments.head is None:  # a refusal looks into it, and then it can't wait for another log
            departments.refresh()
        assert current.rights is not None
        # Who comes meanwhile doesn't wait, and sees less than he will: nothing is open yet.
        if not current.rights.started and self._starting.acquire(blocking=False):
            try:
                self._start()
            finally:
                self._starting.release()
        return current.rights

    def may(self, caller: Caller, right: Right, about: str) -> bool:
        """As teamcal.access.may, with the rights of this moment. Raises StorageError."""
        return self._current is None or self._may(self.rights, caller, right, about)

    def require(self, caller: Caller, right: Right, about: str) -> None:
        """Raises TokenRequired, TokenInvalid, Forbidden; DepartmentNotFound if the caller doesn't see it."""
        if self._current is not None:
            self._require(self.rights, caller, right, about)

    def permit(self, caller: Caller, right: Right, about: str) -> Permit | None:
        """Returns what a submission asks at each attempt; None if there is nothing to ask.

        It loads nothing: who asks it holds locks. The rights were loaded when the submission was made.
        """
        current = self._current
        if current is None:
            return None
        return lambda: self._require(current.rights, caller, right, about)

    def is_alive(self, caller: Caller) -> bool:
        """Whether the caller's token, user or passcode hasn't ended before its time. Raises StorageError."""
        return self._current is None or self._is_alive(self.rights, caller)

    def is_revoked(self, caller: Caller) -> bool:
        """Whether the caller's token was revoked while this process was looking on. Never waits."""
        return self._current is not None and self._current.is_revoked(caller.token)

    def require_somebody(self, caller: Caller) -> None:
        """Raises TokenRequired, TokenInvalid. Before anything that is looked up by an id from outside."""
        if self._current is not None:
            self._require_somebody(self.rights, caller)

    def permit_somebody(self, caller: Caller) -> Permit | None:
        """As `permit`, for what everybody may do whose token is alive."""
        current = self._current
        return None if current is None else lambda: self._require_somebody(current.rights, caller)

    def _may(self, rights: Rights | None, caller: Caller, right: Right, about: str) -> bool:
        return may(rights, caller, right, about) and not self.is_revoked(caller)

    def _is_alive(self, rights: Rights | None, caller: Caller) -> bool:
        return rights is not None and is_alive(rights, caller) and not self.is_revoked(caller)

    def _require_somebody(self, rights: Rights | None, caller: Caller) -> None:
        if caller.kind in (Kind.NOBODY, Kind.OPEN):
            raise TokenRequired
        if not self._is_alive(rights, caller):
            raise TokenInvalid

    def _require(self, rights: Rights | None, caller: Caller, right: Right, about: str) -> None:
        if self._may(rights, caller, right, about):
            return
        self._require_somebody(rights, caller)
        of_department = right not in (Right.ADMINISTER, Right.OWN)
        if of_department and not (self._may(rights, caller, Right.SEE, about) and self._is_listed(about)):
            raise DepartmentNotFound(about)
        raise Forbidden(right.value)

    def _is_listed(self, department_id: str) -> bool:
        """Whether there is such a department: "you may not" tells those apart that a caller doesn't see."""
        return department_id in self._replicas.of(DEPARTMENTS).records

    def visible(self, caller: Caller, departments: Iterable[Record]) -> list[Record]:
        """Returns the departments that the caller sees."""
        if self._current is None:
            return list(departments)
        return [one for one in departments if self.may(caller, Right.SEE, one["id"])]

    def level(self, caller: Caller, department_id: str) -> int:
        """As teamcal.access.level; ADMINISTRATOR for everybody with AUTH_MODE=open. Raises StorageError."""
        rights = self.rights
        if self._current is None or rights is None:
            return ADMINISTRATOR
        return NOTHING if self._current.is_revoked(caller.token) else level(rights, caller, department_id)

    def listen(self, changed: RightsChanged) -> None:
        """As CurrentRights.listen; does nothing with AUTH_MODE=open."""
        if self._current is not None:
            self._current.listen(changed)

    def sees_everything(self, caller: Caller) -> bool:
        return self.may(caller, Right.ADMINISTER, "")
