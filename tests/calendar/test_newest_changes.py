"""The newest changes of a department: for a list of what was deleted lately, however long the log is."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.house import House


def test_the_newest_changes_come_oldest_first_and_no_more_than_asked(house: House) -> None:
    server = house.server()
    department = server.department()
    events = [server.event(department, title=str(number)) for number in range(5)]
    server.http.delete(f"/api/events/{events[1]['id']}")
    url = f"/api/changes/{department}"
    everything = server.http.get(url).json
    newest = server.http.get(f"{url}?newest=2").json
    assert newest["changes"] == everything["changes"][-2:]
    assert [change["kind"] for change in newest["changes"]] == ["event_created", "event_deleted"]
    assert (newest["revision"], newest["cursor"], newest["more"]) == (6, everything["cursor"], False)
    assert server.http.get(f"{url}?newest=1000").json["changes"] == everything["changes"]
    assert [server.http.get(f"{url}?newest={most}").status_code for most in ("0", "1001", "x", "")] == [
        400
    ] * 4
    assert server.http.get("/api/changes/unknown?newest=2").status_code == 404


def test_they_are_read_when_they_are_not_in_memory(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = house.server()
    department = writer.department()
    for number in range(7):
        writer.event(department, title=str(number))
    expected = writer.http.get(f"/api/changes/{department}?newest=5").json["changes"]
    monkeypatch.setattr("teamcal.sync.log_reader.NEWEST_ROWS", 2)
    reader = house.server()
    reader.http.get(f"/api/events/{department}")
    reader.replicas.of(department).recent.replace([])
    assert reader.http.get(f"/api/changes/{department}?newest=5").json["changes"] == expected


def test_a_log_that_no_longer_reaches_back_tells_what_it_has(house: House) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=200)
    old = house.server(now=lambda: long_ago)
    department = old.department()
    old.event(department, title="옛 일정")
    server = house.server()
    server.event(department, title="새 일정")
    reader = house.server()
    reader.http.get(f"/api/events/{department}")
    reader.replicas.of(department).recent.replace([])
    changes = reader.http.get(f"/api/changes/{department}?newest=10").json["changes"]
    assert [change["event"]["title"] for change in changes] == ["새 일정"]


def test_a_department_without_changes_has_none(house: House) -> None:
    server = house.server()
    assert server.http.get(f"/api/changes/{server.department()}?newest=10").json["changes"] == []
