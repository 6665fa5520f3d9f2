"""No state of the tables is 503 for good."""

import itertools
import json
import logging
import threading
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest

from teamcal.domain.changes import DEPARTMENTS, digest_of_all
from teamcal.storage import repairs
from teamcal.storage.codec import to_item
from tests.house import House, Server, right_now, together, wait_until
from tests.storage.engines import items_answer
from tests.sync.restored_tables import (
    quick_repairs,
    remove,
    restore,
    settled,
    state_of,
    wait_for_repairs,
)

__all__ = ["quick_repairs"]
pytestmark = pytest.mark.usefixtures("quick_repairs")


def look(server: Server) -> None:
    server.watcher().look()


class Story:
    """A calendar and the next thing that happens to it. `kept`: a department that nothing happens to."""

    def __init__(self, house: House) -> None:
        self.server = house.server()
        self.kept, self.department = self.server.department("그대로"), self.server.department("개발팀")
        self.server.event(self.kept, title="그대로")
        self.events = [self.server.event(self.department, title=f"{number}") for number in range(3)]

    def create(self) -> None:
        self.server.event(self.department, title="새 일정")

    def update(self) -> None:
        self.server.http.put(
            f"/api/events/{self.events[0]['id']}", json={"title": "수정", "event_date": "2030-02-03"}
        )

    def delete(self) -> None:
        self.server.http.delete(f"/api/events/{self.events[1]['id']}")

    def move(self) -> None:
        there = self.server.department("옆 팀") if not hasattr(self, "there") else self.there
        self.there = there
        body = {"department_id": there}
        assert self.server.http.post(f"/api/events/{self.events[2]['id']}/move", json=body).status_code == 200

    def add_department(self) -> None:
        self.server.event(self.server.department("새 부서"), title="새 부서의 일정")

    def rename(self) -> None:
        self.server.http.put(f"/api/departments/{self.department}", json={"name": "이름 변경"})

    def delete_department(self) -> None:
        assert self.server.http.delete(f"/api/departments/{self.department}").status_code == 200

    def purge(self) -> None:
        self.server.http.delete(f"/api/departments/{self.department}")
        self.server.purge()


STEPS = ("create", "update", "delete", "move", "add_department", "rename", "delete_department", "purge")
MIXES = [mix for mix in itertools.product((0, 1), repeat=3) if len(set(mix)) > 1]
"""Which of departments, events and changes are of the moment after the step; the others of that before."""


def must_fit(house: House) -> None:
    """Each head's digest is that of its live records."""
    departments, events, changes = state_of(house)
    for head in (row for row in changes if row["revision"] == 0 and "head" in row):
        log_id = head["department_id"]
        if head.get("deleted"):
            continue
        own = [one for one in events if one["department_id"] == log_id and not one.get("deleted")]
        records = departments if log_id == DEPARTMENTS else own
        assert head["digest"] == digest_of_all(records), log_id
        assert head["head"] >= max((record.get("revision", 0) for record in records), default=0)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mix", MIXES)
def test_tables_of_different_moments_are_served_again(house: House, step: str, mix: tuple[int, ...]) -> None:
    must_serve_again(house, (step,), mix)


@pytest.mark.parametrize("steps", [("update", "move"), ("add_department", "purge"), ("rename", "delete")])
@pytest.mark.parametrize("mix", list(itertools.permutations(range(3))))
def test_tables_of_three_moments_are_served_again(
    house: House, steps: tuple[str, ...], mix: tuple[int, ...]
) -> None:
    must_serve_again(house, steps, mix)


