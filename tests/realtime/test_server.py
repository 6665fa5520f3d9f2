"""Broadcasts of a whole server in this process, directly and by Socket.IO's emit."""

import json
from collections import Counter

import pytest

from teamcal.metrics import Metrics
from teamcal.realtime.direct_write import DirectWriter
from teamcal.realtime.server import CalendarSocketIO, FrameJson
from tests.house import House
from tests.realtime.conversation import check_members_receive_changes, serving
from tests.realtime.raw_clients import RawWebsocket


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is written directly."""
    written: list[bytes] = []
    write = DirectWriter.write

    def recorded(self: DirectWriter, frames: bytes) -> bool:
        written.append(frames)
        return write(self, frames)

    monkeypatch.setattr(DirectWriter, "write", recorded)
    return written


@pytest.mark.parametrize("direct", [True, False])
def test_broadcasts_arrive_directly_or_by_emit(direct: bool, written: list[bytes]) -> None:
    with serving(House().server(direct_broadcast=direct)) as url:
        check_members_receive_changes(url)
    assert bool(written) is direct


def test_two_servers_in_a_process_keep_their_clients_apart(written: list[bytes]) -> None:
    first, second = House().server(direct_broadcast=True), House().server(direct_broadcast=True)
    with serving(first) as url:
        check_members_receive_changes(url)
    with serving(second) as url:
        check_members_receive_changes(url)


def test_from_the_first_test_client_on_broadcasts_are_emitted(written: list[bytes]) -> None:
    server = House().server(direct_broadcast=True)
    department = server.department("디자인팀")
    with serving(server) as url:
        websocket = RawWebsocket(url).connect()
        websocket.receive()
        websocket.send(f'42["join_department",{{"department_id":"{department}"}}]')
        websocket.receive()
        written.clear()
        server.event(department, title="직접")
        assert '"직접"' in websocket.receive()
        assert len(written) == 1

        member = server.member(department)
        server.event(department, title="시험")
        assert [name for name, _ in member.heard()] == ["event_created"]
        websocket.close()
    assert len(written) == 1


@pytest.mark.parametrize("direct", [True, False])
def test_deliveries_are_counted_once_for_each_recipient(direct: bool) -> None:
    class Counts(Metrics):
        counter: Counter[str] = Counter()

        def add(self, name: str, amount: int = 1) -> None:
            self.counter[name] += amount

    house = House()
    app = house.server().app
    socketio = CalendarSocketIO(app, "*", direct, counts := Counts())
    counts.counter.clear()
    for number in range(3):
        socketio.server.manager.basic_enter_room(f"s{number}", "/", "room", eio_sid=f"e{number}")
    socketio.broadcast("name", {}, "room")
    assert counts.counter["deliveries"] == 3


def test_live_messages_are_unescaped_json() -> None:
    assert FrameJson.dumps({"title": "팀 회의"}) == '{"title":"팀 회의"}'


def test_lone_surrogates_are_sent_escaped() -> None:
    text = FrameJson.dumps({"title": "\ud800"})
    assert json.loads(text) == {"title": "\ud800"}
    text.encode()
