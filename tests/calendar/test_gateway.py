"""The gateway: no use case without a caller, who becomes the author; and what it refuses before it writes."""

import inspect
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from teamcal.calendar import Calendar
from teamcal.domain.caller import UNNAMED, Caller
from teamcal.domain.changes import DEPARTMENTS
from teamcal.domain.department_operations import CreateDepartment
from teamcal.domain.events import create_digest
from teamcal.domain.operations import DeleteEvent, ReceiveEvent
from teamcal.errors import DepartmentNotFound, EventNotFound, IdTaken, VersionConflict
from teamcal.storage.change_rows import row_of
from teamcal.storage.codec import to_item
from tests.house import House, Server

NAME = {"X-Display-Name": quote("김민수")}
FIELDS = {"event_date": "2024-01-20", "title": "팀 회의", "description": "", "time": "", "url": ""}
SIGNING_IN = {
    *("Tokens.find", "Tokens.sign_in", "Tokens.with_passcode", "Policies.passcode_of", "Permits.listen"),
    *(f"People.{name}" for name in ("sign_in", "of_subject", "of_id", "has_administrator", "caller_of")),
    *("People.signed_in_by_provider", "People.rehash", "Devices.begin", "Devices.collect"),
    *(f"FirstAdministrator.{name}" for name in ("is_missing", "offer", "is_right", "create")),
}
"""Public methods of which nobody is the caller yet: they are how somebody becomes one."""
OF_NOBODY = {"Departments.purge", "Departments.known", "Departments.known_ids"}
"""Those that answer and change nothing for anybody: for what tells members of a change, and for timers."""


def use_cases(calendar: Calendar) -> list[tuple[str, Any]]:
    rooms = [value for name, value in vars(calendar).items() if name != "write"]
    methods = [
        (f"{type(room).__name__}.{name}", method)
        for room in rooms
        for name, method in inspect.getmembers(room, inspect.ismethod)
        if not name.startswith("_")
    ]
    return [("write", calendar.write), *methods]


def test_no_use_case_can_be_called_without_a_caller(server: Server) -> None:
    found = use_cases(server.calendar)
    assert len(found) > 15
    for name, method in found:
        if name in SIGNING_IN | OF_NOBODY:
            continue
        first = next(iter(inspect.signature(method).parameters.values()))
        assert first.name == "caller", name
        assert first.default is inspect.Parameter.empty, name


def test_a_name_becomes_the_author_and_is_marked_unverified(server: Server) -> None:
    department = server.department()
    member = server.member(department)
    created = server.http.post(f"/api/events/{department}", json=FIELDS, headers=NAME).json["event"]
    server.http.put(f"/api/events/{created['id']}", json={"title": "새 제목"})
    (_, named), (_, unnamed) = member.heard()
    assert (named["by"], named["by_verified"]) == ("김민수", False)
    assert "by" not in unnamed
    history = server.http.get(f"/api/events/{created['id']}/history").json["history"]
    assert [(step["by"], step["by_verified"]) for step in history] == [("", False), ("김민수", False)]
    changes = server.http.get(f"/api/changes/{department}").json["changes"]
    assert [change["by"] for change in changes] == ["김민수", ""]


def test_every_kind_of_write_names_its_author(house: House) -> None:
    server = house.server()
    http, here, there = server.http, server.department("하나"), server.department("둘")
    batch = {"operations": [{"op": "create", "event": FIELDS}]}
    event = http.post(f"/api/events/{here}/batch", json=batch, headers=NAME).json["results"][0]["event"]
    url = f"/api/events/{event['id']}"
    http.put(url, json={"title": "둘째"}, headers=NAME)
    http.post(f"{url}/move", json={"department_id": there}, headers=NAME)
    http.delete(url, headers=NAME)
    http.post(f"{url}/restore", json={"revision": 1}, headers=NAME)
    http.put(f"/api/departments/{here}", json={"name": "셋"}, headers=NAME)
    http.delete(f"/api/departments/{here}", headers=NAME)
    authors = {
        log_id: [change.by for change in server.database.read_changes(log_id, 0, 100)]
        for log_id in (here, there, DEPARTMENTS)
    }
    assert authors == {here: ["김민수"] * 4, there: ["김민수"] * 3, DEPARTMENTS: ["", "", "김민수", "김민수"]}
    # What another process reads from the log carries the author as well.
    other = house.server()
    assert {change["by"] for change in other.http.get(f"/api/changes/{there}").json["changes"]} == {"김민수"}


@pytest.mark.parametrize("name", ["%00", "가" * 101, "%ff", quote("a\x07")])
def test_a_name_that_cannot_be_taken_is_refused(server: Server, name: str) -> None:
    department = server.department()
    raw = name.encode().decode("latin-1")
    answer = server.http.post(f"/api/events/{department}", json=FIELDS, headers={"X-Display-Name": raw})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "X-Display-Name")
    assert server.events(department) == []


