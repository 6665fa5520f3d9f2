"""Frames, and how they are written to sockets without waiting."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from engineio.packet import MESSAGE, Packet

from teamcal.realtime.direct_write import (
    DirectWriter,
    GreenDirectWriter,
    PacketBatch,
    direct_writer_of,
    frame_of,
)
from teamcal.realtime.websocket_fixes import FullWriteSocket
from tests.realtime.socket_pairs import (
    SECONDS,
    FrameDecoder,
    no_thread_left,
    read_to_end,
    spawn,
    unix_pair,
    wait_until,
    websocket_over,
)

Pair = tuple[FullWriteSocket, socket.socket]
BIG = bytes(range(256)) * 1_000


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("content", [b"\x00\xff", "x", "일정"])
def test_another_library_can_decode_the_frames(size: int, content: Any) -> None:
    data = (content * size)[:size]
    if isinstance(data, str):
        # The first character is the type of the packet; a Korean character takes three bytes.
        data = data[: (size - 1) // len(content[0].encode())] if size else ""
    packet = Packet(MESSAGE, data)
    (message,) = FrameDecoder().messages(frame_of(packet))
    assert message == packet.encode()


def test_the_frames_of_a_batch_are_those_of_its_packets_in_order() -> None:
    packets = [Packet(MESSAGE, text) for text in ("하나", "x" * 70_000, "")]
    batch = PacketBatch(packets)
    assert list(FrameDecoder().messages(batch.frames)) == [packet.encode() for packet in packets]
    assert batch.frames is batch.frames


@pytest.fixture
def pair() -> Iterator[Pair]:
    with unix_pair() as pair:
        yield pair


@pytest.fixture(params=[DirectWriter, GreenDirectWriter])
def writer(request: pytest.FixtureRequest, pair: Pair) -> DirectWriter:
    server, _ = pair
    writer: DirectWriter = request.param(server.raw, server.lock, server.raw.sendall, spawn)
    return writer


def test_the_rest_of_a_frame_is_written_before_anything_else(writer: DirectWriter, pair: Pair) -> None:
    server, client = pair
    assert writer.write(BIG)
    assert server.lock.locked()
    assert not writer.write(b"not this")
    library = spawn(lambda: (server.send(b"the library's"), server.close()))
    time.sleep(0.05)
    assert read_to_end(client) == BIG + b"the library's"
    library.join(SECONDS)
    assert not server.lock.locked()


def test_nothing_is_written_while_another_task_writes(writer: DirectWriter, pair: Pair) -> None:
    server, client = pair
    with server.lock:
        assert not writer.write(b"x")
    assert writer.write(b"y")
    server.close()
    assert read_to_end(client) == b"y"


def fill_buffer(sock: socket.socket) -> int:
    """Returns how many bytes the buffer took."""
    sock.setblocking(False)
    taken = 0
    for size in (100, 1):
        with pytest.raises(BlockingIOError):
            while True:
                taken += sock.send(b"x" * size)
    sock.setblocking(True)
    return taken


def test_nothing_is_written_into_a_full_buffer(writer: DirectWriter, pair: Pair) -> None:
    server, client = pair
    taken = fill_buffer(server.raw)
    assert not writer.write(b"y")
    assert not server.lock.locked()
    assert client.recv(1 << 20, socket.MSG_WAITALL | socket.MSG_DONTWAIT) == b"x" * taken
    assert writer.write(b"y")


def test_nothing_is_written_to_a_closed_socket(writer: DirectWriter, pair: Pair) -> None:
    server, _ = pair
    server.close()
    assert not writer.write(b"x")
    assert not server.lock.locked()


def test_nothing_follows_a_part_of_a_frame_whose_rest_cannot_be_written(pair: Pair) -> None:
    """eventlet's sockets have a time-out: a client that resumed later would read garbage."""
    server, client = pair

    def sendall(rest: bytes) -> None:
        raise TimeoutError("timed out")

    assert DirectWriter(server.raw, server.lock, sendall, spawn).write(BIG)
    wait_until(lambda: not server.lock.locked())
    with pytest.raises(OSError):
        server.send(b"the next")
    received = read_to_end(client)
    assert len(received) < len(BIG)
    assert BIG.startswith(received)


def test_the_connection_ends_if_no_thread_can_write_the_rest(pair: Pair) -> None:
    server, client = pair
    DirectWriter(server.raw, server.lock, server.raw.sendall, no_thread_left).write(BIG)
    assert not server.lock.locked()
    with pytest.raises(OSError):
        server.send(b"the next")
    assert BIG.startswith(read_to_end(client))


# Which websockets can be written to


def writer_under(sock: Any, mode: Any = "threading") -> DirectWriter | None:
    return direct_writer_of(websocket_over(FullWriteSocket(sock)), mode, spawn, bool)


def test_a_plain_socket_can_be_written_to(pair: Pair) -> None:
    server, _ = pair
    assert type(writer_under(server.raw)) is DirectWriter
    assert type(writer_under(server.raw, "gevent")) is GreenDirectWriter
    server.raw.setblocking(False)
    assert type(writer_under(server.raw, "gevent")) is GreenDirectWriter


def test_eventlets_socket_can_be_written_to(pair: Pair) -> None:
    server, _ = pair
    server.raw.setblocking(False)
    green = SimpleNamespace(fd=server.raw, sendall=None)
    ws = SimpleNamespace(socket=green, _sendlock=threading.Lock())
    assert type(direct_writer_of(ws, "eventlet", spawn, bool)) is GreenDirectWriter


@pytest.mark.parametrize("mode", ["threading", "gevent"])
def test_an_unknown_object_cannot_be_written_to(pair: Pair, mode: Any) -> None:
    raw = pair[0].raw
    for ws in (object(), websocket_over(raw), websocket_over(FullWriteSocket(object()))):
        assert direct_writer_of(ws, mode, spawn, bool) is None, ws


def test_an_unknown_object_of_eventlet_cannot_be_written_to(pair: Pair) -> None:
    raw = pair[0].raw
    lock = threading.Lock()
    for ws in (
        object(),
        SimpleNamespace(socket=raw),
        SimpleNamespace(socket=SimpleNamespace(fd=3, sendall=None), _sendlock=lock),
    ):
        assert direct_writer_of(ws, "eventlet", spawn, bool) is None, ws


def test_a_socket_with_a_timeout_cannot_be_written_to(pair: Pair) -> None:
    raw = pair[0].raw
    raw.settimeout(5)
    assert writer_under(raw) is None


def test_a_blocking_socket_without_msg_dontwait_cannot_be_written_to(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "MSG_DONTWAIT")
    assert writer_under(pair[0].raw) is None


def test_an_encrypted_socket_cannot_be_written_to(pair: Pair) -> None:
    server, client = pair
    assert writer_under(SimpleNamespace(_sock=server.raw, sendall=None, cipher=None)) is None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with context.wrap_socket(client.dup(), server_side=True, do_handshake_on_connect=False) as secure:
        assert writer_under(secure) is None
        secure.setblocking(False)
        assert writer_under(secure, "gevent") is None
