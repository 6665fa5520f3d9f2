# ruff: noqa: E501 -- tables are read across
"""Who hears what, in which order, and what a client that comes back is told."""

from typing import Any

import pytest

from teamcal.domain.caller import UNNAMED
from teamcal.domain.cursor import Cursor
from tests.house import House, PatientClient, Server, together

UNKNOWN = "99999999-9999-4999-8999-999999999999"


def change(server: Server, department: str) -> dict[str, Any]:
    """A create, an update and a delete; the event."""
    client = PatientClient(server)
    event = client.create(department)
    client.update(event["id"], title="수정")
    client.delete(event["id"])
    return event


def test_connecting_is_greeted(server: Server) -> None:
    ((name, payload),) = server.member().heard()
    assert (name, payload["message"]) == ("connected", "서버에 연결되었습니다.")
    english = server.member(**{"Accept-Language": "en"}).heard()
    assert english[0][1]["message"] == "Connected to the server."


@pytest.mark.parametrize("name", ["join_department", "leave_department", "sync_request"])
def test_the_acknowledgement_is_the_answer(server: Server, name: str) -> None:
    department = server.department()
    event = server.event(department)
    member = server.member()
    member.heard()
    answer = member.ask(name, {"department_id": department})
    answered = {
        "join_department": "joined_department",
        "leave_department": "left_department",
        "sync_request": "sync_response",
    }
    assert member.heard() == [(answered[name], answer)]
    assert answer["department_id"] == department
    assert ("events" in answer) is (name == "sync_request")
    if name == "sync_request":
        assert (answer["events"], answer["full"]) == ([event], True)
    else:
        assert answer["message"]
    member.say(name, {"department_id": department})
    assert [one for one, _ in member.heard()] == [answered[name]]


def test_members_hear_what_rest_answers(server: Server) -> None:
    department = server.department()
    member = server.member(department)
    event = server.event(department, title="첫째")
    updated = server.http.put(f"/api/events/{event['id']}", json={"title": "둘째"}).json["event"]
    server.http.delete(f"/api/events/{event['id']}")
    (one, created), (two, changed), (three, gone) = member.heard()
    assert (one, two, three) == ("event_created", "event_updated", "event_deleted")
    for payload, answer in ((created, event), (changed, updated)):
        assert {name: payload[name] for name in answer} == answer
        assert payload["cursor"]
    assert (gone["id"], gone["department_id"], gone["revision"]) == (event["id"], department, 3)


def test_only_members_hear(house: House) -> None:
    one, other = house.server(), house.server()
    department, elsewhere = one.department("개발팀"), one.department("연구팀")
    stranger, neighbour = one.member(), one.member(elsewhere)
    left = one.member(department)
    left.ask("leave_department", {"department_id": department})
    gone = one.member(department)
    gone.client.disconnect()
    never = one.member()
    never.ask("leave_department", {"department_id": department})
    looked = one.member()
    looked.ask("sync_request", {"department_id": department})
    refused = one.member()
    refused.ask("join_department", {"department_id": [department]})
    for member in (stranger, neighbour, left, never, looked, refused):
        member.heard()
    change(one, department)
    change(other, department)
    one.events(department)
    for member in (stranger, neighbour, left, never, looked, refused):
        assert member.heard() == []


def test_one_member_of_several_departments_at_once(server: Server) -> None:
    departments = [server.department(name) for name in ("개발팀", "연구팀", "영업팀")]
    member = server.member(*departments)
    member.ask("leave_department", {"department_id": departments[1]})
    member.heard()
    for department in departments:
        server.event(department)
    assert [payload["department_id"] for _, payload in member.heard()] == [departments[0], departments[2]]


def test_joining_twice_is_hearing_once(server: Server) -> None:
    department = server.department()
    member = server.member(department, department)
    server.event(department)
    assert len(member.heard()) == 1


