"""The fast Query returns what ministack returns, byte for byte."""

import json
import random
from typing import Any

import pytest
from ministack.services import dynamodb

from localdynamo import actions
from localdynamo.sorted_keys import size_of
from tests.localdynamo.stores import CHANGES, EVENTS, OpenStore, StoreClient

KEYS = [("department_id", "event_date"), ("id", "department_id"), ("department_id", "revision")]
TEXTS = ["", "a", "ab", "b", "가", "가나", "z~", "\U0001f600"]


def fill(call: StoreClient, rng: random.Random) -> None:
    call("CreateTable", **EVENTS)
    call("CreateTable", **CHANGES)
    for number in range(150):
        item = {"id": f"e{number:03}", "department_id": rng.choice("xy"), "title": "제목" * number}
        if rng.random() < 0.9:
            item["event_date"] = rng.choice(TEXTS[1:])
        stored: dict[str, Any] = {name: {"S": text} for name, text in item.items()}
        if rng.random() < 0.5:
            stored["map"] = {"M": {"a": {"S": "가"}, "c": {"N": "1"}, "l": {"L": [{"M": {}}, {"N": "2"}]}}}
        call("PutItem", TableName="events", Item=stored)
        revision = {"N": str(rng.choice([-3, 2.5, 10, 9, 1e20, number]))}
        call("PutItem", TableName="changes", Item={"department_id": {"S": "x"}, "revision": revision})


def change(call: StoreClient, rng: random.Random) -> None:
    key = {"id": {"S": f"e{rng.randrange(160):03}"}, "department_id": {"S": rng.choice("xy")}}
    date = {"S": rng.choice(TEXTS[1:])}
    match rng.randrange(4):
        case 0:
            call("PutItem", TableName="events", Item={**key, "event_date": date, "n": {"N": "1"}})
        case 1:
            call("DeleteItem", TableName="events", Key=key)
        case 2:
            values = {":d": date}
            expression = "SET event_date = :d"
            call(
                "UpdateItem",
                TableName="events",
                Key=key,
                UpdateExpression=expression,
                ExpressionAttributeValues=values,
            )
        case 3:
            call("UpdateItem", TableName="events", Key=key, UpdateExpression="REMOVE event_date")


EXTRAS = {
    "Limit": [1, 2, 7, 1000, 0, None],
    "ScanIndexForward": [True, False],
    "ConsistentRead": [True, False],
    "ReturnConsumedCapacity": ["TOTAL", "INDEXES", "NONE"],
    "Select": ["COUNT"],
    "ProjectionExpression": [
        "id", "revision, id", "title, id, event_date", "n.a, id", "#m.a, id, #m.b", "#m.l[1], #m.l[0].x",
        "id,", "id, id", "name", "#undefined", "m.a, m",
    ],
}  # fmt: skip


def random_query(rng: random.Random) -> dict[str, Any]:
    """Returns a Query of one of the KEYS; some are invalid, and some aren't plain."""
    kind = rng.randrange(len(KEYS))
    hash_value = rng.choice(["x", "y", "nobody", "x", "x", ""])
    if kind == 1:
        hash_value = f"e{rng.randrange(160):03}"
    query: dict[str, Any] = {"TableName": "changes" if kind == 2 else "events"}
    if kind == 0:
        query["IndexName"] = "by-date"
    expression, names, values = random_condition(kind, rng)
    values[":h"] = {"S": hash_value}
    query |= {"KeyConditionExpression": expression, "ExpressionAttributeValues": values}
    if names:
        query["ExpressionAttributeNames"] = names
    for name, choices in EXTRAS.items():
        if rng.random() < (0.05 if name == "Select" else 0.4):
            query[name] = rng.choice(choices)
    if "#m" in str(query.get("ProjectionExpression")):
        query["ExpressionAttributeNames"] = {**names, "#m": "map"}
    return query


def random_condition(kind: int, rng: random.Random) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Returns an expression over the keys, with its names and its values but the hash key's."""
    hash_text, range_text = KEYS[kind]
    names, values = {}, {}
    if rng.random() < 0.5:
        names["#h"], hash_text = hash_text, "#h"
    expression = f"{hash_text} = :h"
    if rng.random() < 0.8:
        if rng.random() < 0.5:
            names["#r"], range_text = rng.choice([range_text] * 9 + ["title"]), "#r"
        operator = rng.choice(["=", "<", "<=", ">", ">=", "BETWEEN", "<>"])
        values[":a"] = random_bound(kind, rng)
        if operator == "BETWEEN":
            values[":b"] = random_bound(kind, rng)
            expression += f" AND {range_text} BETWEEN :a AND :b"
        else:
            expression += f" AND {range_text} {operator} :a"
    if rng.random() < 0.2:
        expression = f"({expression})"
    return expression, names, values


