"""An old desktop client beside one that knows series, through real servers: both show the same meetings.

The old one joins, asks for the calendar, shows events, and sends a whole event back when its user edits one.
It knows neither cursors nor series.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any

import pytest

from tests.house import wait_until
from tests.realtime.raw_clients import request as raw_request
from tests.realtime.raw_clients import rest
from tests.realtime.socketio_clients import SECONDS, PythonClient
from tests.servers import Server

WEEKS = 8
Events = dict[str, dict[str, Any]]


class Client:
    """A client of one department. `series`: it knows series; the desktop client doesn't."""

    def __init__(self, server: Server, opened: Any, department: str, series: bool) -> None:
        self.url, self._opened, self._start = server.url, opened, dict[str, dict[str, Any]]()
        self.department, self.query = department, "?series=true" if series else ""
        about = {"department_id": department} | ({"series": True} if series else {})
        opened.ask("join_department", about).result(SECONDS)
        events = opened.ask("sync_request", about).result(SECONDS)["events"]
        self._start = {event["id"]: event for event in events}

    @property
    def events(self) -> Events:
        """What it shows: the calendar that it got, changed by the live messages since."""
        shown = dict(self._start)
        for name, payload, _ in list(self._opened.inbox.messages):
            if name == "event_deleted":
                shown.pop(payload["id"], None)
            elif name in ("event_created", "event_updated"):
                shown[payload["id"]] = payload
        return shown

    def one(self, event_date: str) -> dict[str, Any]:
        (found,) = [event for event in self.events.values() if event["event_date"] == event_date]
        return found

    def put(self, event: dict[str, Any]) -> dict[str, Any]:
        return dict(rest(self.url, "PUT", f"/api/events/{event['id']}", event)["event"])

    def shows_what_a_reload_gives(self) -> bool:
        """Without revisions: that of a live message is its place in the log."""
        listed = rest(self.url, "GET", f"/api/events/{self.department}{self.query}")["events"]
        return _by_id(self.events.values()) == _by_id(listed)


def _by_id(events: Any) -> Events:
    left_out = ("revision", "cursor")
    return {
        event["id"]: {name: value for name, value in event.items() if name not in left_out}
        for event in events
    }


@pytest.fixture(params=["javascript", "python"])
def opener(request: pytest.FixtureRequest, server: Server) -> Callable[[], Any]:
    if request.param == "python":
        return lambda: PythonClient(server.url, ["websocket"])
    node = request.getfixturevalue("node")
    return lambda: node.open(server.url, ["websocket"])


@pytest.fixture
def pair(
    server: Server, opener: Callable[[], Any], department: Callable[[], str]
) -> Iterator[tuple[Client, Client]]:
    """An old client and a new one, members of the same department."""
    department_id = department()
    with ExitStack() as stack:
        clients = []
        for series in (False, True):
            opened = opener()
            stack.callback(opened.close)
            clients.append(Client(server, opened, department_id, series))
        yield clients[0], clients[1]


def days() -> list[str]:
    """The dates of the meetings: weekly from the day after tomorrow, whatever the server's zone."""
    first = date.today() + timedelta(2)
    return [(first + timedelta(weeks=number)).isoformat() for number in range(WEEKS)]


def make_weekly_meeting(new: Client) -> dict[str, Any]:
    fields = {
        "title": "주간 회의", "event_date": days()[0], "recurrence": f"FREQ=WEEKLY;COUNT={WEEKS}",
        "start_time": "14:00", "end_time": "15:30", "location": "3층 회의실",
    }  # fmt: skip
    return dict(rest(new.url, "POST", f"/api/events/{new.department}", fields)["event"])


def agree(old: Client, new: Client) -> bool:
    return old.shows_what_a_reload_gives() and new.shows_what_a_reload_gives()


def test_an_old_client_edits_one_meeting_of_a_series(pair: tuple[Client, Client]) -> None:
    old, new = pair
    series = make_weekly_meeting(new)
    wait_until(lambda: len(old.events) == WEEKS and len(new.events) == 1)
    assert sorted(event["event_date"] for event in old.events.values()) == days()
    assert {event["time"] for event in old.events.values()} == {"오후 2:00~3:30"}
    assert new.events[series["id"]]["recurrence"] == f"FREQ=WEEKLY;COUNT={WEEKS}"

    # Its user changes the time of the third meeting: the whole event is sent back as it is shown.
    third = old.one(days()[2])
    old.put(third | {"time": "오후 4시", "description": "이번 주만"})
    wait_until(lambda: old.events[third["id"]]["description"] == "이번 주만")
    wait_until(lambda: "exceptions" in new.events[series["id"]])
    (exception,) = new.events[series["id"]]["exceptions"].items()
    day, patch = exception
    assert day == days()[2]
    marks = ("version", "revision", "last_modified")
    assert {name: value for name, value in patch.items() if name not in marks} == {
        "time": "오후 4시",
        "start_time": "16:00",
        "end_time": None,
        "description": "이번 주만",
    }
    others = [event for event in old.events.values() if event["id"] != third["id"]]
    assert len(others) == WEEKS - 1
    assert {event["time"] for event in others} == {"오후 2:00~3:30"}
    assert agree(old, new)


def test_a_series_that_changes_keeps_what_the_old_client_wrote(pair: tuple[Client, Client]) -> None:
    old, new = pair
    series = make_weekly_meeting(new)
    wait_until(lambda: len(old.events) == WEEKS)
    old.put(old.one(days()[3]) | {"title": "송년회"})
    rest(old.url, "DELETE", f"/api/events/{old.one(days()[5])['id']}")
    wait_until(lambda: len(old.events) == WEEKS - 1)

    rest(
        new.url,
        "PUT",
        f"/api/events/{series['id']}?series=true",
        {"title": "월요 회의", "start_time": "10:00"},
    )
    wait_until(lambda: old.one(days()[0])["title"] == "월요 회의")
    wait_until(lambda: agree(old, new))
    assert old.one(days()[3])["title"] == "송년회"
    assert {event["time"] for event in old.events.values()} == {"오전 10:00~11:30"}
    assert [day for day in days() if day not in {event["event_date"] for event in old.events.values()}] == [
        days()[5]
    ]


def test_an_old_client_cannot_delete_a_year_of_meetings(pair: tuple[Client, Client]) -> None:
    old, new = pair
    series = make_weekly_meeting(new)
    wait_until(lambda: len(old.events) == WEEKS)
    for method in ("PUT", "DELETE"):
        body = b'{"title": "x"}' if method == "PUT" else None
        headers = {"Content-Type": "application/json"}
        status, _, _ = raw_request(new.url, method, f"/api/events/{series['id']}", body, headers)
        assert status == 404
    for day in days():
        rest(old.url, "DELETE", f"/api/events/{old.one(day)['id']}")
        wait_until(lambda day=day: day not in {event["event_date"] for event in old.events.values()})
    wait_until(lambda: not new.events)  # with the last meeting the series is gone
    assert agree(old, new)
