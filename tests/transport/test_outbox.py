"""The outbox: one order for all that leaves, and one write for what comes together."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from engineio.packet import MESSAGE, Packet

from teamcal import outbox as room
from teamcal.outbox import Outbox
from teamcal.wire import Letter


class FakeClient:
    def __init__(self, trouble: bool = False) -> None:
        self.letters: list[list[str]] = []
        self.trouble = trouble

    def deliver(self, letter: Letter) -> None:
        if self.trouble:
            raise OSError("gone")
        self.letters.append([packet.data for packet in letter.packets])

    @property
    def got(self) -> list[str]:
        return [text for letter in self.letters for text in letter]


def packet(text: str) -> Packet:
    return Packet(MESSAGE, text)


class Stage:
    """An outbox whose background task runs when told to; `meanwhile` is what others do at its first pause."""

    def __init__(self, clients: dict[str, Any]) -> None:
        self.tasks: list[Callable[[], None]] = []
        self.meanwhile: list[Callable[[], None]] = []
        self.outbox = Outbox(clients, self.tasks.append, self._pause)

    def _pause(self, seconds: float) -> None:
        while self.meanwhile:
            self.meanwhile.pop(0)()

    def run(self) -> None:
        while self.tasks:
            self.tasks.pop(0)()


def test_what_is_sent_to_one_lines_up_behind_a_broadcast() -> None:
    clients = {str(number): FakeClient() for number in range(3 * room.CHUNK)}
    stage = Stage(clients)
    last = str(3 * room.CHUNK - 1)
    stage.outbox.broadcast(tuple(clients), packet("change 1"))
    stage.outbox.send("0", packet("answer before anything left"))
    stage.meanwhile = [
        lambda: stage.outbox.send(last, packet("answer amid the broadcast")),
        lambda: stage.outbox.broadcast(tuple(clients), packet("change 2")),
    ]
    stage.run()
    assert clients["0"].got == ["change 1", "answer before anything left", "change 2"]
    assert clients[last].got == ["change 1", "answer amid the broadcast", "change 2"]
    assert all(client.got[0] == "change 1" and client.got[-1] == "change 2" for client in clients.values())


def test_who_comes_later_gets_nothing_earlier_and_who_left_gets_no_more() -> None:
    early, late = FakeClient(), FakeClient()
    clients = {"early": early, "late": late}
    stage = Stage(clients)
    stage.outbox.broadcast(("early",), packet("1"))
    stage.outbox.broadcast(("early", "late"), packet("2"))
    del clients["early"]
    stage.run()
    assert late.got == ["2"]
    assert early.got == []


def test_idle_it_sends_at_once() -> None:
    client = FakeClient()
    stage = Stage({"a": client})
    stage.outbox.send("a", packet("at once"))
    stage.outbox.send("nobody", packet("gone"))
    stage.outbox.broadcast((), packet("to nobody"))
    assert client.got == ["at once"]
    assert not stage.tasks


@pytest.mark.parametrize(("text", "most"), [("x", room.PACKETS), ("x" * 3_000, room.BYTES // 3_001)])
def test_what_comes_together_leaves_in_one_write_within_bounds(text: str, most: int) -> None:
    client = FakeClient()
    stage = Stage({"a": client})
    for _ in range(150):
        stage.outbox.broadcast(("a",), packet(text))
    stage.run()
    sizes = [len(letter) for letter in client.letters]
    assert sum(sizes) == 150
    assert max(sizes) == most
    assert sizes[:-1] == [most] * (len(sizes) - 1)


def test_the_trouble_of_one_is_nobody_elses() -> None:
    clients = {"a": FakeClient(), "b": FakeClient(trouble=True), "c": FakeClient()}
    stage = Stage(clients)
    for number in "12":
        stage.outbox.broadcast(tuple(clients), packet(number))
        stage.run()
    assert clients["a"].got == clients["c"].got == ["1", "2"]


def test_who_says_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WAITING", 10)
    client = FakeClient()
    stage = Stage({"a": client})
    waited: list[int] = []
    pause = stage.outbox._pause

    def counted(seconds: float) -> object:
        if len(stage.outbox._waiting) and stage.tasks:
            waited.append(stage.outbox._packets)
            stage.run()
        return pause(seconds)

    stage.outbox._pause = counted
    for number in range(35):
        stage.outbox.broadcast(("a",), packet(str(number)))
    stage.run()
    assert waited == [10, 10, 10]
    assert client.got == [str(number) for number in range(35)]


def test_many_threads_lose_and_double_nothing_and_keep_their_order() -> None:
    clients = {str(number): FakeClient() for number in range(20)}
    outbox = Outbox(clients, lambda task: threading.Thread(target=task).start(), time.sleep)
    everybody, one = tuple(clients), "7"

    def work(name: int) -> None:
        for number in range(200):
            if number % 3:
                outbox.broadcast(everybody, packet(f"{name} {number}"))
            else:
                outbox.send(one, packet(f"{name} {number}"))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = 8 * 200
    until = time.monotonic() + 10
    while len(clients[one].got) < wanted and time.monotonic() < until:
        time.sleep(0.01)
    for client in clients.values():
        for name in range(8):
            seen = [int(text.split()[1]) for text in client.got if text.startswith(f"{name} ")]
            assert seen == [number for number in range(200) if number % 3 or client is clients[one]]
