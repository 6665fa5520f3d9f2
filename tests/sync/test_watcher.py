"""The timer: members hear of other servers' changes although nobody asks and no notice comes."""

from typing import Any

import pytest

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
    server = house.server()
    rounds: list[float] = []

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
    with pytest.raises(Enough):
        server.watcher(0.5, sleep).run()
    assert rounds == [0.5] * 4
    assert "the watcher failed" in caplog.text
