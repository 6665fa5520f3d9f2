"""Cold load: a whole log from the tables, and what is done when they don't fit each other."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from teamcal.deadline import remaining
from teamcal.domain.changes import ACCESS, DEPARTMENTS, LISTS, Change, Head
from teamcal.domain.values import Record, timestamp
from teamcal.errors import StorageUnavailable
from teamcal.settings import StorageSettings
from teamcal.storage.access_items import access_records
from teamcal.storage.background_loads import BackgroundLoads, Loaded
from teamcal.storage.client import CALL_SECONDS, DynamoDBClient
from teamcal.storage.codec import from_item
from teamcal.storage.department_index import DepartmentIndex, ReadRest
from teamcal.storage.overlay import Copy, whole_log
from teamcal.storage.own_fields import record_of
from teamcal.storage.parallel import for_each_chunk
from teamcal.storage.repairs import Repairs
from teamcal.storage.survey import BEYOND_EVERY_REVISION

OVERLAY_ROWS = 64
"""Newest changes that a cold load reads at first; four times as many as long as the digest differs."""
MAX_OVERLAY_ROWS = 16_384
"""No index lags so many changes behind: the tables don't fit each other."""
SUSPICIOUS_ROWS = 1_024
"""Hardly an index does so far: the log is surveyed beside the load, which goes on."""
INDEX_LAG = timedelta(minutes=10)
"""What the copy lacks for so long is missing in the table."""
WORKERS = 4
ReadChanges = Callable[[str, int, int, int | None, bool], list[Change]]


class ColdLoad:
    """Loads logs. `read_head` and `read_changes` are the database's; `repairs` is told of faults."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        settings: StorageSettings,
        now: Callable[[], datetime],
        repairs: Repairs,
        read_head: Callable[[str], Head],
        read_changes: ReadChanges,
    ) -> None:
        self._dynamodb, self._settings, self._now, self._repairs = dynamodb, settings, now, repairs
        self._index = DepartmentIndex(dynamodb, settings)
        self._read_head, self._read_changes = read_head, read_changes
        self._background = BackgroundLoads(
            self._finish, partial(repairs.begin, unfit=True), settings.loading_memory
        )

    def load(self, log_id: str) -> Loaded:
        """As in `Database`. Raises StorageUnavailable while the log is being repaired."""
        if not self._repairs.wait(log_id, remaining() - CALL_SECONDS - 0.5):
            raise StorageUnavailable(f"{log_id} is being repaired")
        pause = 0.05
        for attempt in range(4):
            whole = self._attempt(log_id)
            if whole is not None:
                return whole
            is_kept = self._background.is_under_way(log_id)
            if attempt == 2 or is_kept:
                self._repairs.begin(log_id, unfit=True)
                if not self._repairs.wait(log_id, remaining() - CALL_SECONDS - 0.5) and is_kept:
                    break
            if remaining() < pause + CALL_SECONDS:
                break
            time.sleep(pause)
            pause *= 2
        self._repairs.begin(log_id, unfit=True)
        raise StorageUnavailable(f"the tables of {log_id} don't fit each other")

    def _attempt(self, log_id: str) -> Loaded | None:
        """Returns the log if its tables fit each other. One of many pages is loaded in the background."""
        asked_at = time.monotonic()
        if not self._background.is_under_way(log_id):
            copy, read_rest = self._copy_of(log_id)
            if read_rest is None:
                return self._finish(log_id, copy)
            self._background.begin(log_id, copy, read_rest)
        return self._background.take(log_id, asked_at)

    def _finish(self, log_id: str, copy: Copy) -> Loaded | None:
        """Lays the newest changes over the copy, and tells of faults that don't show in the digest.

        The copy was read before the head: whatever it holds is at or before that head. Nothing is lost of it
        when this fails.
        """
        head = self._read_head(log_id)
        changes, whole = self._fitting(head, copy)
        if whole is None:
            return None
        if head.revision == 0:
            return self._without_head(log_id, whole)
        if head.deleted:
            self._look_at_deleted(log_id)
        elif copy.lacked_since < timestamp(self._now() - INDEX_LAG):
            self._repairs.begin(log_id)
        if len(changes) < head.revision and not head.deleted:
            self._check_old_records(log_id, copy)
        return whole

    def _fitting(self, head: Head, copy: Copy) -> tuple[list[Change], Loaded | None]:
        """Returns the newest changes, as many as it took, and the log; None if even the most don't do."""
        changes, rows = list[Change](), OVERLAY_ROWS
        while True:
            oldest = changes[-1].revision if changes else head.revision + 1
            changes += self._read_changes(head.log_id, 0, oldest - 1, rows - len(changes), True)
            whole = whole_log(head, copy, changes)
            if whole is not None or len(changes) < rows or rows >= MAX_OVERLAY_ROWS:
                return changes, whole
            if rows == SUSPICIOUS_ROWS:
                self._repairs.begin(head.log_id)
            rows *= 4

    def _copy_of(self, log_id: str) -> tuple[Copy, ReadRest | None]:
        """Returns the department records, consistently, or a department's events as its index has them.

        Of the latter only the first page, and what reads the others if there are any.
        """
        if log_id == ACCESS:
            return Copy(access_records(self._dynamodb, self._settings)), None
        if log_id == DEPARTMENTS:
            scan = {"TableName": self._settings.departments_table, "ConsistentRead": True}
            return Copy(map(from_item, self._dynamodb.pages("scan", scan))), None
        copy = Copy()
        return copy, self._index.begin(log_id, copy.add)

    def _without_head(self, log_id: str, whole: Loaded) -> Loaded | None:
        """An older server's department has no head. Where there are revisions or even rows, it was lost."""
        if not any(record.get("revision") for record in whole[1].values()):
            return whole
        self._repairs.begin(log_id)
        return None if self._read_changes(log_id, 0, BEYOND_EVERY_REVISION, 1, True) else whole

    def _look_at_deleted(self, log_id: str) -> None:
        """Has the list repaired if it holds this deleted department."""
        key = {"id": {"S": log_id}}
        answer = self._dynamodb.call(
            "get_item", TableName=self._settings.departments_table, Key=key, ConsistentRead=True
        )
        if "Item" in answer:
            self._repairs.begin(DEPARTMENTS)

    def _check_old_records(self, log_id: str, copy: Copy) -> None:
        """Reads older servers' records consistently: they have no revision, so the digest doesn't see them.

        The index may still have one that was deleted more changes ago than were laid over it.
        """
        if log_id in LISTS:
            return

        found: dict[str, Record] = {}

        def read(some: list[str]) -> None:
            keys = [{"id": {"S": one}, "department_id": {"S": log_id}} for one in some]
            items = map(record_of, self._dynamodb.get_all(self._settings.events_table, keys))
            found.update((item["id"], item) for item in items if not item.get("deleted"))

        ids = list(copy.unsummed)
        for_each_chunk(ids, 100, read, WORKERS)
        for one in ids:
            copy.put(one, found.get(one))