def test_everybody_hears_of_departments(house: House) -> None:
    one, other = house.server(), house.server()
    other.http.get("/api/departments")  # the timer does so when a server starts
    members = [one.member(), other.member()]
    for member in members:
        member.heard()
    department = one.department()
    one.http.put(f"/api/departments/{department}", json={"name": "연구팀"})
    one.http.delete(f"/api/departments/{department}")
    other.http.get("/api/departments")
    for member in members:
        heard = member.heard()
        assert [name for name, _ in heard] == [
            "department_created",
            "department_updated",
            "department_deleted",
        ]
        assert {payload["id"] for _, payload in heard} == {department}
        assert [payload["revision"] for _, payload in heard] == [1, 2, 3]
        assert heard[0][1]["name"] == "개발팀"


def test_the_order_is_the_order_of_revisions(house: House) -> None:
    servers = [house.server(), house.server()]
    department = servers[0].department()
    members = [server.member(department) for server in servers]

    def write(number: int) -> None:
        for _ in range(5):
            change(servers[number % 2], department)

    together(*(lambda number=number: write(number) for number in range(6)))
    for server, member in zip(servers, members, strict=True):
        server.events(department)
        assert [payload["revision"] for _, payload in member.heard()] == list(range(1, 91))


def test_a_join_and_what_follows_have_no_gap(house: House) -> None:
    server = house.server()
    department = server.department()
    members: list[Any] = []

    def join() -> None:
        for _ in range(10):
            member = server.member()
            member.heard()
            member.say("join_department", {"department_id": department, "cursor": None})
            members.append(member)

    def write() -> None:
        client = PatientClient(server)
        for _ in range(40):
            client.create(department)

    together(join, write)
    expected = {event["id"] for event in server.events(department)}
    for member in members:
        (name, joined), *live = member.heard()
        assert name == "joined_department"
        assert [payload["revision"] for _, payload in live] == list(range(joined["revision"] + 1, 41))
        assert {one["id"] for one in joined["events"]} | {one["id"] for _, one in live} == expected


def test_a_client_that_comes_back_gets_what_it_missed(house: House) -> None:
    server = house.server()
    department = server.department()
    kept, edited, dropped = (server.event(department, title=title) for title in "가나다")
    cursor = server.member().ask("sync_request", {"department_id": department})["cursor"]
    server.http.put(f"/api/events/{edited['id']}", json={"title": "수정"})
    server.http.delete(f"/api/events/{dropped['id']}")
    change(server, department)
    new = server.event(department)
    for one in (server, house.server()):
        for name in ("join_department", "sync_request"):
            answer = one.member().ask(name, {"department_id": department, "cursor": cursor})
            assert (answer["full"], "reason" in answer) == (False, False)
            assert {event["id"] for event in answer["events"]} == {edited["id"], new["id"]}
            assert dropped["id"] in answer["deleted"]
            assert kept["id"] not in answer["deleted"]
            again = one.member().ask(name, {"department_id": department, "cursor": answer["cursor"]})
            assert (again["events"], again["deleted"], again["full"]) == ([], [], False)


def test_joining_with_a_null_cursor_gets_everything(server: Server) -> None:
    department = server.department()
    event = server.event(department)
    answer = server.member().ask("join_department", {"department_id": department, "cursor": None})
    assert (answer["full"], answer["events"], "reason" in answer) == (True, [event], False)


@pytest.mark.parametrize("name", ["join_department", "sync_request"])
def test_a_cursor_that_is_no_use_starts_over(server: Server, name: str) -> None:
    department, other = server.department("개발팀"), server.department("연구팀")
    event = server.event(department)
    server.event(other)
    foreign = server.member().ask("sync_request", {"department_id": other})["cursor"]
    useless: list[Any] = [
        "garbage", "", "!", "가", "a" * 5_000, foreign, Cursor(department, 99, "x").text, 5, {}, [1], True,
        Cursor(department, 1, "another history").text, Cursor(department, 0, "x").text,
    ]  # fmt: skip
    for cursor in useless:
        answer = server.member().ask(name, {"department_id": department, "cursor": cursor})
        assert (answer["full"], answer["events"]) == (True, [event])
        assert answer["reason"] == "resync_required"


