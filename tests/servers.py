"""Real servers for the tests: the documented commands, each in a process of its own.

    with running("eventlet", data_dir=tmp_path) as server:
        requests.get(server.url + "/api/departments")

A fixture shares one server among the cases that leave it intact.
"""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
Worker = Literal["eventlet", "gevent", "gthread", "flask", "python"]
WORKERS: tuple[Worker, ...] = ("eventlet", "gevent", "gthread", "flask", "python")
START_SECONDS = 90.0
STOP_SECONDS = 30.0


class Server:
    """One running server: `url` without a trailing slash, `port`, `pid` of the process that was started."""

    def __init__(self, command: list[str], port: int, env: dict[str, str], log_path: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log_path = log_path
        with log_path.open("wb") as log:
            # A session of its own: whatever the server starts can be found, and ended, as one group.
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def log(self) -> str:
        """What the server has printed so far, both streams."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    def running(self) -> bool:
        """Whether the process that was started still runs."""
        return self._process.poll() is None

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """The exit status of the process, within `seconds`."""
        return self._process.wait(seconds)

    def interrupt(self) -> None:
        """What Ctrl-C does: SIGINT to every process of the terminal's group."""
        self._signal_group(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to the server and its workers, as a crash of the machine would; no clean-up runs."""
        self._signal_group(signal.SIGKILL)
        self._process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when that is not enough; then nothing of the server may be left.

        Raises AssertionError when the server had to be killed or left processes behind.
        """
        if self.running():
            os.kill(self.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end on SIGTERM:\n{self.log()}") from None
        self._wait_for_the_group_to_end()

    def wait_until_ready(self) -> None:
        """Return when `GET /` answers 2xx; raise AssertionError with the log otherwise."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.running():
            if self._answers():
                return
            time.sleep(0.05)
        status = "did not answer in time" if self.running() else f"ended with {self._process.returncode}"
        raise AssertionError(f"the server {status}:\n{self.log()}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/")
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _wait_for_the_group_to_end(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while self._group_lives():
            if time.monotonic() > deadline:
                self._signal_group(signal.SIGKILL)
                raise AssertionError(f"the server left processes behind:\n{self.log()}")
            time.sleep(0.02)

    def _group_lives(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command_of(worker: Worker, port: int) -> list[str]:
    """The documented command, on loopback and `port`."""
    scripts = Path(sys.executable).parent
    address = f"127.0.0.1:{port}"
    if worker == "python":
        return [sys.executable, "app.py"]
    if worker == "flask":
        return [str(scripts / "flask"), "run", "--host=127.0.0.1", f"--port={port}"]
    return [str(scripts / "gunicorn"), "--worker-class", worker, "-w", "1", "app:app", "--bind", address]


def environment_of(
    worker: Worker, port: int, data_dir: Path, env: Mapping[str, str] | None
) -> dict[str, str]:
    """The environment of a server that touches nothing but `data_dir`; `env` wins."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "FLASK_", "DYNAMODB_", "GUNICORN_"))
    }
    return inherited | {
        "PYTHON_DOTENV_DISABLED": "1",
        "PYTHONUNBUFFERED": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SECRET_KEY": "a-key-that-only-the-tests-know",
        "FLASK_ENV": "development" if worker in ("flask", "python") else "production",
        "DYNAMODB_ENDPOINT_URL": "embedded",
        "DATA_DIR": str(data_dir),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        **(env or {}),
    }


def _measured(config: str | None, worker: Worker) -> dict[str, str]:
    """Coverage's settings for a server whose threads are green.

    Nobody else's: where real threads end, coverage's use of greenlets can make a process spin for good.
    """
    if config is None or worker in ("gthread", "flask"):
        return {}
    settings = json.loads(base64.b64decode(config)) | {"concurrency": ["thread", "greenlet"]}
    return {"COVERAGE_PROCESS_CONFIG": base64.b64encode(json.dumps(settings).encode()).decode()}


def make_tables(environment: Mapping[str, str]) -> None:
    """What the README says, in the server's environment."""
    script = "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=dict(environment), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def running(
    worker: Worker = "eventlet",
    *,
    data_dir: Path | str,
    env: Mapping[str, str] | None = None,
    port: int | None = None,
    tables: bool = True,
    command: list[str] | None = None,
    ready: bool = True,
) -> Iterator[Server]:
    """A server started with the documented command, ready for requests, gone afterwards.

    Several servers may share a `data_dir`; `env` is laid over the tests' own environment. `tables` makes
    the tables first; `command` replaces the documented one; with `ready` it answers already.
    """
    port = port or free_port()
    data_dir = Path(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    environment = environment_of(worker, port, data_dir, env)
    if tables:
        make_tables(environment)
    environment |= _measured(environment.get("COVERAGE_PROCESS_CONFIG"), worker)
    server = Server(command or command_of(worker, port), port, environment, data_dir / f"server-{port}.log")
    try:
        if ready:
            server.wait_until_ready()
        yield server
    finally:
        server.stop()
