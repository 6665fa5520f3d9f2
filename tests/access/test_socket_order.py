"""What happens at the same moment: a revocation beside a join, a broadcast, a department's deletion."""

import threading
from contextlib import nullcontext
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest

from teamcal.domain.caller import SYSTEM
from teamcal.domain.changes import ACCESS, DEPARTMENTS
from teamcal.realtime.broadcast import TextPacket, broadcast_by_outbox
from teamcal.realtime.outbox import WAITING, Outbox
from tests.access.offices import Office
from tests.access.test_sockets import member_of, named, titles
from tests.house import Member

REQUESTS = ("join_department", "sync_request")


@pytest.fixture
def office() -> Office:
    return Office(guest_networks=(ip_network("10.0.0.0/8"),), trusted_proxies=1)


def guest_of(office: Office, *departments: str, server: Any = None) -> Member:
    return (server or office.server).member(*departments, **{"X-Forwarded-For": "10.0.0.5"})


@pytest.mark.parametrize("request_name", REQUESTS)
def test_a_revocation_between_the_decision_and_the_answer(office: Office, request_name: str) -> None:
    department, user = office.department(), office.user()
    office.event(SYSTEM, department, "비밀")
    member = member_of(office, user)
    member.heard()
    audience = office.server.app.extensions["socket_callers"].audience
    receiving = audience.receiving

    def late(sid: str, department_id: str) -> Any:
        office.calendar.policies.set(SYSTEM, department, {"access": "private"})
        return receiving(sid, department_id)

    audience.receiving = late
    answer = member.ask(request_name, {"department_id": department, "cursor": None})
    assert answer["code"] == "department_not_found"
    office.event(SYSTEM, department, "그 뒤")
    assert "비밀" not in repr(member.heard())
    assert office.server.socketio.members(f"department:{department}") == []


def test_a_token_that_is_revoked_while_it_is_looked_up(office: Office) -> None:
    department, user = office.department(), office.user()
    caller = office.calendar.people.caller_of(user)
    callers = office.server.app.extensions["socket_callers"]
    issued = office.calendar.tokens.sign_in(user)
    find = callers._find.of_token

    def late(secret: str, environ: Any) -> Any:
        found = find(secret, environ)
        office.calendar.tokens.revoke(caller, issued.token.hash)
        return found

    member = member_of(office, office.user())
    callers._find.of_token = late
    assert member.ask("authenticate", {"token": issued.secret})["code"] == "token_invalid"
    callers._find.of_token = find
    assert "cursor" in member.ask("join_department", {"department_id": department})


def test_who_leaves_while_a_broadcast_waits_gets_nothing() -> None:
    """The outbox is full, so the broadcast waits; meanwhile somebody is made to leave."""
    room = {"sid-1": "one", "sid-2": "two"}
    sent: list[tuple[str, ...]] = []

    def pause(seconds: float) -> None:
        room.pop("sid-2", None)
        outbox._packets = 0

    outbox = Outbox(lambda: {}, lambda *task: None, pause)
    outbox._packets = WAITING
    outbox._enqueue = lambda recipients, packet: sent.append(recipients)  # type: ignore[method-assign, assignment]
    manager = SimpleNamespace(rooms={"/": {"room": room}})
    server = SimpleNamespace(manager=manager, packet_class=TextPacket)
    broadcast_by_outbox(server, outbox, nullcontext())("event_created", {}, "room")
    assert sent == [("one",)]


def test_who_cannot_be_told_is_sent_away(office: Office) -> None:
    """The outbox is so full that it takes nothing from those who can't wait, as a change of rights can't."""
    socketio = office.server.socketio
    member = member_of(office, office.user())
    socketio._has_test_clients = False
    socketio._outbox = SimpleNamespace(is_overfull=True, invalidate=lambda: None)
    (sid,) = socketio.members(None)
    socketio.send_to([sid], "access_changed", {})
    assert not member.client.is_connected("/")


def test_a_broadcast_and_a_change_of_rights_exclude_each_other() -> None:
    """With real threads: who has left under the lock is in no list of recipients that is queued later."""
    membership, left, queued = threading.RLock(), threading.Event(), threading.Event()
    room = {"sid-1": "one"}
    sent: list[tuple[str, ...]] = []
    outbox = SimpleNamespace(wait=lambda: None, queue=lambda recipients, packet: sent.append(recipients))
    manager = SimpleNamespace(rooms={"/": {"room": room}})
    server = SimpleNamespace(manager=manager, packet_class=TextPacket)
    broadcast: Any = broadcast_by_outbox(server, outbox, membership)  # type: ignore[arg-type]

    def send() -> None:
        left.wait()
        broadcast("event_created", {}, "room")
        queued.set()

    thread = threading.Thread(target=send)
    thread.start()
    with membership:
        left.set()
        assert not queued.wait(0.2)
        room.clear()
    thread.join()
    assert sent == [()]


@pytest.mark.parametrize("first", [ACCESS, DEPARTMENTS])
def test_a_deletion_that_another_server_hears_of_in_either_order(office: Office, first: str) -> None:
    other = office.another(guest_networks=(ip_network("10.0.0.0/8"),), trusted_proxies=1)
    viewer, outsider = office.user(), office.user()
    private = office.department("비밀부서", access="private", **{viewer.id: "viewer"})
    common = office.department("공개부서", access="open")
    members = {
        "viewer": member_of(office, viewer, private, server=other),
        "outsider": member_of(office, outsider, server=other),
        "guest": guest_of(office, common, server=other),
    }
    for member in members.values():
        member.heard()
    for department in (private, common):
        office.calendar.departments.delete(SYSTEM, department)
    for log_id in (first, *({ACCESS, DEPARTMENTS} - {first})):
        other.replicas.of(log_id).refresh()
    heard = {name: member.heard() for name, member in members.items()}
    assert heard["viewer"] == [("department_deleted", {"id": one}) for one in (private, common)]
    assert heard["outsider"] == [("department_deleted", {"id": common})]
    assert heard["guest"] == [("department_deleted", {"id": common})]


def test_a_department_that_is_made_again_has_no_members_of_before(office: Office) -> None:
    department = office.department(access="open")
    guest = guest_of(office, department)
    office.calendar.departments.delete(SYSTEM, department)
    office.calendar.departments.purge()
    office.calendar.departments.import_one(SYSTEM, department, {"name": "개발팀", "description": ""})
    guest.heard()
    office.event(SYSTEM, department, "비밀")
    assert guest.heard() == []


def test_a_guest_edits_what_is_open_and_no_longer(office: Office) -> None:
    department = office.department(access="open")
    guest = guest_of(office, department)
    office.event(SYSTEM, department, "공개")
    assert titles(guest) == ["공개"]
    office.calendar.policies.set(SYSTEM, department, {"access": "members"})
    office.event(SYSTEM, department, "비공개")
    assert guest.heard() == [
        ("department_deleted", {"id": department}),
        ("access_changed", {"department_id": department, "role": None}),
    ]
    office.calendar.policies.set(SYSTEM, department, {"access": "open"})
    heard = guest.heard()
    assert [name for name, _ in heard] == ["department_created", "access_changed"]
    assert named(heard, "access_changed")[0]["role"] == "editor"


def test_another_history_of_the_rights_sends_everybody_away(office: Office) -> None:
    member = member_of(office, office.user(), office.department())
    rights = office.server.replicas.rights
    assert rights is not None
    rights.loaded(office.server.replicas.of(ACCESS).records.values())
    assert not member.client.is_connected("/")
