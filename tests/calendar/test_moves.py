"""Moving an event to another department: versions, conditions and what is refused."""

import pytest

from tests.house import House, Server


def test_an_older_servers_event_gets_its_second_version_by_a_move(house: House) -> None:
    server = house.server()
    source, target = server.department("하나"), server.department("둘")
    house.put_event(id="old", department_id=source, event_date="2024-01-20", title="예전")
    assert server.events(source)[0]["version"] == 1
    moved = server.http.post("/api/events/old/move", json={"department_id": target}).json["event"]
    assert moved["version"] == 2
    stale = server.http.put("/api/events/old", json={"title": "새"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    house.must_be_sound(target)


def test_a_move_at_a_version_that_never_was_is_a_conflict(server: Server) -> None:
    source, target = server.department("하나"), server.department("둘")
    path, headers = f"/api/events/{server.event(source)['id']}/move", {"If-Match": '"0"'}
    answer = server.http.post(path, json={"department_id": target}, headers=headers)
    assert (answer.status_code, len(server.events(target))) == (412, 0)


def test_an_event_of_a_deleted_department_cannot_be_moved(server: Server) -> None:
    source, target = server.department("하나"), server.department("둘")
    event = server.event(source)
    assert server.http.delete(f"/api/departments/{source}").status_code == 200
    answer = server.http.post(f"/api/events/{event['id']}/move", json={"department_id": target})
    assert (answer.status_code, answer.json["code"]) == (404, "event_not_found")


def test_a_conflict_in_its_own_department_tells_what_changed(server: Server) -> None:
    department = server.department()
    event = server.event(department)
    server.http.put(f"/api/events/{event['id']}", json={"title": "새"})
    path, headers = f"/api/events/{event['id']}/move", {"If-Match": '"1"'}
    answer = server.http.post(path, json={"department_id": department}, headers=headers)
    assert (answer.status_code, answer.json["changed"]) == (412, ["title"])


@pytest.mark.parametrize("headers", [{}, {"If-Match": '"2"'}])
def test_a_move_takes_what_the_log_knows_and_not_an_item_changed_by_hand(
    house: House, headers: dict[str, str]
) -> None:
    server = house.server()
    source, target = server.department("하나"), server.department("둘")
    event = server.event(source)
    server.http.put(f"/api/events/{event['id']}", json={"title": "새"})
    house.put_event(id=event["id"], department_id=source, event_date="2024-01-20", title="예전")
    path = f"/api/events/{event['id']}/move"
    answer = server.http.post(path, json={"department_id": target}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.json["event"]["title"], answer.json["event"]["version"]) == ("새", 3)


def test_a_move_overwrites_no_event_with_the_same_id(house: House) -> None:
    server = house.server()
    departments = [server.department("하나"), server.department("둘")]
    for department in departments:
        house.put_event(id="twice", department_id=department, event_date="2024-01-20", title=department)
    for department in departments:
        answer = server.http.post("/api/events/twice/move", json={"department_id": department})
        assert answer.status_code in (200, 409)
    assert [server.events(department)[0]["title"] for department in departments] == departments
