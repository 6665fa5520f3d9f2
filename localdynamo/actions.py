"""The actions that the engine offers. The others keep state that the log doesn't hold: streams, backups,
imports, replicas, PartiQL's transactions.

    status, headers, body = run("GetItem", {"TableName": …})

`run` is what strictness.py refuses, or what ministack answers.
"""

from collections.abc import Callable
from typing import Any

import orjson
from ministack.core.responses import JSON_1_0_CONTENT_TYPE, error_response_json
from ministack.services import dynamodb

from localdynamo.batch_get import plain_batch_get
from localdynamo.sorted_keys import size_of
from localdynamo.strictness import Request, Response, refusal

BATCH_GET_BYTES = 16 * 1024 * 1024
"""A BatchGetItem returns no more than this; the rest of its keys are left unprocessed."""


def _transact_write_items(request: Request) -> Response:
    # ministack counts the bytes of the request as JSON, in which a Korean letter has six. strictness.py has
    # counted as DynamoDB does, so ministack gets a member that JSON can't hold: it gives up counting then.
    response: Response = dynamodb._transact_write_items({"": _NOT_JSON, **request})
    return response


_NOT_JSON = object()


def _batch_get_item(request: Request) -> Response:
    """Leaves keys unprocessed beyond 16 MB, as DynamoDB does."""
    try:
        plain = plain_batch_get(request, BATCH_GET_BYTES)
        if plain is not None:
            return 200, {"Content-Type": JSON_1_0_CONTENT_TYPE}, plain
        now, later = _fitting(request)
    except (TypeError, KeyError, AttributeError, ValueError):
        now, later = request, {}  # malformed: ministack says how
    if not later:
        return _ministacks_batch_get_item(request)
    status, headers, body = _ministacks_batch_get_item(now)
    if status != 200:
        return status, headers, body
    answer: Response = dynamodb.json_response({**orjson.loads(body), "UnprocessedKeys": later})
    return answer


def _fitting(request: Request) -> tuple[Request, dict[str, Any]]:
    """Returns the request with as many keys as fit into an answer, and the others by table."""
    size = 0
    now: dict[str, Any] = {}
    later: dict[str, Any] = {}
    for table_name, wanted in request["RequestItems"].items():
        table = dynamodb._tables.get(table_name)
        keys = wanted["Keys"]
        fitting = len(keys)
        for number, key in enumerate(keys if table else ()):
            item = dynamodb._get_item_by_key(table, key)
            size += size_of(item) if item else 0
            if size > BATCH_GET_BYTES and (number or now):
                fitting = number
                break
        if fitting:
            now[table_name] = {**wanted, "Keys": keys[:fitting]}
        if fitting < len(keys):
            later[table_name] = {**wanted, "Keys": keys[fitting:]}
    return {**request, "RequestItems": now}, later


_ministacks_batch_get_item: Callable[[Request], Response] = dynamodb._batch_get_item

DATA: dict[str, Callable[[Request], Response]] = {
    "PutItem": dynamodb._put_item,
    "GetItem": dynamodb._get_item,
    "DeleteItem": dynamodb._delete_item,
    "UpdateItem": dynamodb._update_item,
    "Query": dynamodb._query,
    "Scan": dynamodb._scan,
    "BatchWriteItem": dynamodb._batch_write_item,
    "BatchGetItem": _batch_get_item,
    "TransactWriteItems": _transact_write_items,
    "TransactGetItems": dynamodb._transact_get_items,
    "ExecuteStatement": dynamodb._execute_statement,
    "BatchExecuteStatement": dynamodb._batch_execute_statement,
    "DescribeTable": dynamodb._describe_table,
    "ListTables": dynamodb._list_tables,
    "DescribeTimeToLive": dynamodb._describe_ttl,
    "DescribeContinuousBackups": dynamodb._describe_continuous_backups,
    "ListTagsOfResource": dynamodb._list_tags,
    "DescribeEndpoints": dynamodb._describe_endpoints,
    "DescribeLimits": dynamodb._describe_limits,
}
CATALOGUE: dict[str, Callable[[Request], Response]] = {
    "CreateTable": dynamodb._create_table,
    "DeleteTable": dynamodb._delete_table,
    "UpdateTable": dynamodb._update_table,
    "UpdateTimeToLive": dynamodb._update_ttl,
    "UpdateContinuousBackups": dynamodb._update_continuous_backups,
    "TagResource": dynamodb._tag_resource,
    "UntagResource": dynamodb._untag_resource,
}
_FUNCTIONS = DATA | CATALOGUE


def is_offered(action: str, request: Request) -> bool:
    return action in _FUNCTIONS and not (action == "UpdateTable" and "ReplicaUpdates" in request)


def run(action: str, request: Request) -> Response:
    """Returns the status, headers and body of DynamoDB's answer."""
    if not is_offered(action, request):
        message = f"Not offered by the embedded engine: {action}"
        unknown: Response = error_response_json("UnknownOperationException", message, 400)
        return unknown
    try:
        refused = refusal(action, request)
    except (TypeError, KeyError, AttributeError, ValueError):
        refused = None  # malformed: ministack says how
    return refused or _FUNCTIONS[action](request)
