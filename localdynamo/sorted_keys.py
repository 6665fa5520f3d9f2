"""Sorted keys of the partitions that were queried, so that the cost of a page is that of its own length.

A view is a table or one of its global indexes. A partition is sorted when it is first queried, and follows
every put and delete from then on.
"""

from bisect import bisect_left, insort
from decimal import Decimal
from typing import Any, NamedTuple

from ministack.services import dynamodb

SortKey = tuple[Any, ...]
Item = dict[str, Any]


class Entry(NamedTuple):
    """One item of a partition. No other item of the partition has the same `sort_key`."""

    sort_key: SortKey
    hash_value: str
    range_value: str
    size: int  # bytes, as DynamoDB counts an item


class KeyAttribute(NamedTuple):
    """One part of a key: the name of its attribute, and its type, "S" or "N"."""

    name: str
    type: str


class View:
    """A table or index whose keys are text or numbers and whose items have all of their attributes.

    `key_names` are the attributes of an ExclusiveStartKey, the table's own first.
    """

    def __init__(
        self, table: Item, index_name: str | None, hash_key: KeyAttribute, sort_key: list[KeyAttribute]
    ) -> None:
        self._table, self.index_name = table, index_name
        self.hash_key, self.sort_key = hash_key, sort_key
        names = [table["pk_name"], table["sk_name"], hash_key.name, *(part.name for part in sort_key)]
        self.key_names = [name for name in dict.fromkeys(names) if name]
        self._partitions: dict[str, list[Entry]] = {}

    def partition(self, value: str) -> list[Entry]:
        """Returns the entries with this hash value in order. The caller must not change the list."""
        entries = self._partitions.get(value)
        if entries is None:
            entries = sorted(self._entry(*key) for key in self._keys(value))
            if entries:
                self._partitions[value] = entries
        return entries

    def item(self, entry: Entry) -> Item:
        item: Item = self._table["items"][entry.hash_value][entry.range_value]
        return item

    def sort_key_of(self, item: Item) -> SortKey:
        """Takes an item or a key whose attributes have the right types."""
        return tuple(
            item[name]["S"] if kind == "S" else Decimal(item[name]["N"]) for name, kind in self.sort_key
        )

    def follow(self, hash_value: str, range_value: str, old: Item | None, new: Item | None) -> None:
        """Updates the partitions after one item was put or deleted."""
        if old is not None:
            entries = self._partitions.get(self._partition_of(old))
            if entries is not None:
                sort_key = self.sort_key_of(old)
                del entries[bisect_left(entries, sort_key, key=lambda entry: entry.sort_key)]
        if new is not None:
            entries = self._partitions.get(self._partition_of(new))
            if entries is not None:
                insort(entries, self._entry(hash_value, range_value))

    def _entry(self, hash_value: str, range_value: str) -> Entry:
        item = self._table["items"][hash_value][range_value]
        return Entry(self.sort_key_of(item), hash_value, range_value, size_of(item))

    def _keys(self, value: str) -> list[tuple[str, str]]:
        """Returns the (hash value, range value) of the partition's items in the table."""
        if self.index_name is None:
            return [(value, range_value) for range_value in self._table["items"].get(value, ())]
        return list(dynamodb._index_members(self._table)[self.index_name].get(value, ()))

    def _partition_of(self, item: Item) -> str:
        """Returns the hash value; for an item that isn't in the index "", which no key may be."""
        if any(part.name not in item for part in (self.hash_key, *self.sort_key)):
            return ""
        value: str = item[self.hash_key.name]["S"]
        return value


class Views:
    """All views in use. `forget` must be called after tables or indexes were created, changed or deleted."""

    def __init__(self) -> None:
        self._views: dict[str, dict[str | None, View]] = {}

    def forget(self) -> None:
        self._views.clear()

    def follow(self, table: Item, key: tuple[str, str], old: Item | None, new: Item | None) -> None:
        for view in self._views.get(table["TableName"], {}).values():
            view.follow(*key, old, new)

    def of(self, table: Item, index_name: str | None) -> View | None:
        """Returns None if the view has keys or a projection that this module doesn't support."""
        views = self._views.setdefault(table["TableName"], {})
        if index_name not in views:
            view = _new_view(table, index_name)
            if view is None:
                return None
            views[index_name] = view
        return views[index_name]


def _new_view(table: Item, index_name: str | None) -> View | None:
    hash_names, range_names = [table["pk_name"]], [table["sk_name"]] if table["sk_name"] else []
    sort_names = range_names
    if index_name is not None:
        index = _complete_index(table, index_name)
        if index is None:
            return None
        hash_names, range_names = dynamodb._index_key_lists(index)
        # Items with the same index key are sorted by the table's key.
        sort_names = list(dict.fromkeys([*range_names, table["pk_name"], *sort_names]))
    if len(hash_names) != 1 or len(range_names) > 1:
        return None
    hash_key, *sort_key = (
        KeyAttribute(name, dynamodb._get_attr_type(table, name)) for name in hash_names + sort_names
    )
    if hash_key.type != "S" or any(part.type not in ("S", "N") for part in sort_key):
        return None
    return View(table, index_name, hash_key, sort_key)


def _complete_index(table: Item, index_name: str) -> Item | None:
    """Returns the index's description; None if there is none or it hasn't all attributes of its items."""
    for index in table["GlobalSecondaryIndexes"]:
        if index["IndexName"] == index_name:
            projection = index.get("Projection") or {}
            return index if projection.get("ProjectionType", "ALL") == "ALL" else None
    return None


def size_of(item: Item) -> int:
    """Returns the size in bytes as DynamoDB counts it."""
    total = 0
    for name, value in item.items():
        total += len(name) if name.isascii() else len(name.encode())
        text = value.get("S")
        if text is None:
            total += dynamodb._attribute_value_size(value)
        else:
            total += len(text) if text.isascii() else len(text.encode())
    return total
