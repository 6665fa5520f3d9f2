"""Three servers over one engine, and a Redis: started, killed and started again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from tests.servers import Server, Worker, command_of, environment_of, free_port, make_tables

APP = "tests.convergence.faulty_app:app"
WORKERS: tuple[Worker, ...] = ("eventlet", "gevent", "eventlet")


class Cluster:
    """Blocking; nothing of it is left after `stop`. `broken`: a variant of broken.py, or ""."""

    def __init__(self, folder: Path, redis: bool, tail_seconds: float, broken: str = "") -> None:
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
        self._faults = folder / "faults.json"
        self._settings = {
            "TAIL_INTERVAL_SECONDS": str(tail_seconds),
            "CONVERGENCE_FAULTS": str(self._faults),
            "CONVERGENCE_BROKEN": broken,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0" if redis else "",
        }

    def environment(self, number: int = 0) -> dict[str, str]:
        found = environment_of(WORKERS[number], self.ports[number], self.folder / "data", self._settings)
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
        written = self._faults.with_suffix(".new")
        written.write_text(json.dumps(shares))
        written.replace(self._faults)

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
        done = subprocess.run(
            [sys.executable, "-m", "tests.convergence.dump"], env=self.environment(), capture_output=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def warnings(self) -> Counter[str]:
        """Stack traces in the servers' logs: there should be none."""
        found: Counter[str] = Counter()
        for log in sorted(self.folder.glob("server-*.log")):
            found[log.name] = log.read_text(errors="replace").count("Traceback (most recent call last)")
        return +found
