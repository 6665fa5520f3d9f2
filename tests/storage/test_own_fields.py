"""Attributes of other programs that have the names of an event's fields stay theirs."""

from typing import Any

from teamcal.domain.event_fields import DERIVED, HIDDEN, OPTIONAL
from teamcal.storage.change_rows import change_of
from teamcal.storage.codec import from_item
from teamcal.storage.own_fields import LETTERS, record_of
from tests.house import House

D, E = "d1d1d1d1-0000-4000-8000-000000000001", "e1e1e1e1-0000-4000-8000-000000000001"
FOREIGN: dict[str, Any] = {
    "recurrence": "weekly",
    "exceptions": ["x"],
    "start_time": 9,
    "end_date": "soon",
    "status": {"done": True},
    "categories": "일정",
    "location": "3층",
    "ical": "text",
    "series_id": 7,
    "~more": "theirs",
}


def put(house: House) -> None:
    house.put_department(id=D, name="개발팀", description="", location="서울", created_at="", updated_at="")
    house.put_event(id=E, department_id=D, event_date="2024-01-20", title="회의", description="", **FOREIGN)


def test_they_are_neither_shown_nor_lost(house: House) -> None:
    put(house)
    server = house.server()
    (event,) = server.events(D)
    assert FOREIGN.keys().isdisjoint(event)
    assert server.http.get(f"/api/events/{D}?expand=true&from=2024-01-01&to=2024-02-01").status_code == 200
    assert server.http.get(f"/api/events/{D}?q=3층").json["events"] == []
    assert server.http.put(f"/api/events/{E}", json={"title": "수정"}).status_code == 200
    stored = house.stored_event(E)
    assert {name: stored[name] for name in FOREIGN} == FOREIGN
    for again in (server, house.server()):
        (event,) = again.events(D)
        assert FOREIGN.keys().isdisjoint(event)
        assert event["title"] == "수정"


def test_a_field_that_is_set_takes_the_place_of_one(house: House) -> None:
    put(house)
    server = house.server()
    answer = server.http.put(f"/api/events/{E}", json={"location": "5층", "start_time": "09:00"})
    assert answer.status_code == 200, answer.json
    for again in (server, house.server()):
        (event,) = again.events(D)
        assert (event["location"], event["start_time"]) == ("5층", "09:00")
        assert {"recurrence", "exceptions", "status", "end_date"}.isdisjoint(event)
    stored = house.stored_event(E)
    assert (stored["recurrence"], stored["location"]) == ("weekly", "5층")
    assert server.http.delete(f"/api/events/{E}").status_code == 200
    restored = server.http.post(f"/api/events/{E}/restore", json={"revision": 1})
    assert restored.status_code == 200
    assert restored.json["event"]["location"] == "5층"
    assert house.stored_event(E)["recurrence"] == "weekly"


def test_every_stored_field_has_a_letter_of_its_own() -> None:
    never_stored = {"series_id", "original_date"}
    assert set(LETTERS) == {*OPTIONAL, *DERIVED, *HIDDEN} - never_stored
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_rows_and_items_give_back_what_they_were_given(house: House) -> None:
    put(house)
    server = house.server()
    fields = {"start_time": "09:00", "color": "#112233", "recurrence": "FREQ=DAILY;COUNT=3"}
    assert server.http.put(f"/api/events/{E}", json=fields).status_code == 200
    away = {"title": "수정", "start_time": "10:00", "time_zone": "Europe/Berlin"}
    event = server.http.put(f"/api/events/{E}?series=true", json=away).json["event"]
    (item,) = [record_of(one) for one in scanned(house, house.storage.events_table)]
    stored = [from_item(one) for one in scanned(house, house.storage.changes_table) if "event" in one]
    newest = max(map(change_of, stored), key=lambda change: change.revision).record
    taken = {"~start_time", "~recurrence"}  # fields that were set took their place in the table
    assert {name: value for name, value in newest.items() if name not in taken} == item
    assert (item["start_time"], item["time_zone"], item["~location"]) == ("10:00", "Europe/Berlin", "3층")
    assert house.server().http.get(f"/api/events/{D}/{E}?series=true").json["event"] == event


def scanned(house: House, table: str) -> list[Any]:
    return list(house.plain.scan(TableName=table, ConsistentRead=True)["Items"])
