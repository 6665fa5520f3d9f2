"""Series by REST: made, seen with and without knowing series; edited singly, from one on, as a whole."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.house import House, Server

SEOUL = ZoneInfo("Asia/Seoul")


def monday(weeks: int = 0) -> str:
    today = datetime.now(SEOUL).date()
    return (today + timedelta(days=7 * weeks - today.weekday())).isoformat()


def weekly(server: Server, department: str, **fields: Any) -> dict[str, Any]:
    body = {"title": "주간 회의", "start_time": "10:00", "end_time": "11:00", "recurrence": "FREQ=WEEKLY"}
    return server.event(department, **{"event_date": monday(), **body, **fields})


def listed(server: Server, department: str, query: str = "") -> list[dict[str, Any]]:
    answer = server.http.get(f"/api/events/{department}{query}")
    assert answer.status_code == 200, answer.json
    events: list[dict[str, Any]] = answer.json["events"]
    return events


def key(series: dict[str, Any], day: str) -> str:
    return f"{series['id']}_{day.replace('-', '')}"


def put(server: Server, event_id: str, query: str = "", **fields: Any) -> dict[str, Any]:
    answer = server.http.put(f"/api/events/{event_id}{query}", json=fields)
    assert answer.status_code == 200, answer.json
    event: dict[str, Any] = answer.json["event"]
    return event


def test_who_does_not_know_series_gets_occurrences(house: House, server: Server) -> None:
    department = server.department()
    series = weekly(server, department)
    events = listed(server, department)
    assert [one["event_date"] for one in events] == [monday(week) for week in range(len(events))]
    assert len(events) in (13, 14)
    first = events[0]
    assert first["id"] == key(series, monday())
    assert first["series_id"] == series["id"]
    assert (first["time"], first["start_time"]) == ("오전 10:00~11:00", "10:00")
    assert "recurrence" not in first
    whole = listed(server, department, "?series=true")
    assert [one["recurrence"] for one in whole] == ["FREQ=WEEKLY"]
    assert house.server().events(department) == events


def test_one_occurrence_is_edited(server: Server) -> None:
    department = server.department()
    series = weekly(server, department)
    shown = put(server, key(series, monday(1)), title="이번만", start_time="14:00")
    assert (shown["title"], shown["time"], shown["event_date"]) == ("이번만", "오후 2:00~3:00", monday(1))
    assert shown["version"] == 2
    others = [one for one in listed(server, department) if one["event_date"] != monday(1)]
    assert {one["title"] for one in others} == {"주간 회의"}
    assert {one["version"] for one in others} == {1}
    (whole,) = listed(server, department, "?series=true")
    assert list(whole["exceptions"]) == [monday(1)]
    assert whole["exceptions"][monday(1)]["title"] == "이번만"
    back = put(server, key(series, monday(1)), title="주간 회의", start_time="10:00")
    assert back["title"] == "주간 회의"
    (whole,) = listed(server, department, "?series=true")
    assert "exceptions" not in whole


def test_an_old_client_edits_one_occurrence(server: Server) -> None:
    """It sends the whole event back, as it got it, with one field changed."""
    department = server.department()
    weekly(server, department)
    first = listed(server, department)[0]
    body = {name: first[name] for name in ("id", "event_date", "title", "description", "time", "url")}
    changed = put(server, first["id"], **{**body, "time": "오후 3시"})
    assert (changed["start_time"], changed["time"]) == ("15:00", "오후 3시")
    assert "end_time" not in changed
    assert listed(server, department)[1]["time"] == "오전 10:00~11:00"


def test_a_series_is_not_there_for_who_does_not_know_series(server: Server, http: Any) -> None:
    department = server.department()
    series = weekly(server, department)
    for method in ("put", "delete"):
        answer = getattr(http, method)(f"/api/events/{series['id']}", json={"title": "x"})
        assert (answer.status_code, answer.json["code"]) == (404, "event_not_found")
    assert http.get(f"/api/events/{department}/{series['id']}").status_code == 404
    assert http.get(f"/api/events/{department}/{series['id']}?series=true").status_code == 200
    one = http.get(f"/api/events/{department}/{key(series, monday(2))}")
    assert one.json["event"]["event_date"] == monday(2)
    assert http.get(f"/api/events/{department}/{series['id']}_20200101").status_code == 404
    assert put(server, series["id"], "?series=true", title="전체")["title"] == "전체"


def test_occurrences_are_deleted_until_none_is_left(server: Server, http: Any) -> None:
    department = server.department()
    series = weekly(server, department, recurrence="FREQ=WEEKLY;COUNT=3")
    for week in (0, 2):
        assert http.delete(f"/api/events/{key(series, monday(week))}").status_code == 200
    assert [one["event_date"] for one in listed(server, department)] == [monday(1)]
    again = http.delete(f"/api/events/{key(series, monday(0))}")
    assert again.status_code == 404
    assert http.delete(f"/api/events/{key(series, monday(1))}").status_code == 200
    assert listed(server, department, "?series=true") == []


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;COUNT=5", "FREQ=WEEKLY"])
def test_this_and_following(server: Server, http: Any, rule: str) -> None:
    department = server.department()
    series = weekly(server, department, recurrence=rule)
    put(server, key(series, monday(1)), title="앞의 예외")
    put(server, key(series, monday(3)), title="뒤의 예외")
    begun = put(server, key(series, monday(2)), "?scope=following", start_time="16:00")
    assert begun["id"] != series["id"]
    events = listed(server, department)[:5]
    assert [one["event_date"] for one in events] == [monday(week) for week in range(5)]
    assert [one["start_time"] for one in events] == ["10:00", "10:00", "16:00", "16:00", "16:00"]
    assert [one["title"] for one in events] == [
        "주간 회의",
        "앞의 예외",
        "주간 회의",
        "뒤의 예외",
        "주간 회의",
    ]
    if "COUNT" in rule:
        assert len(listed(server, department)) == 5
        assert begun["recurrence"] == "FREQ=WEEKLY;COUNT=3"
    assert http.delete(f"/api/events/{key(begun, monday(3))}?scope=following").status_code == 200
    assert [one["event_date"] for one in listed(server, department)] == [monday(week) for week in range(3)]


def test_a_split_at_the_first_is_all(server: Server) -> None:
    department = server.department()
    series = weekly(server, department)
    whole = put(server, key(series, monday()), "?scope=following", title="처음부터")
    assert whole["id"] == series["id"]
    assert {one["title"] for one in listed(server, department)} == {"처음부터"}


def test_all_occurrences_are_moved(server: Server) -> None:
    department = server.department()
    series = weekly(server, department, recurrence="FREQ=WEEKLY;BYDAY=MO")
    put(server, key(series, monday(1)), title="예외")
    tuesday = (date.fromisoformat(monday(1)) + timedelta(1)).isoformat()
    whole = put(server, key(series, monday(1)), "?scope=all", event_date=tuesday)
    assert whole["recurrence"] == "FREQ=WEEKLY;BYDAY=TU"
    events = listed(server, department)
    assert [one["title"] for one in events[:3]] == ["주간 회의", "예외", "주간 회의"]
    assert {date.fromisoformat(one["event_date"]).weekday() for one in events} == {1}


def test_two_people_edit_different_occurrences_at_once(server: Server, http: Any) -> None:
    department = server.department()
    weekly(server, department)
    one, other = listed(server, department)[:2]
    for event, title in ((one, "하나"), (other, "둘")):
        answer = http.put(
            f"/api/events/{event['id']}",
            json={"title": title},
            headers={"If-Match": f'"{event["version"]}"'},
        )
        assert answer.status_code == 200, answer.json
    again = http.put(f"/api/events/{one['id']}", json={"title": "셋"}, headers={"If-Match": '"1"'})
    assert (again.status_code, again.json["code"]) == (412, "version_conflict")
    assert again.json["current"]["title"] == "하나"
    assert again.json["changed"] == ["title"]
    assert [event["title"] for event in listed(server, department)[:2]] == ["하나", "둘"]


def test_an_occurrence_is_moved_to_another_department(server: Server, http: Any) -> None:
    department, other = server.department(), server.department("연구팀")
    series = weekly(server, department)
    answer = http.post(f"/api/events/{key(series, monday(1))}/move", json={"department_id": other})
    assert answer.status_code == 200, answer.json
    assert [one["event_date"] for one in listed(server, other)] == [monday(1)]
    assert monday(1) not in [one["event_date"] for one in listed(server, department)]
    moved = http.post(f"/api/events/{series['id']}/move?series=true", json={"department_id": other})
    assert moved.status_code == 200
    assert listed(server, department) == []
    assert len(listed(server, other)) in (13, 14)


def test_history_and_restore_of_an_occurrence(server: Server, http: Any) -> None:
    department = server.department()
    series = weekly(server, department)
    event_id = key(series, monday(1))
    put(server, event_id, title="이번만")
    put(server, key(series, monday(2)), title="다른 것")
    http.delete(f"/api/events/{event_id}")
    steps = http.get(f"/api/events/{event_id}/history").json["history"]
    assert [step["kind"] for step in steps] == ["event_deleted", "event_updated", "event_created"]
    answer = http.post(f"/api/events/{event_id}/restore", json={"revision": steps[1]["revision"]})
    assert answer.json["event"]["title"] == "이번만"
    assert [one["title"] for one in listed(server, department)[:3]] == ["주간 회의", "이번만", "다른 것"]


def test_who_deletes_an_occurrence_gets_no_series(server: Server, http: Any) -> None:
    department = server.department()
    series = weekly(server, department)
    event_id = key(series, monday(1))
    http.delete(f"/api/events/{event_id}")
    deleted = http.get(f"/api/events/{event_id}/history").json["history"][0]["revision"]
    http.post(f"/api/events/{event_id}/restore", json={"revision": deleted - 1})
    again = http.post(f"/api/events/{event_id}/restore", json={"revision": deleted})
    operations = [{"op": "delete", "id": key(series, monday(2))}]
    batch = http.post(f"/api/events/{department}/batch", json={"operations": operations})
    for event in (again.json["event"], batch.json["results"][0]["event"]):
        assert event["series_id"] == series["id"]
        assert "recurrence" not in event
    assert monday(1) not in [one["event_date"] for one in listed(server, department)]


def test_expand_gives_any_range_to_anybody(server: Server, http: Any) -> None:
    department = server.department()
    weekly(server, department, recurrence="FREQ=DAILY", event_date="2020-01-01")
    server.event(department, title="출장", event_date="2030-01-30", end_date="2030-02-02")
    events = listed(server, department, "?from=2030-02-01&to=2030-02-03&expand=true")
    assert [(one["title"], one["event_date"]) for one in events] == [
        ("출장", "2030-01-30"),
        *(("주간 회의", f"2030-02-0{day}") for day in (1, 2, 3)),
    ]
    for query in ("?expand=true", "?expand=true&from=0001-01-01&to=9999-12-31", "?expand=x&from=2020-01-01"):
        assert http.get(f"/api/events/{department}{query}").status_code == 400


def test_more_occurrences_than_can_be_shown_are_refused(server: Server, http: Any) -> None:
    department = server.department()
    body = {"title": "매일", "event_date": "2020-01-01", "recurrence": "FREQ=DAILY"}
    operations = [{"op": "create", "event": body} for _ in range(81)]
    answer = http.post(f"/api/events/{department}/batch", json={"operations": operations})
    statuses = [result["status"] for result in answer.json["results"]]
    assert statuses == [201] * 80 + [409]
    assert answer.json["results"][-1]["code"] == "too_many_occurrences"
    assert len(listed(server, department)) == 80 * 124


def test_a_rule_that_changes_tells_which_exceptions_it_drops(server: Server, http: Any) -> None:
    department = server.department()
    series = weekly(server, department)
    put(server, key(series, monday(1)), title="예외")
    http.delete(f"/api/events/{key(series, monday(2))}")
    body = {"recurrence": "FREQ=WEEKLY;INTERVAL=2"}
    answer = http.put(f"/api/events/{series['id']}?series=true", json=body).json
    assert answer["dropped_exceptions"] == [monday(1)]
    assert list(answer["event"]["exceptions"]) == [monday(2)]


def test_a_split_with_another_rule_tells_which_exceptions_it_drops(server: Server, http: Any) -> None:
    department = server.department()
    series = weekly(server, department)
    for week in (1, 4, 5):
        put(server, key(series, monday(week)), title="예외")
    http.delete(f"/api/events/{key(series, monday(3))}")
    body = {"recurrence": "FREQ=WEEKLY;INTERVAL=2"}
    path = f"/api/events/{key(series, monday(2))}?scope=following"
    answer = http.put(path, json=body).json
    assert answer["dropped_exceptions"] == [monday(3), monday(5)]
    assert list(answer["event"]["exceptions"]) == [monday(4)]
    titles = {one["event_date"]: one["title"] for one in listed(server, department)}
    assert [titles.get(monday(week)) for week in (1, 3, 4, 5)] == ["예외", None, "예외", None]
    again = key(answer["event"], monday(4))
    answer = http.put(f"/api/events/{again}?scope=following", json={"title": "다른 제목"}).json
    assert "dropped_exceptions" not in answer


def test_a_split_at_another_day_tells_the_dates_as_they_were(server: Server, http: Any) -> None:
    department = server.department()
    series = weekly(server, department, recurrence="FREQ=WEEKLY;BYDAY=MO,WE")
    wednesday = (date.fromisoformat(monday(2)) + timedelta(2)).isoformat()
    for day in (wednesday, monday(3)):
        put(server, key(series, day), title="예외")
    body = {
        "recurrence": "FREQ=WEEKLY",
        "event_date": (date.fromisoformat(monday(2)) + timedelta(1)).isoformat(),
    }
    path = f"/api/events/{key(series, monday(2))}?scope=following"
    answer = http.put(path, json=body).json
    assert answer["dropped_exceptions"] == [wednesday]


def test_events_at_one_place_and_time_are_named_and_not_refused(server: Server, http: Any) -> None:
    department = server.department()
    weekly(server, department, location="3층 회의실")
    first = listed(server, department)[1]
    body = {"title": "면접", "event_date": monday(1), "start_time": "10:30", "location": "3층 회의실"}
    answer = http.post(f"/api/events/{department}", json=body)
    assert (answer.status_code, answer.json["overlaps"]) == (201, [first["id"]])
    for change in ({"start_time": "11:00"}, {"location": "4층"}, {"status": "cancelled"}):
        answer = http.post(f"/api/events/{department}", json={**body, **change})
        assert "overlaps" not in answer.json, change


def test_days_until_an_event(server: Server) -> None:
    department = server.department()
    server.event(department, event_date=monday(0), title="개소식")
    weekday = datetime.now(SEOUL).date().weekday()
    assert [one["d_day"] for one in listed(server, department, "?d_day=true")] == [-weekday]


WRONG = [
    ({"start_time": "25:00"}, "start_time"),
    ({"end_time": "10:00"}, "end_time"),
    ({"start_time": "10:00", "end_time": "09:00", "end_date": "2026-11-09"}, "end_time"),
    ({"end_date": "2026-11-08"}, "end_date"),
    ({"start_time": "10:00", "time_zone": "Asia/Nowhere"}, "time_zone"),
    ({"start_time": "10:00", "time_zone": "../../etc/passwd"}, "time_zone"),
    ({"recurrence": "FREQ=SECONDLY"}, "recurrence"),
    ({"recurrence": "FREQ=DAILY;INTERVAL=0"}, "recurrence"),
    ({"recurrence": f"FREQ=DAILY;COUNT=1{'0' * 40}"}, "recurrence"),
    ({"recurrence": "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2"}, "recurrence"),
    ({"recurrence": "FREQ=DAILY", "exceptions": {"2026-13-01": {"excluded": True}}}, "exceptions"),
    ({"color": "red"}, "color"),
    ({"status": "maybe"}, "status"),
    ({"categories": ["a"] * 11}, "categories"),
    ({"location": "가" * 201}, "location"),
    ({"reminders": [True]}, "reminders"),
    ({"busy": "no"}, "busy"),
]


@pytest.mark.parametrize(("fields", "field"), WRONG)
def test_what_is_refused(server: Server, http: Any, fields: dict[str, Any], field: str) -> None:
    body = {"title": "회의", "event_date": "2026-11-09", **fields}
    answer = http.post(f"/api/events/{server.department()}", json=body)
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert all(error["message"] for error in answer.json["errors"])
