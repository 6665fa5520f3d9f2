"""The way past Flask says what Flask's routes say, header for header and byte for byte."""

from typing import Any

import pytest
from werkzeug.test import Client

from teamcal.rest.door import Door
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
    monkeypatch.setattr(server.calendar, "list_events", lambda department_id: 1 / 0)
    answer = server.http.get(f"/api/events/{department}")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert caplog.text.count("Traceback") == 1


def test_both_ways_together_end_within_one_deadline(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from teamcal import deadline
    from teamcal.errors import StorageUnavailable

    server = house.server()
    department = server.department()
    left: list[float] = []

    def fail(department_id: str) -> None:
        left.append(deadline.remaining())
        raise StorageUnavailable("gone")

    monkeypatch.setattr(server.calendar, "list_events", fail)
    assert server.http.get(f"/api/events/{department}").status_code == 503
    assert len(left) == 2
    assert left[1] < left[0] <= deadline.REQUEST_SECONDS
    assert deadline.remaining() == deadline.SCRIPT_SECONDS
