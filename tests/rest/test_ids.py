"""UUIDs are compared without regard to case wherever a client sends one; other ids are taken as they are."""

import uuid
from typing import Any

import pytest

from tests.house import House, Server

BODY = {"event_date": "2024-01-20", "title": "팀 회의"}


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def server(house: House, request: pytest.FixtureRequest) -> Server:
    return house.server(fast_path=request.param)


def shouted(path: str) -> str:
    """Returns the path with its ids in upper case, as Swift writes UUIDs."""
    head, *ids = path.split("/")[2:]
    verbs = {"batch", "move", "history", "restore"}
    return "/api/" + "/".join([head, *(part if part in verbs else part.upper() for part in ids)])


def made(server: Server) -> tuple[str, dict[str, Any]]:
    """Returns a department's id and its event, whose id is a client's in upper case."""
    department_id = server.department()
    event = server.event(department_id, id=str(uuid.uuid4()).upper())
    assert event["id"] == event["id"].lower()
    return department_id, event


def test_every_path_takes_upper_case(server: Server) -> None:
    department_id, event = made(server)
    event_id, events, changes = event["id"], f"/api/events/{department_id}", f"/api/changes/{department_id}"
    for path in (events, f"{events}/{event_id}", changes, f"/api/departments/{department_id}"):
        assert server.http.get(shouted(path)).json == server.http.get(path).json, path
        assert server.http.get(path).status_code == 200
    assert server.http.get(shouted(f"/api/events/{event_id}/history")).json["history"]
    assert server.http.put(shouted(f"/api/events/{event_id}"), json={"title": "수정"}).status_code == 200
    restored = server.http.post(shouted(f"/api/events/{event_id}/restore"), json={"revision": 1})
    assert restored.json["event"]["title"] == "팀 회의"
    assert server.http.post(shouted(events), json=BODY).json["event"]["department_id"] == department_id
    assert server.http.delete(shouted(f"/api/events/{event_id}")).status_code == 200
    renamed = server.http.put(shouted(f"/api/departments/{department_id}"), json={"name": "연구팀"})
    assert renamed.json["department"]["id"] == department_id
    assert server.http.delete(shouted(f"/api/departments/{department_id}")).status_code == 200


def test_a_repeated_create_finds_its_event_in_either_case(server: Server) -> None:
    department_id = server.department()
    client_id = str(uuid.uuid4())
    first = server.http.post(f"/api/events/{department_id}", json={**BODY, "id": client_id.upper()})
    again = server.http.post(f"/api/events/{department_id.upper()}", json={**BODY, "id": client_id})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["event"] == first.json["event"]


def test_bodies_take_upper_case(server: Server) -> None:
    department_id, event = made(server)
    other = server.department("마케팅팀")
    batch = [
        {"op": "update", "id": event["id"].upper(), "event": {"title": "수정"}},
        {"op": "create", "event": {**BODY, "id": str(uuid.uuid4()).upper()}},
    ]
    results = server.http.post(f"/api/events/{department_id.upper()}/batch", json={"operations": batch}).json[
        "results"
    ]
    assert [result["status"] for result in results] == [200, 201]
    moved = server.http.post(
        shouted(f"/api/events/{event['id']}/move"), json={"department_id": other.upper()}
    )
    assert moved.json["event"]["department_id"] == other
    deleted = [{"op": "delete", "id": event["id"].upper()}]
    (result,) = server.http.post(f"/api/events/{other}/batch", json={"operations": deleted}).json["results"]
    assert result["status"] == 200


def test_socket_io_takes_upper_case(server: Server) -> None:
    department_id, event = made(server)
    member = server.member()
    cursor = server.http.get(f"/api/events/{department_id}").json["cursor"]

    joined = member.ask("join_department", {"department_id": department_id.upper(), "cursor": cursor})
    assert (joined["department_id"], joined["full"]) == (department_id, False)
    (several,) = member.ask("join_department", {"departments": [{"department_id": department_id.upper()}]})
    assert several["department_id"] == department_id
    member.heard()
    server.http.put(f"/api/events/{event['id']}", json={"title": "수정"})
    assert [name for name, _ in member.heard()] == ["event_updated"]
    synced = member.ask("sync_request", {"department_id": department_id.upper()})
    assert [one["title"] for one in synced["events"]] == ["수정"]
    assert member.ask("leave_department", {"department_id": department_id.upper()})["department_id"]
    member.heard()
    server.http.put(f"/api/events/{event['id']}", json={"title": "다시"})
    assert member.heard() == []


def test_conditions_hold_for_the_upper_case_path(server: Server) -> None:
    department_id, event = made(server)
    path = f"/api/events/{department_id}"
    etag = server.http.get(path).headers["ETag"]
    assert server.http.get(shouted(path), headers={"If-None-Match": etag}).status_code == 304
    stale = server.http.put(
        shouted(f"/api/events/{event['id']}"), json={"title": "수정"}, headers={"If-Match": '"7"'}
    )
    assert stale.status_code == 412


def test_ids_that_are_no_uuids_keep_their_case(house: House) -> None:
    house.put_department(id="Dev", name="개발팀", description="")
    house.put_event(id="Meeting-1", department_id="Dev", event_date="2024-01-20", title="팀 회의")
    server = house.server()
    assert [event["id"] for event in server.events("Dev")] == ["Meeting-1"]
    assert server.http.get("/api/events/DEV").status_code == 404
    assert server.http.put("/api/events/meeting-1", json={"title": "수정"}).status_code == 404
    assert server.http.put("/api/events/Meeting-1", json={"title": "수정"}).status_code == 200
    assert server.member().ask("join_department", {"department_id": "dev"})["code"] == "department_not_found"
    assert server.member().ask("join_department", {"department_id": "Dev"})["department_id"] == "Dev"


def test_ids_that_somebody_put_into_the_tables_in_upper_case_stay_usable(house: House) -> None:
    department_id, event_id = (str(uuid.uuid4()).upper() for _ in range(2))  # as uuidgen writes them on macOS
    house.put_department(id=department_id, name="개발팀", description="")
    house.put_event(id=event_id, department_id=department_id, event_date="2024-01-20", title="팀 회의")
    server = house.server()
    assert [one["id"] for one in server.http.get("/api/departments").json["departments"]] == [department_id]
    assert [event["id"] for event in server.events(department_id)] == [event_id]
    member = server.member(department_id)
    assert server.http.put(f"/api/events/{event_id}", json={"title": "수정"}).status_code == 200
    assert [payload["title"] for _, payload in member.heard()] == ["수정"]
    batch = {"operations": [{"op": "delete", "id": event_id}]}
    answer = server.http.post(f"/api/events/{department_id}/batch", json=batch)
    assert answer.json["results"][0]["status"] == 200
    assert member.ask("sync_request", {"department_id": department_id})["events"] == []
    assert member.ask("leave_department", {"department_id": department_id})["department_id"] == department_id
    assert server.http.delete(f"/api/departments/{department_id}").status_code == 200


@pytest.mark.parametrize("form", ["{{{}}}", "urn:uuid:{}", "({})"])
def test_other_notations_of_a_uuid_are_other_ids(server: Server, form: str) -> None:
    department_id = server.department()
    written = form.format(department_id)
    assert server.http.get(f"/api/events/{written}").status_code == 404
    body = {**BODY, "id": form.format(uuid.uuid4())}
    assert server.http.post(f"/api/events/{department_id}", json=body).status_code == 400
