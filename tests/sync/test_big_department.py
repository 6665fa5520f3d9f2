"""A department of many pages: its load outlives the request that asked for it, and others are served."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from teamcal.domain.changes import Head
from teamcal.errors import StorageUnavailable
from teamcal.storage import background_loads
from teamcal.storage.overlay import Copy
from tests.house import House, wait_until

EVENTS, BYTES = 150, 50_000
"""Eight pages of 1 MB."""


def put_events(house: House, department: str) -> None:
    for number in range(EVENTS):
        house.put_event(
            id=f"event-{number}",
            department_id=department,
            event_date=f"20{number % 30:02}-01-{number % 28 + 1:02}",
            title=f"{number}",
            description="x" * BYTES,
        )


def nothing(before_page: Callable[[], None]) -> None:
    """A department whose first page is all there is."""


class SlowIndex:
    """A DynamoDB whose index answers each page after `seconds`. `pages`: those that were asked for."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.pages = seconds, 0

    def __call__(self, action: str, body: bytes) -> Any:
        if action == "Query" and "IndexName" in json.loads(body):
            self.pages += 1
            time.sleep(self.seconds)


def test_a_load_goes_on_after_the_request_and_the_next_one_takes_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    department = house.server().department()
    put_events(house, department)
    index = SlowIndex(1.5)  # six seconds with four calls at once
    cold = house.server(before=index)
    monkeypatch.setattr("teamcal.deadline.REQUEST_SECONDS", 4.5)
    monkeypatch.setattr("teamcal.deadline.REQUEST_SECONDS", 5.0)
    statuses = []
    for _ in range(20):
        statuses.append(cold.http.get(f"/api/events/{department}").status_code)
        if statuses[-1] != 503:
            break
    assert statuses[0] == 503
    assert statuses[-1] == 200
    assert index.pages <= 8 + 1 + 14  # each of them once; halves of ranges end in a page of their own
    assert len(cold.events(department)) == EVENTS


def test_what_is_written_while_a_load_waits_to_be_taken_is_in_the_answer(house: House) -> None:
    one = house.server()
    department = one.department()
    put_events(house, department)
    created = one.event(department, title="처음")
    cold = house.server(before=SlowIndex(0.0))
    loads = cold.database._cold_load._background
    copy, rest = cold.database._cold_load._copy_of(department)
    assert rest is not None
    loads.begin(department, copy, rest)
    wait_until(loads._loads[department].done.is_set)
    later = one.event(department, title="나중")
    assert one.http.delete(f"/api/events/{created['id']}").status_code == 200
    ids = {event["id"] for event in cold.events(department)}
    assert later["id"] in ids
    assert created["id"] not in ids
    assert len(ids) == EVENTS + 1
    assert not loads.is_under_way(department)


def test_a_load_that_nobody_takes_is_forgotten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_loads, "KEPT_SECONDS", 0.05)
    department = house.server().department()
    put_events(house, department)
    cold_load = house.server().database._cold_load
    copy, rest = cold_load._copy_of(department)
    assert rest is not None
    cold_load._background.begin(department, copy, rest)
    wait_until(lambda: not cold_load._background.is_under_way(department))


def test_departments_that_are_ready_are_few(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six of them are asked for and left: the newest four stay."""
    monkeypatch.setattr(background_loads, "MAX_WAITING", 6)
    cold_load = house.server().database._cold_load
    loads = cold_load._background
    for number in range(6):
        loads.begin(f"department-{number}", Copy(), nothing)
    wait_until(lambda: len(loads._loads) <= background_loads.AT_ONCE)
    assert all(load.done.wait(10) for load in list(loads._loads.values()))
    assert len(loads._loads) == background_loads.AT_ONCE
    monkeypatch.setattr(background_loads, "MAX_WAITING", 4)
    with pytest.raises(StorageUnavailable):
        loads.begin("one more", Copy(), nothing)


def test_what_is_being_loaded_is_bounded_in_bytes(house: House) -> None:
    """Six departments of 4 MB with memory for 6: one after the other is read to its end."""
    background = background_loads.BackgroundLoads(lambda log_id, copy: None, lambda log_id: None, 6_000_000)
    most, lock, ended = [0], threading.Lock(), list[str]()
    all_begun = threading.Event()

    def department(name: str) -> tuple[Copy, Callable[[Callable[[], None]], None]]:
        copy = Copy()

        def read_rest(before_page: Callable[[], None]) -> None:
            all_begun.wait(30)
            for page in range(40):
                before_page()
                copy.add({"id": f"{name}-{page}", "revision": 1, "description": "x" * 100_000})
                with lock:
                    most[0] = max(most[0], background.bytes)
                time.sleep(0)
            ended.append(name)

        return copy, read_rest

    for number in range(6):
        background.begin(f"{number}", *department(f"{number}"))
    all_begun.set()
    for wanted in range(1, 7):
        wait_until(lambda wanted=wanted: len(ended) >= wanted)
        background._drop(background._loads[ended[wanted - 1]])  # somebody takes it
    assert 6_000_000 < most[0] < 6_000_000 + 4_500_000  # a department and a page each
    assert background.bytes == 0


def test_what_nobody_takes_is_dropped_when_others_wait_for_its_memory(house: House) -> None:
    loads = background_loads.BackgroundLoads(lambda log_id, copy: (Head(log_id), {}, []), nothing, 10_000)
    record = {"id": "one", "revision": 1, "description": "x" * 20_000}
    ended = list[str]()

    def rest_of(name: str) -> Callable[[Callable[[], None]], None]:
        def read_rest(before_page: Callable[[], None]) -> None:
            before_page()
            ended.append(name)

        return read_rest

    for name in ("first", "second", "third"):
        loads.begin(name, Copy([record]), rest_of(name))
    wait_until(lambda: len(ended) == 3)
    assert ended[0] == "first"


def test_a_department_larger_than_the_memory_is_loaded(house: House) -> None:
    department = house.server().department()
    put_events(house, department)
    house.storage = replace(house.storage, loading_memory=1_000_000)
    cold = house.server()
    wait_until(lambda: cold.http.get(f"/api/events/{department}").status_code == 200)
    assert len(cold.events(department)) == EVENTS


def test_no_more_departments_begin_than_there_is_memory_for(house: House) -> None:
    loads = background_loads.BackgroundLoads(lambda log_id, copy: None, lambda log_id: None, 10_000)
    record = {"id": "one", "revision": 1, "description": "x" * 5_000}
    for number in range(background_loads.AT_ONCE):
        loads.begin(f"{number}", Copy([record]), nothing)
    with pytest.raises(StorageUnavailable, match="memory"):
        loads.begin("one more", Copy([record]), nothing)
