"""Races and faults of the commit queue, each through a public door."""

from typing import Any

from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.domain.caller import UNNAMED
from tests.house import House, Server

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의"}
STABLE = "3f1c2a8e-1111-4222-8333-944445555001"


def batch(server: Server, department: str, *operations: Any, atomic: bool = False) -> list[int]:
    body = {"operations": operations, "atomic": atomic}
    answer = server.http.post(f"/api/events/{department}/batch", json=body)
    assert answer.status_code == 200, answer.text
    return [result["status"] for result in answer.json["results"]]


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
