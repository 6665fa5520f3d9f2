"""Who a client of Socket.IO is, what it receives, and what it is told when that changes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from teamcal.domain.caller import SYSTEM, Role
from teamcal.domain.people import TokenKind, User
from teamcal.errors import StorageUnavailable
from teamcal.realtime.renewals import GRACE_SECONDS, RENEWAL_SECONDS
from tests.access.offices import Office
from tests.house import Member, Server, right_now

UNKNOWN = "99999999-9999-4999-8999-999999999999"
REQUESTS = ("join_department", "sync_request", "leave_department")


@pytest.fixture
def office() -> Iterator[Office]:
    return Office()


def secret_of(office: Office, user: User, **scope: Any) -> str:
    caller = office.calendar.people.caller_of(user)
    return office.calendar.tokens.issue(caller, TokenKind.APP, "시험", **scope).secret


def member_of(office: Office, user: User, *departments: str, server: Server | None = None) -> Member:
    return (server or office.server).member(*departments, auth={"token": secret_of(office, user)})


def named(heard: list[tuple[str, Any]], *names: str) -> list[Any]:
    return [payload for name, payload in heard if name in names]


def titles(member: Member) -> list[str]:
    return [payload["title"] for payload in named(member.heard(), "event_created", "event_updated")]


# Connecting


def test_a_token_says_who_one_is(office: Office) -> None:
    user = office.user(name="김민지")
    member = member_of(office, user)
    ((name, greeting),) = member.heard()
    assert (name, greeting["kind"]) == ("connected", "user")
    assert greeting["user"] == {"id": user.id, "name": "김민지"}
    department = office.department()
    assert member.ask("join_department", {"department_id": department})["revision"] == 0


@pytest.mark.parametrize("token", ["tcs_" + "0" * 40, "", "x", 5, ["a"], {}])
def test_a_dead_token_is_refused(office: Office, token: Any) -> None:
    member = office.server.member(auth={"token": token})
    assert not member.client.is_connected("/")


def test_without_a_token_one_may_only_authenticate(office: Office) -> None:
    department, user = office.department(), office.user()
    member = office.server.member()
    assert named(member.heard(), "connected")[0]["kind"] == "nobody"
    for request in REQUESTS:
        answers = [member.ask(request, {"department_id": one}) for one in (department, UNKNOWN)]
        assert [answer["code"] for answer in answers] == ["token_required"] * 2
        assert answers[0] == answers[1]
    office.event(SYSTEM, department)
    office.department("연구팀")
    assert {name for name, _ in member.heard()} == {"error"}
    answer = member.ask("authenticate", {"token": secret_of(office, user)})
    assert (answer["kind"], answer["user"]["id"]) == ("user", user.id)
    assert member.heard() == [("authenticated", answer)]
    assert "cursor" in member.ask("join_department", {"department_id": department})


def test_what_is_no_token_is_an_error_of_the_request(office: Office) -> None:
    member = member_of(office, office.user())
    assert member.ask("authenticate")["code"] == "validation_error"
    assert member.ask("authenticate", {"token": 5})["code"] == "validation_error"
    assert member.ask("authenticate", {"token": "tcs_unknown"})["code"] == "token_invalid"
    department = office.department()
    assert "cursor" in member.ask("join_department", {"department_id": department})


def test_nobody_is_disconnected_after_a_while(office: Office) -> None:
    office, clock = _with_clock()
    nobody, late = office.server.member(), office.server.member()
    clock.seconds += GRACE_SECONDS - 1
    _step(office)
    assert nobody.client.is_connected("/")
    late.ask("authenticate", {"token": secret_of(office, office.user())})
    clock.seconds += 1
    _step(office)
    assert not nobody.client.is_connected("/")
    assert late.client.is_connected("/")


# What one can't see


@pytest.mark.parametrize("request_name", REQUESTS)
def test_an_invisible_department_is_an_unknown_one(office: Office, request_name: str) -> None:
    private = office.department(access="private")
    member = member_of(office, office.user())
    answers = [member.ask(request_name, {"department_id": one}) for one in (private, UNKNOWN)]
    if request_name == "leave_department":
        answers = [{**answer, "department_id": ""} for answer in answers]
    else:
        assert answers[0]["code"] == "department_not_found"
    assert answers[0] == answers[1]


def test_leaving_a_department_with_an_odd_id_tells_nothing(office: Office) -> None:
    odd = UNKNOWN.upper().replace("9", "A")
    office.house.put_department(id=odd, name="옛 부서", description="", created_at="", updated_at="")
    admin, user = office.user(admin=True), office.user()
    (known,) = [one["id"] for one in office.calendar.departments.list_all(office.signed_in(admin))[1]]
    office.calendar.policies.set(SYSTEM, known, {"access": "private"})
    member = member_of(office, user)
    assert member.ask("leave_department", {"department_id": odd})["department_id"] == odd.lower()


def test_the_list_goes_to_those_who_see_the_department(office: Office) -> None:
    user, admin, viewer = office.user(), office.user(admin=True), office.user()
    department = office.department(access="private", **{viewer.id: "viewer"})
    members = [member_of(office, one) for one in (user, admin, viewer)]
    for member in members:
        member.heard()
    office.calendar.departments.edit(SYSTEM, department, {"name": "새 이름"})
    told = [named(member.heard(), "department_updated") for member in members]
    assert [len(one) for one in told] == [0, 1, 1]
    assert {"revision", "cursor"} <= told[1][0].keys()
    assert not {"revision", "cursor"} & told[2][0].keys()
    assert told[2][0]["name"] == "새 이름"
    office.calendar.departments.delete(SYSTEM, department)
    told = [named(member.heard(), "department_deleted") for member in members]
    assert [len(one) for one in told] == [0, 1, 1]
    assert told[2] == [{"id": department}]


def test_a_deleted_departments_room_is_empty(office: Office) -> None:
    department = office.department()
    member = member_of(office, office.user(), department)
    office.calendar.departments.delete(SYSTEM, department)
    assert office.server.socketio.members(f"department:{department}") == []
    assert named(member.heard(), "department_deleted") == [{"id": department}]


# Losing and gaining sight


def test_who_loses_sight_leaves_and_hears_so(office: Office) -> None:
    member_user, stays = office.user(), office.user()
    department = office.department(**{stays.id: "editor"})
    elsewhere = office.department("연구팀")
    lost, kept = (member_of(office, one, department, elsewhere) for one in (member_user, stays))
    office.calendar.policies.set(SYSTEM, department, {"access": "private"})
    office.event(SYSTEM, department, "비밀")
    office.event(SYSTEM, elsewhere, "공개")
    heard = lost.heard()
    assert heard[:2] == [
        ("department_deleted", {"id": department}),
        ("access_changed", {"department_id": department, "role": None}),
    ]
    assert [payload["title"] for payload in named(heard, "event_created")] == ["공개"]
    assert titles(kept) == ["비밀", "공개"]
    assert lost.ask("join_department", {"department_id": department})["code"] == "department_not_found"


def test_who_gains_sight_hears_of_the_department(office: Office) -> None:
    user = office.user()
    department = office.department("비밀부서", access="private")
    member = member_of(office, user)
    member.heard()
    office.calendar.policies.set(SYSTEM, department, {"roles": {user.id: "viewer"}})
    (created, changed) = member.heard()
    assert (created[0], created[1]["name"]) == ("department_created", "비밀부서")
    assert not {"revision", "cursor"} & created[1].keys()
    assert changed == ("access_changed", {"department_id": department, "role": "viewer"})
    office.calendar.policies.set(SYSTEM, department, {"roles": {user.id: "manager"}})
    assert member.heard() == [("access_changed", {"department_id": department, "role": "manager"})]
    office.calendar.policies.set(SYSTEM, department, {"access": "members"})
    assert member.heard() == []  # a manager already


def test_a_new_administrator_and_one_who_is_none_any_more(office: Office) -> None:
    user = office.user()
    private, open_one = office.department(access="private"), office.department("연구팀")
    member = member_of(office, user, open_one)
    office.calendar.people.edit(SYSTEM, user.id, {"admin": True})
    heard = member.heard()
    assert [one["id"] for one in named(heard, "department_created")] == [private]
    roles = {one["department_id"]: one["role"] for one in named(heard, "access_changed")}
    assert roles == {private: "administrator", open_one: "administrator"}
    member.ask("join_department", {"department_id": private})
    member.heard()
    office.user(admin=True)
    office.calendar.people.edit(SYSTEM, user.id, {"admin": False})
    office.event(SYSTEM, private)
    heard = member.heard()
    assert named(heard, "department_deleted") == [{"id": private}]
    assert not named(heard, "event_created")


def test_a_scoped_token_sees_its_departments_only(office: Office) -> None:
    admin = office.user(admin=True)
    one, other = office.department(), office.department("연구팀")
    auth = {"token": secret_of(office, admin, departments=[one], cap=Role.VIEWER)}
    member = office.server.member(one, auth=auth)
    assert member.ask("join_department", {"department_id": other})["code"] == "department_not_found"
    member.heard()
    office.calendar.departments.edit(SYSTEM, one, {"description": "설명"})
    office.calendar.departments.edit(SYSTEM, other, {"description": "설명"})
    ((name, payload),) = member.heard()
    assert (name, payload["id"], "cursor" in payload) == ("department_updated", one, False)


def test_many_departments_at_once_are_one_message(office: Office, monkeypatch: Any) -> None:
    monkeypatch.setattr("teamcal.realtime.access_changes.MAX_TOLD", 3)
    user = office.user()
    departments = [office.department(f"부서 {number}", access="private") for number in range(4)]
    office.user(admin=True)
    office.calendar.people.edit(SYSTEM, user.id, {"admin": True})
    member = member_of(office, user, *departments[:2])
    office.calendar.people.edit(SYSTEM, user.id, {"admin": False})
    office.event(SYSTEM, departments[0])
    heard = member.heard()
    assert {one["id"] for one in named(heard, "department_deleted")} == set(departments[:2])
    assert heard[-1] == ("access_changed", {"department_id": None, "role": None})


# Tokens that end


def test_a_revoked_token_makes_its_clients_nobody(office: Office) -> None:
    user = office.user()
    department = office.department()
    caller = office.calendar.people.caller_of(user)
    issued = office.calendar.tokens.issue(caller, TokenKind.APP, "시험")
    revoked = office.server.member(department, auth={"token": issued.secret})
    other = member_of(office, user, department)
    office.calendar.tokens.revoke(caller, issued.token.hash)
    office.event(SYSTEM, department)
    ((name, error),) = revoked.heard()
    assert (name, error["code"]) == ("error", "token_invalid")
    assert titles(other) == ["팀 회의"]
    assert revoked.ask("sync_request", {"department_id": department})["code"] == "token_required"
    assert not office.server.member(auth={"token": issued.secret}).client.is_connected("/")


def test_a_disabled_user_and_a_changed_passcode(office: Office) -> None:
    user, department = office.user(), office.department(access="private")
    office.calendar.policies.set(SYSTEM, department, {"roles": {user.id: "editor"}})
    policy = office.calendar.policies.set_passcode(SYSTEM, department, "해시")
    issued = office.calendar.tokens.with_passcode(department, policy.passcode_id)
    guest = office.server.member(department, auth={"token": issued.secret, "name": "손님"})
    member = member_of(office, user, department)
    office.calendar.policies.set_passcode(SYSTEM, department, "다른 해시")
    assert [payload["code"] for payload in named(guest.heard(), "error")] == ["token_invalid"]
    office.calendar.people.edit(SYSTEM, user.id, {"disabled": True})
    office.event(SYSTEM, department)
    assert [name for name, _ in guest.heard()] == []
    assert [name for name, _ in member.heard()] == ["error"]


def test_a_new_password_ends_sessions_and_leaves_apps(office: Office) -> None:
    user, department = office.user(), office.department()
    session = office.calendar.tokens.sign_in(user).secret
    signed_in = office.server.member(department, auth={"token": session})
    app = member_of(office, user, department)
    office.calendar.people.set_password(SYSTEM, user.id, "해시")
    office.event(SYSTEM, department)
    assert [name for name, _ in signed_in.heard()] == ["error"]
    assert titles(app) == ["팀 회의"]


def test_a_token_that_expires_ends_a_living_connection(office: Office) -> None:
    office, clock = _with_clock()
    user, department = office.user(), office.department()
    member = office.server.member(department, auth={"token": secret_of(office, user, days=1)})
    renewed = office.server.member(department, auth={"token": secret_of(office, user, days=1)})
    clock.seconds += 12 * 3600
    _step(office)
    renewed.ask("authenticate", {"token": secret_of(office, user, days=2)})
    clock.seconds += 12 * 3600
    _step(office)
    renewed.heard()
    office.event(SYSTEM, department)
    assert [payload["code"] for payload in named(member.heard(), "error")] == ["token_invalid"]
    assert titles(renewed) == ["팀 회의"]
    clock.seconds += GRACE_SECONDS
    _step(office)
    assert not member.client.is_connected("/")
    assert renewed.client.is_connected("/")


def test_tokens_are_looked_at_once_a_minute_whatever_number_of_clients(office: Office) -> None:
    office, clock = _with_clock()
    secret = secret_of(office, office.user())
    for _ in range(5):
        office.server.member(auth={"token": secret})
    renewals = office.server.app.extensions["socket_callers"].renewals
    looked: list[Any] = []
    renewals._renewed = looked.append
    clock.seconds += RENEWAL_SECONDS - 1
    _step(office)
    assert looked == []
    clock.seconds += 1
    _step(office)
    assert len(looked) == 1


def test_a_storage_that_fails_ends_no_connection(office: Office) -> None:
    office, clock = _with_clock()
    department = office.department()
    member = member_of(office, office.user(), department)
    renewals = office.server.app.extensions["socket_callers"].renewals
    renewed, tries = renewals._renewed, []

    def failing(caller: Any) -> None:
        tries.append(caller)
        raise StorageUnavailable("gone")

    renewals._renewed = failing
    for _ in range(3):
        clock.seconds += RENEWAL_SECONDS
        _step(office)
    renewals._renewed = renewed
    assert len(tries) == 3
    office.event(SYSTEM, department)
    assert titles(member) == ["팀 회의"]


# Authenticating anew


def test_another_caller_leaves_the_rooms_that_he_does_not_see(office: Office) -> None:
    one, other = office.user(), office.user()
    private, common = office.department(access="private"), office.department("연구팀")
    office.calendar.policies.set(SYSTEM, private, {"roles": {one.id: "editor"}})
    member = member_of(office, one, private, common)
    answer = member.ask("authenticate", {"token": secret_of(office, other)})
    assert answer["user"]["id"] == other.id
    office.event(SYSTEM, private, "비밀")
    office.event(SYSTEM, common, "공개")
    heard = member.heard()
    assert named(heard, "department_deleted") == [{"id": private}]
    assert [payload["title"] for payload in named(heard, "event_created")] == ["공개"]


def test_open_mode_knows_nothing_of_tokens(server: Server) -> None:
    member = server.member(auth={"token": "tcs_whatever", "name": "김민지"})
    ((_, greeting),) = member.heard()
    assert greeting.keys() == {"message", "sid"}
    member.say("authenticate", {"token": "tcs_whatever"})
    assert member.heard() == []


class _Clock:
    """Seconds that the tests add to the time."""

    seconds = 0.0


def _with_clock() -> tuple[Office, _Clock]:
    clock = _Clock()
    return Office(now=lambda: right_now() + timedelta(seconds=clock.seconds)), clock


def _step(office: Office) -> None:
    office.server.app.extensions["socket_callers"].renewals.step()


def test_what_another_server_has_just_made_counts_at_once(office: Office) -> None:
    """A user, a passcode: this server hears of them a second later, but their tokens may come at once."""
    other, department = office.another(), office.department(access="private")
    member_of(office, office.user(), server=other)  # it has loaded the rights
    policy = office.calendar.policies.set_passcode(SYSTEM, department, "해시")
    with_passcode = office.calendar.tokens.with_passcode(department, policy.passcode_id).secret
    for secret, kind in ((secret_of(office, office.user()), "user"), (with_passcode, "passcode")):
        member = other.member(auth={"token": secret})
        assert named(member.heard(), "connected")[0]["kind"] == kind
