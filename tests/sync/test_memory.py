"""What a replica says that it takes is what it takes, and what is dropped is freed at once."""

import gc
import tracemalloc
import weakref
from typing import Any

import pytest

from teamcal.domain.caller import UNNAMED
from teamcal.metrics import COLD_LOADS
from teamcal.sync.recent_changes import RECENT_BYTES
from teamcal.sync.replica import REPLICA_BYTES
from teamcal.sync.revision_cache import CACHED_BYTES
from tests import engine
from tests.house import House, Server

BIG = "가" * 10_000


def fill(server: Server, department: str, number: int, **fields: Any) -> None:
    for start in range(0, number, 10):
        event = {"event_date": "2024-01-20", "title": "팀 회의", **fields}
        operations = [{"op": "create", "event": event}] * min(10, number - start)
        answer = server.http.post(f"/api/events/{department}/batch", json={"operations": operations})
        assert {result["status"] for result in answer.json["results"]} == {201}


@pytest.mark.parametrize(
    ("number", "description"),
    [(1000, "매주 월요일 회의실에서 모입니다. " * 5), (100, BIG), (100, "a" * 10_000)],
)
def test_memory_is_within_a_third_of_what_is_held(house: House, number: int, description: str) -> None:
    writer = house.server()
    department = writer.department()
    fill(writer, department, number, description=description)
    server = house.server()
    server.department("다른 부서")  # whatever the first request imports
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        # Not as a request, which has a deadline: everything takes longer while memory is traced.
        content = server.calendar.events.list_json(UNNAMED, department)[0]
        assert len(content) > number * len(description)
        replica = server.replicas.of(department)
        del content
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
        # A list has the records, the JSON of each and the answer.
        assert held * 0.8 < replica.memory < held * 1.3
    finally:
        tracemalloc.stop()


def test_the_running_total_comes_back_to_nothing(house: House) -> None:
    server = house.server()
    department = server.department()
    ids = [server.event(department, description="가" * number)["id"] for number in range(20)]
    server.events(department)
    for event_id in ids[:10]:
        server.http.put(f"/api/events/{event_id}", json={"description": BIG, "title": "새"})
    for event_id in ids:
        server.http.delete(f"/api/events/{event_id}")
    replica = server.replicas.of(department)
    assert replica.memory == REPLICA_BYTES + replica.recent.memory


def test_changes_in_memory_are_bounded_in_bytes(house: House) -> None:
    server = house.server()
    department = server.department()
    event = server.event(department)
    cursor = server.http.get(f"/api/changes/{department}").json["cursor"]
    for number in range(50):
        update = {"op": "update", "id": event["id"], "event": {"description": BIG[: 9_000 + number]}}
        operations = [
            {**update, "event": {"description": f"{number} {at} {BIG[:9_900]}"}} for at in range(10)
        ]
        server.http.post(f"/api/events/{department}/batch", json={"operations": operations})
    replica = server.replicas.of(department)
    assert replica.recent.memory <= RECENT_BYTES
    assert replica.memory < 2 * RECENT_BYTES
    # 500 changes of 20 KB: an answer has as many as fit, and the cursor leads on.
    revisions: list[int] = []
    for _ in range(10):
        answer = server.http.get(f"/api/changes/{department}?cursor={cursor}&limit=1000")
        assert len(answer.data) < 4 * RECENT_BYTES
        revisions += [change["revision"] for change in answer.json["changes"]]
        cursor = answer.json["cursor"]
        if not answer.json["more"]:
            break
    assert revisions == list(range(2, 502))
    assert replica.cache.memory <= 3 * CACHED_BYTES


def evicted(server: Server, department: str) -> "weakref.ref[Any]":
    """The replica of `department` after nothing but the garbage collector could hold it."""
    replica = server.replicas.of(department)
    server.replicas.forget(replica)
    return weakref.ref(replica)


def test_a_replica_that_is_dropped_is_freed_at_once(house: House) -> None:
    """Without the collector, also after requests that failed in every way."""
    trouble: list[Any] = []

    def before(action: str, body: bytes) -> Any:
        return trouble[0] if trouble and action in ("GetItem", "TransactWriteItems") else None

    server, other = house.server(before=before), house.server()
    department = server.department()
    event = server.event(department)
    url = f"/api/events/{event['id']}"
    gc.collect()
    gc.disable()
    try:
        server.events(department)
        server.http.put(url, json={"title": "새"}, headers={"If-Match": '"7"'})
        server.http.put(url, json={"title": ""})
        server.http.get(f"/api/changes/{department}?cursor=x")
        operations = [{"op": "delete", "id": "unknown"}, {"op": "update", "id": event["id"], "event": {}}]
        for atomic in (False, True):
            body = {"operations": operations, "atomic": atomic}
            server.http.post(f"/api/events/{department}/batch", json=body)
        other.event(department)
        assert server.http.put(url, json={"title": "나중"}).status_code == 200  # after a lost race
        trouble.append(engine.error("UnrecognizedClientException"))
        assert server.http.get(f"/api/events/{department}").status_code == 503
        assert server.http.put(url, json={"title": "새"}).status_code == 503
        trouble.clear()
        reference = evicted(server, department)
        assert reference() is None
    finally:
        gc.enable()
    assert len(server.events(department)) == 2
    assert server.counters.values()[COLD_LOADS] >= 2
