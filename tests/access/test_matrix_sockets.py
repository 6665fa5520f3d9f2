"""Who may do what over Socket.IO: every event, everybody who may come, every kind of department."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from teamcal.domain.caller import SYSTEM
from teamcal.realtime.handlers import RECEIVED, RECEIVED_WITH_TOKENS
from tests.access.matrix_scene import KINDS, NAMED, NOTHING, UNKNOWN, Came, Scene, Who
from tests.house import Member

Code = str
"""Of the error that is the answer; "" of a success."""


class Event(NamedTuple):
    """One message that clients send. `expected`: the answer to who is connected as `who`."""

    payload: Callable[[str], Any]
    expected: Callable[[Who, str], Code]
    code_of: Callable[[Any], Code]


def _code(answer: Any) -> Code:
    return "" if answer.get("success", True) else str(answer["code"])


def _only(answer: Any) -> Code:
    """Of a list with one answer, or of the refusal of all."""
    if not isinstance(answer, list):
        return _code(answer)
    (one,) = answer
    return _code(one)


def _sees(who: Who, kind: str) -> Code:
    level = who.level(kind)
    if isinstance(level, str):
        return level
    return "department_not_found" if level == NOTHING else ""


def _somebody(who: Who, kind: str) -> Code:
    level = who.level(kind)
    return level if isinstance(level, str) else ""


WINDOW = {"from": "2024-01-01", "to": "2024-01-31"}

EVENTS: dict[str, list[Event]] = {
    "join_department": [
        Event(lambda department: {"department_id": department}, _sees, _code),
        Event(lambda department: {"department_id": department, "cursor": None}, _sees, _code),
        Event(lambda department: {"departments": [{"department_id": department}]}, _sees, _only),
        Event(lambda department: {"department_id": department, "cursor": None, **WINDOW}, _sees, _code),
    ],
    "sync_request": [
        Event(lambda department: {"department_id": department}, _sees, _code),
        Event(lambda department: {"department_id": department, "cursor": "x"}, _sees, _code),
        Event(lambda department: {"department_id": department, **WINDOW, "events": False}, _sees, _code),
    ],
    "presence": [
        # Of a department that was joined above, by who sees it.
        Event(lambda department: {"department_id": department}, _sees, _code),
        Event(lambda department: {"department_id": department, "event_id": "x"}, _sees, _code),
        Event(lambda department: {"department_id": department, "leave": True}, _somebody, _code),
    ],
    "leave_department": [Event(lambda department: {"department_id": department}, _somebody, _code)],
    "authenticate": [
        Event(lambda department: {"token": "tcs_" + "0" * 40}, lambda who, kind: "token_invalid", _code),
        Event(lambda department: {"token": 7}, lambda who, kind: "validation_error", _code),
        Event(lambda department: None, lambda who, kind: "validation_error", _code),
    ],
}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(cors_origins=(NAMED,), socket_message_burst=1_000_000)


def members(scene: Scene) -> Iterator[tuple[str, str, Who, Member]]:
    """(name, kind of department, who, connected client) for everybody; those who are refused aren't there."""
    for name, who in scene.who.items():
        for kind in KINDS:
            member = connected(scene, scene.known[name, kind])
            is_refused = who.level(kind) == "token_invalid"
            assert member.client.is_connected() != is_refused, (name, kind)
            if not is_refused:
                yield name, kind, who, member


def connected(scene: Scene, came: Came) -> Member:
    http = scene.server.app.test_client(use_cookies=False)
    http.environ_base |= came.environ
    headers, auth = dict(came.headers), None
    scheme, _, secret = headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        # A browser can give no header with a websocket.
        del headers["Authorization"]
        auth = {"token": secret}
    return Member(scene.server, headers, auth, http)


def test_every_event_has_its_rows() -> None:
    assert set(EVENTS) == {*RECEIVED, *RECEIVED_WITH_TOKENS}


def test_everybody_may_send_what_is_documented(scene: Scene) -> None:
    wrong = []
    for name, kind, who, member in members(scene):
        for event_name, events in EVENTS.items():
            for event in events:
                code = event.code_of(member.ask(event_name, event.payload(scene.departments[kind])))
                if code != (expected := event.expected(who, kind)):
                    wrong.append(f"{name}, {kind}: {event_name}: {code!r} instead of {expected!r}")
    assert not wrong, "\n".join(wrong)


def test_what_is_not_seen_is_answered_as_what_does_not_exist(scene: Scene) -> None:
    for name, kind, who, member in members(scene):
        if who.level(kind) != NOTHING:
            continue
        for event_name in ("join_department", "sync_request", "presence", "leave_department"):
            member.heard()
            answers = []
            for department in (scene.departments[kind], UNKNOWN):
                answer = member.ask(event_name, {"department_id": department})
                answers.append(repr((answer, member.heard())).replace(department, "it"))
            assert answers[0] == answers[1], (name, kind, event_name)


def test_everybody_receives_what_he_sees_and_nothing_else(scene: Scene) -> None:
    """All try to join all; then something happens in each department, and to the list of them."""
    clients = list(members(scene))
    for _, _, _, member in clients:
        for department in scene.departments.values():
            member.ask("join_department", {"department_id": department})
        member.heard()
    for kind in ("open", "members", "private"):
        scene.event(kind)
        scene.calendar.departments.edit(SYSTEM, scene.departments[kind], {"description": "neu"})
        for name, asked, who, member in clients:
            heard = member.heard()
            level = who.level(kind)
            if who.only_here and asked != kind:
                level = NOTHING
            is_seen = isinstance(level, int) and level > NOTHING
            expected = ["event_created", "department_updated"] if is_seen else []
            assert [event for event, _ in heard] == expected, (name, asked, kind)
            for event, payload in heard:
                if event == "department_updated":
                    assert ("revision" in payload) == who.is_admin, (name, payload)


def test_a_connection_takes_another_token_and_loses_what_that_does_not_see(scene: Scene) -> None:
    nobody = connected(scene, Came({}))
    private = scene.departments["private"]
    for name in scene.who:
        came, who = scene.known[name, "private"], scene.who[name]
        scheme, _, secret = came.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            continue
        answer = nobody.ask("authenticate", {"token": secret})
        assert _code(answer) == _somebody(who, "private"), name
        if not _code(answer):
            assert _code(nobody.ask("join_department", {"department_id": private})) == _sees(who, "private")
    other = connected(scene, scene.known["editor", "private"])
    other.ask("join_department", {"department_id": private})
    other.heard()
    other.ask("authenticate", {"token": scene.session("member")})
    other.heard()
    scene.event("private")
    assert other.heard() == []
