"""History: bounded reads, and a revision of either department of an event that was moved."""

import json

import pytest

from teamcal.domain.caller import UNNAMED
from tests.house import House


def test_a_revision_of_either_department_can_be_restored(house: House) -> None:
    server = house.server()
    here, there = server.department("하나"), server.department("둘")
    event = server.event(here, title="처음")
    server.event(there)
    url = f"/api/events/{event['id']}"
    server.http.put(url, json={"title": "둘째"})
    server.http.post(f"{url}/move", json={"department_id": there})
    server.http.put(url, json={"title": "셋째"})
    history = server.http.get(f"{url}/history").json["history"]
    places = [(step["department_id"], step["revision"]) for step in history]
    assert places == [(there, 3), (there, 2), (here, 2), (here, 1)]
    restore = lambda **body: server.http.post(f"{url}/restore", json=body)  # noqa: E731
    assert restore(revision=2, department_id=here).json["event"]["title"] == "둘째"
    assert restore(revision=3, department_id=there).json["event"]["title"] == "셋째"
    assert restore(revision=1, department_id=here.upper()).json["event"]["title"] == "처음"
    assert restore(revision=1, department_id=there).status_code == 400
    assert restore(revision=1, department_id=7).status_code == 400


@pytest.mark.parametrize(("between", "steps"), [(0, 121), (60, 21)])
def test_a_history_takes_a_bounded_number_of_reads(house: House, between: int, steps: int) -> None:
    reads: list[int] = []

    def before(action: str, body: bytes) -> None:
        request = json.loads(body)
        if action == "Query" and ":log" in request.get("ExpressionAttributeValues", {}):
            reads.append(1)

    writer = house.server()
    department = writer.department()
    event = writer.event(department)
    changes, at_once = (25, 1) if between else (120, 5)  # a batch has a deadline
    for start in range(0, changes, at_once):
        operations = []
        for number in range(start, start + at_once):
            update = {"op": "update", "id": event["id"], "event": {"title": f"{number}"}}
            create = {"op": "create", "event": {"event_date": "2024-01-20", "title": "다른"}}
            operations += [update, *[create] * between]
        body = {"operations": operations}
        answer = writer.http.post(f"/api/events/{department}/batch", json=body)
        assert {result["status"] for result in answer.json["results"]} <= {200, 201}
    server = house.server(before=before)
    server.events(department)
    reads.clear()
    # Not as a request, which has a deadline: the engine goes through all rows at each read.
    history = server.calendar.history.of_event(UNNAMED, event["id"])
    assert len(reads) <= 20
    assert len(history) >= steps - 1
    versions = [change.record["version"] for _, change in history[:20]]
    assert versions == list(range(changes + 1, changes - 19, -1))


def test_the_history_of_recent_changes_needs_no_read_of_the_log(house: House) -> None:
    calls: list[str] = []
    server = house.server(calls=calls)
    department = server.department()
    event = server.event(department)
    for number in range(30):
        server.http.put(f"/api/events/{event['id']}", json={"title": f"{number}"})
    calls.clear()
    assert len(server.http.get(f"/api/events/{event['id']}/history").json["history"]) == 31
    assert calls == ["Query", "GetItem"]  # where the event lives, and the head
