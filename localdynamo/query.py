"""A fast Query for plain conditions; ministack answers all others and everything malformed.

Plain means: hash key = text, at most one condition (=, <, <=, >, >=, BETWEEN) on the range key, no
filter. ministack evaluates an expression for each item of the partition, which takes
a fifth of a second at 5,000 items; here the cost of a page is that of its own length.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from ministack.services import dynamodb

from localdynamo import actions
from localdynamo.projection import projection_of
from localdynamo.sorted_keys import Entry, Item, SortKey, View, Views

_PAGE_BYTES = 1024 * 1024
_MAX_PLANS = 256
_PLAIN_PARAMETERS = {
    "TableName",
    "IndexName",
    "KeyConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ConsistentRead",
    "ScanIndexForward",
    "Limit",
    "ExclusiveStartKey",
    "ReturnConsumedCapacity",
    "ProjectionExpression",
}
_NAME = r"[#\w.\-]+"
_EXPRESSION = re.compile(
    rf"\s*(?P<hash>{_NAME})\s*=\s*(?P<value>:\w+)"
    rf"(?:\s+AND\s+(?P<range>{_NAME})\s*"
    r"(?:(?P<operator><=|>=|<|>|=)\s*(?P<bound>:\w+)|\s+BETWEEN\s+(?P<low>:\w+)\s+AND\s+(?P<high>:\w+)))?\s*"
)


class Plan(NamedTuple):
    """What is the same in all queries with one expression; `hash_ref` and `bound_refs` name their values."""

    view: View
    hash_ref: str
    operator: str  # "" without a condition on the range key; "BETWEEN" has two bounds
    bound_refs: tuple[str, ...]
    show: Callable[[Item], Item] | None = None
    """Returns what a ProjectionExpression shows of an item; without one, everything."""


class Span(NamedTuple):
    """The entries low ≤ i < high of a partition."""

    low: int
    high: int


class _NotPlain(Exception):
    """ministack has to answer this query."""


class Queries:
    """Answers the Query calls of one store."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._plans: dict[Any, Plan | None] = {}

    def forget(self) -> None:
        """Must be called after tables or indexes were created, changed or deleted."""
        self._plans.clear()
        self._views.forget()

    def query(self, data: dict[str, Any]) -> Any:
        """Returns what ministack's `_query` returns, byte for byte."""
        try:
            result = self._plain(data)
        except (_NotPlain, TypeError, KeyError, AttributeError):  # the last three: malformed input
            return actions.run("Query", data)
        dynamodb._add_consumed_capacity(result, data, data["TableName"], index_name=data.get("IndexName"))
        answer: actions.Response = dynamodb.json_response(result)
        return answer

    def _plain(self, data: dict[str, Any]) -> dict[str, Any]:
        plan = self._plan(data)
        values = data["ExpressionAttributeValues"]
        entries = plan.view.partition(_text(values[plan.hash_ref]))
        bounds = tuple(_bound(values[ref], plan.view.sort_key[0].type) for ref in plan.bound_refs)
        span = _span(entries, plan.operator, bounds)
        forward = data.get("ScanIndexForward", True)
        if "ExclusiveStartKey" in data:
            span = _after_start_key(plan, data, entries, span, forward)
        page, has_more = _page(entries, span, forward, _limit(data))
        items = [entry.item for entry in page]
        shown = [plan.show(item) for item in items] if plan.show else items
        result: dict[str, Any] = {"Items": shown, "Count": len(items), "ScannedCount": len(items)}
        if has_more:
            result["LastEvaluatedKey"] = {name: items[-1][name] for name in plan.view.key_names}
        return result

    def _plan(self, data: dict[str, Any]) -> Plan:
        """Returns the plan of the query's expression, made at its first use. Raises _NotPlain."""
        values = data["ExpressionAttributeValues"]
        key = (
            data["TableName"],
            data.get("IndexName"),
            data["KeyConditionExpression"],
            data.get("ProjectionExpression"),
            tuple(data.get("ExpressionAttributeNames", {}).items()),
            tuple((name, *value) for name, value in values.items()),
            data.get("ReturnConsumedCapacity"),
            data.get("ConsistentRead"),
            data.get("ScanIndexForward"),
        )
        if key not in self._plans:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            self._plans[key] = self._new_plan(data)
        plan = self._plans[key]
        if plan is None or not _PLAIN_PARAMETERS.issuperset(data):
            raise _NotPlain
        return plan

    def _new_plan(self, data: dict[str, Any]) -> Plan | None:
        """Returns None if the query isn't plain, or not valid."""
        table = dynamodb._tables.get(data["TableName"])
        match = _EXPRESSION.fullmatch(_without_parentheses(data["KeyConditionExpression"]))
        if table is None or match is None or not isinstance(data.get("ScanIndexForward", True), bool):
            return None
        view = self._views.of(table, data.get("IndexName"))
        names = data.get("ExpressionAttributeNames", {})
        if view is None or names.get(match["hash"], match["hash"]) != view.hash_key.name:
            return None
        if not _is_valid(data, match["value"]):
            return None
        bound_refs = tuple(ref for ref in (match["bound"], match["low"], match["high"]) if ref)
        operator = match["operator"] or ("BETWEEN" if match["low"] else "")
        show = projection_of(data.get("ProjectionExpression"), names)
        return Plan(view, match["value"], operator, bound_refs, show)


