"""A client's Engine.IO socket: what is written directly, what is queued, and in which order."""

import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import engineio
import pytest
from engineio.packet import MESSAGE, NOOP, PING, Packet

from teamcal.metrics import Metrics
from teamcal.realtime.direct_write import DirectWriter, PacketBatch, direct_writer_of, frame_of
from teamcal.realtime.engineio_socket import BYTES_OUT, EngineIoSocket
from teamcal.realtime.outbox import Outbox
from teamcal.realtime.shared_packet import SMALL, SharedPacket
from teamcal.realtime.socket_factory import socket_class, use_socket_class
from teamcal.realtime.unread import PACKET_BYTES, UnreadLimits
from teamcal.realtime.websocket_fixes import FullWriteSocket
from teamcal.realtime.worker import quiet_logger
from tests.realtime.socket_pairs import (
    SECONDS,
    FrameDecoder,
    read_to_end,
    spawn,
    tcp_pair,
    unix_pair,
    wait_until,
    websocket_over,
)

Pair = tuple[FullWriteSocket, socket.socket]


class Counts(Metrics):
    def __init__(self) -> None:
        self.counter: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        self.counter[name] += amount


class Engine:
    """An Engine.IO server with an outbox."""

    def __init__(self) -> None:
        self.server: Any = engineio.Server(
            async_mode="threading", ping_timeout=0.2, logger=quiet_logger("teamcal.engineio")
        )
        self.metrics = Counts()
        self.outbox = Outbox(
            lambda: self.server.sockets, self.server.start_background_task, self.server.sleep, self.metrics
        )
        self.socket_class = socket_class(outbox=self.outbox, metrics=self.metrics)

    def connected(self, sid: str) -> EngineIoSocket:
        session = self.server.sockets[sid] = self.socket_class(self.server, sid)
        session.last_ping = None
        session.connected = True
        return session


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def pair() -> Iterator[Pair]:
    with unix_pair() as pair:
        yield pair


def message(text: str) -> Packet:
    return Packet(MESSAGE, text)


def batch(*texts: str) -> PacketBatch:
    return PacketBatch([message(text) for text in texts])


def test_engineio_makes_the_sockets_of_each_server_from_its_own_class() -> None:
    servers = [engineio.Server(async_mode="threading", monitor_clients=False) for _ in range(3)]
    classes = [socket_class(), socket_class()]
    for server, sockets in zip(servers, classes, strict=False):
        use_socket_class(server, sockets)
    made = []
    for server in servers:
        environ = {"REQUEST_METHOD": "GET", "QUERY_STRING": "EIO=4&transport=polling"}
        server.handle_request(environ, lambda status, headers: None)
        made += [type(session) for session in server.sockets.values()]
    assert made == [*classes, engineio.socket.Socket]


# Order: with a writer that takes notes


class NotingWriter:
    """Takes frames while it is `open`."""

    def __init__(self) -> None:
        self.open, self.frames = True, b""

    def write(self, frames: bytes) -> bool:
        self.frames += frames if self.open else b""
        return self.open


@pytest.fixture
def session(engine: Engine) -> Any:
    session: Any = engine.connected("a")
    session._direct, session.upgraded = NotingWriter(), True
    return session


def polled(session: Any) -> list[Any]:
    return [packet.data for packet in session.poll()]


def test_no_batch_overtakes_a_queued_one(session: Any) -> None:
    session._direct.open = False
    session.deliver(batch("1", "2"))
    session._direct.open = True
    session.deliver(batch("3"))  # though it could be written now
    assert session._direct.frames == b""
    assert polled(session) == ["1", "2", "3"]
    session.deliver(batch("4"))  # the library's writer has the three and may not have written them yet
    assert session._direct.frames == b""
    assert polled(session) == ["4"]
    session.queue.put(None)
    assert session.poll() == []  # everything is written: the writer polled again
    session.deliver(batch("5"))
    assert session._direct.frames == batch("5").frames


@pytest.mark.parametrize("size", [SMALL, BYTES_OUT - 100, BYTES_OUT + 100])
def test_a_calendar_of_any_size_goes_alone(session: Any, size: int) -> None:
    """Whoever polls writes the calendar in parts, and nothing else of what was polled with it."""
    session._direct = None
    calendar = SharedPacket(b"c", memoryview(b"x" * size), b"")
    for packets in ([message("1")], [calendar], [message("2"), message("3")]):
        session.deliver(PacketBatch(packets))
    assert [polled(session) for _ in range(3)] == [["1"], [calendar.data], ["2", "3"]]


def test_everything_is_queued_during_an_upgrade(session: Any) -> None:
    session.upgraded = False
    session.deliver(batch("1"))
    session.send(Packet(NOOP))  # Engine.IO's own, which isn't counted
    assert [packet.packet_type for packet in session.poll()] == [MESSAGE, NOOP]
    session.upgraded = True
    session.deliver(batch("2"))
    assert session._direct.frames == b""
    assert polled(session) == ["2"]


