"""The counter of units against examples worked out by hand, and the units of the calendar's operations."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from benchmarks.units import Counted, Units, read_units, size_of, stored_bytes, write_units
from models import DynamoDBDatabase
from teamcal.settings import Settings
from teamcal.storage.codec import to_item
from tests.house import House, Server, right_now

DAY = "2024-01-20"
LARGEST = 700
"""Bytes (UTF-8) of the largest event of these tests, its date included."""


# The rules


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3), ({"S": "회의"}, 6), ({"S": ""}, 0), ({"B": b"\x00\x01"}, 2),
        ({"N": "0"}, 1), ({"N": "7"}, 2), ({"N": "99"}, 2), ({"N": "100"}, 2), ({"N": "123"}, 3),
        ({"N": "1000000"}, 2), ({"N": "1234567"}, 5), ({"N": "-7"}, 3), ({"N": "12.3"}, 3),
        ({"N": "18446744073709551615"}, 11), ({"BOOL": False}, 1), ({"NULL": True}, 1),
        ({"L": []}, 3), ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + 3 + 2),
        ({"M": {}}, 3), ({"M": {"name": {"S": "ab"}}}, 3 + 1 + 4 + 2),
        ({"SS": ["a", "bc"]}, 3), ({"NS": ["7", "1234567"]}, 7), ({"BS": [b"ab", b"c"]}, 3),
    ],
)  # fmt: skip
def test_a_value_has_its_size(value: dict[str, Any], size: int) -> None:
    assert size_of({"이름": value}) == 6 + size


def test_sizes_are_rounded_up() -> None:
    assert [write_units(size) for size in (0, 1, 1024, 1025, 2049)] == [1, 1, 1, 2, 3]
    assert [read_units(size, consistent=True) for size in (0, 4096, 4097)] == [1, 1, 2]
    assert [read_units(size, consistent=False) for size in (0, 4096, 4097)] == [0.5, 0.5, 1.0]


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def counted(house: House) -> Counted:
    return Counted(house.plain, house.plain)


def event(size: int, **attributes: Any) -> dict[str, Any]:
    """An item of `size` bytes in DynamoDB's JSON."""
    item = to_item({"id": "e", "department_id": "d", "event_date": DAY, "title": "", **attributes})
    item["title"] = {"S": "x" * (size - size_of(item))}
    assert size_of(item) == size
    return item


def put(counted: Counted, item: dict[str, Any], house: House) -> Units:
    return counted.count(lambda: counted.put_item(TableName=house.storage.events_table, Item=item))


def test_plain_writes_and_their_index(house: House, counted: Counted) -> None:
    table = house.storage.events_table
    assert put(counted, event(1000), house) == Units(0, 1 + 1)
    assert put(counted, event(1000), house) == Units(0, 1 + 0)  # the same again: the index has it already
    assert put(counted, event(1025), house) == Units(0, 2 + 2)
    assert put(counted, event(1000, url="u"), house) == Units(0, 2 + 2)  # the larger of before and after
    assert put(counted, event(1000, event_date="2024-01-21"), house) == Units(0, 1 + 2)  # another key
    dateless = event(1000)
    del dateless["event_date"]
    assert put(counted, dateless, house) == Units(0, 1 + 1)  # the item leaves the index
    assert put(counted, dateless, house) == Units(0, 1)
    key = {"id": {"S": "e"}, "department_id": {"S": "d"}}
    assert counted.count(lambda: counted.delete_item(TableName=table, Key=key)) == Units(0, 1)
    assert counted.count(lambda: counted.delete_item(TableName=table, Key=key)) == Units(0, 1)
    batch = [{"PutRequest": {"Item": event(1500)}}, {"DeleteRequest": {"Key": {**key, "id": {"S": "f"}}}}]
    done = counted.count(lambda: counted.batch_write_item(RequestItems={table: batch}))
    assert done == Units(0, 2 + 2 + 1)


