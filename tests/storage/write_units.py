"""A table of few write units, counted as DynamoDB counts them.

The rules are those of benchmarks/units.py; of unused units DynamoDB keeps up to five minutes' ("Burst
capacity" in the developer guide). A transaction finds all its units or is refused and takes none.
"""

import json
import threading
import time
from collections import Counter
from typing import Any

from benchmarks.units import size_of, write_units
from tests.engine import Answer, error, run

BURST_SECONDS = 300.0


class WriteUnits:
    """Each table has `units` a second. `before` of a client of the tests' own engine, or `behave` of an
    endpoint of it.

    `limited` are the tables that have a limit at the moment. `refused`: transactions that found too little;
    `used`: units by table.
    """

    def __init__(self, units: float) -> None:
        self.units = units
        self.refused = 0
        self.used: Counter[str] = Counter()
        self._saved: dict[str, float] = {}
        self._at = 0.0
        self._lock = threading.Lock()

    def limit(self, *tables: str, saved: float = 0.0) -> None:
        """From now on; `saved` units of each are left from before."""
        with self._lock:
            self._saved = dict.fromkeys(tables, saved)
            self._at = time.monotonic()

    def __call__(self, action: str, body: bytes) -> Answer | None:
        if action != "TransactWriteItems":
            return None
        actions = json.loads(body)["TransactItems"]
        with self._lock:
            wanted = _units_of(actions)
            self._save_up()
            lacking = {table for table in self._saved if self._saved[table] < wanted[table]}
            if lacking:
                self.refused += 1
                return _refusal(actions, lacking)
            for table in self._saved:
                self._saved[table] -= wanted[table]
            self.used += wanted
        return None

    def _save_up(self) -> None:
        now = time.monotonic()
        for table, saved in self._saved.items():
            self._saved[table] = min(BURST_SECONDS * self.units, saved + self.units * (now - self._at))
        self._at = now


def _units_of(actions: list[dict[str, Any]]) -> Counter[str]:
    """Twice those of each item's larger state, to prepare and to commit."""
    units: Counter[str] = Counter()
    for action in actions:
        ((kind, one),) = action.items()
        item = one.get("Item", {})
        size = max(size_of(_stored(one["TableName"], one["Key"])) if "Key" in one else 0, size_of(item))
        if kind == "Update":
            size += size_of(one.get("ExpressionAttributeValues"))
        units[one["TableName"]] += 2 * int(write_units(size))
    return units


def _stored(table: str, key: dict[str, Any]) -> dict[str, Any]:
    _, _, answer = run("GetItem", json.dumps({"TableName": table, "Key": key}).encode())
    item: dict[str, Any] = json.loads(answer).get("Item", {})
    return item


def _refusal(actions: list[dict[str, Any]], lacking: set[str]) -> Answer:
    tables = [one["TableName"] for action in actions for one in action.values()]
    codes = ["ProvisionedThroughputExceeded" if table in lacking else "None" for table in tables]
    return error(
        "TransactionCanceledException", "cancelled", CancellationReasons=[{"Code": code} for code in codes]
    )
