"""What the tests of the embedded engine share: stores in this process, engines in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from ministack.core import responses

from localdynamo import folder as files
from localdynamo.store import Store

ROOT = Path(__file__).parents[2]
EVENTS = {
    "TableName": "events",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("id", "department_id", "event_date")
    ],
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "department_id", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-date",
            "KeySchema": [
                {"AttributeName": "department_id", "KeyType": "HASH"},
                {"AttributeName": "event_date", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
CHANGES = {
    "TableName": "changes",
    "AttributeDefinitions": [
        {"AttributeName": "department_id", "AttributeType": "S"},
        {"AttributeName": "revision", "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": "department_id", "KeyType": "HASH"},
        {"AttributeName": "revision", "KeyType": "RANGE"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


class Caller:
    """A store in this process, called as the HTTP front calls it."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.closed = False
        recovered = files.recover(folder, self.said.append)
        self.folder, self.store = folder, Store(recovered.image, recovered.log)

    def __call__(self, action: str, **data: Any) -> dict[str, Any]:
        answer = self.store.call(action, json.dumps(data).encode())
        body: dict[str, Any] = json.loads(answer.body)
        assert answer.status == 200 or "__type" in body
        return body

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.store.release()
            self.store.log.close()


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Caller]]:
    """Opens the store of tmp_path; opening it again reads it back from the files."""
    opened: list[Caller] = []
    # A region of its own, as other tests may use ministack in this process too.
    region = responses._request_region.set("xx-embedded-1")

    def open_it(folder: Path = tmp_path) -> Caller:
        while opened:
            opened.pop().close()
        opened.append(Caller(folder))
        return opened[-1]

    yield open_it
    while opened:
        opened.pop().close()
    responses._request_region.reset(region)


class Running:
    """An engine in a process of its own, started as the launcher does but with times for tests."""

    def __init__(self, folder: Path, *arguments: str, grace: float = 60) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "localdynamo", "--data-dir", str(folder)]
        self.process = subprocess.Popen(
            [*command, "--grace", str(grace), *arguments],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def ready(self) -> "Running":
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            if files.read_address(self.folder).get("pid") == self.process.pid:
                return self
            time.sleep(0.01)
        raise AssertionError(self.end())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{files.read_address(self.folder)['port']}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> str:
        """Ask it to end as a service manager does; answers what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=20)[1].decode()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def run_it(*arguments: str, folder: Path | None = None, grace: float = 60) -> Running:
        started.append(Running(folder or tmp_path / "data", *arguments, grace=grace))
        return started[-1]

    yield run_it
    for engine in started:
        if engine.process.poll() is None:
            engine.kill()
        assert engine.process.stderr is not None
        engine.process.stderr.close()


def client(url: str, region: str = "ap-northeast-2", key: str = "local", attempts: int = 1) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": attempts}, max_pool_connections=32, read_timeout=20),
    )


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie doesn't)."""
    try:
        os.kill(pid, 0)
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found
