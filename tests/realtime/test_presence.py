"""Who looks at a department and who edits which event: told to those who are there, and to nobody else."""

from typing import Any

import pytest

from teamcal.domain.caller import SYSTEM
from teamcal.domain.presence import MAX_TOLD
from teamcal.realtime import presence
from tests.access.offices import Office
from tests.house import House, Member, Server, wait_until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "TICK_SECONDS", 0.02)


@pytest.fixture
def department(server: Server) -> str:
    return server.department()


def present(server: Server, department: str, name: str = "", **more: Any) -> tuple[Member, Any]:
    """A member who looks, and what it was answered."""
    member = server.member(department, auth={"name": name} if name else None)
    return member, member.ask("presence", {"department_id": department, **more})


class Hears:
    """What a client was told last of each department."""

    def __init__(self, member: Member) -> None:
        self.member, self.told, self.count = member, dict[str, Any](), 0

    def people(self, department: str) -> dict[str, str | None]:
        """Who is there, by name: the event that he edits."""
        for name, payload in self.member.heard():
            if name == "presence":
                self.told[payload["department_id"]] = payload
                self.count += 1
        people = self.told.get(department, {"people": []})["people"]
        return {person["name"]: person["event_id"] for person in people}

    def wait_for(self, department: str, **people: str | None) -> None:
        wait_until(lambda: self.people(department) == people, 10)


def test_those_who_are_there_hear_of_each_other(server: Server, department: str) -> None:
    kim, answer = present(server, department, "김")
    assert answer["success"] is True
    (own,) = answer["people"]
    assert own == {"id": answer["id"], "name": "김", "verified": False, "event_id": None}
    assert answer["count"] == 1
    lee, second = present(server, department, "이")
    assert [person["name"] for person in second["people"]] == ["김", "이"]
    assert second["id"] != answer["id"]
    hears = Hears(kim)
    hears.wait_for(department, 김=None, 이=None)
    event = server.event(department)["id"]
    assert lee.ask("presence", {"department_id": department, "event_id": event.upper()})["id"] == second["id"]
    hears.wait_for(department, 김=None, 이=event)
    assert [one["name"] for one in hears.told[department]["people"]] == ["이", "김"]
    for nothing in (None, ""):
        lee.ask("presence", {"department_id": department, "event_id": nothing})
        hears.wait_for(department, 김=None, 이=None)


def test_old_clients_and_members_of_others_hear_nothing(server: Server, department: str) -> None:
    old, other = server.member(department), server.member(server.department("연구팀"))
    kim, _ = present(server, department, "김")
    Hears(kim).wait_for(department, 김=None)
    assert not [name for member in (old, other) for name, _ in member.heard() if name == "presence"]


@pytest.mark.parametrize("how", ["leave", "leave_department", "disconnect"])
def test_who_goes_is_gone(server: Server, department: str, how: str) -> None:
    kim, _ = present(server, department, "김")
    lee, _ = present(server, department, "이")
    hears, gone = Hears(kim), Hears(lee)
    hears.wait_for(department, 김=None, 이=None)
    gone.wait_for(department, 김=None, 이=None)
    if how == "leave":
        answer = lee.ask("presence", {"department_id": department, "leave": True})
        assert answer == {"success": True, "people": [], "count": 0}
    elif how == "leave_department":
        lee.ask("leave_department", {"department_id": department})
    else:
        lee.client.disconnect()
    hears.wait_for(department, 김=None)
    if how != "disconnect":
        present(server, department, "박")
        hears.wait_for(department, 김=None, 박=None)
        assert "박" not in gone.people(department)
        server.event(department)
        assert [name for name, _ in lee.heard()] == (["event_created"] if how == "leave" else [])


def test_when_the_last_one_goes_nothing_is_left(server: Server, department: str) -> None:
    kim, _ = present(server, department, "김")
    places = server.app.extensions["presence"]
    kim.client.disconnect()
    wait_until(lambda: not places._places and not places._running, 10)
    present(server, department, "이")
    wait_until(lambda: places._running, 10)


def test_it_takes_a_member(server: Server, department: str) -> None:
    stranger = server.member()
    stranger.heard()
    answer = stranger.ask("presence", {"department_id": department})
    assert (answer["code"], answer["errors"][0]["field"]) == ("validation_error", "department_id")
    unknown = stranger.ask("presence", {"department_id": "00000000-0000-4000-8000-000000000000"})
    assert unknown["code"] == "department_not_found"
    assert stranger.ask("presence", {"department_id": department, "leave": True})["success"] is True
    kim, _ = present(server, department, "김")
    Hears(kim).wait_for(department, 김=None)
    assert [name for name, _ in stranger.heard()] == ["error", "error"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"event_id": 7}, "event_id"), ({"event_id": ["x"]}, "event_id"), ({"event_id": "x" * 256}, "event_id"),
     ({"event_id": "a\nb"}, "event_id"), ({"leave": "yes"}, "leave")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(server: Server, department: str, wrong: Any, field: str) -> None:
    member, _ = present(server, department, "김")
    answer = member.ask("presence", {"department_id": department, **wrong})
    assert (answer["code"], answer["errors"][0]["field"]) == ("validation_error", field)
    for payload in (None, [], {"department_id": 7}):
        assert member.ask("presence", payload)["code"] == "validation_error"


