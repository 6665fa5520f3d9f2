"""An engine in a process of its own, its clients, and what happens to processes and files."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localdynamo import folder as files

ROOT = Path(__file__).parents[2]


class EngineProcess:
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

    def ready(self) -> "EngineProcess":
        """Waits until the engine listens."""
        deadline = time.monotonic() + 60
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
        """Asks it to end as a service manager does; returns what it wrote to standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=60)[1].decode()


RunEngine = Callable[..., EngineProcess]


def client(url: str, region: str = "ap-northeast-2", key: str = "local", attempts: int = 1) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": attempts}, max_pool_connections=32, read_timeout=60),
    )


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie doesn't."""
    try:
        os.kill(pid, 0)
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"the condition didn't hold within {seconds} s"
        time.sleep(0.02)
    return result


def cpu_seconds(pid: int) -> float:
    """Returns the processor time that a process has used; other processes don't change it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def flip_bit(path: Path, offset: int) -> bytes:
    """Damages a file; returns its content afterwards."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    return bytes(content)
