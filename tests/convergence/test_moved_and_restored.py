"""What the convergence test asks of a restore, in one process: an event is in one place, its past whole."""

import uuid
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal.calendar.events import Calendar
from teamcal.calendar.history import History
from teamcal.domain.values import utc_now
from teamcal.errors import CalendarError
from teamcal.settings import StorageSettings
from teamcal.sync.replicas import Replicas
from tests import engine

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의", "description": "", "time": "", "url": ""}


class Office:
    """One server process's calendar; two of them share the tables."""

    def __init__(self, database: Any) -> None:
        self.replicas = Replicas(
            database, utc_now, 10**8, lambda *told: None, lambda log_id: None, lambda log_id: False
        )
        self.calendar = Calendar(database, self.replicas, utc_now)
        self.history = History(database, self.calendar)


@pytest.fixture
def database() -> Any:
    mark = uuid.uuid4().hex
    tables = {name: f"{name[:-6]}-{mark}" for name in ("departments_table", "events_table", "changes_table")}
    made = DynamoDBDatabase(StorageSettings(**tables), client=engine.client())
    made.create_tables()
    return made


def test_a_restored_event_keeps_its_past(database: Any) -> None:
    office = Office(database)
    department = office.calendar.create_department({"name": "개발팀", "description": ""})["id"]
    event_id = office.calendar.create_event(department, FIELDS).record["id"]
    office.calendar.delete_event(event_id)
    restored = office.history.restore(event_id, 1)
    kinds = [change.kind for _, change in office.history.of_event(event_id)]
    assert kinds == ["event_created", "event_deleted", "event_created"]
    assert restored.record["version"] == 3


def test_a_restore_that_meets_a_move_leaves_one_event(database: Any) -> None:
    here, there = Office(database), Office(database)
    old, new = (here.calendar.create_department({"name": n, "description": ""})["id"] for n in ("가", "나"))
    event_id = here.calendar.create_event(old, FIELDS).record["id"]
    found = here.history.of_event

    def moved_meanwhile(wanted: str) -> Any:
        steps = found(wanted)
        there.calendar.move_event(event_id, new)
        return steps

    here.history.of_event = moved_meanwhile
    try:
        here.history.restore(event_id, 1)
    except CalendarError as error:
        print(f"refused: {error.code}")
    places = [one for one in (old, new) if event_id in there.calendar.list_events(one).records]
    assert places == [new]


def test_a_restore_that_meets_a_deletion_counts_its_version(database: Any) -> None:
    here, there = Office(database), Office(database)
    department = here.calendar.create_department({"name": "개발팀", "description": ""})["id"]
    event_id = here.calendar.create_event(department, FIELDS).record["id"]
    found = here.history.of_event

    def deleted_meanwhile(wanted: str) -> Any:
        steps = found(wanted)
        there.calendar.update_event(event_id, {"title": "다른 회의"})
        there.calendar.delete_event(event_id)
        return steps

    here.history.of_event = deleted_meanwhile
    assert here.history.restore(event_id, 1).record["version"] == 4
