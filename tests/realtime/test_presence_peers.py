"""Presence over several servers: said over Redis, believed only with the right signature and while heard."""

import gc
import shutil
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from teamcal.domain.presence import Person, Present
from teamcal.realtime import presence, presence_peers
from teamcal.realtime.presence_peers import (
    MAX_BYTES,
    MAX_PEERS,
    REPEAT_SECONDS,
    SILENT_SECONDS,
    RedisPeers,
)
from teamcal.sync.redis_channel import RedisChannel
from teamcal.sync.redis_notices import key_of
from tests.house import House
from tests.realtime.test_presence import Hears, present
from tests.servers import free_port
from tests.sync.test_redis_notices import redis_on

needs_redis = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server isn't installed")


class Channel(RedisChannel):
    """One that keeps what it would send."""

    def __init__(self, key: str = "one", purpose: str = "presence") -> None:
        super().__init__("redis://127.0.0.1:1", "test", key_of(key, purpose), time.sleep)
        self.sent: list[bytes] = []

    def put(self, body: bytes) -> None:
        super().put(body)
        self.sent.append(self._waiting.get())


class Memory:
    """`grown`: bytes that were allocated within and are still held."""

    grown = 0

    def __enter__(self) -> None:
        tracemalloc.start()

    def __exit__(self, *_: object) -> None:
        gc.collect()
        self.grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()


class Peer:
    """One server; `now` is its clock, `hears` gives it what others have sent."""

    def __init__(self, key: str = "one", purpose: str = "presence") -> None:
        self.now, self.channel = 0.0, Channel(key, purpose)
        self.peers = RedisPeers(self.channel, lambda *task: None, lambda: self.now)

    def hears(self, *messages: bytes) -> None:
        for message in messages:
            self.peers.receive(message)

    def of(self, department: str) -> list[str]:
        return [one.name for who in self.peers.present_in(department) for one in who.people]

    def says(self) -> list[bytes]:
        said, self.channel.sent = self.channel.sent, []
        return said

    @property
    def asks(self) -> bool:
        return any(b'"ask"' in message for message in self.says())


def someone(name: str) -> Present:
    return Present(1, [Person("1", name, True, None)])


@pytest.fixture
def one() -> Peer:
    return Peer()


@pytest.fixture
def other() -> Peer:
    return Peer()


def test_one_hears_who_is_at_the_other(one: Peer, other: Peer) -> None:
    one.peers.tell("a", someone("김"))
    one.peers.tell("b", someone("이"))
    other.hears(*one.says())
    assert (other.of("a"), other.of("b"), other.of("c")) == (["김"], ["이"], [])
    assert other.peers.step(0) == {"a", "b"}
    assert other.peers.step(0) == set()
    one.peers.tell("a", Present())
    other.hears(*one.says())
    assert (other.of("a"), other.peers.step(0)) == ([], {"a"})
    assert not other.asks
    one.hears(*one.says())
    assert one.of("b") == []


def test_who_dies_is_forgotten(one: Peer, other: Peer) -> None:
    one.peers.tell("a", someone("김"))
    other.hears(*one.says())
    other.peers.step(0)
    for other.now in (2.0, 4.0, 6.0, 8.0, 10.0):
        one.peers.beat(other.now)
        other.hears(*one.says())
        assert other.peers.step(other.now) == set()
    assert other.of("a") == ["김"]
    assert other.peers.step(10 + SILENT_SECONDS + 0.1) == {"a"}
    assert other.of("a") == []


def test_what_was_lost_is_said_again(one: Peer, other: Peer) -> None:
    one.peers.tell("a", someone("김"))
    one.peers.tell("b", someone("이"))
    other.hears(*one.says())
    one.peers.tell("a", Present())
    one.says()  # lost
    one.peers.tell("c", someone("박"))
    other.hears(*one.says())
    asked = other.says()
    assert len(asked) == 1
    one.hears(*asked)
    one.peers.beat(100)
    other.hears(*one.says())
    assert [other.of(department) for department in "abc"] == [[], ["이"], ["박"]]
    one.hears(*asked)
    one.peers.beat(100 + REPEAT_SECONDS - 1)
    assert not any(b'"reset"' in message for message in one.says())
    one.peers.beat(100 + REPEAT_SECONDS)
    assert any(b'"reset"' in message for message in one.says())


def test_who_comes_later_asks(one: Peer, other: Peer) -> None:
    one.peers.tell("a", someone("김"))
    one.says()
    one.peers.beat(10)
    other.hears(*one.says())
    assert other.asks
    other.peers._ask()
    one.hears(*other.says())
    one.peers.beat(20)
    other.hears(*one.says())
    assert other.of("a") == ["김"]