def test_a_department_made_again_starts_over(house: House) -> None:
    """What went with the first life has no changes of its own: a difference would leave it standing."""
    server = house.server()
    fields = {"name": "개발팀", "description": ""}
    department = server.calendar.departments.import_one(UNNAMED, "d" * 8, fields)["id"]
    server.event(department)
    cursor = server.member().ask("sync_request", {"department_id": department})["cursor"]
    server.http.delete(f"/api/departments/{department}")
    server.calendar.departments.import_one(UNNAMED, department, fields)
    event = server.event(department)
    for one in (server, house.server()):
        answer = one.member().ask("sync_request", {"department_id": department, "cursor": cursor})
        assert (answer["full"], answer["events"]) == (True, [event])
        assert answer["reason"] == "resync_required"


def test_several_departments_in_one_message(server: Server) -> None:
    departments = [server.department(f"부서 {number}") for number in range(40)]
    member = server.member()
    member.heard()
    wanted: list[Any] = [{"department_id": one} for one in departments]
    wanted[5]["cursor"] = None
    answers = member.ask("join_department", {"departments": [*wanted, {"department_id": UNKNOWN}, 7]})
    heard = member.heard()
    assert [name for name, _ in heard] == ["joined_department"] * 40 + ["error"] * 2
    # The calendar is sent once, in the event; the acknowledgement is the rest of the answers.
    assert heard[5][1] == answers[5] | {"events": []}
    assert [payload for _, payload in heard[:5] + heard[6:]] == answers[:5] + answers[6:]
    assert [answer.get("department_id") for answer in answers[:40]] == departments
    assert [answer["code"] for answer in answers[40:]] == ["department_not_found", "validation_error"]
    for department in departments:
        server.event(department)
    assert len(member.heard()) == 40


def test_a_department_named_twice_is_joined_once(server: Server) -> None:
    """It is 15 KB to ask 200 times for the same calendar, and it would be sent 200 times."""
    department, other = server.department("개발팀"), server.department("연구팀")
    event = server.event(department)
    member = server.member()
    member.heard()
    wanted = [{"department_id": department, "cursor": None}] * 199 + [{"department_id": other}]
    answers = member.ask("join_department", {"departments": wanted})
    (_, first), (_, second) = member.heard()
    assert (first["events"], first["department_id"], second["department_id"]) == ([event], department, other)
    assert [answer["department_id"] for answer in answers] == [department] * 199 + [other]
    assert not any("events" in answer for answer in answers)


def test_the_calendar_is_sent_once_to_a_client_that_joins(server: Server) -> None:
    """In the acknowledgement if there is one: the event then carries what says that the client has joined."""
    department = server.department()
    event = server.event(department)
    member = server.member()
    member.heard()
    answer = member.ask("join_department", {"department_id": department, "cursor": None})
    assert (answer["events"], answer["full"]) == ([event], True)
    ((name, payload),) = member.heard()
    assert (name, payload) == (
        "joined_department",
        {key: value for key, value in answer.items() if key != "events"},
    )
    member.say("join_department", {"department_id": department, "cursor": None})
    assert member.heard() == [("joined_department", answer)]
    server.event(department)
    missed = member.ask("join_department", {"department_id": department, "cursor": answer["cursor"]})
    assert (len(missed["events"]), missed["full"], missed["deleted"]) == (1, False, [])
    assert not member.heard()[-1][1].keys() & {"events", "deleted"}


