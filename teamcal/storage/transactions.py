"""A `Write` as actions of a DynamoDB transaction, and why a transaction was cancelled. Pure functions."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from teamcal.domain.changes import DEPARTMENTS, RecordConflict, Write
from teamcal.domain.values import Record
from teamcal.errors import RevisionConflict
from teamcal.settings import StorageSettings
from teamcal.storage.change_rows import row_of
from teamcal.storage.codec import Item, to_item

Action = dict[str, dict[str, Any]]
"""One element of TransactItems: Update, Put, Delete or ConditionCheck."""


def head_key(log_id: str) -> Item:
    """Returns the key of the log's head in the changes table: row 0."""
    return {"department_id": {"S": log_id}, "revision": {"N": "0"}}


def actions_of(write: Write, settings: StorageSettings, expires_at: int) -> Iterator[Action]:
    """Yields the head's update first. `expires_at`: of rows and tombstones, in seconds since 1970."""
    base = write.base
    is_departments = base.log_id == DEPARTMENTS
    table = settings.departments_table if is_departments else settings.events_table
    yield {"Update": head_update(write, settings.changes_table)}
    if base.revision == 0 and not (is_departments or write.changes[0].restarts_log):
        yield _department_exists(base.log_id, settings.departments_table)
    for record in write.puts:
        if is_departments and record.get("deleted"):
            yield {"Delete": {"TableName": table, "Key": {"id": {"S": record["id"]}}}}
            continue
        stored = _tombstone(record, expires_at) if record.get("deleted") else record
        put = {"TableName": table, "Item": to_item(stored)}
        expected = write.expects.get(record["id"])
        if expected == 0:
            put["ConditionExpression"] = "attribute_not_exists(id)"
        elif expected is not None:
            put |= _is_at(expected)
        yield {"Put": put}
    for change in write.changes:
        row = row_of(base.log_id, change, expires_at)
        yield {"Put": {"TableName": settings.changes_table, "Item": to_item(row)}}


def _is_at(revision: int) -> dict[str, Any]:
    """Returns the condition that the stored record is at this revision, as part of a Put."""
    return {
        "ConditionExpression": "revision = :expected",
        "ExpressionAttributeValues": {":expected": {"N": str(revision)}},
    }


def head_update(write: Write, changes_table: str) -> dict[str, Any]:
    """Returns the Update that moves a head from the write's base, on condition that it still is there."""
    base, head = write.base, write.head
    values: Item = {
        ":head": {"N": str(head.revision)},
        ":change": {"S": head.change_id},
        ":digest": {"N": str(head.digest)},
        ":deleted": {"BOOL": head.deleted},
    }
    condition = "attribute_not_exists(head)"
    if base.revision > 0:
        condition = "head = :base AND change_id = :base_change AND deleted = :base_deleted"
        values[":base"] = {"N": str(base.revision)}
        values[":base_change"] = {"S": base.change_id}
        values[":base_deleted"] = {"BOOL": base.deleted}
    update = "SET head = :head, change_id = :change, digest = :digest, deleted = :deleted"
    if base.log_id == DEPARTMENTS and write.purges:
        update += " ADD purging :purges"
        values[":purges"] = {"SS": write.purges}
    return {
        "TableName": changes_table,
        "Key": head_key(base.log_id),
        "UpdateExpression": update,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }


def _department_exists(department_id: str, departments_table: str) -> Action:
    check = {
        "TableName": departments_table,
        "Key": {"id": {"S": department_id}},
        "ConditionExpression": "attribute_exists(id)",
    }
    return {"ConditionCheck": check}


def _tombstone(record: Record, expires_at: int) -> Record:
    """Returns a deleted event as it is stored: without event_date, so that it leaves the index, until TTL."""
    kept = {name: value for name, value in record.items() if name != "event_date"}
    return {**kept, "expires_at": expires_at}


def conflict_of(error: ClientError, actions: list[Action]) -> Exception:
    """Returns the exception for a refused transaction: RevisionConflict, RecordConflict or `error` itself."""
    reasons = error.response.get("CancellationReasons", [])
    failed = [
        action
        for action, reason in zip(actions, reasons, strict=False)
        if reason.get("Code") == "ConditionalCheckFailed"
    ]
    used_ids = [action["Put"]["Item"]["id"]["S"] for action in failed if "Put" in action]
    if failed and len(used_ids) == len(failed):
        return RecordConflict(used_ids)
    return RevisionConflict("head") if failed else error
