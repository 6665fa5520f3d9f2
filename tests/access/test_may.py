"""The whole table of who may do what: teamcal.access, without anything around it."""

import itertools
from typing import Any

import pytest

from teamcal.access import ADMINISTRATOR, NOTHING, Rights, is_alive, level, may
from teamcal.domain.caller import GUEST, NOBODY, SYSTEM, UNNAMED, WHOLE, Caller, Kind, Right, Role, Scope
from teamcal.domain.changes import Change
from teamcal.domain.people import Access, User
from teamcal.domain.values import Record

D, OTHER = "department", "other"
RIGHTS = (Right.SEE, Right.EDIT, Right.MANAGE, Right.ADMINISTER)
AT = "2024-01-02T00:00:00.000Z"


def user(user_id: str, **fields: Any) -> Record:
    return {"id": f"user:{user_id}", "login": user_id, "name": user_id, "disabled": False, **fields}


def policy(department_id: str, access: str, roles: dict[str, str], **fields: Any) -> Record:
    return {"id": f"policy:{department_id}", "access": access, "roles": roles, **fields}


ROLES = {"viewer": "viewer", "editor": "editor", "manager": "manager", "off": "manager", "root": "viewer"}
USERS = [
    user("stranger"),
    user("viewer"),
    user("editor"),
    user("manager"),
    user("grouped", groups=["팀장", "기타"]),
    user("root", admin=True),
    user("off", disabled=True, admin=True),
]


def rights_with(access: str | None) -> Rights:
    """Returns rights with a department of this access, without a policy for None."""
    policies = [policy(D, access, {**ROLES, "group:팀장": "manager"}, passcode_id="p1")] if access else []
    return Rights.of([*USERS, *policies])


def of(user_id: str, scope: Scope = WHOLE, **fields: Any) -> Caller:
    return Caller(user_id, True, user_id, Kind.USER, scope, "hash", AT, **fields)


def passcode(passcode_id: str, department_id: str = D, cap: Role | None = None) -> Caller:
    return Caller("", False, passcode_id, Kind.PASSCODE, Scope(frozenset({department_id}), cap), "hash", AT)


CALLERS = {
    "open mode's": UNNAMED,
    "nobody": NOBODY,
    "guest": GUEST,
    "system": SYSTEM,
    "unknown": of("unknown"),
    **{name: of(name) for name in ("stranger", "viewer", "editor", "manager", "grouped", "root", "off")},
    "feed of viewer": of("viewer", Scope(frozenset({D}), Role.VIEWER)),
    "feed of stranger": of("stranger", Scope(frozenset({D}), Role.VIEWER)),
    "feed of manager": of("manager", Scope(frozenset({D}), Role.VIEWER)),
    "feed of root": of("root", Scope(frozenset({D}), Role.VIEWER)),
    "feed of other": of("manager", Scope(frozenset({OTHER}), Role.VIEWER)),
    "app of manager": of("manager", Scope(None, Role.EDITOR)),
    "app of root": of("root", Scope(frozenset({D}))),
    "no department": of("root", Scope(frozenset())),
    "passcode": passcode("p1"),
    "viewing passcode": passcode("p1", cap=Role.VIEWER),
    "old passcode": passcode("p0"),
    "no passcode": passcode(""),
    "other's passcode": passcode("p1", OTHER),
}
NONE, VIEW, EDIT, MANAGE, ALL = NOTHING, Role.VIEWER, Role.EDITOR, Role.MANAGER, ADMINISTRATOR
TABLE: dict[str, tuple[int, int, int, int]] = {
    # open, members, private, and without a policy
    "open mode's": (NONE, NONE, NONE, NONE),
    "nobody": (NONE, NONE, NONE, NONE),
    "guest": (EDIT, NONE, NONE, NONE),
    "system": (ALL, ALL, ALL, ALL),
    "unknown": (NONE, NONE, NONE, NONE),
    "stranger": (EDIT, VIEW, NONE, VIEW),
    "viewer": (EDIT, VIEW, VIEW, VIEW),
    "editor": (EDIT, EDIT, EDIT, VIEW),
    "manager": (MANAGE, MANAGE, MANAGE, VIEW),
    "grouped": (MANAGE, MANAGE, MANAGE, VIEW),
    "root": (ALL, ALL, ALL, ALL),
    "off": (NONE, NONE, NONE, NONE),
    "feed of viewer": (VIEW, VIEW, VIEW, VIEW),
    "feed of stranger": (VIEW, VIEW, NONE, VIEW),
    "feed of manager": (VIEW, VIEW, VIEW, VIEW),
    "feed of root": (VIEW, VIEW, VIEW, VIEW),
    "feed of other": (NONE, NONE, NONE, NONE),
    "app of manager": (EDIT, EDIT, EDIT, VIEW),
    "app of root": (ALL, ALL, ALL, ALL),
    "no department": (NONE, NONE, NONE, NONE),
    "passcode": (EDIT, EDIT, EDIT, NONE),
    "viewing passcode": (VIEW, VIEW, VIEW, NONE),
    "old passcode": (NONE, NONE, NONE, NONE),
    "no passcode": (NONE, NONE, NONE, NONE),
    "other's passcode": (NONE, NONE, NONE, NONE),
}
ACCESSES = ("open", "members", "private", None)


