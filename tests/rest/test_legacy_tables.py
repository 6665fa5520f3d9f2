"""Tables that an older server wrote: only the old attributes, no revisions, no log."""

import unicodedata
from decimal import Decimal
from typing import Any

import pytest

from teamcal.domain.caller import UNNAMED
from tests.house import House

DEPARTMENT = {
    "id": "d1d1d1d1-0000-4000-8000-000000000001", "name": "개발팀", "description": "소프트웨어",
    "created_at": "2023-01-15T10:30:00.000Z", "updated_at": "2023-01-15T10:30:00.000Z",
}  # fmt: skip
EVENT = {
    "id": "e1e1e1e1-0000-4000-8000-000000000001", "department_id": DEPARTMENT["id"],
    "event_date": "2024-01-20", "title": "팀 회의", "description": "주간", "time": "오후 2:00", "url": "https://example.com",
    "created_at": "2024-01-15T10:30:00.000Z", "last_modified": "2024-01-15T10:30:00.000Z",
}  # fmt: skip
D, E = DEPARTMENT["id"], EVENT["id"]


@pytest.fixture
def legacy(house: House) -> House:
    house.put_department(**DEPARTMENT)
    house.put_event(**EVENT)
    house.put_event(**{**EVENT, "id": E[:-1] + "2", "event_date": "2024-01-10"})
    return house


def test_it_is_served_as_it_is(legacy: House) -> None:
    server = legacy.server()
    assert server.http.get("/api/departments").json["departments"] == [DEPARTMENT]
    answer = server.http.get(f"/api/events/{D}")
    assert [event["event_date"] for event in answer.json["events"]] == ["2024-01-10", "2024-01-20"]
    assert answer.json["events"][1] == {**EVENT, "revision": 0, "version": 1}
    assert (answer.json["revision"], bool(answer.json["cursor"])) == (0, True)


def test_serving_writes_nothing(legacy: House) -> None:
    before = legacy.dump()
    legacy.server().events(D)
    assert legacy.dump() == before


