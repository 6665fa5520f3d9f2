"""DynamoDB's read and write units of the calls that are really made, by the rules of its price list.

`Counted` wraps a client and counts; it doesn't use an engine's own ConsumedCapacity. The rules are
AWS's, in the DynamoDB developer guide: "DynamoDB item sizes and formats" (CapacityUnitCalculations), "Read
and write operations" (read-write-operations), "Capacity management for transactions" (transaction-apis) and
"Write capacity units" of "Using global secondary indexes" (GSI). Where the guide leaves something open, the
figures follow measurements on AWS: github.com/nubo-db/dynoxide/pull/188 and
paritysuite/dynamodb-conformance/pull/67 and /74.
"""

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

Item = dict[str, Any]
"""An item as DynamoDB's JSON: {name: {type: value}}."""

READ_BYTES, WRITE_BYTES = 4096, 1024
STORAGE_OVERHEAD = 100
"""Bytes billed for each stored item and each item of an index, in addition to its size."""


class Units(NamedTuple):
    read: float = 0.0
    write: float = 0.0

    def __add__(self, other: object) -> "Units":
        assert isinstance(other, Units)
        return Units(self.read + other.read, self.write + other.write)

    def __sub__(self, other: "Units") -> "Units":
        return Units(self.read - other.read, self.write - other.write)


# Sizes


def size_of(item: Item | None) -> int:
    """Bytes of the names (UTF-8) and the values; 0 for no item."""
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def _value_size(value: dict[str, Any]) -> int:
    """Lists and maps take 3 bytes and one for each element; booleans and null one."""
    ((kind, inner),) = value.items()
    if kind in ("S", "B"):
        return len(inner.encode() if isinstance(inner, str) else inner)
    if kind == "N":
        return _number_size(inner)
    if kind == "L":
        return 3 + sum(1 + _value_size(element) for element in inner)
    if kind == "M":
        return 3 + len(inner) + size_of(inner)
    if kind in ("SS", "BS", "NS"):
        return sum(_value_size({kind[0]: element}) for element in inner)
    return 1


def _number_size(text: str) -> int:
    """ "Approximately" 1 byte for two significant digits, and 1, and 1 for a minus.

    Zeros at both ends don't count; digits are paired from the decimal point on, so 12.3 has two pairs.
    """
    number = Decimal(text).normalize()
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if not number:
        return 1
    pairs = math.ceil((len(digits) + exponent) / 2) - math.floor(exponent / 2)
    return 1 + pairs + (number < 0)


def stored_bytes(client: Any, table: str) -> int:
    """What is billed as storage of `table` and its indexes; reads all of it."""
    indexes = _Table(client.describe_table(TableName=table)["Table"]).indexes
    total = 0
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            views = [item, *(view for index in indexes if (view := index.view(item)))]
            total += sum(size_of(view) + STORAGE_OVERHEAD for view in views)
    return total


# Units


def read_units(size: int, consistent: bool) -> float:
    """1 for each 4 KB begun, half of it if eventually consistent. A missing item costs as an empty one."""
    return max(1, math.ceil(size / READ_BYTES)) * (1.0 if consistent else 0.5)


def write_units(size: int) -> float:
    """1 for each KB begun. Deleting a missing item costs 1 as well."""
    return float(max(1, math.ceil(size / WRITE_BYTES)))


class Index:
    """A secondary index, from its description."""

    def __init__(self, description: dict[str, Any], table_keys: Iterable[str]) -> None:
        self.keys = [key["AttributeName"] for key in description["KeySchema"]]
        projection = description["Projection"]
        self.all = projection["ProjectionType"] == "ALL"
        self.projected = {*self.keys, *table_keys, *projection.get("NonKeyAttributes", ())}

    def view(self, item: Item | None) -> Item | None:
        """The attributes of `item` in the index; None if it lacks one of the index's keys."""
        if item is None or any(key not in item for key in self.keys):
            return None
        return {name: value for name, value in item.items() if self.all or name in self.projected}

    def units(self, before: Item | None, after: Item | None) -> float:
        """Write units of the index.

        A changed key is a deletion and an insertion. Attributes that the index doesn't project cost nothing.
        A transaction doubles the units of the table, not those of the index (measured; the guide says only
        that each *item* is prepared and committed, and that indexes follow afterwards).
        """
        old, new = self.view(before), self.view(after)
        if old == new:
            return 0.0
        if old is None or new is None or all(old[key] == new[key] for key in self.keys):
            return write_units(max(size_of(old), size_of(new)))
        return write_units(size_of(old)) + write_units(size_of(new))


