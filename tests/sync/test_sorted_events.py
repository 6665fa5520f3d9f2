"""Lists that are kept up change by change are, to the byte, those that are made from the events."""

import json
import random
import uuid
from typing import Any

import pytest

from teamcal.domain.caller import UNNAMED
from teamcal.domain.events import event_json, order_of, public_event
from teamcal.sync.revision_cache import CACHED_ANSWERS, CACHED_WINDOWS
from teamcal.sync.sorted_events import EventFilter, SortedEvents
from tests.house import House, Server, right_now

DATES = ["", "2024-01-01", "2024-01-02", "2024-02-29", "2024-12-31"]


def an_event(at: random.Random, **fields: Any) -> dict[str, Any]:
    made = {
        "id": str(uuid.UUID(int=at.getrandbits(128))), "department_id": "d", "event_date": at.choice(DATES),
        "title": at.choice(["회의", 'a "b"', "\u2028"]), "revision": at.randrange(1, 9),
        "created_at": at.choice(["2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.001Z"]),
    }  # fmt: skip
    if at.random() < 0.2:
        del made["event_date"], made["created_at"]  # an older server's
    return made | fields


@pytest.mark.parametrize("seed", range(5))
def test_a_listing_after_random_changes_is_a_new_one(seed: int) -> None:
    at = random.Random(seed)
    events = {event["id"]: event for event in (an_event(at) for _ in range(40))}
    sorted_events = SortedEvents(events.values())
    for _ in range(400):
        before = events.get(at.choice([*events, "none"]))
        after = an_event(at, **({"id": before["id"]} if before else {})) if at.random() < 0.6 else None
        if before is not None:
            del events[before["id"]]
        if after is not None:
            events[after["id"]] = after
        sorted_events.replace(before, after)
        fresh = SortedEvents(events.values())
        assert (sorted_events.events, sorted_events.json, sorted_events._keys) == (
            fresh.events,
            fresh.json,
            fresh._keys,
        )
    assert sorted_events.json == [event_json(one) for one in sorted(events.values(), key=order_of)]


@pytest.mark.parametrize("first", [None, *DATES, "2023-01-01", "2025-01-01", "2024-01-015"])
@pytest.mark.parametrize("last", [None, *DATES, "2023-01-01", "2025-01-01", "2024-01-015"])
def test_a_range_holds_what_lies_between(first: str | None, last: str | None) -> None:
    at = random.Random(1)
    sorted_events = SortedEvents(an_event(at) for _ in range(60))
    wanted = [
        event for event in sorted_events.events
        if (not first or (event.get("event_date") or "") >= first)
        and (not last or (event.get("event_date") or "") <= last)
    ]  # fmt: skip
    assert [sorted_events.events[place] for place in sorted_events.between(first, last)] == wanted


def test_json_is_compact_and_not_escaped() -> None:
    event = {"id": "a", "title": '회의 "1"\n', "version": 3}
    assert json.loads(event_json(event)) == public_event(event)
    assert '"title":"회의 \\"1\\"\\n","description":""'.encode() in event_json(event)


def change_something(server: Server, department: str, at: random.Random) -> None:
    events = server.events(department)
    one = at.choice(events)["id"] if events else None
    kind = at.choice(["create", "create", "update", "date", "delete"])
    if one is None or kind == "create":
        server.event(department, event_date=at.choice(DATES[1:]), title=f"회의 {at.random()}")
    elif kind == "delete":
        server.http.delete(f"/api/events/{one}")
    else:
        fields = (
            {"title": f"수정 {at.random()}"} if kind == "update" else {"event_date": at.choice(DATES[1:])}
        )
        server.http.put(f"/api/events/{one}", json=fields)


