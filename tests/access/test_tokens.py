"""Tokens: who comes with one, when it ends, and what is kept of it in memory."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from teamcal.calendar import token_cache
from teamcal.domain.caller import SYSTEM, Kind, Right, Role
from teamcal.domain.changes import ACCESS
from teamcal.domain.items import PASSCODE, ItemWrite
from teamcal.domain.people import TOKEN, Token, TokenKind, new_secret
from teamcal.errors import Forbidden, InvalidInput, TokenInvalid, TokenNotFound
from tests.access.offices import Office
from tests.engine import error
from tests.house import House, wait_until


class Clock:
    """Far in the future: the engine's TTL removes what is past by its own clock."""

    def __init__(self) -> None:
        self.time = datetime(2100, 1, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, **time: float) -> None:
        self.time += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(clock: Clock) -> Office:
    return Office(now=clock)


def test_a_token_is_160_bits_shown_once_and_stored_as_its_hash(office: Office) -> None:
    secret, token = office.calendar.tokens.sign_in(office.user("kim"))
    assert (len(secret), secret[:4]) == (44, "tcs_")
    stored = str([office.house.items(name) for name in office.house.storage.tables])
    assert secret not in stored
    assert secret[4:] not in stored
    assert token.hash in stored


@pytest.mark.parametrize("text", ["", "tcs_", "x" * 44, "tcs_" + "가" * 40, "tcs_" + "0" * 41, "Bearer"])
def test_what_cannot_be_a_token_is_not_looked_up(clock: Clock, text: str) -> None:
    calls: list[str] = []
    office = Office(now=clock, calls=calls)
    office.calendar.people.list_all(SYSTEM)
    calls.clear()
    assert office.calendar.tokens.find(text) is None
    assert calls == []


def test_a_token_is_read_once_and_a_wrong_one_once_in_a_while(clock: Clock) -> None:
    calls: list[str] = []
    office = Office(now=clock, calls=calls)
    secret, wrong = office.calendar.tokens.sign_in(office.user("kim")).secret, new_secret()
    calls.clear()
    for _ in range(5):
        assert office.calendar.tokens.find(secret) is not None
        assert office.calendar.tokens.find(wrong) is None
    assert calls == ["GetItem"] * 2
    clock.pass_(seconds=6)
    assert office.calendar.tokens.find(wrong) is None
    assert calls == ["GetItem"] * 3


def test_what_is_remembered_is_bounded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "MAX_TOKENS", 3)
    monkeypatch.setattr(token_cache, "MAX_MISSES", 3)
    user, tokens = office.user("kim"), office.calendar.tokens
    for _ in range(10):
        assert tokens.find(tokens.sign_in(user).secret) is not None
        assert tokens.find(new_secret()) is None
    assert (len(tokens._cache), len(tokens._cache._misses)) == (3, 3)


def test_a_session_ends_12_hours_after_its_last_use_and_after_30_days(office: Office, clock: Clock) -> None:
    tokens, user = office.calendar.tokens, office.user("kim")
    idle, used = tokens.sign_in(user).secret, tokens.sign_in(user).secret
    for _ in range(3):
        clock.pass_(hours=11)
        assert tokens.find(used) is not None
    assert tokens.find(idle) is None
    # Another process knows of the use, too.
    clock.pass_(hours=11)
    assert office.another(now=clock).calendar.tokens.find(used) is not None
    for _ in range(100):
        clock.pass_(hours=11)
        tokens.find(used)
    assert tokens.find(used) is None


def test_the_use_of_a_token_is_stored_once_an_hour_at_most(clock: Clock) -> None:
    calls: list[str] = []
    office = Office(now=clock, calls=calls)
    user = office.user("kim")
    session = office.calendar.tokens.sign_in(user)
    app = office.calendar.tokens.issue(office.signed_in(user), TokenKind.APP, "스크립트")
    office.calendar.tokens.find(app.secret)
    calls.clear()
    for _ in range(24 * 6):
        clock.pass_(minutes=10)
        assert office.calendar.tokens.find(session.secret)
        assert office.calendar.tokens.find(app.secret)
    assert calls.count("PutItem") <= 24 + 1 + 1
    (stored,) = [
        one for one in office.calendar.tokens.list_of(office.signed_in(user)) if one.kind is TokenKind.APP
    ]
    assert stored.used_on == "2100-01-02"


def test_a_providers_sessions_last_12_hours_and_his_tokens_30_days(office: Office, clock: Clock) -> None:
    tokens, people = office.calendar.tokens, office.calendar.people
    user = people.create(SYSTEM, {"login": "kim"}, subject="https://idp|1")
    session = tokens.sign_in(user, by_provider=True).secret
    app = tokens.issue(people.caller_of(user), TokenKind.APP, "스크립트").secret
    clock.pass_(hours=11)
    assert tokens.find(session) is not None
    clock.pass_(hours=2)
    assert tokens.find(session) is None
    clock.pass_(days=29)
    assert tokens.find(app) is not None
    clock.pass_(days=1)
    assert tokens.find(app) is None
    people.signed_in_by_provider(user, "민수", [])
    assert tokens.find(app) is not None


