"""What a hostile client, or a colleague with rights elsewhere, might try that the rules alone don't stop."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from teamcal.calendar import devices
from teamcal.calendar.devices import DEVICE, OWNER, VALID_SECONDS
from teamcal.domain.caller import SYSTEM
from teamcal.domain.items import ItemWrite
from teamcal.domain.people import TokenKind, User
from teamcal.errors import TokenInvalid, TooManyRequests
from teamcal.signin.passwords import Passwords
from tests.access.offices import Office

OLD, NEW = "구름 위의 산책", "비 오는 날 오후"


class Clock:
    """Every look at it takes a millisecond."""

    def __init__(self) -> None:
        self.at = datetime(2100, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


def sign_in(office: Office, body: dict[str, Any]) -> Any:
    return office.server.http.post("/api/session", json={**body, "token": True})


def status_with(office: Office, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return office.server.http.get("/api/departments", headers=headers).status_code


# What was checked a moment ago


@pytest.mark.parametrize("what", ["password", "disabled and enabled"])
def test_a_sign_in_under_way_does_not_outlive_what_it_was_checked_with(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who knows the old password would otherwise wait for the change with sign-ins in the queue."""
    office = Office()
    people, passwords = office.calendar.people, Passwords("threading")
    kim = people.create(SYSTEM, {"login": "kim"}, password=passwords.hash(OLD))
    verify = Passwords.verify

    def and_meanwhile(self: Passwords, stored: str | None, secret: object) -> Any:
        verdict = verify(self, stored, secret)
        if what == "password":
            people.set_password(SYSTEM, kim.id, passwords.hash(NEW))
        else:
            people.edit(SYSTEM, kim.id, {"disabled": True})
            people.edit(SYSTEM, kim.id, {"disabled": False})
        return verdict

    monkeypatch.setattr(Passwords, "verify", and_meanwhile)
    answer = sign_in(office, {"login": "kim", "password": OLD})
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_the_session_of_another_process_ends_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """It hasn't heard of the new password when it makes the session: the session is as old as the check."""
    office = Office()
    other, passwords = office.another(), Passwords("threading")
    kim = office.calendar.people.create(SYSTEM, {"login": "kim"}, password=passwords.hash(OLD))
    assert other.calendar.people.sign_in("kim").user == kim
    verify = Passwords.verify

    def and_meanwhile(self: Passwords, stored: str | None, secret: object) -> Any:
        verdict = verify(self, stored, secret)
        office.calendar.people.set_password(SYSTEM, kim.id, passwords.hash(NEW))
        return verdict

    monkeypatch.setattr(Passwords, "verify", and_meanwhile)
    answer = other.http.post("/api/session", json={"login": "kim", "password": OLD, "token": True})
    assert answer.status_code == 201
    assert status_with(office, answer.json["token"]) == 401


def test_a_program_that_was_let_in_before_a_new_password_gets_nothing_after_it() -> None:
    office = Office(now=Clock())
    kim = office.user("kim")
    codes = office.calendar.devices.begin("desktop")
    office.calendar.devices.confirm(office.signed_in(kim), codes.user_code)
    office.calendar.people.set_password(SYSTEM, kim.id, "a hash")
    with pytest.raises(TokenInvalid):
        office.calendar.devices.collect(codes.device_code)


# What TTL leaves for days


def test_codes_that_have_ended_take_no_place_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    office = Office(now=clock)
    monkeypatch.setattr(devices, "MAX_PENDING", 5)
    for _ in range(5):
        office.calendar.devices.begin("a flood")
    with pytest.raises(TooManyRequests):
        office.calendar.devices.begin("one more")
    clock.at += timedelta(seconds=VALID_SECONDS + 1)
    office.calendar.devices.begin("desktop")
    assert [item["name"] for item in office.house.database().items.of(OWNER)] == ["desktop"]


def test_a_flood_of_codes_is_cleared_away_faster_than_it_comes() -> None:
    clock = Clock()
    office = Office(now=clock)
    items, ended = office.house.database().items, int(clock.at.timestamp()) - 1
    for number in range(60):
        item = {"id": f"{DEVICE}{number}", "owner_id": OWNER, "expires_at": ended}
        items.write(ItemWrite(item["id"], item))
    for _ in range(3):
        office.calendar.devices.begin("desktop")
    assert len(items.of(OWNER)) == 3