def must_serve_again(house: House, steps: tuple[str, ...], mix: tuple[int, ...]) -> None:
    """`mix`: after how many of the steps departments, events and changes were saved."""
    story = Story(house)
    cold_before = house.server()
    settled(house, cold_before)  # a server that knows everything
    member = cold_before.member(story.department, story.kept)
    states = [state_of(house)]
    for step in steps:
        getattr(story, step)()
        states.append(state_of(house))
    restore(house, tuple(states[moment][number] for number, moment in enumerate(mix)))
    cold = house.server()
    assert cold.http.get(f"/api/events/{story.kept}").status_code == 200  # the others: never
    shown = settled(house, cold)
    wait_for_repairs(cold)
    shown = settled(house, cold)
    assert [event["title"] for event in shown[story.kept]] == ["그대로"]
    assert settled(house, house.server()) == shown
    wait_until(lambda: looked_well(cold_before))
    assert settled(house, cold_before) == shown
    assert settled(house, story.server) == shown
    for department in shown:
        created = served_create(cold, department)
        for server in (cold_before, story.server, house.server()):
            assert created in settled(house, server)[department]
    assert member is not None
    # What only the log knows is written back before its rows expire, by whoever loads it a while later.
    later = house.server(now=lambda: right_now() + timedelta(hours=1))
    settled(house, later)
    wait_for_repairs(later)
    assert settled(house, house.server()) == settled(house, later)
    must_fit(house)


def looked_well(server: Server) -> bool:
    try:
        look(server)
    except Exception:
        logging.getLogger(__name__).exception("look")
        return False
    return True


def served_create(server: Server, department: str) -> dict[str, Any]:
    def create() -> Any:
        body = {"event_date": "2024-01-20", "title": "복원 뒤"}
        answer = server.http.post(f"/api/events/{department}", json=body)
        return answer if answer.status_code != 503 else None

    answer = wait_until(create)
    assert answer.status_code == 201, answer.text
    return answer.json["event"]


def test_an_event_removed_by_hand_returns(house: House, caplog: pytest.LogCaptureFixture) -> None:
    story = Story(house)
    gone = story.events[1]
    remove(house, 1, id=gone["id"], department_id=story.department)
    later = house.server(now=lambda: right_now() + timedelta(hours=1))
    assert gone in settled(house, later)[story.department]
    wait_for_repairs(later)
    assert house.stored_event(gone["id"])["title"] == "1"
    house.must_be_sound(story.department)  # its head didn't have to move
    assert "1 records older than the log, or missing" in caplog.text


def test_an_event_removed_by_hand_after_its_row_expired_is_gone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story(house)
    gone = story.events[1]
    remove(house, 1, id=gone["id"], department_id=story.department)
    remove(house, 2, department_id=story.department, revision=2)
    member = story.server.member(story.department)
    cursor = member.ask("sync_request", {"department_id": story.department})["cursor"]
    cold = house.server()
    shown = settled(house, cold)[story.department]
    assert sorted(event["title"] for event in shown) == ["0", "2"]
    assert "서로 맞지 않던 테이블을 바로잡았습니다" in caplog.text
    assert "tables that didn't fit each other were repaired" in caplog.text
    look(story.server)
    assert not member.client.is_connected()  # told to come back
    for server in (story.server, cold, house.server()):
        joined = server.member().ask("join_department", {"department_id": story.department, "cursor": cursor})
        assert (joined["full"], joined["reason"]) == (True, "resync_required")
        assert len(joined["events"]) == 2
    must_fit(house)


@pytest.mark.parametrize("revision", [0, 1, 3])
def test_a_row_removed_by_hand(house: House, revision: int) -> None:
    """Row 0 is the head."""
    story = Story(house)
    remove(house, 2, department_id=story.department, revision=revision)
    for server in (house.server(), story.server):
        assert len(settled(house, server)[story.department]) == 3
        looked_well(server)
    created = served_create(story.server, story.department)
    for server in (house.server(), story.server):
        assert created in settled(house, server)[story.department]
    must_fit(house)
    heads = [row for row in house.items(house.storage.changes_table) if row["revision"] == 0]
    assert {row["department_id"] for row in heads} == {DEPARTMENTS, story.department, story.kept}


def test_a_department_removed_by_hand_returns(house: House) -> None:
    story = Story(house)
    remove(house, 0, id=story.department)
    for server in (house.server(), story.server):
        assert len(settled(house, server)[story.department]) == 3
    later = house.server(now=lambda: right_now() + timedelta(hours=1))
    settled(house, later)
    wait_for_repairs(later)
    assert house.stored_department(story.department)["name"] == "개발팀"