ID_PROBLEMS: list[tuple[tuple[Any, ...], str]] = [
    ((), "validation_error"), ((None,), "validation_error"), (("text",), "validation_error"),
    ((5,), "validation_error"), (([],), "validation_error"), ((True,), "validation_error"),
    ((b"bytes",), "validation_error"), (({},), "validation_error"), (({"department_id": None},), "validation_error"),
    (({"department_id": 5},), "validation_error"), (({"department_id": ["a"]},), "validation_error"),
    (({"department_id": {}},), "validation_error"), (({"department_id": b"a"},), "validation_error"),
    (({"Department_Id": "a"},), "validation_error"), (([{"department_id": "a"}],), "validation_error"),
    (({"department_id": UNKNOWN},), "department_not_found"), (({"department_id": ""},), "department_not_found"),
    (({"department_id": "*"},), "department_not_found"), (({"department_id": "../x"},), "department_not_found"),
    (({"department_id": "a" * 300},), "department_not_found"), (({"department_id": "a\x00b"},), "department_not_found"),
    (({"department_id": "\ud800"},), "department_not_found"), (({"department_id": UNKNOWN}, 1, 2), "department_not_found"),
]  # fmt: skip


def test_bad_payloads_are_answered_to_their_sender_only(house: House, server: Server) -> None:
    department = server.department()
    sender, other = server.member(department), server.member(department)
    before = house.dump()
    for arguments, code in ID_PROBLEMS:
        for name in ("join_department", "sync_request"):
            answer = sender.ask(name, *arguments)
            assert (answer["success"], answer["code"]) == (False, code), arguments
            assert answer["message"]
            assert sender.heard() == [("error", answer)]
    for departments in (None, 5, {}, "a", [{"department_id": UNKNOWN}] * 201):
        answer = sender.ask("join_department", {"departments": departments})
        assert answer["code"] == "validation_error"
        sender.heard()
    assert house.dump() == before
    assert other.heard() == []
    server.event(department)
    assert [name for name, _ in sender.heard()] == ["event_created"]


def test_leaving_what_one_never_joined_is_answered(server: Server) -> None:
    member = server.member()
    member.heard()
    answer = member.ask("leave_department", {"department_id": server.department()})
    assert member.heard()[-1] == ("left_department", answer)
    assert member.ask("leave_department", {"department_id": 5})["code"] == "validation_error"


def test_unknown_events_are_ignored(server: Server) -> None:
    department = server.department()
    member = server.member(department)
    for name in ("event_created", "no_such_event", "", "connect", "disconnect", "error", "*", "message"):
        member.say(name, {"department_id": department})
    assert member.heard() == []
    server.event(department)
    assert [name for name, _ in member.heard()] == ["event_created"]


def test_errors_speak_the_clients_language(server: Server) -> None:
    member = server.member(**{"Accept-Language": "en-US,en;q=0.9"})
    answer = member.ask("join_department", {"department_id": UNKNOWN})
    assert answer["message"] == "The department was not found."


def test_an_unexpected_error_is_answered(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    member = server.member()
    member.heard()

    def broken(*arguments: Any) -> None:
        raise RuntimeError("a secret detail")

    server.calendar.catch_up.snapshot = broken
    answer = member.ask("sync_request", {"department_id": "d"})
    assert answer["code"] == "internal_error"
    assert "secret" not in str(answer)
    assert member.heard() == [("error", answer)]


def test_a_restored_table_sends_members_back(house: House) -> None:
    """The log is another one than this server knew: members are disconnected and start over."""
    server = house.server()
    department = server.department()
    member = server.member(department)
    server.event(department)
    member.heard()
    house.plain.update_item(
        TableName=house.storage.changes_table,
        Key={"department_id": {"S": department}, "revision": {"N": "0"}},
        UpdateExpression="SET change_id = :other",
        ExpressionAttributeValues={":other": {"S": "another history"}},
    )
    assert len(server.events(department)) == 1
    assert not member.client.is_connected()


def test_nothing_is_kept_of_clients_that_went(server: Server) -> None:
    department = server.department()
    member = server.member(department)
    members = server.replicas.ports.members
    assert members.has_members(department)
    member.client.disconnect()
    assert not members.has_members(department)
