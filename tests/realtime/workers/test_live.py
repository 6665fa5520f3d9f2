"""What members see of direct writes: everything, once and in order, whatever their connection is."""

import json
import logging
import queue
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import socketio
import trustme
import websocket
from engineio.packet import MESSAGE, NOOP, Packet

from teamcal.realtime import server as transport
from teamcal.realtime.direct_write import Letter
from teamcal.realtime.engineio_socket import Session
from tests.house import House
from tests.realtime.raw_clients import RawWebsocket, rest
from tests.servers import Worker, command_of, free_port, running


class Server:
    """What a session needs of Engine.IO's server."""

    ping_interval, ping_timeout = 25, 20
    logger = logging.getLogger("test")
    reason = SimpleNamespace(TRANSPORT_ERROR="transport error", TRANSPORT_CLOSE="close", PING_TIMEOUT="ping")

    def __init__(self) -> None:
        self.create_queue, self._empty = queue.Queue, queue.Empty
        self.ended: list[Any] = []

    def get_queue_empty_exception(self) -> Any:
        return self._empty

    def _trigger_event(self, name: str, sid: str, *more: Any, **options: Any) -> None:
        self.ended.append((name, *more))


class Wire:
    def __init__(self) -> None:
        self.open, self.frames = True, b""

    def write(self, frame: bytes) -> bool:
        self.frames += frame if self.open else b""
        return self.open


def a_session() -> tuple[Any, Wire]:
    session: Any = Session(Server(), "a")
    session._direct, session.upgraded = Wire(), True
    return session, session._direct


def letter(*texts: str) -> Letter:
    return Letter([Packet(MESSAGE, text) for text in texts])


def test_nothing_overtakes_what_waits() -> None:
    session, wire_of_session = a_session()
    wire_of_session.open = False
    session.deliver(letter("1", "2"))
    wire_of_session.open = True
    session.deliver(letter("3"))  # though it could be written now
    assert wire_of_session.frames == b""
    assert [packet.data for packet in session.poll()] == ["1", "2", "3"]
    session.deliver(letter("4"))  # the three are in the hands of the writer, perhaps not written yet
    assert wire_of_session.frames == b""
    assert [packet.data for packet in session.poll()] == ["4"]
    session.queue.put(None)
    assert session.poll() == []  # all written: the writer asked again
    session.deliver(letter("5"))
    assert wire_of_session.frames == letter("5").frame


def test_while_it_upgrades_the_queue_takes_all() -> None:
    session, wire_of_session = a_session()
    session.upgraded = False
    session.deliver(letter("1"))
    session.send(Packet(NOOP))  # Engine.IO's own, which isn't counted
    assert [packet.packet_type for packet in session.poll()] == [MESSAGE, NOOP]
    session.upgraded = True
    session.deliver(letter("2"))
    assert wire_of_session.frames == b""
    assert [packet.data for packet in session.poll()] == ["2"]


def test_a_writer_that_isnt_needed_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "ping_interval", 0.05)
    monkeypatch.setattr(Server, "ping_timeout", 0.05)
    session, _ = a_session()
    found: list[Any] = []
    writer = threading.Thread(target=lambda: found.append(session.poll()), daemon=True)
    writer.start()
    time.sleep(0.5)  # inherited, it would have given up after 0.1 s and closed the websocket
    assert writer.is_alive()
    session.queue.put(Packet(MESSAGE, "after all"))
    writer.join(5)
    assert [packet.data for packet in found[0]] == ["after all"]