def test_of_many_some_are_told_and_those_who_edit_first(server: Server, department: str) -> None:
    crowd = [present(server, department, f"사람 {number}")[0] for number in range(MAX_TOLD + 3)]
    answer = crowd[-1].ask("presence", {"department_id": department, "event_id": "x"})
    assert (len(answer["people"]), answer["count"]) == (MAX_TOLD, MAX_TOLD + 3)
    assert answer["people"][0]["id"] == answer["id"]


def test_one_connection_is_present_in_so_many_departments(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "MAX_DEPARTMENTS", 2)
    departments = [server.department(f"부서 {number}") for number in range(3)]
    member = server.member(*departments)

    def look(number: int, **more: Any) -> bool:
        asked = {"department_id": departments[number], **more}
        return bool(member.ask("presence", asked).get("success", True))

    assert [look(0), look(1), look(2), look(0)] == [True, True, False, True]
    assert look(0, leave=True)
    assert look(2)


def test_what_happens_at_once_is_told_once(
    server: Server, department: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "TICK_SECONDS", 0.5)
    kim, _ = present(server, department, "김")
    hears = Hears(kim)
    hears.wait_for(department, 김=None)
    before = hears.count
    for number in range(40):
        kim.ask("presence", {"department_id": department, "event_id": f"e{number}"})
    hears.wait_for(department, 김="e39")
    assert hears.count - before <= 2
    for _ in range(3):
        kim.ask("presence", {"department_id": department, "event_id": "e39"})
    present(server, department, "이")
    hears.wait_for(department, 김="e39", 이=None)
    assert hears.count - before <= 4


# Who may


@pytest.fixture
def office(house: House) -> Office:
    return Office(house)


def joined(office: Office, user: Any, *departments: str) -> Member:
    secret = office.calendar.tokens.sign_in(user).secret
    member = office.server.member(*departments, auth={"token": secret})
    for department in departments:
        assert member.ask("presence", {"department_id": department})["success"] is True
    return member


def test_a_viewer_shows_with_the_name_of_his_account(office: Office) -> None:
    kim, lee = office.user(name="김민지"), office.user(name="이서연")
    department = office.department(access="private", **{kim.id: "editor", lee.id: "viewer"})
    editor = joined(office, kim, department)
    joined(office, lee, department)
    hears = Hears(editor)
    hears.wait_for(department, 김민지=None, 이서연=None)
    assert all(one["verified"] for one in hears.told[department]["people"])
    assert not any(user.id in repr(hears.told) for user in (kim, lee))


def test_what_is_private_is_told_to_its_people_only(office: Office) -> None:
    kim, lee = office.user(name="김"), office.user(name="이")
    shared, private = office.department("공용"), office.department("비밀", "private", **{lee.id: "editor"})
    outside, inside = joined(office, kim, shared), joined(office, lee, shared, private)
    unseen = outside.ask("presence", {"department_id": private})
    unknown = outside.ask("presence", {"department_id": "00000000-0000-4000-8000-000000000000"})
    assert unseen == unknown
    assert unseen["code"] == "department_not_found"
    left = outside.ask("presence", {"department_id": private, "leave": True})
    assert left == outside.ask("presence", {"department_id": "0", "leave": True})
    hears, own = Hears(outside), Hears(inside)
    hears.wait_for(shared, 김=None, 이=None)
    own.wait_for(private, 이=None)
    assert set(hears.told) == {shared}
    ids = [{one["id"] for one in own.told[place]["people"]} for place in (shared, private)]
    assert ids[0].isdisjoint(ids[1])


def test_who_loses_sight_is_gone_and_hears_no_more(office: Office) -> None:
    kim, lee = office.user(name="김"), office.user(name="이")
    department = office.department(access="private", **{kim.id: "editor", lee.id: "editor"})
    staying, leaving = Hears(joined(office, kim, department)), joined(office, lee, department)
    staying.wait_for(department, 김=None, 이=None)
    office.calendar.policies.set(SYSTEM, department, {"roles": {kim.id: "editor"}})
    staying.wait_for(department, 김=None)
    leaving.heard()
    staying.member.ask("presence", {"department_id": department, "event_id": "x"})
    staying.wait_for(department, 김="x")
    assert leaving.heard() == []
    assert leaving.ask("presence", {"department_id": department})["code"] == "department_not_found"


def test_whose_token_ends_is_gone(office: Office) -> None:
    kim, lee = office.user(name="김"), office.user(name="이")
    department = office.department()
    hears = Hears(joined(office, kim, department))
    joined(office, lee, department)
    hears.wait_for(department, 김=None, 이=None)
    office.calendar.people.edit(SYSTEM, lee.id, {"disabled": True})
    hears.wait_for(department, 김=None)


def test_who_becomes_another_user_is_not_there_under_the_first_ones_name(office: Office) -> None:
    kim, lee = office.user(name="김"), office.user(name="이")
    department = office.department()
    hears, other = Hears(joined(office, kim, department)), joined(office, lee, department)
    hears.wait_for(department, 김=None, 이=None)
    secret = office.calendar.tokens.sign_in(office.user(name="박")).secret
    other.ask("authenticate", {"token": secret})
    hears.wait_for(department, 김=None)
    other.ask("presence", {"department_id": department})
    hears.wait_for(department, 김=None, 박=None)
