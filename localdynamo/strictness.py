"""Requests that DynamoDB refuses and ministack takes, so that a program that works here works on AWS.

    refusal("UpdateItem", request)   # None, or DynamoDB's answer: status, headers, body

Limits are those of the page "Quotas in Amazon DynamoDB" and of the API reference of each action.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import dynamodb

from localdynamo.expressions import KINDS, Expression, Path, parse
from localdynamo.sorted_keys import size_of
from localdynamo.tokens import Refused

Request = dict[str, Any]
Response = tuple[int, dict[str, str], bytes | str]

TRANSACTION_BYTES = 4 * 1024 * 1024
BATCH_KEYS, BATCH_WRITES = 100, 25
_ACTIONS = ("ConditionCheck", "Put", "Delete", "Update")
_EXPRESSION_OF = {"ConditionCheck": "ConditionExpression", "Update": "UpdateExpression"}


def refusal(action: str, request: Request) -> Response | None:
    """Returns DynamoDB's refusal; None if it takes the request or ministack's own checks are enough.

    Malformed requests may raise TypeError, KeyError, AttributeError or ValueError: ministack answers those.
    """
    check = _CHECKS.get(action)
    if check is None:
        return None
    try:
        check(request)
        reasons = _misfit_keys(request) if action == "TransactWriteItems" else {}
    except Refused as reason:
        return _response(error_response_json("ValidationException", str(reason), 400))
    if not reasons:
        return None
    return _response(dynamodb._transact_validation_cancel_response(len(request["TransactItems"]), reasons))


def _response(response: Response) -> Response:
    """Gives ministack's answer a type."""
    return response


# Expressions


def check_expressions(request: Request) -> dict[str, Expression]:
    """Raises Refused unless all expressions are valid and use all names and values that are given."""
    found: dict[str, Expression] = {}
    for kind in KINDS:
        text = request.get(kind)
        if isinstance(text, str):
            try:
                found[kind] = parse(kind, text)
                _check_references(found[kind], request)
            except Refused as reason:
                raise Refused(f"Invalid {kind}: {reason}") from None
    for parameter, member in (("ExpressionAttributeNames", "names"), ("ExpressionAttributeValues", "values")):
        given = request.get(parameter)
        if given is None:
            continue
        if not given:
            raise Refused(f"{parameter} must not be empty")
        unused = set(given).difference(*(getattr(expression, member) for expression in found.values()))
        if found and unused:
            raise Refused(
                f"Value provided in {parameter} unused in expressions: keys: {{{', '.join(sorted(unused))}}}"
            )
    return found


def _check_references(expression: Expression, request: Request) -> None:
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    for name in expression.names - names.keys():
        raise Refused(
            f"An expression attribute name used in the document path is not defined; attribute name: {name}"
        )
    for value in expression.values - values.keys():
        raise Refused(
            f"An expression attribute value used in expression is not defined; attribute value: {value}"
        )
    _check_types(expression, values)
    for low, high in expression.betweens:
        if values[low].keys() != values[high].keys():
            raise Refused("The BETWEEN operator requires same data type for lower and upper bounds")
    for operator, first, second in expression.distinct:
        if _resolved(first, names) == _resolved(second, names):
            raise Refused(
                "The first operand must be distinct from the remaining operands for this operator or "
                f"function; operator: {operator}, first operand: {list(first)}"
            )
    _check_overlaps([_resolved(path, names) for path in expression.targets])


def _check_types(expression: Expression, values: dict[str, Any]) -> None:
    for operator, placeholder, types in expression.types:
        (kind,) = values[placeholder]
        if kind not in types:
            raise Refused(
                "Incorrect operand type for operator or function; "
                f"operator or function: {operator}, operand type: {kind}"
            )
    for placeholder in expression.type_names:
        if values[placeholder]["S"] not in _TYPE_NAMES:
            raise Refused(f"Invalid attribute type name found; type: {values[placeholder]['S']}")


_TYPE_NAMES = {"S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"}


def _check_overlaps(paths: list[Path]) -> None:
    for at, path in enumerate(paths):
        for other in paths[:at]:
            shared = min(len(path), len(other))
            if path[:shared] == other[:shared]:
                raise Refused(
                    "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                    f"path one: {list(other)}, path two: {list(path)}"
                )


def _resolved(path: Path, names: dict[str, str]) -> Path:
    return tuple(names.get(part, part) if isinstance(part, str) else part for part in path)


# Transactions


def _check_transaction(request: Request) -> None:
    size = 0
    for member in request["TransactItems"]:
        kinds = [kind for kind in _ACTIONS if kind in member]
        if len(kinds) > 1:
            raise Refused("TransactItems can only contain one of Check, Put, Update or Delete")
        for kind in kinds:
            action = member[kind]
            size += size_of(action.get("Item") or action["Key"])
            size += size_of(action.get("ExpressionAttributeValues") or {})
            _check_transaction_action(kind, action)
    if size > TRANSACTION_BYTES:
        raise Refused("Transaction request size exceeds the 4 MB limit")


