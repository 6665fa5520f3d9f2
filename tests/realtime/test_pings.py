"""Pings to all clients come from one task, each at its time."""

import threading
import time

from teamcal.realtime.pings import Heartbeat


def test_pings_come_in_order_after_the_interval_from_one_task() -> None:
    tasks: list[threading.Thread] = []
    pinged: list[tuple[int, float]] = []
    enough = threading.Event()

    def spawn(task: object) -> None:
        tasks.append(threading.Thread(target=task, daemon=True))  # type: ignore[arg-type]
        tasks[-1].start()

    def ping(number: int) -> None:
        pinged.append((number, time.monotonic()))
        if number == 7:
            raise OSError("gone")
        if len(pinged) == 100:
            enough.set()

    heartbeat = Heartbeat(lambda: 0.2, spawn, time.sleep)
    asked = time.monotonic()
    for number in range(100):
        heartbeat.later(lambda number=number: ping(number))
    assert enough.wait(10)
    assert [number for number, _ in pinged] == list(range(100))
    assert all(at >= asked + 0.2 for _, at in pinged)
    assert len(tasks) == 1


def test_a_heart_that_stood_still_beats_again() -> None:
    waiting: list[object] = []
    pinged: list[int] = []
    heartbeat = Heartbeat(lambda: 0, waiting.append, lambda seconds: None)
    for number in (1, 2):
        heartbeat.later(lambda number=number: pinged.append(number))
        waiting.pop()()  # type: ignore[operator]
    assert pinged == [1, 2]
    assert not waiting
