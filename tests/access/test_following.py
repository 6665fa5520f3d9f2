"""How a change of rights takes effect: in its own process at once, in the others, and for what waits."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from teamcal.access import Rights
from teamcal.calendar.catch_up import Snapshot
from teamcal.domain.caller import SYSTEM, Caller, Right
from teamcal.domain.changes import ACCESS, Change
from teamcal.domain.people import TokenKind
from teamcal.domain.pulse import PULSE, RIGHTS_PROCESS
from teamcal.domain.values import timestamp
from teamcal.errors import DepartmentNotFound, Forbidden, TokenInvalid
from teamcal.sync.current_rights import CurrentRights
from tests.access.offices import EVENT, Office
from tests.house import House, Server, right_now, wait_until


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(clock: Clock) -> Office:
    return Office(clock=clock)


def may_see(server: Server, caller: Caller, department_id: str) -> bool:
    return server.calendar.permits.may(caller, Right.SEE, department_id)


def test_another_process_follows_by_pulse_without_any_client(office: Office, clock: Clock) -> None:
    other = office.another(clock=clock)
    watcher = other.watcher(5.0, pulses=True)
    department, caller = office.department(), office.caller()
    assert may_see(other, caller, department)
    watcher.round()
    office.calendar.policies.set(SYSTEM, department, {"access": "private"})
    assert not may_see(office.server, caller, department)
    clock.now += 1
    watcher.round()
    assert not may_see(other, caller, department)


def test_the_death_of_the_process_that_revokes_delays_nothing(office: Office, clock: Clock) -> None:
    """Its pulse is never put: the commit itself has told."""
    other = office.another(clock=clock)
    watcher = other.watcher(5.0, pulses=True)
    department, caller = office.department(), office.caller()
    for _ in range(700):  # long past the beginning, when everything is looked at often
        clock.now += 1
        other.pulses.sender.put_if_due()
        watcher.round()
    assert may_see(other, caller, department)
    office.calendar.policies.set(SYSTEM, department, {"access": "private"})
    clock.now += 1
    watcher.round()
    assert not may_see(other, caller, department)
    (row,) = [row for row in other.database.read_pulses() if row.process == RIGHTS_PROCESS]
    assert row.named[0][:2] == (ACCESS, other.database.read_head(ACCESS).revision)


def test_who_asks_after_an_acknowledged_change_sees_it_in_every_process(office: Office) -> None:
    """Before any pulse: a user made by one process has roles, tokens and sessions in another at once."""
    other, department = office.another(), office.department()
    people, policies = other.calendar.people, other.calendar.policies
    assert people.list_all(SYSTEM) == []  # its rights are loaded now
    user = office.user("kim", name="김하나")
    roles = {user.id: "editor"}
    assert policies.set(SYSTEM, department, {"roles": roles}).roles.keys() == roles.keys()
    assert office.calendar.policies.get(SYSTEM, department).roles.keys() == roles.keys()
    later = office.user("park")
    assert people.sign_in("park").user == later
    assert [one.id for one in people.list_all(SYSTEM)] == [user.id, later.id]
    third = office.user("lee")
    assert other.calendar.tokens.issue(SYSTEM, TokenKind.APP, "시험", owner=third.id).token.user == third.id
    office.calendar.policies.set_passcode(SYSTEM, department, "a hash")
    assert policies.passcode_of(department).passcode == "a hash"


def test_the_row_of_rights_is_no_process(office: Office, clock: Clock) -> None:
    """It isn't taken for a process that has died, however long it says nothing."""
    watcher = office.server.watcher(5.0, pulses=True)
    office.department()
    for _ in range(100):
        clock.now += 60
        watcher.round()
    assert RIGHTS_PROCESS in [pulse.process for pulse in office.server.database.read_pulses()]
    assert office.server.database.read_head(PULSE).revision == 0


class Wire:
    """Notices as Redis brings them, to one server."""

    def __init__(self) -> None:
        self.to: Server | None = None

    def announce(self, log_id: str, change: Change, head: Any) -> None:
        if self.to is not None:
            self.to.replicas.notice(log_id, change, head.digest)


def test_another_process_follows_by_notice() -> None:
    wire = Wire()
    office = Office(notices=wire)
    other = wire.to = office.another()
    department, user = office.department(), office.user("kim")
    caller = office.signed_in(user)
    app = office.calendar.tokens.issue(caller, TokenKind.APP, "스크립트")
    found = other.calendar.tokens.find(app.secret)
    assert found is not None
    assert may_see(other, found, department)
    office.calendar.tokens.revoke(caller, app.token.hash)
    assert other.calendar.tokens.find(app.secret) is None
    assert not may_see(other, found, department)
    assert may_see(other, caller, department)
    office.calendar.tokens.sign_out(caller)
    assert not may_see(other, caller, department)


