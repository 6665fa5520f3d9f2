"""The one way out: order, bounds, and trouble, with clients that only take notes."""

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
from teamcal.realtime.direct_write import Letter
from teamcal.realtime.outbox import BYTES, CHUNK, PACKETS, WAITING, Outbox

SECONDS = 20.0


class Notes:
    """A client that keeps what it is sent: `letters` as they came, `read` text by text."""

    def __init__(self) -> None:
        self.letters: list[list[str]] = []

    def ready(self) -> None:
        return None

    def deliver(self, letter: Letter, sent: int = 0) -> None:
        assert not sent
        self.letters.append([packet.data for packet in letter.packets])

    @property
    def read(self) -> list[str]:
        return [text for letter in self.letters for text in letter]


class Held(Notes):
    """One whose first letter takes until `go` is set; `reached` is set when it has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go = threading.Event(), threading.Event()

    def deliver(self, letter: Letter, sent: int = 0) -> None:
        self.reached.set()
        assert self.go.wait(SECONDS)
        super().deliver(letter, sent)


class Broken(Notes):
    def deliver(self, letter: Letter, sent: int = 0) -> None:
        raise OSError("a client's own trouble")


def spawn(task: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=task, args=arguments, daemon=True).start()


def made(clients: dict[str, Any]) -> Outbox:
    return Outbox(lambda: clients, spawn, time.sleep)


def packet(text: str) -> Packet:
    return Packet(MESSAGE, text)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def busy() -> Iterator[tuple[Outbox, dict[str, Any], Held]]:
    """An outbox in the middle of a first broadcast, "0", to "held" and "a": "a" hasn't got it yet."""
    clients: dict[str, Any] = {"held": Held(), "a": Notes(), "b": Notes(), "c": Notes()}
    outbox = made(clients)
    outbox.broadcast(("held", "a"), packet("0"))
    held = clients["held"]
    assert held.reached.wait(SECONDS)
    yield outbox, clients, held
    held.go.set()


def test_what_is_sent_to_one_waits_for_the_broadcasts_before_it(busy: Any) -> None:
    outbox, clients, held = busy
    outbox.send("a", packet("1"))
    outbox.broadcast(("a", "b"), packet("2"))
    outbox.send("a", packet("3"))
    outbox.send("b", packet("4"))
    assert clients["a"].read == clients["b"].read == []
    held.go.set()
    until(lambda: clients["a"].read == ["0", "1", "2", "3"] and clients["b"].read == ["2", "4"])


def test_when_nothing_is_on_its_way_one_client_is_sent_to_at_once() -> None:
    clients = {"a": Notes()}
    outbox = made(clients)
    outbox.send("a", packet("1"))
    assert clients["a"].read == ["1"]


def test_who_comes_later_gets_nothing_of_what_went_before(busy: Any) -> None:
    outbox, clients, held = busy
    outbox.broadcast(("a",), packet("before"))
    clients["late"] = Notes()
    outbox.send("late", packet("the answer to its join"))
    outbox.broadcast(("a", "late"), packet("after"))
    held.go.set()
    until(lambda: clients["a"].read == ["0", "before", "after"])
    until(lambda: clients["late"].read == ["the answer to its join", "after"])


def test_who_has_gone_is_passed_over(busy: Any) -> None:
    outbox, clients, held = busy
    outbox.broadcast(("b", "a"), packet("1"))
    gone = clients.pop("b")
    held.go.set()
    until(lambda: clients["a"].read == ["0", "1"])
    assert gone.read == []


def test_clients_are_looked_up_when_it_is_their_turn() -> None:
    """Engine.IO takes a new dict when it disconnects all."""
    clients: dict[str, Any] = {}
    outbox = Outbox(lambda: clients, spawn, time.sleep)
    clients = {"a": Notes()}
    outbox.send("a", packet("1"))
    outbox.broadcast(("a",), packet("2"))
    until(lambda: clients["a"].read == ["1", "2"])


def test_what_comes_together_leaves_together_up_to_64_packets(busy: Any) -> None:
    outbox, clients, held = busy
    texts = [str(number) for number in range(2 * PACKETS + 3)]
    for text in texts:
        outbox.broadcast(("a", "b"), packet(text))
    held.go.set()
    until(lambda: clients["b"].read == texts)
    assert [len(letter) for letter in clients["b"].letters] == [PACKETS, PACKETS, 3]


def test_what_comes_together_leaves_together_up_to_64_kb(busy: Any) -> None:
    outbox, clients, held = busy
    big, small = "x" * (BYTES - 10), "y" * 5
    texts = [small, big, small, "z" * 3 * BYTES, small, small]
    for text in texts:
        outbox.broadcast(("b",), packet(text))
    held.go.set()
    until(lambda: clients["b"].read == texts)
    # With its type each packet is one character longer.
    assert [len(letter) for letter in clients["b"].letters] == [2, 1, 1, 2]


def test_only_the_same_recipients_get_one_letter(busy: Any) -> None:
    outbox, clients, held = busy
    for recipients, text in ((("b",), "1"), (("b", "c"), "2"), (("b",), "3"), (("b",), "4")):
        outbox.broadcast(recipients, packet(text))
    held.go.set()
    until(lambda: clients["b"].letters == [["1"], ["2"], ["3", "4"]] and clients["c"].read == ["2"])


