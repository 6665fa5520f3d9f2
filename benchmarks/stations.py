"""Which functions a request runs through: python -m benchmarks.stations [write read join] [--revision REV]

The real application (`app.py`) runs in this process over an embedded engine, is asked once to warm up,
and then once under `sys.setprofile`. Printed are the product's functions (`teamcal/`, `models.py`) in the
order of their first call as `room/file.py:function`, the calls that lead from one room into another, and
the steps back: calls into a room that is already on the stack below its caller, such as a callback. A
return value isn't a step back, so a request answered by plain calls has none.

Left out are the outbox with all that it calls (who is a member changes its part), library code and the
embedded engine. A lambda or a comprehension counts as part of its function.
"""

import argparse
import importlib
import io
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from benchmarks.comparison import checkout
from benchmarks.servers import ROOT, CalendarServer

EVENT = {"event_date": "2024-01-20", "title": "팀 회의", "time": "오후 2:00"}
OUTBOX, ENGINE = "outbox.py", "localdynamo"
UNNAMED = ("<lambda>", "<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")


class Station(NamedTuple):
    """A function of the product."""

    room: str
    """A package of teamcal, `storage` for models.py, or the module's own name if it lies flat in teamcal."""
    name: str
    """`room/file.py:function`"""


class Recorder:
    """What `sys.setprofile` calls. Only frames of files under `root` are recorded.

    stations: distinct functions in the order of the first call
    moves: (calling room, called room) for every call that leaves a room
    steps_back: distinct (caller, function) where the function's room is on the stack below the caller's
    """

    def __init__(self, root: Path) -> None:
        self._root = f"{root}/"
        self._stacks = threading.local()
        self.stations: dict[Station, None] = {}
        self.moves: list[tuple[str, str]] = []
        self.steps_back: dict[tuple[Station, Station], None] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        stack = self._stack()
        if event == "call":
            station = self._station(frame)
            if station is not None:
                self._record([called for _, called in stack], station)
                stack.append((frame, station))
        elif event == "return" and stack and stack[-1][0] is frame:
            stack.pop()

    def _stack(self) -> list[tuple[FrameType, Station]]:
        if not hasattr(self._stacks, "frames"):
            self._stacks.frames = []
        frames: list[tuple[FrameType, Station]] = self._stacks.frames
        return frames

    def _station(self, frame: FrameType) -> Station | None:
        path = frame.f_code.co_filename
        if not path.startswith(self._root) or frame.f_code.co_name in UNNAMED:
            return None
        parts = Path(path.removeprefix(self._root)).parts
        name = frame.f_code.co_qualname
        if parts == ("models.py",):
            return Station("storage", f"models.py:{name}")
        if parts[0] != "teamcal" or ENGINE in parts:
            return None
        room = parts[1] if len(parts) > 2 else Path(parts[1]).stem
        return Station(room, f"{'/'.join(parts[1:])}:{name}")

    def _record(self, stack: list[Station], station: Station) -> None:
        if any(is_outbox(called) for called in [*stack, station]):
            return
        self.stations.setdefault(station)
        if not stack or stack[-1].room == station.room:
            return
        self.moves.append((stack[-1].room, station.room))
        if station.room in (called.room for called in stack):
            self.steps_back.setdefault((stack[-1], station))


def is_outbox(station: Station) -> bool:
    return Path(station.name.partition(":")[0]).name == OUTBOX


@contextmanager
def recorded(recorder: Recorder) -> Iterator[None]:
    """Functions called inside the `with`, in this thread and in threads started meanwhile, are recorded."""
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


# The application and what it is asked


