"""The description of Socket.IO's events: valid, and real messages are as it says."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
import socketio

from teamcal.descriptions.asyncapi import asyncapi
from teamcal.domain.caller import SYSTEM, Role
from teamcal.domain.people import TokenKind
from tests.access.offices import Office
from tests.docs.pages import ROOT
from tests.house import Member, wait_until
from tests.servers import running

SPECS = ROOT / "tests" / "clients" / "node_modules" / "@asyncapi" / "specs" / "schemas"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_it_is_valid() -> None:
    schema = json.loads((SPECS / "3.0.0-without-$id.json").read_text("utf-8"))
    problems = [str(error) for error in jsonschema_rs.Draft7Validator(schema).iter_errors(asyncapi())]
    assert not problems


@cache
def message_schema(name: str, part: str = "payload") -> Any:
    document = asyncapi()
    payload = closed(document["components"]["messages"][name][part])
    return jsonschema_rs.validator_for(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": document["components"],
            **payload,
        }
    )


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema; a property that it doesn't describe is wrong."""
    return {**schema, "unevaluatedProperties": False}


def check(name: str, payload: Any) -> None:
    message_schema(name).validate(payload)


EVERYTHING = {
    "event_date": "2026-11-09", "title": "주간 회의", "start_time": "10:00", "end_time": "11:00",
    "location": "회의실",
    "recurrence": "FREQ=WEEKLY;COUNT=3", "categories": ["회의"], "people": ["김민지"], "color": "#112233",
    "status": "tentative", "busy": False, "reminders": [10],
    "exceptions": {"2026-11-16": {"title": "다른 회의"}, "2026-11-23": {"excluded": True}},
}  # fmt: skip


class Listener:
    """A real client that keeps what it hears."""

    def __init__(self, url: str, series: bool) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda name, payload: self.heard.append((name, payload)))
        self.client.connect(url, auth={"name": "김민지"}, wait_timeout=60)
        self.series = series

    def names(self) -> set[str]:
        return {name for name, _ in self.heard}

    def join(self, department: str, **more: Any) -> None:
        self.client.emit("join_department", {"department_id": department, "series": self.series, **more})


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with running("eventlet", data_dir=tmp_path) as server:
        yield server.url


@pytest.mark.parametrize("series", [True, False])
def test_real_messages_are_as_described(url: str, series: bool) -> None:
    listener = Listener(url, series)
    try:
        work_in(url, listener)
    finally:
        listener.client.disconnect()
    assert listener.names() == {
        "connected", "joined_department", "left_department", "sync_response", "error", "department_created",
        "department_updated", "department_deleted", "event_created", "event_updated", "event_deleted",
        "presence",
    }  # fmt: skip
    for name, payload in listener.heard:
        check(name, payload)