def test_reads(house: House, counted: Counted) -> None:
    table = house.storage.events_table
    for number in range(3):
        house.plain.put_item(TableName=table, Item=event(3000, id=str(number)))

    def keys(*ids: str) -> list[dict[str, Any]]:
        return [{"id": {"S": id_}, "department_id": {"S": "d"}} for id_ in ids]

    def read(operation: str, **params: Any) -> float:
        return counted.count(lambda: getattr(counted, operation)(**params)).read

    assert read("get_item", TableName=table, Key=keys("0")[0], ConsistentRead=True) == 1
    assert read("get_item", TableName=table, Key=keys("no")[0], ConsistentRead=True) == 1
    assert read("get_item", TableName=table, Key=keys("0")[0]) == 0.5
    request = {"Keys": keys("0", "1", "no"), "ConsistentRead": True}
    assert read("batch_get_item", RequestItems={table: request}) == 3
    assert read("scan", TableName=table, ConsistentRead=True) == 3  # 9,000 bytes together
    query = {
        "TableName": table,
        "IndexName": "department-date-index",
        "KeyConditionExpression": "department_id = :d",
    }
    assert read("query", ExpressionAttributeValues={":d": {"S": "d"}}, **query) == 1.5
    assert read("query", ExpressionAttributeValues={":d": {"S": "none"}}, **query) == 0.5
    assert counted.units == Units(sum(units.read for _, units in counted.calls), 0)
    with pytest.raises(NotImplementedError):
        counted.scan(TableName=table, FilterExpression="attribute_exists(id)")
    with pytest.raises(NotImplementedError):
        counted.transact_get_items(TransactItems=[])


def transaction(house: House, condition: str) -> list[dict[str, Any]]:
    """2,500 bytes are put where 1,000 are, 1,500 are deleted, 1,500 checked, nothing is updated."""
    table = {"TableName": house.storage.events_table}
    for number in ("gone", "seen"):
        house.plain.put_item(**table, Item=event(1500, id=number))
    house.plain.put_item(**table, Item=event(1000))
    keys = {id_: {"id": {"S": id_}, "department_id": {"S": "d"}} for id_ in ("gone", "seen", "new")}
    return [
        {"Put": {**table, "Item": event(2500)}},
        {"Delete": {**table, "Key": keys["gone"]}},
        {"ConditionCheck": {**table, "Key": keys["seen"], "ConditionExpression": condition}},
        {"Update": {**table, "Key": keys["new"], "UpdateExpression": "SET title = :t",
                    "ExpressionAttributeValues": {":t": {"S": "x" * 1100}}}},
    ]  # fmt: skip


def test_a_transaction_doubles_the_tables_units(house: House, counted: Counted) -> None:
    actions = transaction(house, "attribute_exists(id)")

    def commit() -> Any:
        return counted.transact_write_items(TransactItems=actions, ClientRequestToken="once")

    # Index: 3 for the put, 2 for the deletion, 0 for the checked item and for the new one without a date.
    assert counted.count(commit) == Units(0, 2 * (3 + 2 + 2 + 2) + 3 + 2)
    assert counted.count(commit) == Units(2 * 4, 0)  # repeated with its token


def test_a_cancelled_transaction_costs_as_much(house: House, counted: Counted) -> None:
    actions = transaction(house, "attribute_not_exists(id)")

    def commit() -> None:
        with pytest.raises(ClientError):
            counted.transact_write_items(TransactItems=actions)

    assert counted.count(commit) == Units(0, 2 * (3 + 2 + 2 + 1))


def test_storage(house: House) -> None:
    house.plain.put_item(TableName=house.storage.events_table, Item=event(500))
    assert stored_bytes(house.plain, house.storage.events_table) == 600 + 600
    house.plain.put_item(
        TableName=house.storage.changes_table, Item=to_item({"department_id": "d", "revision": 7})
    )
    assert stored_bytes(house.plain, house.storage.changes_table) == 13 + 1 + 8 + 2 + 100


# The calendar's operations


@pytest.fixture
def server(house: House, counted: Counted) -> Server:
    settings = Settings(house.storage, "only-the-tests-know-it")
    return Server(settings, DynamoDBDatabase(house.storage, counted), right_now)


def ascii_text(size: int) -> str:
    return "x" * size