def random_bound(kind: int, rng: random.Random) -> dict[str, str]:
    if kind == 2 and rng.random() < 0.95:
        return {"N": rng.choice(["0", "9", "10", "2.50", "-3", "1e20", "x"])}
    return {"S": rng.choice(TEXTS)}


def assert_same_pages(call: StoreClient, query: dict[str, Any], rng: random.Random) -> int:
    """Compares all pages of a query; returns their number."""
    for page in range(1, 300):
        expected = actions.run("Query", json.loads(json.dumps(query)))
        answer = call.store.call("Query", json.dumps(query).encode())
        assert (answer.status, answer.body) == (expected[0], expected[2]), query
        key = json.loads(answer.body).get("LastEvaluatedKey")
        if not key:
            return page
        if rng.random() < 0.05:
            name = rng.choice(list(key))
            key[name] = rng.choice([{"S": "a"}, {"S": ""}, {"N": "3"}, {"N": "nine"}])
        if rng.random() < 0.03:
            key.popitem()
        query = {**query, "ExclusiveStartKey": key}
    raise AssertionError(query)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_queries_return_what_ministack_returns(open_store: OpenStore, seed: int) -> None:
    rng = random.Random(seed)
    call = open_store()
    fill(call, rng)
    pages = 0
    for _round in range(60):
        for _ in range(5):
            pages += assert_same_pages(call, random_query(rng), rng)
        change(call, rng)
    assert pages > 300


def test_plain_queries_dont_call_ministack(open_store: OpenStore, monkeypatch: Any) -> None:
    call = open_store()
    fill(call, random.Random(4))
    query = {
        "TableName": "events",
        "IndexName": "by-date",
        "KeyConditionExpression": "#d = :d AND event_date BETWEEN :a AND :b",
        "ExpressionAttributeNames": {"#d": "department_id"},
        "ExpressionAttributeValues": {":d": {"S": "x"}, ":a": {"S": "a"}, ":b": {"S": "가"}},
        "Limit": 3,
    }
    first = call("Query", **query)
    monkeypatch.setattr(actions, "run", None)
    again = call("Query", **query)
    assert again == first
    assert len(again["Items"]) == 3
    assert call("Query", **query, ExclusiveStartKey=again["LastEvaluatedKey"])["Items"]


def test_a_page_ends_before_it_exceeds_a_megabyte(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **EVENTS)
    for number in range(40):
        item = {"id": str(number), "department_id": "x", "event_date": "2024", "text": "가" * 20000}
        call("PutItem", TableName="events", Item={name: {"S": text} for name, text in item.items()})
    query = {
        "TableName": "events",
        "IndexName": "by-date",
        "KeyConditionExpression": "department_id = :d",
        "ExpressionAttributeValues": {":d": {"S": "x"}},
    }
    assert assert_same_pages(call, query, random.Random(0)) == 3


def test_a_table_that_was_created_again_is_queried_anew(open_store: OpenStore) -> None:
    call = open_store()
    fill(call, random.Random(5))
    query = {
        "TableName": "changes",
        "KeyConditionExpression": "department_id = :d",
        "ExpressionAttributeValues": {":d": {"S": "x"}},
    }
    assert call("Query", **query)["Count"]
    call("DeleteTable", TableName="changes")
    assert call("Query", **query)["__type"] == "ResourceNotFoundException"
    call("CreateTable", **CHANGES)
    assert call("Query", **query)["Count"] == 0


VALUES: list[dict[str, Any]] = [
    *({"N": text} for text in ("0", "00", "7", "12", "100", "0120", "-5", "1.5", "1e3", "4000000000")),
    *({"B": text} for text in ("", "AA==", "AAA=", "AAAA", "AAAAAAAA", "x")),
    {"S": "가나"}, {"BOOL": True}, {"NULL": True}, {"L": [{"N": "100"}, {"M": {}}]}, {"SS": ["a", "가"]},
    {"M": {"이름": {"S": "가"}, "n": {"N": "10"}, "in": {"M": {"b": {"B": "AA=="}}}}},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_sizes_are_those_that_ministack_reckons(value: dict[str, Any]) -> None:
    item = {"id": {"S": "가"}, "값": value}
    assert size_of(item) == dynamodb._item_size_bytes(item)


def test_what_is_written_before_an_index_is_first_queried_is_found(open_store: OpenStore) -> None:
    call = open_store()
    fill(call, random.Random(1))
    call.close()
    call, rng = open_store(), random.Random(2)
    for _ in range(40):
        change(call, rng)
    new = {"id": {"S": "new"}, "department_id": {"S": "z"}, "event_date": {"S": "a"}}
    call("PutItem", TableName="events", Item=new)
    for department in ("x", "y", "z", "nobody"):
        query = {
            "TableName": "events",
            "IndexName": "by-date",
            "KeyConditionExpression": "department_id = :h",
            "ExpressionAttributeValues": {":h": {"S": department}},
        }
        assert assert_same_pages(call, query, rng) >= 1
