"""What the convergence test asks of a restore, in one process: an event is in one place, its past whole."""

import uuid
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal.calendar import Calendar
from teamcal.domain.caller import UNNAMED, Caller
from teamcal.domain.values import utc_now
from teamcal.errors import CalendarError
from teamcal.settings import StorageSettings
from teamcal.sync.ports import Ports
from teamcal.sync.replicas import Replicas
from tests import engine

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의", "description": "", "time": "", "url": ""}


def office(database: Any) -> Calendar:
    """One server process's calendar; two of them share the tables."""
    return Calendar(database, Replicas(Ports(database), 10**8), utc_now)


@pytest.fixture
def database() -> Any:
    mark = uuid.uuid4().hex
    tables = {name: f"{name[:-6]}-{mark}" for name in ("departments_table", "events_table", "changes_table")}
    made = DynamoDBDatabase(StorageSettings(**tables), client=engine.client())
    made.create_tables()
    return made


def test_a_restored_event_keeps_its_past(database: Any) -> None:
    calendar = office(database)
    department = calendar.departments.create(UNNAMED, {"name": "개발팀", "description": ""})["id"]
    event_id = calendar.events.create(UNNAMED, department, FIELDS).record["id"]
    calendar.events.delete(UNNAMED, event_id)
    restored = calendar.history.restore(UNNAMED, event_id, 1)
    kinds = [change.kind for _, change in calendar.history.of_event(UNNAMED, event_id)]
    assert kinds == ["event_created", "event_deleted", "event_created"]
    assert restored.record["version"] == 3


def test_a_restore_that_meets_a_move_leaves_one_event(database: Any) -> None:
    here, there = office(database), office(database)
    old, new = (here.departments.create(UNNAMED, {"name": n, "description": ""})["id"] for n in ("가", "나"))
    event_id = here.events.create(UNNAMED, old, FIELDS).record["id"]
    found = here.history.of_event

    def moved_meanwhile(caller: Caller, wanted: str) -> Any:
        steps = found(caller, wanted)
        there.events.move(UNNAMED, event_id, new)
        return steps

    here.history.of_event = moved_meanwhile
    try:
        here.history.restore(UNNAMED, event_id, 1)
    except CalendarError as error:
        print(f"refused: {error.code}")
    places = [one for one in (old, new) if event_id.encode() in there.events.list_json(UNNAMED, one)[0]]
    assert places == [new]


def test_a_restore_that_meets_a_deletion_counts_its_version(database: Any) -> None:
    here, there = office(database), office(database)
    department = here.departments.create(UNNAMED, {"name": "개발팀", "description": ""})["id"]
    event_id = here.events.create(UNNAMED, department, FIELDS).record["id"]
    found = here.history.of_event

    def deleted_meanwhile(caller: Caller, wanted: str) -> Any:
        steps = found(caller, wanted)
        there.events.update(UNNAMED, event_id, {"title": "다른 회의"})
        there.events.delete(UNNAMED, event_id)
        return steps

    here.history.of_event = deleted_meanwhile
    assert here.history.restore(UNNAMED, event_id, 1).record["version"] == 4
