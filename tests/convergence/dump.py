"""`python -m tests.convergence.dump`: all three tables as JSON, read consistently."""

import json
import sys

from models import DynamoDBDatabase, from_item


def main() -> None:
    database = DynamoDBDatabase()
    settings = database.settings
    tables = (settings.departments_table, settings.events_table, settings.changes_table)
    found = {}
    for table in tables:
        pages = database.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        found[table] = [from_item(item) for page in pages for item in page["Items"]]
    json.dump(found, sys.stdout, default=sorted)


if __name__ == "__main__":
    main()
