"""A room with members of every kind: quick, stalling, on polling, joining and leaving."""

import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.realtime.raw_clients import RawPolling, RawWebsocket, rest
from tests.servers import Server, Worker

QUICK, SLOW, POLLING = 80, 6, 2
ROUNDS, CHANGES = 60, 10
PING = b"\x89\x84\x00\x00\x00\x00ping"
"""A ping frame of the websocket protocol, which the library answers by itself."""


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_each_member_receives_each_change_once_and_in_order(
    worker: Worker, servers: dict[Worker, Server]
) -> None:
    url = servers[worker].url
    department = rest(url, "POST", "/api/departments", {"name": f"한 방 {worker}"})["department"]["id"]
    quick = [joined(url, department) for _ in range(QUICK if worker != "gthread" else 20)]
    slow = [joined(url, department, receive_buffer=4_096) for _ in range(SLOW)]
    polling = [joined_polling(url, department) for _ in range(POLLING)]
    restless = RawWebsocket(url).connect()
    with ThreadPoolExecutor(SLOW + POLLING) as pool:
        irregular = [pool.submit(read_irregularly, member) for member in (*slow, *polling)]
        for number in range(ROUNDS):
            create_events(url, department)
            check_round(quick, number)
            verb = "join_department" if number % 2 == 0 else "leave_department"
            restless.send(f'42["{verb}",{{"department_id":"{department}"}}]')
            # The answers to pings are written to the same sockets.
            quick[number % len(quick)].socket.sendall(PING)
        for task in irregular:
            task.result()
    for member in (*quick, *slow, restless):
        member.close()


def joined(url: str, department: str, receive_buffer: int | None = None) -> RawWebsocket:
    member = RawWebsocket(url, receive_buffer=receive_buffer).connect()
    member.receive()
    member.send(f'42["join_department",{{"department_id":"{department}"}}]')
    assert member.receive().startswith('42["joined_department"')
    return member


def joined_polling(url: str, department: str) -> RawPolling:
    member = RawPolling(url).connect()
    member.post(f'42["join_department",{{"department_id":"{department}"}}]'.encode())
    assert member.poll()[0].startswith('42["joined_department"')
    return member


def create_events(url: str, department: str) -> None:
    event = {"event_date": "2024-01-20", "title": "가" * 100, "description": "x" * 8_000}
    operations = [{"op": "create", "event": event} for _ in range(CHANGES)]
    rest(url, "POST", f"/api/events/{department}/batch", {"operations": operations})


def check_round(members: Sequence[RawWebsocket], number: int) -> None:
    first = number * CHANGES + 1
    for member in members:
        received = [revision_of(member.receive()) for _ in range(CHANGES)]
        assert received == list(range(first, first + CHANGES))


def revision_of(message: str) -> int:
    name, payload = json.loads(message[2:])
    assert name == "event_created"
    return int(payload["revision"])


def read_irregularly(member: Any) -> None:
    """Reads all changes, with pauses at random."""
    chance, revision = random.Random(id(member)), 0
    while revision < ROUNDS * CHANGES:
        for message in [member.receive()] if isinstance(member, RawWebsocket) else member.poll():
            if message not in ("2", "6"):
                revision += 1
                assert revision_of(message) == revision
        if chance.random() < 0.05:
            time.sleep(chance.choice((0.01, 0.1, 0.5)))