def test_the_first_write_starts_the_log(legacy: House) -> None:
    one, other = legacy.server(), legacy.server()
    assert len(other.events(D)) == 2
    cursor = other.http.get(f"/api/events/{D}").json["cursor"]
    answer = one.http.put(f"/api/events/{E}", json={"title": "수정"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["event"]["version"], answer.json["event"]["revision"]) == (
        200,
        2,
        1,
    )
    created = one.event(D)
    assert created["revision"] == 2
    assert {event["id"] for event in other.events(D)} == {E, E[:-1] + "2", created["id"]}
    assert legacy.server().events(D) == one.events(D)
    legacy.must_be_sound(D)
    joined = other.member().ask("sync_request", {"department_id": D, "cursor": cursor})
    assert (joined["full"], {event["id"] for event in joined["events"]}) == (False, {E, created["id"]})


def test_an_event_is_deleted_by_its_id_alone(legacy: House) -> None:
    server = legacy.server()
    assert server.http.delete(f"/api/events/{E}").status_code == 200
    assert [event["id"] for event in server.events(D)] == [E[:-1] + "2"]
    assert [event["id"] for event in legacy.server().events(D)] == [E[:-1] + "2"]
    assert server.http.delete(f"/api/events/{E}").status_code == 404


def test_the_department_is_edited_and_deleted(legacy: House) -> None:
    server = legacy.server()
    answer = server.http.put(f"/api/departments/{D}", json={"description": "새 설명"})
    assert answer.json["department"]["created_at"] == DEPARTMENT["created_at"]
    assert server.http.delete(f"/api/departments/{D}").status_code == 200
    server.purge()
    assert legacy.items(legacy.storage.events_table) == []
    assert legacy.items(legacy.storage.departments_table) == []
    assert (
        legacy.server()
        .http.post(f"/api/events/{D}", json={"event_date": "2024-01-20", "title": "a"})
        .status_code
        == 404
    )


def test_unknown_attributes_are_kept(house: House) -> None:
    more: dict[str, Any] = {
        "color": "#ff0000",
        "tags": ["a", {"b": 1}],
        "done": True,
        "nothing": None,
        "size": 3,
    }
    house.put_department(**DEPARTMENT, **more)
    house.put_event(**EVENT, **more)
    server = house.server()
    assert server.http.put(f"/api/events/{E}", json={"title": "수정"}).status_code == 200
    assert server.http.put(f"/api/departments/{D}", json={"name": "연구팀"}).status_code == 200
    other = house.server()
    assert other.http.put(f"/api/events/{E}", json={"title": "또 수정"}).status_code == 200
    assert {name: house.stored_event(E)[name] for name in more} == more
    assert {name: house.stored_department(D)[name] for name in more} == more
    assert "color" not in other.events(D)[0]


def test_missing_and_null_attributes(house: House) -> None:
    house.put_department(id=D)
    house.put_department(id="d2", description=None, created_at=None, updated_at=None)
    house.put_event(id=E, department_id=D, event_date="2024-01-20")
    house.put_event(id="e2", department_id=D, event_date="2024-01-20", title=None, created_at=None, time=None)
    server = house.server()
    departments = server.http.get("/api/departments").json["departments"]
    assert [set(map(type, one.values())) for one in departments] == [{str}, {str}]
    events = server.events(D)
    assert [(event["title"], event["time"], event["url"], event["created_at"]) for event in events] == [
        ("",) * 4
    ] * 2
    assert server.http.put(f"/api/events/{E}", json={"time": "종일"}).json["event"]["time"] == "종일"
    assert server.http.put("/api/events/e2", json={"url": ""}).json["event"]["version"] == 1
    assert server.http.put(f"/api/departments/{D}", json={"description": "a"}).status_code == 200
    assert server.http.put("/api/departments/d2", json={"name": "이름"}).status_code == 200
    assert server.department("새 부서")
    assert server.http.delete("/api/departments/d2").status_code == 200
    house.must_be_sound(D)


def test_an_event_without_a_date_harms_nobody(house: House) -> None:
    house.put_department(**DEPARTMENT)
    house.put_event(id=E, department_id=D, title="날짜 없음")
    server = house.server()
    assert server.events(D) == []
    assert server.http.put(f"/api/events/{E}", json={"title": "a"}).status_code in (200, 404)


def test_events_of_nobody_are_not_served(house: House) -> None:
    house.put_event(**EVENT)
    server = house.server()
    assert server.http.get(f"/api/events/{D}").status_code == 404
    assert server.http.put(f"/api/events/{E}", json={"title": "a"}).json["code"] == "event_not_found"


def test_old_names_count_as_they_would_be_written_today(house: House) -> None:
    house.put_department(**{**DEPARTMENT, "name": unicodedata.normalize("NFD", " 개발팀 ")})
    server = house.server()
    assert server.http.post("/api/departments", json={"name": "개발팀"}).status_code == 409
    fields = {"name": "개발팀", "description": ""}
    assert server.calendar.departments.import_one(UNNAMED, "d9", fields)["id"] == D


def test_two_old_departments_of_one_name_can_be_edited(house: House) -> None:
    house.put_department(**DEPARTMENT)
    house.put_department(**{**DEPARTMENT, "id": "d2"})
    server = house.server()
    answer = server.http.put("/api/departments/d2", json={"name": "개발팀", "description": "둘째"})
    assert answer.status_code == 200
    assert server.http.put("/api/departments/d2", json={"name": "연구팀"}).status_code == 200
    assert server.http.put("/api/departments/d2", json={"name": "개발팀"}).status_code == 409


def test_old_changes_count_against_what_a_caller_had(legacy: House) -> None:
    server = legacy.server()
    server.http.put(f"/api/events/{E}", json={"title": "수정"})
    answer = server.http.put(f"/api/events/{E}", json={"title": "b"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["changed"]) == (412, None)


def test_an_event_of_another_program_with_values_of_other_types_spoils_nothing(house: House) -> None:
    house.put_department(id="d-1", name="옛 부서", created_at=5)
    house.put_event(id="odd", department_id="d-1", event_date="2024-01-01", title=Decimal("7.5"), time=14,
                    description=["a"], created_at=20240101, last_modified=Decimal("1"), url=None)  # fmt: skip
    house.put_event(id="plain", department_id="d-1", event_date="2024-01-01", title="보통")
    server = house.server()
    events = {event["id"]: event for event in server.events("d-1")}
    assert all(type(value) in (str, int) for event in events.values() for value in event.values())
    assert (events["odd"]["time"], events["odd"]["title"]) == ("14", "7.5")
    member = server.member("d-1")
    snapshot = member.ask("sync_request", {"department_id": "d-1"})
    assert {event["id"] for event in snapshot["events"]} == {"odd", "plain"}
    found = server.http.get("/api/events/d-1?q=7.5").json["events"]
    assert [event["id"] for event in found] == ["odd"]
    assert server.http.put("/api/events/odd", json={"time": "15:00"}).json["event"]["time"] == "15:00"
    assert server.http.get("/api/departments").json["departments"][0]["created_at"] == "5"
