"""A cursor far behind is answered in full; what is read for a cursor is bounded and read without the lock."""

import json
import threading
import time
from base64 import b64encode
from itertools import pairwise
from typing import Any

import pytest

from teamcal.domain.changes import EVENT_UPDATED, Change, digest_of_all
from teamcal.domain.cursor import Cursor
from teamcal.storage.change_rows import row_of
from teamcal.storage.codec import to_item
from teamcal.storage.transactions import head_key
from tests import engine
from tests.house import House, Member, Server, wait_until

AT = "2099-01-01T00:00:00.000Z"
FAR = 4_500_000_000


def write_history(house: House, department: str, number: int, events: int) -> None:
    """Puts `number` changes of `events` events straight into the tables, without a commit for each."""
    records: dict[str, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    previous = ""
    for revision in range(1, number + 1):
        event_id = f"{revision % events:08}-0000-4000-8000-000000000000"
        records[event_id] = {
            **{"id": event_id, "department_id": department, "event_date": "2024-01-20"},
            **{"title": f"회의 {revision}", "created_at": AT, "last_modified": AT},
            **{"revision": revision, "version": 1},
        }
        change = Change(revision, EVENT_UPDATED, records[event_id], f"change-{revision}", previous, AT)
        previous = change.change_id
        rows.append(to_item(row_of(department, change, FAR)))
    head = {
        "head": number,
        "change_id": previous,
        "digest": digest_of_all(records.values()),
        "deleted": False,
    }
    rows.append(to_item(head) | head_key(department))
    put_all(house.storage.changes_table, rows)
    put_all(house.storage.events_table, [to_item(record) for record in records.values()])


def put_all(table: str, items: list[dict[str, Any]]) -> None:
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        body = json.dumps({"RequestItems": {table: puts}}, default=lambda data: b64encode(data).decode())
        assert engine.run("BatchWriteItem", body.encode())[0] == 200


def cursor_at(department: str, revision: int) -> str:
    return Cursor(department, revision, f"change-{revision}" if revision else "").text


def sync(server: Server, department: str, cursor: str) -> Any:
    return server.member().ask("sync_request", {"department_id": department, "cursor": cursor})


class Rows:
    """Counts the rows of the log that are read."""

    def __init__(self) -> None:
        self.limits: list[Any] = []

    def before(self, action: str, body: bytes) -> None:
        request = json.loads(body)
        if action == "Query" and "IndexName" not in request:
            self.limits.append(request.get("Limit"))


@pytest.mark.parametrize("events", [10, 3_000])
def test_a_cursor_far_behind_gets_the_calendar_without_reading_what_lies_between(
    house: House, events: int
) -> None:
    rows = Rows()
    server = house.server(before=rows.before)
    department = server.department()
    number = max(2_000, events) + 50
    write_history(house, department, number, events)
    server.events(department)
    rows.limits.clear()
    answer = sync(server, department, cursor_at(department, 20))
    assert (answer["full"], answer["reason"], len(answer["events"])) == (True, "resync_required", events)
    assert rows.limits == []
    near = sync(server, department, cursor_at(department, number - 1_900))
    assert (near["full"], len(near["events"])) == (False, min(events, 1_900))
    # A page of the log is told from wherever the client is.
    url = f"/api/changes/{department}?cursor={cursor_at(department, 20)}&limit=100"
    page = server.http.get(url).json
    assert [change["revision"] for change in page["changes"]] == list(range(21, 121))


@pytest.mark.parametrize("revision", [1, 500, 1_500])
def test_a_forged_cursor_costs_one_row(house: House, revision: int) -> None:
    rows = Rows()
    server = house.server(before=rows.before)
    department = server.department()
    write_history(house, department, 1_600, 50)
    server.events(department)
    rows.limits.clear()
    answer = sync(server, department, Cursor(department, revision, "forged").text)
    assert answer["reason"] == "resync_required"
    assert len(rows.limits) <= 1
    forged = f"/api/changes/{department}?cursor={Cursor(department, revision, 'forged').text}"
    assert server.http.get(forged).status_code == 410
    assert len(rows.limits) <= 2


def test_nobody_waits_for_another_ones_history(house: House) -> None:
    """The read of the log hangs; colleagues read, write and join meanwhile."""
    go, hanging = threading.Event(), threading.Event()
    armed = [False]

    def before(action: str, body: bytes) -> None:
        request = json.loads(body)
        if armed[0] and action == "Query" and request.get("ScanIndexForward") and "IndexName" not in request:
            hanging.set()
            assert go.wait(60)

    server = house.server(before=before)
    department = server.department()
    write_history(house, department, 1_000, 30)
    server.events(department)
    member = server.member(department)
    late: list[Any] = []
    asker = server.member()
    armed[0] = True
    cursor = cursor_at(department, 100)

    def ask() -> None:
        late.append(asker.ask("join_department", {"department_id": department, "cursor": cursor}))

    thread = threading.Thread(target=ask)
    thread.start()
    assert hanging.wait(30)
    try:
        event = server.event(department, title="그 사이에")
        assert event["revision"] == 1_001
        assert len(server.events(department)) == 31
        assert [payload["id"] for _, payload in member.heard()] == [event["id"]]
        other = server.member().ask("join_department", {"department_id": department, "cursor": None})
        assert other["revision"] == 1_001
    finally:
        go.set()
        thread.join(60)
    assert late[0]["revision"] == 1_001
    assert event["id"] in {one["id"] for one in late[0]["events"]}
    assert len(late[0]["events"]) == 31
    assert late[0]["full"] is False


def test_a_client_that_catches_up_while_others_write_misses_nothing(house: House) -> None:
    server = house.server()
    department = server.department()
    write_history(house, department, 300, 30)
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            server.event(department)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for revision in range(0, 200, 10):
            member = server.member()
            answer = member.ask(
                "join_department", {"department_id": department, "cursor": cursor_at(department, revision)}
            )
            assert answer["full"] is False
            before = answer["revision"]
            wait_until(lambda member=member, before=before: _hears_next(member, before))
    finally:
        over.set()
        writer.join(60)


def _hears_next(member: Member, before: int) -> bool:
    revisions = [payload["revision"] for name, payload in member.heard() if name == "event_created"]
    if not revisions:
        return False
    assert revisions[0] == before + 1
    assert all(after == earlier + 1 for earlier, after in pairwise(revisions))
    return True


@pytest.mark.slow
def test_a_cursor_60_000_changes_behind_beside_a_colleague(house: House) -> None:
    """At 8 ms a call. The colleague's create takes no longer than three times as long as usual."""

    def before(action: str, body: bytes) -> None:
        time.sleep(0.008)

    server = house.server(before=before)
    department = server.department()
    write_history(house, department, 60_000, 500)
    server.events(department)
    usual = sorted(_seconds(lambda: server.event(department)) for _ in range(20))[10]
    asked = server.member()
    creates: list[float] = []
    over = threading.Event()

    def colleague() -> None:
        while not over.is_set():
            creates.append(_seconds(lambda: server.event(department)))

    thread = threading.Thread(target=colleague)
    thread.start()
    cursor = {"department_id": department, "cursor": cursor_at(department, 5)}
    seconds: list[float] = []
    for _ in range(10):
        seconds.append(_seconds(lambda: asked.ask("sync_request", cursor)))
        time.sleep(0.1)  # the client that decodes the answer shares this process
    over.set()
    thread.join(60)
    assert sorted(seconds)[5] < 0.3
    assert sorted(creates)[len(creates) // 2] < 3 * usual


def _seconds(call: Any) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
