"""Who may do what. Pure; asked by the calendar only, before every read and at every attempt of a write.

Design: docs/develop/access.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from teamcal.domain.caller import Caller, Kind, Right, Role
from teamcal.domain.changes import Change
from teamcal.domain.people import GROUP, NO_POLICY, POLICY, STARTED, USER, Access, Policy, User
from teamcal.domain.values import Record

Value = TypeVar("Value")

NOTHING, ADMINISTRATOR = 0, Role.MANAGER + 1
"""Levels beside the roles': of who has no role, and of administrators, in every department."""
_NEEDED = {
    Right.SEE: Role.VIEWER,
    Right.EDIT: Role.EDITOR,
    Right.MANAGE: Role.MANAGER,
    Right.ADMINISTER: ADMINISTRATOR,
}


def role_name(level: int) -> str | None:
    """Returns what a level is called for clients: a role's name, "administrator", or None for NOTHING."""
    if level == NOTHING:
        return None
    return "administrator" if level >= ADMINISTRATOR else Role(level).name.lower()


@dataclass(frozen=True)
class Rights:
    """Users and policies at one moment. `started`: token mode has opened the departments that existed."""

    users: Mapping[str, User] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    started: bool = False

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Rights":
        users: dict[str, User] = {}
        policies: dict[str, Policy] = {}
        started = False
        for record in records:
            if record["id"].startswith(USER):
                users[record["id"].removeprefix(USER)] = User.of(record)
            elif record["id"].startswith(POLICY):
                policies[record["id"].removeprefix(POLICY)] = Policy.of(record)
            started = started or record["id"] == STARTED
        return cls(users, policies, started)

    def after(self, change: Change) -> "Rights":
        """Returns the rights after a change of `@access`; the same object if it is about no record."""
        record_id = change.record.get("id", "")
        if record_id.startswith(USER):
            users = _with(self.users, record_id.removeprefix(USER), change, User.of(change.record))
            return Rights(users, self.policies, self.started)
        if record_id.startswith(POLICY):
            policies = _with(self.policies, record_id.removeprefix(POLICY), change, Policy.of(change.record))
            return Rights(self.users, policies, self.started)
        return Rights(self.users, self.policies, True) if record_id == STARTED else self

    def policy(self, department_id: str) -> Policy:
        return self.policies.get(department_id, NO_POLICY)


def with_policies(rights: Rights, policies: Mapping[str, Policy | None]) -> Rights:
    """Returns the rights with other policies of these departments; None: without one."""
    kept = {name: policy for name, policy in rights.policies.items() if name not in policies}
    more = {name: policy for name, policy in policies.items() if policy is not None}
    return Rights(rights.users, kept | more, rights.started)


def _with(values: Mapping[str, Value], name: str, change: Change, value: Value) -> Mapping[str, Value]:
    others = {other: known for other, known in values.items() if other != name}
    return others if change.removes else others | {name: value}


def may(rights: Rights | None, caller: Caller, right: Right, about: str) -> bool:
    """Returns whether `caller` has `right` in the department `about`; for Right.OWN: over that user's tokens.

    `rights` is None with AUTH_MODE=open: everybody who reaches the server may do everything.
    """
    if rights is None:
        return True
    if right is Right.OWN:
        is_own = caller.kind is Kind.USER and caller.id == about and caller.scope.is_whole
        return (is_own and is_alive(rights, caller)) or level(rights, caller, "") >= ADMINISTRATOR
    if right is Right.ADMINISTER:
        about = ""
    return level(rights, caller, about) >= _NEEDED[right]


def level(rights: Rights, caller: Caller, department_id: str) -> int:
    """Returns what the caller is in the department: NOTHING, a Role or ADMINISTRATOR. "" is no department."""
    if caller.kind is Kind.SYSTEM:
        return ADMINISTRATOR
    if not is_alive(rights, caller):
        return NOTHING
    departments, cap = caller.scope.departments, caller.scope.cap
    if departments is not None and department_id not in departments:
        return NOTHING
    own = _own_level(rights, caller, department_id)
    return own if cap is None else min(own, cap)


def _own_level(rights: Rights, caller: Caller, department_id: str) -> int:
    if caller.kind is Kind.PASSCODE:
        return Role.EDITOR  # it is alive, so the passcode of its department is still the same
    policy = rights.policy(department_id)
    if caller.kind is Kind.GUEST:
        return Role.EDITOR if policy.access is Access.OPEN else NOTHING
    if caller.kind is not Kind.USER:
        return NOTHING
    user = rights.users[caller.id]
    if user.admin:
        return ADMINISTRATOR
    roles = policy.roles
    of_groups = (roles.get(GROUP + group, NOTHING) for group in user.groups) if roles else ()
    return max(_BASE[policy.access], roles.get(user.id, NOTHING), *of_groups)


_BASE: dict[Access, int] = {
    Access.OPEN: Role.EDITOR,
    Access.MEMBERS: Role.VIEWER,
    Access.PRIVATE: NOTHING,
}
"""What everybody who is signed in is in a department."""


def is_alive(rights: Rights, caller: Caller) -> bool:
    """Whether the user, or the passcode, that the caller came with is still what it was then.

    That his token wasn't revoked by itself, and its time, are for who keeps the tokens.
    """
    if caller.kind is Kind.USER:
        user = rights.users.get(caller.id)
        if user is None or user.disabled or caller.issued_at < user.tokens_since:
            return False
        return not caller.signed_in or caller.issued_at >= user.sessions_since
    if caller.kind is Kind.PASSCODE:
        departments = caller.scope.departments or ()
        ids = [rights.policy(department).passcode_id for department in departments]
        return bool(caller.id) and caller.id in ids
    return True
