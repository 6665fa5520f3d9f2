"""How long an import keeps a process to itself, by the processor's time: what others wait for."""

import statistics
import sys
import threading
import time

from teamcal.sync.turns import ThreadTurns
from tests.house import House, Server, wait_until
from tests.rest.test_imports import calendar, event, imported

SERIES, AT_ONCE = 5_000, 500


def filled(server: Server) -> str:
    department = server.department("큰 팀")
    # Long ago: nothing of them is shown to clients that don't know series.
    event = {"event_date": "2010-01-20", "title": "회의", "recurrence": "FREQ=YEARLY;COUNT=2"}
    create = {"op": "create", "event": event}
    for _ in range(SERIES // AT_ONCE):
        body = {"operations": [create] * AT_ONCE}
        assert server.http.post(f"/api/events/{department}/batch", json=body).status_code == 200
    return department


def test_a_batch_costs_the_same_in_a_large_department(house: House) -> None:
    """From one answer of the storage to the next write nobody else's request is served in a green thread."""
    local, stretches = threading.local(), list[float]()

    def before(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and hasattr(local, "since"):
            stretches.append(time.thread_time() - local.since)

    def after(action: str, body: bytes) -> None:
        local.since = time.thread_time()

    server = house.server(before=before, after=after)
    large, small = filled(server), server.department("작은 팀")
    data = calendar(*(event(f"{number}@x", "회의", "RRULE:FREQ=YEARLY") for number in range(80)))
    costs = []
    for department in (small, large):
        stretches.clear()
        assert imported(server, department, data)["created"] == 80
        assert len(stretches) >= 10
        costs.append(statistics.median(stretches))
    print([f"{cost * 1000:.1f} ms" for cost in costs])
    assert costs[1] <= 1.4 * costs[0]


def test_threads_take_shorter_turns_while_a_file_is_imported(house: House) -> None:
    during = list[float]()
    usual = sys.getswitchinterval()

    def note(action: str, body: bytes) -> None:
        if action == "TransactWriteItems":
            during.append(sys.getswitchinterval())

    server = house.server(before=note)
    department = server.department()
    during.clear()
    data = calendar(event("a@x"))
    assert imported(server, department, data)["created"] == 1
    assert min(during) <= 0.0011
    wait_until(lambda: sys.getswitchinterval() == usual)
    with ThreadTurns(), ThreadTurns():
        pass
    assert sys.getswitchinterval() == usual
