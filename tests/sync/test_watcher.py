"""The timer: members hear of other servers' changes although nobody asks and no notice comes."""

from collections.abc import Callable
from typing import Any

import pytest

from teamcal.domain.changes import DEPARTMENTS
from teamcal.errors import StorageUnavailable
from tests.house import House


def test_members_hear_of_other_servers(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    other.watcher().look()  # as when a server starts
    member = other.member(department)
    event = one.event(department)
    new = one.department("연구팀")
    other.watcher().look()
    heard = member.heard()
    assert sorted(name for name, _ in heard) == ["department_created", "event_created"]
    assert {payload["id"] for _, payload in heard} == {event["id"], new}
    other.watcher().look()
    assert member.heard() == []


def test_the_timer_notices_a_deletion_and_finishes_it(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    one.event(department)
    other.watcher().look()  # as when a server starts
    member = other.member(department)
    one.http.delete(f"/api/departments/{department}")
    watcher = other.watcher()
    watcher.look()
    watcher.look()
    assert [name for name, _ in member.heard()] == ["department_deleted"]
    assert house.items(house.storage.events_table) == []


def test_the_timer_outlives_every_failure(house: House, caplog: pytest.LogCaptureFixture) -> None:
    writer, server = house.server(), house.server()
    department = writer.department()
    member, rounds = server.member(department), []

    class Enough(BaseException):
        pass

    def sleep(seconds: float) -> None:
        rounds.append(seconds)
        if len(rounds) == 4:
            raise Enough

    def broken(*arguments: Any) -> Any:
        if len(rounds) == 0:
            raise RuntimeError("unexpected")
        if len(rounds) == 1:
            raise StorageUnavailable("down")
        return read(*arguments)

    read = server.database.read_heads
    server.database.read_heads = broken
    writer.event(department)
    with pytest.raises(Enough):
        server.watcher(0.5, sleep).run()
    assert rounds == [0.5] * 4
    assert caplog.text.count(f"'{department}' can't be watched") == 1
    assert [name for name, _ in member.heard()] == ["event_created"]


def test_one_bad_department_stops_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a head that can't be understood, nor a list of departments that can't be loaded."""
    writer, server = house.server(), house.server()
    bad, good = writer.department("기획팀"), writer.department("개발팀")
    writer.event(bad)
    member, watcher = server.member(bad, good), server.watcher()
    key = {"department_id": {"S": bad}, "revision": {"N": "0"}}
    house.plain.update_item(
        TableName=house.storage.changes_table,
        Key=key,
        UpdateExpression="SET head = :wrong REMOVE change_id",
        ExpressionAttributeValues={":wrong": {"S": "many"}},
    )
    server.database.load = refuses(DEPARTMENTS, server.database.load)
    for title in ("첫째", "둘째"):
        writer.event(good, title=title)
        watcher.look()
        assert [told["title"] for name, told in member.heard()] == [title]
    assert caplog.text.count(f"'{bad}' can't be watched") == 1
    server.database.load = house.database().load
    watcher.look()
    assert not member.client.is_connected()  # what the list did meanwhile was told to nobody


def refuses(log_id: str, load: Callable[[str], Any]) -> Callable[[str], Any]:
    def instead(asked: str) -> Any:
        if asked == log_id:
            raise StorageUnavailable("its index lags")
        return load(asked)

    return instead


def test_a_room_is_watched_whatever_is_in_memory(house: House) -> None:
    """A member whose replica is gone is sent away, and nothing is emitted from the middle."""
    writer, server = house.server(), house.server()
    department, gone = writer.department("개발팀"), writer.department("기획팀")
    member, other = server.member(department), server.member(gone)
    watcher = server.watcher()
    watcher.look()
    for log_id in (department, gone):
        server.replicas.forget(server.replicas.of(log_id))
    writer.event(department)
    house.plain.delete_item(TableName=house.storage.departments_table, Key={"id": {"S": gone}})
    watcher.look()
    assert not member.client.is_connected()
    assert not other.client.is_connected()
    assert server.replicas.of(gone).head is None
    again = server.member(department)
    writer.event(department)
    watcher.look()
    assert [told["revision"] for _, told in again.heard()] == [2]


def test_members_of_a_department_that_a_backup_does_not_know_are_sent_away(house: House) -> None:
    writer, server = house.server(), house.server()
    department = writer.department()
    writer.event(department)
    member = server.member(department)
    for row in house.items(house.storage.changes_table):
        if row["department_id"] == department:
            key = {"department_id": {"S": department}, "revision": {"N": str(row["revision"])}}
            house.plain.delete_item(TableName=house.storage.changes_table, Key=key)
    house.plain.delete_item(TableName=house.storage.departments_table, Key={"id": {"S": department}})
    watcher = server.watcher()
    watcher.look()
    assert not member.client.is_connected()
    assert server.http.get(f"/api/events/{department}").status_code == 404
    assert server.counters.values()["replicas"] <= 1  # the list of departments
