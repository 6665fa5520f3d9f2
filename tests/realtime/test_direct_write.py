"""Frames written straight to sockets, and what a session does when that isn't possible."""

import logging
import random
import socket
import ssl
import sys
import threading
import time
from collections import Counter, UserDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import engineio
import engineio.base_server
import pytest
from engineio.packet import MESSAGE, Packet
from socketio.base_manager import BaseManager
from werkzeug.serving import make_server
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage

from teamcal.realtime import server as transport
from teamcal.realtime.direct_write import DirectWire, GreenWire, Letter, WholeWrites, direct_wire_of, frame_of
from teamcal.realtime.engineio_socket import MOST_BEHIND, MOST_BEHIND_SIZE, Session
from teamcal.realtime.outbox import Outbox
from tests.house import House, Server
from tests.realtime.raw_clients import RawPolling, RawWebsocket, rest

SECONDS = 20.0


class Decoder:
    """wsproto's: the messages of a stream, in order. Raises at what is no frame of a server."""

    def __init__(self) -> None:
        self._connection = Connection(ConnectionType.CLIENT)
        self._parts: list[Any] = []

    def messages(self, data: bytes) -> Iterator[Any]:
        self._connection.receive_data(data)
        for event in self._connection.events():
            assert isinstance(event, TextMessage | BytesMessage), event
            self._parts.append(event.data)
            if event.message_finished:
                yield type(event.data)().join(self._parts)
                self._parts = []


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("filling", [b"\x00\xff", "x", "일정"])
def test_frames_are_what_others_read(size: int, filling: Any) -> None:
    data = (filling * size)[:size]
    if isinstance(data, str):
        # The type of the packet is the first character; a Korean one takes three bytes.
        data = data[: (size - 1) // len(filling[0].encode())] if size else ""
    packet = Packet(MESSAGE, data)
    (message,) = Decoder().messages(frame_of(packet))
    assert message == packet.encode()


def test_a_letter_is_its_packets_one_frame_after_the_other() -> None:
    packets = [Packet(MESSAGE, text) for text in ("하나", "x" * 70_000, "")]
    letter = Letter(packets)
    assert list(Decoder().messages(letter.frame)) == [packet.encode() for packet in packets]
    assert letter.frame is letter.frame
    assert letter.size == sum(len(packet.encode()) for packet in packets)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def spawn(task: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=task, args=arguments, daemon=True)
    thread.start()
    return thread


def everything(sock: socket.socket) -> bytes:
    sock.settimeout(SECONDS)
    return b"".join(iter(lambda: sock.recv(1 << 16), b""))


@pytest.fixture
def pair() -> Iterator[tuple[WholeWrites, socket.socket]]:
    """The server's end, which takes a few KB, and the client's."""
    server, client = socket.socketpair()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    whole = WholeWrites(server)
    yield whole, client
    whole.close()
    client.close()


@pytest.fixture(params=[DirectWire, GreenWire])
def wire(request: pytest.FixtureRequest, pair: tuple[WholeWrites, socket.socket]) -> DirectWire:
    whole, _ = pair
    made: DirectWire = request.param(whole.bare, whole.lock, whole.bare.sendall, spawn)
    return made


BIG = bytes(range(256)) * 1_000


def test_a_half_is_completed_before_anything_else(wire: DirectWire, pair: Any) -> None:
    whole, client = pair
    assert wire.write(BIG)
    assert whole.lock.locked()
    assert not wire.write(b"not this")
    writer = spawn(lambda: (whole.send(b"the writer's"), whole.close()))
    time.sleep(0.05)
    assert everything(client) == BIG + b"the writer's"
    writer.join(SECONDS)
    assert not whole.lock.locked()


def test_nothing_is_written_while_somebody_writes(wire: DirectWire, pair: Any) -> None:
    whole, client = pair
    with whole.lock:
        assert not wire.write(b"x")
    assert wire.write(b"y")
    whole.close()
    assert everything(client) == b"y"


def test_nothing_is_written_into_a_full_buffer(wire: DirectWire, pair: Any) -> None:
    whole, client = pair
    whole.bare.setblocking(False)
    filled = 0
    with pytest.raises(BlockingIOError):
        while True:
            filled += whole.bare.send(b"x" * 100)
    with pytest.raises(BlockingIOError):
        while True:
            filled += whole.bare.send(b"x")
    whole.bare.setblocking(True)
    assert not wire.write(b"y")
    assert not whole.lock.locked()
    assert client.recv(1 << 20, socket.MSG_WAITALL | socket.MSG_DONTWAIT) == b"x" * filled
    assert wire.write(b"y")


def test_a_closed_socket_takes_nothing(wire: DirectWire, pair: Any) -> None:
    whole, _ = pair
    whole.close()
    assert not wire.write(b"x")
    assert not whole.lock.locked()


def test_nothing_follows_a_half_that_cannot_be_completed(pair: Any) -> None:
    """eventlet's sockets have a time-out: a client that resumed later would find garbage."""
    whole, client = pair

    def sendall(rest: bytes) -> None:
        raise TimeoutError("timed out")

    assert DirectWire(whole.bare, whole.lock, sendall, spawn).write(BIG)
    until(lambda: not whole.lock.locked())
    with pytest.raises(OSError):
        whole.send(b"the next")
    read = everything(client)
    assert len(read) < len(BIG)
    assert BIG.startswith(read)


def test_without_a_thread_for_the_other_half_the_connection_ends(pair: Any) -> None:
    whole, client = pair

    def none_left(task: Callable[..., None], *arguments: Any) -> None:
        raise RuntimeError("can't start new thread")

    DirectWire(whole.bare, whole.lock, whole.bare.sendall, none_left).write(BIG)
    assert not whole.lock.locked()
    with pytest.raises(OSError):
        whole.send(b"the next")
    assert BIG.startswith(everything(client))


# What can be written to


def over(whole: WholeWrites) -> Any:
    """As simple-websocket's object over the server's end."""
    return SimpleNamespace(ws=SimpleNamespace(sock=whole))


def under(sock: Any) -> Any:
    return over(WholeWrites(sock))


def test_a_plain_socket_can_be_written_to(pair: Any) -> None:
    whole, _ = pair
    assert type(direct_wire_of(under(whole.bare), False, spawn, bool)) is DirectWire
    assert type(direct_wire_of(under(whole.bare), True, spawn, bool)) is GreenWire
    whole.bare.setblocking(False)
    assert type(direct_wire_of(under(whole.bare), True, spawn, bool)) is GreenWire


def test_eventlets_socket_can_be_written_to(pair: Any) -> None:
    whole, _ = pair
    whole.bare.setblocking(False)
    green = SimpleNamespace(fd=whole.bare, sendall=None)
    ws = SimpleNamespace(socket=green, _sendlock=threading.Lock())
    assert type(direct_wire_of(ws, True, spawn, bool)) is GreenWire


def test_what_isnt_plain_cannot(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, client = pair
    for ws in (
        object(),
        SimpleNamespace(ws=SimpleNamespace(sock=whole.bare)),
        SimpleNamespace(socket=whole.bare),
        under(object()),
        under(SimpleNamespace(_sock=whole.bare, sendall=None, cipher=None)),
        SimpleNamespace(socket=SimpleNamespace(fd=3, sendall=None), _sendlock=threading.Lock()),
    ):
        assert direct_wire_of(ws, False, spawn, bool) is None, ws
    whole.bare.settimeout(5)
    assert direct_wire_of(under(whole.bare), False, spawn, bool) is None
    whole.bare.settimeout(None)
    monkeypatch.delattr(socket, "MSG_DONTWAIT")
    assert direct_wire_of(under(whole.bare), False, spawn, bool) is None
    with ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(
        client.dup(), server_side=True, do_handshake_on_connect=False
    ) as secure:
        assert direct_wire_of(under(secure), False, spawn, bool) is None
        secure.setblocking(False)
        assert direct_wire_of(under(secure), True, spawn, bool) is None


# A session


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> engineio.Server:
    """One with an outbox, whose sessions are ours."""
    monkeypatch.setattr(engineio.socket, "Socket", Session)
    made = engineio.Server(
        async_mode="threading", ping_timeout=0.2, logger=transport.quiet_logger("teamcal.engineio")
    )
    made.outbox = Outbox(lambda: made.sockets, made.start_background_task, made.sleep)
    return made


def session_of(engine: engineio.Server, sid: str) -> Session:
    session = engine.sockets[sid] = Session(engine, sid)
    session.last_ping = None
    session.connected = True
    return session


def open_websocket(session: Session, whole: WholeWrites) -> threading.Thread:
    """As Engine.IO does; its writer."""

    def write() -> None:
        while packets := session.poll():
            for packet in packets:
                whole.send(frame_of(packet))
        whole.close()

    session._wire = whole
    session._direct = direct_wire_of(over(whole), False, spawn, bool)
    session.upgraded = True
    return spawn(write)


@pytest.mark.parametrize(
    ("text", "enough"), [("x", MOST_BEHIND), ("x" * 999_999, MOST_BEHIND_SIZE // 1_000_000)]
)
def test_who_doesnt_keep_up_is_disconnected(
    engine: engineio.Server, text: str, enough: int, caplog: pytest.LogCaptureFixture
) -> None:
    told = []
    engine.on("disconnect", lambda sid, reason: told.append((sid, reason)))
    slow, other = session_of(engine, "slow"), session_of(engine, "other")
    packet = Packet(MESSAGE, text)
    for _ in range(enough):
        slow.send(packet)
    assert not slow.closed
    engine.outbox.broadcast(("slow", "other"), packet)
    engine.outbox.broadcast(("other", "slow"), packet)
    until(lambda: slow.closed and other.queue.qsize() == 2)
    until(lambda: not engine.outbox._delivering)
    assert told == [("slow", engine.reason.TRANSPORT_ERROR)]
    assert not other.closed
    assert other.poll() == [packet, packet]
    # Once is enough, whatever is still on its way to it.
    assert sum("messages behind" in line for line in caplog.messages) == 1


def test_who_keeps_up_may_be_sent_any_amount(engine: engineio.Server) -> None:
    session = session_of(engine, "a")
    for _ in range(MOST_BEHIND // 10):
        for _ in range(16):
            session.send(Packet(MESSAGE, "x"))
        assert len(session.poll()) == 16
    assert not session.closed


def test_a_letter_that_cannot_be_sent_ends_the_session(engine: engineio.Server) -> None:
    """Without it, and with the next one, the client would never know that it missed something."""
    session = session_of(engine, "a")

    class Unsendable:
        packet_type = MESSAGE

        def encode(self) -> str:
            raise UnicodeError

    with pytest.raises(UnicodeError):
        session.deliver(Letter([Unsendable()]))
    assert session.closed


def test_a_ping_doesnt_wait_behind_what_others_are_sent(engine: engineio.Server) -> None:
    engine.outbox._delivering = True
    session = session_of(engine, "a")
    session.send(Packet(MESSAGE, "x"))
    assert session.queue.qsize() == 0
    session.send(Packet(engineio.packet.PING))
    assert [packet.packet_type for packet in session.poll()] == [engineio.packet.PING]


def test_what_is_missed_at_the_end_is_followed_by_nothing(engine: engineio.Server, pair: Any) -> None:
    """A client that got the next one would come back with its cursor, and never hear of what it missed."""
    whole, client = pair
    session = session_of(engine, "a")
    session._direct = direct_wire_of(over(whole), False, spawn, bool)
    session.upgraded = session.closed = True
    with whole.lock:
        session.deliver(Letter([Packet(MESSAGE, "1")]))
    session.deliver(Letter([Packet(MESSAGE, "2")]))
    whole.close()
    assert everything(client) == b""


@pytest.fixture
def connection() -> Iterator[tuple[WholeWrites, socket.socket]]:
    """The same as `pair` over TCP, whose buffer takes parts of frames where a pair's takes all or none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    whole = WholeWrites(server)
    yield whole, client
    whole.close()
    client.close()


def test_direct_and_queued_letters_keep_their_order(
    engine: engineio.Server, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that reads by fits and starts; every thread is interrupted wherever it can be."""
    whole, client = connection
    session = session_of(engine, "a")
    count = 2_000
    ways: Counter[str] = Counter()
    write, finish, queue = DirectWire.write, DirectWire._finish, Session.__base__.send

    def counted(name: str, method: Any) -> Any:
        def run(*arguments: Any) -> Any:
            result = method(*arguments)
            ways[name] += result is not False
            return result

        return run

    monkeypatch.setattr(DirectWire, "write", counted("direct", write))
    monkeypatch.setattr(DirectWire, "_finish", counted("half", finish))
    monkeypatch.setattr(Session.__base__, "send", counted("queue", queue))

    def read() -> None:
        decoder, chance = Decoder(), random.Random(4)
        client.settimeout(SECONDS)
        while len(got) < 3 * count and (data := client.recv(chance.choice((1_000, 5_000, 50_000)))):
            got.extend(decoder.messages(data))
            if chance.random() < 0.05:
                time.sleep(0.002)

    def broadcast(number: int) -> None:
        engine.outbox.broadcast(("a",), Packet(MESSAGE, f"b {number} " + "x" * (number * 37 % 9_000)))

    def send(number: int) -> None:
        session.send(Packet(MESSAGE, f"s {number}"))

    def ask(number: int) -> None:
        """A broadcast, then a word to the client: never the other way round."""
        if number % 2 == 0:
            engine.outbox.broadcast(("a",), Packet(MESSAGE, f"q {number}"))
        else:
            session.send(Packet(MESSAGE, f"q {number}"))

    def talk(say: Callable[[int], None]) -> None:
        for number in range(count):
            if number % 5 == 0:  # again and again the client gets up to date, and is written to directly
                until(lambda: not session._behind)
                together.wait(SECONDS)
            say(number)

    together = threading.Barrier(3)
    got: list[str] = []
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        writer = open_websocket(session, whole)
        threads = [spawn(read), *(spawn(talk, say) for say in (broadcast, send, ask))]
        for thread in threads:
            thread.join(3 * SECONDS)
            assert not thread.is_alive()
    finally:
        sys.setswitchinterval(before)
    for letter in "bsq":
        numbers = [int(text.split()[1]) for text in got if text[1] == letter]
        assert numbers == list(range(count)), letter
    assert min(ways["direct"], ways["half"], ways["queue"]) >= 20, ways
    session.close()
    writer.join(SECONDS)
    assert not writer.is_alive()


# The whole, in this process


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Its address, on Werkzeug's threads."""
    web = make_server("127.0.0.1", 0, server.app, threaded=True)
    thread = spawn(web.serve_forever)
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        server.socketio.server.eio.disconnect()
        web.shutdown()
        web.server_close()
        thread.join(SECONDS)


def converse(server: Server) -> None:
    """Members on both transports hear all, in order."""
    with serving(server) as url:
        department = server.department()
        websocket, polling = RawWebsocket(url).connect(), RawPolling(url).connect()
        websocket.receive()
        websocket.send(f'42["join_department",{{"department_id":"{department}"}}]')
        assert websocket.receive().startswith('42["joined_department"')
        polling.post(f'42["join_department",{{"department_id":"{department}"}}]'.encode())
        assert polling.poll()[0].startswith('42["joined_department"')
        for number in range(40):
            rest(
                url, "POST", f"/api/events/{department}", {"event_date": "2024-01-20", "title": f"{number}."}
            )
        heard = [websocket.receive() for _ in range(40)]
        assert all(f'"{number}."' in text for number, text in enumerate(heard))
        polled: list[str] = []
        while len(polled) < 40:
            polled += [text for text in polling.poll() if text != "2"]
        assert polled == heard
        websocket.close()


@pytest.mark.parametrize("direct", [True, False])
def test_on_and_off(direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    write = DirectWire.write
    monkeypatch.setattr(DirectWire, "write", lambda self, frame: written.append(frame) or write(self, frame))
    server = House().server(direct_broadcast=direct)
    converse(server)
    assert bool(written) is direct
    assert hasattr(server.socketio.server.eio, "outbox") is direct


def test_other_sessions_are_taken_for_unknown(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """The libraries' own way is taken, the log says so, and everything arrives."""
    inherited = engineio.base_server.BaseServer.__init__

    def init(self: Any, *arguments: Any, **options: Any) -> None:
        inherited(self, *arguments, **options)
        self.sockets = UserDict()

    monkeypatch.setattr(engineio.base_server.BaseServer, "__init__", init)
    with caplog.at_level(logging.WARNING, "teamcal.transport"):
        server = House().server(direct_broadcast=True)
    assert "broadcasts take the libraries' own way: this version of them isn't known" in caplog.messages
    assert not hasattr(server.socketio.server.eio, "outbox")
    converse(server)


@pytest.mark.parametrize(
    ("owner", "name", "other"),
    [
        (BaseManager, "basic_enter_room", lambda self, sid, namespace, room: None),
        (BaseManager, "basic_enter_room", lambda self, *where, eio_sid: self.rooms.update({"/": [where]})),
        (Packet, "encode", lambda self: b"4" + self.data.encode()),
        (transport, "Session", type("Other", (), {})),
    ],
)
def test_other_shapes_are_unknown(owner: Any, name: str, other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = House().server(direct_broadcast=True).socketio.server
    assert transport._is_known(server)
    monkeypatch.setattr(owner, name, other)
    assert not transport._is_known(server)


def test_whatever_makes_a_client_ready_or_not_is_told(engine: engineio.Server, pair: Any) -> None:
    """What was found out about a client is used until the outbox is told to forget it."""
    bare, client = pair[0].bare, pair[1]
    bare.setblocking(False)
    read: list[bytes] = []

    def sendall(rest: bytes) -> None:
        """As a green socket does: it lets others go on until there is room."""
        while rest:
            try:
                rest = rest[bare.send(rest) :]
            except BlockingIOError:
                read.append(client.recv(1 << 20))

    whole = WholeWrites(SimpleNamespace(_sock=bare, sendall=sendall))
    told: list[bool] = []
    engine.outbox.forget = lambda: told.append(True)
    session = session_of(engine, "a")

    def now_ready() -> bool:
        assert told, "nobody was told"
        told.clear()
        return session.ready() is not None

    tasks: list[Any] = []
    session._direct = direct_wire_of(over(whole), True, lambda *task: tasks.append(task), session._forget)
    session.upgraded = True
    assert now_ready()
    with whole.lock:
        assert not now_ready()
    assert now_ready()
    letter = Letter([Packet(MESSAGE, BIG)])  # more than the buffer takes
    session.deliver(letter)
    assert not now_ready()
    ((task, rest),) = tasks
    task(rest)
    assert now_ready()
    assert letter.frame.startswith(b"".join(read))
    with whole.lock:
        told.clear()
        session.deliver(Letter([Packet(MESSAGE, "x")]))
    assert session._behind
    assert not now_ready()
    session.poll()
    session.queue.put(None)
    session.poll()  # whoever asks for more has sent the last
    assert now_ready()
    session.upgraded = False
    assert not now_ready()
    session._direct = None
    assert session.ready() is None
    assert session._forget == engine.outbox.forget
