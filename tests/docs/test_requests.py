"""The README's requests and clients, run against a server as they stand."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from tests.docs.readme import README, ROOT, Comparison, blocks
from tests.servers import Server, running

NODE_MODULES = ROOT / "web" / "node_modules"
DEPARTMENT = "0985bc50-3edb-400e-b484-faca1c3b1ba6"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("eventlet", data_dir=tmp_path_factory.mktemp("readme")) as server:
        yield server


def test_every_request_is_answered_as_shown(server: Server) -> None:
    comparison, shown = Comparison(), blocks(README)
    asked = 0
    for request, answer in pairwise(shown):
        if request.language != "bash" or not request.text.startswith("curl "):
            continue
        assert answer.language == "json", request.text
        command = comparison.translated(request.text).replace("http://127.0.0.1:8000", server.url)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=20)
        comparison.check(json.loads(answer.text), json.loads(done.stdout), request.text)
        asked += 1
    assert asked >= 20


def test_every_listed_request_has_an_example() -> None:
    text = README.read_text("utf-8")
    listed = re.findall(r"^\| `(GET|POST|PUT|DELETE) (/[^`?]*)", text, re.MULTILINE)
    examples = [block.text for block in blocks(README, "bash") if block.text.startswith("curl ")]
    for method, path in listed:
        pattern = re.sub(r"\\\{\w+\\\}", "[0-9a-f-]{36}", re.escape(path))
        verb = "" if method == "GET" else f"-X {method} "
        assert any(
            re.match(rf"curl {verb}'?http://127.0.0.1:8000{pattern}(['?\s]|$)", one) for one in examples
        ), (method, path)


class Client:
    """A snippet of the README as a program of its own, in the department of `url`."""

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


def snippet(language: str) -> str:
    return next(block.text for block in blocks(README, language) if "join_department" in block.text)


def follow(server: Server, client: Client, department: str, words: tuple[str, str]) -> None:
    created, updated = words
    address = f"{server.url}/api/events/"
    client.says("calendar 0")
    event = requests.post(
        address + department, json={"event_date": "2024-01-20", "title": "팀 회의"}, timeout=10
    )
    client.says(f"{created} 팀 회의")
    event_id = event.json()["event"]["id"]
    requests.put(address + event_id, json={"title": "전체 회의"}, timeout=10)
    client.says(f"{updated} 전체 회의")
    requests.delete(address + event_id, timeout=10)
    client.says(f"deleted {event_id}")


def make_department(server: Server, name: str) -> str:
    made = requests.post(f"{server.url}/api/departments", json={"name": name}, timeout=10)
    department_id: str = made.json()["department"]["id"]
    return department_id


def test_the_python_client(server: Server, tmp_path: Path) -> None:
    department = make_department(server, "Python")
    client = Client(server, tmp_path, department, snippet("python"), "client.py", sys.executable)
    try:
        follow(server, client, department, ("changed", "changed"))
    finally:
        client.end()


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(not NODE_MODULES.is_dir(), reason="run `npm ci` in web/")
def test_the_javascript_client(server: Server, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    department = make_department(server, "JavaScript")
    client = Client(server, tmp_path, department, snippet("js"), "client.mjs", "node")
    try:
        follow(server, client, department, ("created", "updated"))
    finally:
        client.end()
