"""The requests and clients of the pages, run against a server as they stand."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.docs.pages import DOCS, README, ROOT, Comparison, blocks, examples, name_of, rows
from tests.house import wait_until
from tests.servers import Server, environment_of, running

NODE_MODULES = ROOT / "web" / "node_modules"
DEPARTMENT = "0985bc50-3edb-400e-b484-faca1c3b1ba6"
PEOPLE, FEEDS = DOCS / "people.md", DOCS / "feeds.md"
PAGES = [README, DOCS / "rest.md"]
WITH_TOKENS = re.compile("/auth/|/api/(session|devices)")
"""Only with AUTH_MODE=token."""
NOT_IN_THE_README = re.compile(r"/api/holidays|/api$|/api/(openapi|asyncapi)\.json")
"""Shown in docs/rest.md alone, since a README is short."""
each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)
each_client = pytest.mark.parametrize("page", [README, DOCS / "socketio.md"], ids=name_of)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("eventlet", data_dir=tmp_path_factory.mktemp("clients")) as server:
        yield server


@pytest.mark.parametrize("page", [*PAGES, DOCS / "calendar.md", FEEDS], ids=name_of)
def test_every_request_is_answered_as_shown(page: Path, tmp_path: Path) -> None:
    comparison = Comparison()
    with running("eventlet", data_dir=tmp_path) as server:
        for example in examples(page):
            command = comparison.translated(example.command).replace("http://127.0.0.1:8000", server.url)
            answer = wait_until(lambda command=command: ended(command))
            if isinstance(example.answer, str):
                comparison.check_document(example.answer, answer)
            else:
                comparison.check(example.answer, json.loads(answer), example.command)


def ended(command: str) -> str:
    """Returns the answer of a command; "" of one that asks for an import which isn't done."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=600).stdout
    return "" if "/api/imports/" in command and json.loads(done)["job"]["state"] == "running" else done


def test_every_request_about_people_is_answered_as_shown(tmp_path: Path) -> None:
    comparison = Comparison()
    with running("eventlet", data_dir=tmp_path, env={"AUTH_MODE": "token"}) as server:
        token = administrators_token(server, tmp_path)
        for example in examples(PEOPLE):
            command = comparison.translated(example.command).replace("http://127.0.0.1:8000", server.url)
            done = subprocess.run(
                ["bash", "-c", command], env=os.environ | {"TOKEN": token}, capture_output=True, text=True,
                timeout=600,
            )  # fmt: skip
            comparison.check(example.answer, json.loads(done.stdout), example.command)


def administrators_token(server: Server, folder: Path) -> str:
    environment = environment_of("eventlet", server.port, folder, {"AUTH_MODE": "token"})

    def flask(*arguments: str) -> str:
        command = [str(Path(sys.executable).parent / "flask"), *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250, check=True
        )
        return done.stdout.strip()

    flask("user", "create", "admin", "--admin", "--no-password")
    token = flask("token", "issue", "admin", "docs")
    headers = {"Authorization": f"Bearer {token}"}
    wait_until(lambda: requests.get(f"{server.url}/api/users", headers=headers, timeout=60).ok)
    return token


@pytest.mark.parametrize(("page", "count"), [(PEOPLE, 9), (FEEDS, 7)], ids=["people", "feeds"])
def test_every_listed_request_of_a_page_has_an_example(page: Path, count: int) -> None:
    listed = rows(page, r"^\| `(GET|POST|PUT|PATCH|DELETE) (/[^`?]*)")
    commands = [example.command.strip() for example in examples(page)]
    assert len(listed) == count
    for method, path in listed:
        pattern = re.sub(r"\\\{\w+\\\}", "[0-9a-f_-]{36,64}", re.escape(path))
        verb = "" if method == "GET" else f"-X {method} "
        assert any(
            re.match(rf'curl {verb}["\']?http://127.0.0.1:8000{pattern}(["\'?\s]|$)', command)
            for command in commands
        ), (method, path)


@each_page
def test_every_listed_request_has_an_example(page: Path) -> None:
    listed = [
        (method, path)
        for method, path in rows(DOCS / "rest.md", r"^\| `(GET|POST|PUT|PATCH|DELETE) (/[^`?]*)")
        if not WITH_TOKENS.match(path)
        and path != "/docs"  # a page
        and not (page == README and NOT_IN_THE_README.match(path))
    ]
    commands = [example.command.strip() for example in examples(page)]
    assert len(commands) >= len(listed) >= 16
    for method, path in listed:
        pattern = re.sub(r"\\\{\w+\\\}", "[0-9a-f-]{10,36}", re.escape(path))
        verb = "" if method == "GET" else f"-X {method} "
        assert any(
            re.search(rf"^curl {verb}'?http://127.0.0.1:8000{pattern}(['?\s]|$)", command, re.MULTILINE)
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


PYTHON = """import socketio, sys, time
def current_token(): return sys.argv[1]
new_token = current_token
{block}
print(client.call("join_department", {{"department_id": "none"}})["code"], flush=True)
time.sleep(30)
"""
JAVASCRIPT = """import {{ io }} from "socket.io-client";
const currentToken = () => process.argv[2], newToken = currentToken, signIn = () => console.log("refused");
{block}
socket.emit("join_department", {{ department_id: "none" }}, ({{ code }}) => console.log(code));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(not NODE_MODULES.is_dir(), reason="run `npm ci` in web/")
def test_the_clients_with_a_token(tmp_path: Path) -> None:
    """The page's lines, as they stand: with a user's token one may ask, and one that has ended is refused."""
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    clients = {"client.py": (sys.executable, "python", PYTHON), "client.mjs": ("node", "js", JAVASCRIPT)}
    with running("eventlet", data_dir=tmp_path, env={"AUTH_MODE": "token"}) as server:
        token = administrators_token(server, tmp_path)
        tokens = {"department_not_found": token, "refused": "tcs_" + "0" * 40}
        for file, (program, language, script) in clients.items():
            (block,) = [one for one in blocks(DOCS / "socketio.md", language) if "access_changed" in one.text]
            text = script.format(block=block.text).replace("http://127.0.0.1:8000", server.url)
            (tmp_path / file).write_text(text, "utf-8")
            for expected, token in tokens.items():
                process = subprocess.Popen(
                    [program, str(tmp_path / file), token], stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL, text=True,
                )  # fmt: skip
                assert process.stdout is not None
                try:
                    assert process.stdout.readline().split()[:1] == [expected], (file, expected)
                finally:
                    process.kill()
                    process.communicate()


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
