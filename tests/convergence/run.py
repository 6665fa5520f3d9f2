"""One run: servers, clients and writers, trouble in a fixed course, quiet, and then the checks."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from tests.convergence import plan as plans
from tests.convergence.checks import (
    Tables,
    check_events,
    check_imported,
    check_logs,
    check_members,
    check_writers,
)
from tests.convergence.cluster import AGAIN, AGAIN_EVENTS, Cluster
from tests.convergence.findings import Findings
from tests.convergence.ledger import Ledger
from tests.convergence.members import KINDS, Member
from tests.convergence.plain_stream import Restored, check_streams
from tests.convergence.plan import Plan, Report
from tests.convergence.socketio_client import Lost
from tests.convergence.writers import Writer

NAMES = ("개발팀", "마케팅팀", "영업팀", "인사팀", "재무팀", "디자인팀", "법무팀", "총무팀")
ARCHIVES = ("기록 1", "기록 2", "기록 3", "기록 4", "기록 5", "기록 6", "기록 7", "기록 8")
ARCHIVED_EVENTS, ARCHIVED_AT_ONCE, ARCHIVED_LETTERS = 100, 10, 10_000
"""20 MB in memory: more than all servers have for calendars together, so they load and forget them."""


class Run:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        random.seed(plan.seed)
        self.cluster = Cluster(folder, plan.redis, plan.tail, plan.broken, plan.seed)
        self.findings, self.ledger = Findings(), Ledger()
        self.members: list[Member] = []
        self._stall = 0.0
        self._imported: dict[str, set[str]] = {}
        self._restored_over: dict[str, list[Any]] | None = None
        self._processes = asyncio.Lock()
        """Nobody starts or thaws a server while the tables are restored under all of them."""
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
        counts += self.ledger.entries
        for log, traces in self.cluster.warnings().items():
            self.findings.add("stack traces", f"{traces} in {log}")
        return Report(
            self.findings, counts, self.ledger.operations, self.ledger.acknowledged(),
            time.monotonic() - began, self._slowest(), self._stall, self.plan.seed,
        )  # fmt: skip

    async def _live(self, http: aiohttp.ClientSession) -> None:
        departments = await self._departments(http, NAMES)
        archives = await self._archives(http)
        if self.plan.imports:
            await self._import()
        self._make_members(departments, archives)
        stalling = asyncio.create_task(self._measure_stalls())
        living = [asyncio.create_task(member.live()) for member in self.members]
        try:
            await self._until(self._all_ready, 90)
            await self._write(http, departments, archives)
            if self.plan.restores:
                await self._look_everywhere()
            # Nobody asks for anything now: what is still to come has to come by itself.
            self._midnight()
            await self._until(lambda: False, 3 * self.plan.tail + 1 + 5 * self._stall)
            tables = Tables(await asyncio.to_thread(self.cluster.dump), self.plan.restores)
            self.cluster.kills["events left over by a restore"] = tables.left_over
            self._check(tables)
        finally:
            stalling.cancel()
            await asyncio.gather(*(member.stop() for member in self.members))
            await asyncio.gather(*living)

    async def _departments(self, http: aiohttp.ClientSession, names: Sequence[str]) -> list[str]:
        found = []
        for name in names:
            async with http.post(self.cluster.urls[0] + "/api/departments", json={"name": name}) as answer:
                found.append((await answer.json())["department"]["id"])
        return found

    async def _archives(self, http: aiohttp.ClientSession) -> list[str]:
        archives = await self._departments(http, ARCHIVES[: self.plan.archives])
        event = {"event_date": "2020-01-20", "title": "지난 회의", "description": "글" * ARCHIVED_LETTERS}
        body = {"operations": [{"op": "create", "event": event}] * ARCHIVED_AT_ONCE}
        for number in range(len(archives) * ARCHIVED_EVENTS // ARCHIVED_AT_ONCE):
            url = f"{self.cluster.urls[number % 3]}/api/events/{archives[number % len(archives)]}/batch"
            async with http.post(url, json=body) as answer:
                answered = await answer.json()
            assert answer.status == 200, answered
            results = answered["results"]
            assert all(result["status"] == 201 for result in results), results[-1]
        return archives

    async def _import(self) -> None:
        """Imports the department AGAIN, until the migration says that it is all there."""
        while not await asyncio.to_thread(self.cluster.migrate):
            await asyncio.sleep(1)
        if not self._imported:
            listed = (await self._ask("GET", "/api/departments"))["departments"]
            (department,) = (one["id"] for one in listed if one["name"] == AGAIN)
            events = (await self._ask("GET", f"/api/events/{department}"))["events"]
            assert len(events) == AGAIN_EVENTS
            self._imported[department] = {event["id"] for event in events}

    async def _delete_imported(self) -> None:
        (department,) = self._imported
        await self._ask("DELETE", f"/api/departments/{department}")

    async def _ask(self, method: str, path: str) -> Any:
        """Asks one server after the other until one says yes, or that it was done."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(12)) as http:
            while True:
                url = random.choice(self.cluster.urls) + path
                with suppress(*Lost):
                    async with http.request(method, url) as answer:
                        if answer.status in (200, 404):
                            return await answer.json()
                await asyncio.sleep(0.2)

    async def _delete_and_import(self) -> None:
        await self._delete_imported()
        await self._import()

    async def _look_everywhere(self) -> None:
        """Tables that don't fit are repaired when somebody looks, and what nobody looks at, by hand.

        A server that knows a department from before needs no item of the table, and sees none that is old.
        """
        for department in (await self._ask("GET", "/api/departments"))["departments"]:
            await self._ask("GET", f"/api/events/{department['id']}")
        if not await asyncio.to_thread(self.cluster.repair):
            self.findings.add("not repaired", "by python -m teamcal.repair --fix")
        await asyncio.sleep(self.plan.tail + 1)
        await self._until(self._all_ready, 60)

    async def _restore(self) -> None:
        began = time.monotonic()
        async with self._processes:
            await asyncio.to_thread(self.cluster.back_up)
        await asyncio.sleep(0.1 * self.plan.seconds)
        async with self._processes:
            await asyncio.to_thread(self.cluster.freeze)
            await asyncio.sleep(plans.ON_THE_WAY)
            self._mark_streams()
            await asyncio.to_thread(self.cluster.restore)
        self.ledger.take_back(began)
        tables = Tables(self.cluster.restored_over())
        self._restored_over = {log_id: tables.log(log_id) for log_id in tables.heads}
        await asyncio.sleep(2 * self.plan.tail + plans.QUIET_AFTER_TROUBLE)
        self._mark_streams()

    def _mark_streams(self) -> None:
        """Before a restore, and when no server can tell of what was before it any more."""
        for member in self.members:
            for entries in member.streams.values():
                entries.append(Restored())

    async def _redis_away(self, share: float) -> None:
        await asyncio.to_thread(self.cluster.stop_redis)
        await asyncio.sleep(share * self.plan.seconds)
        await asyncio.to_thread(self.cluster.start_redis)

    async def _kill(self, number: int, share: float) -> None:
        async with self._processes:
            await asyncio.to_thread(self.cluster.kill_server, number)
            await asyncio.sleep(share * self.plan.seconds)
            await asyncio.to_thread(self.cluster.restart_server, number)

    async def _freeze(self, number: int) -> None:
        async with self._processes:
            await asyncio.to_thread(self.cluster.freeze, number)
            await asyncio.sleep(plans.FROZEN_SECONDS)
            await asyncio.to_thread(self.cluster.thaw, number)

    async def _throttle(self) -> None:
        self.cluster.faults(**self.plan.shares | {"throttle": plans.BURST_OF_THROTTLING})
        await asyncio.sleep(1.0)
        self.cluster.faults(**self.plan.shares)

    def _make_members(self, departments: list[str], archives: list[str]) -> None:
        for number in range(self.plan.clients):
            url = self.cluster.urls[number % len(self.cluster.urls)]
            transport = ("websocket", "polling")[number // 3 % 2]
            # Everybody is in one department of their own turn, and some in one of the hot two.
            joined = {departments[number % len(departments)], random.choice(departments)}
            if number % 6 == 0:
                joined |= {*departments, *archives}
            elif archives:
                joined.add(random.choice(archives))
            kind = KINDS[number // 2 % len(KINDS)]
            urls = self.cluster.urls if number % 5 == 4 else [url]
            series = number % 2 == 1
            member = Member(f"client {number}", urls, transport, kind, sorted(joined), self.findings, series)
            member.curious_about = AGAIN if number % 3 == 0 else ""
            member.revisions_may_fall, member.cut = self.plan.restores, self.plan.cut
            self.members.append(member)

    # Trouble

    async def _write(self, http: aiohttp.ClientSession, departments: list[str], archives: list[str]) -> None:
        plan = self.plan
        self.cluster.faults(**plan.shares)
        tasks = [
            asyncio.create_task(
                Writer(
                    http, self.cluster.urls, departments, archives, self.ledger, self.findings, plan.batch,
                    plan.pause, self.members, plan.files,
                ).write_until(self._stop_writing)
            )
            for _ in range(plan.writers)
        ]  # fmt: skip
        dropping = asyncio.create_task(self._drop_members()) if plan.drops else None
        await self._course()
        self._stop_dropping.set()
        for member in self.members:
            member.cut = 0.0
        if dropping:
            await dropping
        await self._until(self._all_ready, 8 if plan.broken else 90)
        self._midnight()
        # The last writes come when all are there: only notices and the timer can bring them. Of the notices
        # half is lost, so that the last one of a department is, somewhere, and nothing later tells of it.
        last = plans.LAST if plan.shares else {}
        self.cluster.faults(**plan.shares | last)
        await asyncio.sleep(plans.QUIET_AFTER_TROUBLE)
        self._stop_writing.set()
        await asyncio.gather(*tasks)
        self.cluster.faults(**last)

    def _midnight(self) -> None:
        if self.plan.midnights:
            self.cluster.midnight()

    async def _pass_midnight(self) -> None:
        self._midnight()  # in this thread, as everything that writes the file of the faults

    async def _course(self) -> None:
        """What happens when, as shares of the time."""
        cluster, began = self.cluster, time.monotonic()
        course: list[tuple[float, Callable[..., Any], *tuple[Any, ...]]] = []
        if self.plan.kills:
            course += [
                (0.15, self._redis_away, 0.15), (0.35, self._kill, 0, 0.05), (0.55, cluster.kill_engine),
                (0.62, self._freeze, 2), (0.70, self._kill, 1, 0.02), (0.80, self._redis_away, 0.10),
            ]  # fmt: skip
        if self.plan.imports:
            course += [(share, self._delete_and_import) for share in plans.IMPORTS_AT[: self.plan.imports]]
        if self.plan.restores:
            course.append((0.45, self._restore))
        course += [(share, self._pass_midnight) for share in plans.MIDNIGHTS_AT]
        if self.plan.shares:
            course += [(0.25, self._throttle), (0.75, self._throttle)]
        # Each beside the others: one server is frozen while another is killed and a department deleted.
        await asyncio.gather(*(self._happen(began, *step) for step in course))
        await self._until(lambda: False, began + self.plan.seconds - time.monotonic())
        await self._until(lambda: self.ledger.operations >= self.plan.least, 3 * self.plan.seconds)
        await self._until(lambda: all(self.ledger.entries[what] for what in self.plan.seen), plans.PATIENCE)

    async def _happen(self, began: float, share: float, what: Callable[..., Any], *arguments: Any) -> None:
        await asyncio.sleep(max(0.0, began + share * self.plan.seconds - time.monotonic()))
        if asyncio.iscoroutinefunction(what):
            await what(*arguments)
        else:
            await asyncio.to_thread(what, *arguments)

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
        check_members(tables, self.members, self.cluster.today.isoformat(), self.findings)
        self.cluster.kills += self._check_streams(tables)
        check_logs(tables, self.findings)
        check_events(tables, self.findings)
        check_writers(tables, self.ledger, self.findings)
        for department, event_ids in self._imported.items():
            check_imported(tables, department, event_ids, self.findings)

    def _check_streams(self, tables: Tables) -> Counter[str]:
        logs = {log_id: tables.log(log_id) for log_id in tables.heads}
        streams = {
            f"{member.name} ({member.transport}, {member.kind})": member.streams for member in self.members
        }
        return check_streams(logs, streams, self.cluster.days, self.findings, self._restored_over)

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


def proved(report: Report) -> Report:
    print("\n".join(report.findings.texts))
    print(report.summary())
    assert not report.findings, report.findings.texts
    return report
