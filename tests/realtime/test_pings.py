"""The pings of all clients are sent by one task, each at its time."""

import threading
import time

from teamcal.realtime.pings import PingScheduler


def test_pings_are_sent_in_order_after_the_interval_by_one_task() -> None:
    tasks: list[threading.Thread] = []
    pinged: list[tuple[int, float]] = []
    all_sent = threading.Event()

    def spawn(task: object) -> None:
        tasks.append(threading.Thread(target=task, daemon=True))  # type: ignore[arg-type]
        tasks[-1].start()

    def ping(number: int) -> None:
        pinged.append((number, time.monotonic()))
        if number == 7:
            raise OSError("gone")
        if len(pinged) == 100:
            all_sent.set()

    scheduler = PingScheduler(lambda: 0.2, spawn, time.sleep)
    scheduled = time.monotonic()
    for number in range(100):
        scheduler.schedule(lambda number=number: ping(number))
    assert all_sent.wait(60)
    assert [number for number, _ in pinged] == list(range(100))
    assert all(at >= scheduled + 0.2 for _, at in pinged)
    assert len(tasks) == 1


def test_a_scheduler_without_pings_stops_and_starts_again() -> None:
    tasks: list[object] = []
    pinged: list[int] = []
    scheduler = PingScheduler(lambda: 0, tasks.append, lambda seconds: None)
    for number in (1, 2):
        scheduler.schedule(lambda number=number: pinged.append(number))
        tasks.pop()()  # type: ignore[operator]
    assert pinged == [1, 2]
    assert not tasks


def test_a_task_that_cannot_be_started_is_started_for_the_next_client() -> None:
    tasks: list[object] = []
    pinged: list[int] = []

    def spawn(task: object) -> None:
        tasks.append(task)
        if len(tasks) == 1:
            raise RuntimeError("can't start new thread")

    scheduler = PingScheduler(lambda: 0, spawn, lambda seconds: None)
    scheduler.schedule(lambda: pinged.append(1))
    scheduler.schedule(lambda: pinged.append(2))
    assert len(tasks) == 2
    tasks[1]()  # type: ignore[operator]
    assert pinged == [1, 2]
