"""Removing the events of a deleted department: conditionally, resumably, and only what exists.

Each step is one transaction: it moves the position on the department's head, on condition that the
department still is deleted by the same change and that nobody else has moved the position, and deletes the
events of that step. So a department that was made again keeps its events however late a step arrives, one
process works at a time, and any other goes on where it ended.
"""

import time
from collections.abc import Iterator
from typing import Any

from teamcal.deadline import remaining, within
from teamcal.domain.changes import DEPARTMENTS, Head
from teamcal.errors import StorageThrottled
from teamcal.settings import StorageSettings
from teamcal.storage.actions import Action
from teamcal.storage.change_rows import key_of, key_projection
from teamcal.storage.client import CALL_SECONDS, DynamoDBClient
from teamcal.storage.codec import Item, from_item, to_item
from teamcal.storage.conditional_write import transact
from teamcal.storage.survey import head_of
from teamcal.storage.tables import DATE_INDEX
from teamcal.storage.transactions import head_key

MAX_DELETES = 99
"""Of DynamoDB's 100 items in a transaction; the other one is the head."""
THROTTLED_SECONDS = 1.0
"""Pause after a step that was throttled; the next one is half as large."""
ATTEMPT_SECONDS = CALL_SECONDS + 1.0
"""How long one step is tried before it is halved."""
INDEX, LOG, DONE = "index", "log", "done"
"""The phases: events that the index names, then those that only the log names (tombstones among them)."""


class _Ended(Exception):
    """Somebody else goes on, or the department was created again."""


