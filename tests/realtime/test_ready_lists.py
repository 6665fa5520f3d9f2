"""How clients are written to is kept for as long as nothing changes: the same, and in the same order."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from engineio.packet import MESSAGE, Packet

from teamcal.realtime import outbox as outbox_module
from teamcal.realtime.direct_write import Letter
from teamcal.realtime.outbox import CHUNK, MANY, READY_LISTS, Outbox


class Reader:
    """A client in memory. `takes` bytes are taken of each frame that is written; `queue` is what waits."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.takes = 1 << 30
        self.asked = 0
        self.read, self.queue = b"", b""
        self.at_write: Callable[[], None] = lambda: None

    def ready(self) -> Any:
        self.asked += 1
        return None if self.queue else self.write

    def write(self, frame: bytes) -> int:
        assert not self.queue, "overtaken"
        self.at_write()
        if not self.takes:
            raise BlockingIOError
        self.read += frame[: self.takes]
        return min(self.takes, len(frame))

    def deliver(self, letter: Letter, sent: int = 0) -> None:
        rest = letter.frame[sent:]
        if sent or self.queue or not self.takes:
            self.queue += rest
            self.outbox.forget()
        else:
            self.read += rest

    def resume(self) -> None:
        self.takes = 1 << 30
        self.read, self.queue = self.read + self.queue, b""
        self.outbox.forget()


def crowd(
    count: int, pause: Callable[[float], Any] = lambda seconds: None
) -> tuple[Outbox, dict[str, Reader]]:
    """An outbox whose broadcasts are over when they return, and its clients."""
    readers: dict[str, Reader] = {}
    outbox = Outbox(lambda: readers, lambda task, *arguments: task(*arguments), pause)
    readers.update((str(number), Reader(outbox)) for number in range(count))
    return outbox, readers


def text(number: int) -> Packet:
    return Packet(MESSAGE, f"{number} " + "x" * (20 + number % 300))


def frames(numbers: Any) -> bytes:
    return b"".join(Letter([text(number)]).frame for number in numbers)


def test_it_is_asked_once_while_nothing_changes() -> None:
    outbox, readers = crowd(MANY)
    for number in range(50):
        outbox.broadcast(tuple(readers), text(number))
    assert {reader.asked for reader in readers.values()} == {1}
    outbox.forget()
    outbox.broadcast(tuple(readers), text(50))
    assert {reader.asked for reader in readers.values()} == {2}
    assert {reader.read for reader in readers.values()} == {frames(range(51))}


def test_a_few_are_not_worth_it() -> None:
    outbox, readers = crowd(MANY - 1)
    outbox.broadcast(tuple(readers), text(0))
    assert {(reader.asked, reader.read) for reader in readers.values()} == {(0, frames([0]))}


def test_others_in_the_room_are_others() -> None:
    """The first is the same, and so is the number."""
    outbox, readers = crowd(MANY + 1)
    names = tuple(readers)
    outbox.broadcast(names[:-1], text(0))
    outbox.broadcast((*names[:-2], names[-1]), text(1))
    outbox.broadcast(names, text(2))
    assert readers[names[0]].read == frames([0, 1, 2])
    assert readers[names[-2]].read == frames([0, 2])
    assert readers[names[-1]].read == frames([1, 2])


def test_what_is_kept_is_bounded() -> None:
    outbox, readers = crowd(MANY + 2 * READY_LISTS)
    names = tuple(readers)
    for first in range(2 * READY_LISTS):
        outbox.broadcast(names[first:], text(first))
        assert 1 <= len(outbox._ready) <= READY_LISTS
    assert all(readers[str(n)].read == frames(range(n + 1)) for n in range(2 * READY_LISTS))


@pytest.mark.parametrize("takes", [0, 7])
def test_one_that_takes_no_more_is_queued_for_and_nobody_is_held_up(takes: int) -> None:
    outbox, readers = crowd(MANY)
    slow = readers["5"]
    outbox.broadcast(tuple(readers), text(0))
    slow.takes = takes
    for number in (1, 2):
        outbox.broadcast(tuple(readers), text(number))
    assert slow.read + slow.queue == frames(range(3))
    assert slow.queue
    slow.resume()
    outbox.broadcast(tuple(readers), text(3))
    assert {reader.read for reader in readers.values()} == {frames(range(4))}


def test_one_that_has_gone_is_passed_over() -> None:
    outbox, readers = crowd(MANY)
    names = tuple(readers)
    outbox.broadcast(names, text(0))
    gone = readers.pop("5")
    gone.takes = 0
    outbox.broadcast(names, text(1))
    assert gone.read + gone.queue == frames([0])
    assert {reader.read for reader in readers.values()} == {frames([0, 1])}


def test_a_change_amid_a_broadcast_counts_at_once() -> None:
    """Between two chunks, and by what a client's own trouble brings about."""
    outbox, readers = crowd(2 * CHUNK)
    names = tuple(readers)
    outbox.broadcast(names, text(0))

    def fall_behind(name: str) -> None:
        readers[name].queue = b"what came before"
        outbox.forget()

    outbox._pause = lambda seconds: fall_behind(names[-1]) if not readers[names[-1]].queue else None
    outbox.broadcast(names, text(1))
    assert readers[names[-1]].queue == b"what came before" + frames([1])
    readers[names[-1]].resume()

    outbox._pause = lambda seconds: None
    outbox.broadcast(names, text(2))
    readers["3"].takes = 0
    deliver = readers["3"].deliver

    def and_so_does_another(letter: Letter, sent: int = 0) -> None:
        deliver(letter, sent)
        fall_behind("4")

    readers["3"].deliver = and_so_does_another  # type: ignore[method-assign]
    outbox.broadcast(names, text(3))
    assert readers["4"].queue == b"what came before" + frames([3])
    assert readers["5"].read == frames(range(4))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_each_gets_all_in_order(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(outbox_module, "CHUNK", chance.choice((3, 50, 1_000)))

    def stir(seconds: float) -> None:
        for reader in chance.sample(list(readers.values()), 3):
            happens = chance.random()
            if happens < 0.3:
                reader.takes = chance.choice((0, 1, 40))
            elif happens < 0.6:
                reader.resume()
            elif happens < 0.7:
                outbox.forget()

    outbox, readers = crowd(MANY + 10, stir)
    rooms = [tuple(readers), tuple(readers)[:MANY], tuple(readers)[5:]]
    due: dict[str, list[int]] = {name: [] for name in readers}
    for number in range(300):
        room = chance.choice(rooms)
        outbox.broadcast(room, text(number))
        for name in room:
            due[name].append(number)
        if chance.random() < 0.2:
            name = chance.choice(room)
            outbox.send(name, text(number))
            due[name].append(number)
    for name, reader in readers.items():
        assert reader.read + reader.queue == frames(due[name]), name


def test_asking_again_and_again_stays_cheap() -> None:
    """Somebody falls behind and catches up at each change: the others are asked again, and that is all."""
    outbox, readers = crowd(1_000)
    began = time.monotonic()
    for number in range(50):
        outbox.forget()
        outbox.broadcast(tuple(readers), text(number))
    assert time.monotonic() - began < 5
    assert {reader.asked for reader in readers.values()} == {50}
