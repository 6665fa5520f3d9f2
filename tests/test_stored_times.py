"""`python -m teamcal.repair --times`: the times of events that earlier versions stored with a text alone."""

import uuid
from typing import Any

import pytest

from teamcal.repair import main
from tests.house import House, Server

TEXTS = {
    "오후 2:00": ("14:00", None),
    "14시~16시": ("14:00", "16:00"),
    "오전 9시 30분": ("09:30", None),
    "2시쯤": (None, None),
    "점심": (None, None),
    "종일": (None, None),
    "": (None, None),
}
OLD = ("id", "department_id", "event_date", "title", "description", "time", "url", "created_at")


def stored_by_an_older_server(house: House) -> str:
    """A department and an event with each of the texts, as a server before these fields made them."""
    department, at = str(uuid.uuid4()), "2024-01-15T10:30:00.000Z"
    names = {"description": "", "created_at": at, "updated_at": at}
    house.put_department(id=department, name="개발팀", **names)
    for text in TEXTS:
        fields = {"event_date": "2024-01-20", "title": "회의", "description": text, "time": text, "url": ""}
        times = {"created_at": at, "last_modified": at}
        house.put_event(id=str(uuid.uuid4()), department_id=department, **fields, **times)
    return department


def times_of(event: dict[str, Any]) -> tuple[Any, Any]:
    return event.get("start_time"), event.get("end_time")


def old_fields(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(tuple(event[name] for name in OLD) for event in events)


def events_of(server: Server, department: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = server.http.get(f"/api/events/{department}").json["events"]
    return events


def test_texts_of_an_earlier_version_are_read(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    department = stored_by_an_older_server(house)
    server = house.server()
    member = server.member(department)
    before = events_of(server, department)
    assert {times_of(event) for event in before} == {(None, None)}
    assert main(["--times"], house.database()) == 0
    assert "✓ 개발팀: 3" in capsys.readouterr().out
    after = events_of(server, department)
    assert {event["description"]: times_of(event) for event in after} == TEXTS
    assert {event["time_zone"] for event in after if "start_time" in event} == {"Asia/Seoul"}
    assert old_fields(after) == old_fields(before)
    # Each of them is a change as others are: members hear it, and no cursor and no version stays the same.
    heard = member.heard()
    assert [name for name, _ in heard] == ["event_updated"] * 3
    assert {payload["id"]: payload["start_time"] for _, payload in heard} == {
        event["id"]: event["start_time"] for event in after if "start_time" in event
    }
    assert sorted(payload["revision"] for _, payload in heard) == [1, 2, 3]
    assert {event["version"] for event in after if "start_time" in event} == {2}
    assert {event["version"] for event in after if "start_time" not in event} == {1}
    house.must_be_sound(department)
    feed = server.http.get(f"/api/departments/{department}/calendar.ics").text
    assert feed.count("DTSTART;TZID=Asia/Seoul:20240120T140000") == 2
    assert house.server().http.get(f"/api/events/{department}").json["events"] == after


def test_a_second_run_changes_nothing(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    stored_by_an_older_server(house)
    assert main(["--times"], house.database()) == 0
    dump = house.dump()
    capsys.readouterr()
    assert main(["--times"], house.database()) == 0
    assert house.dump() == dump
    assert capsys.readouterr().out == "✓ 시각을 읽은 이벤트 0개 (events whose times were read: 0)\n"


def test_what_this_version_wrote_stays(house: House) -> None:
    server = house.server()
    department = server.department()
    event = server.event(department, time="오후 2:00")
    server.http.put(f"/api/events/{event['id']}", json={"start_time": None})
    server.event(department, time="점심")
    server.event(department, time="오후 3:00", recurrence="FREQ=WEEKLY")
    deleted = server.event(department, time="오후 2:00")
    server.http.delete(f"/api/events/{deleted['id']}")
    dump = house.dump()
    assert main(["--times"], house.database()) == 0
    assert house.dump() == dump


def test_one_department(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = stored_by_an_older_server(house), str(uuid.uuid4())
    assert main(["--times", "--department", other], house.database()) == 2
    assert "no such department" in capsys.readouterr().err
    assert main(["--times", "--department", one], house.database()) == 0
    assert "✓ 개발팀: 3" in capsys.readouterr().out
