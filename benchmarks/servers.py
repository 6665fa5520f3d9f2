"""The servers that are measured, each a process of its own on loopback.

    with calendar(scratch) as server:
        department = server.department("개발팀")
        before = server.usage("web")

Packages of a peer are installed from their registry into the scratch folder; if they can't be, `Missing` is
raised.
"""

import http.client
import json
import os
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self

from benchmarks.measure import OURS, Usage, descendants, memory, usage

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "benchmarks" / "peers" / "programs"
ENGINES = ("localdynamo", "teamcal.localdynamo")
"""Modules of the embedded engine: its own today, and in revisions before it moved."""
START_SECONDS, STOP_SECONDS = 60.0, 12.0
Part = Literal["web", "engine"]


class Missing(Exception):
    """A peer can't be installed or started here; the text says why."""


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def allow_many_sockets() -> None:
    """As many open files as the machine permits, for this process and all that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def clean_environment() -> dict[str, str]:
    """This process's environment without accounts, settings of the server, and the `.env` file."""
    settings = ("SECRET_KEY", "DATA_DIR", "DATA_SYNC", "REDIS_URL", "HOST", "PORT", "CORS_ORIGINS")
    families = ("AWS_", "FLASK_", "DYNAMODB_", "GUNICORN_", "NODE_")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(families) and name not in settings
    }
    return environment | {
        "PYTHON_DOTENV_DISABLED": "1",
        "PYTHONUNBUFFERED": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class Server:
    """A server in a process group of its own. A context manager: it is ready inside and stopped afterwards.

    name: its name in the results
    ready_path: answered with a status below 500 once the server is up
    scratch: folder of its log, to which every restart appends
    """

    ready_path = "/"
    plain = False
    """The server speaks websockets without Socket.IO."""

    def __init__(
        self,
        name: str,
        command: Callable[[int], list[str]],
        scratch: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
    ) -> None:
        self.name, self.scratch, self.port = name, scratch, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = clean_environment() | {"PORT": str(self.port)} | dict(env or {})
        file_name = re.sub(r"[^\w.-]+", "-", f"{name}-{self.port}")
        self.log_path = scratch / f"{file_name}.log"
        self._command, self._cwd = command(self.port), cwd
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server isn't started"
        return self._process.pid

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the server and waits until it answers. Raises RuntimeError with the log."""
        allow_many_sockets()
        self.scratch.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.log()}")
            time.sleep(0.05)  # until it listens, which nothing tells but an answer

    def kill(self) -> None:
        """Sends SIGKILL to the whole group, like a crash. `start` starts it again at the same address."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Sends SIGTERM, and SIGKILL if the server doesn't end in time."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()  # also processes that a worker has left behind
        self._process = None

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")[-4000:]

    def pids(self, part: Part = "web") -> list[int]:
        """`web`: the process that was started, and its workers; `engine`: its embedded database, if any."""
        return descendants(self.pid) if part == "web" else []

    def usage(self, part: Part = "web") -> Usage:
        """CPU so far: `later.since(earlier)` returns seconds."""
        return usage(self.pids(part))

    def memory(self, part: Part = "web") -> int:
        """Resident bytes."""
        return memory(self.pids(part))

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """(status, JSON of the answer). For preparing and checking: it isn't fast enough to measure with."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, sent, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content else None
        finally:
            connection.close()

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.ready_path)
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class CalendarServer(Server):
    """Ours: the documented command over the embedded engine, with new tables in a folder of its own."""

    def __init__(
        self,
        scratch: Path,
        env: Mapping[str, str] | None = None,
        application: str = "app:app",
        name: str = OURS,
        root: Path = ROOT,
    ) -> None:
        self.root = root
        self.data_dir = scratch / f"data-{secrets.token_hex(4)}"
        settings = {
            "FLASK_ENV": "production",
            "SECRET_KEY": secrets.token_hex(32),
            "DYNAMODB_ENDPOINT_URL": "embedded",
            "DATA_DIR": str(self.data_dir),
        }

        def command(port: int) -> list[str]:
            return [*gunicorn(), application, "--bind", f"127.0.0.1:{port}"]

        super().__init__(name, command, scratch, settings | dict(env or {}), root)

    def start(self) -> None:
        if not self.data_dir.exists():
            self.create_tables()
        super().start()

    def create_tables(self) -> None:
        """Creates the tables as the README says."""
        script = "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"
        self.data_dir.mkdir(mode=0o700, parents=True)
        command = [sys.executable, "-c", script]
        process = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False
        )
        if process.returncode:
            raise RuntimeError(f"no tables:\n{process.stderr}")

    def stop(self) -> None:
        super().stop()
        self.stop_engine()
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def stop_engine(self) -> None:
        """Ends the engine, which would outlive its users for a while."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + STOP_SECONDS
            for pid in self.pids("engine"):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            while self.pids("engine"):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.05)  # until the engine's process is gone: it isn't a child to be waited for

    def pids(self, part: Part = "web") -> list[int]:
        engines = _engines_of(self.data_dir)
        if part == "engine":
            return engines
        return [pid for pid in super().pids() if pid not in engines]

    def department(self, name: str) -> str:
        """The id of a new department."""
        status, answer = self.request("POST", "/api/departments", {"name": name})
        if status != 201:
            raise RuntimeError(f"no department: {status} {answer}")
        return str(answer["department"]["id"])


def gunicorn() -> list[str]:
    return [str(Path(sys.executable).parent / "gunicorn"), "--worker-class", "eventlet", "-w", "1"]


def _engines_of(data_dir: Path) -> list[int]:
    # Found by their command: an engine is a session of its own, and its parent may have ended.
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            engine = any(word in command for word in ENGINES)
            if engine and str(data_dir) in command:
                pids.append(int(folder.name))
    return pids


def calendar(scratch: Path, env: Mapping[str, str] | None = None) -> CalendarServer:
    return CalendarServer(scratch, env)
