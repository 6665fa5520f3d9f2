"""The recorder of functions, on a product of five lines and on the real one."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.servers import ROOT
from benchmarks.stations import Recorder, described, recorded

PRODUCT = {
    "teamcal/rest/events.py": """
def create(write, helper):
    [number for number in range(2)]
    helper()
    return (lambda: write())()
def callback(): pass
""",
    "teamcal/sync/queue.py": """
def write(commit, advance, callback):
    commit()
    advance()
    callback()
def advance(): pass
""",
    "models.py": "def commit(): pass",
    "teamcal/deadline.py": "def remaining(): pass",
    "teamcal/realtime/outbox.py": "def broadcast(inner): inner()",
    "localdynamo/engine.py": "def put(): pass",
}


@pytest.fixture
def product(tmp_path: Path) -> Callable[[str], ModuleType]:
    """Loads a module of PRODUCT by its path."""

    def load(path: str) -> ModuleType:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PRODUCT[path])
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_functions_rooms_and_steps_back(tmp_path: Path, product: Callable[[str], ModuleType]) -> None:
    rest, sync = product("teamcal/rest/events.py"), product("teamcal/sync/queue.py")
    models, deadline = product("models.py"), product("teamcal/deadline.py")
    outbox, engine = product("teamcal/realtime/outbox.py"), product("localdynamo/engine.py")

    def commit() -> None:
        models.commit()
        outbox.broadcast(rest.callback)
        engine.put()

    def write() -> None:
        sync.write(commit, sync.advance, rest.callback)

    recorder = Recorder(tmp_path)
    with recorded(recorder):
        rest.create(write, deadline.remaining)
        rest.create(write, deadline.remaining)
    assert [station.name for station in recorder.stations] == [
        "rest/events.py:create",
        "deadline.py:remaining",
        "sync/queue.py:write",
        "models.py:commit",
        "sync/queue.py:advance",
        "rest/events.py:callback",
    ], "without the outbox and all that it calls, the engine, lambdas and comprehensions"
    text = described(recorder)
    assert "6 functions in 4 rooms: rest, deadline, sync, storage" in text
    assert "path: rest → deadline (from rest) → sync (from rest) → storage (from sync) → rest" in text
    assert "1 steps back" in text
    assert "rest/events.py:callback called by sync/queue.py:write" in text


def test_the_stations_of_real_requests() -> None:
    command = [sys.executable, "-m", "benchmarks.stations", "write", "read", "join"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert process.returncode == 0, process.stderr
    assert "outbox.py" not in process.stdout
    write, read, join = (part.splitlines() for part in process.stdout.strip().split("\n\n"))
    for lines, name, transport in (
        (write, "write", "rest/"),
        (read, "read", "rest/"),
        (join, "join", "realtime/"),
    ):
        assert lines[0] == f"{name}:"
        rooms = [line.split()[1] for line in lines[1:24]]
        assert any(station.startswith(transport) for station in rooms)
        assert any(line.split()[-1].startswith("models.py:DynamoDBDatabase.") for line in lines)
    assert any("models.py:DynamoDBDatabase.commit" in line for line in write)
    assert not any("models.py:DynamoDBDatabase.commit" in line for line in [*read, *join])
