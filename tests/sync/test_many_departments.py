"""More departments than a server can hold: each is loaded when it is asked for, and memory stays bounded."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from models import DynamoDBDatabase
from teamcal.settings import StorageSettings
from teamcal.storage.client import connect
from tests.abuse.scene import Memory
from tests.big_calendars import big_calendars
from tests.localdynamo.engines import EngineProcess
from tests.servers import running
from tests.storage.engines import faulty

MEGABYTES = 64
DEPARTMENTS, EVENTS = 300, 200
"""They would take more than 150 MB."""
AT_ONCE = 32


@pytest.mark.slow
def test_departments_beyond_the_memory_are_loaded_again_and_again(tmp_path: Path) -> None:
    """One after the other, then 32 at once."""
    departments = big_calendars(tmp_path, [EVENTS] * DEPARTMENTS, rows=10)
    calls = calls_of_loads(tmp_path, departments[:20])
    env = {"REPLICA_MEMORY_MB": str(MEGABYTES)}
    with running("eventlet", data_dir=tmp_path, env=env, tables=False) as server:
        memory = Memory(server)
        before = memory.now()

        def load(department: str) -> None:
            answer = requests.get(f"{server.url}/api/events/{department}", timeout=60)
            assert answer.status_code == 200, f"{answer.text}\n{server.log()}"
            assert len(answer.json()["events"]) == EVENTS

        began = time.monotonic()
        for department in departments:
            load(department)
        alone, after = time.monotonic() - began, memory.now()
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as clients:
            list(clients.map(load, departments))
        together = time.monotonic() - began
        memory.stop()
    print(f"{DEPARTMENTS} departments: {alone:.1f} s, {AT_ONCE} at once {together:.1f} s, {calls}")
    print(f"RSS {before:.0f} MB before, {after:.0f} after the first round, at most {memory.peak:.0f}")
    assert memory.peak < before + 2 * MEGABYTES + 50
    assert sum(calls.values()) <= 20 * 3


def calls_of_loads(folder: Path, departments: list[str]) -> Counter[str]:
    engine = EngineProcess(folder).ready()
    try:
        storage = StorageSettings(endpoint_url=engine.url, **engine.keys)
        calls: Counter[str] = Counter()
        client = faulty(connect(storage), lambda action, body: calls.update([action]), None)
        database = DynamoDBDatabase(storage, client)
        for department in departments:
            assert len(database.load(department)[1]) == EVENTS
        return calls
    finally:
        engine.end()
