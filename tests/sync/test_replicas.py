"""What replicas take: what isn't needed is freed at once, and no request walks over all of them."""

import gc
import uuid
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from teamcal.domain.changes import DEPARTMENTS
from teamcal.sync.replicas import Replicas
from tests.house import House, PatientClient, Server, patiently, together

MEGABYTE = 1024 * 1024


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Whatever is freed is freed because nobody refers to it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def fill(server: Server, department: str, events: int = 100, letters: int = 0) -> list[str]:
    event = {"event_date": "2024-01-20", "title": "팀 회의", "description": "가" * letters}
    operations = [{"op": "create", "event": {**event, "id": str(uuid.uuid4())}} for _ in range(events)]
    results = PatientClient(server).batch(department, operations)
    return [result["event"]["id"] for result in results]


def counted(replicas: Replicas) -> int:
    """What the running total should be."""
    return sum(replicas._sizes.values())


@pytest.mark.usefixtures("_no_collector")
def test_what_is_evicted_is_freed_at_once(house: House) -> None:
    writer, server = house.server(), house.server(replica_memory=MEGABYTE)
    departments = [writer.department(f"부서 {number}") for number in range(20)]
    fill(writer, departments[0])
    first = server.events(departments[0]) and weakref.ref(server.replicas.of(departments[0]))
    for department in departments[1:]:
        fill(writer, department)
        server.events(department)
        assert server.replicas.used <= MEGABYTE
        assert server.replicas.used == counted(server.replicas)
    assert first() is None
    assert server.counters.values()["replicas_evicted"] > 10
    kept = [replica.records for log_id, replica in server.replicas._kept.items() if log_id != DEPARTMENTS]
    assert server.replicas._places.keys() == {event_id for records in kept for event_id in records}


def test_what_grows_is_evicted_too(house: House) -> None:
    """Not only a new replica makes others go: so do events, and answers that are kept."""
    server = house.server(replica_memory=MEGABYTE)
    small, large = server.department("기획팀"), server.department("개발팀")
    server.events(small)
    for _ in range(6):
        fill(server, large)
    assert server.replicas.used > MEGABYTE
    assert set(server.replicas._kept) == {DEPARTMENTS, large}
    server.events(small)
    assert set(server.replicas._kept) == {DEPARTMENTS, small}


def test_each_form_of_an_answer_is_counted_once_it_is_there(house: House) -> None:
    server = house.server()
    department = server.department()
    cursor = server.http.get(f"/api/changes/{department}").json["cursor"]
    server.event(department, description="가" * 9_000)
    path, sizes = f"/api/changes/{department}?cursor={cursor}", []
    for form in ("", "&compact=1", ""):
        size = len(server.http.get(path + form).data)
        replica = server.replicas.of(department)  # as every request begins
        assert server.replicas.used == counted(server.replicas)
        sizes.append(replica.cache.memory)
    assert sizes[0] >= size
    assert sizes[1] >= sizes[0] + size // 2
    assert sizes[2] == sizes[1]


@pytest.mark.usefixtures("_no_collector")
def test_a_replica_in_use_or_with_members_is_not_evicted(house: House) -> None:
    server = house.server(replica_memory=1)
    in_use, followed, neither = (server.department(name) for name in ("기획팀", "개발팀", "영업팀"))
    server.events(in_use)
    held = server.replicas.of(in_use)
    member = server.member(followed)
    server.events(neither)
    server.replicas.evict_all()
    assert set(server.replicas._kept) == {DEPARTMENTS, in_use, followed}
    assert server.replicas.of(in_use) is held
    del held
    member.client.disconnect()
    server.replicas.evict_all()
    assert set(server.replicas._kept) == {DEPARTMENTS}
    assert server.replicas.used == counted(server.replicas)