def test_sessions_that_have_ended_do_not_count_among_a_users_tokens() -> None:
    clock = Clock()
    office = Office(now=clock)
    kim = office.user("kim")
    for _ in range(200):
        office.calendar.tokens.sign_in(kim)
    clock.at += timedelta(hours=14)
    caller = office.signed_in(kim)
    assert office.calendar.tokens.issue(caller, TokenKind.APP, "script").secret


# What one client takes from others


def test_a_dead_token_that_is_sent_again_and_again_is_no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A colleague behind the same address signs in and is found, however often somebody's old token comes."""
    monkeypatch.setattr("teamcal.factory.LOOKUPS_A_MINUTE", 5)
    office = Office()
    for _ in range(20):
        assert status_with(office, "tcs_" + "0" * 40) == 401
    assert status_with(office, office.calendar.tokens.sign_in(office.user()).secret) == 200


def test_who_sets_secrets_all_the_time_leaves_room_for_those_who_sign_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A manager's passcodes, and a password of somebody who has none, wait in the queue of all sign-ins."""
    office, hashes = Office(), []
    monkeypatch.setattr(Passwords, "hash", lambda self, secret: hashes.append(secret) or "a hash")
    boss, admin = office.user("boss"), office.user("admin", admin=True)
    department = office.department()
    office.calendar.policies.set(SYSTEM, department, {"roles": {boss.id: "manager"}})

    def statuses(user: User, path: str, method: str, body: dict[str, Any]) -> list[int]:
        secret = office.calendar.tokens.sign_in(user).secret
        headers = {"Authorization": f"Bearer {secret}"}
        http = office.server.http
        return [http.open(path, method=method, json=body, headers=headers).status_code for _ in range(30)]

    access = f"/api/departments/{department}/access"
    passcodes = statuses(boss, access, "PUT", {"passcode": "1234"})
    assert passcodes == [200] * 10 + [429] * 20
    assert len(hashes) == 10
    of_provider = office.calendar.people.create(SYSTEM, {"login": "kim"}, subject="https://sso.example|kim")
    own = statuses(of_provider, f"/api/users/{of_provider.id}", "PATCH", {"password": NEW})
    assert own == [400] * 10 + [429] * 20
    assert len(hashes) == 20
    assert statuses(admin, access, "PUT", {"passcode": "1234"}) == [200] * 30


# What the time tells


def test_the_same_is_read_for_a_hidden_department_as_for_none() -> None:
    """Who knows the id of a department from before can't tell by the time whether it still exists."""
    calls: list[str] = []
    office = Office(calls=calls)
    hidden, deleted = office.department("비밀", access="private"), office.department("옛 부서")
    office.calendar.departments.delete(SYSTEM, deleted)
    mine = office.department("우리", access="open")
    event = office.event(SYSTEM, mine)["id"]
    headers = {"Authorization": f"Bearer {office.calendar.tokens.sign_in(office.user()).secret}"}
    requests: list[tuple[str, str, Any]] = [
        ("GET", "/api/departments/{}", None),
        ("GET", "/api/events/{}", None),
        ("GET", "/api/changes/{}", None),
        ("POST", "/api/events/{}/batch", {"operations": []}),
        ("POST", f"/api/events/{event}/move", {"department_id": "{}"}),
        ("POST", "/api/tokens", {"kind": "feed", "name": "x", "departments": ["{}"]}),
    ]

    def reads(method: str, path: str, body: Any, department_id: str) -> list[str]:
        calls.clear()
        text = json.dumps(body).replace("{}", department_id) if body else None
        answer = office.server.http.open(
            path.format(department_id),
            method=method,
            data=text,
            content_type="application/json",
            headers=headers,
        )
        assert answer.status_code == 404, answer.text
        return list(calls)

    for one in requests:
        office.server.http.get("/api/departments", headers=headers)  # the token's first use is stored
        never = reads(*one, "99999999-9999-4999-8999-999999999999")
        assert reads(*one, hidden) == reads(*one, deleted) == never, one
