"""Kinto on its memory backend, without authentication, served by its own `kinto start` (waitress).

gunicorn was no faster: with sync and gthread workers, lists and writes were within 20 % of waitress.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.calendar_servers import BATCH, JSON, CalendarApi
from benchmarks.http_clients import Request
from benchmarks.peers.packages import installed, version
from benchmarks.sample_calendars import MONTH, Event, dumps, new_event
from benchmarks.servers import Server

KINTO = "Kinto"
BUCKET = "/v1/buckets/company"
SETTINGS = """\
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = benchmark
multiauth.policies = basicauth
kinto.bucket_create_principals = system.Everyone
kinto.bucket_write_principals = system.Everyone
kinto.batch_max_requests = {batch}
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = ERROR
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = ERROR
formatter = plain
[formatter_plain]
"""


class Kinto(CalendarApi):
    """A calendar is a collection. Raises Missing."""

    marker = change_marker = '"event_date"'

    def __init__(self, scratch: Path) -> None:
        programs = installed(scratch, "kinto", "kinto")
        settings = scratch / "kinto.ini"
        super().__init__(
            Server(KINTO, lambda port: [str(programs / "kinto"), "start", "--ini", str(settings)], scratch)
        )
        settings.write_text(SETTINGS.format(port=self.server.port, batch=BATCH))
        self.server.ready_path = "/v1/"
        self.version = f"{version(programs, 'kinto')}, waitress {version(programs, 'waitress')}"
        self._marks: dict[str, str] = {}

    def __enter__(self) -> "Kinto":
        super().__enter__()
        self.ask(Request("PUT", BUCKET, "{}", JSON))
        return self

    def make(self, calendar: str) -> None:
        self.ask(Request("PUT", f"{BUCKET}/collections/{calendar}", "{}", JSON))

    def fill(self, calendar: str, events: list[Event]) -> None:
        self.make(calendar)
        for start in range(0, len(events), BATCH):
            puts = [self.put(calendar, event) for event in events[start : start + BATCH]]
            operations = [f'{{"method":"PUT","path":"{put.path}","body":{put.body}}}' for put in puts]
            answer = self.ask(Request("POST", "/v1/batch", f'{{"requests":[{",".join(operations)}]}}', JSON))
            if answer[1].count('"status":201') != len(puts):
                raise RuntimeError(f"{calendar} can't be filled: {answer[1][:300]}")

    def drop(self, calendar: str) -> None:
        self.ask(Request("DELETE", f"{BUCKET}/collections/{calendar}"))

    def remember(self, calendar: str) -> None:
        self._marks[calendar] = self._etag(calendar)

    def everything(self, calendar: str) -> Request:
        return Request("GET", self._path(calendar))

    def month(self, calendar: str) -> Request:
        first, last = MONTH
        return Request("GET", f"{self._path(calendar)}?min_event_date={first}&max_event_date={last}")

    def unchanged(self, calendar: str) -> Request:
        return Request("GET", self._path(calendar), headers={"If-None-Match": self._etag(calendar)})

    def changes(self, calendar: str) -> Request:
        return Request("GET", f"{self._path(calendar)}?_since={quote(self._marks[calendar])}")

    def create(self, calendar: str) -> Request:
        return self.put(calendar, new_event())

    def put(self, calendar: str, event: Event) -> Request:
        data: dict[str, Any] = event.as_json()
        record = data.pop("id")
        return Request("PUT", f"{self._path(calendar)}/{record}", dumps({"data": data}), JSON)

    def _path(self, calendar: str) -> str:
        return f"{BUCKET}/collections/{calendar}/records"

    def _etag(self, calendar: str) -> str:
        return self.ask(self.everything(calendar))[0]["etag"]
