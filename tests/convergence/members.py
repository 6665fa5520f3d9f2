"""The clients: plain ones as the desktop client is, and those that use cursors. Each holds its calendars.

What a client holds at the end is what it was sent; it never asks again unless its connection was lost.
"""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import aiohttp

from tests.convergence.findings import Findings
from tests.convergence.socketio_client import Connection, Lost

Event = dict[str, Any]
LIST = "*"
"""The list of departments, beside the departments themselves."""
KINDS = ("sync", "get", "cursor", "cursors")
"""Plain: joins, then asks by `sync_request` or by GET. With cursors: one join each, or all in one."""


class Member:
    """`calendars`: department → its events by id, as this client shows them; `listed`: the departments."""

    def __init__(
        self, name: str, url: str, transport: str, kind: str, departments: list[str], findings: Findings
    ) -> None:
        self.name, self.url, self.transport, self.kind = name, url, transport, kind
        self.departments = list(departments)
        self.curious = False
        self.findings = findings
        self.calendars: dict[str, dict[str, Event]] = {}
        self.listed: dict[str, Event] = {}
        self.cursors: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.arrivals: list[tuple[str, int, float]] = []
        self.ready = self.stopping = False
        self._connection: Connection | None = None
        # Live messages that wait while a GET is on its way, by department.
        self._held_back: dict[str, list[tuple[str, Any]]] = {}
        self._order: dict[str, int] = {}

    # Connections

    async def live(self) -> None:
        """Connects, again and again, until `stop`."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=4)) as http:
            while not self.stopping:
                try:
                    await self._connect(http)
                    assert self._connection is not None
                    assert self._connection.reader is not None
                    await asyncio.wait([self._connection.reader])
                except Lost:
                    pass
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
        self._connection = Connection(http, self.url, self.transport, self._on_message)
        await self._connection.open()
        await self._read(http, LIST, "/api/departments", "departments")
        if self.kind == "cursors":
            await self._join_together()
        for department in list(self.departments):
            await self.join(department, http)
        self.ready = True

    # Joining

    async def join(self, department: str, http: aiohttp.ClientSession) -> None:
        while department in self.departments and department not in self._order:
            payload: dict[str, Any] = {"department_id": department}
            if self.kind.startswith("cursor"):
                payload["cursor"] = self.cursors.get(department)
            if await self._ask("join_department", payload) and not self.kind.startswith("cursor"):
                await self._ask_for_events(department, http)

    async def _join_together(self) -> None:
        wanted = [{"department_id": one, "cursor": self.cursors.get(one)} for one in self.departments]
        assert self._connection is not None
        for answer in await self._connection.ask("join_department", {"departments": wanted}):
            self._take_refusal(answer)

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
            await self._read(http, department, f"/api/events/{department}", "events")
            return
        while department in self.departments and not await self._ask(
            "sync_request", {"department_id": department}
        ):
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
        if name == "joined_department":
            self._order[payload["department_id"]] = payload["revision"]
            if "events" in payload:
                self._take_snapshot(payload)
        elif name == "sync_response":
            self._take_snapshot(payload)
        elif name.startswith(("event_", "department_")):
            self.counts["deliveries"] += 1
            log = payload["department_id"] if name.startswith("event_") else LIST
            self._check_order(log, payload["revision"], name)
            if log in self._held_back:
                self._held_back[log].append((name, payload))
            else:
                self._apply(name, payload)

    def _check_order(self, log: str, revision: int, name: str) -> None:
        seen = self._order.get(log)
        self.arrivals.append((log, revision, time.monotonic()))
        if seen is None and log == LIST:
            self._order[log] = revision
            return
        where = f"{self.name} ({self.transport}, {self.kind}) got {name} {revision} of {log}"
        if seen is None:
            self.findings.add("not joined", where)
        elif revision == seen:
            self.findings.add("duplicated", f"{where} after {seen}")
        elif revision < seen:
            self.findings.add("out of order", f"{where} after {seen}")
        elif revision > seen + 1:
            self.findings.add("out of order", f"{where} after {seen}: a hole")
        self._order[log] = max(revision, seen or 0)

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

    def _apply_to_list(self, name: str, payload: dict[str, Any]) -> None:
        if name == "department_deleted":
            self.listed.pop(payload["id"], None)
            self._forget(payload["id"])
        else:
            self.listed[payload["id"]] = payload

    def _take_snapshot(self, payload: dict[str, Any]) -> None:
        department = payload["department_id"]
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
        else:
            self.calendars[log] = by_id

    def _forget(self, department: str) -> None:
        with suppress(ValueError):
            self.departments.remove(department)
        self.calendars.pop(department, None)
        self.cursors.pop(department, None)
