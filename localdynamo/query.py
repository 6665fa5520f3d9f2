"""Query, fast for the plain shapes; every other one, and every mistake, is left to ministack.

Plain is: hash key = text, at most one condition (=, <, <=, >, >=, BETWEEN) on the range key, all
attributes, no filter. ministack evaluates an expression for each item of the partition, which takes
a fifth of a second at 5,000; here a page costs its own length.
"""

import re
from bisect import bisect_left, bisect_right
from decimal import Decimal
from typing import Any, NamedTuple

from ministack.core.responses import json_response
from ministack.services import dynamodb

from localdynamo.order import Entry, Sort, View, Views

_PAGE_BYTES = 1024 * 1024
_MOST_SHAPES = 256
_PLAIN = frozenset(
    (
        *("TableName", "IndexName", "KeyConditionExpression", "ExpressionAttributeNames", "ConsistentRead"),
        *("ExpressionAttributeValues", "ScanIndexForward", "Limit", "ExclusiveStartKey"),
        "ReturnConsumedCapacity",
    )
)
_NAME = r"[#\w.\-]+"
_EXPRESSION = re.compile(
    rf"\s*(?P<hash>{_NAME})\s*=\s*(?P<value>:\w+)"
    rf"(?:\s+AND\s+(?P<range>{_NAME})\s*"
    r"(?:(?P<op><=|>=|<|>|=)\s*(?P<bound>:\w+)|\s+BETWEEN\s+(?P<low>:\w+)\s+AND\s+(?P<high>:\w+)))?\s*"
)


class Shape(NamedTuple):
    """What is the same in all queries with one expression: where the values go."""

    view: View
    value: str
    op: str  # "" when there is no condition on the range key, "BETWEEN" with two bounds
    bounds: tuple[str, ...]


class Span(NamedTuple):
    """Entries low ≤ i < high of a partition."""

    low: int
    high: int


class _NotPlain(Exception):
    """Something that ministack has to look at."""


class Queries:
    """Answers the Query calls of one store."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._shapes: dict[Any, Shape | None] = {}

    def forget(self) -> None:
        """Tables or indexes changed."""
        self._shapes.clear()
        self._views.forget()

    def query(self, data: dict[str, Any]) -> Any:
        """As ministack's `_query`, byte for byte."""
        try:
            result = self._plain(data)
        except (_NotPlain, TypeError, KeyError, AttributeError):  # the last three: malformed input
            return dynamodb._query(data)
        dynamodb._add_consumed_capacity(result, data, data["TableName"], index_name=data.get("IndexName"))
        return json_response(result)

    def _plain(self, data: dict[str, Any]) -> dict[str, Any]:
        shape = self._shape(data)
        values = data["ExpressionAttributeValues"]
        entries = shape.view.partition(_text(values[shape.value]))
        bounds = tuple(_bound(values[name], shape.view.sort[0].type) for name in shape.bounds)
        span = _span(entries, shape.op, bounds)
        forward = data.get("ScanIndexForward", True)
        if "ExclusiveStartKey" in data:
            span = _after(shape, data, entries, span, forward)
        page, more = _page(entries, span, forward, _limit(data))
        items = [shape.view.item(entry) for entry in page]
        result: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        if more:
            result["LastEvaluatedKey"] = {name: items[-1][name] for name in shape.view.key_names}
        return result

    def _shape(self, data: dict[str, Any]) -> Shape:
        values = data["ExpressionAttributeValues"]
        key = (
            data["TableName"],
            data.get("IndexName"),
            data["KeyConditionExpression"],
            tuple(data.get("ExpressionAttributeNames", {}).items()),
            tuple((name, *value) for name, value in values.items()),
            data.get("ReturnConsumedCapacity"),
            data.get("ConsistentRead"),
            data.get("ScanIndexForward"),
        )
        if key not in self._shapes:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[key] = self._new_shape(data)
        shape = self._shapes[key]
        if shape is None or not _PLAIN.issuperset(data):
            raise _NotPlain
        return shape

    def _new_shape(self, data: dict[str, Any]) -> Shape | None:
        table = dynamodb._tables.get(data["TableName"])
        match = _EXPRESSION.fullmatch(_without_parentheses(data["KeyConditionExpression"]))
        if table is None or match is None or not isinstance(data.get("ScanIndexForward", True), bool):
            return None
        view = self._views.of(table, data.get("IndexName"))
        names = data.get("ExpressionAttributeNames", {})
        if view is None or names.get(match["hash"], match["hash"]) != view.hash.name:
            return None
        if not _accepted(data, match["value"]):
            return None
        bounds = tuple(name for name in (match["bound"], match["low"], match["high"]) if name)
        op = match["op"] or ("BETWEEN" if match["low"] else "")
        return Shape(view, match["value"], op, bounds)


