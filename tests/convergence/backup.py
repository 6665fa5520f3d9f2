"""`python -m tests.convergence.backup save TABLE FILE`, or `load TABLE FILE`: one table in a backup.

Backups are made and restored for each table by itself, and whoever restores three gets three moments.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models import DynamoDBDatabase
from teamcal.settings import StorageSettings

Item = dict[str, Any]
BATCH = 25
REPLACED = ".replaced"
TABLES = ("departments", "events", "changes")


def table_of(settings: StorageSettings, name: str) -> str:
    return str(getattr(settings, f"{name}_table"))


def key_of(name: str, item: Item) -> Item:
    names = {"departments": ("id",), "events": ("id", "department_id")}
    return {part: item[part] for part in names.get(name, ("department_id", "revision"))}


def items_of(client: Any, table: str) -> Iterator[Item]:
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def save(client: Any, table: str, file: Path) -> None:
    file.write_text(json.dumps(list(items_of(client, table)), default=_as_text))


def items_in(file: Path) -> list[Item]:
    """Returns the items in such a file, as DynamoDB has them."""
    return [_from_text(item) for item in json.loads(file.read_text())]


def load(client: Any, table: str, name: str, file: Path) -> None:
    """Makes the table as it was. What it replaces is kept beside the file."""
    replaced = list(items_of(client, table))
    file.with_suffix(REPLACED).write_text(json.dumps(replaced, default=_as_text))
    wanted = {_mark(key_of(name, item)): item for item in items_in(file)}
    requests: list[Item] = []
    for item in replaced:
        mark = _mark(key_of(name, item))
        if wanted.get(mark) == item:
            del wanted[mark]
        elif mark not in wanted:
            requests.append({"DeleteRequest": {"Key": key_of(name, item)}})
    requests += [{"PutRequest": {"Item": item}} for item in wanted.values()]
    for at in range(0, len(requests), BATCH):
        pending = {table: requests[at : at + BATCH]}
        while pending:
            pending = client.batch_write_item(RequestItems=pending).get("UnprocessedItems") or {}


def _mark(key: Item) -> str:
    return json.dumps(key, sort_keys=True)


def _as_text(value: Any) -> Any:
    """Binary attributes: botocore gives and takes bytes."""
    if isinstance(value, bytes):
        return {"~bytes": value.hex()}
    raise TypeError(value)


def _from_text(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"~bytes"}:
            return bytes.fromhex(value["~bytes"])
        return {name: _from_text(one) for name, one in value.items()}
    return [_from_text(one) for one in value] if isinstance(value, list) else value


def main() -> None:
    what, name, path = sys.argv[1:]
    database = DynamoDBDatabase()
    table = table_of(database.settings, name)
    if what == "save":
        save(database.client, table, Path(path))
    else:
        load(database.client, table, name, Path(path))


if __name__ == "__main__":
    main()
