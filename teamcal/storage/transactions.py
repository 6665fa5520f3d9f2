"""A `Write` as actions of a DynamoDB transaction, and why a transaction was cancelled. Pure functions."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from teamcal.domain.changes import DEPARTMENTS, RecordConflict, Write
from teamcal.domain.values import Record
from teamcal.errors import RevisionConflict
from teamcal.settings import StorageSettings
from teamcal.storage.change_rows import row_of
from teamcal.storage.codec import Item, to_item, to_value

Action = dict[str, dict[str, Any]]
"""One element of TransactItems: Update, Put, Delete or ConditionCheck."""


def row_key(log_id: str, revision: int) -> Item:
    """Returns the key of a row of the changes table; revision 0 is the log's head."""
    return {"department_id": {"S": log_id}, "revision": {"N": str(revision)}}


def actions_of(write: Write, settings: StorageSettings, expires_at: int) -> Iterator[Action]:
    """Yields the head's update first. `expires_at`: of rows and tombstones, in seconds since 1970."""
    base = write.base
    is_departments = base.log_id == DEPARTMENTS
    table = settings.departments_table if is_departments else settings.events_table
    yield {"Update": head_update(write, settings.changes_table)}
    if write.requires_department:
        yield _department_exists(base.log_id, settings.departments_table)
    for record in write.puts:
        if is_departments and record.get("deleted"):
            yield {"Delete": {"TableName": table, "Key": {"id": {"S": record["id"]}}}}
        else:
            item = to_item(stored_form(record, expires_at))
            yield {"Put": {"TableName": table, "Item": item, **_expectation(write, record["id"])}}
    for change in write.changes:
        row = row_of(base.log_id, change, expires_at)
        yield {"Put": {"TableName": settings.changes_table, "Item": to_item(row)}}


def _expectation(write: Write, record_id: str) -> dict[str, Any]:
    """Returns the condition under which the record may be put, as part of its Put."""
    revision = write.expects.get(record_id)
    if revision is None:
        return {}
    if revision == 0:
        return {"ConditionExpression": "attribute_not_exists(id)"}
    return {
        "ConditionExpression": "revision = :expected",
        "ExpressionAttributeValues": {":expected": to_value(revision)},
    }


def head_update(write: Write, changes_table: str) -> dict[str, Any]:
    """Returns the Update that moves a head from the write's base, on condition that it still is there."""
    base, head = write.base, write.head
    values = {
        ":head": to_value(head.revision),
        ":change": to_value(head.change_id),
        ":digest": to_value(head.digest),
        ":deleted": to_value(head.deleted),
    }
    condition = "attribute_not_exists(head)"
    if base.revision > 0:
        condition = "head = :base AND change_id = :base_change AND deleted = :base_deleted"
        values[":base"] = to_value(base.revision)
        values[":base_change"] = to_value(base.change_id)
        values[":base_deleted"] = to_value(base.deleted)
    update = "SET head = :head, change_id = :change, digest = :digest, deleted = :deleted"
    if write.purges:
        update += " ADD purging :purges"
        values[":purges"] = {"SS": write.purges}
    return {
        "TableName": changes_table,
        "Key": row_key(base.log_id, 0),
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


def stored_form(record: Record, expires_at: int) -> Record:
    """Returns the record as it is stored; a deleted event as a tombstone.

    A tombstone has no event_date, so that it leaves the index, and expires by TTL.
    """
    if not record.get("deleted"):
        return record
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
