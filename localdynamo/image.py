"""Everything the engine holds, as plain dicts: what the log and the snapshot are applied to.

A table is ministack's own dict: its description plus `items`, {hash value: {range value: item}}.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

TOKEN_SECONDS = 600  # DynamoDB honours a ClientRequestToken for ten minutes
NO_RANGE = "__no_sort__"  # ministack's range value in a table without a range key
_ITEMS_A_RECORD = 100


class Image:
    """Tables, settings and request tokens at one point of the log.

    A change is {"ops": […], "token": […], "catalogue": {…}}, each optional. An op is
    [table, item] (put) or [table, hash value, range value] (delete).
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, Any] = {}
        self.tokens: dict[str, list[Any]] = {}

    def apply(self, change: dict[str, Any]) -> None:
        for op in change.get("ops", ()):
            if len(op) == 2:
                self._put(self.tables[op[0]], op[1])
            else:
                self._delete(self.tables[op[0]], op[1], op[2])
        if "token" in change:
            name, *rest = change["token"]
            self.tokens[name] = rest
        if "catalogue" in change:
            self._take_catalogue(change["catalogue"])
        if "items" in change:
            table = self.tables[change["table"]]
            for item in change["items"]:
                self._put(table, item)

    def dump(self) -> Iterator[dict[str, Any]]:
        """Changes that make an equal image out of an empty one."""
        tables = {name: description_of(table) for name, table in self.tables.items()}
        yield {"catalogue": {"tables": tables, "settings": self.settings}}
        for name, table in self.tables.items():
            yield from _chunks(name, table)
        earliest = time.time() - TOKEN_SECONDS
        for token, rest in self.tokens.items():
            if rest[-1] > earliest:
                yield {"token": [token, *rest]}

    def _take_catalogue(self, catalogue: dict[str, Any]) -> None:
        kept = self.tables
        self.tables = {}
        for name, description in catalogue["tables"].items():
            same = kept.get(name)
            again = same is not None and same.get("TableId") == description.get("TableId")
            items = same["items"] if same is not None and again else defaultdict(dict)
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
    """A table without its items and without what ministack derives from them."""
    return {k: v for k, v in table.items() if k not in ("items", "_index_members")}


def _chunks(name: str, table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    chunk: list[dict[str, Any]] = []
    for partition in table["items"].values():
        for item in partition.values():
            chunk.append(item)
            if len(chunk) == _ITEMS_A_RECORD:
                yield {"table": name, "items": chunk}
                chunk = []
    if chunk:
        yield {"table": name, "items": chunk}
