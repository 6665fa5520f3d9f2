"""A purge on tables of 10 write units, racing the department's next life, whose process is killed or frozen
at every step: it ends, and no event of the next life is lost."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from models import DynamoDBDatabase
from teamcal.deadline import within
from teamcal.domain.changes import DEPARTMENTS, Write
from teamcal.domain.values import Record
from teamcal.errors import StorageThrottled
from teamcal.settings import StorageSettings
from tests.house import wait_until
from tests.servers import ROOT
from tests.storage.endpoint import endpoint
from tests.storage.engines import Tables, connecting_to
from tests.storage.logs import Log, chunks, closed, department, event, reopened
from tests.storage.write_units import WriteUnits

pytestmark = pytest.mark.slow
UNITS = 10.0
SAVED = 24.0
"""Units that are left when the purge begins: its first transaction wants 72."""
EVENTS = 24
STEPS = 7
"""Transactions that every purge needs here, refused ones included."""
SECONDS = 60.0
"""Within which it ends: at 10 units a second the deletions alone take five seconds."""
PURGE = """
import os, signal, sys
from models import DynamoDBDatabase
from teamcal.settings import StorageSettings
url, departments, events, changes, department_id, step, moment, name = sys.argv[1:]
settings = StorageSettings(
    endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b",
    departments_table=departments, events_table=events, changes_table=changes,
)
database = DynamoDBDatabase(settings)
call, steps = database.dynamodb.call, [0]
def stopping(operation, *arguments, **parameters):
    if operation != "transact_write_items":
        return call(operation, *arguments, **parameters)
    steps[0] += 1
    if steps[0] == int(step) and moment == "before":
        os.kill(os.getpid(), getattr(signal, name))
    try:
        return call(operation, *arguments, **parameters)
    finally:
        if steps[0] == int(step) and moment == "after":
            os.kill(os.getpid(), getattr(signal, name))
database.dynamodb.call = stopping
database.purge(department_id)
print(steps[0])
"""


class Scene(NamedTuple):
    url: str
    tables: Tables
    units: WriteUnits


@pytest.fixture
def scene() -> Iterator[Scene]:
    units = WriteUnits(UNITS)
    with endpoint(units) as slow:
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        yield Scene(slow.url, Tables(connecting_to(StorageSettings(endpoint_url=slow.url, **keys))), units)


def stored(tables: Tables, department_id: str) -> set[str]:
    items = tables.records(tables.settings.events_table)
    return {item["id"] for item in items if item["department_id"] == department_id}


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def deleted_department(database: DynamoDBDatabase) -> tuple[Log, list[Record]]:
    log = Log(database, str(uuid.uuid4()))
    departments = Log(database, DEPARTMENTS)
    departments.commit(department(log.log_id))
    records = [event(log.log_id, description="x" * (2_500 if n % 5 == 0 else 9)) for n in range(EVENTS)]
    log.commit(*records)
    closed(log)
    return log, records


def purged(database: DynamoDBDatabase, department_id: str) -> bool:
    """One turn of the watcher's."""
    with suppress(StorageThrottled), within(20):
        return database.purge(department_id)
    return False


def written(log: Log, records: list[Record]) -> None:
    """Each of them was acknowledged."""
    for chunk in chunks(records, 3):
        write = log.write(*chunk)
        wait_until(lambda write=write: committed(log, write), SECONDS)
        log.adopt(write)


def committed(log: Log, write: Write) -> bool:
    with suppress(StorageThrottled), within(5):
        log.database.commit([write], str(uuid.uuid4()))
        return True
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
@pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGSTOP"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_purge_that_stops_at_a_step(scene: Scene, step: int, moment: str, signal_name: str) -> None:
    tables, settings = scene.tables, scene.tables.settings
    database = tables.database()
    log, records = deleted_department(database)
    scene.units.limit(settings.events_table, settings.changes_table, saved=SAVED)
    names = (settings.departments_table, settings.events_table, settings.changes_table)
    arguments = [scene.url, *names, log.log_id, str(step), moment, signal_name]
    process = subprocess.Popen([sys.executable, "-c", PURGE, *arguments], cwd=ROOT)
    try:
        if signal_name == "SIGKILL":
            assert process.wait(60) == -signal.SIGKILL
        else:
            wait_until(lambda: is_stopped(process.pid))
        wait_until(lambda: purged(database, log.log_id), SECONDS)
        assert stored(tables, log.log_id) == set()
        reopened(log)
        written(log, records[:6])
        if signal_name == "SIGSTOP":
            os.kill(process.pid, signal.SIGCONT)
        written(log, records[6:])
        process.wait(60)
    finally:
        process.kill()
        process.wait()
    assert scene.units.refused
    assert stored(tables, log.log_id) == {record["id"] for record in records}
    assert database.load(log.log_id)[:2] == (log.head, log.records)