def _without_parentheses(expression: str) -> str:
    text = expression.strip()
    return text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text


def _is_valid(data: dict[str, Any], hash_ref: str) -> bool:
    """Whether ministack accepts the query's names, words and types. It is asked with an empty partition."""
    probe = {name: value for name, value in data.items() if name not in ("Limit", "ExclusiveStartKey")}
    values = data["ExpressionAttributeValues"]
    probe["ExpressionAttributeValues"] = {**values, hash_ref: {"S": "\x00no such key"}}
    table = dynamodb._tables[data["TableName"]]
    # Else ministack would make its own lists of all items by index first. sorted_keys.py has others.
    none: dict[Any, Any] = {data.get("IndexName"): {}}
    members = table.setdefault(dynamodb._INDEX_MEMBERS, none)
    try:
        status, _headers, _body = actions.run("Query", probe)
    finally:
        if members is none:
            del table[dynamodb._INDEX_MEMBERS]
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


def _span(entries: list[Entry], operator: str, bounds: tuple[Any, ...]) -> Span:
    """Returns the entries whose range key fulfils the condition."""

    def before(bound: Any) -> int:
        return bisect_left(entries, bound, key=lambda entry: entry.sort_key[0])

    def through(bound: Any) -> int:
        return bisect_right(entries, bound, key=lambda entry: entry.sort_key[0])

    if operator == "BETWEEN":
        if bounds[0] > bounds[1]:
            raise _NotPlain
        return Span(before(bounds[0]), through(bounds[1]))
    low = {"=": before, ">=": before, ">": through}.get(operator)
    high = {"=": through, "<=": through, "<": before}.get(operator)
    return Span(low(bounds[0]) if low else 0, high(bounds[0]) if high else len(entries))


def _after_start_key(
    plan: Plan, data: dict[str, Any], entries: list[Entry], span: Span, forward: bool
) -> Span:
    """Returns the part of the span behind the start key. Raises _NotPlain if the key isn't of this query."""
    key, view, values = data["ExclusiveStartKey"], plan.view, data["ExpressionAttributeValues"]
    if set(key) != set(view.key_names) or key[view.hash_key.name] != values[plan.hash_ref]:
        raise _NotPlain
    for name, kind in view.sort_key:
        if list(key[name]) != [kind]:
            raise _NotPlain
        _bound(key[name], kind)
    start: SortKey = view.sort_key_of(key)
    if plan.operator and not _fulfils(start[0], plan, data):
        raise _NotPlain
    if forward:
        return Span(max(span.low, bisect_right(entries, start, key=lambda entry: entry.sort_key)), span.high)
    return Span(span.low, min(span.high, bisect_left(entries, start, key=lambda entry: entry.sort_key)))


def _fulfils(range_value: Any, plan: Plan, data: dict[str, Any]) -> bool:
    """Whether the value of a range key fulfils the condition."""
    kind = plan.view.sort_key[0].type
    bounds = tuple(_bound(data["ExpressionAttributeValues"][ref], kind) for ref in plan.bound_refs)
    return _span([Entry((range_value,), {})], plan.operator, bounds) == Span(0, 1)


def _page(entries: list[Entry], span: Span, forward: bool, limit: int | None) -> tuple[list[Entry], bool]:
    """Returns the page, and whether it has a LastEvaluatedKey.

    As in DynamoDB a page ends at the limit or before the item that would exceed 1 MB, and has a key even
    if no item follows.
    """
    indexes = range(span.low, span.high) if forward else range(span.high - 1, span.low - 1, -1)
    page: list[Entry] = []
    size = 0
    for index in indexes:
        entry = entries[index]
        own = entry.size
        if page and size + own > _PAGE_BYTES:
            return page, True
        page.append(entry)
        size += own
        if len(page) == limit or size >= _PAGE_BYTES:
            return page, True
    return page, False
