"""HTTP clients in a process of their own: load/http/*.c, compiled on the spot.

seen = ask(server.port, [text("GET", "/")], clients=16, scratch=scratch, seconds=2)
"""

import http.client
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.c_programs import compiled
from benchmarks.servers import Server, allow_many_sockets

SOURCES = Path(__file__).parent / "load" / "http"
DIVIDER = "\n%%\n"


@dataclass(frozen=True)
class Seen:
    """What clients saw of a server, and what it used meanwhile for each answer."""

    answers: int
    failed: int
    """Answers that were no success, broken ones among them."""
    server_errors: int
    rate: float
    """Successes a second."""
    p50_ms: float
    p99_ms: float
    p999_ms: float
    cpu_us: float
    """Of the server's own processes; `engine_us`: of the database that it brings along."""
    engine_us: float
    client_busy: float
    """CPU of the load client, in % of one core; near 100 it would be the client that is measured."""


@dataclass(frozen=True)
class Request:
    """One request. In `path` and `body` {{n}} is the number of the request, {{uuid}} a new UUID each time."""

    method: str
    path: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        headers = {"Host": "127.0.0.1", **self.headers}
        head = "".join(f"\n{name}: {value}" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1{head}" + (f"\n\n{self.body}" if self.body else "")


def measured(
    server: Server, requests: Sequence[Request], clients: int, scratch: Path, seconds: float
) -> Seen:  # fmt: skip
    """`server` asked by `clients` for `seconds`, and until the last of them has its answer."""
    web, engine = server.usage("web"), server.usage("engine")
    seen = ask(server.port, requests, clients, scratch, seconds)
    spent, engines = server.usage("web").since(web), server.usage("engine").since(engine)
    statuses = {int(status): count for status, count in seen["statuses"].items()}
    good = sum(count for status, count in statuses.items() if 200 <= status < 300 or status == 304)
    answers = seen["requests"]
    return Seen(
        answers=answers,
        failed=answers - good,
        server_errors=sum(count for status, count in statuses.items() if status >= 500),
        rate=good / seen["seconds"],
        p50_ms=seen["p50_ms"], p99_ms=seen["p99_ms"], p999_ms=seen["p999_ms"],
        cpu_us=spent * 1e6 / answers, engine_us=engines * 1e6 / answers,
        client_busy=100 * seen["client_cpu_s"] / seen["seconds"],
    )  # fmt: skip


def ask(
    port: int, requests: Sequence[Request], clients: int, scratch: Path, seconds: float = 0, count: int = 0
) -> dict[str, Any]:  # fmt: skip
    """Ask for `requests` in turn, over `clients` connections that each wait for their answer.

    Ends after `seconds` or `count` requests, whichever is first (0: no limit), and awaits what is under way.
    Answers http.c's line of JSON: {"requests", "statuses": {status: count}, "seconds", "rate", "p50_ms",
    "p99_ms", "p999_ms", "max_ms", "bytes", "again", "client_cpu_s"}. Raises RuntimeError when the server
    stops answering, Missing without gcc.
    """
    allow_many_sockets()
    programme = compiled(SOURCES, scratch)
    with tempfile.NamedTemporaryFile("w", dir=scratch, suffix=".txt", encoding="utf-8") as file:
        file.write(DIVIDER.join(str(request) for request in requests))
        file.flush()
        command = [str(programme), str(port), file.name, str(clients), str(seconds), str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the load client: {done.stderr.strip()}")
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def ask_once(port: int, request: Request, seconds: float = 300) -> tuple[int, dict[str, str], bytes]:
    """(status, headers with small names, body); for preparing and checking, not for measuring."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        body = request.body.encode() if request.body else None
        connection.request(request.method, request.path, body, request.headers)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    finally:
        connection.close()
