"""`make run` in a fresh copy of the repository."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.docs.pages import ROOT
from tests.servers import free_port

pytestmark = [
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository"),
    pytest.mark.timeout(800),
]
SECONDS = 300


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A clone, with the files of this folder laid over what is committed."""
    target = tmp_path / "team-calendar"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in tracked.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def environment(**more: str) -> dict[str, str]:
    """As in a fresh terminal: without this environment's python, coverage and make."""
    left_out = ("COVERAGE_", "COV_", "MAKE", "MFLAGS", "VIRTUAL_ENV", "PYTHON_DOTENV_DISABLED")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"PYTHON": getattr(sys, "_base_executable", sys.executable)} | more


def run_make(folder: Path, log: Path, port: int, **more: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=folder,
            env=environment(**more),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def wait_for_answer(process: subprocess.Popen[bytes], log: Path, url: str) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        assert process.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < deadline, log.read_text("utf-8")
        try:
            if requests.get(url, timeout=20).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C in its terminal; then nothing of it may be left."""
    os.killpg(process.pid, signal.SIGINT)
    process.wait(60)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_one_command_sets_up_and_serves(copy: Path) -> None:
    port, log = free_port(), copy.parent / "make.log"
    url = f"http://127.0.0.1:{port}"
    process = run_make(copy, log, port)
    try:
        wait_for_answer(process, log, url)
        made = requests.post(f"{url}/api/departments", json={"name": "개발팀"}, timeout=60)
        assert made.status_code == 201, log.read_text("utf-8")
    finally:
        interrupt(process)
    settings = (copy / ".env").read_text("utf-8")
    assert re.search(r"^SECRET_KEY=[0-9a-f]{64}$", settings, re.MULTILINE)
    assert re.search(r"^DYNAMODB_ENDPOINT_URL=embedded$", settings, re.MULTILINE)
    assert (copy / ".data").is_dir()
    changed = subprocess.run(["git", "status", "--short"], cwd=copy, capture_output=True, text=True).stdout
    assert "?? " not in changed

    # The second time nothing is installed, .env stays, and the process's variables win over it.
    other = copy.parent / "elsewhere"
    log.unlink()
    process = run_make(copy, log, port, DATA_DIR=str(other))
    try:
        wait_for_answer(process, log, url)
        assert requests.get(f"{url}/api/departments", timeout=60).json()["departments"] == []
    finally:
        interrupt(process)
    assert (copy / ".env").read_text("utf-8") == settings
    assert other.is_dir()
    assert "pip" not in log.read_text("utf-8")
