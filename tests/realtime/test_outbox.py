"""The outbox: order, limits and failures, with clients that record what they are sent."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from engineio.packet import MESSAGE, Packet

from teamcal.realtime import outbox as outbox_module
from teamcal.realtime.direct_write import PacketBatch
from teamcal.realtime.outbox import BYTES, CHUNK, MANY, PACKETS, WAITING, Outbox
from tests.realtime.socket_pairs import SECONDS, no_thread_left, spawn, wait_until


class RecordingClient:
    """Records what it is sent: `batches` as they came, `texts` one by one."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def send_function(self) -> None:
        return None

    def deliver(self, batch: PacketBatch, sent: int = 0) -> None:
        assert not sent
        self.batches.append([packet.data for packet in batch.packets])

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


class BlockedClient(RecordingClient):
    """Its first delivery waits until `go` is set; `reached` is set when the delivery has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go = threading.Event(), threading.Event()

    def deliver(self, batch: PacketBatch, sent: int = 0) -> None:
        self.reached.set()
        assert self.go.wait(SECONDS)
        super().deliver(batch, sent)


class FailingClient(RecordingClient):
    def deliver(self, batch: PacketBatch, sent: int = 0) -> None:
        raise OSError("this client fails")


def outbox_of(clients: dict[str, Any]) -> Outbox:
    return Outbox(lambda: clients, spawn, time.sleep)


def packet(text: str) -> Packet:
    return Packet(MESSAGE, text)


@pytest.fixture
def busy() -> Iterator[tuple[Outbox, dict[str, Any], BlockedClient]]:
    """An outbox during its first broadcast, "0", to "blocked" and "a": "a" hasn't received it yet."""
    blocked = BlockedClient()
    clients: dict[str, Any] = {"blocked": blocked, **{name: RecordingClient() for name in "abc"}}
    outbox = outbox_of(clients)
    outbox.broadcast(("blocked", "a"), packet("0"))
    assert blocked.reached.wait(SECONDS)
    yield outbox, clients, blocked
    blocked.go.set()


def test_a_packet_to_one_client_waits_for_earlier_broadcasts(busy: Any) -> None:
    outbox, clients, blocked = busy
    outbox.send("a", packet("1"))
    outbox.broadcast(("a", "b"), packet("2"))
    outbox.send("a", packet("3"))
    outbox.send("b", packet("4"))
    assert clients["a"].texts == clients["b"].texts == []
    blocked.go.set()
    wait_until(lambda: clients["a"].texts == ["0", "1", "2", "3"] and clients["b"].texts == ["2", "4"])


def test_a_packet_to_one_client_is_sent_at_once_if_the_outbox_is_idle() -> None:
    clients = {"a": RecordingClient()}
    outbox = outbox_of(clients)
    outbox.send("a", packet("1"))
    assert clients["a"].texts == ["1"]


def test_a_new_client_receives_nothing_that_was_sent_before(busy: Any) -> None:
    outbox, clients, blocked = busy
    outbox.broadcast(("a",), packet("before"))
    clients["late"] = RecordingClient()
    outbox.send("late", packet("the answer to its join"))
    outbox.broadcast(("a", "late"), packet("after"))
    blocked.go.set()
    wait_until(lambda: clients["a"].texts == ["0", "before", "after"])
    wait_until(lambda: clients["late"].texts == ["the answer to its join", "after"])


def test_a_disconnected_client_is_skipped(busy: Any) -> None:
    outbox, clients, blocked = busy
    outbox.broadcast(("b", "a"), packet("1"))
    gone = clients.pop("b")
    blocked.go.set()
    wait_until(lambda: clients["a"].texts == ["0", "1"])
    assert gone.texts == []


def test_clients_are_looked_up_when_they_are_delivered_to() -> None:
    """Engine.IO replaces the dict when it disconnects all."""
    clients: dict[str, Any] = {}
    outbox = Outbox(lambda: clients, spawn, time.sleep)
    clients = {"a": RecordingClient()}
    outbox.send("a", packet("1"))
    outbox.broadcast(("a",), packet("2"))
    wait_until(lambda: clients["a"].texts == ["1", "2"])