class _Table:
    def __init__(self, description: dict[str, Any]) -> None:
        self.keys = [key["AttributeName"] for key in description["KeySchema"]]
        indexes = description.get("GlobalSecondaryIndexes", [])
        self.indexes = [Index(index, self.keys) for index in indexes]


@dataclass
class _Write:
    """An item of a writing call: before it, after it, and as the call would write it if it isn't refused."""

    table: _Table
    name: str
    key: Item
    item: Item | None
    before: Item | None = None
    after: Item | None = None

    @property
    def size(self) -> int:
        """The larger of before and after; of a refused write, of before and the item to be written."""
        return max(size_of(self.before), size_of(self.after), size_of(self.item))

    @property
    def index_units(self) -> float:
        return sum(index.units(self.before, self.after) for index in self.table.indexes)


# Counting


@dataclass
class Counted:
    """A low-level client that counts reads and writes. Use it from one thread at a time.

    Items before and after a write are read with `plain`, which isn't counted. Calls that cost nothing are
    passed on. Raises NotImplementedError for a call whose price it doesn't know.
    """

    client: Any
    plain: Any
    units: Units = field(default_factory=Units)
    calls: list[tuple[str, Units]] = field(default_factory=list)
    _tables: dict[str, _Table] = field(default_factory=dict)
    _done: dict[str, float] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.RLock)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        if name.startswith(("describe_", "create_", "update_t")) or not callable(method):
            return method
        rule: Callable[..., Any] | None = getattr(type(self), f"_{name}", None)
        if rule is None:
            raise NotImplementedError(f"the price of {name}")
        return lambda **params: rule(self, **params)

    def count(self, task: Callable[[], Any]) -> Units:
        """The units of the calls that `task` makes."""
        before = self.units
        task()
        return self.units - before

    def _add(self, call: str, read: float = 0.0, write: float = 0.0) -> None:
        self.units += Units(read, write)
        self.calls.append((call, Units(read, write)))

    # Reads

    def _get_item(self, **params: Any) -> Any:
        answer = self.client.get_item(**params)
        self._add(
            "GetItem", read=read_units(size_of(answer.get("Item")), params.get("ConsistentRead", False))
        )
        return answer

    def _batch_get_item(self, **params: Any) -> Any:
        """Costs as many GetItems. Unprocessed keys cost nothing."""
        answer = self.client.batch_get_item(**params)
        total = 0.0
        for table, request in params["RequestItems"].items():
            items = answer["Responses"].get(table, [])
            left = answer.get("UnprocessedKeys", {}).get(table, {"Keys": []})["Keys"]
            missing = len(request["Keys"]) - len(items) - len(left)
            sizes = [*map(size_of, items), *[0] * missing]
            total += sum(read_units(size, request.get("ConsistentRead", False)) for size in sizes)
        self._add("BatchGetItem", read=total)
        return answer

    def _query(self, **params: Any) -> Any:
        return self._page("query", params)

    def _scan(self, **params: Any) -> Any:
        return self._page("scan", params)

    def _page(self, operation: str, params: dict[str, Any]) -> Any:
        """The items of a page are summed up and rounded up once.

        Attributes that a projection leaves out are paid for, so the items are read in full. Raises
        NotImplementedError for a filter, which hides what is paid for.
        """
        if {"FilterExpression", "Select"} & params.keys():
            raise NotImplementedError("items that aren't in the answer cost as well")
        answer = full = getattr(self.client, operation)(**params)
        if "ProjectionExpression" in params:
            names = ("ProjectionExpression", "ExpressionAttributeNames")
            full = getattr(self.plain, operation)(
                **{name: value for name, value in params.items() if name not in names}
            )
        size = sum(map(size_of, full["Items"]))
        self._add(operation.title(), read=read_units(size, params.get("ConsistentRead", False)))
        return answer

    # Writes

    def _put_item(self, **params: Any) -> Any:
        return self._single("put_item", "Put", params)

    def _update_item(self, **params: Any) -> Any:
        return self._single("update_item", "Update", params)

    def _delete_item(self, **params: Any) -> Any:
        return self._single("delete_item", "Delete", params)

    def _single(self, operation: str, kind: str, params: dict[str, Any]) -> Any:
        return self._written(operation, [self._planned(kind, params)], 1, params)

    def _batch_write_item(self, **params: Any) -> Any:
        """Costs as many single writes. Raises NotImplementedError if some are unprocessed."""
        writes = [
            self._planned(kind.removesuffix("Request"), {"TableName": table, **body})
            for table, requests in params["RequestItems"].items()
            for request in requests
            for kind, body in request.items()
        ]
        answer = self._written("batch_write_item", writes, 1, params)
        if answer.get("UnprocessedItems"):
            raise NotImplementedError("unprocessed items")
        return answer

    def _transact_write_items(self, **params: Any) -> Any:
        """Each item costs two writes, to prepare and to commit, even one that is only checked.

        A cancelled transaction costs the same. A repetition with the same token reads each item, at the
        double rate as well.
        """
        token = params.get("ClientRequestToken", "")
        if token in self._done:
            answer = self.client.transact_write_items(**params)
            self._add("TransactWriteItems", read=self._done[token])
            return answer
        writes = [
            self._planned(kind, body) for action in params["TransactItems"] for kind, body in action.items()
        ]
        answer = self._written("transact_write_items", writes, 2, params)
        if token:
            self._done[token] = sum(2 * read_units(write.size, consistent=True) for write in writes)
        return answer

    def _planned(self, kind: str, params: dict[str, Any]) -> _Write:
        table = self._table(params["TableName"])
        item = params.get("Item")
        key = params["Key"] if item is None else {name: item[name] for name in table.keys}
        return _Write(table, params["TableName"], key, item)

    def _written(self, operation: str, writes: list[_Write], times: int, params: dict[str, Any]) -> Any:
        call = "".join(word.title() for word in operation.split("_"))
        for write, before in zip(writes, self._stored(writes), strict=True):
            write.before = before
        try:
            answer = getattr(self.client, operation)(**params)
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSED:
                self._add(call, write=times * sum(write_units(write.size) for write in writes))
            raise
        for write, after in zip(writes, self._stored(writes), strict=True):
            write.after = after
        self._add(call, write=sum(times * write_units(write.size) + write.index_units for write in writes))
        return answer

    def _stored(self, writes: list[_Write]) -> list[Item | None]:
        """Returns the items as they are, in the order of the writes."""
        wanted: dict[str, Any] = {}
        for write in writes:
            wanted.setdefault(write.name, {"Keys": [], "ConsistentRead": True})["Keys"].append(write.key)
        found: dict[tuple[str, str], Item] = {}
        while wanted:
            answer = self.plain.batch_get_item(RequestItems=wanted)
            for name, items in answer["Responses"].items():
                keys = self._table(name).keys
                found |= {(name, str([item[key] for key in keys])): item for item in items}
            wanted = answer.get("UnprocessedKeys", {})
        return [found.get((w.name, str([w.key[key] for key in w.table.keys]))) for w in writes]

    def _table(self, name: str) -> _Table:
        if name not in self._tables:
            self._tables[name] = _Table(self.plain.describe_table(TableName=name)["Table"])
        return self._tables[name]


_REFUSED = ("ConditionalCheckFailedException", "TransactionCanceledException")
"""Errors of a condition that doesn't hold, which cost as much as the write; other errors cost nothing."""
