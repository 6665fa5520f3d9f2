"""Races and faults of the commit queue, each through a public door."""

import json
import threading
import time
import uuid
from typing import Any

import pytest

from teamcal import deadline
from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.domain.caller import UNNAMED
from teamcal.storage import client
from tests import engine
from tests.house import House, Server

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의"}
STABLE = "3f1c2a8e-1111-4222-8333-944445555001"


def batch(server: Server, department: str, *operations: Any, atomic: bool = False) -> list[int]:
    body = {"operations": operations, "atomic": atomic}
    answer = server.http.post(f"/api/events/{department}/batch", json=body)
    assert answer.status_code == 200, answer.text
    return [result["status"] for result in answer.json["results"]]


def test_an_id_that_turns_out_to_be_used_refuses_only_its_create(house: House) -> None:
    two, event_id = house.server(), str(uuid.uuid4())
    created = {"op": "create", "event": {**FIELDS, "id": event_id}}
    transactions = []

    def before(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and department and not transactions:
            transactions.append(action)
            assert batch(two, department, created) == [201]
            assert batch(two, department, {"op": "delete", "id": event_id}) == [200]

    department = ""
    one = house.server(before=before)
    department = one.department()
    update = {"op": "update", "id": event_id, "event": {"title": "새"}}
    assert batch(one, department, created, update) == [410, 404]


def test_an_id_deleted_in_a_batch_is_not_created_again_by_it(house: House) -> None:
    server = house.server()
    department, event_id = server.department(), str(uuid.uuid4())
    created = {"op": "create", "event": {**FIELDS, "id": event_id}}
    assert batch(server, department, created) == [201]
    assert batch(server, department, {"op": "delete", "id": event_id}, created) == [200, 410]


def test_a_department_imported_by_two_at_once_is_one(house: House) -> None:
    two, imported = house.server(), []

    def before(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and not imported:
            imported.append(two.calendar.departments.import_one(UNNAMED, STABLE, {"name": "개발팀"}))

    one = house.server(before=before)
    with within(REQUEST_SECONDS):
        assert one.calendar.departments.import_one(UNNAMED, STABLE, {"name": "개발팀"}) == imported[0]


def test_a_department_created_again_by_two_at_once_is_created_again_once(house: House) -> None:
    two, imported = house.server(), []
    two.calendar.departments.import_one(UNNAMED, STABLE, {"name": "개발팀"})
    two.event(STABLE)
    two.http.delete(f"/api/departments/{STABLE}")
    two.purge()

    def before(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and not imported:
            imported.append(two.calendar.departments.import_one(UNNAMED, STABLE, {"name": "개발팀"}))
            two.event(STABLE, title="새 삶")

    one = house.server(before=before)
    with within(REQUEST_SECONDS):
        assert one.calendar.departments.import_one(UNNAMED, STABLE, {"name": "개발팀"}) == imported[0]
    assert [event["title"] for event in one.events(STABLE)] == ["새 삶"]
    assert [event["title"] for event in house.server().events(STABLE)] == ["새 삶"]
    house.must_be_sound(STABLE)


def test_a_department_that_an_older_server_wrote_again_can_be_deleted(house: House) -> None:
    server = house.server()
    department = server.department("개발팀")
    server.http.delete(f"/api/departments/{department}")
    server.purge()
    other = server.department("기획팀")
    for number in range(70):  # more than a cold load lays over the table at first
        server.http.put(f"/api/departments/{other}", json={"description": f"{number}"})
    server.http.delete(f"/api/departments/{other}")
    house.put_department(id=department, name="개발팀", description="")
    fresh = house.server()
    assert len(fresh.http.get("/api/departments").json["departments"]) == 1
    assert fresh.http.delete(f"/api/departments/{department}").status_code == 200
    assert house.server().http.get("/api/departments").json["departments"] == []


def test_an_atomic_batch_that_was_applied_says_so(house: House) -> None:
    """The engine forgot the token of a transaction whose answer was lost."""
    lost = []

    def before(action: str, body: bytes) -> Any:
        if action != "TransactWriteItems" or not armed or lost:
            return None
        lost.append(action)
        assert engine.run(action, body)[0] == 200
        size = len(json.loads(body)["TransactItems"])
        reasons = [{"Code": "ConditionalCheckFailed"}, *[{"Code": "None"}] * (size - 1)]
        return engine.error("TransactionCanceledException", CancellationReasons=reasons)

    armed = False
    server = house.server(before=before)
    department = server.department()
    kept = server.event(department)
    armed = True
    operations = (
        {"op": "create", "event": FIELDS},
        {"op": "update", "id": kept["id"], "event": {"title": kept["title"]}},
    )
    assert batch(server, department, *operations, atomic=True) == [201, 200]
    assert len(server.events(department)) == 2


@pytest.mark.deadline
def test_a_leader_hands_over_before_its_time_is_up(house: House) -> None:
    """A leader with hundreds of operations must not commit others' with less time than a call may take."""
    assert deadline.CALL_SECONDS >= client.CALL_SECONDS
    slow = False

    def before(action: str, body: bytes) -> None:
        if slow and action == "TransactWriteItems":
            time.sleep(1.5)

    server = house.server(before=before)
    department = server.department()
    server.event(department)
    slow = True
    many = [{"op": "create", "event": FIELDS}] * 200
    answers: list[Any] = []

    def lead() -> None:
        answers.append(server.http.post(f"/api/events/{department}/batch", json={"operations": many}))

    leader = threading.Thread(target=lead)
    leader.start()
    time.sleep(3)
    answer = server.http.post(f"/api/events/{department}", json=FIELDS)
    leader.join()
    assert answer.status_code == 201, answer.text
    assert {result["status"] for result in answers[0].json["results"]} == {201, 503}
