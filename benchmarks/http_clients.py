"""HTTP clients in a process of their own: load/http/*.c, compiled when they are first used.

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
    """Answers of a server to its clients, and the CPU that it used for each."""

    answers: int
    failed: int
    """Answers other than successes, including broken ones."""
    server_errors: int
    rate: float
    """Successes a second."""
    p50_ms: float
    p99_ms: float
    p999_ms: float
    cpu_us: float
    """Of the server's own processes; `engine_us`: of its embedded database."""
    engine_us: float
    client_busy: float
    """CPU of the load client in % of one core; near 100 the client would be the limit, not the server."""


@dataclass(frozen=True)
class Request:
    """A request. In `path` and `body`, {{n}} is the number of the request and {{uuid}} a new UUID."""

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
) -> Seen:
    """Sends requests to `server` from `clients` for `seconds`, and awaits the last answers."""
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
        p50_ms=seen["p50_ms"],
        p99_ms=seen["p99_ms"],
        p999_ms=seen["p999_ms"],
        cpu_us=spent * 1e6 / answers,
        engine_us=engines * 1e6 / answers,
        client_busy=100 * seen["client_cpu_s"] / seen["seconds"],
    )


def ask(
    port: int, requests: Sequence[Request], clients: int, scratch: Path, seconds: float = 0, count: int = 0
) -> dict[str, Any]:
    """Sends `requests` in turn over `clients` connections, each of which waits for its answer.

    Ends after `seconds` or `count` requests, whichever is first (0: no limit), and awaits requests in flight.
    Returns http.c's line of JSON: {"requests", "statuses": {status: count}, "seconds", "rate", "p50_ms",
    "p99_ms", "p999_ms", "max_ms", "bytes", "again", "client_cpu_s"}. Raises RuntimeError when the server
    stops answering, Missing without gcc.
    """
    allow_many_sockets()
    program = compiled(SOURCES, scratch)
    with tempfile.NamedTemporaryFile("w", dir=scratch, suffix=".txt", encoding="utf-8") as file:
        file.write(DIVIDER.join(str(request) for request in requests))
        file.flush()
        command = [str(program), str(port), file.name, str(clients), str(seconds), str(count)]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise RuntimeError(f"the load client: {process.stderr.strip()}")
    seen: dict[str, Any] = json.loads(process.stdout)
    return seen


def ask_once(port: int, request: Request, seconds: float = 300) -> tuple[int, dict[str, str], bytes]:
    """(status, headers in lower case, body). For preparing and checking: it is too slow to measure with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        body = request.body.encode() if request.body else None
        connection.request(request.method, request.path, body, request.headers)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    finally:
        connection.close()
