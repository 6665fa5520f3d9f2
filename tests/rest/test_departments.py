import re
import unicodedata
from typing import Any

import pytest

from teamcal.domain.caller import UNNAMED
from tests.house import House, Server, together

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_new_department_is_answered_and_listed(http: Any) -> None:
    answer = http.post("/api/departments", json={"name": "개발팀", "description": "소프트웨어 개발"})
    assert answer.status_code == 201
    department = answer.json["department"]
    assert answer.json["success"] is True
    assert set(department) >= {"id", "name", "description", "created_at", "updated_at"}
    assert STAMP.fullmatch(department["created_at"])
    assert department["updated_at"] == department["created_at"]
    listed = http.get("/api/departments")
    assert listed.status_code == 200
    assert listed.json["success"] is True
    assert listed.json["departments"] == [department]


def test_korean_is_not_escaped(http: Any) -> None:
    answer = http.post("/api/departments", json={"name": "개발팀"})
    assert "개발팀".encode() in answer.data
    assert "개발팀".encode() in http.get("/api/departments").data
    assert answer.content_type == "application/json"


def test_names_are_trimmed_and_normalised(http: Any) -> None:
    decomposed = unicodedata.normalize("NFD", "개발팀")
    answer = http.post("/api/departments", json={"name": f"  {decomposed}\r\n2과 ", "description": None})
    assert answer.json["department"]["name"] == "개발팀 2과"
    assert answer.json["department"]["description"] == ""


@pytest.mark.parametrize("again", ["개발팀", " 개발팀\t", unicodedata.normalize("NFD", "개발팀")])
def test_a_name_is_taken_once(http: Any, again: str) -> None:
    http.post("/api/departments", json={"name": "개발팀"})
    answer = http.post("/api/departments", json={"name": again})
    assert (answer.status_code, answer.json["code"]) == (409, "department_name_taken")
    assert answer.json["success"] is False
    assert answer.json["message"]


def test_case_counts(server: Server) -> None:
    assert server.department("Sales") != server.department("sales")


def test_a_name_is_free_again_after_its_department_went(server: Server) -> None:
    first = server.department()
    server.http.delete(f"/api/departments/{first}")
    assert server.department() != first


def test_names_stay_unique_under_parallel_creates(house: House) -> None:
    servers = [house.server(), house.server()]

    def create(number: int) -> int:
        return servers[number % 2].http.post("/api/departments", json={"name": "개발팀"}).status_code

    statuses = together(*(lambda number=number: create(number) for number in range(16)))
    assert sorted(statuses) == [201] + [409] * 15
    assert len(house.items(house.storage.departments_table)) == 1


def test_one_department(server: Server, http: Any) -> None:
    department = server.department()
    answer = http.get(f"/api/departments/{department}")
    assert answer.status_code == 200
    assert answer.json["department"]["name"] == "개발팀"


def test_a_department_is_renamed_and_described(server: Server, http: Any) -> None:
    department = server.department()
    answer = http.put(f"/api/departments/{department}", json={"name": "연구팀"})
    assert answer.status_code == 200
    assert answer.json["department"]["name"] == "연구팀"
    answer = http.put(f"/api/departments/{department}", json={"description": "실험", "id": "다른 것"})
    assert answer.json["department"]["id"] == department
    assert answer.json["department"]["description"] == "실험"
    assert answer.json["department"]["name"] == "연구팀"


def test_a_rename_to_a_taken_name_is_refused(server: Server, http: Any) -> None:
    server.department("개발팀")
    other = server.department("연구팀")
    answer = http.put(f"/api/departments/{other}", json={"name": "개발팀 "})
    assert (answer.status_code, answer.json["code"]) == (409, "department_name_taken")


def test_an_edit_that_changes_nothing_makes_no_change(house: House, server: Server, http: Any) -> None:
    department = server.department()
    before = house.dump()
    for body in ({}, {"name": "개발팀"}, {"description": ""}):
        assert http.put(f"/api/departments/{department}", json=body).status_code == 200
    assert house.dump() == before


def test_a_deleted_department_is_gone_with_its_events(house: House, server: Server, http: Any) -> None:
    department = server.department()
    event = server.event(department)
    gone = server.event(department)
    http.delete(f"/api/events/{gone['id']}")
    answer = http.delete(f"/api/departments/{department}")
    assert answer.status_code == 200
    assert answer.json == {"success": True, "message": "부서가 삭제되었습니다."}
    assert http.get("/api/departments").json["departments"] == []
    for method, path in (
        ("get", f"/api/events/{department}"),
        ("delete", f"/api/departments/{department}"),
        ("get", f"/api/departments/{department}"),
        ("put", f"/api/departments/{department}"),
        ("get", f"/api/events/{department}/{event['id']}"),
    ):
        answer = getattr(http, method)(path, **({"json": {"name": "다시"}} if method == "put" else {}))
        assert (answer.status_code, answer.json["code"]) == (404, "department_not_found")
    answer = http.put(f"/api/events/{event['id']}", json={"title": "다시"})
    assert (answer.status_code, answer.json["code"]) == (404, "event_not_found")
    server.purge()
    assert house.items(house.storage.events_table) == []


def test_another_server_finishes_the_removal_of_many_events(house: House) -> None:
    one, other = house.server(), house.server()
    department, kept = one.department("개발팀"), one.department("연구팀")
    for _ in range(30):
        one.event(department)
    staying = one.event(kept)
    one.http.delete(f"/api/departments/{department}")
    other.purge()
    assert [item["id"] for item in house.items(house.storage.events_table)] == [staying["id"]]
    other.purge()
    assert other.events(kept) == [staying]


def test_a_stable_id_made_again_goes_on_with_its_numbers(house: House, server: Server) -> None:
    fields = {"name": "개발팀", "description": ""}
    department = server.calendar.departments.import_one(
        UNNAMED, "11111111-1111-4111-8111-111111111111", fields
    )["id"]
    assert server.calendar.departments.import_one(UNNAMED, department, fields)["id"] == department
    server.event(department)
    server.http.delete(f"/api/departments/{department}")
    server.calendar.departments.import_one(UNNAMED, department, fields)
    assert server.events(department) == []
    assert server.event(department)["revision"] == 4
    house.must_be_sound(department)
    assert len(house.server().events(department)) == 1


def test_lists_carry_revision_cursor_and_tag(server: Server, http: Any) -> None:
    server.department()
    answer = http.get("/api/departments")
    assert answer.json["revision"] == 1
    assert answer.headers["ETag"] == f'"{answer.json["cursor"]}"'
    again = http.get("/api/departments", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