def korean_text(size: int) -> str:
    """As many three-byte characters as fit, filled up with one-byte characters."""
    return "회" * (size // 3) + "x" * (size % 3)


Text = Callable[[int], str]
TEXTS = pytest.mark.parametrize("text", [ascii_text, korean_text])


def written(text: Text, size: int = LARGEST, **fields: str) -> dict[str, str]:
    """Fields with values of `size` bytes in all, none of them empty."""
    body = {
        "event_date": DAY,
        "title": text(60),
        "time": "오후 2:00",
        "url": "https://example.com/meeting",
        **fields,
    }
    body["description"] = text(size - sum(len(value.encode()) for value in body.values()))
    assert sum(len(value.encode()) for value in body.values()) == size
    return body


CLIENT_ID = "0985bc50-3edb-400e-b484-faca1c3b1ba6"


def at_revision(house: House, department: str, revision: int) -> None:
    """Sets the department's head, so that its next change costs as much as after `revision` changes."""
    house.plain.update_item(
        TableName=house.storage.changes_table,
        Key={"department_id": {"S": department}, "revision": {"N": "0"}},
        UpdateExpression="SET head = :head",
        ExpressionAttributeValues={":head": {"N": str(revision)}},
    )


@TEXTS
@pytest.mark.parametrize("revision", [1, 1_000_000, 98_765_432])
def test_a_lone_write(house: House, server: Server, counted: Counted, text: Text, revision: int) -> None:
    """A create, an update, a deletion and a restore cost 7 write units; only the restore reads first."""
    department = server.department()
    server.event(department)
    at_revision(house, department, revision)
    server.events(department)
    http, event = server.http, {}

    def create() -> None:
        event.update(http.post(f"/api/events/{department}", json=written(text)).json["event"])

    def update(title: str) -> Callable[[], Any]:
        return lambda: http.put(f"/api/events/{event['id']}", json=written(text, title=title))

    assert counted.count(create) == Units(0, 7)
    for title in ("하나", "둘", "셋"):
        assert counted.count(update(title)) == Units(0, 7)
    assert event["revision"] == revision + 1
    assert counted.count(lambda: http.delete(f"/api/events/{event['id']}")) == Units(0, 7)
    back = {"revision": revision + 2}
    assert counted.count(lambda: http.post(f"/api/events/{event['id']}/restore", json=back)).write == 7
    assert [event["version"] for event in server.events(department)] == [1, 6]


@TEXTS
def test_a_create_with_an_id_of_the_client(server: Server, counted: Counted, text: Text) -> None:
    department = server.department()
    server.event(department)
    body = {**written(text), "id": CLIENT_ID}

    def create() -> None:
        server.http.post(f"/api/events/{department}", json=body)

    assert counted.count(create) == Units(1, 7)
    assert counted.count(create) == Units(2, 0)  # a repetition reads the id of other departments and the head


@TEXTS
def test_writes_after_a_move(server: Server, counted: Counted, text: Text) -> None:
    source, target = server.department("하나"), server.department("둘")
    for department in (source, target):
        server.event(department)
    event = server.event(source, **written(text))
    body = {"department_id": target}
    moved = counted.count(lambda: server.http.post(f"/api/events/{event['id']}/move", json=body))
    # Two heads, two rows, the tombstone and the event; out of the index here, into it there.
    assert moved.write == 2 * 6 + 2
    for title in ("하나", "둘"):
        edited = written(text, title=title)
        assert counted.count(
            lambda body=edited: server.http.put(f"/api/events/{event['id']}", json=body)
        ) == Units(0, 7)
    assert counted.count(lambda: server.http.delete(f"/api/events/{event['id']}")) == Units(0, 7)


@TEXTS
def test_a_batch_of_ten(server: Server, counted: Counted, text: Text) -> None:
    """At most 5.5 write units an operation."""
    department = server.department()
    server.event(department)

    def send(operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = server.http.post(f"/api/events/{department}/batch", json={"operations": operations})
        assert {result["status"] for result in answer.json["results"]} <= {200, 201}
        return answer.json["results"]

    results: list[dict[str, Any]] = []
    creates = [{"op": "create", "event": written(text)} for _ in range(10)]
    assert counted.count(lambda: results.extend(send(creates))) == Units(1, 52)
    edit = written(text, title="둘")
    updates = [{"op": "update", "id": result["event"]["id"], "event": edit} for result in results]
    assert counted.count(lambda: send(updates)) == Units(1, 52)


def test_reading_costs_the_head_and_what_changed(house: House, server: Server, counted: Counted) -> None:
    department = server.department()
    for number in range(30):
        server.event(department, title=str(number))
    url = f"/api/events/{department}"
    cursor = server.http.get(url).json["cursor"]
    assert counted.count(lambda: server.http.get(url)) == Units(1, 0)
    assert counted.count(lambda: server.http.get(url, headers={"If-None-Match": f'"{cursor}"'})) == Units(
        1, 0
    )
    request = {"department_id": department, "cursor": cursor}
    assert counted.count(lambda: server.member().ask("join_department", request)) == Units(1, 0)
    other = house.server()
    for number in range(20):
        other.event(department, title=str(number))
    # 20 rows of less than 400 bytes.
    assert counted.count(lambda: server.member().ask("join_department", request)) == Units(1 + 2, 0)
    assert counted.count(lambda: server.member().ask("join_department", request)) == Units(1, 0)
