"""Repairing a log whose tables don't fit each other. Design: docs/develop/sync.md."""

import json
import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from teamcal.deadline import remaining
from teamcal.domain.changes import DEPARTMENT_DELETED, DEPARTMENTS, LISTS, REPAIRED, Change, Head
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import StorageUnavailable
from teamcal.metrics import LOGS_REPAIRED
from teamcal.settings import StorageSettings
from teamcal.storage.actions import Action
from teamcal.storage.change_rows import change_of, row_of
from teamcal.storage.client import CALL_SECONDS, DynamoDBClient
from teamcal.storage.codec import Item, from_item, to_item
from teamcal.storage.conditional_write import transact
from teamcal.storage.repair_messages import repaired_text
from teamcal.storage.repair_plan import MISSING, Correction
from teamcal.storage.survey import Moved, Survey, Surveyor
from teamcal.storage.transactions import head_key, stored_item, table_of

logger = logging.getLogger(__name__)

CORRECTIONS = 20
"""Records that one transaction corrects."""
LOST_NAME = "복구된 부서"
"""Of a department whose name is lost, before the beginning of its id."""
LONGEST_PAUSE = 0.05
"""Seconds between two attempts to move a head."""
TRANSACTION_BYTES = 2_000_000
"""Of DynamoDB's 4 MB: items may be larger than the calendar makes them."""