def test_the_queues_writer_keeps_waiting_while_packets_are_written_directly(
    engine: Engine, session: Any
) -> None:
    engine.server.ping_interval = engine.server.ping_timeout = 0.05
    results: list[Any] = []
    writer = spawn(lambda: results.append(session.poll()))
    time.sleep(0.5)  # the inherited method would have given up after 0.1 s and closed the websocket
    assert writer.is_alive()
    session.queue.put(message("after all"))
    writer.join(SECONDS)
    assert [packet.data for packet in results[0]] == ["after all"]


def test_a_ping_does_not_wait_behind_broadcasts(engine: Engine) -> None:
    engine.outbox._delivering = True
    session = engine.connected("a")
    session.send(message("x"))
    assert session.queue.qsize() == 0
    session.send(Packet(PING))
    assert [packet.packet_type for packet in session.poll()] == [PING]


# Slow readers


LIMIT = UnreadLimits().client


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x", LIMIT // (2 + PACKET_BYTES)),
        ("x" * 999_999, LIMIT // (1_000_000 + PACKET_BYTES)),
        ("가" * 333_333, LIMIT // (1_000_000 + PACKET_BYTES)),  # bytes count, not characters
    ],
)
def test_a_client_that_does_not_keep_up_is_disconnected(
    engine: Engine, text: str, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    disconnects = []
    engine.server.on("disconnect", lambda sid, reason: disconnects.append((sid, reason)))
    slow, other = engine.connected("slow"), engine.connected("other")
    packet = message(text)
    for _ in range(count):
        slow.send(packet)
    assert not slow.closed
    assert engine.metrics.counter == {"queue_fallbacks": count}
    engine.outbox.broadcast(("slow", "other"), packet)
    engine.outbox.broadcast(("other", "slow"), packet)
    wait_until(lambda: slow.closed and other.queue.qsize() == 2)
    wait_until(lambda: not engine.outbox._delivering)
    assert disconnects == [("slow", engine.server.reason.TRANSPORT_ERROR)]
    assert not other.closed
    received = other.poll()
    while len(received) < 2:  # big packets are returned one by one
        received += other.poll()
    assert received == [packet, packet]
    # It is logged and counted once, whatever is still being sent to it.
    assert sum("messages behind" in line for line in caplog.messages) == 1
    assert engine.metrics.counter["slow_readers_closed"] == 1
    assert engine.metrics.counter["deliveries"] == 4


def test_a_client_that_keeps_up_may_be_sent_any_amount(engine: Engine) -> None:
    session = engine.connected("a")
    for _ in range(2_000):
        for _ in range(16):
            session.send(message("x"))
        assert len(session.poll()) == 16
    assert not session.closed


def test_a_batch_that_cannot_be_encoded_ends_the_session(engine: Engine) -> None:
    """If the next batch arrived without it, the client would never know that it missed something."""
    session = engine.connected("a")

    class Unencodable:
        packet_type = MESSAGE

        def encode(self) -> str:
            raise UnicodeError

    with pytest.raises(UnicodeError):
        session.deliver(PacketBatch([Unencodable()]))
    assert session.closed


def test_after_a_missed_batch_a_closed_session_gets_no_other(engine: Engine, pair: Pair) -> None:
    """A client that got the next one would reconnect with its cursor and never receive the missed one."""
    server, client = pair
    session = engine.connected("a")
    session._direct = direct_writer_of(websocket_over(server), "threading", spawn, bool)
    session.upgraded = session.closed = True
    with server.lock:
        session.deliver(batch("1"))
    session.deliver(batch("2"))
    server.close()
    assert read_to_end(client) == b""


# Many threads at once


class Conversation:
    """Three threads send numbered messages to one client, which reads irregularly from a small buffer."""

    COUNT = 2_000

    def __init__(self, engine: Engine, server: FullWriteSocket, client: socket.socket) -> None:
        self.outbox, self.server, self.client = engine.outbox, server, client
        self.session = engine.connected("a")
        self.received: list[str] = []
        self._together = threading.Barrier(3)

    def run(self) -> None:
        writer = self._open_websocket()
        senders = (self._broadcast, self._send, self._alternate)
        threads = [spawn(self._read), *(spawn(self._send_all, send) for send in senders)]
        for thread in threads:
            thread.join(3 * SECONDS)
            assert not thread.is_alive()
        self.session.close()
        writer.join(SECONDS)
        assert not writer.is_alive()

    def _open_websocket(self) -> threading.Thread:
        """Returns the queue's writer, which does what Engine.IO's does."""

        def write() -> None:
            while packets := self.session.poll():
                for packet in packets:
                    self.server.send(frame_of(packet))
            self.server.close()

        self.session._raw_socket = self.server
        self.session._direct = direct_writer_of(websocket_over(self.server), "threading", spawn, bool)
        self.session.upgraded = True
        return spawn(write)

    def _read(self) -> None:
        decoder, chance = FrameDecoder(), random.Random(4)
        self.client.settimeout(SECONDS)
        while len(self.received) < 3 * self.COUNT:
            data = self.client.recv(chance.choice((1_000, 5_000, 50_000)))
            if not data:
                return
            self.received.extend(decoder.messages(data))
            if chance.random() < 0.05:
                time.sleep(0.002)

    def _send_all(self, send: Callable[[int], None]) -> None:
        for number in range(self.COUNT):
            if number % 5 == 0:  # let the client catch up, so that it is written to directly again
                wait_until(lambda: not self.session._queued)
                self._together.wait(SECONDS)
            send(number)

    def _broadcast(self, number: int) -> None:
        self.outbox.broadcast(("a",), message(f"b {number} " + "x" * (number * 37 % 9_000)))

    def _send(self, number: int) -> None:
        self.session.send(message(f"s {number}"))

    def _alternate(self, number: int) -> None:
        if number % 2 == 0:
            self.outbox.broadcast(("a",), message(f"q {number}"))
        else:
            self.session.send(message(f"q {number}"))


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """The interpreter switches between threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the batches written directly, those finished by a background task, and the queued packets."""
    ways: Counter[str] = Counter()

    def counted(name: str, method: Any) -> Any:
        def run(*arguments: Any) -> Any:
            result = method(*arguments)
            ways[name] += result is not False
            return result

        return run

    for name, owner, method in (
        ("direct", DirectWriter, "write"),
        ("rest", DirectWriter, "_write_and_release"),
        ("queue", EngineIoSocket, "_enqueue"),
    ):
        monkeypatch.setattr(owner, method, counted(name, getattr(owner, method)))
    return ways


def test_written_and_queued_messages_keep_their_order(
    engine: Engine, ways: Counter[str], frequent_switches: None
) -> None:
    with tcp_pair() as (server, client):
        conversation = Conversation(engine, server, client)
        conversation.run()
    for sender in "bsq":
        numbers = [int(text.split()[1]) for text in conversation.received if text[1] == sender]
        assert numbers == list(range(Conversation.COUNT)), sender
    assert min(ways["direct"], ways["rest"], ways["queue"]) >= 20, ways


# When the outbox has to drop its cached send functions


class GreenSocketPair:
    """The server's end has a `sendall` like a green socket's: it lets the client read until there is room."""

    def __init__(self, pair: Pair) -> None:
        self.raw, self.client = pair[0].raw, pair[1]
        self.raw.setblocking(False)
        self.received: list[bytes] = []
        self.server = FullWriteSocket(SimpleNamespace(_sock=self.raw, sendall=self.sendall))

    def sendall(self, rest: bytes) -> None:
        while rest:
            try:
                rest = rest[self.raw.send(rest) :]
            except BlockingIOError:
                self.received.append(self.client.recv(1 << 20))


class WatchedSession:
    """A session over a green socket, and whether the outbox was told that its send function changed."""

    def __init__(self, engine: Engine, green: GreenSocketPair) -> None:
        self.invalidations = 0
        engine.outbox.invalidate = self._invalidate  # type: ignore[method-assign]
        self.tasks: list[Any] = []
        self.session = engine.connected("a")
        self.session._direct = direct_writer_of(
            websocket_over(green.server), "gevent", lambda *task: self.tasks.append(task), self._invalidate
        )

    def _invalidate(self) -> None:
        self.invalidations += 1

    def has_send_function(self) -> bool:
        """Whether it has one now, after the outbox was told of the change."""
        assert self.invalidations, "the outbox wasn't told"
        self.invalidations = 0
        return self.session.send_function() is not None


@pytest.fixture
def green(pair: Pair) -> GreenSocketPair:
    return GreenSocketPair(pair)


@pytest.fixture
def watched(engine: Engine, green: GreenSocketPair) -> WatchedSession:
    watched = WatchedSession(engine, green)
    watched.session.upgraded = True
    assert watched.has_send_function()
    return watched


def test_the_outbox_is_told_when_another_task_writes(watched: WatchedSession, green: GreenSocketPair) -> None:
    with green.server.lock:
        assert not watched.has_send_function()
    assert watched.has_send_function()


def test_the_outbox_is_told_while_the_rest_of_a_frame_is_written(
    watched: WatchedSession, green: GreenSocketPair
) -> None:
    big = batch("x" * 256_000)  # more than the buffer takes
    watched.session.deliver(big)
    assert not watched.has_send_function()
    ((task, rest),) = watched.tasks
    task(rest)
    assert watched.has_send_function()
    assert big.frames.startswith(b"".join(green.received))


def test_the_outbox_is_told_while_packets_are_queued(watched: WatchedSession, green: GreenSocketPair) -> None:
    with green.server.lock:
        watched.invalidations = 0
        watched.session.deliver(batch("x"))
    assert watched.session._queued
    assert not watched.has_send_function()
    watched.session.poll()
    watched.session.queue.put(None)
    watched.session.poll()  # polling again means that the last packets have been sent
    assert watched.has_send_function()


def test_the_outbox_is_told_when_the_websocket_ends(watched: WatchedSession) -> None:
    watched.session.upgraded = False
    assert not watched.has_send_function()
    watched.session._direct = None
    assert watched.session.send_function() is None


def test_the_outbox_is_told_when_the_session_closes(watched: WatchedSession) -> None:
    watched.session.close()
    assert not watched.has_send_function()
