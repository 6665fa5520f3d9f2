"""kill -9 of the server and of its engine amid writers: what was answered 201 is there afterwards."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.house import wait_until
from tests.servers import Server, running

WRITERS = 16

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc")


def engines_of(folder: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            if "localdynamo" in command and str(folder) in command:
                found.append(int(process.name))
    return found


def kill_engines(folder: Path) -> None:
    engines = engines_of(folder)
    assert engines
    for pid in engines:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def write_until_it_dies(url: str, department: str, writer: str, kept: list[str]) -> None:
    session = requests.Session()
    for number in range(10_000):
        body = {"event_date": "2024-01-20", "title": f"{writer}-{number}"}
        try:
            answer = session.post(f"{url}/api/events/{department}", json=body, timeout=60)
        except requests.RequestException:
            return
        if answer.status_code == 201:
            kept.append(answer.json()["event"]["id"])


def kill_amid_writers(server: Server, folder: Path, department: str, round_: int, kept: list[str]) -> None:
    before = len(kept)
    writers = [
        threading.Thread(target=write_until_it_dies, args=(server.url, department, f"{round_}-{n}", kept))
        for n in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    wait_until(lambda: len(kept) - before > 2 * WRITERS)
    time.sleep(0.1 * (round_ + 1))
    # The server is killed first in one round, the engine in the next.
    kills = [server.kill, lambda: kill_engines(folder)]
    for kill in kills if round_ % 2 else reversed(kills):
        kill()
    for writer in writers:
        writer.join()


@pytest.mark.parametrize("rounds", [2, pytest.param(6, marks=pytest.mark.slow)])
def test_everything_answered_201_survives_kills(tmp_path: Path, rounds: int) -> None:
    kept: list[str] = []
    department = ""
    for round_ in range(rounds):
        with running("eventlet", data_dir=tmp_path) as server:
            if not department:
                made = requests.post(f"{server.url}/api/departments", json={"name": "개발팀"}, timeout=60)
                department = made.json()["department"]["id"]
            kill_amid_writers(server, tmp_path, department, round_, kept)
    with running("eventlet", data_dir=tmp_path) as server:
        events = requests.get(f"{server.url}/api/events/{department}", timeout=60).json()["events"]
    stored = [event["id"] for event in events]
    print(f"{len(kept)} answered 201, {len(stored)} stored")
    assert len(kept) > rounds * WRITERS
    assert not set(kept) - set(stored)
    assert len(stored) == len(set(stored))
