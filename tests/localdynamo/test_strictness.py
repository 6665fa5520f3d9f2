"""The engine refuses what DynamoDB refuses, so that a mistake is seen before it reaches AWS."""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localdynamo.actions import BATCH_GET_BYTES
from tests import engine
from tests.localdynamo.refusals import CASES, KEY, Case
from tests.localdynamo.stores import CHANGES, EVENTS, OpenStore
from tests.session_rules import NO_SKIPS
from tests.storage.dynoxide import PROGRAM, dynoxide

Run = Callable[[str, dict[str, Any]], dict[str, Any]]
STORED = {
    **KEY,
    "text": {"S": "회의"},
    "event_date": {"S": "2024-01-01"},
    "title": {"S": "x"},
    "a": {"N": "1"},
    "m": {"M": {}},
}
DYNOXIDE_DIFFERS = {
    # What dynoxide 1.2.1 says where it differs from the documentation of AWS.
    "two kinds of action in one": "",
    "a key attribute set in a transaction": "",
    "a request with two actions": "",
    "a comparison of one path with itself": "",
    "less than a truth": "ConditionalCheckFailedException",
    "an unknown type's name": "ConditionalCheckFailedException",
    "a condition's value not used": "ConditionalCheckFailedException",
    "a limit below 0": "SerializationException",
    "a start key of another partition": "",
    "a start key outside the range": "",
    "a key of another type": "",
    "an empty key in a query": "",
    "begins_with a number's key": "",
    "time to live disabled where it is": "",
}


def code_of(answer: dict[str, Any]) -> str:
    code = answer.get("__type", "").rpartition("#")[2]
    if code == "TransactionCanceledException":
        return ", ".join(reason["Code"] for reason in answer["CancellationReasons"])
    return str(code)


@pytest.fixture
def ours(open_store: OpenStore) -> Run:
    store = open_store()
    return lambda action, request: store(action, **request)


@pytest.fixture(scope="module")
def dynoxides() -> Iterator[Run]:
    with pytest.MonkeyPatch.context() as patch, dynoxide() as url:
        patch.setattr(engine, "ENDPOINT", url)
        yield lambda action, request: json.loads(engine.run(action, json.dumps(request).encode())[2])


def answer_to(case: Case, run: Run) -> str:
    for table in (EVENTS, CHANGES):
        run("DeleteTable", {"TableName": table["TableName"]})
        run("CreateTable", table)
    run("PutItem", {"TableName": "events", "Item": STORED})
    return code_of(run(case.action, case.request))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_request_is_answered_as_by_dynamodb(ours: Run, case: Case) -> None:
    assert answer_to(case, ours) == case.error


if NO_SKIPS not in os.environ:

    @pytest.mark.skipif(not PROGRAM, reason="dynoxide isn't installed: make test-dynoxide")
    def test_dynoxide_answers_the_same(dynoxides: Run) -> None:
        answers = {case.name: answer_to(case, dynoxides) for case in CASES}
        assert answers == {case.name: case.error for case in CASES} | DYNOXIDE_DIFFERS


def test_what_is_refused_changes_nothing(open_store: OpenStore) -> None:
    call = open_store()
    for table in (EVENTS, CHANGES):
        call("CreateTable", **table)
    call("PutItem", TableName="events", Item=STORED)
    for case in CASES:
        if case.error and case.action != "CreateTable":
            call(case.action, **case.request)
    assert call("Scan", TableName="events")["Items"] == [STORED]
    assert call("Scan", TableName="changes")["Items"] == []


def test_time_to_live_is_enabled_once(open_store: OpenStore) -> None:
    """Two `create_tables()` at once: the second is told that somebody was faster."""
    call = open_store()
    call("CreateTable", **CHANGES)

    def update(attribute: str = "expires_at", enabled: bool = True) -> str:
        setting = {"Enabled": enabled, "AttributeName": attribute}
        answer = call("UpdateTimeToLive", TableName="changes", TimeToLiveSpecification=setting)
        return str(answer.get("message", ""))

    assert update() == ""
    assert update() == "TimeToLive is already enabled"
    assert "current AttributeName is expires_at" in update("ends_at")
    assert "current AttributeName is expires_at" in update("ends_at", enabled=False)
    assert update(enabled=False) == ""
    assert update(enabled=False) == "TimeToLive is already disabled"


def test_a_transaction_is_repeated_with_its_token(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    row = {"department_id": {"S": "d"}, "revision": {"N": "1"}}
    add = {
        "TableName": "changes",
        "Key": row,
        "UpdateExpression": "ADD a :a",
        "ExpressionAttributeValues": {":a": {"N": "1"}},
    }
    request = {"TransactItems": [{"Update": add}], "ClientRequestToken": str(uuid.uuid4())}
    assert call("TransactWriteItems", **request) == call("TransactWriteItems", **request) == {}
    assert open_store()("TransactWriteItems", **request) == {}
    call = open_store()
    other = {
        **request,
        "TransactItems": [{"Update": {**add, "ExpressionAttributeValues": {":a": {"N": "2"}}}}],
    }
    assert code_of(call("TransactWriteItems", **other)) == "IdempotentParameterMismatchException"
    assert call("GetItem", TableName="changes", Key=row)["Item"]["a"] == {"N": "1"}


def test_a_batch_of_more_than_16_mb_leaves_keys_unprocessed(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    keys = [{"department_id": {"S": "d"}, "revision": {"N": str(number)}} for number in range(60)]
    for key in keys:
        call("PutItem", TableName="changes", Item={**key, "text": {"S": "글" * 130_000}})
    request = {"changes": {"Keys": keys, "ConsistentRead": True}}
    rounds = []
    while request:
        answer = call("BatchGetItem", RequestItems=request)
        rounds.append([item["revision"]["N"] for item in answer["Responses"]["changes"]])
        request = answer["UnprocessedKeys"]
    assert [number for one in rounds for number in one] == [str(number) for number in range(60)]
    assert [len(one) for one in rounds] == [BATCH_GET_BYTES // 390_041, 60 - BATCH_GET_BYTES // 390_041]
