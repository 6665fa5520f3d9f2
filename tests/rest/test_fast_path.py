"""The way past Flask says what Flask's routes say, header for header and byte for byte."""

import json
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from teamcal.errors import StorageThrottled, StorageUnavailable
from teamcal.rest.fast_path import Door
from tests.house import House, Server


def both(server: Server, path: str, **more: Any) -> tuple[Any, Any]:
    """The answers of the door and of Flask behind it: status, headers, content."""
    door = server.app.wsgi_app
    assert isinstance(door, Door)
    found = [Client(way).get(path, **more) for way in (door, door.inner)]
    shown = [(one.status, sorted(one.headers.to_wsgi_list()), one.data) for one in found]
    return shown[0], shown[1]


def without_date(answer: Any) -> Any:
    """werkzeug dates a conditional answer; the web server dates all of them."""
    status, headers, content = answer
    return status, [pair for pair in headers if pair[0] != "Date"], content


CONDITIONS = [
    {}, {"If-None-Match": "TAG"}, {"If-None-Match": "W/TAG"}, {"If-None-Match": '"other"'},
    {"If-None-Match": "*"},
    {"If-None-Match": '"a", TAG'}, {"If-None-Match": "garbage"}, {"If-Match": "TAG"}, {"If-Match": '"other"'},
    {"If-Match": '"other"', "If-None-Match": "TAG"}, {"Range": "bytes=0-3"}, {"Origin": "https://a"},
    {"Access-Control-Request-Private-Network": "true", "Origin": "https://a"}, {"Accept-Language": "en"},
]  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_a_list(server: Server, condition: dict[str, str]) -> None:
    department = server.department()
    server.event(department, title='회의 "1"')
    path = f"/api/events/{department}"
    tag = server.http.get(path).headers["ETag"]
    headers = {name: value.replace("TAG", tag) for name, value in condition.items()}
    here, there = both(server, path, headers=headers)
    assert without_date(here) == without_date(there)


@pytest.mark.parametrize("query", ["from=2024-01-01", "from=x", "limit=1", "q=a", "unknown=1", "", "limit=0"])
def test_a_part_of_a_list(server: Server, query: str) -> None:
    department = server.department()
    server.event(department)
    here, there = both(server, f"/api/events/{department}", query_string=query)
    assert without_date(here) == without_date(there)


@pytest.mark.parametrize(
    "query",
    ["cursor=CUR",  "cursor=CUR&compact=1",
     "cursor=CUR&limit=1", "cursor=garbage", "cursor=", "", "cursor=CUR%20",
     "cursor=CUR&cursor=garbage"],
)  # fmt: skip
def test_changes(server: Server, query: str) -> None:
    department = server.department()
    cursor = server.http.get(f"/api/events/{department}").json["cursor"]
    for _ in range(3):
        server.event(department)
    here, there = both(server, f"/api/changes/{department}", query_string=query.replace("CUR", cursor))
    assert here == there


@pytest.mark.parametrize(
    "path",
    ["/api/events/unknown", "/api/events/*", "/api/events/", "/api/events/a/b",
     "/api/changes/unknown?cursor=abcd",
     "/api/events/%EA%B0%80", "/api/events/a%0A", "/api/events/x/", "/api/eventsx", "/"],
)  # fmt: skip
def test_what_is_not_there(server: Server, path: str) -> None:
    here, there = both(server, path)
    assert here == there


def test_a_deleted_department(server: Server) -> None:
    department = server.department()
    cursor = server.http.get(f"/api/events/{department}").json["cursor"]
    server.http.delete(f"/api/departments/{department}")
    for path in (f"/api/events/{department}", f"/api/changes/{department}?cursor={cursor}"):
        here, there = both(server, path, headers={"If-None-Match": f'"{cursor}"'})
        assert here == there
        assert here[0].startswith("404")


def test_origins_that_are_named_take_flasks_way(house: House) -> None:
    assert not isinstance(house.server(cors_origins=("https://a.example.com",)).app.wsgi_app, Door)


