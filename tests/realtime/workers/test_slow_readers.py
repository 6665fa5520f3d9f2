"""A client that stops reading loses nothing if it resumes in time, and delays no other client."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.realtime.raw_clients import RawWebsocket, request, rest
from tests.realtime.workers.conftest import running_all
from tests.servers import ROOT, Server, Worker, command_of, free_port, running

LEAVES, SYNCS = 40, 150
"""Together no more than a client may send at once."""
STALL = 3.0
WITH_WEBSOCKETS: tuple[Worker, ...] = ("eventlet", "gevent", "gthread")


def test_a_reader_that_stalls_gets_everything_in_order(servers: dict[Worker, Server]) -> None:
    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(stall_and_resume, servers.values()))


def stall_and_resume(server: Server) -> None:
    department = rest(server.url, "POST", "/api/departments", {"name": "디자인팀"})["department"]["id"]
    for number in range(8):
        body = {"event_date": "2024-01-20", "title": str(number), "description": "x" * 1_500}
        rest(server.url, "POST", f"/api/events/{department}", body)
    slow = RawWebsocket(server.url, receive_buffer=4_096).connect()
    slow.receive()
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(send_requests, slow, department)
        watch_others(server, department, until=began + STALL)
        # Each request is answered by an event and its acknowledgement.
        for number in range(LEAVES + SYNCS):
            event, acknowledgement = slow.receive(), slow.receive()
            assert event.startswith('42["'), event[:80]
            assert acknowledgement.startswith(f"43{number}["), (number, acknowledgement[:80])
            assert json.loads(acknowledgement[len(f"43{number}") :])[0] == json.loads(event[2:])[1]
        asking.result()
    slow.close()


def send_requests(client: RawWebsocket, department: str) -> None:
    """The answers are 4 MB: small ones and bigger ones."""
    every = (LEAVES + SYNCS) // LEAVES
    for number in range(LEAVES + SYNCS):
        name = "leave_department" if number % every == 0 else "sync_request"
        client.send(f'42{number}["{name}",{{"department_id":"{department}"}}]')


def watch_others(server: Server, department: str, until: float) -> None:
    member = RawWebsocket(server.url).connect()
    member.receive()
    member.send(f'42["join_department",{{"department_id":"{department}"}}]')
    member.receive()
    while time.monotonic() < until:
        rest(server.url, "POST", f"/api/events/{department}", {"event_date": "2024-01-21", "title": "x"})
        answered = time.monotonic()
        assert member.receive().startswith('42["event_created"')
        assert time.monotonic() - answered < STALL
        time.sleep(0.2)
    member.close()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Worker, Server]]:
    """Servers that ping each second and disconnect a client that doesn't answer within a second."""
    folder = tmp_path_factory.mktemp("impatient")

    def start(worker: Worker) -> AbstractContextManager[Server]:
        port = free_port()
        command = [part.replace("app:app", "impatient_app:app") for part in command_of(worker, port)]
        env = {"PYTHONPATH": f"{Path(__file__).parents[1]}:{ROOT}"}
        return running(worker, data_dir=folder / worker, port=port, env=env, command=command)

    with running_all({worker: start(worker) for worker in WITH_WEBSOCKETS}) as started:
        yield started


def test_a_reader_that_never_resumes_is_dropped_and_forgotten(impatient: dict[Worker, Server]) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(drop_a_dead_reader, impatient.values()))


def drop_a_dead_reader(server: Server) -> None:
    department = rest(server.url, "POST", "/api/departments", {"name": "개발팀"})["department"]["id"]
    for number in range(8):
        body = {"event_date": "2024-01-20", "title": str(number), "description": "x" * 10_000}
        rest(server.url, "POST", f"/api/events/{department}", body)
    dead = RawWebsocket(server.url, receive_buffer=4_096).connect()
    for number in range(200):
        dead.send(f'42{number}["sync_request",{{"department_id":"{department}"}}]')
    deadline = time.monotonic() + 60
    while kept(server) != {"clients": 0, "websockets": 0, "packets": 0}:
        assert time.monotonic() < deadline, kept(server)
        time.sleep(0.1)
    # It was disconnected in the middle: what the server hadn't sent by then is lost.
    with pytest.raises((EOFError, OSError)):
        while not dead.receive().startswith("43199["):
            pass
    dead.close()


def kept(server: Server) -> dict[str, int]:
    answer: dict[str, int] = json.loads(request(server.url, "GET", "/kept")[2])
    return answer
