"""Rooms: a crowd that leaves is linear work, and a client that goes while it joins leaves nothing behind."""

import gc
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask_socketio import SocketIO

from teamcal.realtime.publisher import room_of
from tests.house import House, Server, together, wait_until
from tests.realtime.socket_pairs import SECONDS


@pytest.fixture
def house() -> House:
    return House()


def crowd(server: Server, count: int, departments: int = 10) -> Any:
    """`count` clients without connections, each in a department's room. Returns the Socket.IO server."""
    socketio: SocketIO = server.socketio
    engine, manager = socketio.server.eio, socketio.server.manager
    for number in range(count):
        session = engine.sockets[f"engine-{number}"] = socketio._socket_class(engine, f"engine-{number}")
        session.connected = True
        sid = manager.connect(session.sid, "/")
        manager.enter_room(sid, "/", room_of(str(number % departments)))
    return socketio.server


def seconds_of(task: Callable[[], object]) -> float:
    """Processor time."""
    gc.collect()
    began = time.process_time()
    task()
    return time.process_time() - began


def test_the_members_of_a_room_are_those_of_now(house: House) -> None:
    server = house.server()
    manager = crowd(server, 20, departments=2).manager
    room = room_of("1")

    def expected(room: str | None) -> tuple[str, ...]:
        return tuple(engine_id for _, engine_id in manager.get_participants("/", room))

    def check() -> None:
        for each in (room, room_of("0"), None):
            assert manager.members(each) == expected(each)
            assert manager.members(each) is manager.members(each)

    check()
    sids = [sid for sid, _ in manager.get_participants("/", None)]
    for enter in (manager.leave_room, manager.enter_room):
        enter(sids[1], "/", room)
        check()
    manager.disconnect(sids[3], "/")
    check()
    manager.close_room(room, "/")
    check()
    assert manager.members(room) == ()
    disconnect_each(server)
    wait_until(lambda: manager.clients == 0)
    assert manager.members(None) == ()
    assert manager._members == {}


def send_all_away(server: Server) -> None:
    server.socketio.send_away(None)
    wait_until(lambda: server.socketio.server.manager.clients == 0)


def disconnect_each(server: Server) -> None:
    for session in list(server.socketio.server.eio.sockets.values()):
        session.close(reason="transport close")


@pytest.mark.parametrize("leave", [send_all_away, disconnect_each])
def test_a_crowd_that_leaves_at_once_is_linear_work(house: House, leave: Callable[[Server], None]) -> None:
    few, many = house.server(), house.server()
    crowd(few, 500)
    server = crowd(many, 4_000)
    small, big = seconds_of(lambda: leave(few)), seconds_of(lambda: leave(many))
    assert big < 24 * max(small, 0.005)  # eight times as many; quadratic work would be 64 times
    assert server.manager.rooms == {}
    assert not any(many.replicas.ports.members.has_members(str(number)) for number in range(10))


@pytest.mark.slow
@pytest.mark.parametrize("leave", [send_all_away, disconnect_each])
def test_20_000_members_that_leave_at_once_take_less_than_2_seconds(
    house: House, leave: Callable[[Server], None]
) -> None:
    server = house.server()
    crowd(server, 20_000)
    assert seconds_of(lambda: leave(server)) < 2


def test_a_client_that_goes_while_its_join_waits_leaves_no_room(house: House) -> None:
    """A room without members would be watched, and its department kept in memory, for ever."""
    department = house.server().department()
    gone: list[Any] = []

    def disconnect(action: str, body: bytes) -> None:
        if gone and action == "GetItem" and department.encode() in body:
            gone.pop().client.disconnect()

    server = house.server(before=disconnect)
    server.events(department)
    member = server.member()
    gone.append(member)
    member.say("join_department", {"department_id": department, "cursor": None})
    assert not gone
    assert not server.replicas.ports.members.has_members(department)
    assert room_of(department) not in server.socketio.server.manager.rooms.get("/", {})
    assert server.socketio.server.manager.clients == 0


def test_members_of_a_history_that_is_lost_hear_nothing_more_and_others_wait_for_nobody(house: House) -> None:
    """A big room is left in the background: the lock of the list of departments isn't held meanwhile."""
    server = house.server()
    department = server.department()
    engine = crowd(server, 300, departments=1).eio
    sessions = list(engine.sockets.values())
    replica = server.replicas.of("*")

    def send_away() -> float:
        with replica.lock():
            began = time.monotonic()
            server.replicas.ports.members.send_away("*")
            return time.monotonic() - began

    def write() -> None:
        for _ in range(20):
            server.event(department)

    together(send_away, write)
    wait_until(lambda: server.socketio.server.manager.clients == 0, SECONDS)
    assert all(session.muted and session.closed for session in sessions)
    assert not any(packet for session in sessions for packet in list(session.queue.queue) if packet)