def test_a_defect_is_answered_and_logged_once(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    department = server.department()
    monkeypatch.setattr(server.calendar.events, "list_json", lambda *arguments: 1 / 0)
    answer = server.http.get(f"/api/events/{department}")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert caplog.text.count("Traceback") == 1


def test_both_ways_together_end_within_one_deadline(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from teamcal import deadline
    from teamcal.errors import StorageUnavailable

    server = house.server()
    department = server.department()
    left: list[float] = []

    def fail(*arguments: Any) -> None:
        left.append(deadline.remaining())
        raise StorageUnavailable("gone")

    monkeypatch.setattr(server.calendar.events, "list_json", fail)
    assert server.http.get(f"/api/events/{department}").status_code == 503
    assert len(left) == 2
    assert left[1] < left[0] <= deadline.REQUEST_SECONDS
    assert deadline.remaining() == deadline.SCRIPT_SECONDS


# Writes


def written_both(server: Server, method: str, path: str, **more: Any) -> tuple[Any, Any]:
    """The answers of both ways, with what can't be the same taken out."""
    found = [written(way, method, path, **more) for way in both_ways(server)]
    return found[0], found[1]


def both_ways(server: Server) -> list[Any]:
    door = server.app.wsgi_app
    assert isinstance(door, Door)
    return [door, door.inner]


def written(way: Any, method: str, path: str, **more: Any) -> Any:
    answer = Client(way).open(path, method=method, **more)
    headers = {name: value for name, value in answer.headers.to_wsgi_list() if name != "Content-Length"}
    body = answer.json
    for name in ("id", "created_at", "last_modified", "revision"):
        body.get("event", {}).pop(name, None)
    body.pop("request_id", None)
    return answer.status, headers, body


EVENT = {"event_date": "2024-01-20", "title": " 팀 회의 ", "time": None, "url": "https://example.com"}
JSON = "application/json"


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (EVENT, {}), ({**EVENT, "unknown": [1], "revision": 7}, {"Accept-Language": "en"}),
        ({**EVENT, "title": ""}, {"Accept-Language": "en"}), ({**EVENT, "id": "no uuid"}, {}), ({}, {}),
        (EVENT, {"Content-Type": "application/json; charset=utf-8"}),
        (EVENT, {"Content-Type": "APPLICATION/JSON"}), (EVENT, {"Content-Type": "text/plain"}),
        (EVENT, {"Content-Type": "application/vnd.api+json"}), (EVENT, {"Content-Type": ""}),
        (EVENT, {"If-Match": "garbage", "Origin": "https://a"}), ([EVENT], {}), ("text", {}), (None, {}),
        (b"", {}), (b"{", {}), (b"\xff", {}), (b'{"title": NaN}', {}), (b'{"title":"\\ud800"}', {}),
        (b"\xef\xbb\xbf" + json.dumps(EVENT).encode(), {}), (b"[" * 100_000, {}),
        ({**EVENT, "description": "x" * 10_000}, {}), ({**EVENT, "description": "가" * 10_001}, {}),
        ({**EVENT, "description": "x" * 2_000_000}, {}),
    ],
    ids=lambda value: repr(value)[:60],
)  # fmt: skip
def test_a_create(server: Server, data: Any, headers: dict[str, str]) -> None:
    department = server.department()
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    headers = {"Content-Type": JSON, **headers}
    path = f"/api/events/{department}"
    here, there = written_both(server, "POST", path, data=content, headers=headers)
    assert here == there
    assert here[0][:3] in ("201", "400", "413", "415")


@pytest.mark.parametrize(
    "path", ["/api/events/unknown", "/api/events/*", "/api/events/a%20b", "/api/events/"]
)
def test_a_create_where_nothing_is(server: Server, path: str) -> None:
    for method in ("POST", "PUT"):
        here, there = written_both(server, method, path, json=EVENT, headers={"Accept-Language": "en"})
        assert here == there
        assert here[0].startswith("40")


@pytest.mark.parametrize("version", [None, "*", '"1"', 'W/"1"', '"7"', "garbage", ""])
@pytest.mark.parametrize("edit", [{"title": "새 제목"}, {}, {"title": " "}, {"time": None}])
def test_an_update(server: Server, version: str | None, edit: dict[str, Any]) -> None:
    department = server.department()
    headers = {} if version is None else {"If-Match": version}
    answers = []
    for way in both_ways(server):
        event = server.event(department)
        path = f"/api/events/{event['id']}"
        status, told, body = written(way, "PUT", path, json=edit, headers=headers)
        current = body.get("current") or {}
        for name in ("id", "created_at", "last_modified", "revision"):
            current.pop(name, None)
        answers.append((status, told, body))
    assert answers[0] == answers[1]


def test_a_create_with_an_id_may_be_repeated_on_either_way(server: Server) -> None:
    department, path = server.department(), ""
    body = {**EVENT, "id": "0D3B6E63-2B3C-4C0B-9D55-6A3F3F0F6C11"}
    path = f"/api/events/{department}"
    statuses = [Client(way).post(path, json=body).status for way in both_ways(server) * 2]
    assert statuses == ["201 CREATED", "200 OK", "200 OK", "200 OK"]
    assert len(server.http.get(path).json["events"]) == 1


@pytest.mark.parametrize("error", ["unavailable", "throttled", "defect"])
def test_a_write_that_failed_is_not_tried_again(
    server: Server, error: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It may have been stored: a second try would make a second event."""
    made = {
        "unavailable": StorageUnavailable("x"),
        "throttled": StorageThrottled("x"),
        "defect": ValueError("x"),
    }
    tried: list[str] = []

    def fail(*arguments: Any) -> None:
        tried.append("once")
        raise made[error]

    monkeypatch.setattr(server.calendar.events, "create", fail)
    monkeypatch.setattr(server.calendar.events, "update", fail)
    path, english = f"/api/events/{server.department()}", {"Accept-Language": "en"}
    for method in ("POST", "PUT"):
        tried.clear()
        here, there = written_both(server, method, path, json=EVENT, headers=english)
        assert here == there
        assert here[0].startswith("50")
        assert len(tried) == 2  # each way once
    assert ("Traceback" in caplog.text) is (error == "defect")


def test_a_body_that_stops_short_is_refused(server: Server) -> None:
    department = server.department()
    content = json.dumps(EVENT).encode()
    for way in both_ways(server):
        environ = EnvironBuilder(
            f"/api/events/{department}", method="POST", data=content, content_type=JSON
        ).get_environ()
        environ["CONTENT_LENGTH"] = str(len(content) + 5)
        assert run_wsgi_app(way, environ)[1] == "400 BAD REQUEST"
    assert server.http.get(f"/api/events/{department}").json["events"] == []
