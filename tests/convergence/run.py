"""One run: servers, clients and writers, trouble in a fixed course, quiet, and then the checks."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.convergence.checks import Tables, check_events, check_logs, check_members, check_writers
from tests.convergence.cluster import Cluster
from tests.convergence.findings import Findings
from tests.convergence.ledger import Ledger
from tests.convergence.members import KINDS, Member
from tests.convergence.writers import Writer

NAMES = ("개발팀", "마케팅팀", "영업팀", "인사팀", "재무팀", "디자인팀", "법무팀", "총무팀")
QUIET_AFTER_TROUBLE = 3.0
TROUBLE = {
    "throttle": 0.02, "conflict": 0.03, "lost answer": 0.02, "lost request": 0.01, "unprocessed": 0.02,
    "lag": 3.0, "lost notice": 0.05, "notice twice": 0.05,
}  # fmt: skip
LAST = {"lost notice": 0.5, "notice twice": 0.05}


@dataclass
class Plan:
    """`seconds` of writing, longer until `least` operations are done; `shares`: the faults of faults.py.

    `kills`: are processes ended? `drops`: do clients lose their connections?
    """

    seconds: float = 45.0
    clients: int = 40
    writers: int = 10
    tail: float = 1.0
    redis: bool = True
    kills: bool = True
    drops: bool = True
    broken: str = ""
    batch: tuple[int, int] = (5, 40)
    pause: float = 0.05
    least: int = 0
    shares: dict[str, float] = field(default_factory=lambda: dict(TROUBLE))


@dataclass
class Report:
    findings: Findings
    counts: Counter[str]
    operations: int
    acknowledged: int
    seconds: float
    slowest: float
    stall: float

    def summary(self) -> str:
        wrong = self.findings.counts
        figures = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
        others = [
            f"{n} {kind}" for kind, n in wrong.items() if kind not in ("lost", "duplicated", "out of order")
        ]
        return (
            f"{self.operations} operations, {self.acknowledged} changes acknowledged, {self.seconds:.0f} s, "
            f"slowest delivery {self.slowest:.2f} s (this process stalled {self.stall:.2f} s); {figures}; "
            + ", ".join(f"{wrong[kind]} {kind}" for kind in ("lost", "duplicated", "out of order"))
            + "".join(f", {one}" for one in others)
        )


class Run:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.cluster = Cluster(folder, plan.redis, plan.tail, plan.broken)
        self.findings, self.ledger = Findings(), Ledger()
        self.members: list[Member] = []
        self._stall = 0.0
        self._stop_dropping, self._stop_writing = asyncio.Event(), asyncio.Event()

    async def go(self) -> Report:
        began = time.monotonic()
        try:
            await asyncio.to_thread(self.cluster.start)
            connector = aiohttp.TCPConnector(limit=100)
            async with aiohttp.ClientSession(connector=connector) as http:
                await self._live(http)
            counts = await asyncio.to_thread(self.cluster.collect_counts)
        finally:
            await asyncio.gather(*(member.stop() for member in self.members))
            await asyncio.to_thread(self.cluster.stop)
        for member in self.members:
            counts += member.counts
        for log, traces in self.cluster.warnings().items():
            self.findings.add("stack traces", f"{traces} in {log}")
        return Report(
            self.findings, counts, self.ledger.operations, self.ledger.acknowledged(),
            time.monotonic() - began, self._slowest(), self._stall,
        )  # fmt: skip

    async def _live(self, http: aiohttp.ClientSession) -> None:
        departments = await self._departments(http)
        self._make_members(departments)
        stalling = asyncio.create_task(self._measure_stalls())
        living = [asyncio.create_task(member.live()) for member in self.members]
        try:
            await self._until(self._all_ready, 90)
            await self._write(http, departments)
            # Nobody asks for anything now: what is still to come has to come by itself.
            await self._until(lambda: False, 3 * self.plan.tail + 1 + 5 * self._stall)
            self._check(Tables(await asyncio.to_thread(self.cluster.dump)))
        finally:
            stalling.cancel()
            await asyncio.gather(*(member.stop() for member in self.members))
            await asyncio.gather(*living)

    async def _departments(self, http: aiohttp.ClientSession) -> list[str]:
        found = []
        for name in NAMES:
            async with http.post(self.cluster.urls[0] + "/api/departments", json={"name": name}) as answer:
                found.append((await answer.json())["department"]["id"])
        return found

    def _make_members(self, departments: list[str]) -> None:
        for number in range(self.plan.clients):
            url = self.cluster.urls[number % len(self.cluster.urls)]
            transport = ("websocket", "polling")[number // 3 % 2]
            # Everybody is in one department of their own turn, and some in one of the hot two.
            joined = {departments[number % len(departments)], random.choice(departments)}
            kind = KINDS[number // 2 % len(KINDS)]
            member = Member(f"client {number}", url, transport, kind, sorted(joined), self.findings)
            self.members.append(member)

    # Trouble

    async def _write(self, http: aiohttp.ClientSession, departments: list[str]) -> None:
        plan = self.plan
        self.cluster.faults(**plan.shares)
        tasks = [
            asyncio.create_task(
                Writer(http, self.cluster.urls, departments, self.ledger, plan.batch, plan.pause)
                .write_until(self._stop_writing)
            )
            for _ in range(plan.writers)
        ]  # fmt: skip
        dropping = asyncio.create_task(self._drop_members()) if plan.drops else None
        await self._course()
        self._stop_dropping.set()
        if dropping:
            await dropping
        await self._until(self._all_ready, 8 if plan.broken else 90)
        # The last writes come when all are there: only notices and the timer can bring them. Of the notices
        # half is lost, so that the last one of a department is, somewhere, and nothing later tells of it.
        last = LAST if plan.shares else {}
        self.cluster.faults(**plan.shares | last)
        await asyncio.sleep(QUIET_AFTER_TROUBLE)
        self._stop_writing.set()
        await asyncio.gather(*tasks)
        self.cluster.faults(**last)

    async def _course(self) -> None:
        """What happens when, as shares of the time."""
        cluster, began = self.cluster, time.monotonic()
        course: list[tuple[float, Callable[[], None]]] = [
            (0.15, cluster.stop_redis), (0.30, cluster.start_redis),
            (0.35, lambda: cluster.kill_server(0)), (0.40, lambda: cluster.restart_server(0)),
            (0.55, cluster.kill_engine),
            (0.70, lambda: cluster.kill_server(1)), (0.72, lambda: cluster.restart_server(1)),
            (0.80, cluster.stop_redis), (0.90, cluster.start_redis),
        ]  # fmt: skip
        for share, trouble in course if self.plan.kills else []:
            await asyncio.sleep(max(0.0, began + share * self.plan.seconds - time.monotonic()))
            await asyncio.to_thread(trouble)
        await self._until(lambda: False, began + self.plan.seconds - time.monotonic())
        await self._until(lambda: self.ledger.operations >= self.plan.least, self.plan.seconds)

    async def _drop_members(self) -> None:
        while not self._stop_dropping.is_set():
            await asyncio.sleep(random.uniform(0, 8 / self.plan.clients))
            await random.choice(self.members).drop()

    async def _until(self, holds: Callable[[], bool], seconds: float) -> None:
        ends = time.monotonic() + seconds
        while not (holds() or self._seen()) and time.monotonic() < ends:
            await asyncio.sleep(0.05)

    def _seen(self) -> bool:
        """A broken variant has been seen: there is nothing to wait for."""
        return bool(self.plan.broken) and bool(self.findings)

    def _all_ready(self) -> bool:
        return all(member.ready for member in self.members)

    # The end

    def _check(self, tables: Tables) -> None:
        check_members(tables, self.members, self.findings)
        check_logs(tables, self.findings)
        check_events(tables, self.findings)
        check_writers(tables, self.ledger, self.findings)

    async def _measure_stalls(self) -> None:
        """How late this process itself is at worst: on a busy machine that is no fault of the servers."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            self._stall = max(self._stall, time.monotonic() - before - 0.05)

    def _slowest(self) -> float:
        """Seconds from the answer to a writer to the arrival at a client, the longest."""
        told = self.ledger.told_at
        return max(
            (at - told[log, revision] for member in self.members
             for log, revision, at in member.arrivals if (log, revision) in told),
            default=0.0,
        )  # fmt: skip


def run(plan: Plan, folder: Path) -> Report:
    return asyncio.run(Run(plan, folder).go())
