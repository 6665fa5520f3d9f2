"""The websocket load client counts the deliveries of its members, and every flaw of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.peers.broadcast import floor
from benchmarks.servers import CalendarServer, calendar
from benchmarks.websocket_clients import Members, Room, flawless
from tests.benchmarks.fake_server import Delivery, FakeServer

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests, so that the client is compiled once."""
    return tmp_path_factory.mktemp("load")


@pytest.fixture(scope="module")
def server(scratch: Path) -> Iterator[CalendarServer]:
    with calendar(scratch) as running:
        yield running


PATIENCE = 1.0
"""Seconds after which a delivery is lost: more than a busy machine takes for one."""
MEMBERS, FLAWS = 3, ("lost", "duplicates", "late", "disordered", "refused", "dropped")


def flaws_of(deliver: Delivery, scratch: Path, requests: int = 1, size: int = 4) -> dict[str, int]:
    with (
        FakeServer(deliver) as fake,
        Members(fake.port, [Room("room")], scratch, patience=PATIENCE) as members,
    ):
        members.connect(MEMBERS)
        seen = members.post(requests, size)
    return {name: seen[name] for name in FLAWS if seen[name]}


def test_every_member_of_our_server_gets_each_change_once(server: CalendarServer, scratch: Path) -> None:
    department = server.department("개발팀")
    with Members(server.port, [Room(department)], scratch) as members:
        members.connect(20)
        alone, burst = flawless(members.post(5)), flawless(members.post(2, 10))
    assert server.request("GET", f"/api/events/{department}")[1]["revision"] == 25
    assert (alone["deliveries"], burst["deliveries"]) == (5 * 20, 2 * 10 * 20)
    assert 0 < alone["p50_ms"] <= alone["p99_ms"] <= alone["max_ms"] < 60_000
    assert 400 < alone["bytes_per_delivery"] < 520


def test_all_members_reconnect_to_our_server_after_a_crash(server: CalendarServer, scratch: Path) -> None:
    department = server.department("기획팀")
    empty = server.request("GET", f"/api/events/{department}")[1]
    server.request("POST", f"/api/events/{department}", {"event_date": "2024-01-20", "title": "회의"})
    with Members(server.port, [Room(department, empty["cursor"], 1)], scratch) as members:
        members.connect(20)
        members.tell("return 0 60")
        server.kill()
        server.start()
        seen = members.hear()
    assert (seen["back"], seen["ready"], seen["behind"], seen["full"]) == (20, 20, 0, 0)


def test_the_floor_hands_each_change_to_every_member_once(scratch: Path) -> None:
    with floor(scratch) as server, Members(server.port, [Room("room")], scratch, plain=True) as members:
        members.connect(20)
        seen = flawless(members.post(5))
    assert seen["deliveries"] == 5 * 20
    assert seen["bytes_per_delivery"] == 430, "as big as a message of ours"


def test_a_correct_delivery_has_no_flaw(scratch: Path) -> None:
    assert flaws_of(lambda member, messages: messages, scratch, requests=3) == {}


def test_a_lost_delivery_is_noticed(scratch: Path) -> None:
    assert flaws_of(lambda member, messages: messages[member == 1 :], scratch) == {"lost": 1}


def test_a_duplicate_is_noticed(scratch: Path) -> None:
    assert flaws_of(lambda member, messages: messages[:1] * (member == 1) + messages, scratch) == {
        "duplicates": 1
    }


def test_a_duplicate_after_the_last_delivery_is_noticed(scratch: Path) -> None:
    assert flaws_of(lambda member, messages: messages + messages[:1], scratch) == {"duplicates": MEMBERS}


def test_a_wrong_order_is_noticed(scratch: Path) -> None:
    assert flaws_of(lambda member, messages: messages[::-1], scratch) == {"disordered": 3 * MEMBERS}


def test_a_delivery_that_comes_with_the_next_request_is_late(scratch: Path) -> None:
    delayed_messages: list[str] = []

    def delayed(member: int, messages: list[str]) -> list[str]:
        if member != 1:
            return messages
        delayed_messages.extend(messages)
        return [] if len(delayed_messages) == 1 else delayed_messages

    assert flaws_of(delayed, scratch, requests=2, size=1) == {"lost": 1, "late": 1}


def test_a_member_that_is_disconnected_is_noticed(scratch: Path) -> None:
    # An empty message closes the connection.
    flaws = flaws_of(lambda member, messages: messages if member else [*messages, ""], scratch)
    assert flaws == {"dropped": 1}


def test_a_measurement_with_a_flaw_is_refused(scratch: Path) -> None:
    with FakeServer(lambda member, messages: []) as fake, pytest.raises(RuntimeError, match="lost"):  # noqa: SIM117
        with Members(fake.port, [Room("room")], scratch, patience=PATIENCE) as members:
            members.connect(1)
            flawless(members.post(1))
