"""Sorted keys of the partitions that were queried, so that a page costs its own length only.

A view is a table or one of its global indexes. Its partitions are sorted when they are first asked for
and follow every put and delete from then on.
"""

from bisect import bisect_left, insort
from decimal import Decimal
from typing import Any, NamedTuple

from ministack.services import dynamodb

Sort = tuple[Any, ...]
Item = dict[str, Any]


class Entry(NamedTuple):
    """One item's place: by `sort`, which no other item of the view's partition has."""

    sort: Sort
    hash_value: str
    range_value: str
    size: int  # bytes, as DynamoDB counts an item


class Field(NamedTuple):
    """One part of a key: its attribute, and its type, "S" or "N"."""

    name: str
    type: str


class View:
    """Table or index with keys of text or numbers and all attributes of its items."""

    def __init__(self, table: Item, index_name: str | None, hash_field: Field, sort: list[Field]) -> None:
        self._table, self.index_name = table, index_name
        self.hash, self.sort = hash_field, sort
        own = [table["pk_name"], table["sk_name"], hash_field.name, *(field.name for field in sort)]
        self.key_names = [name for name in dict.fromkeys(own) if name]  # of a start key, the table's first
        self._partitions: dict[str, list[Entry]] = {}

    def partition(self, value: str) -> list[Entry]:
        """The entries with this hash value in order. Not to be changed by the caller."""
        entries = self._partitions.get(value)
        if entries is None:
            entries = sorted(self._entry(*key) for key in self._members(value))
            if entries:
                self._partitions[value] = entries
        return entries

    def item(self, entry: Entry) -> dict[str, Any]:
        item: dict[str, Any] = self._table["items"][entry.hash_value][entry.range_value]
        return item

    def sort_of(self, item: Item) -> Sort:
        """Where an item, or a key of one, stands. Its attributes have the fields' types."""
        return tuple(item[name]["S"] if kind == "S" else Decimal(item[name]["N"]) for name, kind in self.sort)

    def follow(self, hash_value: str, range_value: str, old: Item | None, new: Item | None) -> None:
        """One item was put or deleted."""
        if old is not None:
            entries = self._partitions.get(self._partition_of(old))
            if entries is not None:
                sort = self.sort_of(old)
                del entries[bisect_left(entries, sort, key=lambda entry: entry.sort)]
        if new is not None:
            entries = self._partitions.get(self._partition_of(new))
            if entries is not None:
                insort(entries, self._entry(hash_value, range_value))

    def _entry(self, hash_value: str, range_value: str) -> Entry:
        item = self._table["items"][hash_value][range_value]
        return Entry(self.sort_of(item), hash_value, range_value, size_of(item))

    def _members(self, value: str) -> list[tuple[str, str]]:
        if self.index_name is None:
            return [(value, range_value) for range_value in self._table["items"].get(value, ())]
        return list(dynamodb._index_members(self._table)[self.index_name].get(value, ()))

    def _partition_of(self, item: Item) -> str:
        """Empty, which no key may be, for an item that isn't in the index."""
        if any(field.name not in item for field in self.sort) or self.hash.name not in item:
            return ""
        value: str = item[self.hash.name]["S"]
        return value


class Views:
    """All views in use. Whoever changes what tables and indexes there are calls `forget`."""

    def __init__(self) -> None:
        self._views: dict[str, dict[str | None, View]] = {}

    def forget(self) -> None:
        self._views.clear()

    def follow(self, table: Item, key: tuple[str, str], old: Item | None, new: Item | None) -> None:
        for view in self._views.get(table["TableName"], {}).values():
            view.follow(*key, old, new)

    def of(self, table: Item, index_name: str | None) -> View | None:
        """None when the keys or the projection are of a kind that isn't kept sorted."""
        views = self._views.setdefault(table["TableName"], {})
        if index_name not in views:
            view = _view(table, index_name)
            if view is None:
                return None
            views[index_name] = view
        return views[index_name]


def _view(table: Item, index_name: str | None) -> View | None:
    hashes, ranges = [table["pk_name"]], [table["sk_name"]] if table["sk_name"] else []
    own = ranges
    if index_name is not None:
        index = next((i for i in table["GlobalSecondaryIndexes"] if i["IndexName"] == index_name), None)
        if index is None or (index.get("Projection") or {}).get("ProjectionType", "ALL") != "ALL":
            return None
        hashes, own = dynamodb._index_key_lists(index)
        # Items with the same index key stand by the table's key.
        ranges = list(dict.fromkeys([*own, table["pk_name"], *ranges]))
    if len(hashes) != 1 or len(own) > 1:
        return None
    fields = [Field(name, dynamodb._get_attr_type(table, name)) for name in hashes + ranges]
    if fields[0].type != "S" or any(field.type not in ("S", "N") for field in fields):
        return None
    return View(table, index_name, fields[0], fields[1:])


def size_of(item: dict[str, Any]) -> int:
    """Bytes, as DynamoDB counts them."""
    total = 0
    for name, value in item.items():
        total += len(name) if name.isascii() else len(name.encode())
        text = value.get("S")
        if text is None:
            total += dynamodb._attribute_value_size(value)
        else:
            total += len(text) if text.isascii() else len(text.encode())
    return total
