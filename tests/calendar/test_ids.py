"""One id in two departments: every server agrees which one it means, and both can be read and deleted."""

import threading
import time
import uuid
from typing import Any

from tests.house import House, Server

AT = {"event_date": "2024-01-20", "title": "팀 회의"}


def created_twice(house: House, one: Server, other: Server) -> tuple[str, str, str]:
    """Returns two departments in which clients created an event with the same id at once, and the id.

    The first was created in the first department.
    """
    departments, event_id = (one.department("하나"), one.department("둘")), str(uuid.uuid4())
    raced: list[Any] = []

    def before(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and not raced:
            raced.append(None)
            raced[0] = other.http.post(f"/api/events/{departments[0]}", json={**AT, "id": event_id})

    racer = house.server(before=before)
    racer.events(departments[1])
    answer = racer.http.post(f"/api/events/{departments[1]}", json={**AT, "id": event_id})
    assert (answer.status_code, raced[0].status_code) == (201, 201)
    return (*departments, event_id)


def titles(server: Server, *departments: str) -> list[list[str]]:
    return [[event["title"] for event in server.events(department)] for department in departments]


def test_every_server_agrees_which_event_an_id_means(house: House) -> None:
    one, other = house.server(), house.server()
    first, second, event_id = created_twice(house, one, other)
    events = [server.http.get(f"/api/events/{first}/{event_id}").json["event"] for server in (one, other)]
    created = [house.server().http.get(f"/api/events/{d}/{event_id}").json["event"] for d in (first, second)]
    assert events == [created[0]] * 2
    means = min(created, key=lambda event: (event["created_at"], event["department_id"]))["department_id"]
    # Whatever of the two a server has loaded, and in whatever order.
    for number, loaded in enumerate([(), (first,), (second,), (first, second), (second, first)]):
        server = house.server()
        for department in loaded:
            server.events(department)
        answer = server.http.put(f"/api/events/{event_id}", json={"title": f"{number}"})
        assert answer.json["event"]["department_id"] == means, loaded
    server = house.server()
    other_one = second if means == first else first
    assert titles(server, means, other_one) == [["4"], ["팀 회의"]]
    operations = {"operations": [{"op": "delete", "id": event_id}]}
    assert (
        server.http.post(f"/api/events/{other_one}/batch", json=operations).json["results"][0]["status"]
        == 200
    )
    assert titles(server, means, other_one) == [["4"], []]
    assert server.http.delete(f"/api/events/{event_id}").status_code == 200
    assert titles(server, means, other_one) == [[], []]


def test_an_event_whose_id_the_server_made_is_written_with_one_call(house: House) -> None:
    calls: list[str] = []
    server = house.server(calls=calls)
    department = server.department()
    event = server.event(department)
    calls.clear()
    for title in ("둘째", "셋째"):
        assert server.http.put(f"/api/events/{event['id']}", json={"title": title}).status_code == 200
    assert calls == ["TransactWriteItems"] * 2


def test_a_batch_looks_up_only_ids_that_its_department_does_not_know(house: House) -> None:
    calls: list[str] = []
    server = house.server(calls=calls)
    department, elsewhere = server.department("하나"), server.department("둘")
    events = [{**AT, "id": str(uuid.uuid4())} for _ in range(60)]
    body = {"operations": [{"op": "create", "event": event} for event in events]}
    url = f"/api/events/{department}/batch"
    assert {one["status"] for one in server.http.post(url, json=body).json["results"]} == {201}
    calls.clear()
    assert {one["status"] for one in server.http.post(url, json=body).json["results"]} == {200}
    assert "Query" not in calls
    answer = server.http.post(f"/api/events/{elsewhere}/batch", json=body)
    assert {one["status"] for one in answer.json["results"]} == {409}
    server.http.delete(f"/api/events/{events[0]['id']}")
    results = server.http.post(url, json=body).json["results"]
    assert [one["status"] for one in results] == [410] + [200] * 59


def test_500_creates_with_ids_of_the_client_at_8_ms_a_call(house: House) -> None:
    """One look-up after the other would take 4 s, and leave no time to write."""
    at_once, most = [0], [0]
    lock = threading.Lock()

    def before(action: str, body: bytes) -> None:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.008)
        with lock:
            at_once[0] -= 1

    server = house.server(before=before)
    department = server.department()
    events = [{**AT, "id": str(uuid.uuid4())} for _ in range(500)]
    body = {"operations": [{"op": "create", "event": event} for event in events]}
    statuses: set[int] = set()
    for _ in range(6):  # a busy machine may need more requests; what was written is not lost then
        answer = server.http.post(f"/api/events/{department}/batch", json=body)
        statuses = {result["status"] for result in answer.json.get("results", [{"status": 503}])}
        if 503 not in statuses:
            break
    assert statuses <= {200, 201}
    assert 8 < most[0] <= 16
    assert len(server.events(department)) == 500