def test_listeners_hear_of_a_change_before_it_is_acknowledged_with_the_new_rights_in_force() -> None:
    office = Office()
    department, caller = office.department(), office.caller()
    heard: list[tuple[str, bool]] = []

    def changed(before: Rights | None, after: Rights, change: Change | None) -> None:
        assert before is not None
        assert change is not None
        assert office.server.replicas.rights is not None
        assert office.server.replicas.rights.rights is after
        heard.append((change.kind, may_see(office.server, caller, department)))

    office.calendar.permits.listen(changed)
    office.calendar.policies.set(SYSTEM, department, {"access": "private"})
    assert heard == [("policy_set", False)]
    office.calendar.tokens.sign_out(caller)
    assert [kind for kind, _ in heard] == ["policy_set", "token_revoked"]


def test_a_listener_that_fails_stops_nobody() -> None:
    office = Office()
    heard: list[str] = []

    def fails(*_: Any) -> None:
        raise RuntimeError

    assert office.calendar.permits.rights is not None
    office.calendar.permits.listen(fails)
    office.calendar.permits.listen(lambda before, after, change: heard.append(change.kind if change else ""))
    office.department()
    assert heard == ["policy_set"]


def test_a_history_that_is_another_one_is_loaded_anew_and_nothing_is_kept() -> None:
    """The tables are restored: what was known of tokens counts no more."""
    house = House()
    office = Office(house)
    caller = office.caller(admin=True)
    app = office.calendar.tokens.issue(caller, TokenKind.APP, "스크립트")
    assert office.calendar.tokens.find(app.secret) is not None
    heard: list[Change | None] = []
    office.calendar.permits.listen(lambda before, after, change: heard.append(change))
    for item in house.items(house.storage.changes_table):
        if item["department_id"] == ACCESS:
            key = {"department_id": {"S": ACCESS}, "revision": {"N": str(item["revision"])}}
            house.plain.delete_item(TableName=house.storage.changes_table, Key=key)
    for item in house.items(house.storage.access_table):
        house.plain.delete_item(TableName=house.storage.access_table, Key={"id": {"S": item["id"]}})
    office.server.watcher().look()
    assert heard[0] is None
    assert office.calendar.tokens.find(app.secret) is None


def test_rights_are_the_same_after_a_restart_and_a_repair() -> None:
    house = House()
    office = Office(house)
    caller, department = office.caller(), office.department(access="private")
    office.calendar.policies.set(SYSTEM, department, {"roles": {caller.id: "editor"}})
    other = office.another()
    assert other.calendar.permits.rights == office.calendar.permits.rights
    assert house.database().checkup().faults(ACCESS) == {}
    # A policy is removed by hand; the log knows it.
    key = {"id": {"S": f"policy:{department}"}}
    house.plain.delete_item(TableName=house.storage.access_table, Key=key)
    checkup = house.database().checkup()
    assert checkup.has_access()
    assert checkup.faults(ACCESS) == {"outdated": 1}
    checkup.repair(ACCESS)
    assert checkup.faults(ACCESS) == {}
    restarted = office.another()
    assert restarted.calendar.permits.rights == other.calendar.permits.rights
    assert may_see(restarted, caller, department)


def test_a_repair_keeps_what_was_said_of_tokens() -> None:
    house = House()
    office = Office(house)
    caller = office.caller()
    for _ in range(3):
        app = office.calendar.tokens.issue(caller, TokenKind.APP, "스크립트")
        office.calendar.tokens.revoke(caller, app.token.hash)
    assert house.database().checkup().faults(ACCESS) == {}
    house.plain.delete_item(
        TableName=house.storage.changes_table,
        Key={"department_id": {"S": ACCESS}, "revision": {"N": "0"}},
    )
    checkup = house.database().checkup()
    assert "head_missing" in checkup.faults(ACCESS)
    checkup.repair(ACCESS)
    assert checkup.faults(ACCESS) == {}
    kinds = [change.kind for change in office.another().calendar.audit.page(SYSTEM).changes]
    assert kinds.count("token_revoked") == 3


# What waits


