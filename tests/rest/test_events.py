import re
import unicodedata
from typing import Any

import pytest

from tests.house import House, Server

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OWN_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
FULL = {
    "event_date": "2024-01-20", "title": "팀 회의", "description": "주간\n팀 회의", "time": "오후 2:00",
    "url": "https://example.com/회의?a=1#b",
}  # fmt: skip


def test_a_new_event_is_answered_and_listed(server: Server, http: Any) -> None:
    department = server.department()
    answer = http.post(f"/api/events/{department}", json=FULL)
    assert answer.status_code == 201
    event = answer.json["event"]
    assert {name: event[name] for name in FULL} == FULL
    assert event["department_id"] == department
    assert STAMP.fullmatch(event["last_modified"])
    assert (event["revision"], event["version"]) == (1, 1)
    assert answer.headers["ETag"] == '"1"'
    listed = http.get(f"/api/events/{department}")
    assert listed.json["events"] == [event]
    assert listed.json["revision"] == 1
    assert "오후 2:00".encode() in listed.data
    assert listed.content_type == "application/json"


@pytest.mark.parametrize("time", ["오후 2:00", "14:00", "종일", ""])
def test_times_are_free_text(server: Server, time: str) -> None:
    assert server.event(server.department(), time=time)["time"] == time


def test_null_is_empty_for_optional_fields(server: Server) -> None:
    event = server.event(server.department(), description=None, time=None, url=None, id=None)
    assert (event["description"], event["time"], event["url"]) == ("", "", "")


@pytest.mark.parametrize("field", ["event_date", "title"])
@pytest.mark.parametrize("method", ["post", "put"])
def test_null_is_refused_for_required_fields(server: Server, http: Any, field: str, method: str) -> None:
    department = server.department()
    path = department if method == "post" else server.event(department)["id"]
    answer = getattr(http, method)(f"/api/events/{path}", json={**FULL, field: None})
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_text_is_trimmed_and_normalised(server: Server) -> None:
    nfd = unicodedata.normalize("NFD", "회의")
    event = server.event(
        server.department(),
        title=f" {nfd}\r\n둘\u2028셋\t",
        description=f" {nfd}\r\n",
        event_date=" 2024-02-29 ",
    )
    assert event["title"] == "회의 둘 셋"
    assert event["description"] == " 회의\r\n"
    assert event["event_date"] == "2024-02-29"


def test_limits_are_inclusive(server: Server) -> None:
    url = "https://example.com/" + "a" * 2028
    event = server.event(
        server.department("가" * 100), title="😀" * 200, description="나" * 10_000, time="다" * 50, url=url
    )
    assert (len(event["title"]), len(event["description"]), event["url"]) == (200, 10_000, url)


def test_events_are_listed_by_date(house: House, server: Server) -> None:
    department = server.department()
    for date in ("2024-03-01", "0999-12-31", "2024-01-20", "9999-12-31", "2024-01-20"):
        server.event(department, event_date=date, title=date)
    dates = [event["event_date"] for event in server.events(department)]
    assert dates == sorted(dates)
    assert house.server().events(department) == server.events(department)


def test_an_update_keeps_what_was_not_sent(server: Server, http: Any) -> None:
    event = server.event(server.department(), **FULL)
    answer = http.put(f"/api/events/{event['id']}", json={"title": "다른 회의"})
    assert answer.status_code == 200
    updated = answer.json["event"]
    assert {name: updated[name] for name in FULL} == {**FULL, "title": "다른 회의"}
    assert (updated["version"], updated["revision"]) == (2, 2)
    assert updated["last_modified"] >= event["last_modified"]
    assert updated["created_at"] == event["created_at"]
    assert answer.headers["ETag"] == '"2"'


def test_whole_events_are_sent_back(server: Server, http: Any) -> None:
    department, other = server.department(), server.department("연구팀")
    event = server.event(department, **FULL)
    body = {
        **event, "title": "수정", "url": None, "department_id": other, "last_modified": None, "id": "?",
        "version": 99, "revision": -1, "Reminder": {"minutes": [5, 10]}, "created_at": 3,
    }  # fmt: skip
    updated = http.put(f"/api/events/{event['id']}", json=body).json["event"]
    assert (updated["id"], updated["department_id"]) == (event["id"], department)
    assert (updated["title"], updated["url"], updated["version"]) == ("수정", "", 2)
    assert server.events(other) == []


def test_an_update_that_changes_nothing_makes_no_change(house: House, server: Server, http: Any) -> None:
    event = server.event(server.department(), **FULL)
    before = house.dump()
    for body in ({}, FULL, event, {"unknown": 1}):
        answer = http.put(f"/api/events/{event['id']}", json=body)
        assert (answer.status_code, answer.json["event"]) == (200, event)
    assert house.dump() == before


def test_a_deleted_event_is_gone(server: Server, http: Any) -> None:
    department = server.department()
    event = server.event(department)
    answer = http.delete(f"/api/events/{event['id']}")
    assert answer.status_code == 200
    assert answer.json == {"success": True, "message": "이벤트가 삭제되었습니다."}
    assert server.events(department) == []
    for method, arguments in (("delete", {}), ("put", {"json": {}}), ("put", {"json": {"title": "또"}})):
        again = getattr(http, method)(f"/api/events/{event['id']}", **arguments)
        assert (again.status_code, again.json["code"]) == (404, "event_not_found")
    again = http.get(f"/api/events/{department}/{event['id']}")
    assert (again.status_code, again.json["code"]) == (404, "event_not_found")


