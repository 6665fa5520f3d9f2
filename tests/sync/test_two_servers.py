"""Two real servers: whoever joins in a crowd, at any size of memory, hears everything of the other server."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import pytest
import requests

from tests.convergence.socketio_client import Connection
from tests.house import wait_until
from tests.servers import Server, free_port, running
from tests.sync.test_redis_notices import redis_on

pytestmark = pytest.mark.slow

MEMBERS, OTHERS, EVENTS, CHANGES = 40, 20, 100, 3
"""Members, each of a department of its own; departments that are loaded meanwhile; events of each."""
SECONDS = 20.0
"""For a change that takes 2 at most, on a machine that is busy with other tests."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder of the embedded engine with more calendars than fit into the smallest memory."""
    folder = tmp_path_factory.mktemp("filled")
    event = {"event_date": "2024-01-20", "title": "팀 회의", "description": "가" * 1_500}
    body = {"operations": [{"op": "create", "event": event}] * EVENTS}
    departments = []
    with running("eventlet", data_dir=folder) as server, requests.Session() as http:
        for number in range(MEMBERS + OTHERS):
            answer = http.post(f"{server.url}/api/departments", json={"name": f"부서 {number}"})
            departments.append(answer.json()["department"]["id"])
            answer = http.post(f"{server.url}/api/events/{departments[-1]}/batch", json=body)
            assert answer.status_code == 200, answer.text
    return folder, departments


@pytest.fixture(params=["without Redis", "with Redis"])
def redis_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "without Redis":
        yield ""
        return
    if not shutil.which("redis-server"):
        pytest.skip("redis-server isn't installed")
    port = free_port()
    with redis_on(port, tmp_path):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.mark.parametrize("megabytes", [16, 256])
def test_a_crowd_that_joins_hears_every_change_of_the_other_server(
    filled: tuple[Path, list[str]], redis_url: str, megabytes: int
) -> None:
    folder, departments = filled
    # Nothing is left to the interval, and nothing to the reads of the minutes after the start.
    env = {"REPLICA_MEMORY_MB": str(megabytes), "TAIL_INTERVAL_SECONDS": "3600", "REDIS_URL": redis_url}
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(running("eventlet", data_dir=folder, env=env, tables=False)) for _ in range(2)
        )
        delays = asyncio.run(Crowd(departments).meet(one, other))
    print(f"{megabytes} MB, Redis: {bool(redis_url)}: median {median(delays):.2f} s, max {max(delays):.2f} s")
    assert len(delays) == MEMBERS * CHANGES
    assert median(delays) < SECONDS / 4


