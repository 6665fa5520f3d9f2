"""The requests and clients of the pages, run against a server as they stand."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.docs.pages import DOCS, README, ROOT, Comparison, blocks, examples, name_of, rows
from tests.servers import Server, running

NODE_MODULES = ROOT / "web" / "node_modules"
DEPARTMENT = "0985bc50-3edb-400e-b484-faca1c3b1ba6"
PAGES = [README, DOCS / "rest.md"]
each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)
each_client = pytest.mark.parametrize("page", [README, DOCS / "socketio.md"], ids=name_of)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("eventlet", data_dir=tmp_path_factory.mktemp("clients")) as server:
        yield server


@each_page
def test_every_request_is_answered_as_shown(page: Path, tmp_path: Path) -> None:
    comparison = Comparison()
    with running("eventlet", data_dir=tmp_path) as server:
        for example in examples(page):
            command = comparison.translated(example.command).replace("http://127.0.0.1:8000", server.url)
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=600)
            comparison.check(example.answer, json.loads(done.stdout), example.command)


@each_page
def test_every_listed_request_has_an_example(page: Path) -> None:
    listed = rows(DOCS / "rest.md", r"^\| `(GET|POST|PUT|DELETE) (/[^`?]*)")
    commands = [example.command.strip() for example in examples(page)]
    assert len(commands) >= len(listed) >= 16
    for method, path in listed:
        pattern = re.sub(r"\\\{\w+\\\}", "[0-9a-f-]{36}", re.escape(path))
        verb = "" if method == "GET" else f"-X {method} "
        assert any(
            re.match(rf"curl {verb}'?http://127.0.0.1:8000{pattern}(['?\s]|$)", command)
            for command in commands
        ), (method, path)


class Client:
    """A snippet of a page as a program of its own, in a department of `server`."""

    def __init__(self, server: Server, folder: Path, department: str, text: str, name: str, *run: str):
        file = folder / name
        file.write_text(
            text.replace("http://127.0.0.1:8000", server.url).replace(DEPARTMENT, department), "utf-8"
        )
        self._process = subprocess.Popen(
            [*run, name], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def says(self, text: str) -> None:
        """Waits for the line; pytest's time-out bounds it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == text:
                return
        raise AssertionError(f"it never said {text!r}")

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


def snippet(page: Path, language: str) -> str:
    return next(block.text for block in blocks(page, language) if "join_department" in block.text)


def follow(server: Server, client: Client, department: str) -> None:
    events = f"{server.url}/api/events/"
    client.says("calendar 0")
    event = requests.post(
        events + department, json={"event_date": "2024-01-20", "title": "팀 회의"}, timeout=60
    )
    client.says("created 팀 회의")
    event_id = event.json()["event"]["id"]
    requests.put(events + event_id, json={"title": "전체 회의"}, timeout=60)
    client.says("updated 전체 회의")
    requests.delete(events + event_id, timeout=60)
    client.says(f"deleted {event_id}")


def make_department(server: Server, name: str) -> str:
    made = requests.post(f"{server.url}/api/departments", json={"name": name}, timeout=60)
    department_id: str = made.json()["department"]["id"]
    return department_id


@each_client
def test_the_python_client(page: Path, server: Server, tmp_path: Path) -> None:
    department = make_department(server, f"Python {page.name}")
    client = Client(server, tmp_path, department, snippet(page, "python"), "client.py", sys.executable)
    try:
        follow(server, client, department)
    finally:
        client.end()


@each_client
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(not NODE_MODULES.is_dir(), reason="run `npm ci` in web/")
def test_the_javascript_client(page: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    department = make_department(server, f"JavaScript {page.name}")
    client = Client(server, tmp_path, department, snippet(page, "js"), "client.mjs", "node")
    try:
        follow(server, client, department)
    finally:
        client.end()
