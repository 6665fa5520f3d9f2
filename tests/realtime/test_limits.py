"""What one client may send and leave unread, and how long its session lives."""

import gc
import json
import time
import weakref
from typing import Any
from unittest.mock import Mock

import engineio
from engineio.packet import MESSAGE, Packet

from teamcal.realtime.direct_write import PacketBatch
from teamcal.realtime.message_rate import MessageRate, TokenBucket
from teamcal.realtime.shared_packet import SharedPacket
from teamcal.realtime.socket_factory import socket_class
from teamcal.realtime.unread import ProcessUnread, UnreadLimits
from teamcal.realtime.websocket_fixes import FullWriteSocket, fix_websocket, release_websocket
from tests.house import House, wait_until
from tests.realtime.conversation import serving
from tests.realtime.raw_clients import RawPolling, RawWebsocket
from tests.realtime.socket_pairs import spawn

MEGABYTE = 1024 * 1024
COUNT = 30


def test_a_burst_passes_at_once_and_what_follows_waits() -> None:
    bucket = TokenBucket(MessageRate(per_second=20, burst=200), now=0.0)
    assert [bucket.take(1, 0.0) for _ in range(200)] == [0.0] * 200
    assert bucket.take(1, 0.0) == 0.05
    assert bucket.take(1, 0.0) == 0.1
    assert bucket.take(1, 10.0) == 0.0


def leave(number: int) -> str:
    return f'42{number}["leave_department",{{"department_id":"d"}}]'


def test_messages_beyond_the_rate_wait_and_none_is_refused() -> None:
    server = House().server(socket_messages_per_second=20, socket_message_burst=5)
    with serving(server) as url:
        websocket, polling = RawWebsocket(url).connect(), RawPolling(url).connect()
        websocket.receive()
        began = time.monotonic()
        for number in range(COUNT):
            websocket.send(leave(number))
        status, _ = polling.post("\x1e".join(map(leave, range(COUNT))).encode())
        assert status == 200
        assert time.monotonic() - began < 1  # the POST doesn't wait for them
        answers: list[str] = []
        while len(answers) < COUNT:
            answers += [packet for packet in polling.poll() if packet.startswith("43")]
        assert [answer.split("[")[0] for answer in answers] == [f"43{number}" for number in range(COUNT)]
        texts = [websocket.receive() for _ in range(2 * COUNT)][1::2]
        assert [text.split("[")[0] for text in texts] == [f"43{number}" for number in range(COUNT)]
        assert time.monotonic() - began > (COUNT - 6) / 20
        websocket.close()


def test_a_polling_client_with_more_than_may_wait_is_disconnected() -> None:
    server = House().server(socket_messages_per_second=1, socket_message_burst=1)
    with serving(server) as url:
        polling = RawPolling(url).connect()
        message = '42["leave_department",{"department_id":"' + "d" * 200_000 + '"}]'
        statuses = [polling.post("\x1e".join([message] * 4).encode())[0] for _ in range(5)]
        assert (statuses[0], statuses[-1]) == (200, 400)


class Sessions:
    """Sessions of clients that read nothing."""

    def __init__(self, limits: UnreadLimits, count: int) -> None:
        self.engine: Any = engineio.Server(async_mode="threading", monitor_clients=False)
        self.unread = ProcessUnread(limits, lambda: list(self.engine.sockets.values()))
        sockets = socket_class(process_unread=self.unread)
        for number in range(count):
            session = self.engine.sockets[str(number)] = sockets(self.engine, str(number))
            session.last_ping, session.connected = None, True
        self.all = list(self.engine.sockets.values())


def test_the_client_with_most_unread_bytes_goes_first() -> None:
    sessions = Sessions(UnreadLimits(8 * MEGABYTE, 16 * MEGABYTE), 5)
    for number, session in enumerate(sessions.all, start=1):
        session.deliver(PacketBatch([Packet(MESSAGE, str(number) * (number * MEGABYTE))]))
    assert not any(session.closed for session in sessions.all)  # 15 MB
    sessions.all[0].deliver(PacketBatch([Packet(MESSAGE, "x" * (2 * MEGABYTE))]))
    assert [session.closed for session in sessions.all] == [False, False, False, False, True]
    assert sessions.unread.total < 13 * MEGABYTE
    for session in sessions.all:
        session.close()
    assert sessions.unread.total == 0