def test_two_servers_list_the_same_bytes_as_a_new_one(house: House) -> None:
    """One kept its list up by its own writes, the other by the log; the third loads."""
    one, other = house.server(), house.server()
    department, at = one.department(), random.Random(7)
    for number in range(60):
        change_something(at.choice([one, other]), department, at)
        if number % 6 == 0:
            path = f"/api/events/{department}"
            for query in ("", "?from=2024-01-02", "?from=2024-01-02&to=2024-02-29&limit=2", "?q=수정"):
                answers = [server.http.get(path + query).data for server in (one, other, house.server())]
                assert answers[0] == answers[1] == answers[2]
                body = json.loads(answers[0])
                assert answers[0].decode() == json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    house.must_be_sound(department)


def test_changes_are_made_once_for_a_cursor_and_anew_after_a_change(house: House) -> None:
    server = house.server()
    department = server.department()
    cursor = server.http.get(f"/api/events/{department}").json["cursor"]
    first = server.event(department)

    def changes(more: str = "") -> Any:
        return server.http.get(f"/api/changes/{department}?cursor={cursor}{more}").json

    assert changes() == changes()
    assert [one["event"] for one in changes()["changes"]] == [first]
    assert changes("&compact=1") == changes("&compact=1")
    assert changes("&compact=1")["events"] == [first]
    second = server.event(department)
    assert [one["event"] for one in changes()["changes"]] == [first, second]
    assert [one["event"] for one in changes("&limit=1")["changes"]] == [first]
    assert changes("&compact=1")["events"] == [first, second]


def test_a_ready_answer_grows_too_old_as_well(house: House) -> None:
    from datetime import timedelta

    later = [timedelta()]
    server = house.server(now=lambda: right_now() + later[0])
    department = server.department()
    cursor = server.http.get(f"/api/events/{department}").json["cursor"]
    server.event(department)
    path = f"/api/changes/{department}?cursor={cursor}"
    member = server.member()
    assert server.http.get(path).status_code == 200
    assert member.ask("join_department", {"department_id": department, "cursor": cursor})["full"] is False
    later[0] = timedelta(days=31)
    assert server.http.get(path).json["code"] == "resync_required"
    assert member.ask("join_department", {"department_id": department, "cursor": cursor})["full"] is True


def test_who_comes_back_to_a_department_shares_one_read_of_its_log(house: House) -> None:
    calls: list[str] = []
    writer = house.server()
    department = writer.department()
    cursor = writer.http.get(f"/api/events/{department}").json["cursor"]
    events = [writer.event(department) for _ in range(20)]
    server = house.server(calls=calls)
    assert server.member().ask("join_department", {"department_id": department})["revision"] == 20
    calls.clear()
    for _ in range(10):
        answer = server.member().ask("join_department", {"department_id": department, "cursor": cursor})
        assert answer["events"] == events
    assert calls.count("Query") <= 1
    assert calls.count("GetItem") <= 10


def test_a_range_of_days_is_made_once_a_revision(house: House) -> None:
    server = house.server()
    department = server.department()
    server.event(department, event_date="2024-01-20")
    ranges = [EventFilter("2024-01-01", f"2024-01-{day:02}") for day in range(1, CACHED_WINDOWS + 5)]

    def listed(filter: EventFilter) -> bytes:
        return server.calendar.events.list_json(UNNAMED, department, filter)[0]

    made = [listed(filter) for filter in ranges]
    again = [listed(filter) for filter in ranges]
    assert made == again
    assert [one is other for one, other in zip(made, again, strict=True)].count(True) == CACHED_WINDOWS
    searched = EventFilter("2024-01-01", text="회의")
    assert listed(searched) is not listed(searched)  # nobody else asks for the same
    server.event(department, event_date="2024-01-01", title="새")
    assert "새".encode() in listed(ranges[0])


def test_no_more_answers_are_kept_than_a_few(house: House) -> None:
    server = house.server()
    department = server.department()
    server.event(department)
    for limit in range(1, 60):
        assert server.http.get(f"/api/changes/{department}?limit={limit}").status_code == 200
    assert len(server.replicas.of(department).cache.since) == CACHED_ANSWERS
