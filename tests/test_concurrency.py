"""Many writers at once, over two servers on the same tables."""

import threading
import time
import uuid
from itertools import pairwise
from typing import Any

from teamcal.deadline import within
from teamcal.domain.caller import UNNAMED
from teamcal.domain.changes import DEPARTMENTS, Head
from teamcal.domain.fold import Submission
from teamcal.domain.operations import CreateEvent
from teamcal.errors import IdTaken, StorageUnavailable
from teamcal.sync.commit_queue import CommitQueue
from teamcal.sync.ports import Ports
from teamcal.sync.replica import Replica
from tests.house import House, PatientClient, patiently, together, wait_until

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

    def write(number: int) -> None:
        client = PatientClient(servers[number % 2])
        events = []
        for count in range(EACH):
            title = f"{number}-{count}"
            events.append(client.create(department, title=title))
            if count % 3 == 1:
                client.update(events[0]["id"], title=title)
            if count % 3 == 2:
                client.delete(events[-1]["id"])

    together(*(lambda number=number: write(number) for number in range(WRITERS)))
    writes = WRITERS * (EACH + 4)
    # Writes that wait go out together.
    assert calls.count("TransactWriteItems") <= writes / 4
    house.must_be_sound(department)
    lists = [server.events(department) for server in (*servers, house.server())]
    assert lists[0] == lists[1] == lists[2]
    assert len(lists[0]) == WRITERS * (EACH - 2)
    for member in members:
        revisions = [payload["revision"] for _, payload in member.heard()]
        assert revisions == list(range(1, writes + 1))


def test_a_department_deleted_during_writes_leaves_nothing() -> None:
    house = House()
    servers = [house.server(), house.server()]
    department = servers[0].department()
    statuses: list[int] = []

    def write(number: int) -> None:
        http = servers[number % 2].http
        for _ in range(20):
            body = {"id": str(uuid.uuid4()), "event_date": "2024-01-20", "title": "회의"}
            path = f"/api/events/{department}"
            status = patiently(lambda path=path, body=body: http.post(path, json=body)).status_code
            statuses.append(status)
            if status == 404:
                return

    def delete() -> int:
        wait_until(lambda: statuses.count(201) >= 10)
        return patiently(lambda: servers[1].http.delete(f"/api/departments/{department}")).status_code

    *_, deleted = together(*(lambda number=number: write(number) for number in range(8)), delete)
    assert deleted in (200, 404)  # 404 when an attempt that was answered 503 has deleted it
    assert 404 in statuses
    assert set(statuses) <= {200, 201, 404}
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


def test_one_create_sent_by_many_is_one_event() -> None:
    house = House()
    servers = [house.server(), house.server()]
    department = servers[0].department()
    body = {"id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "event_date": "2024-01-20", "title": "회의"}

    def create(number: int) -> int:
        return servers[number % 2].http.post(f"/api/events/{department}", json=body).status_code

    statuses = together(*(lambda number=number: create(number) for number in range(8)))
    assert sorted(statuses) == [200] * 7 + [201]
    house.must_be_sound(department)
    assert len(servers[0].events(department)) == 1


def test_readers_never_see_the_past() -> None:
    house = House()
    servers = [house.server(), house.server()]
    department = servers[0].department()
    acknowledged = [0]
    over = threading.Event()
    wrong: list[tuple[int, int]] = []

    def write() -> None:
        client = PatientClient(servers[0])
        try:
            for _ in range(30):
                acknowledged[0] = client.create(department)["revision"]
        finally:
            over.set()

    def read(number: int) -> None:
        http, revisions = servers[number % 2].http, []
        while not over.is_set():
            least = acknowledged[0]
            revision = patiently(lambda: http.get(f"/api/events/{department}")).json["revision"]
            revisions.append(revision)
            if revision < least:
                wrong.append((least, revision))
        wrong.extend((one, other) for one, other in pairwise(revisions) if other < one)

    together(write, *(lambda number=number: read(number) for number in range(4)))
    assert acknowledged == [30]
    assert wrong == []


class SlowDatabase:
    """A database whose commits end when `go` is set. `reached`: a commit has begun."""

    def __init__(self) -> None:
        self.go, self.reached = threading.Event(), threading.Event()

    def commit(self, writes: Any, token: str) -> None:
        self.reached.set()
        assert self.go.wait(60)


class Writers:
    """Requests that submit to one log over `database`. `done`: the names of those that were settled."""

    def __init__(self, database: SlowDatabase) -> None:
        ports: Any = Ports(database)  # type: ignore[arg-type]
        self.queue, self.replica = CommitQueue(ports), Replica("d", ports)
        self.replica.head = Head("d", 1, "c")
        self.done: list[str] = []

    def start(self, name: str, submission: Submission, seconds: float) -> threading.Thread:
        """Submits in a thread of its own that has `seconds` until its deadline."""

        def run() -> None:
            with within(seconds):
                self.queue.submit(self.replica, [submission])
                if not isinstance(submission.result, StorageUnavailable):
                    self.done.append(name)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def waiting(self) -> list[Submission]:
        return [submission for request in self.queue._waiting for submission in request.waiting]


def creation(number: int) -> Submission:
    return Submission(CreateEvent(f"e{number}", "d", {"title": "팀 회의"}, at=""), UNNAMED, f"c{number}")


def settled_creation(number: int) -> Submission:
    submission = creation(number)
    submission.result = IdTaken(f"e{number}")
    return submission


def test_a_request_behind_abandoned_ones_leads_at_once() -> None:
    """One request was settled before it queued up, two gave up: the next one must not wait for them."""
    database = SlowDatabase()
    writers = Writers(database)
    first = writers.start("first", creation(1), 60)
    assert database.reached.wait(30)
    writers.start("settled", settled_creation(2), 60).join(30)
    writers.start("too late", creation(3), 1.1).join(30)
    writers.start("much too late", creation(4), 0.5).join(30)
    newest = creation(5)
    last = writers.start("last", newest, 60)
    wait_until(lambda: newest in writers.waiting())
    began = time.monotonic()
    database.go.set()
    first.join(30)
    last.join(30)
    assert time.monotonic() - began < 15
    assert writers.done[0] == "settled"
    assert sorted(writers.done[1:]) == ["first", "last"]
    assert writers.replica.head is not None
    assert writers.replica.head.revision == 3
    assert writers.waiting() == []


def test_settled_submissions_leave_the_queue() -> None:
    writers = Writers(SlowDatabase())
    for number in range(100):
        writers.queue.submit(writers.replica, [settled_creation(number)])
    assert writers.waiting() == []
