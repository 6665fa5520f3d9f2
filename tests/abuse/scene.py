"""A real server with calendars, attackers in processes of their own, and a colleague who is timed."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.realtime.raw_clients import rest
from tests.servers import ROOT, Server


def fill(url: str, name: str, events: int, letters: int) -> str:
    """A department with so many events, each with a description of so many Korean letters."""
    department: str = rest(url, "POST", "/api/departments", {"name": name})["department"]["id"]
    size = max(1, min(500, 900_000 // (letters * 6 + 200)))
    event = {"event_date": "2024-01-20", "title": "팀 회의", "description": "가" * letters}
    for start in range(0, events, size):
        operations = [{"op": "create", "event": event}] * min(size, events - start)
        rest(url, "POST", f"/api/events/{department}/batch", {"operations": operations})
    return department


@contextmanager
def attacked(url: str, *attackers: tuple[str, str]) -> Iterator[None]:
    """Runs attackers, (name, department), meanwhile."""
    command = [sys.executable, "-m", "tests.abuse.attackers"]
    processes = [
        subprocess.Popen([*command, name, url, department], cwd=ROOT, stderr=subprocess.DEVNULL)
        for name, department in attackers
    ]
    try:
        yield
        assert all(process.poll() is None for process in processes), "an attacker has given up"
    finally:
        for process in processes:
            process.kill()
            process.wait()


class Colleague:
    """Asks the server for a small calendar, and creates an event in it now and then, and notes how long it
    takes."""

    def __init__(self, url: str, department: str) -> None:
        self._url, self._path = url, f"/api/events/{department}"
        self.seconds: list[float] = []
        self.failures: list[object] = []

    def work(self, seconds: float) -> None:
        connection = http.client.HTTPConnection(urlsplit(self._url).netloc, timeout=20)
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end:
            number += 1
            began = time.monotonic()
            try:
                if number % 10:
                    connection.request("GET", self._path)
                else:
                    body = json.dumps({"event_date": "2024-01-20", "title": str(number)})
                    connection.request("POST", self._path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status not in (200, 201):
                    self.failures.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(error)
                connection.close()
            self.seconds.append(time.monotonic() - began)
            time.sleep(0.01)
        connection.close()

    def percentile(self, part: float = 0.99) -> float:
        return sorted(self.seconds)[int(part * (len(self.seconds) - 1))]


class Memory:
    """Resident memory of a gunicorn server's worker, in MB: the newest and the most that was seen."""

    def __init__(self, server: Server) -> None:
        (self._pid,) = _children(server.pid)
        self.peak = 0.0
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def now(self) -> float:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1_024
        raise AssertionError("the worker has ended")

    def _watch(self) -> None:
        with suppress(OSError, AssertionError):
            while not self._ended.wait(0.1):
                self.peak = max(self.peak, self.now())

    def stop(self) -> None:
        self._ended.set()


def _children(pid: int) -> list[int]:
    """gunicorn's workers. The embedded engine detaches itself, or is another program."""
    children = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == pid and b"gunicorn" in (folder / "cmdline").read_bytes():
                children.append(int(folder.name))
    return children
