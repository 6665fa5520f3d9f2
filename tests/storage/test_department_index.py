"""A department of many pages is read beside each other, and whole, whatever its dates are."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.house import House

PAGE_SECONDS = 0.07
"""What a page of 1 MB takes on AWS, at its slowest."""
DATES: dict[str, Callable[[int], str]] = {
    "spread over years": lambda number: f"20{number % 30:02}-{number % 12 + 1:02}-{number % 28 + 1:02}",
    "on two days": lambda number: f"2024-01-2{number % 2}",
    "on one day": lambda number: "2024-01-20",
    "most in one week": lambda number: "1999-01-01" if number == 0 else f"2024-01-{number % 7 + 1:02}",
    "not dates": lambda number: f"{number % 9} Jan",
    "dates and others": lambda number: f"2024-0{number % 9 + 1}-3{number % 5}",
}


@pytest.mark.parametrize("dates", DATES)
def test_pages_are_read_beside_each_other(house: House, dates: str) -> None:
    department = house.server().department()
    for number in range(240):
        house.put_event(
            id=f"event-{number}",
            department_id=department,
            event_date=DATES[dates](number),
            title="x" * 50_000,
        )
    lock, under_way, most, calls = threading.Lock(), [0], [0], [0]

    def slow(action: str, body: bytes) -> Any:
        if action != "Query" or "IndexName" not in json.loads(body):
            return None
        with lock:
            calls[0] += 1
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(PAGE_SECONDS)
        with lock:
            under_way[0] -= 1
        return None

    records = house.server(before=slow).database.load(department)[1]
    assert records.keys() == {f"event-{number}" for number in range(240)}
    assert most[0] <= 4
    if dates == "spread over years":
        assert most[0] >= 3
        assert calls[0] <= 12 + 14  # 12 pages of 1 MB


def test_a_department_of_one_page_costs_one_call(house: House) -> None:
    server = house.server()
    department = server.department()
    for _ in range(5):
        server.event(department)
    calls: list[str] = []
    house.server(calls=calls).database.load(department)
    assert calls == ["Query", "GetItem", "Query"]
