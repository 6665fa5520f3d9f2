"""An occurrence fits itself, whatever its series becomes: it is put together of two writes."""

from typing import Any

import pytest

from tests.house import House, Server

DAYS = ("2026-11-30", "2026-12-07")
LATER = "2026-12-09"


@pytest.fixture
def server() -> Server:
    return House().server()


def make(server: Server, **fields: Any) -> dict[str, Any]:
    weekly = {"event_date": DAYS[0], "recurrence": "FREQ=WEEKLY;COUNT=2", **fields}
    return server.event(server.department(), **weekly)


def put(server: Server, event_id: str, query: str = "", **fields: Any) -> dict[str, Any]:
    answer = server.http.put(f"/api/events/{event_id}{query}", json=fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json["event"])


def second(server: Server, series: dict[str, Any]) -> dict[str, Any]:
    event_id = f"{series['id']}_{DAYS[1].replace('-', '')}"
    answer = server.http.get(f"/api/events/{series['department_id']}/{event_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json["event"])


def test_one_at_an_hour_of_its_own_of_a_series_that_is_all_day_by_now(server: Server) -> None:
    series = make(server, start_time="10:00", time_zone="America/New_York", location="3층")
    put(server, second(server, series)["id"], start_time="15:00")
    put(server, series["id"], "?series=true", start_time=None)
    shown = second(server, series)
    assert (shown["start_time"], shown["time_zone"]) == ("15:00", "America/New_York")
    put(server, shown["id"], title="다른 회의")  # what overlaps it at its place is looked for


def test_one_is_given_an_hour_among_the_exceptions_of_an_all_day_series(server: Server) -> None:
    series = make(server)
    put(server, series["id"], "?series=true", exceptions={DAYS[1]: {"start_time": "15:00"}})
    assert second(server, series)["time_zone"] == "Asia/Seoul"


def test_one_that_ended_later_in_a_series_that_is_all_day_by_now(server: Server) -> None:
    series = make(server, start_time="10:00", end_time="11:00")
    put(server, second(server, series)["id"], end_time="12:00")
    put(server, series["id"], "?series=true", start_time=None, end_time=None)
    assert {"start_time", "end_time", "time_zone"}.isdisjoint(second(server, series))


def test_one_that_was_moved_in_a_series_that_has_several_days_by_now(server: Server) -> None:
    series = make(server)
    put(server, second(server, series)["id"], event_date=LATER)
    put(server, series["id"], "?series=true", end_date="2026-12-01")
    assert second(server, series)["end_date"] == "2026-12-10"