@pytest.mark.usefixtures("_no_collector")
def test_unknown_ids_leave_nothing_behind(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither memory nor work: as many objects are alive after thousands, and the last costs as the first."""
    server = house.server()
    known = server.department()
    event = server.event(known)
    paths = ("/api/events/{}", "/api/changes/{}")
    http = server.http

    def ask() -> None:
        for path in paths:
            assert http.get(path.format(uuid.uuid4())).status_code == 404

    def ask_and_count() -> int:
        ask()
        return len(server.replicas._all) + len(server.replicas._kept) + len(server.replicas._queues)

    before = ask_and_count()
    for _ in range(500):
        ask()
    assert ask_and_count() == before
    member = server.member()
    joins = [{"department_id": str(uuid.uuid4()), "cursor": None} for _ in range(200)]
    assert all("code" in answer for answer in member.ask("join_department", {"departments": joins}))
    assert http.put(f"/api/events/{uuid.uuid4()}", json={"title": "x"}).status_code == 404
    assert http.delete(f"/api/departments/{uuid.uuid4()}").status_code == 404
    assert ask_and_count() == before
    assert server.replicas.department_of(event["id"]) == known


def test_no_request_walks_over_all_replicas(house: House) -> None:
    """20,000 replicas: finding an event and loading one more examine no more of them than of 20."""
    server = house.server()
    department = server.department()
    event = server.event(department)
    examined: list[str] = []
    has_members = server.replicas.ports.members.has_members

    def counting(log_id: str) -> bool:
        examined.append(log_id)
        return has_members(log_id)

    server.replicas.ports.members.has_members = counting
    for number in range(20_000):
        replica = server.replicas.of(f"department {number}")
        replica.head, replica.records = server.replicas.of(department).head, Walked()
        server.replicas.loaded(replica, {})
    examined.clear()
    server.replicas.memory = 1
    assert server.http.put(f"/api/events/{event['id']}", json={"title": "새 제목"}).status_code == 200
    assert server.http.get(f"/api/events/{uuid.uuid4()}").status_code == 404
    assert len(examined) <= 200
    assert server.replicas.used == counted(server.replicas)


class Walked(dict[str, Any]):
    """Records that must not be looked into."""

    def __contains__(self, key: object) -> bool:
        raise AssertionError("somebody walks over the replicas")


def test_where_an_event_is_stays_right(house: House) -> None:
    one, other = house.server(), house.server()
    here, there = one.department("기획팀"), one.department("개발팀")
    events = [one.event(here) for _ in range(3)]
    other.events(here)
    replicas = other.replicas
    assert {replicas.department_of(event["id"]) for event in events} == {here}
    move = f"/api/events/{events[0]['id']}/move"
    assert patiently(lambda: one.http.post(move, json={"department_id": there})).status_code == 200
    PatientClient(one).delete(events[1]["id"])
    other.events(there)
    other.events(here)
    assert [replicas.department_of(event["id"]) for event in events] == [there, None, here]
    one.http.delete(f"/api/departments/{here}")
    assert other.http.get(f"/api/events/{here}").status_code == 404
    assert [replicas.department_of(event["id"]) for event in events] == [there, None, None]
    assert other.http.put(f"/api/events/{events[0]['id']}", json={"title": "x"}).status_code == 200


def test_the_total_is_right_whoever_counts_at_once(house: House) -> None:
    writer = house.server()
    departments = [writer.department(f"부서 {number}") for number in range(8)]
    server = house.server(replica_memory=MEGABYTE // 2)

    def work(department: str) -> None:
        for _ in range(5):
            fill(server, department, events=20)
            patiently(lambda: server.http.get(f"/api/events/{department}"))
            server.http.get(f"/api/changes/{department}")

    together(*[lambda department=department: work(department) for department in departments])
    assert server.replicas.used == counted(server.replicas)
    assert sum(map(len, (replica.records for replica in server.replicas._kept.values()))) == len(
        server.replicas._places
    ) + len(server.replicas.of(DEPARTMENTS).records)
