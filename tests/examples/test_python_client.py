"""examples/python: each change is told once, over a cut, a restart of the server and one of the client."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from tests.house import wait_until
from tests.servers import ROOT, free_port, running

CLIENT = ROOT / "examples" / "python" / "calendar_client.py"


class Wire:
    """A TCP proxy on `port` that can be cut."""

    def __init__(self, target: int) -> None:
        self._target, self._pairs = target, list[socket.socket]()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    near.close()
                    continue
                self._pairs += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        pairs, self._pairs = self._pairs, []
        for end in pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.cut()


class Client:
    """The example as a program of its own; `lines` is what it has printed."""

    def __init__(self, url: str, department: str, state: Path) -> None:
        self.lines: list[str] = []
        command = [sys.executable, str(CLIENT), url, department, str(state)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.strip())

    def end(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join()


@contextmanager
def client_of(url: str, department: str, state: Path) -> Iterator[Client]:
    client = Client(url, department, state)
    try:
        yield client
    finally:
        client.end()


class Office:
    def __init__(self, url: str) -> None:
        self.url = url
        made = requests.post(f"{url}/api/departments", json={"name": "개발팀"}, timeout=60)
        self.department = made.json()["department"]["id"]

    def create(self, title: str, **fields: Any) -> str:
        body = {"event_date": "2026-11-09", "title": title, **fields}
        answer = requests.post(f"{self.url}/api/events/{self.department}", json=body, timeout=60)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["event"]["id"])

    def rename(self, event: str, title: str) -> None:
        answer = requests.put(f"{self.url}/api/events/{event}?series=true", json={"title": title}, timeout=60)
        assert answer.status_code == 200, answer.text

    def delete(self, event: str) -> None:
        assert requests.delete(f"{self.url}/api/events/{event}", timeout=60).status_code == 200

    def events(self) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/api/events/{self.department}?series=true", timeout=60)
        return {event["id"]: event for event in answer.json()["events"]}


def held(state: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(state.read_text("utf-8")) if state.exists() else {"events": {}}
    shown = ("revision", "version", "title")
    return {key: [event[name] for name in shown] for key, event in kept["events"].items()}


def is_held(office: Office, state: Path) -> bool:
    return held(state) == {
        key: [e["revision"], e["version"], e["title"]] for key, e in office.events().items()
    }


def test_every_change_is_told_once(tmp_path: Path) -> None:
    state, port = tmp_path / "state.json", free_port()
    wire = Wire(port)
    told: list[str] = []
    try:
        with running("eventlet", data_dir=tmp_path / "data", port=port) as server:
            office = Office(server.url)
            first = office.create("하나")
            with client_of(f"http://127.0.0.1:{wire.port}", office.department, state) as client:
                wait_until(lambda: client.lines == ["created 하나"])
                office.rename(first, "하나 둘")
                series = office.create("반복", recurrence="FREQ=WEEKLY;COUNT=10")
                wait_until(lambda: len(client.lines) == 3)
                wire.cut()
                office.create("끊긴 동안")
                wait_until(lambda: len(client.lines) == 4)
            told += client.lines
        # Without a server, and then with one again, by a client that begins anew.
        with (
            client_of(f"http://127.0.0.1:{wire.port}", office.department, state) as client,
            running("eventlet", data_dir=tmp_path / "data", port=port, tables=False),
        ):
            office.delete(first)
            office.rename(series, "반복 둘")
            wait_until(lambda: len(client.lines) == 2)
            office.create("마지막")
            wait_until(lambda: len(client.lines) == 3)
            wait_until(lambda: is_held(office, state))
        assert told == ["created 하나", "changed 하나 둘", "created 반복", "created 끊긴 동안"]
        # The client may come before or after the writes that it missed.
        assert sorted(client.lines) == ["changed 반복 둘", "created 마지막", "deleted 하나 둘"]
    finally:
        wire.close()
