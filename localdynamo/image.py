"""The image: everything that the engine holds, as plain dicts. Log and snapshot are applied to it.

A table is ministack's own dict: its description and `items`, {hash value: {range value: item}}.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

TOKEN_SECONDS = 600  # DynamoDB recognises a ClientRequestToken for ten minutes
NO_RANGE = "__no_sort__"  # ministack's range value in a table without a range key
_ITEMS_PER_RECORD = 100


class Image:
    """Tables, settings and request tokens at one point of the log.

    A record of the log is {"ops": […], "token": […], "catalogue": {…}}, each optional. An op is
    [table, item] (put) or [table, hash value, range value] (delete). A token is
    [token, digest of the request, sizes of its items by table, seconds since the epoch].
    A snapshot also has records {"table": name, "items": […]}.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, Any] = {}
        self.tokens: dict[str, list[Any]] = {}  # token → [digest, sizes, time]

    def apply(self, change: dict[str, Any]) -> None:
        """Applies one record of a log or snapshot."""
        for op in change.get("ops", ()):
            if len(op) == 2:
                self._put(self.tables[op[0]], op[1])
            else:
                self._delete(self.tables[op[0]], op[1], op[2])
        if "token" in change:
            token, *request = change["token"]
            self.tokens[token] = request
        if "catalogue" in change:
            self._apply_catalogue(change["catalogue"])
        if "items" in change:
            table = self.tables[change["table"]]
            for item in change["items"]:
                self._put(table, item)

    def dump(self) -> Iterator[dict[str, Any]]:
        """Yields the records of a snapshot: applied to an empty image they make an equal one."""
        tables = {name: description_of(table) for name, table in self.tables.items()}
        yield {"catalogue": {"tables": tables, "settings": self.settings}}
        for name, table in self.tables.items():
            yield from _chunks(name, table)
        earliest = time.time() - TOKEN_SECONDS
        for token, request in self.tokens.items():
            if request[-1] > earliest:
                yield {"token": [token, *request]}

    def _apply_catalogue(self, catalogue: dict[str, Any]) -> None:
        """Takes over the tables and settings. A table that is new, or was created again, is empty."""
        old_tables = self.tables
        self.tables = {}
        for name, description in catalogue["tables"].items():
            old = old_tables.get(name)
            if old is not None and old.get("TableId") == description.get("TableId"):
                items = old["items"]
            else:
                items = defaultdict(dict)
            self.tables[name] = {**description, "items": items}
        self.settings = catalogue["settings"]

    @staticmethod
    def _put(table: dict[str, Any], item: dict[str, Any]) -> None:
        (hash_value,) = item[table["pk_name"]].values()
        range_name = table["sk_name"]
        if range_name:
            (range_value,) = item[range_name].values()
        else:
            range_value = NO_RANGE
        table["items"][hash_value][range_value] = item

    @staticmethod
    def _delete(table: dict[str, Any], hash_value: str, range_value: str) -> None:
        partition = table["items"].get(hash_value, {})
        partition.pop(range_value, None)
        if not partition:
            table["items"].pop(hash_value, None)


def description_of(table: dict[str, Any]) -> dict[str, Any]:
    """Returns a table without its items and without what ministack derives from them."""
    return {key: value for key, value in table.items() if key not in ("items", "_index_members")}


def _chunks(name: str, table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    chunk: list[dict[str, Any]] = []
    for partition in table["items"].values():
        for item in partition.values():
            chunk.append(item)
            if len(chunk) == _ITEMS_PER_RECORD:
                yield {"table": name, "items": chunk}
                chunk = []
    if chunk:
        yield {"table": name, "items": chunk}