def test_one_event_and_304(server: Server, http: Any) -> None:
    department = server.department()
    event = server.event(department)
    path = f"/api/events/{department}/{event['id']}"
    answer = http.get(path)
    assert (answer.json["event"], answer.headers["ETag"]) == (event, '"1"')
    assert http.get(path, headers={"If-None-Match": '"1"'}).status_code == 304
    assert http.get(path, headers={"If-None-Match": '"2"'}).status_code == 200


def test_a_list_answers_304_until_something_changes(server: Server, http: Any) -> None:
    department = server.department()
    first = http.get(f"/api/events/{department}")
    assert first.headers["ETag"] == f'"{first.json["cursor"]}"'
    same = http.get(f"/api/events/{department}", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    server.event(department)
    newer = http.get(f"/api/events/{department}", headers={"If-None-Match": first.headers["ETag"]})
    assert newer.status_code == 200


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize("if_match", ['"1"', 'W/"1"', "*", ' "1" '])
def test_if_match_with_the_present_version(server: Server, http: Any, method: str, if_match: str) -> None:
    event = server.event(server.department())
    answer = getattr(http, method)(
        f"/api/events/{event['id']}", json={"title": "수정"}, headers={"If-Match": if_match}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["put", "delete"])
def test_if_match_with_an_older_version(server: Server, http: Any, method: str) -> None:
    event = server.event(server.department())
    path = f"/api/events/{event['id']}"
    http.put(path, json={"title": "둘째"})
    current = http.put(path, json={"time": "종일"}).json["event"]
    answer = getattr(http, method)(path, json={"title": "셋째"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["code"]) == (412, "version_conflict")
    assert answer.json["current"] == current
    assert answer.json["changed"] == ["title", "time"]
    ahead = getattr(http, method)(path, json={"title": "셋째"}, headers={"If-Match": '"9"'})
    assert (ahead.status_code, ahead.json["changed"]) == (412, None)


@pytest.mark.parametrize("if_match", ["1", '"a"', '""', '"1", "2"', '"-1"', '"' + "9" * 30 + '"', '"١"'])
def test_an_if_match_that_is_no_version(server: Server, http: Any, if_match: str) -> None:
    event = server.event(server.department())
    answer = http.put(f"/api/events/{event['id']}", json={}, headers={"If-Match": if_match})
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")


def test_a_retried_create_makes_one_event(house: House, server: Server, http: Any) -> None:
    department = server.department()
    body = {**FULL, "id": OWN_ID.upper()}
    first = http.post(f"/api/events/{department}", json=body)
    assert (first.status_code, first.json["event"]["id"]) == (201, OWN_ID)
    before = house.dump()
    for one in (server, house.server()):
        again = one.http.post(f"/api/events/{department}", json={**body, "title": " 팀 회의 "})
        assert (again.status_code, again.json["event"]) == (200, first.json["event"])
    assert house.dump() == before


def test_a_retry_answers_with_the_event_as_it_is_now(server: Server, http: Any) -> None:
    department = server.department()
    server.event(department, id=OWN_ID)
    http.put(f"/api/events/{OWN_ID}", json={"title": "수정"})
    body = {"event_date": "2024-01-20", "title": "팀 회의", "id": OWN_ID}
    answer = http.post(f"/api/events/{department}", json=body)
    assert (answer.status_code, answer.json["event"]["title"]) == (200, "수정")


def test_an_id_that_is_used(house: House, server: Server, http: Any) -> None:
    department, other = server.department(), server.department("연구팀")
    server.event(department, id=OWN_ID)
    for one in (http, house.server().http):
        different = one.post(f"/api/events/{department}", json={**FULL, "id": OWN_ID})
        elsewhere = one.post(
            f"/api/events/{other}", json={"event_date": "2024-01-20", "title": "팀 회의", "id": OWN_ID}
        )
        assert (different.status_code, different.json["code"]) == (409, "id_taken")
        assert (elsewhere.status_code, elsewhere.json["code"]) == (409, "id_taken")


def test_a_late_retry_does_not_bring_an_event_back(house: House, server: Server, http: Any) -> None:
    department = server.department()
    server.event(department, id=OWN_ID)
    http.delete(f"/api/events/{OWN_ID}")
    for one in (http, house.server().http):
        answer = one.post(
            f"/api/events/{department}", json={"event_date": "2024-01-20", "title": "팀 회의", "id": OWN_ID}
        )
        assert (answer.status_code, answer.json["code"]) == (410, "event_deleted")
    assert server.events(department) == []


def test_writes_of_one_server_are_read_at_once_from_another(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    assert other.events(department) == []
    event = one.event(department)
    assert other.events(department) == [event]
    other.http.put(f"/api/events/{event['id']}", json={"title": "수정"})
    assert one.events(department)[0]["title"] == "수정"
    one.http.delete(f"/api/events/{event['id']}")
    assert other.http.put(f"/api/events/{event['id']}", json={"title": "늦음"}).status_code == 404
    assert other.events(department) == []
    house.must_be_sound(department)
