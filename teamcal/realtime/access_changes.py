"""What a change of rights does to the connected clients. Only with AUTH_MODE=token.

Design: docs/develop/access.md, "Sockets".
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from teamcal.access import NOTHING, Rights, is_alive, level, role_name
from teamcal.calendar import Calendar
from teamcal.domain.access_operations import TOKEN_REVOKED
from teamcal.domain.caller import Kind, Role
from teamcal.domain.changes import DEPARTMENT_CREATED, DEPARTMENT_DELETED, Change
from teamcal.domain.events import public_department
from teamcal.domain.people import GROUP, POLICY, USER, Policy
from teamcal.realtime.audience import Audience
from teamcal.realtime.caller_groups import Group

ACCESS_CHANGED = "access_changed"
MAX_TOLD = 100
"""Departments of which a client is told one by one; of more, that anything may have changed."""


class Changed(NamedTuple):
    """Clients of one caller, and what he was and is in a department: see teamcal.access.level."""

    group: Group
    old: int
    new: int


class AccessChanges:
    """Makes clients leave the rooms of departments that they don't see any more, before the change of rights
    is acknowledged, and tells them, and those who see more than before.
    """

    def __init__(self, audience: Audience, calendar: Calendar) -> None:
        self.audience, self._departments = audience, calendar.departments
        self._callers = audience.callers
        calendar.permits.listen(self.changed)

    def changed(self, before: Rights | None, after: Rights, change: Change | None) -> None:
        """As CurrentRights.listen."""
        audience = self.audience
        with audience.lock:
            seen = audience.rights or Rights()
            record_id = "" if change is None else str(change.record.get("id", ""))
            if change is not None and record_id.startswith(POLICY):
                self._policy_changed(seen, after, record_id.removeprefix(POLICY), change.removes)
                return
            audience.adopt(after)
            if change is None:
                if before is not None:  # another history: whatever they were told may be wrong
                    audience.socketio.send_away(None)
            elif change.kind == TOKEN_REVOKED:
                self._expel(self._callers.of_token(str(change.record.get("token", ""))))
            elif record_id.startswith(USER):
                self._user_changed(seen, after, record_id.removeprefix(USER))

    def _expel(self, groups: Iterable[Group]) -> None:
        for group in groups:
            self.audience.expel(group.caller)

    # A department's policy

    def _policy_changed(self, before: Rights, after: Rights, department_id: str, removed: bool) -> None:
        department = self._departments.known(department_id)
        old, new = before.policy(department_id), after.policy(department_id)
        if removed and department is not None:
            self.audience.adopt(after, (department_id, old))
        else:
            self.audience.adopt(after)
        if old.passcode_id != new.passcode_id:
            self._expel(self._callers.of_identity(Kind.PASSCODE, old.passcode_id))
        if not removed:
            changed = _levels(before, after, department_id, self._concerned(old, new, after))
            self._tell(department_id, department, changed)

    def _concerned(self, old: Policy, new: Policy, rights: Rights) -> Iterable[Group]:
        """Returns those whose level may be another one with the new policy."""
        if old.access != new.access:
            return self._callers.groups()
        keys = {key for key in {*old.roles, *new.roles} if old.roles.get(key) != new.roles.get(key)}
        groups = {key.removeprefix(GROUP) for key in keys if key.startswith(GROUP)}
        concerned = [group for key in keys for group in self._callers.of_identity(Kind.USER, key)]
        if groups:
            concerned += [
                group
                for group in self._callers.groups()
                if group.caller.kind is Kind.USER
                and group.caller.id not in keys
                and (user := rights.users.get(group.caller.id)) is not None
                and not groups.isdisjoint(user.groups)
            ]
        return concerned

    def _tell(
        self, department_id: str, department: dict[str, Any] | None, changed: Sequence[Changed]
    ) -> None:
        """Those who have lost sight leave first; then all are told, one message for each level."""
        lost = [sid for group, _, new in changed if new < Role.VIEWER for sid in group.sids]
        gained = [sid for group, old, _ in changed if old < Role.VIEWER for sid in group.sids]
        self.audience.leave(lost, department_id)
        if department is None:
            return  # nobody was told of it yet, and who joins it is asked
        send_to = self.audience.socketio.send_to
        send_to(lost, DEPARTMENT_DELETED, {"id": department_id})
        send_to(gained, DEPARTMENT_CREATED, public_department(department))
        for now in sorted({new for _, _, new in changed}):
            sids = [sid for group, _, new in changed if new == now for sid in group.sids]
            send_to(sids, ACCESS_CHANGED, access_changed(department_id, now))

    # A user

    def _user_changed(self, before: Rights, after: Rights, user_id: str) -> None:
        groups = self._callers.of_identity(Kind.USER, user_id)
        self._expel([group for group in groups if not is_alive(after, group.caller)])
        old, new = before.users.get(user_id), after.users.get(user_id)
        if old is None or new is None or (old.admin, old.groups) == (new.admin, new.groups):
            return
        for group in groups:
            if is_alive(after, group.caller):
                self._user_levels(before, after, group)

    def _user_levels(self, before: Rights, after: Rights, group: Group) -> None:
        changed = {
            department_id: levels
            for department_id in self._departments.known_ids()
            if (levels := _levels(before, after, department_id, [group]))
        }
        if len(changed) > MAX_TOLD:
            self.recheck(group.sids)
            self.audience.socketio.send_to(group.sids, ACCESS_CHANGED, access_changed(None, NOTHING))
            return
        for department_id, levels in changed.items():
            self._tell(department_id, self._departments.known(department_id), levels)

    # A client

    def recheck(self, sids: Iterable[str]) -> None:
        """Makes clients leave the rooms of departments that their caller doesn't see, and tells them."""
        audience = self.audience
        for sid in sids:
            caller = self._callers.caller_of(sid)
            for department_id in audience.departments_of(sid):
                if not audience.sees(caller, department_id):
                    audience.leave([sid], department_id)
                    audience.socketio.send_to([sid], DEPARTMENT_DELETED, {"id": department_id})
                    gone = access_changed(department_id, NOTHING)
                    audience.socketio.send_to([sid], ACCESS_CHANGED, gone)


def _levels(before: Rights, after: Rights, department_id: str, groups: Iterable[Group]) -> list[Changed]:
    """Returns the groups whose level has changed."""
    levels = (
        (group, level(before, group.caller, department_id), level(after, group.caller, department_id))
        for group in groups
    )
    return [Changed(group, old, new) for group, old, new in levels if old != new]


def access_changed(department_id: str | None, now: int) -> dict[str, Any]:
    """`department_id` None: anything may have changed, and the list has to be loaded."""
    return {"department_id": department_id, "role": role_name(now)}
