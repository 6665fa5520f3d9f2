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

from localdynamo import credentials_of
from localdynamo import folder as files
from localdynamo.signature import sign

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
    def port(self) -> int:
        port: int = files.read_address(self.folder)["port"]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> dict[str, str]:
        """As boto3 and StorageSettings take them."""
        return keys_of(self.folder)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> str:
        """Asks it to end as a service manager does; returns what it wrote to standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=60)[1].decode()


RunEngine = Callable[..., EngineProcess]


def keys_of(folder: Path) -> dict[str, str]:
    access_key_id, secret = credentials_of(folder)
    return {"aws_access_key_id": access_key_id, "aws_secret_access_key": secret}


def client(folder: Path, region: str = "ap-northeast-2", attempts: int = 1, **keys: str) -> Any:
    """Returns a client of the engine that runs or ran last for this folder."""
    return boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{files.read_address(folder)['port']}",
        region_name=region,
        **(keys or keys_of(folder)),
        config=Config(retries={"total_max_attempts": attempts}, max_pool_connections=32, read_timeout=60),
    )


def signed_request(folder: Path, action: str = "ListTables", body: bytes = b"{}", **headers: str) -> bytes:
    """Returns a request as bytes. `headers`: others than it would have, "-" for none; only Host is signed."""
    others = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    key, host = credentials_of(folder).secret_access_key, others.get("host", "127.0.0.1:1")
    fields = sign(key, host, f"DynamoDB_20120810.{action}", body)
    fields |= {"content-length": str(len(body)), **others}
    lines = [f"{name}: {value}" for name, value in fields.items() if value != "-"]
    return "\r\n".join(["POST / HTTP/1.1", *lines, "", ""]).encode() + body


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
