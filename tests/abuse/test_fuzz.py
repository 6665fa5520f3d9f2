"""Socket messages that nobody would send: the server answers, logs no stack trace, and doesn't grow.

The long form sends 50,000: `pytest -m slow -s tests/abuse/test_fuzz.py` prints the memory at each step.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.abuse.scene import Memory
from tests.realtime.raw_clients import RawWebsocket, frame
from tests.servers import Server, Worker, running

SHORT = 3_000
STEPS = (10_000, 30_000, 50_000)
"""Of the long form: messages after which memory is looked at."""
WARM_UP, GROWTH = 20, 4
"""MB at most, at rest, from the first step to the second, and from there on. Under eventlet the first 20,000
messages still fill what is bounded; then memory stays where it is."""
REST_SECONDS = 5.0
BOUND = {"eventlet": 200, "gevent": 512}
"""MB of resident memory at most, however many messages came. Under gevent it goes up and down between 130 and
320 MB: what a message was is freed later there."""
OPCODES = [1] * 50 + [2]
"""Of websocket frames: text, and binary, which end a connection."""
SHORT_WIDTHS, LONG_WIDTHS = (0, 1, 3, 250), (*[0, 1, 3] * 8, 250)
"""Of lists. Nearly all time goes into making the widest ones, of half a megabyte and more, so that they are
rarer in the long form."""
EVENTS = (
    "join_department",
    "leave_department",
    "sync_request",
    "authenticate",
    "connect",
    "disconnect",
    "x",
    "",
)
FIELDS = ("department_id", "departments", "cursor", "token", "name", "_placeholder", "num", "", "가")
PROTOCOL = (
    "", "0", "0{}", "1", "2", "2probe", "3", "4", "40", "40/x,", "41", "41/x,", "42", "43", "44", "45",
    "451-", "46", "5", "6", "7", "9", "b", "bAAAA", "4" * 500, "42[", '42["', "42[]", "42{}", '42["x"', "40{",
    "٣", '4299999999999999999999["x"]', '451-["x",{"_placeholder":true,"num":0}]', '4599999-["x"]', "42٣[]",
    '42/x,["join_department",{}]', '430["x"]', "\x1e", '40{"token":7}',
)  # fmt: skip
"""Packets of Socket.IO and Engine.IO; many of them end a connection, so they are rare."""


class Fuzz:
    def __init__(self, seed: int, departments: list[str], widths: tuple[int, ...] = SHORT_WIDTHS) -> None:
        self.random = random.Random(seed)
        self._widths = widths
        self._departments = departments
        self._kinds: list[Callable[[], bytes]] = [
            *[self._event] * 40, self._mutated, self._protocol, self._noise,
        ]  # fmt: skip

    def message(self) -> bytes:
        return self.random.choice(self._kinds)()

    def _event(self) -> bytes:
        choice = self.random.choice
        number = choice(["", "", "0", "7", str(self.random.getrandbits(62))])
        arguments = [choice(EVENTS), *(self._value(0) for _ in range(choice([0, 1, 1, 1, 1, 2, 5])))]
        # ASCII only: lone surrogates are escaped, as a client can write them.
        return f"42{number}{json.dumps(arguments)}".encode()

    def _value(self, depth: int) -> Any:
        choice = self.random.choice
        simple = [
            None, True, 0, -1, 1e308, float("nan"), 10**400, "", "x" * choice([1, 300, 20_000]), "\ud800",
            choice(self._departments), choice(self._departments).upper(), "tcs_" + "0" * 40, "가" * 50,
            "@access", "\x00", "@departments", "~pulse", "..", "NDFh", choice(self._departments) + "\n",
        ]  # fmt: skip
        if depth > 3 or choice([True, False]):
            return choice(simple)
        if choice([True, False]):
            return [self._value(depth + 1) for _ in range(choice(self._widths) if depth < 2 else 1)]
        return {choice(FIELDS): self._value(depth + 1) for _ in range(choice([1, 2, 3]))}

    def _mutated(self) -> bytes:
        content = bytearray(self._event())
        for _ in range(self.random.randint(1, 4)):
            place = self.random.randrange(len(content))
            content[place : place + self.random.choice([0, 1, 3])] = self.random.randbytes(
                self.random.choice([0, 1])
            )
            content = content or bytearray(b"4")
        return bytes(content)

    def _protocol(self) -> bytes:
        return self.random.choice(PROTOCOL).encode()

    def _noise(self) -> bytes:
        return self.random.randbytes(self.random.choice([0, 1, 20, 2_000]))


def send_all(server: Server, fuzz: Fuzz, count: int, headers: str) -> tuple[int, list[str]]:
    """Returns how many connections it took, and the answers that tell of a fault."""
    connections, faults = 0, []
    left = count
    while left > 0:
        client = RawWebsocket(server.url, headers=headers).connect()
        connections += 1
        with suppress(OSError, EOFError):
            for _ in range(min(20, left)):
                left -= 1
                client.socket.sendall(frame(fuzz.message(), opcode=fuzz.random.choice(OPCODES)))
            client.send('427["leave_department",{"department_id":"x"}]')
            while not (answer := client.receive()).startswith("437["):
                if "internal_error" in answer or "Traceback" in answer:
                    faults.append(answer)
        client.close()
    return connections, faults


@contextmanager
def fuzzed(folder: Path, worker: Worker, mode: str) -> Iterator[tuple[Server, list[str]]]:
    """Yields a server without limits of messages, and the ids of two departments in it that are open."""
    env = {
        "AUTH_MODE": mode, "ALLOWED_HOSTS": "test", "GUEST_NETWORKS": "127.0.0.0/8", "CORS_ORIGINS": "*",
        "SOCKET_MESSAGES_PER_SECOND": "100000", "SOCKET_MESSAGE_BURST": "1000000",
    }  # fmt: skip
    with running(worker, data_dir=folder, env={**env, "AUTH_MODE": "open"}) as server:
        departments = [made(server, f"부서 {number}") for number in range(2)]
    with running(worker, data_dir=folder, env=env, tables=False) as server:
        yield server, departments


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("worker", "mode"), [("eventlet", "open"), ("gevent", "token")])
def test_messages_that_nobody_would_send(tmp_path: Path, worker: Worker, mode: str) -> None:
    with fuzzed(tmp_path, worker, mode) as (server, departments):
        fuzz = Fuzz(11, departments)
        _, faults = send_all(server, fuzz, SHORT // 5, "")
        memory = Memory(server)
        before = memory.now()
        connections, more = send_all(server, fuzz, SHORT - SHORT // 5, "")
        memory.stop()
        print(f"{connections} connections, {before:.0f} → {memory.now():.0f} MB, peak {memory.peak:.0f} MB")
        assert faults + more == []
        assert memory.peak < BOUND[worker]
        must_work(server, departments[0])


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("mode", ["open", "token"])
@pytest.mark.parametrize("worker", ["eventlet", "gevent"])
def test_memory_stays_where_it_is(tmp_path: Path, worker: Worker, mode: str) -> None:
    with fuzzed(tmp_path, worker, mode) as (server, departments):
        fuzz = Fuzz(11, departments, LONG_WIDTHS)
        memory, sent, at_rest = Memory(server), 0, [resting(server)]
        for step in STEPS:
            connections, faults = send_all(server, fuzz, step - sent, "")
            assert faults == []
            sent = step
            at_rest.append(resting(server))
            print(f"{worker} {mode} {step}: {connections} connections, {at_rest[-1]:.1f} MB", flush=True)
        memory.stop()
        print(f"{worker} {mode}: {at_rest[0]:.1f} MB at the start, peak {memory.peak:.1f} MB")
        assert memory.peak < BOUND[worker]
        _, first, second, third = at_rest
        assert second < first + WARM_UP, at_rest
        assert third < second + GROWTH, at_rest
        must_work(server, departments[0])


def resting(server: Server) -> float:
    """Returns the least memory within some seconds in which nobody sends anything."""
    memory, least = Memory(server), float("inf")
    end = time.monotonic() + REST_SECONDS
    while time.monotonic() < end:
        least = min(least, memory.now())
        time.sleep(0.1)
    memory.stop()
    return least


def must_work(server: Server, department: str) -> None:
    """No stack trace was logged, and a member hears of a change."""
    log = server.log()
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:3000]
    colleague = RawWebsocket(server.url).connect()
    colleague.send(f'421["join_department",{{"department_id":"{department}"}}]')
    while not colleague.receive().startswith("431["):
        pass
    event = {"event_date": "2024-01-20", "title": "회의"}
    answer = requests.post(f"{server.url}/api/events/{department}", json=event, timeout=30)
    assert answer.status_code == 201, answer.text
    while "event_created" not in colleague.receive():
        pass
    colleague.close()


def made(server: Server, name: str) -> str:
    answer = requests.post(f"{server.url}/api/departments", json={"name": name}, timeout=30)
    return str(answer.json()["department"]["id"])
