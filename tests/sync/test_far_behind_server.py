"""Cursors 60,000 changes behind in a calendar of 2,000 events, asked of a real server."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.big_calendars import big_calendars
from tests.house import wait_until
from tests.realtime.raw_clients import RawWebsocket, request, rest
from tests.servers import running

EVENTS, CHANGES = 2_000, 60_000
OLD = 5
"""The revision that the cursor is of."""
pytestmark = pytest.mark.slow


def seconds_of(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def test_the_answer_comes_at_once_beside_a_colleague(tmp_path: Path) -> None:
    """The answer is the calendar, in 0.3 s; the colleague's create takes at most three times as long as
    usual."""
    (department,) = big_calendars(tmp_path, [EVENTS], rows=CHANGES + OLD, changes=CHANGES + OLD)
    with running("eventlet", data_dir=tmp_path, tables=False) as server:
        path, event = f"/api/events/{department}", {"event_date": "2024-01-20", "title": "팀 회의"}
        wait_until(lambda: request(server.url, "GET", path)[0] == 200, 60)  # the engine has only begun
        cursor = rest(server.url, "GET", f"/api/changes/{department}?limit={OLD}")["cursor"]

        def create() -> None:
            assert rest(server.url, "POST", path, event)["event"]["id"]

        usual = median([seconds_of(create) for _ in range(30)])
        client = RawWebsocket(server.url).connect()
        message = "420" + json.dumps(["sync_request", {"department_id": department, "cursor": cursor}])
        answers: list[str] = []

        def ask() -> None:
            client.send(message)
            while not (answer := client.receive()).startswith("430"):
                pass
            answers.append(answer)

        creates: list[float] = []
        over = threading.Event()

        def colleague() -> None:
            while not over.wait(0.02):
                creates.append(seconds_of(create))

        thread = threading.Thread(target=colleague)
        thread.start()
        asked = [seconds_of(ask) for _ in range(10)]
        over.set()
        thread.join(60)
    print(f"answers {median(asked):.3f} s, creates {median(creates):.4f} s, usually {usual:.4f} s")
    answer = json.loads(answers[0][3:])[0]
    assert answer["full"] is True
    assert answer["reason"] == "resync_required"
    assert len(answer["events"]) >= EVENTS
    assert median(asked) < 0.3
    assert median(creates) < 3 * usual
