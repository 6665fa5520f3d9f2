"""Calendar servers, and the requests that mean the same on each of them."""

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Self

from benchmarks.http_clients import Request, ask_once
from benchmarks.measure import OURS
from benchmarks.sample_calendars import MONTH, Event, dumps, edited, new_event
from benchmarks.servers import PROGRAMS, CalendarServer, Server, gunicorn

BARE = "bare Flask"
UNBATCHED = "batching off"
ON_DISK = ", DATA_SYNC=always"
JSON = {"Content-Type": "application/json"}
BATCH, ATTEMPTS = 100, 10
"""Operations in one request that fills a calendar, and how often a refused one is repeated."""


class CalendarApi(ABC):
    """The API of a server that has calendars by name. A context manager: the server runs inside.

    Requests are templates for the load client.

    marker: text that an answer has once for each event; change_marker: the same in an answer to `changes`
    """

    marker: ClassVar[str]
    change_marker: ClassVar[str]
    version: str

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def name(self) -> str:
        return self.server.name

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.__exit__(*exc_info)

    def ask(self, request: Request) -> tuple[dict[str, str], str]:
        """(headers, body) of the answer. Raises RuntimeError unless its status is 2xx or 304."""
        status, headers, body = ask_once(self.server.port, request)
        if not (200 <= status < 300 or status == 304):
            raise RuntimeError(f"{self.name}: {request.method} {request.path}: {status} {body[:300]!r}")
        return headers, body.decode()

    @abstractmethod
    def make(self, calendar: str) -> None:
        """Makes a calendar without events."""

    @abstractmethod
    def fill(self, calendar: str, events: list[Event]) -> None:
        """Makes a calendar with these events."""

    @abstractmethod
    def drop(self, calendar: str) -> None:
        """The calendar isn't needed any more."""

    @abstractmethod
    def remember(self, calendar: str) -> None:
        """Later `changes` requests ask for changes after this moment."""

    @abstractmethod
    def everything(self, calendar: str) -> Request: ...

    @abstractmethod
    def month(self, calendar: str) -> Request: ...

    @abstractmethod
    def unchanged(self, calendar: str) -> Request:
        """Asks whether anything has changed since the last answer, when nothing has."""

    @abstractmethod
    def changes(self, calendar: str) -> Request:
        """Asks for events that have changed since `remember`."""

    @abstractmethod
    def create(self, calendar: str) -> Request:
        """Creates a new event each time."""

    @abstractmethod
    def put(self, calendar: str, event: Event) -> Request:
        """Stores the event as it is given; its id may be a template."""

    def update(self, calendar: str, event: Event) -> Request:
        """Gives the event a title that it never had."""
        return self.put(calendar, edited(event, "{{n}}"))


class TeamCalendar(CalendarApi):
    """The team calendar; a calendar is a department."""

    marker = change_marker = '"event_date"'
    version = ""

    def __init__(self, server: CalendarServer) -> None:
        super().__init__(server)
        self._departments: dict[str, str] = {}
        self._cursors: dict[str, str] = {}

    def make(self, calendar: str) -> None:
        body = dumps({"name": calendar})
        answer = self.ask(Request("POST", "/api/departments", body, JSON))[1]
        self._departments[calendar] = json.loads(answer)["department"]["id"]

    def fill(self, calendar: str, events: list[Event]) -> None:
        self.make(calendar)
        for start in range(0, len(events), BATCH):
            missing = events[start : start + BATCH]
            for _ in range(ATTEMPTS):
                missing = self._refused(calendar, missing)
                if not missing:
                    break
            else:
                raise RuntimeError(f"{calendar} can't be filled: {len(missing)} events are refused")

    def _refused(self, calendar: str, events: list[Event]) -> list[Event]:
        """Creates events and returns those that were refused. Repeating a create does no harm."""
        operations = [{"op": "create", "event": event.as_json()} for event in events]
        request = Request("POST", f"{self._path(calendar)}/batch", dumps({"operations": operations}), JSON)
        results = json.loads(self.ask(request)[1])["results"]
        return [event for event, result in zip(events, results, strict=True) if result["status"] >= 300]

    def drop(self, calendar: str) -> None:
        # It isn't deleted: its events would be deleted in the background of the next measurement.
        del self._departments[calendar]

    def remember(self, calendar: str) -> None:
        self._cursors[calendar] = json.loads(self.ask(self.everything(calendar))[1])["cursor"]

    def everything(self, calendar: str) -> Request:
        return Request("GET", self._path(calendar))

    def month(self, calendar: str) -> Request:
        first, last = MONTH
        return Request("GET", f"{self._path(calendar)}?from={first}&to={last}")

    def unchanged(self, calendar: str) -> Request:
        everything = self.everything(calendar)
        return replace(everything, headers={"If-None-Match": self.ask(everything)[0]["etag"]})

    def changes(self, calendar: str) -> Request:
        path = f"/api/changes/{self._departments[calendar]}?cursor={self._cursors[calendar]}"
        return Request("GET", path)

    def create(self, calendar: str) -> Request:
        fields = {name: value for name, value in new_event().as_json().items() if name != "id"}
        return Request("POST", self._path(calendar), dumps(fields), JSON)

    def create_with_id(self, calendar: str) -> Request:
        """A create that may be repeated."""
        return Request("POST", self._path(calendar), dumps(new_event().as_json()), JSON)

    def put(self, calendar: str, event: Event) -> Request:
        return Request("PUT", f"/api/events/{event.id}", dumps(event.as_json()), JSON)

    def _path(self, calendar: str) -> str:
        return f"/api/events/{self._departments[calendar]}"


def ours(scratch: Path, unbatched: bool = False, sync: str = "interval") -> TeamCalendar:
    """The team calendar; `unbatched`: with a transaction for each write; `sync`: its DATA_SYNC."""
    application = "benchmarks.unbatched:app" if unbatched else "app:app"
    name = (UNBATCHED if unbatched else OURS) + ("" if sync == "interval" else ON_DISK)
    return TeamCalendar(CalendarServer(scratch, {"DATA_SYNC": sync}, application, name))


def bare(scratch: Path) -> Server:
    """Flask's hello-world under the worker that our own server has, from the same environment."""

    def command(port: int) -> list[str]:
        return [*gunicorn(), "bare:app", "--bind", f"127.0.0.1:{port}"]

    return Server(BARE, command, scratch, cwd=PROGRAMS)
