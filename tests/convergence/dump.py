"""`python -m tests.convergence.dump`: all three tables as JSON, read consistently; changes in full."""

import json
import sys
from dataclasses import asdict
from typing import Any

from models import DynamoDBDatabase
from teamcal.domain.pulse import PULSE
from teamcal.storage.change_rows import change_of
from teamcal.storage.codec import from_item
from teamcal.storage.own_fields import in_memory


def main() -> None:
    database = DynamoDBDatabase()
    settings = database.settings
    tables = (settings.departments_table, settings.events_table, settings.changes_table)
    found = {}
    for table in tables:
        pages = database.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        items = [from_item(item) for page in pages for item in page["Items"]]
        found[table] = in_full(items)
    json.dump(found, sys.stdout, default=sorted)


def in_full(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns a table's items as the test reads them."""
    return [_in_full(item) for item in items if item.get("department_id") != PULSE]


def _in_full(item: dict[str, Any]) -> dict[str, Any]:
    """A change with its `event`, `previous` and `prior`; an event as servers have it in memory."""
    if "event_date" in item:
        return in_memory(item)
    if not item.get("revision") or "kind" not in item:
        return item
    change = asdict(change_of(item))
    return {"department_id": item["department_id"], "event": change.pop("record"), **change}


if __name__ == "__main__":
    main()
