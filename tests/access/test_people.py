"""Users: made, edited and disabled by administrators; the last administrator stays one."""

import pytest

from teamcal.domain.access_operations import TOKEN_MODE_STARTED
from teamcal.domain.caller import NOBODY, SYSTEM, UNNAMED, Right
from teamcal.domain.changes import ACCESS
from teamcal.domain.items import ItemWrite
from teamcal.domain.people import TokenKind
from teamcal.errors import (
    CalendarError,
    Forbidden,
    InvalidInput,
    LastAdministrator,
    LoginTaken,
    TokenInvalid,
    UserNotFound,
)
from tests.access.offices import Office
from tests.house import House, together


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_user_is_known_by_login_after_a_restart(office: Office) -> None:
    user = office.user("김민수", name="민수", admin=True, groups=["팀장"])
    people = office.another().calendar.people
    assert people.sign_in("  김민수 ").user == user
    assert (user.name, user.admin, user.disabled, user.groups) == ("민수", True, False, ("팀장",))
    assert [one.login for one in people.list_all(SYSTEM)] == ["김민수"]
    assert people.has_administrator()


@pytest.mark.parametrize("login", ["Kim", "KIM", " kim\u200b"])
def test_a_login_is_one_persons_however_it_is_written(office: Office, login: str) -> None:
    office.user("kim")
    with pytest.raises(LoginTaken):
        office.user(login)
    other = office.user("lee")
    with pytest.raises(LoginTaken):
        office.calendar.people.edit(SYSTEM, other.id, {"login": login})


def test_of_many_servers_that_make_one_login_at_once_one_succeeds() -> None:
    office = Office()
    servers = [office.server, office.another(), office.another()]

    def create(number: int) -> object:
        return servers[number % 3].calendar.people.create(SYSTEM, {"login": "kim"})

    results = together(*[lambda number=number: create(number) for number in range(6)], errors=True)
    assert sorted(type(result).__name__ for result in results) == ["LoginTaken"] * 5 + ["User"]
    assert len(office.another().calendar.people.list_all(SYSTEM)) == 1


