"""Commits over several logs, and transactions that the engine refuses or whose answer is lost."""

import json
import threading
import time
import uuid
from typing import Any

import pytest

from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.domain.caller import UNNAMED, Caller
from teamcal.metrics import COLD_LOADS
from tests import engine
from tests.house import House, Server, patiently, together

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의"}


def batch(server: Server, department: str, *operations: Any, atomic: bool = False) -> list[Any]:
    body = {"operations": operations, "atomic": atomic}
    answer = server.http.post(f"/api/events/{department}/batch", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json["results"]


def test_an_atomic_batch_whose_answer_was_lost_says_that_it_was_applied(house: House) -> None:
    """No attempt is answered, the first is applied; the log tells. One operation changes nothing."""
    cut = [False]

    def after(action: str, body: bytes) -> None:
        if cut[0] and action == "TransactWriteItems":
            raise ConnectionResetError("cut")

    server = house.server(after=after)
    department = server.department()
    kept = server.event(department)
    cut[0] = True
    same = {"op": "update", "id": kept["id"], "event": {"title": kept["title"]}}
    results = batch(server, department, {"op": "create", "event": FIELDS}, same, atomic=True)
    assert [result["status"] for result in results] == [201, 200]
    assert len(server.events(department)) == 2
    house.must_be_sound(department)


def test_a_commit_that_hangs_leaves_time_to_look_for_it(house: House) -> None:
    """It is applied, but no answer comes in the time of a call: 201 all the same, once."""
    hang = [False]

    def after(action: str, body: bytes) -> None:
        if hang[0] and action == "TransactWriteItems":
            time.sleep(2.2)
            raise TimeoutError("read timed out")

    server = house.server(after=after)
    department = server.department()
    server.event(department)
    hang[0] = True
    answer = server.http.post(f"/api/events/{department}", json=FIELDS)
    assert answer.status_code == 201, answer.text
    assert len(server.events(department)) == 2


@pytest.mark.parametrize(
    ("text", "status", "single"),
    [
        ("Item size has exceeded the maximum allowed size", 413, 413),
        ("One or more parameter values were invalid: an attribute of another program", 503, 500),
    ],
)
def test_one_write_that_is_refused_as_a_whole_fails_alone(
    house: House, text: str, status: int, single: int
) -> None:

    def before(action: str, body: bytes) -> Any:
        if action != "TransactWriteItems" or b"too-big" not in body:
            time.sleep(0.05)
            return None
        return engine.error("ValidationException", text)

    server = house.server(before=before)
    department = server.department()
    events = [server.event(department) for _ in range(11)]
    operations = [{"op": "update", "id": event["id"], "event": {"title": "새"}} for event in events]
    operations[5]["event"] = {"title": "too-big"}
    statuses = [result["status"] for result in batch(server, department, *operations)]
    assert statuses == [200] * 5 + [status] + [200] * 5
    answers = together(
        *(
            lambda event=event, title=title: server.http.put(
                f"/api/events/{event['id']}", json={"title": title}
            )
            for event, title in zip(events, ["too-big", *[f"{n}" for n in range(10)]], strict=True)
        )
    )
    assert [answer.status_code for answer in answers] == [single] + [200] * 10
    house.must_be_sound(department)


def test_a_department_that_is_not_in_memory_is_deleted_without_its_events(house: House) -> None:
    writer = house.server()
    department = writer.department()
    for _ in range(3):
        writer.event(department)
    queries: list[Any] = []

    def before(action: str, body: bytes) -> None:
        request = json.loads(body)
        if action == "Query" and request.get("IndexName"):
            queries.append(request)

    server = house.server(before=before)
    server.http.get("/api/departments")
    loads = server.counters.values()[COLD_LOADS]
    assert server.http.delete(f"/api/departments/{department}").status_code == 200
    assert (queries, server.counters.values()[COLD_LOADS]) == ([], loads)
    for one in (server, writer, house.server()):
        assert one.http.get(f"/api/events/{department}").status_code == 404
        assert one.http.get("/api/departments").json["departments"] == []
    assert writer.http.post(f"/api/events/{department}", json=FIELDS).status_code == 404
    assert writer.http.delete(f"/api/departments/{department}").status_code == 404


def test_a_department_whose_tables_do_not_fit_can_be_deleted(house: House) -> None:
    """The event's item and the row that would bring it back are gone."""
    writer = house.server()
    department = writer.department()
    event = writer.event(department)
    key = {"id": {"S": event["id"]}, "department_id": {"S": department}}
    house.plain.delete_item(TableName=house.storage.events_table, Key=key)
    row = {"department_id": {"S": department}, "revision": {"N": "1"}}
    house.plain.delete_item(TableName=house.storage.changes_table, Key=row)
    for server in (house.server(), writer):
        answer = server.http.delete(f"/api/departments/{department}")
        assert answer.status_code in (200, 404)
    assert house.server().http.get("/api/departments").json["departments"] == []


def test_the_list_is_not_held_while_a_department_is_busy(house: House) -> None:
    server = house.server()
    department = server.department()
    server.event(department)
    replica = server.replicas.of(department)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with replica.lock():
            held.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    deletion: list[Any] = []
    thread = threading.Thread(
        target=lambda: deletion.append(server.http.delete(f"/api/departments/{department}"))
    )
    thread.start()
    try:
        for number in range(5):
            assert server.department(f"부서 {number}")
            time.sleep(0.05)
        assert deletion == []
    finally:
        done.set()
        thread.join(60)
        holder.join(60)
    assert deletion[0].status_code == 200


@pytest.mark.parametrize("warm", [False, True])
def test_a_department_without_a_log_whose_item_is_gone_is_not_found_at_once(house: House, warm: bool) -> None:
    calls: list[str] = []
    house.put_department(id="d-1", name="옛 부서")
    house.put_event(id="e-1", department_id="d-1", event_date="2024-01-01", title="옛 이벤트")
    server = house.server(calls=calls)
    if warm:
        assert len(server.events("d-1")) == 1
    house.plain.delete_item(TableName=house.storage.departments_table, Key={"id": {"S": "d-1"}})
    calls.clear()
    answer = server.http.post("/api/events/d-1", json=FIELDS)
    assert (answer.status_code, answer.json["code"]) == (404, "department_not_found")
    assert len(calls) <= 4
    assert server.http.get("/api/events/d-1").status_code == 404


def test_an_event_that_another_process_moved_is_moved_on(house: House) -> None:
    server, other = house.server(), house.server()
    first, second, third = (server.department(name) for name in ("하나", "둘", "셋"))
    event = server.event(first)
    gateway = server.calendar.events._gateway
    read = gateway.live_event
    raced: list[Any] = []

    def moved_meanwhile(caller: Caller, event_id: str) -> Any:
        stored = read(caller, event_id)
        if not raced:
            raced.append(other.http.post(f"/api/events/{event_id}/move", json={"department_id": second}))
        return stored

    gateway.live_event = moved_meanwhile  # type: ignore[method-assign]
    with within(REQUEST_SECONDS):
        moved = server.calendar.events.move(UNNAMED, event["id"], third)
    assert (moved["department_id"], moved["version"], raced[0].status_code) == (third, 3, 200)
    assert [len(server.events(department)) for department in (first, second, third)] == [0, 0, 1]


def test_whole_commits_succeed_beside_writers_of_another_server_that_never_pause(house: House) -> None:
    """At 4 ms a call: an atomic batch and a move each, while another server commits without a pause."""

    def before(action: str, body: bytes) -> None:
        time.sleep(0.004)

    one, other = house.server(before=before), house.server(before=before)
    here, there = one.department("하나"), one.department("둘")
    event = one.event(here)
    other.events(here)
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            other.http.post(f"/api/events/{here}", json=FIELDS)

    writer = threading.Thread(target=write)
    writer.start()
    statuses: list[int] = []
    try:
        for number in range(5):
            operations = [
                {"op": "create", "event": {**FIELDS, "id": str(uuid.uuid4())}},
                {"op": "update", "id": event["id"], "event": {"title": f"{number}"}},
            ]
            body = {"operations": operations, "atomic": True}
            answer = patiently(lambda body=body: one.http.post(f"/api/events/{here}/batch", json=body))
            statuses += [result["status"] for result in answer.json["results"]]
    finally:
        over.set()
        writer.join(60)
    assert set(statuses) == {200, 201}
    moved = one.http.post(f"/api/events/{event['id']}/move", json={"department_id": there})
    assert moved.status_code == 200
    house.must_be_sound(here)
