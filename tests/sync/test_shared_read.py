"""One look for many readers, and never one that was sent before a reader came."""

import threading
from typing import Any

import pytest

from teamcal import deadline
from teamcal.errors import StorageThrottled, StorageUnavailable
from teamcal.sync.shared_read import SharedRead


class Gate:
    """A look that is held up until it is let through; `sent` and `ended` count."""

    def __init__(self) -> None:
        self.sent = self.ended = 0
        self.passes = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.began = threading.Condition()
        self.shared = SharedRead("log")

    def look(self) -> None:
        with self.began:
            self.sent += 1
            self.began.notify_all()
        assert self.passes.acquire(timeout=60)
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        self.ended += 1

    def until_sent(self, number: int) -> None:
        with self.began:
            assert self.began.wait_for(lambda: self.sent >= number, 60)

    def readers(self, number: int, results: list[Any]) -> list[threading.Thread]:
        came = threading.Semaphore(0)

        def read() -> None:
            before = self.sent
            came.release()
            try:
                self.shared.wait(self.look)
                results.append((before, self.ended))
            except Exception as error:
                results.append(error)

        threads = [threading.Thread(target=read) for _ in range(number)]
        for thread in threads:
            thread.start()
            came.acquire()
        return threads


def until_waiting(gate: Gate, number: int) -> None:
    """All of them stand at the round that gathers."""
    newest = gate.shared._newest
    assert newest is not None
    waiters = newest.waiting
    limit = threading.Event()
    for _ in range(12_000):
        if len(waiters) >= number:
            return
        limit.wait(0.005)
    raise AssertionError(f"{len(waiters)} wait, not {number}")


def test_those_who_wait_share_the_next_look_and_not_the_one_under_way() -> None:
    gate, results = Gate(), list[Any]()
    first = gate.readers(1, results)
    gate.until_sent(1)
    late = gate.readers(20, results)
    until_waiting(gate, 19)  # the twentieth leads them and waits for the first look
    gate.passes.release()
    gate.until_sent(2)
    later = gate.readers(5, results)
    until_waiting(gate, 4)
    gate.passes.release(2)
    for thread in first + late + later:
        thread.join(60)
    assert gate.sent == 3
    assert len(results) == 26
    assert all(ended > before for before, ended in results)


def test_nobody_uses_a_look_that_was_sent_before_they_came() -> None:
    """Many at random moments: each sees a look end that began after their call."""
    began = ended = 0
    wrong: list[tuple[int, int]] = []

    def look() -> None:
        nonlocal began, ended
        began += 1
        number = began
        threading.Event().wait(0.0005)
        ended = number

    shared = SharedRead("log")

    def read() -> None:
        for _ in range(200):
            before = began
            shared.wait(look)
            if ended <= before:
                wrong.append((before, ended))

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert began < 16 * 200 / 3


def test_a_failure_is_shared_and_the_next_look_is_sound() -> None:
    gate, results = Gate(), list[Any]()
    first = gate.readers(1, results)
    gate.until_sent(1)
    late = gate.readers(3, results)
    until_waiting(gate, 2)
    gate.passes.release()
    for thread in first:
        thread.join(60)
    gate.until_sent(2)
    gate.failure = StorageThrottled("log")
    gate.passes.release()
    for thread in late:
        thread.join(60)
    assert [type(one) for one in results[1:]] == [StorageThrottled] * 3
    gate.passes.release()
    gate.shared.wait(gate.look)
    assert gate.ended == 2


def test_a_leader_that_is_killed_leaves_nobody_waiting() -> None:
    gate, results = Gate(), list[Any]()
    first = gate.readers(1, results)
    gate.until_sent(1)
    gate.failure = RuntimeError("a defect")
    late = gate.readers(1, results)
    gate.passes.release(2)
    for thread in first + late:
        thread.join(60)
    assert isinstance(results[0], RuntimeError)
    assert gate.ended == 1


def test_a_look_that_takes_too_long_is_waited_for_until_the_deadline() -> None:
    gate, results = Gate(), list[Any]()
    first = gate.readers(1, results)
    gate.until_sent(1)
    with deadline.within(0.05), pytest.raises(StorageUnavailable):
        gate.shared.wait(gate.look)
    gate.passes.release(2)
    gate.shared.wait(gate.look)
    for thread in first:
        thread.join(60)
    assert gate.sent == 2