def test_an_operation_reaches_only_its_kind_of_log(server: Server) -> None:
    write, department = server.calendar.write, server.department()
    for log_id in (DEPARTMENTS, "", "x" * 300, "\ud800", "no such department"):
        with pytest.raises(DepartmentNotFound):
            server.calendar.events.create(UNNAMED, log_id, FIELDS)
    with pytest.raises(DepartmentNotFound):
        write(UNNAMED, DEPARTMENTS, [DeleteEvent("e")])
    with pytest.raises(DepartmentNotFound):
        write(UNNAMED, department, [CreateDepartment({"id": "d", "name": "나"})])
    assert server.http.post("/api/events/*", json=FIELDS).status_code == 404
    assert server.events(department) == []


def test_a_move_takes_along_what_changed_after_it_was_read(house: House) -> None:
    server = house.server()
    here, there = server.department("하나"), server.department("둘")
    event = server.event(here)
    gateway = server.calendar.events._gateway
    read = gateway.live_event

    def edited_meanwhile(caller: Caller, event_id: str) -> Any:
        stored = read(caller, event_id)
        if stored["version"] == 1:
            server.http.put(f"/api/events/{event_id}", json={"title": "그 사이에"})
        return stored

    gateway.live_event = edited_meanwhile  # type: ignore[method-assign]
    moved = server.calendar.events.move(Caller("김민수"), event["id"], there)
    assert (moved["title"], moved["version"]) == ("그 사이에", 3)
    assert server.events(here) == []
    (*_, departure), (arrival,) = (server.database.read_changes(log_id, 0, 9) for log_id in (here, there))
    assert departure.change_id == arrival.change_id
    with pytest.raises(VersionConflict):
        server.calendar.events.move(UNNAMED, event["id"], here, expected_version=1)


def test_a_write_across_logs_fails_as_a_whole(server: Server) -> None:
    here, there = server.department("하나"), server.department("둘")
    event = {**server.event(here), "department_id": here}
    gateway = server.calendar.events._gateway
    parts = [(here, DeleteEvent("unknown")), (there, ReceiveEvent(event, there, "2024-01-01T00:00:00.000Z"))]
    with pytest.raises(EventNotFound):
        gateway.write_across(UNNAMED, parts)
    assert [len(server.events(department)) for department in (here, there)] == [1, 0]


def test_the_net_effect_of_changes_over_a_deleted_department_is_told_to_start_over(server: Server) -> None:
    fields = {"name": "개발팀", "description": ""}
    stable = "11111111-1111-4111-8111-111111111111"
    departments = server.calendar.departments
    department = departments.import_one(UNNAMED, stable, fields)["id"]
    server.event(department)
    cursor = server.http.get(f"/api/changes/{department}").json["cursor"]
    departments.delete(UNNAMED, department)
    departments.import_one(UNNAMED, department, fields)
    url = f"/api/changes/{department}?cursor={cursor}"
    assert [change["kind"] for change in server.http.get(url).json["changes"]] == [
        "department_deleted",
        "department_created",
    ]
    compact = server.http.get(f"{url}&compact=1")
    assert (compact.status_code, compact.json["code"]) == (410, "resync_required")


def test_a_repeated_create_finds_its_event_after_an_upgrade_that_adds_a_field(server: Server) -> None:
    department, event_id = server.department(), "11111111-1111-4111-8111-111111111111"
    create = server.calendar.events.create
    created = create(UNNAMED, department, FIELDS, event_id).record
    repeated = create(UNNAMED, department, {**FIELDS, "location": ""}, event_id)
    assert (repeated.record, repeated.change) == (created, None)
    with pytest.raises(IdTaken):
        create(UNNAMED, department, {**FIELDS, "location": "3층"}, event_id)


def test_a_repeated_create_finds_its_event_of_an_earlier_version(house: House) -> None:
    server = house.server()
    department, event_id = server.department(), "11111111-1111-4111-8111-111111111111"
    server.calendar.events.create(UNNAMED, department, FIELDS, event_id)
    stored = house.stored_event(event_id)
    change = server.database.read_changes(department, 0, 1)[0]
    earlier = create_digest(FIELDS, with_empty=True)
    assert earlier != stored["create_digest"]
    house.put_event(**{**stored, "create_digest": earlier})
    row = row_of(
        department, replace(change, record={**change.record, "create_digest": earlier}), 4_000_000_000
    )
    house.plain.put_item(TableName=house.storage.changes_table, Item=to_item(row))
    repeated = house.server().calendar.events.create(UNNAMED, department, FIELDS, event_id)
    assert repeated.change is None
