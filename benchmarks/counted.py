"""Our server as it is, and what it asks of DynamoDB: gunicorn benchmarks.counted:app

GET /-/counted answers `{"operations": {name: calls}, "log_queries": {department: calls}}` since the start of
the process, counted where botocore sends them.
"""

import json
from collections import Counter
from typing import Any

from app import app, database, settings

_operations: Counter[str] = Counter()
_log_queries: Counter[str] = Counter()


def _count(request: Any, **kwargs: Any) -> None:
    target = request.headers["X-Amz-Target"]
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    _operations[operation] += 1
    if operation == "Query":
        asked = json.loads(request.body)
        if asked["TableName"] == settings.storage.changes_table:
            values = asked["ExpressionAttributeValues"].values()
            _log_queries.update(value["S"] for value in values if "S" in value)


@app.get("/-/counted")
def counted() -> dict[str, dict[str, int]]:
    return {"operations": dict(_operations), "log_queries": dict(_log_queries)}


database.client.meta.events.register("before-send.dynamodb", _count)
