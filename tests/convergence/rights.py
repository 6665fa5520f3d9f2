"""Rights that change all the time, over three servers: who has none hears nothing, and nobody else misses
anything.

Departments are private. For each of them somebody gives and takes roles without a pause, while others write
to it through all servers. Every user has clients at all servers, which join what they see and do as they are
told: leave with `department_deleted`, join with `department_created`.
"""

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from tests.convergence.cluster import Cluster
from tests.convergence.findings import Findings
from tests.convergence.socketio_client import Connection, Lost

NAMES = ("개발팀", "마케팅팀", "영업팀")
NEVER = float("inf")
HEARD_IN = {True: 0.3, False: 2.0}
"""Seconds after which the other servers have heard of a revocation: with Redis, and by the pulse."""
QUIET_SECONDS = 3.0


@dataclass
class Plan:
    """`redis`: is there one? `drops`: do clients lose their connections?"""

    seconds: float = 15.0
    redis: bool = True
    users: int = 4
    writers: int = 6
    drops: bool = True
    broken: str = ""


class Hidden(NamedTuple):
    """`server` acknowledged at `since` that a user lost sight; from `until` on somebody gave it back."""

    server: int
    since: float
    until: float


@dataclass
class Office:
    """What was done when, as those who asked for it know it. Times are time.monotonic()."""

    roles: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    hidden: dict[tuple[str, str], list[Hidden]] = field(default_factory=lambda: defaultdict(list))
    written: dict[tuple[str, int], float] = field(default_factory=dict)
    """When the write began that became this revision of the department."""

    def hide(self, user: str, department: str, server: int) -> None:
        self.hidden[user, department].append(Hidden(server, time.monotonic(), NEVER))

    def show(self, user: str, department: str) -> None:
        times = self.hidden[user, department]
        if times and times[-1].until == NEVER:
            times[-1] = times[-1]._replace(until=time.monotonic())

    def is_hidden(self, user: str, department: str) -> bool:
        times = self.hidden[user, department]
        return bool(times) and times[-1].until == NEVER


class Heard(NamedTuple):
    department: str
    revision: int
    at: float
    asked_at: float
    """When a snapshot was asked for; 0 for a live message."""


class Client:
    """A user's client at one server. `calendars`: department → texts of its events by id."""

    def __init__(self, user: dict[str, str], server: int, url: str, transport: str, run: "RightsRun") -> None:
        self.user, self.server, self.url, self.transport, self.run = user, server, url, transport, run
        self.name = f"{user['id'][:8]} at {server} ({transport})"
        self.calendars: dict[str, dict[str, str]] = {}
        self.at: dict[str, int] = {}
        """Revision of each department whose room the client is in."""
        self.cursors: dict[str, str] = {}
        self.heard: list[Heard] = []
        self.stopping = self._is_open = False
        self.revocations = 0
        self._asked_at: dict[str, float] = {}
        self.trace: deque[str] = deque(maxlen=12)
        self._connection: Connection | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def live(self) -> None:
        async with aiohttp.ClientSession() as http:
            while not self.stopping:
                self.at.clear()
                self._note("connects", "")
                with suppress(*Lost):
                    auth = {"token": self.user["token"]}
                    on = self._on_message
                    self._connection = Connection(http, self.url, self.transport, on, auth)
                    await self._connection.open()
                    self._is_open = True
                    for department in self.run.departments:
                        await self._join(department)
                    assert self._connection.reader is not None
                    await asyncio.wait([self._connection.reader])
                self._is_open = False
                if self._connection is not None:
                    await self._connection.close()
                await asyncio.sleep(0.2)

    async def drop(self) -> None:
        if self._connection is not None and self._is_open:
            await self._connection.close()

    def _note(self, text: str, department: str) -> None:
        self.trace.append(f"{time.monotonic() % 1000:.2f} {text} {department[:4]}")

    async def _join(self, department: str) -> None:
        connection = self._connection
        assert connection is not None
        self._asked_at[department] = time.monotonic()
        payload = {"department_id": department, "cursor": self.cursors.get(department)}
        self._note("asks", department)
        answer = await connection.ask("join_department", payload)
        self._note(f"is answered {answer.get('code', 'joined')}", department)
        if answer.get("success") is False and answer["code"] != "department_not_found":
            self.run.findings.add("refused", f"{self.name}: {answer['code']}")

    def _join_later(self, department: str) -> None:
        async def join() -> None:
            with suppress(*Lost):
                await self._join(department)

        task = asyncio.create_task(join())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_message(self, name: str, payload: Any) -> None:
        if name == "joined_department" and "events" in payload:
            self._take_snapshot(payload)
        elif name.startswith("event_"):
            self._take(name, payload)
        elif name == "department_deleted":
            self._note(name, payload["id"])
            self.at.pop(payload["id"], None)
            self.revocations += 1
        elif name == "department_created":
            self._note(name, payload["id"])
            self._join_later(payload["id"])
        elif name == "error" and payload["code"] != "department_not_found":
            self.run.findings.add("refused", f"{self.name}: {payload['code']}")

    def _take_snapshot(self, answer: dict[str, Any]) -> None:
        department = answer["department_id"]
        asked_at = self._asked_at[department]
        self.heard.append(Heard(department, answer["revision"], time.monotonic(), asked_at))
        calendar = {} if answer["full"] else self.calendars.setdefault(department, {})
        for event in answer["events"]:
            calendar[event["id"]] = event["description"]
        for event_id in answer.get("deleted", ()):
            calendar.pop(event_id, None)
        self.calendars[department] = calendar
        self.at[department], self.cursors[department] = answer["revision"], answer["cursor"]

    def _take(self, name: str, event: dict[str, Any]) -> None:
        department, revision = event["department_id"], event["revision"]
        self.heard.append(Heard(department, revision, time.monotonic(), 0))
        seen = self.at.get(department)
        if seen is None:
            self.run.findings.add("leaked", f"{self.name} got {name} {revision} and isn't in {department}")
            return
        if revision != seen + 1:
            kind = "duplicated" if revision <= seen else "lost"
            self.run.findings.add(kind, f"{self.name} got {revision} of {department} after {seen}")
        self.at[department], self.cursors[department] = revision, event["cursor"]
        if name == "event_deleted":
            self.calendars[department].pop(event["id"], None)
        else:
            self.calendars[department][event["id"]] = event["description"]


