"""Many writers at once, over two servers on the same tables."""

import threading
import time
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from teamcal.deadline import within
from teamcal.domain.changes import DEPARTMENTS, Head
from teamcal.domain.operations import Draft, Pending
from teamcal.domain.values import utc_now
from teamcal.errors import IdTaken, StorageUnavailable
from teamcal.sync.replica import Replica
from tests.house import House, together

WRITERS, EACH = 32, 6


def test_a_hot_department_keeps_its_promises() -> None:
    house = House()
    calls: list[str] = []

    def slow(action: str, body: bytes) -> None:
        if action == "TransactWriteItems":
            time.sleep(0.02)

    servers = [house.server(before=slow, calls=calls), house.server(before=slow, calls=calls)]
    department = servers[0].department()
    members = [server.member(department) for server in servers]
    calls.clear()
    statuses: Counter[int] = Counter()
    lock = threading.Lock()

    def write(number: int) -> None:
        http = servers[number % 2].http
        made = []
        for count in range(EACH):
            title = f"{number}-{count}"
            answer = http.post(f"/api/events/{department}", json={"event_date": "2024-01-20", "title": title})
            made.append(answer)
            if count % 3 == 1:
                made.append(http.put(f"/api/events/{made[0].json['event']['id']}", json={"title": title}))
            if count % 3 == 2:
                made.append(http.delete(f"/api/events/{answer.json['event']['id']}"))
        with lock:
            statuses.update(one.status_code for one in made)

    assert set(together(*(lambda number=number: write(number) for number in range(WRITERS)))) == {None}
    assert set(statuses) == {200, 201}
    writes = sum(statuses.values())
    assert writes == WRITERS * (EACH + 4)
    # What waits goes out together.
    assert calls.count("TransactWriteItems") <= writes / 4
    house.must_be_sound(department)
    lists = [server.events(department) for server in (*servers, house.server())]
    assert lists[0] == lists[1] == lists[2]
    assert len(lists[0]) == WRITERS * (EACH - 2)
    for member in members:
        revisions = [payload["revision"] for _, payload in member.heard()]
        assert revisions == list(range(1, writes + 1))


def test_a_department_that_goes_amid_writes_leaves_nothing() -> None:
    house = House()
    servers = [house.server(), house.server()]
    department = servers[0].department()
    seen: list[int] = []

    def write(number: int) -> None:
        http = servers[number % 2].http
        for _ in range(20):
            body = {"event_date": "2024-01-20", "title": "회의"}
            status = http.post(f"/api/events/{department}", json=body).status_code
            seen.append(status)
            if status == 404:
                return

    def delete() -> int:
        while seen.count(201) < 10:
            time.sleep(0.001)
        return servers[1].http.delete(f"/api/departments/{department}").status_code

    *_, deleted = together(*(lambda number=number: write(number) for number in range(8)), delete)
    assert deleted == 200
    assert set(seen) == {201, 404}
    for server in (*servers, house.server()):
        assert server.http.get(f"/api/events/{department}").status_code == 404
        assert server.http.get("/api/departments").json["departments"] == []
    servers[0].purge()
    assert house.items(house.storage.events_table) == []
    house.must_be_sound(DEPARTMENTS)


def test_of_two_updates_on_one_version_one_wins() -> None:
    house = House()
    servers = [house.server(), house.server()]
    event = servers[0].event(servers[0].department())

    def update(number: int) -> int:
        path = f"/api/events/{event['id']}"
        answer = servers[number % 2].http.put(path, json={"title": f"{number}"}, headers={"If-Match": '"1"'})
        return answer.status_code

    statuses = together(*(lambda number=number: update(number) for number in range(8)))
    assert sorted(statuses) == [200] + [412] * 7


@pytest.mark.parametrize("count", [8])
def test_one_retried_create_from_everywhere_is_one_event(count: int) -> None:
    house = House()
    servers = [house.server(), house.server()]
    department = servers[0].department()
    body = {"id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "event_date": "2024-01-20", "title": "회의"}

    def create(number: int) -> int:
        return servers[number % 2].http.post(f"/api/events/{department}", json=body).status_code

    statuses = together(*(lambda number=number: create(number) for number in range(count)))
    assert sorted(statuses) == [200] * (count - 1) + [201]
    house.must_be_sound(department)
    assert len(servers[0].events(department)) == 1


def test_readers_never_see_the_past() -> None:
    house = House()
    servers = [house.server(), house.server()]
    department = servers[0].department()
    acknowledged = [0]
    wrong: list[tuple[int, int]] = []

    def write() -> None:
        for _ in range(30):
            acknowledged[0] = servers[0].event(department)["revision"]

    def read(number: int) -> None:
        seen = []
        while acknowledged[0] < 30:
            least = acknowledged[0]
            revision = servers[number % 2].http.get(f"/api/events/{department}").json["revision"]
            seen.append(revision)
            if revision < least:
                wrong.append((least, revision))
        wrong.extend((one, other) for one, other in pairwise(seen) if other < one)

    assert set(together(write, *(lambda number=number: read(number) for number in range(4)))) == {None}
    assert wrong == []


class Slow:
    """A database whose commits take until `go` is set, and who wrote what."""

    def __init__(self) -> None:
        self.go, self.reached = threading.Event(), threading.Event()

    def commit(self, writes: Any, token: str) -> None:
        self.reached.set()
        assert self.go.wait(10)


def a_replica(database: Slow) -> Replica:
    def nothing(*arguments: Any) -> None:
        pass

    process = SimpleNamespace(
        database=database, now=utc_now, publish=nothing, announce=nothing, on_reset=nothing
    )
    replica = Replica("d", process)
    replica.head = Head("d", 1, "c")
    return replica


def creating(number: int) -> Pending:
    return Pending(lambda view: Draft("event_created", {"id": f"e{number}", "department_id": "d"}))


def test_who_waits_behind_those_who_gave_up_leads_at_once() -> None:
    """One batch was settled before it queued up, one writer gave up: neither keeps the next waiting."""
    database = Slow()
    replica = a_replica(database)
    done: list[str] = []

    def write(name: str, pendings: list[Pending], seconds: float) -> threading.Thread:
        def run() -> None:
            with within(seconds), suppress(StorageUnavailable):
                replica.write_all(pendings)
                done.append(name)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    first = write("first", [creating(1)], 10)
    assert database.reached.wait(5)
    settled = creating(2)
    settled.error = IdTaken("e2")
    write("settled", [settled], 10).join(5)
    write("late", [creating(3)], 1.1).join(5)
    write("too late", [creating(4)], 0.5).join(5)
    last = write("last", [creating(5)], 10)
    time.sleep(0.1)
    began = time.monotonic()
    database.go.set()
    first.join(5)
    last.join(5)
    assert done == ["settled", "first", "last"] or done == ["settled", "last", "first"]
    assert time.monotonic() - began < 3
    assert replica.head is not None
    assert replica.head.revision == 3
    assert not replica._waiting


def test_batches_that_are_settled_leave_nothing_behind() -> None:
    replica = a_replica(Slow())
    for number in range(100):
        settled = creating(number)
        settled.error = IdTaken("x")
        replica.write_all([settled])
    assert not replica._waiting
