"""The fast BatchGetItem returns what ministack returns; an index is sorted without ministack's lists."""

import json
import random
from typing import Any

import pytest
from ministack.services import dynamodb

from localdynamo import actions
from localdynamo.batch_get import plain_batch_get
from localdynamo.strictness import refusal
from tests.localdynamo.stores import StoreClient
from tests.localdynamo.test_query import EXTRAS, change, fill

VALUES = [
    {"S": "e001"},
    {"S": ""},
    {"S": "가" * 700},
    {"N": "1"},
    {"S": "e001", "N": "1"},
    {},
    {"S": 1},
    None,
]
NUMBERS = ["0", "9", "10", "-3", "2.5", "2.50", "007", "1e20", "100000000000000000000", "x", "", "9" * 39]


def random_key(rng: random.Random, table: str) -> Any:
    if rng.random() < 0.01:
        return rng.choice([None, {}, "x", []])
    if table == "changes":
        key: dict[str, Any] = {"department_id": {"S": "x"}, "revision": {"N": str(rng.randrange(150))}}
        if rng.random() < 0.05:
            key["revision"] = {"N": rng.choice(NUMBERS)}
    else:
        key = {"id": {"S": f"e{rng.randrange(160):03}"}, "department_id": {"S": rng.choice("xy")}}
    if rng.random() < 0.02:
        key[rng.choice([*key, "other"])] = rng.choice(VALUES)
    return key


def random_request(rng: random.Random) -> dict[str, Any]:
    """Some are invalid, and some aren't plain."""
    tables = rng.sample(["events", "changes"], rng.choice([1, 1, 2])) + ["nowhere"] * (rng.random() < 0.02)
    request: dict[str, Any] = {"RequestItems": {}}
    for table in tables:
        keys = [random_key(rng, table) for _ in range(rng.choice([0, 1, 2, 5, 20]))]
        wanted: dict[str, Any] = {"Keys": keys}
        if rng.random() < 0.5:
            wanted["ConsistentRead"] = rng.choice([True, False, True, "yes"])
        if rng.random() < 0.6:
            wanted["ProjectionExpression"] = rng.choice(EXTRAS["ProjectionExpression"])
            if "#m" in wanted["ProjectionExpression"]:
                wanted["ExpressionAttributeNames"] = {"#m": "map"}
        elif rng.random() < 0.1:
            wanted["AttributesToGet"] = ["id"]
        request["RequestItems"][table] = wanted
    if rng.random() < 0.05:
        request["ReturnConsumedCapacity"] = rng.choice(["TOTAL", "NONE", "x"])
    return request


@pytest.mark.parametrize("seed", range(4))
def test_the_same_as_ministack(open_store: Any, seed: int) -> None:
    call: StoreClient = open_store()
    rng = random.Random(seed)
    fill(call, rng)
    fast, errors = 0, 0
    for number in range(1_500):
        if number % 10 == 0:
            change(call, rng)
        request = random_request(rng)
        body = json.dumps(request).encode()
        expected = _ministacks(json.loads(body))
        answer = call.store.call("BatchGetItem", body)
        if expected is None:
            assert answer.status == 500  # ministack fails
            continue
        assert (answer.status, _content(answer.body)) == (expected[0], _content(expected[2])), request
        fast += _is_plain(request)
        errors += answer.status != 200
    assert fast > 300
    assert errors > 100


def _ministacks(request: dict[str, Any]) -> actions.Response | None:
    try:
        refused = refusal("BatchGetItem", request)
    except (TypeError, KeyError, AttributeError, ValueError):
        refused = None
    try:
        return refused or actions._ministacks_batch_get_item(request)
    except Exception:
        return None


def _content(body: bytes | str) -> Any:
    return json.loads(body)


def _is_plain(request: dict[str, Any]) -> bool:
    try:
        return plain_batch_get(request, actions.BATCH_GET_BYTES) is not None
    except (TypeError, KeyError, AttributeError, ValueError):
        return False


def test_no_list_of_all_items_is_made_for_an_index(open_store: Any) -> None:
    """ministack makes lists of the items of every index at its first query, which stalls everybody else."""
    call: StoreClient = open_store()
    fill(call, random.Random(0))
    for department in ("x", "y", "nobody"):
        query = {
            "TableName": "events",
            "IndexName": "by-date",
            "KeyConditionExpression": "department_id = :d",
            "ExpressionAttributeValues": {":d": {"S": department}},
        }
        assert len(call("Query", **query)["Items"]) == (
            0 if department == "nobody" else pytest.approx(67, abs=20)
        )
    assert dynamodb._INDEX_MEMBERS not in dynamodb._tables["events"]
