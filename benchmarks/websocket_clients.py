"""Thousands of websocket members in one process: load/websocket/*.c, compiled when it is first used.

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
    """A department to join. With `cursor`, the answer to the join must reach `revision`."""

    department: str
    cursor: str = ""
    revision: int = 0


class Members:
    """The load client. Member i joins room i modulo their number; changes are posted to the first room.

    Answers are ws.c's line of JSON as a dictionary. The time of a delivery is from before the request is sent
    until the member has read the message. A delivery that is missing after `patience` seconds without any
    other is lost.
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
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()  # ends the client, whatever it is doing
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
        self._rooms.unlink(missing_ok=True)

    def connect(self, count: int, at_once: int = 50, seconds: float = 120) -> dict[str, Any]:
        """Connects `count` members, `at_once` at the same time. Raises RuntimeError if some can't join."""
        seen = self.ask(f"connect {count} {at_once} {seconds}")
        if seen["ready"] != count:
            raise RuntimeError(f"{seen['ready']} of {count} members could join: {seen}")
        return seen

    def post(self, count: int, size: int = 1, rate: float = 0, more: bool = False) -> dict[str, Any]:
        """Posts `count` requests of `size` changes each, in lock-step, at most `rate` a second.

        more: the percentiles include the latencies of the call before
        """
        return self.ask(f"{'more' if more else 'post'} {count} {size} {rate}")

    def warm(self, count: int) -> None:
        """Posts `count` requests that aren't measured. Raises RuntimeError if a delivery is missing."""
        seen = self.ask(f"warm {count}")
        if seen["lost"] or seen["deliveries"] != seen["expected"]:
            raise RuntimeError(f"not every change arrived: {seen}")

    def ask(self, command: str) -> dict[str, Any]:
        """Sends a command of ws.c's and returns its answer. Raises RuntimeError if the client has ended."""
        self.tell(command)
        return self.hear()

    def tell(self, command: str) -> None:
        """Sends a command. `hear` must return its answer before the next one."""
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
    """Returns `seen` if each member got each change once and in order. Raises RuntimeError otherwise."""
    flaws = {
        name: seen[name]
        for name in ("lost", "duplicates", "late", "disordered", "refused", "dropped")
        if seen[name]
    }
    if flaws or seen["deliveries"] != seen["expected"]:
        raise RuntimeError(f"not every change arrived once and in order: {flaws or seen}")
    return seen
