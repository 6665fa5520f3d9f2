"""A `Write` as actions of a DynamoDB transaction, and why a transaction was cancelled. Pure functions."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from teamcal.domain.changes import ACCESS, DEPARTMENTS, LISTS, RecordConflict, Write
from teamcal.domain.values import Record
from teamcal.errors import RevisionConflict, TooLarge
from teamcal.settings import StorageSettings
from teamcal.storage.access_items import access_record, item_action
from teamcal.storage.actions import Action
from teamcal.storage.change_rows import row_of
from teamcal.storage.codec import Item, to_item
from teamcal.storage.operation_rows import operation_action
from teamcal.storage.own_fields import as_stored
from teamcal.storage.pulse_rows import rights_row


def head_key(log_id: str) -> Item:
    """Returns the key of the log's head in the changes table: row 0."""
    return {"department_id": {"S": log_id}, "revision": {"N": "0"}}


def actions_of(write: Write, settings: StorageSettings, expires_at: int) -> Iterator[Action]:
    """Yields the head's update first. `expires_at`: of rows and tombstones, in seconds since 1970."""
    base = write.base
    table, is_list = table_of(base.log_id, settings), base.log_id in LISTS
    yield {"Update": head_update(write, settings.changes_table)}
    if base.revision == 0 and not (is_list or write.changes[0].restarts_log):
        yield _department_exists(base.log_id, settings.departments_table)
    for record in write.puts:
        if is_list and record.get("deleted"):
            yield {"Delete": {"TableName": table, "Key": {"id": {"S": record["id"]}}}}
            continue
        put = {"TableName": table, "Item": stored_item(base.log_id, record, expires_at)}
        expected = write.expects.get(record["id"])
        if expected == 0:
            put["ConditionExpression"] = "attribute_not_exists(id)"
        elif expected is not None:
            put |= _is_at(expected)
        yield {"Put": put}
    for change in write.changes:
        row = row_of(base.log_id, change, expires_at)
        yield {"Put": {"TableName": settings.changes_table, "Item": to_item(row)}}
    for operation in write.operations:
        yield operation_action(operation, settings.changes_table, expires_at)
    for item in write.items:
        yield item_action(item, settings.access_table)
    if base.log_id == ACCESS:
        # Every process reads it with the pulses: it hears of a change of rights even if this one dies now.
        yield {"Put": {"TableName": settings.changes_table, "Item": to_item(rights_row(write.head.revision))}}


def table_of(log_id: str, settings: StorageSettings) -> str:
    """Returns the table of a log's records."""
    if log_id == ACCESS:
        return settings.access_table
    return settings.departments_table if log_id == DEPARTMENTS else settings.events_table


def stored_item(log_id: str, record: Record, expires_at: int) -> Item:
    """Returns a record of the log as its table has it."""
    if log_id == ACCESS:
        record = access_record(record)
    elif record.get("deleted"):
        record = tombstone(record, expires_at)
    return to_item(record if log_id in LISTS else as_stored(record))


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
        condition = "head = :base AND change_id = :base_change AND deleted = :base_deleted AND "
        condition += "digest = :base_digest" if base.digest_is_stored else "attribute_not_exists(digest)"
        values[":base"] = {"N": str(base.revision)}
        values[":base_change"] = {"S": base.change_id}
        values[":base_deleted"] = {"BOOL": base.deleted}
        if base.digest_is_stored:
            values[":base_digest"] = {"N": str(base.digest or 0)}
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


def tombstone(record: Record, expires_at: int) -> Record:
    """Returns a deleted event as it is stored: without event_date, so that it leaves the index, until TTL."""
    kept = {name: value for name, value in record.items() if name != "event_date"}
    return {**kept, "expires_at": expires_at}


def conflict_of(error: ClientError, actions: list[Action]) -> Exception:
    """Returns the exception for a refused transaction: RevisionConflict, RecordConflict, TooLarge (an item or
    the transaction is bigger than DynamoDB takes) or `error` itself.
    """
    reasons = error.response.get("CancellationReasons", [])
    texts = [error.response.get("Error", {}), *reasons]
    if any("size" in (text.get("Message") or "") and "exceed" in text["Message"] for text in texts):
        return TooLarge("a transaction of DynamoDB")
    failed = [
        action
        for action, reason in zip(actions, reasons, strict=False)
        if reason.get("Code") == "ConditionalCheckFailed"
    ]
    keys = [_key_of(action) for action in failed if "Put" in action or "Delete" in action]
    if failed and len(keys) == len(failed):
        operation_ids = [key["department_id"]["S"] for key in keys if "id" not in key]
        return RecordConflict([key["id"]["S"] for key in keys if "id" in key], operation_ids)
    return RevisionConflict("head") if failed else error


def _key_of(action: Action) -> Item:
    """Returns a stored item with the attributes that tell which: of the changes table only operations'."""
    put, delete = action.get("Put"), action.get("Delete")
    return put["Item"] if put else delete["Key"] if delete else {}
