"""The load client sees what members get, and notices what they get wrongly."""

import shutil
from pathlib import Path

import pytest

from benchmarks.members import Members, Room, flawless
from benchmarks.servers import calendar
from tests.benchmarks.fake import Delivery, FakeServer

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")

MEMBERS, FLAWS = 3, ("lost", "duplicates", "late", "disordered", "refused", "dropped")


def flaws_of(deliver: Delivery, tmp_path: Path, requests: int = 1, size: int = 4) -> dict[str, int]:
    with (
        FakeServer(deliver) as server,
        Members(server.port, [Room("room")], tmp_path, patience=0.2) as members,
    ):
        members.connect(MEMBERS)
        seen = members.post(requests, size)
    return {name: seen[name] for name in FLAWS if seen[name]}


def test_every_member_of_our_server_gets_each_change_once(tmp_path: Path) -> None:
    with calendar(tmp_path) as server:
        department = server.department("개발팀")
        with Members(server.port, [Room(department)], tmp_path) as members:
            members.connect(20)
            alone, burst = flawless(members.post(5)), flawless(members.post(2, 10))
        assert server.request("GET", f"/api/events/{department}")[1]["revision"] == 25
    assert (alone["deliveries"], burst["deliveries"]) == (5 * 20, 2 * 10 * 20)
    assert 0 < alone["p50_ms"] <= alone["p99_ms"] <= alone["max_ms"] < 5_000
    assert 400 < alone["bytes_per_delivery"] < 460


def test_all_members_come_back_to_our_server_after_a_crash(tmp_path: Path) -> None:
    with calendar(tmp_path) as server:
        department = server.department("개발팀")
        empty = server.request("GET", f"/api/events/{department}")[1]
        server.request("POST", f"/api/events/{department}", {"event_date": "2024-01-20", "title": "회의"})
        with Members(server.port, [Room(department, empty["cursor"], 1)], tmp_path) as members:
            members.connect(20)
            members.tell("return 0 60")
            server.kill()
            server.start()
            seen = members.hear()
    assert (seen["back"], seen["ready"], seen["behind"], seen["full"]) == (20, 20, 0, 0)


def test_a_right_delivery_has_no_flaw(tmp_path: Path) -> None:
    assert flaws_of(lambda member, messages: messages, tmp_path, requests=3) == {}


def test_a_lost_delivery_is_noticed(tmp_path: Path) -> None:
    assert flaws_of(lambda member, messages: messages[member == 1 :], tmp_path) == {"lost": 1}


def test_a_doubled_delivery_is_noticed(tmp_path: Path) -> None:
    assert flaws_of(lambda member, messages: messages[:1] * (member == 1) + messages, tmp_path) == {
        "duplicates": 1
    }


def test_a_delivery_that_comes_once_too_often_at_the_end_is_noticed(tmp_path: Path) -> None:
    assert flaws_of(lambda member, messages: messages + messages[:1], tmp_path) == {"duplicates": MEMBERS}


def test_a_wrong_order_is_noticed(tmp_path: Path) -> None:
    assert flaws_of(lambda member, messages: messages[::-1], tmp_path) == {"disordered": 3 * MEMBERS}


def test_a_delivery_that_comes_with_the_next_request_is_late(tmp_path: Path) -> None:
    kept: list[str] = []

    def delayed(member: int, messages: list[str]) -> list[str]:
        if member != 1:
            return messages
        kept.extend(messages)
        return [] if len(kept) == 1 else kept

    assert flaws_of(delayed, tmp_path, requests=2, size=1) == {"lost": 1, "late": 1}


def test_a_member_that_is_thrown_out_is_noticed(tmp_path: Path) -> None:
    # An empty message closes the connection.
    flaws = flaws_of(lambda member, messages: messages if member else [*messages, ""], tmp_path)
    assert flaws == {"dropped": 1}


def test_a_measurement_with_a_flaw_is_refused(tmp_path: Path) -> None:
    with FakeServer(lambda member, messages: []) as server, pytest.raises(RuntimeError, match="lost"):  # noqa: SIM117
        with Members(server.port, [Room("room")], tmp_path, patience=0.2) as members:
            members.connect(1)
            flawless(members.post(1))