def while_locked(office: Office, log_id: str, write: Callable[[], Any], meanwhile: Callable[[], Any]) -> Any:
    """Returns what `write()` returns or raises, which waits for the log while `meanwhile()` happens."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(write())
        except Exception as error:
            results.append(error)

    replica = office.server.replicas.of(log_id)
    leading = office.server.replicas._queues[replica]._leading
    thread = threading.Thread(target=run)
    with replica.lock():
        thread.start()
        wait_until(leading.locked, 20)
        meanwhile()
    thread.join(20)
    return results[0]


def test_a_write_that_waits_can_not_outlive_its_right(office: Office) -> None:
    department, user = office.department(), office.user("kim")
    policies, tokens = office.calendar.policies, office.calendar.tokens
    policies.set(SYSTEM, department, {"roles": {user.id: "editor"}})
    caller = office.signed_in(user)
    office.event(caller, department)

    def write() -> Any:
        return office.event(caller, department)["id"]

    cases: list[tuple[Callable[[], Any], type[Exception]]] = [
        (lambda: policies.set(SYSTEM, department, {"roles": {user.id: "viewer"}}), Forbidden),
        (lambda: policies.set(SYSTEM, department, {"roles": {}, "access": "private"}), DepartmentNotFound),
        (lambda: tokens.sign_out(caller), TokenInvalid),
    ]
    for revoke, error in cases:
        policies.set(SYSTEM, department, {"roles": {user.id: "editor"}, "access": "members"})
        assert isinstance(while_locked(office, department, write, revoke), error)
    assert len(office.server.replicas.of(department).records) == 1


def test_one_that_waits_with_others_fails_alone(office: Office) -> None:
    department, user = office.department(access="open"), office.user("kim")
    caller = office.signed_in(user)
    written: list[Any] = []
    other = threading.Thread(target=lambda: written.append(office.event(SYSTEM, department)))

    def revoke() -> None:
        other.start()
        office.calendar.people.edit(SYSTEM, user.id, {"disabled": True})

    office.event(caller, department)
    result = while_locked(office, department, partial(office.event, caller, department), revoke)
    other.join(20)
    assert isinstance(result, TokenInvalid)
    assert len(written) == 1


def test_a_write_that_loses_a_race_is_asked_again() -> None:
    """Between its two attempts its right is taken: the second one is refused, and nothing was written."""
    house, armed = House(), list[Callable[[], Any]]()

    def before(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and armed:
            armed.pop()()

    office = Office(house, before=before)
    department, user = office.department(), office.user("kim")
    office.calendar.policies.set(SYSTEM, department, {"roles": {user.id: "editor"}})
    caller = office.signed_in(user)
    office.event(caller, department)
    second = office.another()

    def race() -> None:
        second.calendar.events.create(SYSTEM, department, EVENT)
        office.calendar.policies.set(SYSTEM, department, {"roles": {}})

    armed.append(race)
    with pytest.raises(Forbidden):
        office.event(caller, department)
    assert len(house.items(house.storage.events_table)) == 2


def test_a_move_needs_both_departments_until_it_is_written() -> None:
    house, armed = House(), list[Callable[[], Any]]()

    def before(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and armed:
            armed.pop()()

    office = Office(house, before=before)
    here, there = office.department("하나", access="open"), office.department("둘", access="open")
    caller = office.caller()
    event = office.event(caller, here)
    second = office.another()

    def race() -> None:
        second.calendar.events.create(SYSTEM, there, EVENT)
        office.calendar.policies.set(SYSTEM, there, {"access": "members"})

    armed.append(race)
    with pytest.raises(Forbidden):
        office.calendar.events.move(caller, event["id"], there)
    assert house.stored_event(event["id"])["department_id"] == here


def test_a_snapshot_that_waits_is_not_delivered_to_who_lost_sight(office: Office) -> None:
    department, caller = office.department(), office.caller()
    calendar, delivered = office.calendar, list[Snapshot]()
    office.event(SYSTEM, department)
    replica = office.server.replicas.of(department)
    errors: list[Exception] = []
    refreshed = threading.Event()
    refresh = replica.refresh
    replica.refresh = lambda: (refresh(), refreshed.set())[0]  # type: ignore[method-assign, func-returns-value]

    def join() -> None:
        try:
            calendar.catch_up.snapshot(caller, department, None, delivered.append)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=join)
    with replica.lock():
        thread.start()
        assert refreshed.wait(20)
        calendar.policies.set(SYSTEM, department, {"access": "private"})
    thread.join(20)
    assert delivered == []
    assert isinstance(errors[0], DepartmentNotFound)


def test_a_revocation_whose_answer_is_lost_holds() -> None:
    house, lose = House(), list[bool]()

    def after(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and lose:
            lose.pop()
            raise ConnectionError

    office = Office(house, after=after)
    caller = office.caller()
    app = office.calendar.tokens.issue(caller, TokenKind.APP, "스크립트")
    lose.append(True)
    office.calendar.tokens.revoke(caller, app.token.hash)
    assert office.calendar.tokens.find(app.secret) is None
    kinds = [change.kind for change in office.calendar.audit.page(SYSTEM).changes]
    assert kinds.count("token_revoked") == 1


def test_revoked_tokens_are_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teamcal.sync.current_rights.MAX_REVOKED", 3)
    current, at = CurrentRights(), timestamp(right_now())
    for number in range(10):
        current.advanced(Change(number, "token_revoked", {"token": f"t{number}"}, "c", "", at))
    assert [current.is_revoked(f"t{number}") for number in (0, 6, 7, 9)] == [False, False, True, True]