@dataclass
class Report:
    """`late`: seconds from an acknowledged revocation to the beginning of the last write that the revoked
    heard of, the longest: at the server that acknowledged it, and at the others.
    """

    findings: Findings
    written: int
    heard: int
    revocations: int
    told: int
    late: tuple[float, float]
    stall: float

    def summary(self) -> str:
        own, others = self.late
        counts = self.findings.counts
        return (
            f"{self.written} changes, {self.heard} heard, {self.revocations} revocations ({self.told} told), "
            f"late {own:.3f} s at the same server, {others:.3f} s at others (stalled {self.stall:.2f} s): "
            + ", ".join(f"{counts[kind]} {kind}" for kind in ("lost", "duplicated", "leaked"))
        )


class RightsRun:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        settings = {"AUTH_MODE": "token", "REQUESTS_PER_MINUTE": "1000000"}
        self.cluster = Cluster(folder, plan.redis, 1.0, plan.broken, **settings)
        self.findings, self.office = Findings(), Office()
        self.departments: list[str] = []
        self.clients: list[Client] = []
        self._revocations, self._stall = 0, 0.0
        self._headers: dict[str, str] = {}
        self._stop = asyncio.Event()

    async def go(self) -> Report:
        try:
            await asyncio.to_thread(self.cluster.start)
            people = await asyncio.to_thread(self.cluster.office, self.plan.users, NAMES)
            self.departments = people["departments"]
            self._headers = {"Authorization": f"Bearer {people['administrator']['token']}"}
            async with aiohttp.ClientSession(headers=self._headers) as http:
                await self._live(http, people["users"])
        finally:
            await asyncio.to_thread(self.cluster.stop)
        for log, traces in self.cluster.warnings().items():
            self.findings.add("stack traces", f"{traces} in {log}")
        heard = [one for client in self.clients for one in client.heard]
        told = sum(client.revocations for client in self.clients)
        late = self._late(lambda own: own), self._late(lambda own: not own)
        return Report(
            self.findings, len(self.office.written), len(heard), self._revocations, told, late, self._stall
        )

    async def _live(self, http: aiohttp.ClientSession, users: list[dict[str, str]]) -> None:
        for department in self.departments:
            for user in users:
                self.office.hidden[user["id"], department].append(Hidden(0, time.monotonic(), NEVER))
        for number, url in enumerate(self.cluster.urls):
            for index, user in enumerate(users):
                transport = "polling" if (number + index) % 3 == 2 else "websocket"
                self.clients.append(Client(user, number, url, transport, self))
        living = [asyncio.create_task(client.live()) for client in self.clients]
        stalls = asyncio.create_task(self._measure_stalls())
        try:
            tasks = [self._write(http) for _ in range(self.plan.writers)]
            tasks += [self._give_and_take(http, department, users) for department in self.departments]
            tasks += [self._drop()] if self.plan.drops else []
            work = [asyncio.create_task(task) for task in tasks]
            await asyncio.sleep(self.plan.seconds)
            self._stop.set()
            await asyncio.gather(*work)
            await asyncio.sleep(QUIET_SECONDS + 5 * self._stall)
            await self._check_calendars(http)
            self._check_leaks()
        finally:
            stalls.cancel()
            for client in self.clients:
                client.stopping = True
                await client.drop()
            await asyncio.gather(*living)

    # What happens

    async def _ask(self, http: aiohttp.ClientSession, server: int, method: str, path: str, body: Any) -> Any:
        """Returns the answer; None when it isn't known whether it was done."""
        with suppress(*Lost):
            url = self.cluster.urls[server] + path
            async with http.request(method, url, json=body, timeout=aiohttp.ClientTimeout(12)) as answer:
                return await answer.json() if answer.status < 300 else None
        return None

    async def _write(self, http: aiohttp.ClientSession) -> None:
        number = 0
        events: list[str] = []
        while not self._stop.is_set():
            number += 1
            department, server = random.choice(self.departments), random.randrange(3)
            fields = {"event_date": "2024-01-20", "title": "팀 회의", "description": f"글 {number}"}
            began = time.monotonic()
            if events and number % 3 == 0:
                path, method = f"/api/events/{random.choice(events)}", "PUT"
            else:
                path, method = f"/api/events/{department}", "POST"
            answer = await self._ask(http, server, method, path, fields)
            if answer is not None:
                event = answer["event"]
                self.office.written[event["department_id"], event["revision"]] = began
                events = [*events[-20:], event["id"]]
            await asyncio.sleep(random.uniform(0, 0.05))

    async def _give_and_take(
        self, http: aiohttp.ClientSession, department: str, users: list[dict[str, str]]
    ) -> None:
        """Takes somebody's role, or gives one; now and then everybody's at once."""
        roles = self.office.roles[department]
        while not self._stop.is_set():
            chosen = users if random.random() < 0.15 else [random.choice(users)]
            gives = any(self.office.is_hidden(user["id"], department) for user in chosen)
            server = random.randrange(3)
            for user in chosen:
                if gives:
                    self.office.show(user["id"], department)
                    roles[user["id"]] = random.choice(("viewer", "editor", "manager"))
                else:
                    del roles[user["id"]]
            path = f"/api/departments/{department}/access"
            while await self._ask(http, server, "PUT", path, {"roles": roles}) is None:
                await asyncio.sleep(0.1)
            if not gives:
                self._revocations += 1
                for user in chosen:
                    self.office.hide(user["id"], department, server)
            # Long enough, mostly, for the other servers to have heard of it.
            await asyncio.sleep(random.uniform(0, HEARD_IN[self.plan.redis] + 0.5))

    async def _drop(self) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(random.uniform(0, 1))
            await random.choice(self.clients).drop()

    async def _measure_stalls(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            self._stall = max(self._stall, time.monotonic() - before - 0.05)

    # What must be true

    async def _check_calendars(self, http: aiohttp.ClientSession) -> None:
        for department in self.departments:
            answer = await self._ask(http, 0, "GET", f"/api/events/{department}", None)
            assert answer is not None
            events = {event["id"]: event["description"] for event in answer["events"]}
            for client in self.clients:
                hidden = self.office.is_hidden(client.user["id"], department)
                if hidden and department in client.at:
                    self.findings.add("not told", f"{client.name} is in {department}")
                elif not hidden and client.calendars.get(department) != events:
                    text = f"{client.name} differs in {department}: {'; '.join(client.trace)}"
                    self.findings.add("lost", text)

    def _leaks(self) -> "list[tuple[Client, Heard, Hidden, float]]":
        """Returns what was heard while it was hidden, with the seconds from the revocation to what was heard.

        A live message counts by when its write began, a snapshot by when it was asked for.
        """
        found = []
        for client in self.clients:
            for heard in client.heard:
                began = heard.asked_at or self.office.written.get((heard.department, heard.revision))
                for hidden in self.office.hidden[client.user["id"], heard.department]:
                    if began is not None and hidden.since < began and heard.at < hidden.until:
                        found.append((client, heard, hidden, began - hidden.since))
        return found

    def _late(self, counts: Callable[[bool], bool]) -> float:
        leaks = (late for client, _, hidden, late in self._leaks() if counts(client.server == hidden.server))
        return max(leaks, default=0.0)

    def _check_leaks(self) -> None:
        for client, heard, hidden, late in self._leaks():
            own = client.server == hidden.server
            # A busy machine makes the other servers hear later; this process is as late as they are.
            allowed = 0.0 if own else HEARD_IN[self.plan.redis] + 5 * self._stall
            if late > allowed:
                where = f"{client.name} got {heard.revision} of {heard.department}"
                self.findings.add(
                    "leaked", f"{where} {late:.3f} s after server {hidden.server} took the role"
                )


def run(plan: Plan, folder: Path) -> Report:
    return asyncio.run(RightsRun(plan, folder).go())
