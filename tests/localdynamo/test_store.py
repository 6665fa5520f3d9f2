"""A call's change is logged before its answer or undone, and no request ends the engine."""

import json
import time
from typing import Any

import pytest
from ministack.services import dynamodb

from localdynamo.expiry import Expiry
from localdynamo.store import LogUnusable
from tests.localdynamo.stores import CHANGES, EVENTS, OpenStore, put_change, revisions


def fails(*_args: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_change_that_cant_be_logged_is_undone(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    put_change(call, 1)
    put_change(call, 2)
    key = {"department_id": {"S": "x"}, "revision": {"N": "1"}}
    new = {**key, "revision": {"N": "9"}}
    other = {**key, "revision": {"N": "2"}, "text": {"S": "other"}}
    request = {
        "TransactItems": [
            {"Delete": {"TableName": "changes", "Key": key}},
            {"Put": {"TableName": "changes", "Item": other}},
            {"Put": {"TableName": "changes", "Item": new}},
        ],
        "ClientRequestToken": "again",
    }
    before = call("Scan", TableName="changes")
    monkeypatch.setattr(call.store.log, "append", fails)
    assert call("TransactWriteItems", **request)["__type"] == "InternalServerError"
    call.store.remove(dynamodb._tables["changes"], [("x", "1")])
    with pytest.raises(LogUnusable):
        call("CreateTable", **EVENTS)
    monkeypatch.undo()
    assert call("Scan", TableName="changes") == before
    assert call("TransactWriteItems", **request) == {}  # the token wasn't used up
    assert revisions(open_store()) == [2, 9]


def test_the_effects_of_a_call_that_fails_inside_ministack_are_undone(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    put_change(call, 1)
    monkeypatch.setattr(dynamodb, "_add_consumed_capacity", None)
    item = {"department_id": {"S": "x"}, "revision": {"N": "2"}}
    assert call("PutItem", TableName="changes", Item=item)["__type"] == "InternalServerError"
    monkeypatch.undo()
    assert revisions(call) == [1]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100000, b'"x"'])
def test_malformed_bodies_are_refused(open_store: OpenStore, body: bytes) -> None:
    answer = open_store().store.call("PutItem", body)
    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "SerializationException"


def test_text_with_a_lone_surrogate_is_refused(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    body = b'{"TableName":"changes","Item":{"department_id":{"S":"\\ud800"},"revision":{"N":"1"}}}'
    assert call.store.call("PutItem", body).status == 400
    assert revisions(call) == []


@pytest.mark.parametrize("action", ["CreateBackup", "ExecuteTransaction", "ImportTable", "Nonsense", ""])
def test_actions_with_state_outside_of_the_log_arent_offered(open_store: OpenStore, action: str) -> None:
    assert open_store()(action)["__type"] == "UnknownOperationException"


def test_replicas_arent_offered(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    answer = call(
        "UpdateTable", TableName="changes", ReplicaUpdates=[{"Create": {"RegionName": "us-east-1"}}]
    )
    assert answer["__type"] == "UnknownOperationException"


def test_a_request_token_holds_across_a_restart(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    item = {"department_id": {"S": "x"}, "revision": {"N": "1"}}
    condition = "attribute_not_exists(revision)"
    operation = {"Put": {"TableName": "changes", "Item": item, "ConditionExpression": condition}}
    request: dict[str, Any] = {"TransactItems": [operation], "ClientRequestToken": "t"}
    assert call("TransactWriteItems", **request) == {}
    assert call("TransactWriteItems", **request) == {}
    call = open_store()
    assert call("TransactWriteItems", **request) == {}
    changed = {**request, "ReturnConsumedCapacity": "TOTAL"}
    assert call("TransactWriteItems", **changed)["__type"] == "IdempotentParameterMismatchException"
    later = time.time() + 601
    monkeypatch.setattr("time.time", lambda: later)
    assert call("TransactWriteItems", **request)["__type"] == "TransactionCanceledException"
    check = {"TableName": "changes", "Key": item, "ConditionExpression": "attribute_exists(revision)"}
    operations = [{"ConditionCheck": check}]
    assert call("TransactWriteItems", TransactItems=operations, ClientRequestToken="u") == {}
    assert list(call.store.tokens) == ["u"]


def test_expired_items_are_deleted_for_good(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    for number, expires in enumerate([{"N": "1000"}, {"N": "9000"}, {"S": "1000"}, None]):
        item = {"department_id": {"S": f"d{number}"}, "revision": {"N": str(number)}}
        call("PutItem", TableName="changes", Item={**item, **({"t": expires} if expires else {})})
    expiry = Expiry(call.store)
    assert [expiry.step(5000) for _ in range(3)] == [0, 0, 0]
    setting = {"Enabled": True, "AttributeName": "t"}
    call("UpdateTimeToLive", TableName="changes", TimeToLiveSpecification=setting)
    assert sum(expiry.step(5000) for _ in range(3)) == 1
    assert sum(expiry.step(5000 + 6 * 365 * 86400) for _ in range(3)) == 0
    assert revisions(open_store()) == [1, 2, 3]
    assert sum(Expiry(open_store().store).step() for _ in range(3)) == 0


def test_expiry_deletes_a_bounded_number_of_items_per_step(open_store: OpenStore) -> None:
    call = open_store()
    call("CreateTable", **CHANGES)
    setting = {"Enabled": True, "AttributeName": "t"}
    call("UpdateTimeToLive", TableName="changes", TimeToLiveSpecification=setting)
    for number in range(1200):
        item = {"department_id": {"S": "x"}, "revision": {"N": str(number)}, "t": {"N": "1000"}}
        call("PutItem", TableName="changes", Item=item)
    expiry = Expiry(call.store)
    assert [expiry.step(5000) for _ in range(7)] == [0, 500, 0, 500, 0, 200, 0]
