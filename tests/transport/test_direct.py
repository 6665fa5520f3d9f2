"""Frames written directly: whole, one after the other, and never by waiting for a client."""

import json
import logging
import queue
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import socketio
import trustme
import websocket
from engineio.packet import MESSAGE, NOOP, PING, Packet

from teamcal import transport, wire
from teamcal.wire import DirectWire, GreenWire, Letter, Session, direct_wire_of, frame_of
from tests.house import House
from tests.servers import Worker, command_of, free_port, running

from .raw import RawWebsocket, rest


def decoded(data: bytes) -> list[tuple[int, bytes]]:
    """(first byte, payload) of each frame, by RFC 6455 section 5.2."""
    frames, at = [], 0
    while at < len(data):
        size, header = data[at + 1], 2
        if size >= 126:
            header = 4 if size == 126 else 10
            size = int.from_bytes(data[at + 2 : at + header], "big")
        frames.append((data[at], data[at + header : at + header + size]))
        at += header + size
    return frames


@pytest.mark.parametrize("size", [0, 1, 124, 125, 65_534, 65_535, 200_000])
def test_frames(size: int) -> None:
    text, korean, binary = "x" * size, "한" * size, b"\x00\xff" * size
    letter = Letter([Packet(MESSAGE, text), Packet(MESSAGE, korean), Packet(MESSAGE, binary), Packet(PING)])
    assert decoded(letter.frame) == [
        (0x81, b"4" + text.encode()), (0x81, b"4" + korean.encode()), (0x82, binary), (0x81, b"2"),
    ]  # fmt: skip
    assert letter.frame == b"".join(frame_of(packet) for packet in letter.packets)


@pytest.fixture(params=[DirectWire, GreenWire])
def pair(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A wire with a small buffer, its lock, and the other side's socket."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    lock = threading.Lock()

    def spawn(task: Any, *arguments: Any) -> None:
        threading.Thread(target=task, args=arguments, daemon=True).start()

    yield SimpleNamespace(
        wire=request.param(ours, lock, ours.sendall, spawn), ours=ours, theirs=theirs, lock=lock
    )
    ours.close()
    theirs.close()


def read(sock: socket.socket, size: int) -> bytes:
    sock.settimeout(5)
    found = b""
    while len(found) < size:
        found += sock.recv(min(100_000, size - len(found)))
    return found


def test_half_a_frame_is_followed_by_its_other_half(pair: Any) -> None:
    big, small = frame_of(Packet(MESSAGE, "x" * 300_000)), frame_of(Packet(MESSAGE, "small"))
    assert pair.wire.write(small)
    assert pair.wire.write(big)  # its first part, and the rest as the other side reads
    assert not pair.wire.write(small)  # else it would stand amid the big one
    assert read(pair.theirs, len(small) + len(big)) == small + big
    assert pair.lock.acquire(timeout=5)
    pair.lock.release()
    assert pair.wire.write(small)
    assert read(pair.theirs, len(small)) == small


def test_a_full_buffer_takes_nothing(pair: Any) -> None:
    frame = frame_of(Packet(MESSAGE, "x" * 100))
    pair.ours.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            pair.ours.send(b"." * 64)
    pair.ours.setblocking(True)
    began = time.monotonic()
    assert not pair.wire.write(frame)
    assert time.monotonic() - began < 1
    assert not pair.lock.locked()


def test_nobody_is_interrupted_and_the_dead_take_nothing(pair: Any) -> None:
    frame = frame_of(Packet(MESSAGE, "x"))
    with pair.lock:
        assert not pair.wire.write(frame)
    pair.ours.close()
    assert not pair.wire.write(frame)
    assert not pair.lock.locked()


def test_what_looks_different_isnt_written_to() -> None:
    ours, theirs = socket.socketpair()
    whole = SimpleNamespace(ws=SimpleNamespace(sock=wire.WholeWrites(ours)))
    assert isinstance(direct_wire_of(whole, False, None), DirectWire)
    ours.settimeout(5)  # its send would wait, whatever the flag says
    assert direct_wire_of(whole, False, None) is None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with context.wrap_socket(theirs, server_hostname="x", do_handshake_on_connect=False) as secure:
        secret = SimpleNamespace(ws=SimpleNamespace(sock=wire.WholeWrites(secure)))
        assert direct_wire_of(secret, False, None) is None
    coat = SimpleNamespace(_sock=ours, cipher=None, sendall=None)  # as gevent's around a socket with TLS
    ours.settimeout(None)
    assert direct_wire_of(SimpleNamespace(socket=coat, _sendlock=None), True, None) is None
    assert direct_wire_of(object(), True, None) is None
    ours.close()


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


@pytest.mark.parametrize(
    ("name", "limit", "count"), [("MOST_BEHIND", 40, 41), ("MOST_BEHIND_SIZE", 1_000, 10)]
)
def test_who_falls_too_far_behind_is_disconnected(
    monkeypatch: pytest.MonkeyPatch, name: str, limit: int, count: int
) -> None:
    monkeypatch.setattr(wire, name, limit)
    session, wire_of_session = a_session()
    wire_of_session.open = False
    for number in range(count):
        assert not session.closed
        session.deliver(letter(f"{number:>100}"))
    assert session.closed
    assert session.server.ended == [("disconnect", "transport error")]
    session.deliver(letter("nobody reads it"))


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
        server = House().server()
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
    assert transport._is_known(House().server().socketio.server)


def test_a_member_that_stalls_misses_nothing_and_holds_nobody_up(servers: dict[Worker, Any]) -> None:
    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(stall, servers.values()))


def stall(server: Any) -> None:
    place = a_department(server.url)
    slow, quick = (join(server.url, place, buffer) for buffer in (4_096, None))
    began = time.monotonic()
    for _ in range(8):  # some megabytes, far more than the kernel holds for the slow one
        burst(server.url, place, 500)
    assert revisions_of(quick, 4_000) == list(range(1, 4_001))
    assert time.monotonic() - began < 60
    assert revisions_of(slow, 4_000) == list(range(1, 4_001))
    event = rest(server.url, "POST", f"/api/events/{place}", EVENT)["event"]
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