def test_a_department_removed_by_hand_after_its_row_expired_leaves_the_others(house: House) -> None:
    story = Story(house)
    remove(house, 0, id=story.department)
    remove(house, 2, department_id=DEPARTMENTS, revision=2)
    cold = house.server()
    assert cold.http.get(f"/api/events/{story.kept}").status_code == 200
    assert set(settled(house, cold)) == {story.kept}
    looked_well(story.server)
    assert set(settled(house, story.server)) == {story.kept}
    assert cold.department("개발팀") != story.department
    must_fit(house)


def test_a_department_restored_after_its_deletion_is_deleted(house: House) -> None:
    """Its row in the list has expired; its own head stays deleted for good."""
    story = Story(house)
    before = state_of(house)
    story.purge()
    departments, events, _ = before
    restore(house, (departments, events, state_of(house)[2]))
    remove(house, 2, department_id=DEPARTMENTS, revision=3)
    cold = house.server()
    assert set(settled(house, cold)) == {story.kept}
    must_fit(house)


def test_several_servers_repair_once(house: House) -> None:
    story = Story(house)
    remove(house, 1, id=story.events[0]["id"], department_id=story.department)
    remove(house, 2, department_id=story.department, revision=1)
    servers = [house.server() for _ in range(4)]
    together(*(lambda server=server: settled(house, server) for server in servers))
    for server in servers:
        wait_for_repairs(server)
    rows = [
        row for row in house.items(house.storage.changes_table) if row["department_id"] == story.department
    ]
    assert [row["revision"] for row in rows if row.get("kind") == "repaired"] == [4]
    must_fit(house)


def test_a_busy_department_is_repaired_while_others_write(house: House) -> None:
    story = Story(house)
    remove(house, 1, id=story.events[0]["id"], department_id=story.department)
    remove(house, 2, department_id=story.department, revision=1)
    done = threading.Event()
    created: list[str] = []

    def write() -> None:
        while not done.is_set():
            answer = story.server.http.post(
                f"/api/events/{story.department}", json={"event_date": "2024-01-20", "title": "계속"}
            )
            if answer.status_code == 201:
                created.append(answer.json["event"]["id"])

    def read() -> None:
        try:
            settled(house, house.server())
        finally:
            done.set()

    together(write, read)
    shown = {event["id"] for event in settled(house, house.server())[story.department]}
    assert set(created) <= shown
    assert shown == {event["id"] for event in settled(house, story.server)[story.department]}
    must_fit(house)


def test_an_index_that_lags_is_no_reason_to_repair(house: House) -> None:
    """It lags further than the log reaches, for longer than the second reading waits."""
    story = Story(house)
    remove(house, 2, department_id=story.department, revision=1)

    def before(action: str, body: bytes) -> Any:
        is_index = action == "Query" and "IndexName" in json.loads(body)
        return items_answer([]) if is_index and time.monotonic() < until else None

    until = time.monotonic() + 0.5
    cold = house.server(before=before)
    head = story.server.database.read_head(story.department)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repairs, "SECOND_READING_SECONDS", 1.0)
        assert len(settled(house, cold)[story.department]) == 3
        wait_for_repairs(cold)
    assert story.server.database.read_head(story.department) == head


def test_an_older_servers_event_that_was_deleted_stays_deleted(house: House) -> None:
    """It has no revision, so the digest doesn't see it; the index still has it, many changes later."""
    story = Story(house)
    old = str(uuid.uuid4())
    house.put_event(id=old, department_id=story.department, event_date="2024-01-20", title="옛 일정")
    assert house.server().http.delete(f"/api/events/{old}").status_code == 200
    for number in range(70):
        story.server.event(story.department, title=f"{number}")
    query = {
        "TableName": house.storage.events_table,
        "IndexName": "department-date-index",
        "KeyConditionExpression": "department_id = :d",
        "ExpressionAttributeValues": {":d": {"S": story.department}},
    }
    stale = house.plain.query(**query)["Items"]
    stale.append(
        to_item({"id": old, "department_id": story.department, "event_date": "2024-01-20", "title": "옛"})
    )

    def before(action: str, body: bytes) -> Any:
        if action == "Query" and "IndexName" in json.loads(body):
            return items_answer(stale)
        return None

    cold = house.server(before=before)
    for _ in range(2):
        shown = cold.events(story.department)
        assert len(shown) == 73
        assert old not in {event["id"] for event in shown}
