"""Time to live as logged deletes: a bounded piece of the tables at each step."""

import time
from collections.abc import Iterator
from typing import Any

from localdynamo.catalogue import tables, ttl_attribute
from localdynamo.store import Store

_ITEMS_A_STEP = 5000
_DELETES_A_STEP = 500
_OLDEST = 5 * 365 * 24 * 3600  # DynamoDB leaves alone what expired longer ago: probably not a time


class Expiry:
    """Goes around all tables with a time to live; `step` looks at a few thousand items at most.

    A partition is looked at in one step, however large.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._round: Iterator[tuple[dict[str, Any], str, str]] = iter(())

    def step(self, now: float | None = None) -> int:
        """Delete what has expired in the next piece; answers how many items."""
        at = time.time() if now is None else now
        seen = deleted = 0
        while seen < _ITEMS_A_STEP and deleted < _DELETES_A_STEP:
            piece = next(self._round, None)
            if piece is None:
                self._round = _partitions()
                break
            table, hash_value, attribute = piece
            partition = table["items"].get(hash_value, {})
            seen += len(partition)
            expired = [(hash_value, key) for key, item in partition.items() if _expired(item, attribute, at)]
            if expired:
                self._store.remove(table, expired[:_DELETES_A_STEP])
                deleted += len(expired[:_DELETES_A_STEP])
        return deleted


def _partitions() -> Iterator[tuple[dict[str, Any], str, str]]:
    for name, table in tables().items():
        attribute = ttl_attribute(name)
        if attribute:
            for hash_value in list(table["items"]):
                yield table, hash_value, attribute


def _expired(item: dict[str, Any], attribute: str, now: float) -> bool:
    value = item.get(attribute)
    if not value or "N" not in value:
        return False
    at = float(value["N"])
    return now - _OLDEST < at <= now