def test_a_feed_sees_its_department_as_long_as_its_owner_does(office: Office) -> None:
    department = office.department(access="private")
    user = office.user("kim")
    policies, permits = office.calendar.policies, office.calendar.permits
    policies.set(SYSTEM, department, {"roles": {user.id: "manager"}})
    caller = office.signed_in(user)
    feed = office.calendar.tokens.issue(caller, TokenKind.FEED, "달력", departments=[department])
    found = office.calendar.tokens.find(feed.secret)
    assert found is not None
    assert permits.level(found, department) == Role.VIEWER
    assert permits.level(found, office.department("둘")) == 0
    policies.set(SYSTEM, department, {"roles": {}})
    assert permits.level(found, department) == 0


def test_a_limited_token_makes_no_other_token(office: Office) -> None:
    caller, tokens = office.caller(admin=True), office.calendar.tokens
    limited = tokens.find(tokens.issue(caller, TokenKind.APP, "읽기", cap=Role.VIEWER).secret)
    assert limited is not None
    with pytest.raises(Forbidden):
        tokens.issue(limited, TokenKind.APP, "둘")
    with pytest.raises(Forbidden):
        tokens.list_of(limited)
    tokens.sign_out(limited)
    assert tokens.renewed(limited) is None


def test_what_is_asked_for_is_checked(office: Office) -> None:
    caller, tokens = office.caller(), office.calendar.tokens
    hidden = office.department(access="private")
    wrong: list[dict[str, Any]] = [
        {"kind": TokenKind.FEED},
        {"kind": TokenKind.FEED, "departments": ["a", "b"]},
        {"departments": ["@access"]},
        {"departments": [str(number) for number in range(201)]},
        {"days": 0},
        {"days": 4000},
        {"name": " "},
    ]
    for fields in wrong:
        with pytest.raises(InvalidInput):
            tokens.issue(caller, **({"kind": TokenKind.APP, "name": "하나"} | fields))
    with pytest.raises(Exception, match=hidden):
        tokens.issue(caller, TokenKind.FEED, "하나", departments=[hidden])


def test_a_passcodes_token_ends_with_the_passcode(office: Office) -> None:
    department, other = office.department(access="private"), office.department("둘", access="private")
    policies, tokens = office.calendar.policies, office.calendar.tokens
    assert policies.passcode_of(department) == (None, None)
    policies.set_passcode(SYSTEM, department, "hash 1")
    passcode_id, stored = policies.passcode_of(department)
    assert stored == "hash 1"
    assert passcode_id is not None
    secret = tokens.with_passcode(department, passcode_id).secret
    caller = tokens.find(secret)
    assert caller is not None
    assert caller.kind is Kind.PASSCODE
    assert [office.calendar.permits.level(caller, one) for one in (department, other)] == [Role.EDITOR, 0]
    office.event(caller, department)
    policies.set_passcode(SYSTEM, department, "hash 2")
    assert tokens.find(secret) is None
    with pytest.raises(TokenInvalid):
        office.event(caller, department)
    policies.set_passcode(SYSTEM, department, None)
    assert policies.passcode_of(department) == (None, None)
    assert office.server.database.items.get(PASSCODE + department) is None


def test_tokens_are_listed_and_ended_by_their_owner_and_administrators(office: Office) -> None:
    tokens, user = office.calendar.tokens, office.user("kim")
    caller, other, boss = office.signed_in(user), office.caller(), office.caller(admin=True)
    app = tokens.issue(caller, TokenKind.APP, "스크립트").token
    feed = tokens.issue(boss, TokenKind.APP, "남의 것", owner=user.id).token
    listed = tokens.list_of(caller)
    assert {one.hash for one in listed} == {caller.token, app.hash, feed.hash}
    assert {one.hash for one in tokens.list_of(boss, user.id)} == {caller.token, app.hash, feed.hash}
    with pytest.raises(Forbidden):
        tokens.list_of(other, user.id)
    with pytest.raises(TokenNotFound):
        tokens.revoke(other, app.hash)
    tokens.revoke(caller, app.hash)
    tokens.revoke(boss, feed.hash)
    with pytest.raises(TokenNotFound):
        tokens.revoke(caller, app.hash)
    assert [one.hash for one in tokens.list_of(caller)] == [caller.token]
    kinds = [change.kind for change in office.calendar.audit.page(boss, limit=4).changes]
    assert kinds == ["token_revoked", "token_revoked", "token_issued", "token_issued"]


