"""An operation that has an id, as an item of the changes table: in a partition of its own, beside the log's.

It tells which changes the operation made, and nothing of what is in them.
"""

from typing import Any

from teamcal.domain.operation_ids import AppliedOperation, OperationPart
from teamcal.domain.values import Record
from teamcal.storage.actions import Action
from teamcal.storage.codec import Item, from_item, to_item

ROW = 1
"""Its range key. Row 0 would look like a log's head to what reads the whole table."""


def operation_key(operation_id: str) -> Item:
    return {"department_id": {"S": operation_id}, "revision": {"N": str(ROW)}}


def operation_row(operation: AppliedOperation, expires_at: int) -> Record:
    return {
        "department_id": operation.id,
        "revision": ROW,
        "asked": bytes.fromhex(operation.digest),
        "change_id": operation.change_id,
        "parts": [[part.log_id, part.change_id, *part.revisions] for part in operation.parts],
        "expires_at": expires_at,
    }


def operation_of(item: Item) -> AppliedOperation:
    """Returns the operation; of an item that isn't understood, a newer server's say, one that did nothing."""
    row = from_item(item)
    try:
        parts = tuple(
            OperationPart(str(log_id), str(change_id), tuple(map(int, revisions)))
            for log_id, change_id, *revisions in row["parts"]
        )
        return AppliedOperation(row["department_id"], bytes(row["asked"]).hex(), parts)
    except (LookupError, ValueError, TypeError):
        return AppliedOperation(row["department_id"], "", ())


def operation_action(operation: AppliedOperation, table: str, expires_at: int) -> Action:
    """Returns the Put: nothing may be stored under the id but what the operation replaces."""
    put: dict[str, Any] = {
        "TableName": table,
        "Item": to_item(operation_row(operation, expires_at)),
        "ConditionExpression": "attribute_not_exists(department_id)",
    }
    if operation.replaces:
        put["ConditionExpression"] += " OR change_id = :replaced"
        put["ExpressionAttributeValues"] = {":replaced": {"S": operation.replaces}}
    return {"Put": put}