def _without_parentheses(expression: str) -> str:
    text = expression.strip()
    return text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text


def _accepted(data: dict[str, Any], hash_ref: str) -> bool:
    """Whether ministack finds nothing wrong: names, reserved words, types. Asked for an empty partition."""
    probe = {k: v for k, v in data.items() if k not in ("Limit", "ExclusiveStartKey")}
    values = data["ExpressionAttributeValues"]
    probe["ExpressionAttributeValues"] = {**values, hash_ref: {"S": "\x00no such key"}}
    status, _headers, _body = dynamodb._query(probe)
    return bool(status == 200) and list(values[hash_ref]) == ["S"]


def _text(value: dict[str, Any]) -> str:
    text = value["S"]
    if not isinstance(text, str) or not text:
        raise _NotPlain
    return text


def _bound(value: dict[str, Any], kind: str) -> str | Decimal:
    if kind == "S":
        return _text(value)
    if dynamodb._number_error(value["N"]):
        raise _NotPlain
    return Decimal(value["N"])


def _limit(data: dict[str, Any]) -> int | None:
    limit = data.get("Limit")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise _NotPlain
    return limit


def _span(entries: list[Entry], op: str, bounds: tuple[Any, ...]) -> Span:
    def before(bound: Any) -> int:
        return bisect_left(entries, bound, key=lambda entry: entry.sort[0])

    def through(bound: Any) -> int:
        return bisect_right(entries, bound, key=lambda entry: entry.sort[0])

    if op == "BETWEEN":
        if bounds[0] > bounds[1]:
            raise _NotPlain
        return Span(before(bounds[0]), through(bounds[1]))
    low = {"=": before, ">=": before, ">": through}.get(op)
    high = {"=": through, "<=": through, "<": before}.get(op)
    return Span(low(bounds[0]) if low else 0, high(bounds[0]) if high else len(entries))


def _after(shape: Shape, data: dict[str, Any], entries: list[Entry], span: Span, forward: bool) -> Span:
    """The span behind the start key, which has to be one that this very query could have answered."""
    key, view, values = data["ExclusiveStartKey"], shape.view, data["ExpressionAttributeValues"]
    if set(key) != set(view.key_names) or key[view.hash.name] != values[shape.value]:
        raise _NotPlain
    for name, kind in view.sort:
        if list(key[name]) != [kind]:
            raise _NotPlain
        _bound(key[name], kind)
    cursor: Sort = view.sort_of(key)
    if shape.op and not _fits(cursor[0], shape, data):
        raise _NotPlain
    if forward:
        return Span(max(span.low, bisect_right(entries, cursor, key=lambda entry: entry.sort)), span.high)
    return Span(span.low, min(span.high, bisect_left(entries, cursor, key=lambda entry: entry.sort)))


def _fits(value: Any, shape: Shape, data: dict[str, Any]) -> bool:
    kind = shape.view.sort[0].type
    bounds = tuple(_bound(data["ExpressionAttributeValues"][name], kind) for name in shape.bounds)
    return _span([Entry((value,), "", "", 0)], shape.op, bounds) == Span(0, 1)


def _page(entries: list[Entry], span: Span, forward: bool, limit: int | None) -> tuple[list[Entry], bool]:
    """As DynamoDB cuts: at the limit or before the item that exceeds 1 MB, and it doesn't look ahead."""
    places = range(span.low, span.high) if forward else range(span.high - 1, span.low - 1, -1)
    page: list[Entry] = []
    size = 0
    for place in places:
        entry = entries[place]
        if page and size + entry.size > _PAGE_BYTES:
            return page, True
        page.append(entry)
        size += entry.size
        if len(page) == limit or size >= _PAGE_BYTES:
            return page, True
    return page, False
