"""Clients that the server sends away all come back by themselves: no packet tells them to stay away."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.house import House, wait_until
from tests.realtime.conversation import serving
from tests.realtime.raw_clients import RawPolling, RawWebsocket, rest
from tests.realtime.socket_pairs import spawn
from tests.realtime.socketio_clients import SECONDS, Node
from tests.servers import Worker, free_port, running

TRANSPORTS = ("websocket", "polling")

README_SAMPLE = """
import sys, socketio
url, department, transport = sys.argv[1:]
client = socketio.Client()
client.on("connect", lambda: client.emit("join_department", {"department_id": department}))
client.on("joined_department", lambda _: client.emit("sync_request", {"department_id": department}))
client.on("sync_response", lambda answer: print("calendar", len(answer["events"]), flush=True))
client.on("event_created", lambda event: print("created", event["title"], flush=True))
client.connect(url, wait_timeout=20, transports=[transport])
client.wait()
print("ended", flush=True)
"""
"""README's sample in Python: whatever makes `wait` return ends the script for good."""


class Script:
    """README's Python sample, in a process of its own."""

    def __init__(self, url: str, department: str, transport: str) -> None:
        command = [sys.executable, "-c", README_SAMPLE, url, department, transport]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lines: list[str] = []

    def read_to(self, line: str) -> None:
        assert self._process.stdout is not None
        for read in self._process.stdout:
            self.lines.append(read.strip())
            if self.lines[-1] == line:
                return
        raise AssertionError(f"{line!r} never came: {self.lines}")

    def close(self) -> None:
        self._process.kill()
        self._process.wait(SECONDS)


class Page:
    """A JavaScript client that joins with its cursor whenever it is connected."""

    def __init__(self, node: Node, url: str, department: str, transport: str) -> None:
        self._client = node.open(url, [transport], member_of=department)

    def wait_until_joined(self, times: int) -> list[Any]:
        self._client.inbox.wait_for("*joined", count=times)
        return self._client.inbox.named("*joined")

    def heard(self, title: str) -> None:
        self._client.inbox.wait_for("event_created", lambda event: event["title"] == title)

    def close(self) -> None:
        self._client.close()


@contextmanager
def members(node: Node, url: str, department: str) -> Iterator[tuple[list[Page], list[Script]]]:
    with ExitStack() as stack:
        pages = [Page(node, url, department, transport) for transport in TRANSPORTS]
        scripts = [Script(url, department, transport) for transport in TRANSPORTS]
        for member in (*pages, *scripts):
            stack.callback(member.close)
        for page in pages:
            page.wait_until_joined(1)
        for script in scripts:
            script.read_to("calendar 1")
        yield pages, scripts


def must_be_back(pages: list[Page], scripts: list[Script], write: Callable[[str], object]) -> None:
    """After a reconnection, `write` creates an event in the department."""
    for page in pages:
        answer = page.wait_until_joined(2)[1]
        if answer["full"] is False and not answer["events"]:
            answer = page.wait_until_joined(3)[2]  # it had come back to the worker that was ending
        assert answer["full"] is False
        assert [event["title"] for event in answer["events"]] == ["meanwhile"]
    for script in scripts:
        script.read_to("calendar 2")
    write("afterwards")
    for page in pages:
        page.heard("afterwards")
    for script in scripts:
        script.read_to("created afterwards")
        assert "ended" not in script.lines


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread", "python"])
def test_all_clients_come_back_after_a_restart(worker: Worker, node: Node, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def write(title: str) -> None:
        rest(url, "POST", f"/api/events/{department}", {"event_date": "2024-01-20", "title": title})

    with ExitStack() as stack:
        with running(worker, data_dir=tmp_path, port=port):
            department = rest(url, "POST", "/api/departments", {"name": "개발팀"})["department"]["id"]
            write("before")
            pages, scripts = stack.enter_context(members(node, url, department))
        other_port = free_port()
        with running(worker, data_dir=tmp_path, port=other_port, tables=False) as other:
            path = f"/api/events/{department}"
            rest(other.url, "POST", path, {"event_date": "2024-01-20", "title": "meanwhile"})
        with running(worker, data_dir=tmp_path, port=port, tables=False):
            must_be_back(pages, scripts, write)


def test_all_clients_come_back_after_they_were_sent_away(node: Node) -> None:
    server = House().server()
    department = server.department()
    server.event(department, title="before")
    with serving(server) as url, members(node, url, department) as (pages, scripts):
        server.replicas.ports.members.send_away(department)
        server.event(department, title="meanwhile")
        must_be_back(pages, scripts, lambda title: server.event(department, title=title))


def test_nothing_but_the_transport_tells_a_client_to_go() -> None:
    """No DISCONNECT packet (41), no CLOSE packet (1), and nothing of what is written meanwhile."""
    server = House().server()
    department = server.department()
    with serving(server) as url:
        websocket, polling = RawWebsocket(url).connect(), RawPolling(url).connect()
        join = f'42["join_department",{{"department_id":"{department}"}}]'
        websocket.send(join)
        polling.post(join.encode())
        assert websocket.receive().startswith('42["connected"')
        assert websocket.receive().startswith('42["joined_department"')
        assert polling.poll()[0].startswith('42["joined_department"')
        server.replicas.ports.members.send_away(department)
        server.event(department)
        with pytest.raises(EOFError) as closed:
            websocket.receive()
        # "Going away"; Socket.IO's own sockets just end, sometimes with a close frame of the library's.
        direct = os.environ.get("DIRECT_BROADCAST") != "off"
        ends = [(1001).to_bytes(2, "big")] if direct else ["closed", (1000).to_bytes(2, "big")]
        assert closed.value.args[0] in ends
        status, body = polling.get()
        assert status == 400
        assert json.loads(body)["success"] is False


def test_a_waiting_poll_ends_at_once() -> None:
    server = House().server()
    with serving(server) as url:
        polling = RawPolling(url).connect()
        began = time.monotonic()
        answers: list[Any] = []
        waiting = spawn(lambda: answers.append(polling.get()))
        wait_until(lambda: server.socketio.server.eio.sockets)
        time.sleep(0.3)
        server.socketio.send_away(None)
        waiting.join(SECONDS)
        assert answers[0][0] == 400
        assert time.monotonic() - began < 15
