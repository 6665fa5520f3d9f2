"""The calendar and its tables as the importer uses them: every call it makes to either stands here."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from teamcal.calendar import Calendar
from teamcal.deadline import SCRIPT_SECONDS, within
from teamcal.domain.caller import UNNAMED
from teamcal.domain.changes import DEPARTMENTS
from teamcal.domain.database import Database
from teamcal.domain.fold import BATCH_CHANGES
from teamcal.domain.values import Record
from teamcal.errors import EventNotFound, StorageThrottled

MAX_EVENTS = 4 * BATCH_CHANGES
"""Number of events that are written within one deadline."""
THROTTLED_SECONDS = 600.0
"""How long a call is repeated while the tables are throttled; 10 write units a second are slow."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0  # seconds between two calls

Result = TypeVar("Result")


class Target:
    """The calendar that the import writes to. Every method waits while the tables are throttled.

    Each raises CalendarError; every one may be repeated.
    """

    def __init__(self, calendar: Calendar, database: Database) -> None:
        self._calendar, self._database = calendar, database

    def check_tables(self) -> None:
        """Reads once from each of the three tables. Raises TableMissing."""
        retry_throttled(lambda: self._database.read_department(DEPARTMENTS))
        retry_throttled(lambda: self._database.read_events([(DEPARTMENTS, DEPARTMENTS)]))
        retry_throttled(lambda: self._database.read_head(DEPARTMENTS))

    def import_department(self, department_id: str, fields: dict[str, str]) -> Record:
        """Returns the department that has this id or name; creates it if there is none."""
        return retry_throttled(lambda: self._calendar.departments.import_one(UNNAMED, department_id, fields))

    def import_events(self, department_id: str, events: Sequence[Record]) -> None:
        """Writes those of the events whose ids aren't used in the department."""
        for start in range(0, len(events), MAX_EVENTS):
            self._import_at_once(department_id, events[start : start + MAX_EVENTS])

    def _import_at_once(self, department_id: str, events: Sequence[Record]) -> None:
        retry_throttled(lambda: self._calendar.events.import_many(UNNAMED, department_id, events))

    def departments_with_changes(self) -> list[str]:
        """Returns the ids of the departments that an event was ever written to; none before the first run."""
        _, departments = retry_throttled(lambda: self._calendar.departments.list_all(UNNAMED))
        heads = retry_throttled(
            lambda: self._database.read_heads([department["id"] for department in departments])
        )
        return [department_id for department_id, head in heads.items() if head.revision > 0]

    def department_of_creation(self, event_id: str) -> str | None:
        """Returns the id of the department in which the event was created; None if the log doesn't tell."""
        try:
            steps = retry_throttled(lambda: self._calendar.history.of_event(UNNAMED, event_id))
        except EventNotFound:
            return None
        if not steps:
            return None
        department_id, first = steps[-1]
        return department_id if first.prior is None and first.record.get("version") == 1 else None

    def read_department(self, department_id: str) -> Record | None:
        return retry_throttled(lambda: self._database.read_department(department_id))

    def read_events(self, keys: Iterable[tuple[str, str]]) -> dict[str, Record]:
        """Returns the events with these (id, department id), tombstones included, by id."""
        keys = list(keys)
        return retry_throttled(lambda: self._database.read_events(keys)) if keys else {}


def retry_throttled(call: Callable[[], Result]) -> Result:
    """Returns what `call` returns; repeats it while the tables are throttled. Raises CalendarError."""
    gives_up, pause = time.monotonic() + THROTTLED_SECONDS, _FIRST_PAUSE
    while True:
        try:
            with within(SCRIPT_SECONDS):
                return call()
        except StorageThrottled:
            if time.monotonic() > gives_up:
                raise
        time.sleep(pause)  # a script, which has nothing else to do
        pause = min(pause * 2, _LONGEST_PAUSE)
