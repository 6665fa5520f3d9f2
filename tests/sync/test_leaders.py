"""Who has less time than a call takes: it leads nobody, fails nobody, and may be carried."""

import json
import threading
import time
from typing import Any

from teamcal.deadline import CALL_SECONDS, REQUEST_SECONDS, within
from teamcal.domain.caller import UNNAMED
from teamcal.errors import StorageUnavailable
from tests import engine
from tests.house import House, Server, together, wait_until

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의", "description": "", "time": "", "url": ""}


class SlowEngine:
    """An engine whose transactions begin when `go` is set. `reached`: one has come."""

    def __init__(self) -> None:
        self.armed, self.sizes = False, list[int]()
        self.go, self.reached = threading.Event(), threading.Event()

    def before(self, action: str, body: bytes) -> Any:
        if self.armed and action == "TransactWriteItems":
            self.sizes.append(len(json.loads(body)["TransactItems"]))
            self.reached.set()
            assert self.go.wait(30)


def create(server: Server, department: str, seconds: float = REQUEST_SECONDS) -> Any:
    with within(seconds):
        return server.calendar.events.create(UNNAMED, department, FIELDS)


def test_forty_fresh_writers_do_not_fail_with_a_poor_one(house: House) -> None:
    server = house.server()
    department = server.department()
    server.event(department)
    poor = lambda: create(server, department, CALL_SECONDS - 0.5)  # noqa: E731
    fresh = [lambda: create(server, department)] * 40
    results = together(poor, *fresh, errors=True)
    assert not [result for result in results[1:] if isinstance(result, Exception)]
    assert len(server.events(department)) >= 41


def test_a_poor_writer_is_carried_by_a_fresh_one(house: House) -> None:
    slow = SlowEngine()
    server = house.server(before=slow.before)
    department = server.department()
    server.event(department)
    slow.armed = True
    outcomes: list[Any] = []

    def start(seconds: float) -> threading.Thread:
        def run() -> None:
            try:
                outcomes.append(create(server, department, seconds))
            except StorageUnavailable as error:
                outcomes.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    leader = start(30)
    assert slow.reached.wait(30)
    poor = [start(CALL_SECONDS - 0.2) for _ in range(3)]
    queue = server.replicas._queues[server.replicas.of(department)]
    wait_until(lambda: len(queue._waiting) == 3)
    fresh = start(30)
    wait_until(lambda: len(queue._waiting) == 4)
    slow.go.set()
    for thread in (leader, *poor, fresh):
        thread.join(30)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Outcome"] * 5
    assert slow.sizes == [3, 9]  # the head, and an event and a row each


def test_a_leader_whose_time_ends_in_a_lost_race_hands_its_batch_over(house: House) -> None:
    """The engine refuses the leader's transactions until its time is up; the others have more."""
    conflicts: list[str] = []
    until = [0.0]

    def before(action: str, body: bytes) -> Any:
        if action != "TransactWriteItems" or time.monotonic() > until[0]:
            return None
        conflicts.append(action)
        time.sleep(0.05)
        size = len(json.loads(body)["TransactItems"])
        reasons = [{"Code": "ConditionalCheckFailed"}, *[{"Code": "None"}] * (size - 1)]
        return engine.error("TransactionCanceledException", CancellationReasons=reasons)

    server = house.server(before=before)
    department = server.department()
    server.event(department)
    until[0] = time.monotonic() + 1.5
    leads = lambda: create(server, department, CALL_SECONDS + 0.5)  # noqa: E731
    others = [lambda: create(server, department, 30)] * 10
    results = together(leads, *others, errors=True)
    assert not [result for result in results[1:] if isinstance(result, Exception)]
    assert len(conflicts) > 3


def test_a_single_one_does_not_wait_for_all_of_a_big_batch(house: House) -> None:
    slow = SlowEngine()
    server = house.server(before=slow.before)
    department = server.department()
    server.event(department)
    slow.armed = True
    many = [{"op": "create", "event": FIELDS}] * 500
    revisions: list[int] = []

    def run_batch() -> None:
        answer = server.http.post(f"/api/events/{department}/batch", json={"operations": many})
        assert {result["status"] for result in answer.json["results"]} <= {201, 503}  # a busy machine

    def run_one() -> None:
        revisions.append(create(server, department, 30).record["revision"])

    batch = threading.Thread(target=run_batch)
    batch.start()
    assert slow.reached.wait(30)
    queue = server.replicas._queues[server.replicas.of(department)]
    single = threading.Thread(target=run_one)
    single.start()
    wait_until(lambda: len(queue._waiting) == 2)
    slow.go.set()
    batch.join(60)
    single.join(60)
    assert revisions[0] <= 1 + 45 + 45  # in the second transaction of twelve


def test_readers_do_not_fail_with_a_leader_whose_time_is_up(house: House) -> None:
    """The first reader's look hangs; the one who leads the next round has too little time left then."""
    hang, hanging = threading.Event(), threading.Event()
    armed = [False]

    def before(action: str, body: bytes) -> Any:
        if armed[0] and action == "GetItem":
            armed[0] = False
            hanging.set()
            assert hang.wait(30)

    server = house.server(before=before)
    department = server.department()
    server.event(department)
    replica = server.replicas.of(department)
    armed[0] = True
    results: list[Any] = []

    def read(seconds: float) -> None:
        try:
            with within(seconds):
                results.append(server.calendar.events.list_json(UNNAMED, department))
        except StorageUnavailable as error:
            results.append(error)

    first = threading.Thread(target=read, args=(30,))
    first.start()
    assert hanging.wait(30)
    leader = threading.Thread(target=read, args=(CALL_SECONDS + 0.3,))
    leader.start()
    wait_until(lambda: replica._shared_read._gathering is not None)
    others = [threading.Thread(target=read, args=(30,)) for _ in range(10)]
    for thread in others:
        thread.start()
    time.sleep(1.0)  # the leader's time runs out while it waits for the first look
    hang.set()
    for thread in (first, leader, *others):
        thread.join(60)
    assert len([result for result in results if isinstance(result, Exception)]) <= 1