def test_waiting_packets_are_combined_up_to_64(busy: Any) -> None:
    outbox, clients, blocked = busy
    texts = [str(number) for number in range(2 * PACKETS + 3)]
    for text in texts:
        outbox.broadcast(("a", "b"), packet(text))
    blocked.go.set()
    wait_until(lambda: clients["b"].texts == texts)
    assert [len(batch) for batch in clients["b"].batches] == [PACKETS, PACKETS, 3]


def test_waiting_packets_are_combined_up_to_64_kb(busy: Any) -> None:
    outbox, clients, blocked = busy
    big, small = "x" * (BYTES - 10), "y" * 5
    texts = [small, big, small, "z" * 3 * BYTES, small, small]
    for text in texts:
        outbox.broadcast(("b",), packet(text))
    blocked.go.set()
    wait_until(lambda: clients["b"].texts == texts)
    # The type of the packet is one more character.
    assert [len(batch) for batch in clients["b"].batches] == [2, 1, 1, 2]


def test_only_packets_to_the_same_recipients_are_combined(busy: Any) -> None:
    outbox, clients, blocked = busy
    for recipients, text in ((("b",), "1"), (("b", "c"), "2"), (("b",), "3"), (("b",), "4")):
        outbox.broadcast(recipients, packet(text))
    blocked.go.set()
    wait_until(lambda: clients["b"].batches == [["1"], ["2"], ["3", "4"]] and clients["c"].texts == ["2"])


def test_a_batch_that_is_being_delivered_takes_no_more_packets(busy: Any) -> None:
    outbox, clients, blocked = busy
    outbox.broadcast(("blocked", "a"), packet("1"))
    blocked.go.set()
    wait_until(lambda: blocked.batches == clients["a"].batches == [["0"], ["1"]])


def test_a_broadcast_to_nobody_is_ignored(busy: Any) -> None:
    outbox, clients, blocked = busy
    outbox.broadcast((), packet("nobody"))
    outbox.broadcast(("a",), packet("1"))
    blocked.go.set()
    wait_until(lambda: clients["a"].texts == ["0", "1"])


def test_a_failing_client_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    clients: dict[str, Any] = {"a": RecordingClient(), "failing": FailingClient(), "b": RecordingClient()}
    outbox = outbox_of(clients)
    with caplog.at_level(logging.ERROR, "teamcal.realtime.outbox"):
        for number in range(3):
            outbox.broadcast(("a", "failing", "b"), packet(str(number)))
            outbox.send("failing", packet("x"))
        wait_until(lambda: clients["a"].texts == clients["b"].texts == ["0", "1", "2"])
        outbox.send("a", packet("3"))
        wait_until(lambda: clients["a"].texts == ["0", "1", "2", "3"])
    assert "a message couldn't be sent" in caplog.messages


def test_a_broadcaster_waits_while_too_many_packets_wait(busy: Any) -> None:
    outbox, clients, blocked = busy
    broadcasts = []

    def talk() -> None:
        for number in range(WAITING + 200):
            outbox.broadcast(("a", "b"), packet(str(number)))
            broadcasts.append(number)

    broadcaster = threading.Thread(target=talk)
    broadcaster.start()
    wait_until(lambda: len(broadcasts) == WAITING)
    time.sleep(0.1)
    assert len(broadcasts) == WAITING
    # A packet to one client doesn't wait.
    outbox.send("c", packet("an answer"))
    blocked.go.set()
    broadcaster.join(SECONDS)
    wait_until(lambda: clients["b"].texts == [str(number) for number in range(WAITING + 200)])
    assert clients["c"].texts == ["an answer"]


def test_other_tasks_run_between_chunks() -> None:
    clients = {str(number): RecordingClient() for number in range(2 * CHUNK + 1)}
    reached: list[int] = []
    outbox = Outbox(lambda: clients, spawn, lambda seconds: reached.append(sum(map(len, texts()))))

    def texts() -> list[list[str]]:
        return [client.texts for client in clients.values()]

    outbox.broadcast(tuple(clients), packet("1"))
    wait_until(lambda: sum(map(len, texts())) == len(clients))
    assert reached == [CHUNK, 2 * CHUNK]  # and none after the last, behind which nothing waits


