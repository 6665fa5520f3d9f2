"""A join of some days only: what a client gets then, and how it stays right."""

from typing import Any

import pytest

from tests.house import Member, Server

WINDOW = {"from": "2024-01-10", "to": "2024-01-20"}


@pytest.fixture
def department(server: Server) -> str:
    return server.department()


@pytest.fixture
def events(server: Server, department: str) -> dict[str, str]:
    """Ids by title."""
    made = [
        server.event(department, title=title, **fields)
        for title, fields in {
            "before": {"event_date": "2024-01-09"},
            "reaching in": {"event_date": "2024-01-05", "end_date": "2024-01-10"},
            "ending before": {"event_date": "2024-01-05", "end_date": "2024-01-09"},
            "first day": {"event_date": "2024-01-10"},
            "last day": {"event_date": "2024-01-20", "end_date": "2024-02-20"},
            "around": {"event_date": "2023-12-01", "end_date": "2024-03-01"},
            "after": {"event_date": "2024-01-21"},
            "old series": {"event_date": "2020-01-01", "recurrence": "FREQ=YEARLY;COUNT=2"},
            "new series": {"event_date": "2031-01-01", "recurrence": "FREQ=DAILY;COUNT=3"},
        }.items()
    ]
    return {event["title"]: event["id"] for event in made}


TOUCHING = {"reaching in", "first day", "last day", "around"}


def ask(member: Member, name: str, department: str, **more: Any) -> Any:
    return member.ask(name, {"department_id": department, "cursor": None, **more})


def titles(answer: Any) -> set[str]:
    return {event["title"] for event in answer["events"]}


@pytest.mark.parametrize("name", ["join_department", "sync_request"])
def test_a_window_holds_what_touches_its_days_and_all_series(
    server: Server, department: str, events: dict[str, str], name: str
) -> None:
    answer = ask(server.member(), name, department, series=True, **WINDOW)
    assert titles(answer) == {*TOUCHING, "old series", "new series"}
    assert (answer["full"], answer["window"]) == (True, WINDOW)
    whole = ask(server.member(), name, department, series=True)
    assert (whole["cursor"], "window" in whole) == (answer["cursor"], False)
    assert answer["events"] == [one for one in whole["events"] if one["title"] in titles(answer)]


def test_who_knows_no_series_gets_the_occurrences_of_the_window(server: Server, department: str) -> None:
    today = server.replicas.ports.today()
    server.event(department, event_date=today, recurrence="FREQ=DAILY;COUNT=5")
    server.event(department, event_date="2024-01-09")
    answer = ask(server.member(), "sync_request", department, **{"from": today, "to": today})
    (occurrence,) = answer["events"]
    assert (occurrence["event_date"], occurrence["original_date"]) == (today, today)


def test_several_joins_have_windows_of_their_own(
    server: Server, department: str, events: dict[str, str]
) -> None:
    member, other = server.member(), server.department("연구팀")
    joins = [
        {"department_id": department, "cursor": None, **WINDOW},
        {"department_id": other, "cursor": None},
        {"department_id": department + "x", "cursor": None, **WINDOW},
        {"department_id": other, "from": "2024-01-01"},
    ]
    answers = member.ask("join_department", {"departments": joins})
    assert [answer.get("window") for answer in answers] == [WINDOW, None, None, None]
    assert titles(dict(member.heard())["joined_department"]) <= {*TOUCHING}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"from": "2024-01-10"}, "to"), ({"to": "2024-01-10"}, "from"), ({**WINDOW, "from": 7}, "from"),
        ({**WINDOW, "to": "2024-02-30"}, "to"), ({**WINDOW, "to": "2024-01-09"}, "to"),
        ({**WINDOW, "from": ""}, "from"), ({"events": None}, "events"), ({"events": "no"}, "events"),
    ],
)  # fmt: skip
def test_a_window_that_is_none_is_refused(server: Server, department: str, wrong: Any, field: str) -> None:
    member = server.member()
    for name in ("join_department", "sync_request"):
        member.heard()
        answer = ask(member, name, department, **wrong)
        assert (answer["code"], [one["field"] for one in answer["errors"]]) == ("validation_error", [field])
        assert member.heard() == [("error", answer)]
    server.event(department)
    assert member.heard() == []


def test_live_changes_and_those_since_a_cursor_are_all(
    server: Server, department: str, events: dict[str, str]
) -> None:
    member = server.member()
    joined = ask(member, "join_department", department, series=True, **WINDOW)
    member.heard()
    server.http.put(f"/api/events/{events['after']}", json={"title": "later"})
    server.http.delete(f"/api/events/{events['before']}")
    assert [name for name, _ in member.heard()] == ["event_updated", "event_deleted"]
    for again in ({}, WINDOW, {"events": False}):
        since = ask(member, "sync_request", department, cursor=joined["cursor"], series=True, **again)
        assert (since["full"], "window" in since) == (False, False)
        assert (titles(since), since["deleted"]) == ({"later"}, [events["before"]])


def test_a_cursor_that_is_no_good_gets_the_window(
    server: Server, department: str, events: dict[str, str]
) -> None:
    answer = ask(server.member(), "join_department", department, cursor="x", **WINDOW)
    assert (answer["full"], answer["reason"], answer["window"]) == (True, "resync_required", WINDOW)
    assert titles(answer) == TOUCHING


def test_without_events_the_calendar_is_read_over_rest(
    server: Server, department: str, events: dict[str, str]
) -> None:
    """What the list says at its revision, and the messages after it, are the calendar."""
    member = server.member()
    joined = ask(member, "join_department", department, series=True, events=False, **WINDOW)
    assert (joined["full"], "events" in joined, joined["window"]) == (True, False, WINDOW)
    member.heard()
    event = server.event(department, event_date="2024-01-15", title="meanwhile")
    path = f"/api/events/{department}?from=2024-01-10&to=2024-01-20&touching=true&series=true"
    listed = server.http.get(path).json
    assert listed["revision"] == joined["revision"] + 1
    server.http.delete(f"/api/events/{event['id']}")
    held = {one["id"]: one for one in listed["events"]}
    newer = [payload for name, payload in member.heard() if payload["revision"] > listed["revision"]]
    for payload in newer:
        held.pop(payload["id"])
    whole = ask(server.member(), "sync_request", department, series=True, **WINDOW)
    assert list(held.values()) == whole["events"]
    assert listed["events"] != whole["events"]


def test_the_list_over_rest_is_the_same(server: Server, department: str, events: dict[str, str]) -> None:
    for series in ("true", "false"):
        query = f"?from=2024-01-10&to=2024-01-20&touching=true&series={series}"
        listed = server.http.get(f"/api/events/{department}{query}").json
        knows = series == "true"
        joined = ask(server.member(), "sync_request", department, series=knows, **WINDOW)
        for field in ("events", "cursor", "revision"):
            assert listed[field] == joined[field]
    found = server.http.get(f"/api/events/{department}{query}&q=FIRST&limit=5").json["events"]
    assert [one["title"] for one in found] == ["first day"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("touching=true", "from"), ("touching=1&from=2024-01-01", "to"), ("touching=x", "touching"),
     ("touching=true&from=2024-02-01&to=2024-01-01", "to")],
)  # fmt: skip
def test_touching_needs_a_range(server: Server, department: str, query: str, field: str) -> None:
    answer = server.http.get(f"/api/events/{department}?{query}")
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (400, [field])
