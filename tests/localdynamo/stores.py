"""A store in this process, and the tables that the tests create in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localdynamo import folder as files
from localdynamo.store import Store

EVENTS = {
    "TableName": "events",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("id", "department_id", "event_date")
    ],
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "department_id", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-date",
            "KeySchema": [
                {"AttributeName": "department_id", "KeyType": "HASH"},
                {"AttributeName": "event_date", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
CHANGES = {
    "TableName": "changes",
    "AttributeDefinitions": [
        {"AttributeName": "department_id", "AttributeType": "S"},
        {"AttributeName": "revision", "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": "department_id", "KeyType": "HASH"},
        {"AttributeName": "revision", "KeyType": "RANGE"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


class StoreClient:
    """A store in this process, called as the HTTP server calls it. `reports` are recovery's sentences."""

    def __init__(self, folder: Path) -> None:
        self.reports: list[str] = []
        self.closed = False
        recovered = files.recover(folder, self.reports.append)
        self.folder, self.store = folder, Store(recovered.image, recovered.log)

    def __call__(self, action: str, **data: Any) -> dict[str, Any]:
        answer = self.store.call(action, json.dumps(data).encode())
        body: dict[str, Any] = json.loads(answer.body)
        assert answer.status == 200 or "__type" in body
        return body

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.store.release()
            self.store.log.close()


OpenStore = Callable[..., StoreClient]


def put_change(call: StoreClient, number: int) -> None:
    item = {"department_id": {"S": "x"}, "revision": {"N": str(number)}, "text": {"S": "회의 ☕"}}
    assert call("PutItem", TableName="changes", Item=item) == {}


def revisions(call: StoreClient) -> list[int]:
    items = call("Scan", TableName="changes")["Items"]
    return sorted(int(item["revision"]["N"]) for item in items)
