"""The two Socket.IO clients that people use, behind one face: JavaScript's and Python's."""

import itertools
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import engineio
import pytest
import socketio

FOLDER = Path(__file__).resolve().parent.parent / "clients"
SECONDS = 60.0


class Inbox:
    """What a client received: (name, payload, time.monotonic()) in order."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any, float]] = []
        self._changed = threading.Condition()

    def add(self, name: str, payload: Any) -> None:
        with self._changed:
            self.messages.append((name, payload, time.monotonic()))
            self._changed.notify_all()

    def named(self, name: str) -> list[Any]:
        return [payload for event, payload, _ in list(self.messages) if event == name]

    def wait_for(
        self, name: str, matches: Callable[[Any], bool] = lambda payload: True, count: int = 1
    ) -> float:
        """When the last of `count` fitting messages arrived; AssertionError when they don't."""

        def arrived() -> list[float]:
            return [at for event, payload, at in self.messages if event == name and matches(payload)]

        with self._changed:
            if not self._changed.wait_for(lambda: len(arrived()) >= count, SECONDS):
                raise AssertionError(f"{len(arrived())} of {count} {name!r} in {SECONDS} s")
            return arrived()[count - 1]


class Client(Protocol):
    inbox: Inbox

    def ask(self, event: str, payload: Any) -> "Future[Any]":
        """Emit; the acknowledgement comes in the future."""
        ...

    def transport(self) -> str: ...


class InOrder(engineio.Client):
    """Handles messages as they come; inherited, each is handled in a thread of its own."""

    def _trigger_event(self, event: str, *arguments: Any, **options: Any) -> Any:
        return super()._trigger_event(event, *arguments, **options | {"run_async": False})


class SocketIOClient(socketio.Client):
    def _engineio_client_class(self) -> type:
        return InOrder


class PythonClient:
    """python-socketio's client."""

    def __init__(self, url: str, transports: list[str]) -> None:
        self.inbox = Inbox()
        self._client = SocketIOClient(reconnection=False)
        self._client.on("*", lambda event, *payload: self.inbox.add(event, payload[0] if payload else None))
        self._client.on("disconnect", lambda reason=None: self.inbox.add("*disconnect", reason))
        self._client.connect(url, transports=transports, wait_timeout=SECONDS)

    def ask(self, event: str, payload: Any) -> "Future[Any]":
        answer: Future[Any] = Future()
        self._client.emit(event, payload, callback=answer.set_result)
        return answer

    def transport(self) -> str:
        return str(self._client.transport())

    def close(self) -> None:
        # Without `abort` it waits for its poll, which is 25 s when a request was under way at the moment:
        # then its writer ends before it has said goodbye.
        self._client.eio.disconnect(abort=True)


class Node:
    """One Node process with any number of JavaScript clients."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", "client.js"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._inboxes: dict[str, Inbox] = {}
        self._asked: dict[int, Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._writing = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def open(
        self,
        url: str,
        transports: list[str],
        member_of: str | None = None,
        auth: dict[str, Any] | None = None,
        refused: bool = False,
    ) -> "JavaScriptClient":
        """With `member_of` the client reconnects and joins this department by itself.

        With `refused` the server is to refuse it: "*refused" is why.
        """
        name = f"client-{next(self._numbers)}"
        inbox = self._inboxes[name] = Inbox()
        wanted = {"name": name, "url": url, "transports": transports, "member_of": member_of, "auth": auth}
        self.send({"do": "connect", **{key: value for key, value in wanted.items() if value is not None}})
        inbox.wait_for("*refused" if refused else "*connect")
        return JavaScriptClient(self, name, inbox)

    def send(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with self._writing:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def ask(self, request: dict[str, Any]) -> "Future[Any]":
        number = next(self._numbers)
        answer = self._asked[number] = Future()
        self.send(request | {"ack": number})
        return answer

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "ack" in told:
                self._asked.pop(told["ack"]).set_result(told.get("payload"))
            else:
                self._inboxes[told["name"]].add(told["event"], told.get("payload"))

    def stop(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait(SECONDS)


class JavaScriptClient:
    """socket.io-client."""

    def __init__(self, node: Node, name: str, inbox: Inbox) -> None:
        self.inbox = inbox
        self._node, self._name = node, name

    def ask(self, event: str, payload: Any) -> "Future[Any]":
        return self._node.ask({"do": "emit", "name": self._name, "event": event, "payload": payload})

    def transport(self) -> str:
        return str(self._node.ask({"do": "transport", "name": self._name}).result(SECONDS))

    def close(self) -> None:
        self._node.send({"do": "close", "name": self._name})


def start_node() -> Node:
    """Skips the test when Node or the client's package isn't there."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (FOLDER / "node_modules" / "socket.io-client").is_dir():
        pytest.skip("tests/clients/node_modules is missing: run `npm ci` in tests/clients")
    return Node()


@contextmanager
def closing(client: Any) -> Iterator[Any]:
    try:
        yield client
    finally:
        client.close()