class Repairer:
    """Corrects what a survey has found. Each step is conditional and may be repeated.

    Of several servers that repair one log at once, one moves its head; the others raise Moved.
    `kept(log_id)`: for how long a row is kept.
    """

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        settings: StorageSettings,
        surveyor: Surveyor,
        now: Callable[[], Any],
        kept: Callable[[str], timedelta],
    ) -> None:
        self._dynamodb, self._settings, self._surveyor = dynamodb, settings, surveyor
        self._now, self._kept = now, kept

    def repair(self, log_id: str, survey: Survey) -> None:
        """Corrects the log, tells the operator. Raises StorageError, and Moved if it isn't as surveyed."""
        for some in _chunks(survey.verdict.outdated):
            self._write_back(log_id, some)
        for ghost in survey.verdict.ghosts:
            self._correct_row(log_id, ghost)
        for revision in survey.rows.holes:
            self._fill(log_id, survey.head, revision)
        for department_id, revision in survey.verdict.to_remove.items():
            self._remove_department(department_id, revision)
        for department_id in survey.verdict.to_reopen:
            self._move_own_head(department_id, deleted=False)
        for department_id in survey.verdict.to_close:
            self._move_own_head(department_id, deleted=True)
        if survey.moves_head:
            self._move_head(log_id, survey)
        self._dynamodb.metrics.add(LOGS_REPAIRED)
        logger.error(repaired_text(log_id, survey.faults))

    # Records

    def _write_back(self, log_id: str, corrections: list[Correction]) -> None:
        """Stores records as their newest rows have them, if they still are as they were seen."""
        changes = {change.revision: change for change in self._changes(log_id, corrections)}
        if len(changes) < len(corrections):
            raise Moved(log_id)
        actions = [self._correction(log_id, one, changes[one.row]) for one in corrections]
        for some in _by_size(actions):
            self._transact(log_id, [self._not_deleted(log_id), *some])

    def _changes(self, log_id: str, corrections: list[Correction]) -> Iterator[Change]:
        keys = [_row_key(log_id, one.row) for one in corrections]
        return (change_of(from_item(item)) for item in self._get_all(keys))

    def _get_all(self, keys: list[Item]) -> Iterator[Item]:
        return self._dynamodb.get_all(self._settings.changes_table, keys)

    def _correction(self, log_id: str, one: Correction, change: Change) -> Action:
        condition: dict[str, Any] = {"ConditionExpression": "revision = :stored"}
        if one.stored > 0:
            condition["ExpressionAttributeValues"] = {":stored": {"N": str(one.stored)}}
        else:
            absent = "id" if one.stored == MISSING else "revision"
            condition["ConditionExpression"] = f"attribute_not_exists({absent})"
        table = table_of(log_id, self._settings)
        if change.removes and log_id in LISTS:
            return {"Delete": {"TableName": table, "Key": {"id": {"S": one.record_id}}, **condition}}
        item = stored_item(log_id, change.record, self._expiry(log_id))
        return {"Put": {"TableName": table, "Item": item, **condition}}

    def _not_deleted(self, log_id: str) -> Action:
        check = {
            "TableName": self._settings.changes_table,
            "Key": head_key(log_id),
            "ConditionExpression": "attribute_not_exists(deleted) OR deleted = :no",
            "ExpressionAttributeValues": {":no": {"BOOL": False}},
        }
        return {"ConditionCheck": check}

    def _remove_department(self, department_id: str, revision: int) -> None:
        delete = {
            "TableName": self._settings.departments_table,
            "Key": {"id": {"S": department_id}},
            "ConditionExpression": "revision = :stored",
            "ExpressionAttributeValues": {":stored": {"N": str(revision)}},
        }
        self._transact(DEPARTMENTS, [{"Delete": delete}])

    # Rows

    def _correct_row(self, log_id: str, ghost: Correction) -> None:
        """Makes the row of a record that lived then one of its deletion: the index can't tell of that."""
        row = next(iter(self._get_all([_row_key(log_id, ghost.row)])), None)
        if row is None:
            raise Moved(log_id)
        known = from_item(row)
        change = replace(change_of(known), kind=REPAIRED)
        corrected = replace(change, record={**change.record, "deleted": True, "revision": ghost.stored})
        self._put_row(log_id, corrected, {}, known.get("expires_at"), "attribute_exists(revision)")

    def _fill(self, log_id: str, head: Head, revision: int) -> None:
        """Puts a row that says nothing in place of a missing one: who needs it starts over."""
        change_id = head.change_id if revision == head.revision else new_id()
        change = Change(revision, REPAIRED, {}, change_id, "", timestamp(self._now()))
        self._put_row(log_id, change, {}, None, "attribute_not_exists(revision)")

    def _put_row(
        self, log_id: str, change: Change, more: Record, expires_at: int | None, condition: str
    ) -> None:
        item = to_item(row_of(log_id, change, expires_at or self._expiry(log_id)) | more)
        put = {"TableName": self._settings.changes_table, "Item": item, "ConditionExpression": condition}
        self._transact(log_id, [{"Put": put}])

    def _expiry(self, log_id: str) -> int:
        return int((self._now() + self._kept(log_id)).timestamp())

    # Heads

    def _move_head(self, log_id: str, survey: Survey) -> None:
        """Moves the head beyond everything seen. What others write meanwhile stays in its digest."""
        seen, head = survey.head, self._later_head(survey.head)
        delta = survey.verdict.digest - (seen.digest or 0)
        newest = max(survey.verdict.newest, survey.rows.last)
        while True:
            newest = max(newest, head.revision)
            change = Change(newest + 1, REPAIRED, {}, new_id(), "", timestamp(self._now()))
            moved = Head(log_id, change.revision, change.change_id, ((head.digest or 0) + delta) % 2**64)
            if transact(self._dynamodb, self._head_actions(head, moved, change)):
                return
            pause = random.uniform(0, LONGEST_PAUSE)
            if remaining() < pause + CALL_SECONDS:
                raise StorageUnavailable(f"{log_id} is too busy")
            time.sleep(pause)
            # In a busy log every call in between is a race more that is lost.
            head = self._surveyor.head(log_id)
            if head.deleted or head.revision < seen.revision or head.repairs != seen.repairs:
                raise Moved(log_id)

    def _later_head(self, seen: Head) -> Head:
        """Returns the present head if only ordinary changes lie between it and `seen`. Raises Moved."""
        head = self._surveyor.head(seen.log_id)
        if head.deleted or head.revision < seen.revision or (seen.revision == 0 and head.revision > 0):
            raise Moved(seen.log_id)
        for key in self._surveyor.row_keys(seen.log_id, seen.revision, head.revision):
            if key.starts_over:
                raise Moved(seen.log_id)
        return head

    def _move_own_head(self, department_id: str, deleted: bool) -> None:
        """Makes a department's own log say what the list of departments says."""
        head = self._surveyor.head(department_id)
        if head.deleted is deleted:
            return
        kind = DEPARTMENT_DELETED if deleted else REPAIRED
        change = Change(head.revision + 1, kind, {}, new_id(), "", timestamp(self._now()))
        moved = Head(department_id, change.revision, change.change_id, 0, deleted)
        actions = self._head_actions(head, moved, change)
        if deleted:
            actions.append(self._purging(department_id))
        self._transact(department_id, actions)

    def list_again(self, department_id: str) -> None:
        """Lists a department whose item and row are gone, under a name of its own. Raises Moved."""
        at = timestamp(self._now())
        department = {
            "id": department_id,
            "name": f"{LOST_NAME} {department_id[:8]}",
            "description": "",
            "created_at": at,
            "updated_at": at,
        }
        # Without a revision, as an older server's: the digest stays what it is.
        put = {
            "TableName": self._settings.departments_table,
            "Item": to_item(department),
            "ConditionExpression": "attribute_not_exists(id)",
        }
        head = self._surveyor.head(DEPARTMENTS)
        change = Change(head.revision + 1, REPAIRED, {}, new_id(), "", at)
        moved = replace(head, revision=change.revision, change_id=change.change_id, digest=head.digest or 0)
        self._transact(DEPARTMENTS, [*self._head_actions(head, moved, change), {"Put": put}])

    def purge_again(self, department_id: str) -> None:
        """Has the events of a deleted department removed once more, from the beginning. Raises Moved."""
        head = self._surveyor.head(department_id)
        update = {
            "TableName": self._settings.changes_table,
            "Key": head_key(department_id),
            "UpdateExpression": "REMOVE purge",
            "ConditionExpression": "deleted = :deleted AND change_id = :change",
            "ExpressionAttributeValues": {":deleted": {"BOOL": True}, ":change": {"S": head.change_id}},
        }
        self._transact(department_id, [{"Update": update}, self._purging(department_id)])

    def _purging(self, department_id: str) -> Action:
        update = {
            "TableName": self._settings.changes_table,
            "Key": head_key(DEPARTMENTS),
            "UpdateExpression": "ADD purging :purges",
            "ExpressionAttributeValues": {":purges": {"SS": [department_id]}},
        }
        return {"Update": update}

    def _head_actions(self, head: Head, moved: Head, change: Change) -> list[Action]:
        values: Item = {
            ":head": {"N": str(moved.revision)},
            ":change": {"S": moved.change_id},
            ":digest": {"N": str(moved.digest)},
            ":deleted": {"BOOL": moved.deleted},
            ":one": {"N": "1"},
        }
        condition = "attribute_not_exists(head)"
        if head.revision > 0:
            condition = (
                "head = :was AND change_id = :was_change"
                " AND (digest = :was_digest OR attribute_not_exists(digest))"
            )
            values[":was"] = {"N": str(head.revision)}
            values[":was_change"] = {"S": head.change_id}
            values[":was_digest"] = {"N": str(head.digest or 0)}
        update = {
            "TableName": self._settings.changes_table,
            "Key": head_key(head.log_id),
            "UpdateExpression": (
                "SET head = :head, change_id = :change, digest = :digest, deleted = :deleted ADD repairs :one"
            ),
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        row = row_of(head.log_id, change, self._expiry(head.log_id)) | {"repaired_from": head.revision}
        put = {"TableName": self._settings.changes_table, "Item": to_item(row)}
        return [{"Update": update}, {"Put": put}]

    def _transact(self, log_id: str, actions: list[Action]) -> None:
        """Raises Moved when a condition failed, StorageError."""
        if not transact(self._dynamodb, actions):
            raise Moved(log_id)


def _row_key(log_id: str, revision: int) -> Item:
    return {"department_id": {"S": log_id}, "revision": {"N": str(revision)}}


def _chunks(corrections: list[Correction]) -> Iterator[list[Correction]]:
    for at in range(0, len(corrections), CORRECTIONS):
        yield corrections[at : at + CORRECTIONS]


def _by_size(actions: list[Action]) -> Iterator[list[Action]]:
    """Yields the actions in groups of at most TRANSACTION_BYTES, or of one."""
    group: list[Action] = []
    size = 0
    for action in actions:
        own = len(json.dumps(action, default=repr))
        if group and size + own > TRANSACTION_BYTES:
            yield group
            group, size = [], 0
        group.append(action)
        size += own
    if group:
        yield group
