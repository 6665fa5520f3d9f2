"""What members receive under each worker: everything, once and in order, whatever their connection."""

import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
import websocket

from tests.realtime.raw_clients import RawWebsocket, rest
from tests.servers import Worker, command_of, free_port, running

EVENT = {"event_date": "2024-01-21", "title": "x", "description": "가" * 300}


def new_department(url: str) -> str:
    return str(rest(url, "POST", "/api/departments", {"name": f"팀 {uuid.uuid4()}"})["department"]["id"])


def member_of(url: str, department: str, receive_buffer: int | None = None) -> RawWebsocket:
    member = RawWebsocket(url, receive_buffer=receive_buffer).connect()
    member.send(f'42["join_department",{{"department_id":"{department}"}}]')
    while "joined_department" not in member.receive():
        pass
    return member


def batch_of(changes: int) -> dict[str, Any]:
    return {"operations": [{"op": "create", "event": EVENT}] * changes}


def create_events(url: str, department: str, count: int) -> None:
    rest(url, "POST", f"/api/events/{department}/batch", batch_of(count))


def receive_revisions(member: RawWebsocket, count: int) -> list[int]:
    revisions: list[int] = []
    while len(revisions) < count:
        message = member.receive()
        if message.startswith('42["event_created"'):
            revisions.append(json.loads(message[2:])[1]["revision"])
    return revisions


def test_with_direct_broadcast_off_changes_arrive_by_emit(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path, env={"DIRECT_BROADCAST": "off"}) as server:
        department = new_department(server.url)
        member = member_of(server.url, department)
        create_events(server.url, department, 100)
        assert receive_revisions(member, 100) == list(range(1, 101))
        member.close()


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_a_member_that_stalls_misses_nothing_and_delays_nobody(
    servers: dict[Worker, Any], worker: Worker
) -> None:
    url = servers[worker].url
    department = new_department(url)
    slow, quick = (member_of(url, department, buffer) for buffer in (4_096, None))
    with ThreadPoolExecutor(1) as pool:
        quick_revisions = pool.submit(receive_revisions, quick, 2_000)
        for _ in range(4):  # megabytes: more than the kernel's buffers hold for the slow member
            create_events(url, department, 500)
        assert quick_revisions.result() == list(range(1, 2_001))
    assert receive_revisions(slow, 2_000) == list(range(1, 2_001))
    event = rest(url, "POST", f"/api/events/{department}", EVENT)["event"]
    for member in (slow, quick):
        assert receive_revisions(member, 1) == [event["revision"]]
        member.close()


# TLS in the server process: everything goes through Engine.IO's queue


@contextmanager
def tls_server(worker: Worker, folder: Path) -> Iterator[tuple[str, str, requests.Session]]:
    """The server's address, the file of its authority, and a session that trusts it."""
    authority = trustme.CA()
    authority_file, certificate_file = folder / "ca.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(str(authority_file))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate_file))
    port = free_port()
    files = [f"--certfile={certificate_file}", f"--keyfile={certificate_file}"]
    command = [*command_of(worker, port), *files]
    with (
        running(worker, data_dir=folder, port=port, command=command, ready=False) as server,
        requests.Session() as session,  # the server's end would wait for an open connection
    ):
        session.verify, session.trust_env = str(authority_file), False
        yield server.url.replace("http:", "https:"), str(authority_file), session


def create_department_when_ready(url: str, session: requests.Session) -> str:
    deadline = time.monotonic() + 90
    while True:
        try:
            answer = session.post(f"{url}/api/departments", json={"name": "팀"}, timeout=60)
            return str(answer.json()["department"]["id"])
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_with_tls_in_the_process_members_receive_every_change(tmp_path: Path, worker: Worker) -> None:
    with tls_server(worker, tmp_path) as (url, authority_file, session):
        department = create_department_when_ready(url, session)
        address = f"{url.replace('https:', 'wss:')}/socket.io/?EIO=4&transport=websocket"
        member: Any = websocket.create_connection(address, sslopt={"ca_certs": authority_file}, timeout=60)
        member.send("40")
        member.send(f'42["join_department",{{"department_id":"{department}"}}]')
        while "joined_department" not in member.recv():
            pass
        assert session.post(f"{url}/api/events/{department}/batch", json=batch_of(200)).ok
        revisions = [json.loads(member.recv()[2:])[1]["revision"] for _ in range(200)]
        assert revisions == list(range(1, 201))
        member.close()
