"""A series that a file changes from a date on (RANGE=THISANDFUTURE) becomes two events, both or neither."""

import json
import threading

import pytest
from botocore.exceptions import EndpointConnectionError

from teamcal.calendar import imports
from tests.house import House, Server
from tests.rest.test_imports import begin, calendar, counts, ended, event, imported, listed


@pytest.fixture
def department(server: Server) -> str:
    return server.department()


def changed_from(day: str, uid: str = "s@x", title: str = "나중", rule: str = "FREQ=DAILY;COUNT=10") -> str:
    """Of ten days from 20 January 2024."""
    later = event(
        uid, title, f"RECURRENCE-ID;RANGE=THISANDFUTURE:{day}T100000", start=f"DTSTART:{day}T150000"
    )
    return event(uid, "처음", f"RRULE:{rule}") + later


def both(server: Server, department: str) -> dict[str, tuple[str, str]]:
    series = [one for one in listed(server, department) if "recurrence" in one]
    return {one["uid"]: (one["title"], one["recurrence"]) for one in series}


WHOLE = {"s@x": ("처음", "FREQ=DAILY;COUNT=10")}
PARTS = {
    "s@x": ("처음", "FREQ=DAILY;UNTIL=20240124"),
    "s@x_20240125": ("나중", "FREQ=DAILY;COUNT=5"),
}


def test_both_parts_of_a_series_are_one_transaction(house: House) -> None:
    bodies: list[str] = []

    def note(action: str, body: bytes) -> None:
        if action == "TransactWriteItems":
            bodies.append(decoded(body))

    server = house.server(before=note)
    department = server.department()
    # Batches are of eight events: the parts must not come into two.
    others = [event(f"{number}@x") for number in range(7)]
    data = calendar(*others, changed_from("20240125"), event("last@x"))
    job = imported(server, department, data)
    assert counts(job) == {"total": 10, "created": 10}
    assert [row["uid"] for row in job["report"]][-3:] == ["s@x", "s@x_20240125", "last@x"]
    assert both(server, department) == PARTS
    with_first, with_second = ([body for body in bodies if title in body] for title in ('"처음"', '"나중"'))
    assert len(with_first) == 1
    assert with_first == with_second
    assert counts(imported(server, department, data)) == {"total": 10, "unchanged": 10}
    house.must_be_sound(department)


@pytest.mark.deadline
def test_a_storage_that_fails_leaves_no_half_of_a_series(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "TRIES", 1)
    is_out = threading.Event()

    def refuse(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and is_out.is_set() and "나중" in decoded(body):
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    server = house.server(before=refuse)
    department = server.department()
    imported(server, department, calendar(event("s@x", "처음", "RRULE:FREQ=DAILY;COUNT=10")))
    is_out.set()
    job = ended(server, begin(server, department, calendar(changed_from("20240125")))["id"])
    assert (job["state"], job["reason"]) == ("failed", "storage_unavailable")
    assert both(server, department) == WHOLE
    is_out.clear()
    job = imported(server, department, calendar(changed_from("20240125")))
    assert counts(job) == {"total": 2, "created": 1, "updated": 1}
    assert both(server, department) == PARTS


def decoded(body: bytes) -> str:
    return json.dumps(json.loads(body), ensure_ascii=False)


@pytest.mark.parametrize("what", ["edited", "deleted", "later deleted"])
def test_a_series_that_was_changed_here_is_not_split(server: Server, department: str, what: str) -> None:
    first = (
        changed_from("20240125")
        if what == "later deleted"
        else event("s@x", "처음", "RRULE:FREQ=DAILY;COUNT=10")
    )
    imported(server, department, calendar(first))
    uid = "s@x_20240125" if what == "later deleted" else "s@x"
    (one,) = [one for one in listed(server, department) if one["uid"] == uid]
    path = f"/api/events/{one['id']}?series=true"
    if what == "edited":
        assert server.http.put(path, json={"title": "여기서"}).status_code == 200
    else:
        assert server.http.delete(path).status_code == 200
    before = listed(server, department)
    job = imported(server, department, calendar(changed_from("20240125", title="새로")))
    assert counts(job) == {"total": 2, "kept": 2}
    reason = "edited_here" if what == "edited" else "event_deleted"
    assert [row["reason"] for row in job["report"]] == [reason] * 2
    assert listed(server, department) == before


def test_a_series_whose_later_part_is_refused_stays_whole(server: Server, department: str) -> None:
    imported(server, department, calendar(event("s@x", "처음", "RRULE:FREQ=DAILY;COUNT=10")))
    fill = [event(f"{number}@x", "매일", "RRULE:FREQ=DAILY") for number in range(80)]
    assert counts(imported(server, department, calendar(*fill))) == {"total": 80, "created": 80}
    data = calendar(changed_from("20240125", rule="FREQ=DAILY"))
    job = imported(server, department, data)
    assert counts(job) == {"total": 2, "refused": 2}
    assert {row["reason"] for row in job["report"]} == {"too_many_occurrences"}
    assert both(server, department)["s@x"] == WHOLE["s@x"]
    assert len(listed(server, department)) == 81
