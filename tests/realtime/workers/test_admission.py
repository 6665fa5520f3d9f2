"""A room full of members of every kind: quick, stalled, on polling, coming and going."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.realtime.raw_clients import RawPolling, RawWebsocket, rest
from tests.servers import Server, Worker

QUICK, SLOW, POLLING = 80, 6, 2
ROUNDS, CHANGES = 60, 10


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_each_member_gets_each_change_once_and_in_order(
    worker: Worker, servers: dict[Worker, Server]
) -> None:
    url = servers[worker].url
    place = rest(url, "POST", "/api/departments", {"name": f"한 방 {worker}"})["department"]["id"]
    quick = joined(place, [RawWebsocket(url) for _ in range(QUICK if worker != "gthread" else 20)])
    slow = joined(place, [RawWebsocket(url, receive_buffer=4_096) for _ in range(SLOW)])
    polling = [RawPolling(url).connect() for _ in range(POLLING)]
    for one in polling:
        one.post(f'42["join_department",{{"department_id":"{place}"}}]'.encode())
        assert one.poll()[0].startswith('42["joined_department"')
    restless = RawWebsocket(url).connect()
    last = ROUNDS * CHANGES
    with ThreadPoolExecutor(SLOW + POLLING) as pool:
        reading = [pool.submit(read_by_fits_and_starts, one, last) for one in (*slow, *polling)]
        for number in range(ROUNDS):
            change(url, place, CHANGES)
            for one in quick:
                heard = [revision_of(one.receive()) for _ in range(CHANGES)]
                assert heard == [number * CHANGES + at for at in range(1, CHANGES + 1)]
            verb = "join_department" if number % 2 == 0 else "leave_department"
            restless.send(f'42["{verb}",{{"department_id":"{place}"}}]')
            # Control frames of the protocol take the same wire.
            quick[number % len(quick)].socket.sendall(b"\x89\x84\x00\x00\x00\x00ping")
        for task in reading:
            task.result()
    for one in (*quick, *slow, restless):
        one.close()


def joined(place: str, members: list[RawWebsocket]) -> list[RawWebsocket]:
    for one in members:
        one.connect()
        one.receive()
        one.send(f'42["join_department",{{"department_id":"{place}"}}]')
        assert one.receive().startswith('42["joined_department"')
    return members


def change(url: str, place: str, count: int) -> None:
    event = {"event_date": "2024-01-20", "title": "가" * 100, "description": "x" * 8_000}
    operations = [{"op": "create", "event": event} for _ in range(count)]
    rest(url, "POST", f"/api/events/{place}/batch", {"operations": operations})


def revision_of(message: str) -> int:
    name, payload = json.loads(message[2:])
    assert name == "event_created"
    return int(payload["revision"])


def read_by_fits_and_starts(member: Any, last: int) -> None:
    chance, heard = random.Random(id(member)), 0
    while heard < last:
        for message in [member.receive()] if isinstance(member, RawWebsocket) else member.poll():
            if message not in ("2", "6"):
                assert revision_of(message) == heard + 1
                heard += 1
        if chance.random() < 0.05:
            time.sleep(chance.choice((0.01, 0.1, 0.5)))
