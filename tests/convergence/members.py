"""The clients: plain ones as the desktop client is, and those that use cursors. Each holds its calendars.

What a client holds at the end is what it was sent; it never asks again unless its connection was lost. Those
that don't know series see their occurrences as events.
"""

import asyncio
import random
import time
import uuid
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import aiohttp

from teamcal.domain.cursor import Cursor, cursor_from
from teamcal.domain.occurrences import occurrence_id_from
from tests.convergence.findings import Findings
from tests.convergence.plain_stream import Connected, Entry, Full, Live, Part, Streams
from tests.convergence.socketio_client import Connection, Lost, WrongHandshake

Event = dict[str, Any]
LIST = "*"
"""The list of departments, beside the departments themselves."""
KINDS = ("sync", "get", "cursor", "cursors")
"""Plain: joins, then asks by `sync_request` or by GET. With cursors: one join each, or all in one."""


SPOILED = 0.1
"""Share of the joins whose cursor is none that the server could have given."""


class Member:
    """`calendars`: department → its events by id, as this client shows them; `listed`: the departments.

    `urls`: each connection is to one of these servers. `series`: it knows series.
    """

    def __init__(
        self, name: str, urls: Sequence[str], transport: str, kind: str, departments: list[str],
        findings: Findings, series: bool = False,
    ) -> None:  # fmt: skip
        self.name, self.urls, self.url = name, urls, urls[0]
        self.transport, self.kind, self.series = transport, kind, series
        self.streams: Streams = {}
        """What it was sent, if it doesn't know series."""
        self.cut = 0.0
        """Share of the messages about occurrences after which it is cut off, often within a burst."""
        self.revisions_may_fall = False
        """The tables are restored."""
        self._highest: dict[str, int] = {}
        self._asked_since: dict[str, str] = {}
        self.departments = list(departments)
        self.curious_about = ""
        """Name of a department that this client joins whenever it is there."""
        self.findings = findings
        self.calendars: dict[str, dict[str, Event]] = {}
        self.listed: dict[str, Event] = {}
        self.cursors: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.arrivals: list[tuple[str, int, float]] = []
        self.ready = self.stopping = False
        self._connection: Connection | None = None
        self._http: aiohttp.ClientSession | None = None
        self._forgotten: set[str] = set()
        self._joining: set[asyncio.Task[None]] = set()
        # Live messages that wait while a GET is on its way, by department.
        self._held_back: dict[str, list[tuple[str, Any]]] = {}
        self._order: dict[str, int] = {}
        self._traces: dict[str, deque[str]] = {}
        # Departments that were asked for with a cursor that nobody gave.
        self._spoiled: set[str] = set()

    # Connections

    async def live(self) -> None:
        """Connects, again and again, until `stop`."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=4)) as http:
            self._http = http
            while not self.stopping:
                try:
                    await self._connect(http)
                    assert self._connection is not None
                    assert self._connection.reader is not None
                    await asyncio.wait([self._connection.reader])
                except WrongHandshake as error:
                    self.findings.add("wrong handshake", f"{self.name}: {error}")
                except Lost as error:
                    self.counts["answers not waited for"] += isinstance(error, TimeoutError)
                finally:
                    self.ready = False
                    if self._connection is not None:
                        await self._connection.close()
                self.counts["connections lost"] += not self.stopping
                await asyncio.sleep(random.uniform(0.1, 0.6))

    async def drop(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def stop(self) -> None:
        self.stopping = True
        await self.drop()

    async def _connect(self, http: aiohttp.ClientSession) -> None:
        self._order, self._held_back = {}, {}
        self._spoiled.clear()
        self._forgotten.clear()
        self.url = random.choice(self.urls)
        for entries in self.streams.values():
            entries.append(Connected())
        self._connection = Connection(http, self.url, self.transport, self._on_message)
        await self._connection.open()
        await self._read(http, LIST, "/api/departments", "departments")
        if self.kind == "cursors":
            await self._join_together()
        # One that is created meanwhile is joined as well.
        while missing := [one for one in self.departments if one not in self._order]:
            await self.join(missing[0], http)
        self.ready = True

    # Joining

    async def join(self, department: str, http: aiohttp.ClientSession) -> None:
        while department in self.departments and department not in self._order:
            payload = self._about(department)
            if self.kind.startswith("cursor"):
                payload["cursor"] = self._cursor(department)
            if await self._ask("join_department", payload) and not self.kind.startswith("cursor"):
                await self._ask_for_events(department, http)

    async def _join_together(self) -> None:
        wanted = [self._about(one) | {"cursor": self._cursor(one)} for one in self.departments]
        assert self._connection is not None
        answers = await self._connection.ask("join_department", {"departments": wanted})
        for answer in answers if isinstance(answers, list) else [answers]:
            self._take_refusal(answer)

    def _about(self, department: str) -> dict[str, Any]:
        """A client that doesn't know series says nothing of them."""
        return {"department_id": department} | ({"series": True} if self.series else {})

    def _cursor(self, department: str) -> str | None:
        """The cursor that this client has; now and then one of a history that was forgotten or never was."""
        cursor = self.cursors.get(department)
        if cursor is None or random.random() > SPOILED:
            self._spoiled.discard(department)
            self._asked_since[department] = cursor or ""
            return cursor
        self._spoiled.add(department)
        self.counts["cursors spoiled"] += 1
        revision = random.choice((1, cursor_from(cursor).revision, 10**9))
        return random.choice((Cursor(department, revision, str(uuid.uuid4())).text, "x", cursor[:-4]))

    async def _ask(self, name: str, payload: dict[str, Any]) -> bool:
        assert self._connection is not None
        answer = await self._connection.ask(name, payload)
        if answer.get("success") is not False:
            return True
        if answer["code"] == "department_not_found":
            self._forget(payload["department_id"])
        else:
            await asyncio.sleep(random.uniform(0.1, 0.5))
        return False

    def _take_refusal(self, answer: dict[str, Any]) -> None:
        # Which department it is about isn't said; whoever isn't in is joined one by one.
        self.counts["joins refused"] += answer.get("success") is False

    async def _ask_for_events(self, department: str, http: aiohttp.ClientSession) -> None:
        if self.kind == "get":
            query = "?series=true" if self.series else ""
            await self._read(http, department, f"/api/events/{department}{query}", "events")
            return
        while department in self.departments and not await self._ask("sync_request", self._about(department)):
            pass

    async def _read(self, http: aiohttp.ClientSession, log: str, path: str, key: str) -> None:
        """By GET; what arrives meanwhile is applied afterwards, so that the answer can't undo it."""
        self._held_back[log] = []
        while True:
            async with http.get(self.url + path, timeout=aiohttp.ClientTimeout(12)) as answer:
                body = await answer.json()
            if answer.status == 200:
                self._replace(log, body[key])
                break
            if answer.status == 404:
                self._forget(log)
                break
            await asyncio.sleep(0.3)
        for name, payload in self._held_back.pop(log, []):
            self._apply(name, payload)

    # Messages

    def _on_message(self, name: str, payload: Any) -> None:
        self.counts["messages"] += 1
        if name in ("joined_department", "sync_response"):
            self._trace(payload["department_id"], f"{name} {payload['revision']}")
            self._require_no_older(payload["department_id"], payload["revision"])
            self._note_answer(payload)
        if name == "joined_department":
            self._order[payload["department_id"]] = payload["revision"]
            if "events" in payload:
                self._take_snapshot(payload)
        elif name == "sync_response":
            self._take_snapshot(payload)
        elif name.startswith("event_") and self._has_gone(payload["department_id"]):
            pass  # it lives again, and this client, which never left, hasn't asked for it yet
        elif name.startswith(("event_", "department_")):
            self.counts["deliveries"] += 1
            log = payload["department_id"] if name.startswith("event_") else LIST
            self._check_order(log, payload["revision"], name)
            if log in self._held_back:
                self._held_back[log].append((name, payload))
            else:
                self._apply(name, payload)
            if name.startswith("event_") and not self.series:
                self._note_message(name, payload)

    def _has_gone(self, department: str) -> bool:
        return department in self._forgotten and department not in self._order

    def _trace(self, log: str, text: str) -> None:
        """Keeps what came last: with it a hole can be told from a join that went wrong."""
        self._traces.setdefault(log, deque(maxlen=8)).append(f"{time.time() % 1000:.2f} {text}")

    def _check_order(self, log: str, revision: int, name: str) -> None:
        seen, is_plain = self._order.get(log), not self.series and log != LIST
        self._trace(log, f"{name} {revision}")
        if log != LIST:  # which nobody joins: who comes may hear of what its GET will have
            self._require_no_older(log, revision)
        self.arrivals.append((log, revision, time.monotonic()))
        if seen is None and log == LIST:
            self._order[log] = revision
            return
        where = f"{self.name} ({self.transport}, {self.kind}) got {name} {revision} of {log}"
        if seen is not None and revision != seen + 1 and not (is_plain and revision >= seen):
            where += f" [{'; '.join(self._traces[log])}]"
        if seen is None:
            self.findings.add("not joined", where)
        elif is_plain and revision >= seen:
            pass  # plain_stream.py looks at what came
        elif revision == seen:
            self.findings.add("duplicated", f"{where} after {seen}")
        elif revision < seen:
            self.findings.add("out of order", f"{where} after {seen}")
        elif revision > seen + 1:
            self.findings.add("out of order", f"{where} after {seen}: a hole")
        self._order[log] = max(revision, seen or 0)

    def _require_no_older(self, log: str, revision: int) -> None:
        highest = self._highest.get(log, 0)
        if revision < highest and not self.revisions_may_fall:
            self.findings.add("revision decreased", f"{self.name} got {revision} of {log} after {highest}")
        self._highest[log] = max(revision, highest)

    # What a client that doesn't know series was sent

    def _note_answer(self, payload: dict[str, Any]) -> None:
        if self.series or ("events" not in payload and "full" in payload):
            return  # the calendar comes with the acknowledgement
        department, at = payload["department_id"], cursor_from(payload["cursor"])
        entry: Entry = Full(at)
        if not payload.get("full", True):
            entry = Part(cursor_from(self._asked_since[department]), at)
        self.streams.setdefault(department, []).append(entry)

    def _note_message(self, name: str, payload: dict[str, Any]) -> None:
        """Raises ConnectionError if this client is to be cut off here."""
        live = Live(payload["revision"], name, payload["id"], cursor_from(payload["cursor"]))
        self.streams.setdefault(payload["department_id"], []).append(live)
        if occurrence_id_from(live.event_id) is not None and random.random() < self.cut:
            raise ConnectionError("cut off")

    def _apply(self, name: str, payload: dict[str, Any]) -> None:
        payload = dict(payload)
        cursor = payload.pop("cursor")
        if name.startswith("department_"):
            payload.pop("revision")
            self._apply_to_list(name, payload)
            return
        department = payload["department_id"]
        calendar = self.calendars.setdefault(department, {})
        self.cursors[department] = cursor
        if name == "event_deleted":
            calendar.pop(payload["id"], None)
        else:
            calendar[payload["id"]] = payload

    def _be_curious(self, department: Event) -> None:
        """Joins a department that has just been created, as a client does whose user opens it."""
        if department["name"] != self.curious_about or department["id"] in self.departments:
            return
        self.departments.append(department["id"])
        if self.ready and self._http is not None:
            task = asyncio.create_task(self._join_later(department["id"], self._http))
            self._joining.add(task)
            task.add_done_callback(self._joining.discard)

    async def _join_later(self, department: str, http: aiohttp.ClientSession) -> None:
        with suppress(*Lost):  # then it is joined with the others, at the next connection
            await self.join(department, http)

    def _apply_to_list(self, name: str, payload: dict[str, Any]) -> None:
        if name == "department_deleted":
            self.listed.pop(payload["id"], None)
            self._forget(payload["id"])
        else:
            self.listed[payload["id"]] = payload
            self._be_curious(payload)

    def _take_snapshot(self, payload: dict[str, Any]) -> None:
        department = payload["department_id"]
        if department in self._spoiled:
            self._spoiled.discard(department)
            if not payload["full"]:
                self.findings.add("wrong cursor taken", f"{self.name} {department}")
        if payload["full"]:
            self._replace(department, payload["events"])
        else:
            self.counts["caught up by cursor"] += 1
            calendar = self.calendars.setdefault(department, {})
            calendar.update({event["id"]: event for event in payload["events"]})
            for event_id in payload["deleted"]:
                calendar.pop(event_id, None)
        self.cursors[department] = payload["cursor"]

    def _replace(self, log: str, records: list[dict[str, Any]]) -> None:
        by_id = {record["id"]: record for record in records}
        if log == LIST:
            self.listed = by_id
            for department in records:
                self._be_curious(department)
        else:
            self.calendars[log] = by_id

    def _forget(self, department: str) -> None:
        with suppress(ValueError):
            self.departments.remove(department)
        self._order.pop(department, None)
        self._forgotten.add(department)
        self.calendars.pop(department, None)
        self.cursors.pop(department, None)
        self.streams.pop(department, None)