def test_sessions_are_made_without_a_row_and_ended_with_one(office: Office) -> None:
    user = office.user("kim")
    revision = office.server.database.read_head(ACCESS).revision
    caller = office.signed_in(user)
    assert office.server.database.read_head(ACCESS).revision == revision
    office.calendar.tokens.revoke(caller, caller.token)
    assert office.server.database.read_head(ACCESS).revision == revision + 1
    assert office.calendar.tokens.renewed(caller) is None
    with pytest.raises(TokenInvalid):
        office.calendar.departments.list_all(caller)


def test_a_lookup_that_began_before_a_revocation_is_not_believed() -> None:
    """It has read the token and waits; the token is revoked; it is refused then and ever after."""
    reading, go_on = threading.Event(), threading.Event()
    hold = [False]

    def after(action: str, body: bytes) -> None:
        if hold[0] and action == "GetItem" and TOKEN.encode() in body:
            hold[0] = False
            reading.set()
            assert go_on.wait(20)

    house = House()
    office = Office(house, after=after)
    caller = office.caller()
    app = office.calendar.tokens.issue(caller, TokenKind.APP, "스크립트")
    found: list[Any] = []
    hold[0] = True
    thread = threading.Thread(target=lambda: found.append(office.calendar.tokens.find(app.secret)))
    thread.start()
    assert reading.wait(20)
    office.calendar.tokens.revoke(caller, app.token.hash)
    go_on.set()
    thread.join(20)
    assert found == [None]
    assert office.calendar.tokens.find(app.secret) is None
    assert len(office.calendar.tokens._cache) == 1


def test_a_use_that_is_stored_late_does_not_bring_a_token_back(office: Office, clock: Clock) -> None:
    caller, tokens = office.caller(), office.calendar.tokens
    app = tokens.issue(caller, TokenKind.APP, "스크립트")
    assert tokens.find(app.secret) is not None
    # Removed by hand, so that no row says so.
    office.server.database.items.write(ItemWrite(TOKEN + app.token.hash))
    clock.pass_(days=1)
    assert tokens.find(app.secret) is None
    assert office.server.database.items.get(TOKEN + app.token.hash) is None


def test_a_renamed_user_is_known_by_his_new_name_at_once(office: Office) -> None:
    user, tokens = office.user("kim"), office.calendar.tokens
    secret = tokens.sign_in(user).secret
    tokens.find(secret)
    office.calendar.people.edit(SYSTEM, user.id, {"name": "새 이름"})
    found = tokens.find(secret)
    assert found is not None
    assert found.name == "새 이름"


def test_a_token_of_a_newer_server_is_none(office: Office) -> None:
    secret, token = office.calendar.tokens.sign_in(office.user("kim"))
    item = token.item() | {"kind": "something new"}
    office.server.database.items.write(ItemWrite(item["id"], item))
    assert office.calendar.tokens.find(secret) is None


def test_a_token_is_stored_and_read_in_full() -> None:
    token = Token("h", TokenKind.APP, "u", "이름", ("d",), "viewer", "p", "at", "day", 1, 2, 3)
    assert Token.of(token.item()) == token
    assert Token.of(Token("h", TokenKind.FEED, departments=()).item()).departments == ()


def test_a_cached_token_costs_microseconds(office: Office) -> None:
    secret, tokens = office.calendar.tokens.sign_in(office.user("kim")).secret, office.calendar.tokens
    tokens.find(secret)
    best = min(_seconds(lambda: tokens.find(secret), 2_000) for _ in range(5))
    print(f"{best * 1e6:.1f} µs a lookup")
    assert best < 50e-6


def test_a_decision_costs_microseconds(office: Office) -> None:
    department, caller = office.department(), office.caller()
    require = office.calendar.permits.require
    best = min(_seconds(lambda: require(caller, Right.SEE, department), 2_000) for _ in range(5))
    print(f"{best * 1e6:.1f} µs a decision")
    assert best < 50e-6


def _seconds(work: Any, times: int) -> float:
    """Returns the seconds of the processor that one call takes."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def test_rights_that_can_not_be_loaded_are_none_and_come_back() -> None:
    broken = [True]

    def before(action: str, body: bytes) -> Any:
        return error("ResourceNotFoundException") if broken[0] and b"owner-index" in body else None

    house = House()
    Office(house).caller(admin=True)
    server = house.server(token_mode=True, before=before)
    answer = server.http.get("/api/departments")
    assert answer.status_code in (401, 503)
    with pytest.raises(Exception, match="access"):
        server.calendar.people.list_all(SYSTEM)
    broken[0] = False
    assert wait_until(lambda: server.calendar.people.list_all(SYSTEM))
