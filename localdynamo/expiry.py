"""Time to live: deletes expired items as logged changes, a bounded number of items in each step."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from localdynamo.catalogue import tables, ttl_attribute
from localdynamo.store import Store

_ITEMS_PER_STEP = 5000
_DELETES_PER_STEP = 500
_LONGEST_EXPIRED = 5 * 365 * 24 * 3600
"""Seconds. DynamoDB leaves items alone that expired longer ago: the value is probably not a time."""


class _Partition(NamedTuple):
    table: dict[str, Any]
    hash_value: str
    attribute: str


class Expiry:
    """Visits the tables with a time to live in turn. `step` looks at a few thousand items at most.

    A partition is visited in one step, however large it is.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._round: Iterator[_Partition] = iter(())

    def step(self, now: float | None = None) -> int:
        """Deletes what has expired in the next partitions; returns the number of deleted items.

        `now` is in seconds since the epoch.
        """
        now = time.time() if now is None else now
        visited = deleted = 0
        while visited < _ITEMS_PER_STEP and deleted < _DELETES_PER_STEP:
            partition = next(self._round, None)
            if partition is None:
                self._round = _partitions()
                break
            items = partition.table["items"].get(partition.hash_value, {})
            visited += len(items)
            expired = [
                (partition.hash_value, range_value)
                for range_value, item in items.items()
                if _has_expired(item, partition.attribute, now)
            ][:_DELETES_PER_STEP]
            if expired:
                self._store.remove(partition.table, expired)
                deleted += len(expired)
        return deleted


def _partitions() -> Iterator[_Partition]:
    for name, table in tables().items():
        attribute = ttl_attribute(name)
        if attribute:
            for hash_value in list(table["items"]):
                yield _Partition(table, hash_value, attribute)


def _has_expired(item: dict[str, Any], attribute: str, now: float) -> bool:
    value = item.get(attribute)
    if not value or "N" not in value:
        return False
    expires_at = float(value["N"])
    return now - _LONGEST_EXPIRED < expires_at <= now
