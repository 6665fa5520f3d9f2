"""Three servers over one engine, and a Redis: started, frozen, killed and started again; tables restored."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from teamcal.storage.codec import from_item
from teamcal.zones import DEFAULT_ZONE, zone_of
from tests.convergence.backup import REPLACED, TABLES, items_in
from tests.convergence.dump import in_full
from tests.servers import Server, Worker, command_of, environment_of, free_port, make_tables

APP = "tests.convergence.faulty_app:app"
WORKERS: tuple[Worker, ...] = ("eventlet", "gevent", "eventlet")
CLOCKS = (0, 47 * 60, -90)
"""Seconds by which the servers' clocks are ahead."""
MIDNIGHTS = (0.0, 0.9, 0.4)
"""Seconds by which midnight comes later to the servers."""
MEMORY_MB = 16
AGAIN = "되살린 팀"
"""The department that is imported, deleted and imported again."""
AGAIN_EVENTS = 120


class Cluster:
    """Blocking; nothing of it is left after `stop`. `broken`: a variant of broken.py, or ""."""

    def __init__(
        self, folder: Path, redis: bool, tail_seconds: float, broken: str = "", seed: int = 0,
        **settings: str,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.ports = [free_port() for _ in WORKERS]
        self.urls = [f"http://127.0.0.1:{port}" for port in self.ports]
        self.servers: list[Server | None] = [None] * len(WORKERS)
        self.redis_port = free_port() if redis else 0
        self.kills: Counter[str] = Counter()
        # Of servers that were killed, and of those that run, as they were last asked.
        self._past: Counter[str] = Counter()
        self._latest: dict[int, Counter[str]] = {}
        self._redis: subprocess.Popen[bytes] | None = None
        self._lives = 0
        self._faults, self._shares = folder / "faults.json", dict[str, float]()
        self._first_day, self.midnights = datetime.now(zone_of(DEFAULT_ZONE)).date(), 0
        self._settings = {
            "TAIL_INTERVAL_SECONDS": str(tail_seconds),
            "CONVERGENCE_FAULTS": str(self._faults),
            "CONVERGENCE_BROKEN": broken,
            "CONVERGENCE_SEED": str(seed),
            "CONVERGENCE_DAY": self._first_day.isoformat(),
            "REPLICA_MEMORY_MB": str(MEMORY_MB),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0" if redis else "",
            **settings,
        }

    def environment(self, number: int = 0) -> dict[str, str]:
        clock, midnight = str(CLOCKS[number]), str(MIDNIGHTS[number])
        settings = self._settings | {"CONVERGENCE_CLOCK": clock, "CONVERGENCE_MIDNIGHT": midnight}
        found = environment_of(WORKERS[number], self.ports[number], self.folder / "data", settings)
        # Measuring coverage would double what the servers do, and a killed one measures nothing.
        return {name: value for name, value in found.items() if not name.startswith("COV")}

    def start(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self.faults()
        make_tables(self.environment())
        self.start_redis()
        for number in range(len(WORKERS)):
            self._start(number)
        for number in range(len(WORKERS)):
            self._wait_for(number)

    def faults(self, **shares: float) -> None:
        """The faults between the servers and DynamoDB from now on; see faults.py."""
        self._shares = shares
        written = self._faults.with_suffix(".new")
        written.write_text(json.dumps(shares | {"midnights": self.midnights}))
        written.replace(self._faults)

    # Days

    @property
    def today(self) -> date:
        """The day of the installation, which all servers have soon."""
        return self._first_day + timedelta(self.midnights)

    @property
    def days(self) -> list[str]:
        """All days of the run until now."""
        return [(self._first_day + timedelta(number)).isoformat() for number in range(self.midnights + 1)]

    def midnight(self) -> None:
        """Makes it the next day, at each server a little later."""
        self.midnights += 1
        self.kills["midnights"] += 1
        self.faults(**self._shares)

    # Servers

    def _start(self, number: int) -> None:
        self._lives += 1
        command = [
            APP if part == "app:app" else part for part in command_of(WORKERS[number], self.ports[number])
        ]
        log = self.folder / f"server-{number}-{self._lives}.log"
        self.servers[number] = Server(command, self.ports[number], self.environment(number), log)

    def _wait_for(self, number: int) -> None:
        server = self.servers[number]
        assert server is not None
        server.wait_until_ready()

    def kill_server(self, number: int) -> None:
        self.collect_counts()
        server = self.servers[number]
        assert server is not None
        server.kill()
        self.kills["servers killed"] += 1
        self._past += self._latest.pop(number, Counter())

    def restart_server(self, number: int) -> None:
        self._start(number)
        self._wait_for(number)

    def freeze(self, *numbers: int) -> None:
        """As a machine that is suspended: nothing of the server runs until `thaw`."""
        for server in self._running(numbers):
            os.killpg(server.pid, signal.SIGSTOP)
            self.kills["servers frozen"] += 1

    def thaw(self, *numbers: int) -> None:
        for server in self._running(numbers):
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGCONT)

    def _running(self, numbers: tuple[int, ...]) -> list[Server]:
        """Returns the servers with these numbers; all of them without one."""
        chosen = [self.servers[number] for number in numbers or range(len(WORKERS))]
        return [server for server in chosen if server is not None and server.running()]

    def collect_counts(self) -> Counter[str]:
        """Of all servers, those that were killed included as of when they were last asked."""
        for number, url in enumerate(self.urls):
            with suppress(requests.RequestException, ValueError):
                self._latest[number] = Counter(requests.get(url + "/_counts", timeout=5).json())
        total = Counter(self._past)
        for counts in self._latest.values():
            total += counts
        return total + self.kills

    # Redis

    def start_redis(self) -> None:
        if not self.redis_port:
            return
        command = [
            shutil.which("redis-server") or "redis-server", "--port", str(self.redis_port), "--bind",
            "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder),
        ]  # fmt: skip
        self._redis = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop_redis(self) -> None:
        if self._redis is not None:
            self._redis.kill()
            self._redis.wait(60)
            self._redis = None
            self.kills["Redis stopped"] += 1

    # The engine

    def engine_pids(self) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if "localdynamo" in words and str(self.folder / "data") in words:
                    found.append(int(folder.name))
        return found

    def kill_engine(self) -> None:
        for pid in self.engine_pids():
            os.kill(pid, signal.SIGKILL)
            self.kills["engine killed"] += 1

    # Commands that operators run

    def office(self, users: int, departments: Sequence[str]) -> dict[str, Any]:
        """Makes people and private departments; see office.py."""
        done = self._command("-m", "tests.convergence.office", str(users), *departments)
        assert done.returncode == 0, done.stderr.decode()
        return dict(json.loads(done.stdout))

    def migrate(self) -> bool:
        """Imports the department AGAIN; returns whether the migration says that it is all there."""
        files = self.folder / "desktop"
        if not files.exists():
            files.mkdir()
            departments = {"departments": [{"id": 1, "name": AGAIN, "description": ""}]}
            (files / "departments.json").write_text(json.dumps(departments))
            events = {f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}": [] for number in range(AGAIN_EVENTS)}
            for number in range(AGAIN_EVENTS):
                date = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
                event = {"Id": number + 1, "DepartmentId": 1, "Title": f"가져온 일정 {number}"}
                events[date].append(event | {"Description": "", "Time": "", "Url": ""})
            (files / "calendar_events.json").write_text(json.dumps(events))
        done = self._command("migrate_to_dynamodb.py", "--data-dir", str(files))
        self.kills["migrations"] += done.returncode == 0
        return done.returncode == 0

    def repair(self) -> bool:
        """Returns whether the tables fit each other, at the latest after this."""
        fixed = self._command("-m", "teamcal.repair", "--fix")
        checked = self._command("-m", "teamcal.repair", "--check")
        return (fixed.returncode, checked.returncode) == (0, 0)

    def back_up(self) -> None:
        """Copies the three tables, each of them at a moment of its own."""
        for table in TABLES:
            self.freeze()  # a backup is of one moment, and a scan isn't
            try:
                self._back_up("save", table)
            finally:
                self.thaw()
            time.sleep(0.5)

    def restore(self) -> None:
        """Puts the copies back under the servers."""
        self.freeze()
        try:
            for table in TABLES:
                self._back_up("load", table)
        finally:
            self.thaw()
        self.kills["tables restored"] += 1

    def _back_up(self, what: str, table: str) -> None:
        for _ in range(5):  # the engine may be killed meanwhile
            done = self._command(
                "-m", "tests.convergence.backup", what, table, str(self.folder / f"{table}.backup")
            )
            if done.returncode == 0:
                return
        raise AssertionError(done.stderr.decode())

    def _command(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        root = Path(__file__).parents[2]
        return subprocess.run([sys.executable, *words], env=self.environment(), capture_output=True, cwd=root)

    # The end

    def stop(self) -> None:
        """Servers end as in a crash: how they end on request is another test's matter."""
        for server in self.servers:
            if server is not None:
                server.kill()
        if self._redis is not None:
            self._redis.kill()
            self._redis.wait(60)
        self._end_engine()

    def _end_engine(self) -> None:
        for pid in self.engine_pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        ends = time.monotonic() + 60
        while self.engine_pids() and time.monotonic() < ends:
            time.sleep(0.05)

    def dump(self) -> dict[str, Any]:
        """The tables as they are, read in a process of its own: this one must not hold the engine."""
        done = self._command("-m", "tests.convergence.dump")
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def restored_over(self) -> dict[str, Any]:
        """The logs that the last restore has replaced, as a dump."""
        file = (self.folder / "changes.backup").with_suffix(REPLACED)
        rows = in_full([from_item(item) for item in items_in(file)])
        text = json.dumps(rows, default=sorted)  # as they come from another process
        return {"departments": [], "events": [], "changes": json.loads(text)}

    def warnings(self) -> Counter[str]:
        """Stack traces in the servers' logs: there should be none."""
        found: Counter[str] = Counter()
        for log in sorted(self.folder.glob("server-*.log")):
            found[log.name] = log.read_text(errors="replace").count("Traceback (most recent call last)")
        return +found