def _check_transaction_action(kind: str, action: Request) -> None:
    needed = _EXPRESSION_OF.get(kind)
    if needed and action.get(needed) is None:
        raise Refused(
            f"1 validation error detected: Value null at '{needed}' failed to satisfy constraint: "
            "Member must not be null"
        )
    found = check_expressions(action)
    if kind == "Update":
        _check_targets(found["UpdateExpression"], action)


def _check_targets(expression: Expression, request: Request) -> None:
    """Keys can't be updated."""
    names = request.get("ExpressionAttributeNames") or {}
    for path in expression.targets:
        (attribute, *_rest) = _resolved(path, names)
        if attribute in request["Key"]:
            raise Refused(
                f"One or more parameter values were invalid: Cannot update attribute {attribute}. "
                "This attribute is part of the key"
            )


def _misfit_keys(request: Request) -> dict[int, str]:
    """Returns why an action's key isn't one of its table, by the number of the action."""
    reasons = {}
    for number, member in enumerate(request["TransactItems"]):
        for kind, action in member.items():
            table = dynamodb._tables.get(action["TableName"])
            keys = set(_key_names(table, None)) if table else set()
            given = action["Item"] if kind == "Put" else action["Key"]
            if table and not (keys <= given.keys() if kind == "Put" else keys == given.keys()):
                reasons[number] = "The provided key element does not match the schema"
    return reasons


# Batches


def _check_batch_get(request: Request) -> None:
    tables = request["RequestItems"].values()
    if sum(len(table["Keys"]) for table in tables) > BATCH_KEYS:
        raise Refused("Too many items requested for the BatchGetItem call")
    for table in tables:
        check_expressions(table)


def _check_batch_write(request: Request) -> None:
    for requests in request["RequestItems"].values():
        for one in requests:
            if len(one.keys() & {"PutRequest", "DeleteRequest"}) != 1:
                raise Refused("Supplied WriteRequest must have exactly one of PutRequest and DeleteRequest")


# Queries


def _check_query(request: Request) -> None:
    found = check_expressions(request)
    start = request.get("ExclusiveStartKey")
    table = dynamodb._tables.get(request["TableName"])
    if table is None:
        return
    keys = _key_names(table, request.get("IndexName"))
    if start is not None:
        _check_start_key(table, start, request.get("IndexName"))
    if "FilterExpression" in found and "KeyConditionExpression" in found:
        names = request.get("ExpressionAttributeNames") or {}
        for path in found["FilterExpression"].paths:
            if _resolved(path, names)[0] in keys:
                raise Refused(
                    "Filter Expression can only contain non-primary key attributes: "
                    f"Primary key attribute: {_resolved(path, names)[0]}"
                )


def _key_names(table: Request, index_name: str | None) -> list[str]:
    if not index_name:
        return [name for name in (table["pk_name"], table["sk_name"]) if name]
    index = dynamodb._index_def(table, index_name)
    if index is None:
        return []
    hash_names, range_names = dynamodb._index_key_lists(index)
    return [*hash_names, *range_names]


def _check_start_key(table: Request, start: Request, index_name: str | None) -> None:
    expected = {*_key_names(table, None), *_key_names(table, index_name)}
    if set(start) != expected:
        raise Refused("The provided starting key is invalid")
    for name, value in start.items():
        if list(value) != [dynamodb._get_attr_type(table, name)]:
            raise Refused(
                "The provided starting key is invalid: The provided key element does not match the schema"
            )


# Tables


def _check_time_to_live(request: Request) -> None:
    wanted = request["TimeToLiveSpecification"]
    setting = dynamodb._ttl_settings.get(request["TableName"]) or {}
    enabled = setting.get("TimeToLiveStatus") == "ENABLED"
    if request["TableName"] not in dynamodb._tables or not wanted.get("AttributeName"):
        return
    if enabled and wanted.get("AttributeName") != setting.get("AttributeName"):
        raise Refused(
            "TimeToLive is active on a different AttributeName: current AttributeName is "
            f"{setting.get('AttributeName')}"
        )
    if enabled == bool(wanted.get("Enabled")):
        raise Refused(f"TimeToLive is already {'enabled' if enabled else 'disabled'}")


_CHECKS: dict[str, Callable[[Request], Any]] = {
    "PutItem": check_expressions,
    "GetItem": check_expressions,
    "DeleteItem": check_expressions,
    "UpdateItem": check_expressions,
    "Query": _check_query,
    "Scan": _check_query,
    "BatchGetItem": _check_batch_get,
    "BatchWriteItem": _check_batch_write,
    "TransactWriteItems": _check_transaction,
    "UpdateTimeToLive": _check_time_to_live,
}