def work_in(url: str, listener: Listener) -> None:
    def send(method: str, path: str, **body: Any) -> Any:
        headers = {"X-Display-Name": "%EA%B9%80"}
        answer = requests.request(method, url + path, json=body, headers=headers, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    department = send("POST", "/api/departments", name="개발팀")["department"]["id"]
    listener.join(department, cursor=None)
    hears(listener, "joined_department")
    event = send("POST", f"/api/events/{department}", event_date="2026-11-09", title="회의")["event"]["id"]
    recurring = send("POST", f"/api/events/{department}", **EVERYTHING)["event"]["id"]
    send("PUT", f"/api/events/{event}", title="전체 회의")
    hears(listener, "event_updated")
    cursor = next(payload["cursor"] for name, payload in listener.heard if name == "event_created")
    send("DELETE", f"/api/events/{event}")
    send("PUT", f"/api/events/{recurring}?series=true", title="새 이름")
    hears(listener, "event_deleted")
    listener.join(department, cursor=cursor)
    listener.join(department)
    editing = {"department_id": department, "event_id": recurring}
    for request in (editing, {"department_id": department, "leave": True}, editing):
        message_schema("presence", "x-acknowledgement").validate(listener.client.call("presence", request))
    hears(listener, "presence")
    some_days = {"from": "2026-11-01", "to": "2026-11-30"}
    listener.join(department, cursor=None, **some_days)
    for request in ({"cursor": cursor}, {"cursor": "x"}, {}, some_days, {"events": False}):
        place = {"department_id": department, "series": listener.series}
        listener.client.call("sync_request", place | request)
    listener.client.emit("sync_request", {"department_id": 5})
    listener.client.emit("leave_department", {"department_id": department})
    send("PUT", f"/api/departments/{department}", name="개발 1팀")
    send("DELETE", f"/api/departments/{department}")
    hears(listener, "department_deleted", "left_department", "error", "sync_response")


def hears(listener: Listener, *names: str) -> None:
    wait_until(lambda: set(names) <= listener.names())


def test_messages_of_token_mode_are_as_described() -> None:
    office = Office()
    user = office.user(name="김민지")

    def secret() -> str:
        caller = office.calendar.people.caller_of(user)
        return office.calendar.tokens.issue(caller, TokenKind.APP, "시험", days=1).secret

    department = office.department()
    member = office.server.member(auth={"token": secret()})
    nobody = office.server.member()
    for client in (member, nobody):
        client.ask("authenticate", {"token": secret()})
        client.ask("join_department", {"department_id": department, "cursor": None})
    office.event(SYSTEM, department)
    office.calendar.policies.set(SYSTEM, department, {"roles": {user.id: "editor"}})
    office.calendar.policies.set(SYSTEM, department, {"access": "private", "roles": {}})
    office.calendar.policies.set(SYSTEM, department, {"roles": {user.id: Role.VIEWER.name.lower()}})
    heard = [*member.heard(), *nobody.heard()]
    assert {"connected", "authenticated", "access_changed", "department_deleted", "department_created"} <= {
        name for name, _ in heard
    }
    for name, payload in heard:
        check(name, payload)


def wrong_ones() -> list[tuple[str, Callable[[], Any]]]:
    return [
        ("event_deleted", lambda: {"id": "x"}),
        ("joined_department", lambda: {"department_id": "x", "message": "x", "revision": "1", "cursor": "x"}),
        ("presence", lambda: {"department_id": "x", "people": [{"id": "x", "name": "x"}], "count": 1}),
        ("connected", lambda: {"message": "x", "sid": "x", "secret": "x"}),
    ]


@pytest.mark.parametrize(("name", "payload"), wrong_ones())
def test_what_is_not_described_is_noticed(name: str, payload: Callable[[], Any]) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        check(name, payload())


@pytest.mark.parametrize(
    ("name", "payload", "is_right"),
    [
        ("join_department", {"department_id": "x", "cursor": None, "series": True}, True),
        ("join_department", {"departments": [{"department_id": "x"}]}, True),
        ("join_department", {}, False),
        ("sync_request", {"department_id": "x", "series": "yes"}, False),
        ("leave_department", {"department_id": 5}, False),
        ("join_department", {"department_id": "x", "from": "2026-11-01", "to": "2026-11-30"}, True),
        ("join_department", {"department_id": "x", "from": "2026-11-01"}, False),
        ("sync_request", {"department_id": "x", "events": "no"}, False),
        ("presence", {"department_id": "x", "event_id": None}, True),
        ("presence", {"department_id": "x", "leave": True}, True),
        ("presence", {"department_id": "x", "event_id": 5}, False),
        ("presence", {"department_id": "x", "leave": "yes"}, False),
    ],
)
def test_the_server_takes_what_is_described(name: str, payload: Any, is_right: bool) -> None:
    office = Office()
    member: Member = office.server.member(
        auth={"token": office.calendar.tokens.sign_in(office.user()).secret}
    )
    assert message_schema(name).is_valid(payload) == is_right
    answer = member.ask(name, payload)
    code = answer.get("code") if isinstance(answer, dict) else answer[0].get("code")
    assert (code != "validation_error") == is_right