def test_other_tasks_run_between_two_broadcasts() -> None:
    clients = {"a": RecordingClient()}
    reached: list[int] = []

    def pause(seconds: float) -> None:
        reached.append(len(clients["a"].texts))
        if len(reached) == 1:
            outbox.broadcast(("a",), packet("3"))

    outbox = Outbox(lambda: clients, lambda task, *arguments: tasks.append((task, arguments)), pause)
    tasks: list[Any] = []
    outbox.broadcast(("a",), packet("1"))
    outbox.broadcast(("a", "b"), packet("2"))
    (task, arguments), *others = tasks
    task(*arguments)
    assert (reached, clients["a"].texts, others) == ([1, 2], ["1", "2", "3"], [])


class TaskEnded(BaseException):
    """Thrown into a task like GreenletExit into a greenlet."""


def test_nothing_is_lost_when_the_delivering_task_is_ended() -> None:
    clients = {str(number): RecordingClient() for number in range(3 * CHUNK)}
    pauses = 0

    def pause(seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses in (1, 2, 5):
            raise TaskEnded

    def start(task: Callable[..., None], *arguments: Any) -> None:
        def run() -> None:
            try:
                task(*arguments)
            except TaskEnded:
                ended.append(True)

        spawn(run)

    ended: list[bool] = []
    outbox = Outbox(lambda: clients, start, pause)
    for text in ("1", "2"):
        outbox.broadcast(tuple(clients), packet(text))
    wait_until(lambda: all(client.texts == ["1", "2"] for client in clients.values()) and len(ended) == 3)
    outbox.broadcast(tuple(clients), packet("3"))
    wait_until(lambda: all(client.texts == ["1", "2", "3"] for client in clients.values()))


def test_the_broadcaster_delivers_if_no_thread_can_be_started() -> None:
    clients = {"a": RecordingClient()}
    outbox = Outbox(lambda: clients, no_thread_left, time.sleep)
    for text in ("1", "2"):
        outbox.broadcast(("a",), packet(text))
    outbox.send("a", packet("3"))
    assert clients["a"].texts == ["1", "2", "3"]


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """The interpreter switches between threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_many_threads_send_at_once(monkeypatch: pytest.MonkeyPatch, frequent_switches: None) -> None:
    """Each client receives each packet once, and those of each sender in order."""
    monkeypatch.setattr(outbox_module, "CHUNK", 3)
    clients = {str(number): RecordingClient() for number in range(10)}
    everybody, half = tuple(clients), tuple(clients)[::2]
    outbox = outbox_of(clients)
    rounds, senders = 300, 6

    def talk(sender: int) -> None:
        for number in range(rounds):
            # In turn: to all, to half of them, to one.
            text = f"{sender} {number}"
            if number % 3 == 0:
                outbox.broadcast(everybody, packet(text))
            elif number % 3 == 1:
                outbox.broadcast(half, packet(text))
            else:
                outbox.send(str(sender), packet(text))

    with ThreadPoolExecutor(senders) as pool:
        list(pool.map(talk, range(senders)))
    for name, client in clients.items():
        for sender in range(senders):
            is_recipient = (True, name in half, name == str(sender))
            expected = [f"{sender} {number}" for number in range(rounds) if is_recipient[number % 3]]

            def received(client: RecordingClient = client, sender: int = sender) -> list[str]:
                return [text for text in client.texts if text.startswith(f"{sender} ")]

            wait_until(lambda received=received, expected=expected: len(received()) >= len(expected))
            assert received() == expected, (name, sender)


def test_a_client_whose_state_cannot_be_read_does_not_end_delivery(caplog: pytest.LogCaptureFixture) -> None:
    class Unreadable(RecordingClient):
        def send_function(self) -> None:
            raise LookupError("half gone")

    clients: dict[str, Any] = {str(number): RecordingClient() for number in range(MANY)}
    outbox = outbox_of(clients | {"0": Unreadable()})
    outbox.broadcast(tuple(clients), packet("1"))
    outbox.broadcast(tuple(clients)[1:], packet("2"))
    outbox.broadcast(tuple(clients)[1:], packet("3"))
    wait_until(lambda: clients["1"].texts[-1:] == ["3"])
    assert clients["1"].texts == ["1", "2", "3"]
