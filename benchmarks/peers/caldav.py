"""CalDAV servers: Radicale and Xandikos, each served by its own command, without authentication.

Their calendars of 10,000 events take minutes to make, so they are kept in the scratch folder.
"""

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.calendar_servers import CalendarApi
from benchmarks.http_clients import Request
from benchmarks.peers.packages import installed, version
from benchmarks.sample_calendars import MONTH, Event, calendar_of, new_event
from benchmarks.servers import PROGRAMS, Server

RADICALE, XANDIKOS = "Radicale", "Xandikos"
ICAL, XML = {"Content-Type": "text/calendar"}, {"Content-Type": "application/xml", "Depth": "1"}
NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
PROPERTIES = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
QUERY = (
    f"<C:calendar-query {NAMES}>{PROPERTIES}<C:filter>"
    '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{}</C:comp-filter></C:comp-filter>'
    "</C:filter></C:calendar-query>"
)
SYNC = (
    f"<D:sync-collection {NAMES}><D:sync-token>{{}}</D:sync-token><D:sync-level>1</D:sync-level>{{}}"
    "</D:sync-collection>"
)
STATE = '<D:propfind xmlns:D="DAV:"><D:prop><D:sync-token/></D:prop></D:propfind>'
TOKEN = re.compile(r"sync-token>([^<]+)<")
RADICALE_SETTINGS = """\
[server]
hosts = 127.0.0.1:{port}
max_connections = 100
[auth]
type = none
[storage]
filesystem_folder = {folder}
use_mtime_and_size_for_item_cache = True
[logging]
level = error
"""


class CalDav(CalendarApi):
    """Calendars below `home`, their files in `folder`."""

    marker = change_marker = "BEGIN:VEVENT"
    home: str

    def __init__(self, server: Server, folder: Path) -> None:
        super().__init__(server)
        self.folder = folder
        self._tokens: dict[str, str] = {}

    def make(self, calendar: str) -> None:
        self.ask(Request("MKCALENDAR", self._path(calendar)))

    def fill(self, calendar: str, events: list[Event]) -> None:
        ready = self.folder / f"{calendar}.ready"
        if not ready.exists():
            self._forget(calendar)
            self._fill(calendar, events)
            ready.touch()

    def _fill(self, calendar: str, events: list[Event]) -> None:
        raise NotImplementedError

    def _forget(self, calendar: str) -> None:
        try:
            self.drop(calendar)  # left behind by an interrupted benchmark
        except RuntimeError:
            return

    def drop(self, calendar: str) -> None:
        self.ask(Request("DELETE", self._path(calendar)))

    def remember(self, calendar: str) -> None:
        token = TOKEN.search(self.ask(self.unchanged(calendar))[1])
        if not token:
            raise RuntimeError(f"{self.name} has no sync token")
        self._tokens[calendar] = token[1]

    def everything(self, calendar: str) -> Request:
        return self._report(calendar, QUERY.format(""))

    def month(self, calendar: str) -> Request:
        first, last = (f"{day:%Y%m%d}T000000Z" for day in MONTH)
        until = last.replace("30T000000Z", "30T235959Z")
        return self._report(calendar, QUERY.format(f'<C:time-range start="{first}" end="{until}"/>'))

    def unchanged(self, calendar: str) -> Request:
        """Asks for the sync token: reports have no 304, and clients ask for the token first."""
        return Request("PROPFIND", self._path(calendar), STATE, {**XML, "Depth": "0"})

    def changes(self, calendar: str) -> Request:
        """Asks for the events as well, so that one request is enough."""
        return self._report(calendar, SYNC.format(self._tokens[calendar], PROPERTIES))

    def create(self, calendar: str) -> Request:
        return self.put(calendar, new_event())

    def put(self, calendar: str, event: Event) -> Request:
        return Request("PUT", f"{self._path(calendar)}{event.id}.ics", event.as_ical(), ICAL)

    def _path(self, calendar: str) -> str:
        return f"{self.home}{calendar}/"

    def _report(self, calendar: str, body: str) -> Request:
        return Request("REPORT", self._path(calendar), body, XML)


class Radicale(CalDav):
    """Uses its faster cache, by date and size. Raises Missing."""

    home = "/company/"

    def __init__(self, scratch: Path) -> None:
        programs = installed(scratch, "radicale", "radicale")
        folder, settings = scratch / "radicale-data", scratch / "radicale.ini"
        command = [str(programs / "radicale"), "--config", str(settings)]
        super().__init__(Server(RADICALE, lambda port: command, scratch), folder)
        settings.write_text(RADICALE_SETTINGS.format(port=self.server.port, folder=folder))
        self.version = version(programs, "radicale")

    def __enter__(self) -> "Radicale":
        super().__enter__()
        if not (self.folder / "collection-root" / "company").exists():
            self.ask(Request("MKCOL", self.home))
        return self

    def _fill(self, calendar: str, events: list[Event]) -> None:
        # A calendar in one PUT becomes a collection of its events, named by their UIDs.
        self.ask(Request("PUT", self._path(calendar), calendar_of(events), ICAL))


class Xandikos(CalDav):
    """Answers a sync with tags only; a client would have to ask for the events. Raises Missing."""

    change_marker = "<ns0:response>"
    home = "/user/calendars/"

    def __init__(self, scratch: Path) -> None:
        self._python = installed(scratch, "xandikos", "xandikos") / "python"
        folder = scratch / "xandikos-data"
        command = [str(self._python.parent / "xandikos"), "serve", "--defaults", "-d", str(folder)]
        super().__init__(
            Server(XANDIKOS, lambda port: [*command, "-l", "127.0.0.1", "-p", str(port)], scratch), folder
        )
        self.version = version(self._python.parent, "xandikos")

    def changes(self, calendar: str) -> Request:
        tags = "<D:prop><D:getetag/></D:prop>"
        return self._report(calendar, SYNC.format(self._tokens[calendar], tags))

    def _fill(self, calendar: str, events: list[Event]) -> None:
        """Its calendars are git repositories: one commit makes all events; PUTs would take an hour."""
        self.make(calendar)
        folder = self.folder / urlsplit(self._path(calendar)).path.strip("/")
        for event in events:
            (folder / f"{event.id}.ics").write_bytes(event.as_ical().encode())
        command = [str(self._python), str(PROGRAMS / "commit.py"), str(folder)]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        if process.returncode:
            raise RuntimeError(f"{calendar} can't be filled: {process.stderr.strip()[-300:]}")