def test_the_table_has_every_caller_and_every_access() -> None:
    assert list(TABLE) == list(CALLERS)
    assert {access.value for access in Access} == set(ACCESSES) - {None}


@pytest.mark.parametrize("name", CALLERS)
def test_what_everybody_is_in_every_kind_of_department(name: str) -> None:
    caller = CALLERS[name]
    levels = tuple(level(rights_with(access), caller, D) for access in ACCESSES)
    assert levels == TABLE[name]
    for access, own in zip(ACCESSES, levels, strict=True):
        may_do = [may(rights_with(access), caller, right, D) for right in RIGHTS[:3]]
        assert may_do == [own >= VIEW, own >= EDIT, own >= MANAGE]


@pytest.mark.parametrize("name", CALLERS)
def test_only_whole_administrators_administer(name: str) -> None:
    for access, about in itertools.product(ACCESSES, (D, OTHER, "")):
        allowed = may(rights_with(access), CALLERS[name], Right.ADMINISTER, about)
        assert allowed is (name in ("root", "system"))


@pytest.mark.parametrize("name", CALLERS)
def test_what_is_ones_own_is_for_oneself_with_a_whole_token(name: str) -> None:
    rights = rights_with("open")
    whole = ("stranger", "viewer", "editor", "manager", "grouped")
    assert may(rights, CALLERS[name], Right.OWN, CALLERS[name].id) is (name in (*whole, "root", "system"))
    assert may(rights, CALLERS[name], Right.OWN, "somebody else") is (name in ("root", "system"))


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("name", CALLERS)
def test_in_open_mode_everybody_may_do_everything(right: Right, name: str) -> None:
    assert may(None, CALLERS[name], right, D)


def test_a_manager_is_one_in_his_department_only() -> None:
    rights = rights_with("private")
    assert level(rights, of("manager"), OTHER) == VIEW  # without a policy: what all who are signed in are
    private = Rights.of([*USERS, policy(OTHER, "private", {})])
    assert level(private, of("manager"), OTHER) == NOTHING


def test_tokens_from_before_a_new_password_or_a_disabling_are_dead() -> None:
    at = "2024-01-02T00:00:00.001Z"
    signed_out = Rights.of([user("u", sessions_since=at)])
    assert not is_alive(signed_out, of("u", signed_in=True))
    assert is_alive(signed_out, of("u"))
    assert not is_alive(Rights.of([user("u", tokens_since=at)]), of("u"))
    assert is_alive(Rights.of([user("u", tokens_since=AT, sessions_since=AT)]), of("u", signed_in=True))


@pytest.mark.parametrize("broken", [{"access": "everybody"}, {"access": None}, {"access": "private"}])
def test_a_policy_that_is_not_understood_gives_nobody_anything(broken: dict[str, Any]) -> None:
    roles = {"stranger": "owner", "group:팀장": 7}
    rights = Rights.of([*USERS, {"id": f"policy:{D}", "roles": roles, **broken}])
    assert [level(rights, of(name), D) for name in ("stranger", "grouped")] == [NOTHING, NOTHING]
    assert level(rights, GUEST, D) == NOTHING


def test_a_user_who_is_not_understood_is_disabled() -> None:
    assert User.of({"id": "user:u"}).disabled
    assert not User.of(user("u", admin="yes")).admin


def test_rights_after_changes_are_those_of_the_records() -> None:
    records = [*USERS, policy(D, "private", {"viewer": "manager"}), {"id": "started"}]
    rights = Rights()
    for number, record in enumerate(records, start=1):
        rights = rights.after(Change(number, "", record, "c", "", AT))
    assert rights == Rights.of(records)
    gone = {**records[-2], "deleted": True}
    assert rights.after(Change(9, "", gone, "c", "", AT)) == Rights.of([*USERS, {"id": "started"}])
    said = Change(10, "token_revoked", {"token": "hash", "user": "viewer"}, "c", "", AT)
    assert rights.after(said) is rights