def test_what_is_under_way_takes_no_more(busy: Any) -> None:
    outbox, clients, held = busy
    outbox.broadcast(("held", "a"), packet("1"))
    held.go.set()
    until(lambda: held.letters == clients["a"].letters == [["0"], ["1"]])


def test_a_broadcast_to_nobody_is_none(busy: Any) -> None:
    outbox, clients, held = busy
    outbox.broadcast((), packet("nobody"))
    outbox.broadcast(("a",), packet("1"))
    held.go.set()
    until(lambda: clients["a"].read == ["0", "1"])


def test_one_clients_trouble_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    clients: dict[str, Any] = {"a": Notes(), "broken": Broken(), "b": Notes()}
    outbox = made(clients)
    with caplog.at_level(logging.ERROR, "teamcal.outbox"):
        for number in range(3):
            outbox.broadcast(("a", "broken", "b"), packet(str(number)))
            outbox.send("broken", packet("x"))
        until(lambda: clients["a"].read == clients["b"].read == ["0", "1", "2"])
        outbox.send("a", packet("3"))
        until(lambda: clients["a"].read == ["0", "1", "2", "3"])
    assert "a message couldn't be sent" in caplog.messages


def test_who_has_too_much_to_say_waits(busy: Any) -> None:
    outbox, clients, held = busy
    said = []

    def talk() -> None:
        for number in range(WAITING + 200):
            outbox.broadcast(("a", "b"), packet(str(number)))
            said.append(number)

    speaker = threading.Thread(target=talk)
    speaker.start()
    until(lambda: len(said) == WAITING)
    time.sleep(0.1)
    assert len(said) == WAITING
    # Others aren't kept from a word to one client.
    outbox.send("c", packet("an answer"))
    held.go.set()
    speaker.join(SECONDS)
    until(lambda: clients["b"].read == [str(number) for number in range(WAITING + 200)])
    assert clients["c"].read == ["an answer"]


def test_others_get_their_turn_between_chunks() -> None:
    clients = {str(number): Notes() for number in range(2 * CHUNK + 1)}
    reached: list[int] = []
    outbox = Outbox(lambda: clients, spawn, lambda seconds: reached.append(sum(map(len, letters()))))

    def letters() -> list[list[str]]:
        return [client.read for client in clients.values()]

    outbox.broadcast(tuple(clients), packet("1"))
    until(lambda: len(reached) == 3)
    assert reached == [CHUNK, 2 * CHUNK, 2 * CHUNK + 1]


class Ended(BaseException):
    """As GreenletExit is thrown into a greenlet."""


def test_a_deliverer_that_is_ended_loses_nothing() -> None:
    clients = {str(number): Notes() for number in range(3 * CHUNK)}
    pauses = 0

    def pause(seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses in (1, 2, 5):
            raise Ended

    def start(task: Callable[..., None], *arguments: Any) -> None:
        def run() -> None:
            try:
                task(*arguments)
            except Ended:
                ended.append(True)

        spawn(run)

    ended: list[bool] = []
    outbox = Outbox(lambda: clients, start, pause)
    for text in ("1", "2"):
        outbox.broadcast(tuple(clients), packet(text))
    until(lambda: all(client.read == ["1", "2"] for client in clients.values()) and len(ended) == 3)
    outbox.broadcast(tuple(clients), packet("3"))
    until(lambda: all(client.read == ["1", "2", "3"] for client in clients.values()))


def test_without_another_thread_whoever_speaks_delivers() -> None:
    def none_left(task: Callable[..., None], *arguments: Any) -> None:
        raise RuntimeError("can't start new thread")

    clients = {"a": Notes()}
    outbox = Outbox(lambda: clients, none_left, time.sleep)
    for text in ("1", "2"):
        outbox.broadcast(("a",), packet(text))
    outbox.send("a", packet("3"))
    assert clients["a"].read == ["1", "2", "3"]


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads are interrupted as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_many_threads_at_once(monkeypatch: pytest.MonkeyPatch, restless: None) -> None:
    """Nothing is lost or doubled, and each keeps its order."""
    monkeypatch.setattr(outbox_module, "CHUNK", 3)
    clients = {str(number): Notes() for number in range(10)}
    everybody, half = tuple(clients), tuple(clients)[::2]
    outbox = made(clients)
    rounds, speakers = 300, 6

    def talk(speaker: int) -> None:
        for number in range(rounds):
            # By thirds: to all, to half of them, to one alone.
            text = f"{speaker} {number}"
            if number % 3 == 0:
                outbox.broadcast(everybody, packet(text))
            elif number % 3 == 1:
                outbox.broadcast(half, packet(text))
            else:
                outbox.send(str(speaker), packet(text))

    with ThreadPoolExecutor(speakers) as pool:
        list(pool.map(talk, range(speakers)))
    for name, client in clients.items():
        for speaker in range(speakers):
            heard = (True, name in half, name == str(speaker))
            due = [f"{speaker} {number}" for number in range(rounds) if heard[number % 3]]

            def got(client: Notes = client, speaker: int = speaker) -> list[str]:
                return [text for text in client.read if text.startswith(f"{speaker} ")]

            until(lambda got=got, due=due: len(got()) >= len(due))
            assert got() == due, (name, speaker)
