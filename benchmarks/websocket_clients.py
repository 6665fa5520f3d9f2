"""Thousands of websocket members in a process of its own: load/websocket/*.c, compiled on the spot.

with Members(server.port, [Room(department)], scratch) as members:
    members.connect(1000)
    seen = members.post(40)
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.c_programs import compiled
from benchmarks.servers import allow_many_sockets

SOURCES = Path(__file__).parent / "load" / "websocket"


@dataclass(frozen=True)
class Room:
    """What a member joins: with `cursor`, as one that comes back and must get at least to `revision`."""

    department: str
    cursor: str = ""
    revision: int = 0


class Members:
    """The load client. Member i joins room i modulo their number; changes are made in the first.

    Every answer is ws.c's line of JSON as a dictionary; times of deliveries are from before the request
    goes out until the member has read the message. What is missing after `patience` seconds without any
    delivery is lost.
    """

    def __init__(
        self, port: int, rooms: Sequence[Room], scratch: Path, patience: float = 10, plain: bool = False
    ) -> None:
        allow_many_sockets()
        self._rooms = scratch / f"rooms-{port}.txt"
        lines = [f"{room.department} {room.cursor or '-'} {room.revision}\n" for room in rooms]
        self._rooms.write_text("".join(lines))
        self._process = subprocess.Popen(
            [str(compiled(SOURCES, scratch)), str(port), str(self._rooms), str(patience), *["plain"] * plain],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()  # ends it, whatever it is doing
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
        self._rooms.unlink(missing_ok=True)

    def connect(self, count: int, at_once: int = 50, seconds: float = 120) -> dict[str, Any]:
        """`count` members connect and join, `at_once` of them under way. Raises RuntimeError."""
        seen = self.ask(f"connect {count} {at_once} {seconds}")
        if seen["ready"] != count:
            raise RuntimeError(f"{seen['ready']} of {count} members could join: {seen}")
        return seen

    def post(self, count: int, size: int = 1, rate: float = 0, more: bool = False) -> dict[str, Any]:
        """`count` requests of `size` changes each, in lock-step, at most `rate` a second.

        `more`: the percentiles are of all since the last that was not.
        """
        return self.ask(f"{'more' if more else 'post'} {count} {size} {rate}")

    def warm(self, count: int) -> None:
        """`count` requests that aren't measured. Raises RuntimeError when something doesn't arrive."""
        seen = self.ask(f"warm {count}")
        if seen["lost"] or seen["deliveries"] != seen["expected"]:
            raise RuntimeError(f"not every change arrived: {seen}")

    def ask(self, command: str) -> dict[str, Any]:
        """Any command of ws.c's. Raises RuntimeError when the client has ended."""
        self.tell(command)
        return self.hear()

    def tell(self, command: str) -> None:
        """The command alone; its answer has to be heard before the next."""
        assert self._process.stdin
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load client has ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def flawless(seen: dict[str, Any]) -> dict[str, Any]:
    """`seen`, if each member got each change once and in order. Raises RuntimeError otherwise."""
    flaws = {
        name: seen[name]
        for name in ("lost", "duplicates", "late", "disordered", "refused", "dropped")
        if seen[name]
    }
    if flaws or seen["deliveries"] != seen["expected"]:
        raise RuntimeError(f"not every change arrived once and in order: {flaws or seen}")
    return seen
