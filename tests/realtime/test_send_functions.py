"""The outbox caches clients' send functions until it is told of a change; order and content stay the same."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from engineio.packet import MESSAGE, Packet

from teamcal.realtime import outbox as outbox_module
from teamcal.realtime.direct_write import PacketBatch
from teamcal.realtime.outbox import CACHED_ROOMS, CHUNK, MANY, Outbox

UNLIMITED = 1 << 30


class MemoryClient:
    """A client whose buffer takes `capacity` bytes of each write; the rest waits in `queue`."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.capacity = UNLIMITED
        self.lookups = 0
        self.received, self.queue = b"", b""

    def send_function(self) -> Any:
        self.lookups += 1
        return None if self.queue else self.write

    def write(self, frames: bytes) -> int:
        assert not self.queue, "a queued frame was overtaken"
        if not self.capacity:
            raise BlockingIOError
        self.received += frames[: self.capacity]
        return min(self.capacity, len(frames))

    def deliver(self, batch: PacketBatch, sent: int = 0) -> None:
        rest = batch.frames[sent:]
        if sent or self.queue or not self.capacity:
            self.queue += rest
            self.outbox.invalidate()
        else:
            self.received += rest

    def fall_behind(self) -> None:
        self.queue = b"what came before"
        self.outbox.invalidate()

    def catch_up(self) -> None:
        self.capacity = UNLIMITED
        self.received, self.queue = self.received + self.queue, b""
        self.outbox.invalidate()


def outbox_with(
    count: int, pause: Callable[[float], Any] = lambda seconds: None
) -> tuple[Outbox, dict[str, MemoryClient]]:
    """An outbox whose broadcasts are complete when they return, and its clients."""
    clients: dict[str, MemoryClient] = {}
    outbox = Outbox(lambda: clients, lambda task, *arguments: task(*arguments), pause)
    clients.update((str(number), MemoryClient(outbox)) for number in range(count))
    return outbox, clients


def packet(number: int) -> Packet:
    return Packet(MESSAGE, f"{number} " + "x" * (20 + number % 300))


def frames(numbers: Any) -> bytes:
    return b"".join(PacketBatch([packet(number)]).frames for number in numbers)


def test_a_send_function_is_looked_up_once_until_it_changes() -> None:
    outbox, clients = outbox_with(MANY)
    for number in range(50):
        outbox.broadcast(tuple(clients), packet(number))
    assert {client.lookups for client in clients.values()} == {1}
    outbox.invalidate()
    outbox.broadcast(tuple(clients), packet(50))
    assert {client.lookups for client in clients.values()} == {2}
    assert {client.received for client in clients.values()} == {frames(range(51))}


def test_small_rooms_are_not_cached() -> None:
    outbox, clients = outbox_with(MANY - 1)
    outbox.broadcast(tuple(clients), packet(0))
    assert {(client.lookups, client.received) for client in clients.values()} == {(0, frames([0]))}


def test_rooms_with_the_same_first_member_are_told_apart() -> None:
    """Also if they have the same number of members."""
    outbox, clients = outbox_with(MANY + 1)
    names = tuple(clients)
    outbox.broadcast(names[:-1], packet(0))
    outbox.broadcast((*names[:-2], names[-1]), packet(1))
    outbox.broadcast(names, packet(2))
    assert clients[names[0]].received == frames([0, 1, 2])
    assert clients[names[-2]].received == frames([0, 2])
    assert clients[names[-1]].received == frames([1, 2])


def test_the_number_of_cached_rooms_is_limited() -> None:
    outbox, clients = outbox_with(MANY + 2 * CACHED_ROOMS)
    names = tuple(clients)
    for first in range(2 * CACHED_ROOMS):
        outbox.broadcast(names[first:], packet(first))
        assert 1 <= len(outbox._cache) <= CACHED_ROOMS
    for number in range(2 * CACHED_ROOMS):
        assert clients[str(number)].received == frames(range(number + 1))


@pytest.mark.parametrize("capacity", [0, 7])
def test_packets_for_a_full_buffer_are_queued_and_delay_nobody(capacity: int) -> None:
    outbox, clients = outbox_with(MANY)
    slow = clients["5"]
    outbox.broadcast(tuple(clients), packet(0))
    slow.capacity = capacity
    for number in (1, 2):
        outbox.broadcast(tuple(clients), packet(number))
    assert slow.received + slow.queue == frames(range(3))
    assert slow.queue
    slow.catch_up()
    outbox.broadcast(tuple(clients), packet(3))
    assert {client.received for client in clients.values()} == {frames(range(4))}


def test_a_disconnected_client_is_skipped() -> None:
    outbox, clients = outbox_with(MANY)
    names = tuple(clients)
    outbox.broadcast(names, packet(0))
    gone = clients.pop("5")
    gone.capacity = 0
    outbox.broadcast(names, packet(1))
    assert gone.received + gone.queue == frames([0])
    assert {client.received for client in clients.values()} == {frames([0, 1])}


def test_a_change_between_two_chunks_takes_effect_at_once() -> None:
    outbox, clients = outbox_with(2 * CHUNK)
    names = tuple(clients)
    outbox.broadcast(names, packet(0))
    last = clients[names[-1]]
    outbox._pause = lambda seconds: None if last.queue else last.fall_behind()
    outbox.broadcast(names, packet(1))
    assert last.queue == b"what came before" + frames([1])


def test_a_change_caused_by_a_slow_client_takes_effect_at_once() -> None:
    outbox, clients = outbox_with(2 * CHUNK)
    names = tuple(clients)
    outbox.broadcast(names, packet(0))
    slow, next_one = clients["3"], clients["4"]
    slow.capacity = 0
    deliver = slow.deliver

    def deliver_and_change(batch: PacketBatch, sent: int = 0) -> None:
        deliver(batch, sent)
        next_one.fall_behind()

    slow.deliver = deliver_and_change  # type: ignore[method-assign]
    outbox.broadcast(names, packet(1))
    assert next_one.queue == b"what came before" + frames([1])
    assert clients["5"].received == frames([0, 1])


@pytest.mark.parametrize("seed", range(20))
def test_each_client_receives_everything_in_order(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """While clients fall behind and catch up at random."""
    chance = random.Random(seed)
    monkeypatch.setattr(outbox_module, "CHUNK", chance.choice((3, 50, 1_000)))

    def change_clients(seconds: float) -> None:
        for client in chance.sample(list(clients.values()), 3):
            event = chance.random()
            if event < 0.3:
                client.capacity = chance.choice((0, 1, 40))
            elif event < 0.6:
                client.catch_up()
            elif event < 0.7:
                outbox.invalidate()

    outbox, clients = outbox_with(MANY + 10, change_clients)
    rooms = [tuple(clients), tuple(clients)[:MANY], tuple(clients)[5:]]
    expected: dict[str, list[int]] = {name: [] for name in clients}
    for number in range(300):
        room = chance.choice(rooms)
        outbox.broadcast(room, packet(number))
        for name in room:
            expected[name].append(number)
        if chance.random() < 0.2:
            name = chance.choice(room)
            outbox.send(name, packet(number))
            expected[name].append(number)
    for name, client in clients.items():
        assert client.received + client.queue == frames(expected[name]), name


def test_frequent_invalidations_stay_cheap() -> None:
    """A client falls behind or catches up at each change: all clients are looked up again, no more."""
    outbox, clients = outbox_with(1_000)
    began = time.monotonic()
    for number in range(50):
        outbox.invalidate()
        outbox.broadcast(tuple(clients), packet(number))
    assert time.monotonic() - began < 5
    assert {client.lookups for client in clients.values()} == {50}
