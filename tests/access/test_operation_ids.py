"""Whose an operation id is: another's tells nothing, and one's own nothing any more to who lost his right."""

import uuid
from typing import Any

import pytest

from teamcal.domain.caller import SYSTEM
from tests.access.offices import Office
from tests.house import Server

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의"}


class Person:
    """Somebody who has signed in, and a request of his that he can repeat."""

    def __init__(self, office: Office, **fields: Any) -> None:
        self.user = office.user(**fields)
        self.token = office.calendar.tokens.sign_in(self.user).secret

    def send(self, server: Server, method: str, path: str, body: Any, id_: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": id_} if id_ else {})
        return server.http.open(path, method=method, json=body, headers=headers)


def key() -> str:
    return str(uuid.uuid4())


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def office(request: pytest.FixtureRequest) -> Office:
    return Office(fast_path=request.param)


def set_roles(office: Office, department: str, access: str = "private", **roles: str) -> None:
    office.calendar.policies.set(SYSTEM, department, {"access": access, "roles": roles})


def is_answered(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert "event" not in answer.json


@pytest.mark.parametrize("what", ["create", "update", "delete", "restore", "batch", "atomic"])
def test_who_lost_his_right_gets_no_first_answer(office: Office, what: str) -> None:
    kim, server, id_ = Person(office), office.server, key()
    department = office.department("개발팀", "private", **{kim.user.id: "editor"})
    event = office.event(SYSTEM, department)
    path, operation = f"/api/events/{event['id']}", {"op": "create", "event": FIELDS}
    method, where, body = {
        "create": ("POST", f"/api/events/{department}", FIELDS),
        "update": ("PUT", path, {"title": "둘째"}),
        "delete": ("DELETE", path, None),
        "restore": ("POST", f"{path}/restore", {"revision": 1}),
        "batch": (
            "POST", f"/api/events/{department}/batch", {"operations": [operation | {"operation_id": id_}]}
        ),
        "atomic": ("POST", f"/api/events/{department}/batch", {"operations": [operation], "atomic": True}),
    }[what]  # fmt: skip
    if what == "restore":
        office.calendar.events.update(SYSTEM, event["id"], {"title": "둘째"})

    def ask(server: Server) -> Any:
        return kim.send(server, method, where, body, "" if what == "batch" else id_)

    first = ask(server)
    assert first.status_code in (200, 201), first.text
    assert ask(server).json == first.json
    other = office.another()
    set_roles(office, department, **{kim.user.id: "viewer"})
    for one in (server, other):
        is_answered(ask(one), 403, "forbidden")
    set_roles(office, department)
    for one in (server, office.another()):
        missing = "event_not_found" if what in ("update", "delete", "restore") else "department_not_found"
        is_answered(ask(one), 404, missing)
    set_roles(office, department, **{kim.user.id: "editor"})
    assert ask(server).json == first.json
    office.calendar.people.edit(SYSTEM, kim.user.id, {"disabled": True})
    is_answered(ask(server), 401, "token_invalid")


@pytest.mark.parametrize("lost", ["source", "target"])
def test_a_move_is_answered_to_who_may_edit_both(office: Office, lost: str) -> None:
    kim, server, id_ = Person(office), office.server, key()
    role = {kim.user.id: "editor"}
    departments = {name: office.department(name, "private", **role) for name in ("source", "target")}
    event = office.event(SYSTEM, departments["source"])
    path, body = f"/api/events/{event['id']}/move", {"department_id": departments["target"]}
    first = kim.send(server, "POST", path, body, id_)
    assert first.status_code == 200
    assert kim.send(server, "POST", path, body, id_).json == first.json
    set_roles(office, departments[lost])
    answer = kim.send(server, "POST", path, body, id_)
    assert answer.status_code == 404
    assert "event" not in answer.json


def test_what_was_moved_away_since_is_answered_to_who_changed_it(office: Office) -> None:
    """He may still edit where he changed it, and at most read where it is now."""
    kim, server, id_ = Person(office), office.server, key()
    role = {kim.user.id: "editor"}
    department = office.department("개발팀", "private", **role)
    event = office.event(SYSTEM, department)
    path = f"/api/events/{event['id']}"
    first = kim.send(server, "PUT", path, {"title": "둘째"}, id_)
    assert first.status_code == 200
    for access in ("private", "members"):
        office.calendar.events.move(SYSTEM, event["id"], office.department(access, access))
        assert kim.send(server, "PUT", path, {"title": "둘째"}, id_).json == first.json
        status = {"private": 404, "members": 403}[access]
        assert kim.send(server, "PUT", path, {"title": "둘째"}, key()).status_code == status
    set_roles(office, department)
    assert kim.send(server, "PUT", path, {"title": "둘째"}, id_).status_code == 404


def test_anothers_id_says_nothing(office: Office) -> None:
    kim, park, id_ = Person(office), Person(office), key()
    hidden = office.department("비밀", "private", **{kim.user.id: "editor"})
    shared = office.department("함께", "private", **{park.user.id: "editor"})
    kept = kim.send(office.server, "POST", f"/api/events/{hidden}", FIELDS, id_)
    assert kept.status_code == 201
    is_answered(
        park.send(office.server, "POST", f"/api/events/{hidden}", FIELDS, id_), 404, "department_not_found"
    )
    own = park.send(office.server, "POST", f"/api/events/{shared}", FIELDS, id_)
    assert own.status_code == 201
    assert own.json["event"]["id"] != kept.json["event"]["id"]
    assert kim.send(office.server, "POST", f"/api/events/{hidden}", FIELDS, id_).json == kept.json


def test_who_signs_in_again_keeps_his_ids(office: Office) -> None:
    kim, id_ = Person(office), key()
    department = office.department("개발팀", "private", **{kim.user.id: "editor"})
    first = kim.send(office.server, "POST", f"/api/events/{department}", FIELDS, id_)
    kim.token = office.calendar.tokens.sign_in(kim.user).secret
    assert kim.send(office.another(), "POST", f"/api/events/{department}", FIELDS, id_).json == first.json


def test_departments_are_made_and_deleted_once(office: Office) -> None:
    head, kim, server = Person(office, admin=True), Person(office), office.server
    made = head.send(server, "POST", "/api/departments", {"name": "개발팀"}, id_ := key())
    assert made.status_code == 201
    assert head.send(server, "POST", "/api/departments", {"name": "개발팀"}, id_).json == made.json
    is_answered(kim.send(server, "POST", "/api/departments", {"name": "개발팀"}, id_), 403, "forbidden")
    department = made.json["department"]["id"]
    set_roles(office, department, **{kim.user.id: "manager"})
    path, renaming, deleting = f"/api/departments/{department}", key(), key()
    renamed = kim.send(server, "PUT", path, {"name": "기획팀"}, renaming)
    assert renamed.status_code == 200
    assert kim.send(server, "PUT", path, {"name": "기획팀"}, renaming).json == renamed.json
    set_roles(office, department, **{kim.user.id: "editor"})
    is_answered(kim.send(server, "PUT", path, {"name": "기획팀"}, renaming), 403, "forbidden")
    set_roles(office, department, **{kim.user.id: "manager"})
    gone = kim.send(server, "DELETE", path, None, deleting)
    assert gone.status_code == 200
    for one in (server, office.another()):
        assert kim.send(one, "DELETE", path, None, deleting).json == gone.json
        is_answered(kim.send(one, "DELETE", path, None, key()), 404, "department_not_found")
        is_answered(kim.send(one, "PUT", path, {"name": "기획팀"}, renaming), 404, "department_not_found")
