"""Every log checked, and repaired on demand, one after the other: `python -m teamcal.repair`."""

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from teamcal.domain.changes import ACCESS, DEPARTMENTS, LISTS
from teamcal.domain.pulse import PULSE
from teamcal.errors import StorageUnavailable
from teamcal.settings import StorageSettings
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.codec import from_item
from teamcal.storage.repair import Repairer
from teamcal.storage.survey import BEYOND_EVERY_REVISION, Moved, Survey, Surveyor, head_of

SECOND_READING_SECONDS = 2.0
"""A fault is one that a second reading finds as well: servers may be writing."""
ATTEMPTS = 10
"""Readings of a log that others keep changing."""
SHARE_OF_TIME = 0.5
"""The checkup rests for so much of the time that it reads, so that the servers have the capacity."""
UNLISTED = {"unlisted": 1}
Result = TypeVar("Result")


class Checkup:
    """Raises StorageError. Holds the ids of all departments, and one log's ids and revisions, at a time."""

    def __init__(
        self, dynamodb: DynamoDBClient, settings: StorageSettings, surveyor: Surveyor, repairer: Repairer
    ) -> None:
        self._dynamodb, self._settings = dynamodb, settings
        self._surveyor, self._repairer = surveyor, repairer

    def departments(self) -> list[str]:
        """Returns the ids of all that are listed, whose log isn't deleted, or that events still name."""
        known = {*self._listed(), *self._open_logs()}
        return sorted({*known, *self._of_events(known)})

    def exists(self, department_id: str) -> bool:
        return (
            self._surveyor.head(department_id).revision > 0
            or self._surveyor.department(department_id) is not None
        )

    def has_access(self) -> bool:
        """Whether token mode was ever used: only then the table `access` has to be there."""
        return next(iter(self._surveyor.row_keys(ACCESS, 0, BEYOND_EVERY_REVISION)), None) is not None

    def faults(self, log_id: str) -> dict[str, int]:
        """Returns what is wrong with a log, by kind; {} if nothing is."""
        return self._is_unlisted(log_id) or self._is_left_over(log_id) or self._survey(log_id).faults

    def repair(self, log_id: str) -> int:
        """Repairs a log. Returns its revision then."""
        if self._is_unlisted(log_id):
            self._again(lambda: self._repairer.list_again(log_id))
        if self._is_left_over(log_id):
            self._again(lambda: self._repairer.purge_again(log_id))

        def repair() -> None:
            survey = self._surveyor.survey(log_id)
            if not survey.is_sound:
                self._repairer.repair(log_id, survey)

        self._again(repair)
        return self._surveyor.head(log_id).revision

    def _survey(self, log_id: str) -> Survey:
        began = time.monotonic()
        survey = self._again(lambda: self._surveyor.survey(log_id))
        time.sleep((time.monotonic() - began) * SHARE_OF_TIME)  # leaves the table's capacity to the servers
        for _ in range(ATTEMPTS):
            if survey.is_sound:
                break
            time.sleep(SECOND_READING_SECONDS)  # until a write that was under way has ended
            second = self._again(lambda: self._surveyor.survey(log_id))
            if second.signature == survey.signature:
                break
            survey = second
        return survey

    def _again(self, attempt: Callable[[], Result]) -> Result:
        """Returns what `attempt` returns; makes it again when another process was first."""
        for number in range(ATTEMPTS):
            try:
                return attempt()
            except Moved:
                time.sleep(0.1 * number)  # another process is repairing the log: it is let ahead
        raise StorageUnavailable("other processes keep repairing")

    def _is_unlisted(self, log_id: str) -> dict[str, int]:
        """A department that nobody deleted, though its item and its row in the list are gone."""
        if log_id in LISTS or self._surveyor.head(log_id).deleted:
            return {}
        return UNLISTED if self._surveyor.department(log_id) is None else {}

    def _is_left_over(self, log_id: str) -> dict[str, int]:
        """A deleted department whose events came back after they had been removed: `events` was restored."""
        if log_id in LISTS or not self._surveyor.head(log_id).deleted:
            return {}
        if log_id in self._surveyor.head(DEPARTMENTS).purging:
            return {}  # the servers remove them
        number = self._surveyor.live_events(log_id)
        return {"left_over": number} if number else {}

    def _listed(self) -> Iterator[str]:
        scan = {"TableName": self._settings.departments_table, "ConsistentRead": True}
        for item in self._dynamodb.pages("scan", {**scan, "ProjectionExpression": "id"}):
            yield item["id"]["S"]

    def _open_logs(self) -> Iterator[str]:
        """Reads the whole table of changes: heads are found in no other way when nothing names them."""
        scan: dict[str, Any] = {
            "TableName": self._settings.changes_table,
            "ConsistentRead": True,
            "ProjectionExpression": "department_id, head, change_id, deleted",
            "FilterExpression": "revision = :head_row",
            "ExpressionAttributeValues": {":head_row": {"N": "0"}},
        }
        for item in self._dynamodb.pages("scan", scan):
            head = head_of(item["department_id"]["S"], from_item(item))
            if head.revision > 0 and not head.deleted and head.log_id not in (*LISTS, PULSE):
                yield head.log_id

    def _of_events(self, known: set[str]) -> Iterator[str]:
        """Yields the departments that events have and that aren't `known`: the other tables are older,
        or the department was deleted.
        """
        scan: dict[str, Any] = {
            "TableName": self._settings.events_table,
            "ConsistentRead": True,
            "ProjectionExpression": "department_id",
            "FilterExpression": "attribute_exists(revision) AND attribute_not_exists(deleted)",
        }
        for item in self._dynamodb.pages("scan", scan):
            department_id = item["department_id"]["S"]
            if department_id not in known:
                yield department_id
