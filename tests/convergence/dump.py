"""`python -m tests.convergence.dump`: all three tables as JSON, read consistently; changes in full."""

import json
import sys
from dataclasses import asdict
from typing import Any

from models import DynamoDBDatabase
from teamcal.storage.change_rows import change_of
from teamcal.storage.codec import from_item


def main() -> None:
    database = DynamoDBDatabase()
    settings = database.settings
    tables = (settings.departments_table, settings.events_table, settings.changes_table)
    found = {}
    for table in tables:
        pages = database.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        found[table] = [_in_full(from_item(item)) for page in pages for item in page["Items"]]
    json.dump(found, sys.stdout, default=sorted)


def _in_full(item: dict[str, Any]) -> dict[str, Any]:
    """A change with its `event`, `previous` and `prior`; other items as they are."""
    if not item.get("revision") or "kind" not in item:
        return item
    change = asdict(change_of(item))
    return {"department_id": item["department_id"], "event": change.pop("record"), **change}


if __name__ == "__main__":
    main()
