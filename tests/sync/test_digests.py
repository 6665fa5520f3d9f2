"""A replica's digest is compared with the head's at every step: before it is written on, read or told of."""

from dataclasses import replace

from teamcal.domain.changes import Change, Head, digest_of_all
from teamcal.metrics import HISTORIES_LOST
from teamcal.storage.change_rows import row_of
from teamcal.storage.codec import to_item
from teamcal.storage.transactions import head_key
from tests.house import House, Server

FAR = 4_000_000_000


def hidden_change(house: House, server: Server, department: str, event_id: str) -> None:
    """Deletes an event as a newer server might: by a change of an unknown kind that carries no record."""
    head = server.database.read_head(department)
    records = server.database.load(department)[1]
    records.pop(event_id)
    change = Change(
        head.revision + 1, "events_swept", {}, "new-change", head.change_id, "2024-01-01T00:00:00.000Z"
    )
    house.plain.put_item(TableName=house.storage.changes_table, Item=to_item(row_of(department, change, FAR)))
    key = {"id": {"S": event_id}, "department_id": {"S": department}}
    house.plain.delete_item(TableName=house.storage.events_table, Key=key)
    forget_first_row(house, department)
    set_head(house, Head(department, change.revision, change.change_id, digest_of_all(records.values())))


def forget_first_row(house: House, department: str) -> None:
    """Removes the row that would bring the event back in a cold load, as time does."""
    key = {"department_id": {"S": department}, "revision": {"N": "1"}}
    house.plain.delete_item(TableName=house.storage.changes_table, Key=key)


def set_head(house: House, head: Head, **more: object) -> None:
    row = {"head": head.revision, "change_id": head.change_id, "deleted": head.deleted, **more}
    if head.digest is not None:
        row["digest"] = head.digest
    item = to_item(row) | head_key(head.log_id)
    house.plain.put_item(TableName=house.storage.changes_table, Item=item)


def test_a_change_that_a_replica_does_not_understand_makes_it_start_over(house: House) -> None:
    server, other = house.server(), house.server()
    department = server.department()
    gone, kept = server.event(department)["id"], server.event(department)["id"]
    assert len(other.events(department)) == 2
    hidden_change(house, server, department, gone)
    assert [event["id"] for event in other.events(department)] == [kept]
    assert other.counters.values()[HISTORIES_LOST] == 1


def test_nothing_is_written_on_a_digest_that_differs(house: House) -> None:
    """The head's digest changes without a change: the writer's replica isn't what the table is."""
    server = house.server()
    department = server.department()
    gone, kept = server.event(department)["id"], server.event(department)["id"]
    records = server.database.load(department)[1]
    records.pop(gone)
    key = {"id": {"S": gone}, "department_id": {"S": department}}
    house.plain.delete_item(TableName=house.storage.events_table, Key=key)
    head = server.database.read_head(department)
    forget_first_row(house, department)
    set_head(house, replace(head, digest=digest_of_all(records.values())))
    new = server.http.post(f"/api/events/{department}", json={"event_date": "2024-01-20", "title": "새"})
    assert new.status_code == 201, new.text
    assert {event["id"] for event in server.events(department)} == {kept, new.json["event"]["id"]}
    stored = server.database.read_head(department)
    assert stored.digest == digest_of_all(server.database.load(department)[1].values())
    assert {event["id"] for event in house.server().events(department)} == {kept, new.json["event"]["id"]}


def test_a_head_without_a_digest_is_written_on_and_gets_one(house: House) -> None:
    server = house.server()
    department = server.department()
    server.event(department)
    head = server.database.read_head(department)
    set_head(house, replace(head, digest=None))
    assert len(server.events(department)) == 1  # a warm replica goes on
    cold = house.server()
    assert len(cold.events(department)) == 1
    cold.event(department)
    house.must_be_sound(department)
    server.events(department)
    set_head(house, replace(server.database.read_head(department), digest=None))
    server.event(department)
    house.must_be_sound(department)
    assert [server.counters.values()[HISTORIES_LOST], cold.counters.values()[HISTORIES_LOST]] == [0, 0]


def test_a_notice_whose_digest_differs_is_looked_up_in_the_log(house: House) -> None:
    server, other = house.server(), house.server()
    department = server.department()
    server.event(department)
    assert len(other.events(department)) == 1
    member = other.member(department)
    server.event(department, title="둘째")
    (change,) = server.database.read_changes(department, 1, 2)
    forged = replace(change, record={**change.record, "title": "forged"}, change_id="forged")
    digest = server.database.read_head(department).digest
    assert digest is not None
    replica = other.replicas.of(department)
    replica.notice(forged, (digest + 1) % 2**64)
    assert [payload["title"] for _, payload in member.heard()] == ["둘째"]
    third = server.event(department, title="셋째")
    (change,) = server.database.read_changes(department, 2, 3)
    reads = len(other.counters.values())
    replica.notice(change, server.database.read_head(department).digest)
    assert [payload["id"] for _, payload in member.heard()] == [third["id"]]
    assert reads == len(other.counters.values())


def test_a_change_of_another_history_taken_up_from_a_notice_is_found_by_the_next_read(house: House) -> None:
    server, other = house.server(), house.server()
    department = server.department()
    event = server.event(department)
    assert len(other.events(department)) == 1
    head = server.database.read_head(department)
    false = Change(
        2, "event_deleted", {**event, "deleted": True, "revision": 2}, "false", head.change_id, "2024-01-01"
    )
    other.replicas.of(department).notice(false)
    server.event(department, title="둘째")
    assert len(other.events(department)) == 2
    assert other.counters.values()[HISTORIES_LOST] == 1
