"""Programs that read a feed from a real server, vdirsyncer and curl; and what its log shows of a feed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.rest.test_import_servers import begin, department_of, ended
from tests.rest.test_imports import calendar, event
from tests.servers import Server, running

PACKAGES = ["vdirsyncer==0.21.0"]
CONFIG = """
[general]
status_path = "{folder}/status"
[pair feed]
a = "remote"
b = "local"
collections = null
[storage remote]
type = "http"
url = "{url}"
[storage local]
type = "filesystem"
path = "{folder}/local"
fileext = ".ics"
"""


@pytest.fixture
def subscribed(tmp_path: Path) -> Any:
    """A server, and a department with 50 events, one of them a series with an exception."""
    log = {"GUNICORN_CMD_ARGS": "--access-logfile -"}
    with running("eventlet", data_dir=tmp_path / "data", env=log) as server:
        department = department_of(server)
        series = event("s@x", "주간", "RRULE:FREQ=WEEKLY", "EXDATE:20240127T100000")
        data = calendar(series, *(event(f"{number}@x", f"회의 {number}") for number in range(49)))
        assert ended(server, begin(server, department, data))["created"] == 50
        yield server, department, f"{server.url}/api/departments/{department}/calendar.ics"


def change_one(server: Server, department: str) -> None:
    events = requests.get(f"{server.url}/api/events/{department}?q=회의 7", timeout=60).json()["events"]
    url = f"{server.url}/api/events/{events[0]['id']}"
    assert requests.put(url, json={"title": "새 제목"}, timeout=60).status_code == 200


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_vdirsyncer_transfers_one_changed_event_once(
    subscribed: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server, department, url = subscribed
    folder = tmp_path / "vdirsyncer"
    folder.mkdir()
    (folder / "config").write_text(CONFIG.format(folder=folder, url=url), "utf-8")
    program = vdirsyncer(request, tmp_path)

    def run(command: str) -> list[str]:
        done = subprocess.run(
            [str(program), "-c", str(folder / "config"), command], input="y\n" * 5, capture_output=True,
            text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        lines = done.stderr.splitlines()
        return [line.split()[0] for line in lines if line.startswith(("Copying", "Deleting"))]

    def local() -> list[str]:
        return [file.read_text("utf-8") for file in (folder / "local").iterdir()]

    run("discover")
    assert run("sync") == ["Copying"] * 50
    assert len(local()) == 50
    assert run("sync") == []
    change_one(server, department)
    assert sorted(run("sync")) == ["Copying", "Deleting"]  # it knows an event of a feed by its content
    assert len([text for text in local() if "SUMMARY:새 제목" in text]) == 1
    assert run("sync") == []


def vdirsyncer(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """It pins other libraries than the server, so it has an environment of its own."""
    cache = getattr(request.config, "cache", None)
    folder = Path(cache.mkdir("vdirsyncer")) if cache else tmp_path / "venv"
    installed = folder / "installed"
    if not installed.exists() or installed.read_text("utf-8") != " ".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        subprocess.run([*pip, *PACKAGES], check=True)
        installed.write_text(" ".join(PACKAGES), "utf-8")
    return folder / "bin" / "vdirsyncer"


def test_curl_gets_304_the_second_time(subscribed: Any, tmp_path: Path) -> None:
    server, department, url = subscribed
    tag = tmp_path / "tag"

    def fetch() -> tuple[int, int]:
        command = [
            "curl", "-s", "--etag-compare", str(tag), "--etag-save", str(tag), "-o", str(tmp_path / "feed"),
            "-w", "%{http_code} %{size_download}", url,
        ]  # fmt: skip
        status, size = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return int(status), int(size)

    status, size = fetch()
    assert (status, size > 5_000) == (200, True)
    assert fetch() == (304, 0)
    change_one(server, department)
    assert fetch()[0] == 200
    assert fetch() == (304, 0)


def test_the_log_shows_no_token_of_a_feed(subscribed: Any) -> None:
    server, _, url = subscribed
    secret = "tcs_" + "0123456789abcdef" * 2 + "01234567"
    for path in (url, url.replace(".ics", ".csv"), f"{url}/no-such-thing"):
        requests.get(f"{path}?token={secret}", headers={"Referer": f"{url}?token={secret}"}, timeout=60)
        requests.head(f"{path}?x=1&token={secret[4:]}", timeout=60)
    log = server.log()
    assert log.count("calendar.ics?token=…") >= 1
    assert secret[4:] not in log
