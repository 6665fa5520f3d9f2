"""Policies: who may what in a department, and its passcode."""

import secrets
from typing import Any, NamedTuple

from teamcal.calendar.gateway import Gateway
from teamcal.domain.access_operations import SetPolicy
from teamcal.domain.caller import Caller, Right
from teamcal.domain.changes import ACCESS, DEPARTMENTS
from teamcal.domain.department_operations import BlankDescription
from teamcal.domain.items import PASSCODE, ItemWrite
from teamcal.domain.people import GROUP, NO_POLICY, Access, Policy, access_from, roles_from
from teamcal.domain.values import new_id, timestamp
from teamcal.errors import DepartmentNotFound, FieldProblem, InvalidInput


class PasscodeCheck(NamedTuple):
    """What a passcode is checked with: its id and its hash; None, after the same reads, without one."""

    passcode_id: str | None
    passcode: str | None


class Policies:
    """Passcodes are given and returned as hashes (teamcal/signin). Raises CalendarError."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._permits = gateway, gateway.permits

    def get(self, caller: Caller, department_id: str) -> Policy:
        """Returns the policy, for managers. Raises DepartmentNotFound, Forbidden."""
        self._permits.require(caller, Right.MANAGE, department_id)
        self._require_department(department_id)
        rights = self._permits.newest
        return NO_POLICY if rights is None else rights.policy(department_id)

    def set(self, caller: Caller, department_id: str, fields: dict[str, Any]) -> Policy:
        """Sets access, roles or passcode (its hash, None for none), whichever are given, in one transaction.

        Tokens of the passcode before end at once. Raises DepartmentNotFound, Forbidden, InvalidInput.
        """
        self._permits.require(caller, Right.MANAGE, department_id)
        self._require_department(department_id)
        edited: dict[str, Any] = {}
        items: tuple[ItemWrite, ...] = ()
        if "access" in fields:
            edited["access"] = access_from(fields["access"])
        if "roles" in fields:
            edited["roles"] = self._known_roles(roles_from(fields["roles"]))
        if "passcode" in fields:
            edited["passcode_id"], items = _passcode_items(department_id, fields["passcode"])
        operation = SetPolicy(department_id, edited, items, caller.id)
        return Policy.of(self._gateway.write_one(caller, ACCESS, operation).record)

    def set_passcode(self, caller: Caller, department_id: str, passcode: str | None) -> Policy:
        """As `set` with the passcode alone."""
        return self.set(caller, department_id, {"passcode": passcode})

    def take_description(self, caller: Caller, department_id: str, description: str, passcode: str) -> None:
        """Makes a passcode of a description, which was one in the clear; `passcode` is its hash.

        In one transaction: the description is gone, and who isn't signed in needs the passcode. Raises
        NotApplied if the description is another one by now; DepartmentNotFound, Forbidden.
        """
        rights = self._permits.newest
        before = NO_POLICY if rights is None else rights.policy(department_id)
        passcode_id, items = _passcode_items(department_id, passcode)
        fields = {"passcode_id": passcode_id}
        if before.access is Access.OPEN:
            fields["access"] = Access.MEMBERS.value
        blank = BlankDescription(department_id, description, timestamp(self._gateway.now()))
        policy = SetPolicy(department_id, fields, items, caller.id)
        self._gateway.write_across(caller, [(DEPARTMENTS, blank), (ACCESS, policy)])

    def _known_roles(self, roles: dict[str, str]) -> dict[str, str]:
        """Raises InvalidInput about who is neither a user nor a group."""
        rights = self._permits.newest
        users = {} if rights is None else rights.users
        for key in roles:
            if key not in users and not (key.startswith(GROUP) and key != GROUP):
                raise InvalidInput([FieldProblem("roles", "unknown_user", {"user": key})])
        return roles

    def passcode_of(self, department_id: str) -> PasscodeCheck:
        """Returns what a passcode is checked with; of an unknown department the same as of one without."""
        rights = self._permits.newest
        policy = NO_POLICY if rights is None else rights.policy(department_id)
        item = self._gateway.database.items.get(
            PASSCODE + (department_id if policy.passcode_id else new_id())
        )
        if item is None or item.get("passcode_id") != policy.passcode_id:
            return PasscodeCheck(None, None)
        return PasscodeCheck(policy.passcode_id, str(item["hash"]))

    def _require_department(self, department_id: str) -> None:
        if department_id not in self._gateway.departments().records:
            raise DepartmentNotFound(department_id)


def _passcode_items(department_id: str, passcode: str | None) -> tuple[str, tuple[ItemWrite, ...]]:
    """Returns the id of a new passcode, "" of none, and what is written beside the policy."""
    item_id, passcode_id = PASSCODE + department_id, secrets.token_hex(8) if passcode is not None else ""
    item = {"id": item_id, "hash": passcode, "passcode_id": passcode_id} if passcode_id else None
    return passcode_id, (ItemWrite(item_id, item),)