def test_bytes_that_many_wait_for_count_once() -> None:
    sessions = Sessions(UnreadLimits(8 * MEGABYTE, 16 * MEGABYTE), 50)
    change, calendar = PacketBatch([Packet(MESSAGE, "x" * MEGABYTE)]), b"[" + b"y" * (12 * MEGABYTE) + b"]"
    for session in sessions.all:
        session.deliver(change)
        session.deliver(PacketBatch([SharedPacket(b"2[", memoryview(calendar), b"]")]))
    assert not any(session.closed for session in sessions.all)
    assert 13 * MEGABYTE < sessions.unread.total < 14 * MEGABYTE
    # A calendar of any size, and no further one until it has been read.
    assert not any(session.unread.takes_a_calendar for session in sessions.all)
    first = sessions.all[0]
    assert [len(first.poll()), len(first.poll())] == [1, 1]
    assert not first.unread.takes_a_calendar  # the client may not have it yet
    spawn(first.poll)
    wait_until(lambda: first.unread.takes_a_calendar)
    for session in sessions.all:
        session.close()
    assert sessions.unread.total == 0


def test_rest_and_every_client_that_joins_share_the_bytes_of_the_calendar() -> None:
    server = House().server()
    department = server.department()
    for number in range(10):
        server.event(department, title=str(number), description="가" * 1_000)
    server.events(department)
    shared = server.replicas.of(department).cache.lists[None, True].content
    with serving(server) as url:
        clients = [RawPolling(url).connect() for _ in range(3)]
        join = json.dumps({"department_id": department, "cursor": None})
        for number, client in enumerate(clients):
            client.post(f'42{number or ""}["join_department",{join}]'.encode())
        sessions = list(server.socketio.server.eio.sockets.values())
        assert all(session.unread.calendars[0].shared.obj is shared for session in sessions)
        for client in clients:
            text = client.poll_until('"events":[')
            assert len(json.loads(text[text.index("[") :])[-1]["events"]) == 10


def test_sessions_that_are_no_use_to_anybody_end() -> None:
    server = House().server()
    engine = server.socketio.server.eio
    engine.ping_interval = engine.ping_timeout = 0.5
    with serving(server) as url:
        department = server.department()
        server.event(department, description="가" * 9_000)
        silent = RawPolling(url)
        never_polls = RawPolling(url)
        never_polls.post(f'40\x1e420["sync_request",{{"department_id":"{department}"}}]'.encode())
        no_connect = RawWebsocket(url)
        began = time.monotonic()
        living = RawWebsocket(url).connect()
        while time.monotonic() - began < 3:
            living.socket.settimeout(1)
            living.send(leave(1))
            assert living.receive()
        assert len(engine.sockets) <= 1 or wait_until(lambda: len(engine.sockets) == 1)
        assert silent.get()[0] == never_polls.get()[0] == 400
        no_connect.receive_until_closed()
        assert server.socketio._socket_class.process_unread.total == 0
        living.close()


def test_a_websocket_that_has_ended_is_freed_at_once() -> None:
    """A cycle would wait for a full garbage collection, which comes every few days."""
    server = House().server()

    def live() -> list[Any]:
        return [one for one in gc.get_objects() if isinstance(one, FullWriteSocket)]

    with serving(server) as url:
        others = len(live())
        gc.disable()
        try:
            for _ in range(3):
                client = RawWebsocket(url).connect()
                client.receive()
                client.close()
            assert wait_until(lambda: len(live()) == others)
        finally:
            gc.enable()


def test_what_corrects_eventlets_websocket_keeps_it_no_longer_than_its_session() -> None:
    class EventletWebSocket:
        socket = None

        def _recv_frame(self) -> None: ...
        def _send_closing_frame(self) -> None: ...

    ws = EventletWebSocket()
    ended = weakref.ref(ws)
    fix_websocket(ws, "eventlet", None, 1, Mock())
    assert {"close", "_recv_frame"} <= vars(ws).keys()
    release_websocket(ws, None)
    gc.disable()
    try:
        del ws
        assert ended() is None
    finally:
        gc.enable()