def test_libraries_that_look_different_take_their_own_way(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def other_shape(self: Any, sid: str, namespace: str, room: Any, eio_sid: Any = None) -> None:
        self.rooms = {(namespace, room): [(sid, eio_sid)]}

    with monkeypatch.context() as patch:
        patch.setattr(socketio.Manager, "basic_enter_room", other_shape)
        server = House().server(direct_broadcast=True)
    assert "this version of them isn't known" in caplog.text
    assert getattr(server.socketio.server.eio, "outbox", None) is None
    department = server.department()
    member = server.member(department)
    server.event(department)
    assert [name for name, _ in member.heard()] == ["event_created"]


def test_switched_off_the_libraries_way_is_taken(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path, env={"DIRECT_BROADCAST": "off"}) as server:
        place = a_department(server.url)
        member = join(server.url, place)
        burst(server.url, place, 100)
        assert revisions_of(member, 100) == list(range(1, 101))
        member.close()


def test_the_known_libraries_are_known() -> None:
    assert transport._is_known(House().server(direct_broadcast=True).socketio.server)


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_a_member_that_stalls_misses_nothing_and_holds_nobody_up(
    servers: dict[Worker, Any], worker: Worker
) -> None:
    url = servers[worker].url
    place = a_department(url)
    slow, quick = (join(url, place, buffer) for buffer in (4_096, None))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(revisions_of, quick, 2_000)
        for _ in range(4):  # megabytes, more than the kernel holds for the slow one
            burst(url, place, 500)
        assert reading.result() == list(range(1, 2_001))
    assert revisions_of(slow, 2_000) == list(range(1, 2_001))
    event = rest(url, "POST", f"/api/events/{place}", EVENT)["event"]
    assert [revisions_of(one, 1) for one in (slow, quick)] == [[event["revision"]]] * 2
    slow.close()
    quick.close()


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_with_tls_in_the_process_it_is_the_queue(tmp_path: Path, worker: Worker) -> None:
    authority = trustme.CA()
    files = [tmp_path / "ca.pem", tmp_path / "server.pem"]
    authority.cert_pem.write_to_path(str(files[0]))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(files[1]))
    port = free_port()
    command = [*command_of(worker, port), f"--certfile={files[1]}", f"--keyfile={files[1]}"]
    with running(worker, data_dir=tmp_path, port=port, command=command, ready=False) as server:
        url = server.url.replace("http:", "https:")
        session = requests.Session()
        session.verify, session.trust_env = str(files[0]), False
        until = time.monotonic() + 30
        while True:
            try:
                made = session.post(f"{url}/api/departments", json={"name": "팀"}, timeout=10)
                break
            except requests.ConnectionError:
                assert time.monotonic() < until
                time.sleep(0.1)
        place = made.json()["department"]["id"]
        member: Any = websocket.create_connection(
            f"{url.replace('https:', 'wss:')}/socket.io/?EIO=4&transport=websocket",
            sslopt={"ca_certs": str(files[0])}, timeout=10,
        )  # fmt: skip
        member.send("40")
        member.send(f'42["join_department",{{"department_id":"{place}"}}]')
        operations = [{"op": "create", "event": EVENT}] * 200
        while "joined_department" not in member.recv():
            pass
        assert session.post(f"{url}/api/events/{place}/batch", json={"operations": operations}).ok
        assert [json.loads(member.recv()[2:])[1]["revision"] for _ in range(200)] == list(range(1, 201))
        member.close()
        session.close()  # or the server's end waits for it


EVENT = {"event_date": "2024-01-21", "title": "x", "description": "가" * 300}


def a_department(url: str) -> str:
    return str(rest(url, "POST", "/api/departments", {"name": f"팀 {uuid.uuid4()}"})["department"]["id"])


def join(url: str, place: str, buffer: int | None = None) -> RawWebsocket:
    member = RawWebsocket(url, receive_buffer=buffer).connect()
    member.send(f'42["join_department",{{"department_id":"{place}"}}]')
    while "joined_department" not in member.receive():
        pass
    return member


def burst(url: str, place: str, changes: int) -> None:
    operations = [{"op": "create", "event": EVENT}] * changes
    rest(url, "POST", f"/api/events/{place}/batch", {"operations": operations})


def revisions_of(member: RawWebsocket, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        message = member.receive()
        if message.startswith('42["event_created"'):
            found.append(json.loads(message[2:])[1]["revision"])
    return found