class Application:
    """The application of a checkout, in this process."""

    def __init__(self, root: Path) -> None:
        sys.path.insert(0, str(root))
        module = importlib.import_module("app")
        self.app, self.socketio = module.app, module.socketio

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the answer to a direct WSGI call. Raises RuntimeError unless it is a success."""
        content = b"" if body is None else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SCRIPT_NAME": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        statuses: list[str] = []
        chunks = self.app.wsgi_app(environ, lambda status, headers, error=None: statuses.append(status))
        answer = b"".join(chunks)
        if not statuses or not statuses[0].startswith("2"):
            raise RuntimeError(f"{method} {path}: {statuses} {answer[:300]!r}")
        return json.loads(answer)

    def department(self, name: str) -> str:
        body = {"name": name}
        return str(self.request("POST", "/api/departments", body)["department"]["id"])


Task = Callable[[], object]


def write(application: Application) -> tuple[Task, Task]:
    """POST of an event: (warm-up, what is recorded)."""
    path = f"/api/events/{application.department('write')}"

    def create() -> None:
        application.request("POST", path, EVENT)

    return create, create


def read(application: Application) -> tuple[Task, Task]:
    """GET of a list that the server has in memory."""
    path = f"/api/events/{application.department('read')}"
    application.request("POST", path, EVENT)

    def get() -> None:
        application.request("GET", path)

    return get, get


def join(application: Application) -> tuple[Task, Task]:
    """join_department with a cursor that is one change behind; each time another member joins."""
    department = application.department("join")
    path = f"/api/events/{department}"
    cursor = application.request("GET", path)["cursor"]
    application.request("POST", path, EVENT)
    members = [application.socketio.test_client(application.app) for _ in range(2)]
    payload = {"department_id": department, "cursor": cursor}

    def join_as(member: Any) -> None:
        answer = member.emit("join_department", payload, callback=True)
        if len(answer["events"]) != 1:
            raise RuntimeError(f"the join was refused: {answer}")

    return lambda: join_as(members[0]), lambda: join_as(members[1])


REQUESTS = {"write": write, "read": read, "join": join}


def stations_of(names: list[str], root: Path, environment: dict[str, str]) -> dict[str, str]:
    """Runs requests of REQUESTS and describes them.

    Once per process, because the application can't be imported a second time. The process must end before the
    engine, which the application would start again.
    """
    os.environ.clear()
    os.environ.update(environment)
    application = Application(root)
    return {name: described(recording(REQUESTS[name](application), root)) for name in names}


def recording(tasks: tuple[Task, Task], root: Path) -> Recorder:
    warm_up, request = tasks
    warm_up()
    recorder = Recorder(root)
    with recorded(recorder):
        request()
    return recorder


# The report


def described(recorder: Recorder) -> str:
    """Functions, path from room to room, and steps back, as lines of text."""
    numbered = [f"{number:4} {station.name}" for number, station in enumerate(recorder.stations, 1)]
    rooms = list(dict.fromkeys(station.room for station in recorder.stations))
    moves = [f"{called} (from {caller})" for caller, called in without_repeats(recorder.moves)]
    steps = [f"  {called.name} called by {caller.name}" for caller, called in recorder.steps_back]
    return "\n".join(
        [
            *numbered,
            f"{len(recorder.stations)} functions in {len(rooms)} rooms: {', '.join(rooms)}",
            f"path: {' → '.join([rooms[0], *moves])}",
            f"{len(steps)} steps back into a room already left:",
            *steps,
        ]
    )


def without_repeats(moves: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same move several times in succession counts once."""
    return [move for number, move in enumerate(moves) if number == 0 or move != moves[number - 1]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stations", description=__doc__)
    choices = ", ".join(REQUESTS)
    parser.add_argument("requests", nargs="*", metavar="request", help=f"of {choices}; default: all")
    parser.add_argument("--revision", help="of another revision instead of this checkout")
    options = parser.parse_args()
    names = options.requests or list(REQUESTS)
    if unknown := set(names) - set(REQUESTS):
        parser.error(f"{', '.join(sorted(unknown))}; there are {choices}")
    with ExitStack() as stack:
        root = stack.enter_context(checkout(options.revision)) if options.revision else ROOT
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stations-")))
        server = CalendarServer(scratch, {"TAIL_INTERVAL_SECONDS": "3600"}, root=root)
        stack.callback(server.stop_engine)
        server.create_tables()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            texts = pool.submit(stations_of, names, root, server.environment).result()
    for name, text in texts.items():
        print(f"{name}:\n{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
