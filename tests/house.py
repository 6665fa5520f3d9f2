"""A calendar of its own for each test: fresh tables, and as many servers over them as the test wants.

house = House()
one, other = house.server(), house.server()      # two servers over the same tables
department = one.department("개발팀")
one.event(department, title="팀 회의")
"""

import itertools
import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from flask_socketio import SocketIOTestClient

from models import DynamoDBDatabase
from teamcal.calendar import Calendar
from teamcal.domain.changes import DEPARTMENTS, digest_of_all
from teamcal.domain.pulse import PULSE
from teamcal.factory import create_app, pulses_of
from teamcal.metrics import Counters
from teamcal.settings import Settings, StorageSettings
from teamcal.storage.change_rows import change_of
from teamcal.storage.codec import from_item, to_item
from teamcal.sync.ports import Notices
from teamcal.sync.replicas import Replicas
from teamcal.sync.watcher import Watcher
from tests import guests
from tests.engine import Fault, client

ATTEMPTS = 20
"""A patient client's for one request, each of which ends within 8 s."""
GONE = (404, 410)
"""Statuses of a deletion that an earlier attempt has done."""
_numbers = itertools.count()


def right_now() -> datetime:
    return datetime.now(UTC)


class Server:
    """One server in the test's process: `http` is a Flask test client, `calendar` its use cases."""

    def __init__(
        self,
        settings: Settings,
        database: DynamoDBDatabase,
        now: Callable[[], datetime],
        notices: Notices | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database, self.counters = database, Counters()
        self.clock, self.pulses = clock, pulses_of(settings, database, self.counters, clock)
        self.app, self.socketio = create_app(
            *(settings, database),
            now=now,
            watch=False,
            metrics=self.counters,
            notices=notices,
            pulses=self.pulses,
        )
        self.calendar: Calendar = self.app.extensions["calendar"]
        self.replicas: Replicas = self.app.extensions["replicas"]

    def watcher(
        self,
        interval: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
        pulses: bool = False,
        spawn: Callable[[Callable[[], None]], object] = lambda task: task(),
    ) -> Watcher:
        """The server's watcher, which the tests run themselves."""
        watched = self.pulses if pulses else None
        return Watcher(self.replicas, self.purge, interval, sleep, spawn, watched, self.clock)

    def purge(self) -> None:
        """Removes the events of deleted departments, as the timer does."""
        self.calendar.departments.purge()

    @property
    def http(self) -> Any:
        return self.app.test_client()

    def department(self, name: str = "개발팀") -> str:
        answer = self.http.post("/api/departments", json={"name": name})
        assert answer.status_code == 201, answer.text
        return answer.json["department"]["id"]

    def event(self, department_id: str, **fields: Any) -> dict[str, Any]:
        body = {"event_date": "2024-01-20", "title": "팀 회의", **fields}
        answer = self.http.post(f"/api/events/{department_id}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json["event"]

    def events(self, department_id: str) -> list[dict[str, Any]]:
        answer = self.http.get(f"/api/events/{department_id}")
        assert answer.status_code == 200, answer.text
        return answer.json["events"]

    def member(self, *department_ids: str, auth: dict[str, Any] | None = None, **headers: str) -> "Member":
        member = Member(self, headers, auth)
        for department_id in department_ids:
            assert member.ask("join_department", {"department_id": department_id})["revision"] >= 0
        if department_ids:
            member.heard()
        return member


class Member:
    """A Socket.IO client of one server."""

    def __init__(
        self, server: Server, headers: dict[str, str], auth: dict[str, Any] | None = None, http: Any = None
    ) -> None:
        """`http`: a Flask test client from whose address it connects."""
        if guests.CALLERS_ARE_GUESTS and http is None:
            http = server.http
        self.client: SocketIOTestClient = server.socketio.test_client(
            server.app, headers=headers, auth=auth, flask_test_client=http
        )

    def ask(self, name: str, *payload: Any) -> Any:
        """The acknowledgement."""
        return self.client.emit(name, *payload, callback=True)

    def say(self, name: str, *payload: Any) -> None:
        self.client.emit(name, *payload)

    def heard(self) -> list[tuple[str, Any]]:
        """(name, payload) of what came since the last call."""
        return [(one["name"], one["args"][0]) for one in self.client.get_received()]


def patiently(send: Callable[[], Any]) -> Any:
    """Returns the first answer of `send()` that isn't 503.

    On a slow machine a request may meet its deadline; 503 says so, and the request may have been applied.
    """
    for _ in range(ATTEMPTS):
        answer = send()
        if answer.status_code != 503:
            return answer
    raise AssertionError(f"{ATTEMPTS} times 503: {answer.text}")


class PatientClient:
    """A REST client that sends a request again after 503. The ids of its events are its own, so that a
    repeated create is the same event.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def create(self, department_id: str, **fields: Any) -> dict[str, Any]:
        body = {"id": str(uuid.uuid4()), "event_date": "2024-01-20", "title": "팀 회의", **fields}
        answer = self._send("POST", f"/api/events/{department_id}", body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json["event"]

    def update(self, event_id: str, **fields: Any) -> dict[str, Any]:
        answer = self._send("PUT", f"/api/events/{event_id}", fields)
        assert answer.status_code == 200, answer.text
        return answer.json["event"]

    def delete(self, event_id: str) -> None:
        answer = self._send("DELETE", f"/api/events/{event_id}")
        assert answer.status_code in (200, *GONE), answer.text

    def batch(self, department_id: str, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Returns the results, all of which are successes. Creates must have ids."""
        results: dict[int, dict[str, Any]] = {}
        for _ in range(ATTEMPTS):
            left = [number for number in range(len(operations)) if number not in results]
            body = {"operations": [operations[number] for number in left]}
            answer = self._send("POST", f"/api/events/{department_id}/batch", body)
            assert answer.status_code == 200, answer.text
            newest = dict(zip(left, answer.json["results"], strict=True))
            results |= {number: result for number, result in newest.items() if result["status"] != 503}
            if len(results) == len(operations):
                break
        for number, operation in enumerate(operations):
            expected = (200, 201, *GONE) if operation["op"] == "delete" else (200, 201)
            assert results[number]["status"] in expected, results[number]
        return [results[number] for number in range(len(operations))]

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        return patiently(lambda: self._server.http.open(path, method=method, json=body))


class House:
    """Four tables, and servers over them."""

    def __init__(self) -> None:
        number = f"{next(_numbers)}-{uuid.uuid4().hex[:6]}"
        self.storage = StorageSettings(
            departments_table=f"departments-{number}",
            events_table=f"events-{number}",
            changes_table=f"changes-{number}",
            access_table=f"access-{number}",
        )
        self.plain = client()
        DynamoDBDatabase(self.storage, self.plain).create_tables()

    def database(self, client_: Any = None, now: Callable[[], datetime] = right_now) -> DynamoDBDatabase:
        return DynamoDBDatabase(self.storage, client_ or self.plain, now)

    def server(
        self,
        before: Fault | None = None,
        after: Fault | None = None,
        calls: list[str] | None = None,
        now: Callable[[], datetime] = right_now,
        notices: Notices | None = None,
        clock: Callable[[], float] = time.monotonic,
        **settings: Any,
    ) -> Server:
        settings.setdefault("direct_broadcast", os.environ.get("DIRECT_BROADCAST") != "off")
        settings.setdefault("fast_path", os.environ.get("FAST_PATH") != "off")
        settings.setdefault("cors_origins", tuple(os.environ.get("CORS_ORIGINS", "*").split(",")))
        as_guests = guests.CALLERS_ARE_GUESTS and "token_mode" not in settings
        if as_guests:
            settings = guests.SETTINGS | settings
        made = Settings(self.storage, "only-the-tests-know-it", **settings)
        server = Server(made, self.database(client(before, after, calls), now), now, notices, clock)
        if as_guests:
            server.app.test_client_class = guests.GuestClient
            server.app.extensions["administrator"] = lambda: self.administrators_token
        return server

    @cached_property
    def administrators_token(self) -> str:
        """Of a real administrator, made by a server of its own."""
        return guests.administrators_token(self.server(token_mode=True).calendar)

    def put_department(self, **item: Any) -> None:
        """Straight into the table, as an older server or a person would."""
        self.plain.put_item(TableName=self.storage.departments_table, Item=to_item(item))

    def put_event(self, **item: Any) -> None:
        self.plain.put_item(TableName=self.storage.events_table, Item=to_item(item))

    def items(self, table: str) -> list[dict[str, Any]]:
        pages = self.plain.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [from_item(item) for page in pages for item in page["Items"]]

    def stored_event(self, event_id: str) -> dict[str, Any]:
        (found,) = [item for item in self.items(self.storage.events_table) if item["id"] == event_id]
        return found

    def stored_department(self, department_id: str) -> dict[str, Any]:
        (found,) = [
            item for item in self.items(self.storage.departments_table) if item["id"] == department_id
        ]
        return found

    def dump(self) -> str:
        """Everything in the tables but pulses, in an order that doesn't depend on the engine."""
        names = self.storage.tables
        tables = ([item for item in self.items(name) if item.get("department_id") != PULSE] for name in names)
        return "\n".join(line for items in tables for line in sorted(map(_as_text, items)))

    def must_be_sound(self, department_id: str) -> None:
        """Revisions have no hole, each change names the one before it, the head's digest is right."""
        rows = [
            row for row in self.items(self.storage.changes_table) if row["department_id"] == department_id
        ]
        head, *rows = sorted(rows, key=lambda row: row["revision"])
        changes = [change_of(row) for row in rows]
        assert [change.revision for change in changes] == list(range(1, head["head"] + 1))
        assert [change.previous for change in changes] == ["", *(one.change_id for one in changes[:-1])]
        assert head["change_id"] == changes[-1].change_id
        if department_id == DEPARTMENTS:
            live = self.items(self.storage.departments_table)
        else:
            events = self.items(self.storage.events_table)
            live = [one for one in events if one["department_id"] == department_id and not one.get("deleted")]
        assert head["digest"] == digest_of_all(live)


def _as_text(item: dict[str, Any]) -> str:
    return json.dumps(
        item,
        sort_keys=True,
        ensure_ascii=False,
        default=lambda value: sorted(value) if isinstance(value, set) else repr(value),
    )


def together(*jobs: Callable[[], Any], errors: bool = False) -> list[Any]:
    """Returns what the jobs return, each run in a thread of its own, all at once.

    When all have ended, raises the exception of the first job that failed. With `errors` the caller expects
    some to fail: an exception is the job's result.
    """
    results: list[Any] = [None] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def run(number: int) -> None:
        gate.wait()
        try:
            results[number] = jobs[number]()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not errors:
        for result in results:
            if isinstance(result, Exception):
                raise result
    return results


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Returns the first result of `condition()` that is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"the condition didn't hold within {seconds} s"
        time.sleep(0.005)
    return result