class Crowd:
    """Members on one server, each of a department of its own, and a writer on the other server."""

    def __init__(self, departments: list[str]) -> None:
        self.departments, self.others = departments[:MEMBERS], departments[MEMBERS:]
        self.heard: dict[str, list[tuple[int, float]]] = {department: [] for department in departments}
        self.written: dict[str, list[tuple[int, float]]] = {department: [] for department in departments}

    async def meet(self, one: Server, other: Server) -> list[float]:
        """Returns, for each change that a member had to hear, how long that took."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            connections = [
                Connection(http, other.url, "websocket", self._hears(department))
                for department in self.departments
            ]
            await asyncio.gather(*(connection.open() for connection in connections))
            loads = [self._load(http, other.url, department) for department in self.others]
            joins = [
                self._join(connection, department)
                for connection, department in zip(connections, self.departments, strict=True)
            ]
            revisions, _ = await asyncio.gather(asyncio.gather(*joins), asyncio.gather(*loads))
            for number in range(CHANGES):
                await asyncio.gather(*(self._write(http, one.url, one_id) for one_id in self.departments))
                await asyncio.gather(*(self._load(http, other.url, one_id) for one_id in self.others))
                await self._until_heard(number + 1)
            for connection in connections:
                assert connection.reader is not None
                assert not connection.reader.done(), "a member was sent away"
                connection.reader.cancel()
        return self._delays(revisions)

    def _hears(self, department: str) -> Any:
        def on_message(name: str, payload: Any) -> None:
            if name == "event_created":
                self.heard[department].append((payload["revision"], time.monotonic()))

        return on_message

    async def _join(self, connection: Connection, department: str) -> int:
        while True:  # on a slow machine a cold load may meet its deadline
            answer = await connection.ask("join_department", {"department_id": department})
            if answer.get("code") != "storage_unavailable":
                return answer["revision"]

    async def _load(self, http: aiohttp.ClientSession, url: str, department: str) -> None:
        async with http.get(f"{url}/api/events/{department}") as answer:
            assert answer.status in (200, 503)
            await answer.read()

    async def _write(self, http: aiohttp.ClientSession, url: str, department: str) -> None:
        event = {"event_date": "2024-01-21", "title": "새 회의"}
        async with http.post(f"{url}/api/events/{department}", json=event) as answer:
            assert answer.status == 201, await answer.text()
            revision = (await answer.json())["event"]["revision"]
        self.written[department].append((revision, time.monotonic()))

    async def _until_heard(self, changes: int) -> None:
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            if all(len(self.heard[department]) >= changes for department in self.departments):
                return
            await asyncio.sleep(0.01)

    def _delays(self, revisions: list[int]) -> list[float]:
        delays = []
        for department, joined in zip(self.departments, revisions, strict=True):
            heard, written = self.heard[department], self.written[department]
            assert [revision for revision, _ in written] == [joined + 1, joined + 2, joined + 3]
            assert [revision for revision, _ in heard] == [joined + 1, joined + 2, joined + 3]
            delays += [after - before for (_, after), (_, before) in zip(heard, written, strict=True)]
        return delays


def test_a_server_that_ends_says_so(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as stays:
        with running("eventlet", data_dir=tmp_path, tables=False) as ends:
            answer = requests.post(f"{ends.url}/api/departments", json={"name": "개발팀"}, timeout=60)
            assert answer.status_code == 201
            wait_until(lambda: set(marks(tmp_path)) == {"", "idle"})
        assert sorted(marks(tmp_path)) == ["idle", "stopped"]
        assert "Traceback" not in stays.log()


def marks(folder: Path) -> list[str]:
    """What the processes' rows are marked as."""
    import json
    import subprocess
    import sys

    from tests.servers import ROOT, environment_of

    script = (
        "import json; from models import DynamoDBDatabase; "
        "print(json.dumps([pulse.mark for pulse in DynamoDBDatabase().read_pulses()]))"
    )
    env = environment_of("eventlet", 1, folder, None)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_a_change_comes_in_two_seconds_without_redis(tmp_path: Path, worker: Any) -> None:
    make_env = {"TAIL_INTERVAL_SECONDS": "3600"}
    with (
        running(worker, data_dir=tmp_path, env=make_env) as one,
        running(worker, data_dir=tmp_path, env=make_env, tables=False) as other,
    ):
        answer = requests.post(f"{one.url}/api/departments", json={"name": "개발팀"}, timeout=60)
        department = answer.json()["department"]["id"]
        event = {"event_date": "2024-01-20", "title": "회의"}
        requests.post(f"{one.url}/api/events/{department}", json=event, timeout=60)
        delay = asyncio.run(one_change(one, other, department))
    print(f"{worker}: {delay:.2f} s")
    assert delay < 10


async def one_change(one: Server, other: Server, department: str) -> float:
    crowd = Crowd([department])
    async with aiohttp.ClientSession() as http:
        connection = Connection(http, other.url, "websocket", crowd._hears(department))
        await connection.open()
        await connection.ask("join_department", {"department_id": department})
        await asyncio.sleep(3)  # so that the member isn't one who is looked at for the first time
        await crowd._write(http, one.url, department)
        await crowd._until_heard(1)
        connection.reader.cancel()
    return crowd.heard[department][0][1] - crowd.written[department][0][1]