class Purge:
    def __init__(self, dynamodb: DynamoDBClient, settings: StorageSettings) -> None:
        self._dynamodb, self._settings = dynamodb, settings

    def purge(self, department_id: str) -> bool:
        """Removes what it can within the deadline. Returns whether nothing is left to do.

        Also takes the department off the list of those to be purged, if it is done or isn't deleted any more.
        Raises StorageError.
        """
        row = self._head_row(department_id)
        head = head_of(department_id, row)
        if not head.deleted:
            return self._take_off(head)
        purging = _Purging(self._dynamodb, self._settings, head, row.get("purge") if row else None)
        try:
            purging.run()
        except _Ended:
            return False
        return purging.is_done and self._take_off(head)

    def _head_row(self, department_id: str) -> dict[str, Any] | None:
        answer = self._dynamodb.call(
            "get_item",
            TableName=self._settings.changes_table,
            Key=head_key(department_id),
            ConsistentRead=True,
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def _take_off(self, head: Head) -> bool:
        """Ends the purge, if the head still is the same: a later deletion has to be purged too."""
        table = self._settings.changes_table
        unchanged = {
            "TableName": table,
            "Key": head_key(head.log_id),
            "UpdateExpression": "REMOVE purge",
            "ConditionExpression": "change_id = :change",
            "ExpressionAttributeValues": {":change": {"S": head.change_id}},
        }
        if head.revision == 0:
            unchanged = {
                "TableName": table,
                "Key": head_key(head.log_id),
                "ConditionExpression": "attribute_not_exists(head)",
            }
        done = {
            "TableName": table,
            "Key": head_key(DEPARTMENTS),
            "UpdateExpression": "DELETE purging :purged",
            "ExpressionAttributeValues": {":purged": {"SS": [head.log_id]}},
        }
        first = {"Update": unchanged} if head.revision else {"ConditionCheck": unchanged}
        return transact(self._dynamodb, [first, {"Update": done}])


class _Purging:
    """One run. `position`: {"change", "phase", "after", "step"}, under 2 KB: "change" is the deletion's id,
    "after" the index's last key or the log's revision.
    """

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        settings: StorageSettings,
        head: Head,
        position: dict[str, Any] | None,
    ) -> None:
        self._dynamodb, self._settings, self._head = dynamodb, settings, head
        self._position: dict[str, Any] = {"change": head.change_id, "phase": INDEX, "after": None, "step": 0}
        if position and position["change"] == head.change_id:  # else it is that of an earlier deletion
            self._position = position
        self._most = MAX_DELETES

    @property
    def is_done(self) -> bool:
        return bool(self._position["phase"] == DONE)

    def run(self) -> None:
        while not self.is_done and remaining() > ATTEMPT_SECONDS:
            if self._position["phase"] == INDEX:
                self._index_step()
            else:
                self._log_step()

    def _index_step(self) -> None:
        query: dict[str, Any] = {
            "TableName": self._settings.events_table,
            "IndexName": DATE_INDEX,
            "KeyConditionExpression": "department_id = :department",
            "ExpressionAttributeValues": {":department": {"S": self._head.log_id}},
            "ProjectionExpression": "id, department_id, event_date",
            "Limit": self._most,
        }
        if self._position["after"]:
            query["ExclusiveStartKey"] = to_item(self._position["after"])
        answer = self._dynamodb.call("query", **query)
        keys = [from_item(item) for item in answer["Items"]]
        end = from_item(answer["LastEvaluatedKey"]) if answer.get("LastEvaluatedKey") else None
        while keys:
            some = keys[: self._most]
            if self._step([one["id"] for one in some], INDEX, some[-1]):
                keys = keys[len(some) :]
        if end is None:
            self._step([], LOG, 0)

    def _log_step(self) -> None:
        """Deletes what one page of the log names and still exists."""
        after = int(self._position["after"] or 0)
        query = {
            "TableName": self._settings.changes_table,
            "KeyConditionExpression": "department_id = :log AND revision BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":log": {"S": self._head.log_id},
                ":first": {"N": str(after + 1)},
                ":last": {"N": str(self._head.revision)},
            },
            "ConsistentRead": True,
            "Limit": 1_000,
            **key_projection(self._head.log_id),
        }
        answer = self._dynamodb.call("query", **query)
        rows = [key_of(self._head.log_id, item) for item in answer["Items"]]
        existing = self._existing(dict.fromkeys(row.record_id for row in rows if row.record_id))
        while existing:
            some = existing[: self._most]
            if self._step(some, LOG, after):
                existing = existing[len(some) :]
        if answer.get("LastEvaluatedKey"):
            self._step([], LOG, rows[-1].revision)
        else:
            self._step([], DONE, None)

    def _existing(self, event_ids: Iterator[str] | dict[str, None]) -> list[str]:
        keys = [self._key(event_id) for event_id in event_ids]
        items = self._dynamodb.get_all(self._settings.events_table, keys, "id")
        return [item["id"]["S"] for item in items]

    def _key(self, event_id: str) -> Item:
        return {"id": {"S": event_id}, "department_id": {"S": self._head.log_id}}

    def _step(self, event_ids: list[str], phase: str, after: Any) -> bool:
        """Deletes the events and moves the position. Returns False if it was throttled: with fewer, then.

        Raises _Ended when the head isn't as this run knows it.
        """
        position = {**self._position, "phase": phase, "after": after, "step": self._position["step"] + 1}
        table = self._settings.events_table
        deletes = [{"Delete": {"TableName": table, "Key": self._key(event_id)}} for event_id in event_ids]
        try:
            with within(ATTEMPT_SECONDS):
                if not transact(self._dynamodb, [self._move(position), *deletes]):
                    raise _Ended
        except StorageThrottled:
            self._most = max(1, min(self._most, len(event_ids)) // 2)
            if remaining() < THROTTLED_SECONDS + ATTEMPT_SECONDS:
                raise
            time.sleep(THROTTLED_SECONDS)
            return False
        self._position = position
        self._most = min(MAX_DELETES, self._most + 1 + self._most // 8)
        return True

    def _move(self, position: dict[str, Any]) -> Action:
        condition = "deleted = :yes AND change_id = :change"
        values: Item = {
            ":yes": {"BOOL": True},
            ":change": {"S": self._head.change_id},
            ":position": {"M": to_item(position)},
        }
        if self._position["step"] == 0:
            condition += " AND (attribute_not_exists(purge) OR purge.#change <> :change)"
        else:
            condition += " AND purge.#change = :change AND purge.step = :step"
            values[":step"] = {"N": str(self._position["step"])}
        update = {
            "TableName": self._settings.changes_table,
            "Key": head_key(self._head.log_id),
            "UpdateExpression": "SET purge = :position",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#change": "change"},
            "ExpressionAttributeValues": values,
        }
        return {"Update": update}