@pytest.mark.parametrize("stranger", [Peer("two"), Peer("one", "notices")], ids=["key", "purpose"])
def test_only_servers_of_the_installation_are_believed(other: Peer, stranger: Peer) -> None:
    stranger.peers.tell("a", someone("도둑"))
    other.hears(*stranger.says())
    assert other.of("a") == []


def test_a_message_that_comes_again_changes_nothing(one: Peer, other: Peer) -> None:
    one.peers.tell("a", someone("김"))
    said = one.says()
    one.peers.tell("a", Present())
    other.hears(*said, *one.says(), *said)
    assert other.of("a") == []


@pytest.mark.parametrize(
    "message",
    [
        b"x", b"[]", b"{}", b'{"from":"p"}', b'{"from":"p","number":"x"}', b'{"from":"p","number":null}',
        b'{"from":"p","number":1,"department":"a"}', b'{"from":"p","number":1,"department":"a","people":7}',
        b'{"from":"p","number":1,"department":"a","people":[[1]],"count":1}',
        b'{"from":"p","number":1,"department":"a","people":[],"count":[]}',
        b'{"from":{},"number":1,"new":"fields"}',
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_ignored(one: Peer, other: Peer, message: bytes) -> None:
    one.channel.put(message)
    other.hears(*one.says(), b"", b"x" * 40)
    assert other.of("a") == []
    one.peers.tell("a", someone("김"))
    other.hears(*one.says())
    assert other.of("a") == ["김"]


def test_what_is_remembered_is_bounded(other: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_peers, "MAX_DEPARTMENTS", 3)
    crowd = [["1", "가" * 1_000, True, None]] * 1_000
    for number in range(5):
        body = {"from": "p", "number": number + 1, "department": f"{number}", "count": 1_000, "people": crowd}
        other.channel.put(orjson.dumps(body))
        other.hears(*other.says())
    remembered = [who for number in range(5) for who in other.peers.present_in(f"{number}")]
    assert [len(who.people) for who in remembered] == [50] * 3
    assert {len(one.name) for who in remembered for one in who.people} == {100}
    for number in range(2 * MAX_PEERS):
        other.channel.put(orjson.dumps({"from": f"q{number}", "number": 1}))
        other.hears(*other.says())
    assert len(other.peers._peers) == MAX_PEERS


def test_what_is_remembered_takes_no_more_bytes(other: Peer) -> None:
    """64 servers that each say what they can of many departments: then how many are there, but not who."""
    crowd = [[f"{number:036}", f"{number:04}" + "가" * 96, True, f"{number:036}"] for number in range(50)]
    count, tracing = 2_500, Memory()
    with tracing:
        for number in range(count):
            process, nth = f"p{number % 8}", number // 8 + 1
            body = {"from": process, "number": nth, "department": f"{number}", "count": 50, "people": crowd}
            other.channel.put(orjson.dumps(body))
            other.hears(*other.says())
    told = [who for number in range(count) for who in other.peers.present_in(f"{number}")]
    assert [who.total for who in told] == [50] * count
    assert 0 < len([who for who in told if who.people]) < count / 2
    peers = other.peers._peers.values()
    assert sum(peer.memory for peer in peers) <= MAX_BYTES
    assert tracing.grown <= 1.3 * MAX_BYTES
    for number, peer in enumerate(peers):
        assert peer.memory == sum(who.memory for who in peer.departments.values())
        other.channel.put(orjson.dumps({"from": f"p{number}", "number": 10_000, "reset": True}))
    other.hears(*other.says())
    assert [peer.memory for peer in peers] == [0] * 8


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    with redis_on(port, tmp_path):
        yield f"redis://127.0.0.1:{port}/0"


@needs_redis
def test_two_servers_show_each_other_their_people(
    house: House, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "TICK_SECONDS", 0.05)
    one, other = house.server(redis_url=redis_url), house.server(redis_url=redis_url)
    department = one.department()
    kim, _ = present(one, department, "김")
    lee, _ = present(other, department, "이", event_id="x")
    here, there = Hears(kim), Hears(lee)
    here.wait_for(department, 김=None, 이="x")
    there.wait_for(department, 김=None, 이="x")
    assert here.told[department]["people"][0]["name"] == "이"
    lee.client.disconnect()
    here.wait_for(department, 김=None)


def test_without_redis_each_server_shows_its_own(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "TICK_SECONDS", 0.05)
    one, other = house.server(), house.server()
    department = one.department()
    kim, _ = present(one, department, "김")
    present(other, department, "이")
    Hears(kim).wait_for(department, 김=None)