@pytest.mark.parametrize(
    "fields", [{}, {"login": " "}, {"login": 3}, {"login": "a" * 101}, {"login": "a", "admin": "yes"}]
)
def test_fields_are_checked(office: Office, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        office.calendar.people.create(SYSTEM, fields)


def test_only_administrators_manage_people(office: Office) -> None:
    boss, people = office.caller(admin=True), office.calendar.people
    user = office.user("kim")
    caller = office.signed_in(user)
    for attempt in (
        lambda: people.list_all(caller),
        lambda: people.create(caller, {"login": "lee"}),
        lambda: people.edit(caller, user.id, {"admin": True}),
        lambda: people.get(caller, boss.id),
        lambda: people.set_password(caller, boss.id, "hash"),
        lambda: office.calendar.audit.page(caller),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert people.get(caller, user.id) == user
    assert people.set_password(caller, user.id, "hash").has_password
    assert people.edit(boss, user.id, {"admin": True}).admin
    assert people.edit(office.signed_in(user), boss.id, {"name": "나"}).name == "나"


def test_the_last_administrator_stays_one(office: Office) -> None:
    people = office.calendar.people
    first, second = office.user("first", admin=True), office.user("second", admin=True)
    people.edit(SYSTEM, first.id, {"disabled": True})
    for fields in ({"admin": False}, {"disabled": True}):
        with pytest.raises(LastAdministrator):
            people.edit(SYSTEM, second.id, fields)
    people.edit(SYSTEM, first.id, {"disabled": False})
    people.edit(SYSTEM, second.id, {"admin": False})
    with pytest.raises(UserNotFound):
        people.edit(SYSTEM, "nobody", {"admin": True})


def test_two_administrators_who_remove_each_other_at_once_leave_one() -> None:
    office = Office()
    other = office.another().calendar.people
    first, second = office.user("first", admin=True), office.user("second", admin=True)
    results = together(
        lambda: office.calendar.people.edit(SYSTEM, first.id, {"admin": False}),
        lambda: other.edit(SYSTEM, second.id, {"disabled": True}),
        errors=True,
    )
    assert sum(isinstance(result, LastAdministrator) for result in results) == 1
    assert office.another().calendar.people.has_administrator()


def test_a_disabled_users_tokens_end_and_stay_ended(office: Office) -> None:
    user, tokens = office.user("kim"), office.calendar.tokens
    secret = tokens.sign_in(user).secret
    assert tokens.find(secret) is not None
    office.calendar.people.edit(SYSTEM, user.id, {"disabled": True})
    assert tokens.find(secret) is None
    office.calendar.people.edit(SYSTEM, user.id, {"disabled": False})
    assert tokens.find(secret) is None
    assert office.another().calendar.tokens.find(secret) is None


def test_a_new_password_ends_sessions_and_nothing_else(office: Office) -> None:
    user, tokens = office.user("kim"), office.calendar.tokens
    caller = office.signed_in(user)
    session = tokens.sign_in(user).secret
    app = tokens.issue(caller, TokenKind.APP, "스크립트").secret
    changed = office.calendar.people.set_password(caller, user.id, "new hash")
    assert tokens.find(session) is None
    found = tokens.find(app)
    assert found is not None
    assert found.id == user.id
    assert office.calendar.people.sign_in("kim")[:2] == (changed, "new hash")


def test_a_one_time_code_makes_one_administrator(office: Office) -> None:
    items, people = office.server.database.items, office.calendar.people
    assert items.write(ItemWrite("setup", {"id": "setup", "hash": "h"}, new=True))
    used = (ItemWrite("setup", None, expects={"hash": "h"}),)
    wrong = (ItemWrite("setup", None, expects={"hash": "x"}),)
    with pytest.raises(TokenInvalid):
        people.create(SYSTEM, {"login": "wrong", "admin": True}, consumes=wrong)
    results = together(
        *[
            lambda number=number: people.create(
                SYSTEM, {"login": f"admin{number}", "admin": True}, "hash", consumes=used
            )
            for number in range(4)
        ],
        errors=True,
    )
    assert sum(isinstance(result, TokenInvalid) for result in results) == 3
    assert len(people.list_all(SYSTEM)) == 1
    assert items.get("setup") is None


def test_no_record_row_or_answer_has_a_hash() -> None:
    house = House()
    office = Office(house)
    user = office.user("kim")
    office.calendar.people.set_password(SYSTEM, user.id, "SECRET-HASH")
    department = office.department()
    office.calendar.policies.set_passcode(SYSTEM, department, "SECRET-HASH")
    items = house.items(house.storage.access_table)
    kinds = sorted(item["id"].partition(":")[0] for item in items if "SECRET-HASH" in str(item))
    assert kinds == ["passcode", "password"]
    assert "SECRET-HASH" not in str(house.items(house.storage.changes_table))
    assert "SECRET-HASH" not in str(office.calendar.audit.page(SYSTEM))
    assert "SECRET-HASH" not in str(office.server.replicas.of(ACCESS).records)


def test_what_a_provider_says_is_taken_over_and_keeps_the_last_administrator(office: Office) -> None:
    people = office.calendar.people
    user = people.create(SYSTEM, {"login": "kim@example.com", "admin": True}, subject="https://idp|1")
    assert people.of_subject("https://idp|1") == user
    again = people.signed_in_by_provider(user, "민수", ["팀장", "팀장", 3, ""], admin=False)  # type: ignore[list-item]
    assert (again.name, again.groups, again.admin) == ("민수", ("팀장",), True)
    revision = office.server.database.read_head(ACCESS).revision
    assert people.signed_in_by_provider(again, "민수", ["팀장"]) == again
    assert office.server.database.read_head(ACCESS).revision == revision
    with pytest.raises(LoginTaken):
        people.create(SYSTEM, {"login": "other"}, subject="https://idp|1")


def test_the_audit_trail_says_who_did_what(office: Office) -> None:
    boss = office.caller(login="사장", admin=True)
    user = office.calendar.people.create(boss, {"login": "kim"})
    office.calendar.people.edit(boss, user.id, {"disabled": True})
    page = office.calendar.audit.page(boss, limit=2)
    assert [(change.kind, change.by, change.by_verified) for change in page.changes] == [
        ("user_updated", "사장", True),
        ("user_created", "사장", True),
    ]
    older = office.calendar.audit.page(boss, before=page.before)
    assert [change.kind for change in older.changes] == ["user_created", TOKEN_MODE_STARTED]
    assert older.before is None


def test_everything_is_refused_to_nobody(office: Office) -> None:
    for caller in (NOBODY, UNNAMED):
        assert not office.calendar.permits.may(caller, Right.SEE, office.department(str(caller.kind)))
        with pytest.raises(CalendarError) as refused:
            office.calendar.departments.list_all(caller)
        assert refused.value.code == "token_required"
