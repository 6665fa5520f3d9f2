"""Random writes through all servers: every way of writing that REST has."""

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from typing import Any

import aiohttp

from tests.convergence.file_writers import FileWays
from tests.convergence.findings import Findings
from tests.convergence.ledger import Ledger, series_of
from tests.convergence.members import Member
from tests.convergence.repeats import Repeats
from tests.convergence.series_writers import SeriesWays

NO_ANSWER = 0
RETRIES = 4
# Few dates and often the same events, so that writers meet.
HOT = 12


class Writer:
    """`urls`: the servers; `departments`: those that stay; `batch`: (least, most) operations a batch.

    `archives`: departments of many large events, which are mostly read. `members`: what these show is known
    of series. `files`: files are imported, too.
    """

    def __init__(
        self, http: aiohttp.ClientSession, urls: list[str], departments: list[str], archives: list[str],
        ledger: Ledger, findings: Findings, batch: tuple[int, int] = (5, 40), pause: float = 0.05,
        members: Sequence[Member] = (), files: bool = True,
    ) -> None:  # fmt: skip
        self.http, self.urls, self.departments, self.ledger = http, urls, departments, ledger
        self.archives, self.findings = archives, findings
        self.batch_size, self.pause = batch, pause
        self.began = 0.0
        self.extra: dict[str, str] = {}
        ways = {
            self.batch: 50, self.create: 12, self.create_with_id: 12, self.update: 14, self.update_if: 6,
            self.delete: 6, self.move: 6, self.restore: 6, self.department: 2, self.read: 2,
            self.archive: 3,
        }  # fmt: skip
        self.write = Repeats(self).write
        self.series = SeriesWays(self, members)
        ways |= self.series.ways()
        if files:
            ways |= FileWays(self).ways()
        self._ways, self._weights = list(ways), list(ways.values())

    async def write_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.began = time.monotonic()
            await random.choices(self._ways, self._weights)[0]()
            await asyncio.sleep(random.uniform(0, 2 * self.pause))

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """(status, body); (NO_ANSWER, {}) when the server was lost: perhaps it was done."""
        return await self.send(method, random.choice(self.urls) + path, json=body, headers=headers)

    async def send(self, method: str, url: str, **content: Any) -> tuple[int, Any]:
        """As `call`, to one server."""
        timeout = aiohttp.ClientTimeout(12)
        try:
            async with self.http.request(method, url, timeout=timeout, **content) as answer:
                return answer.status, await answer.json()
        except (aiohttp.ClientError, OSError, TimeoutError):
            await asyncio.sleep(0.05)
            return NO_ANSWER, {}

    def settle(self, status: int, event: dict[str, Any] | None, text: str | None) -> None:
        self.ledger.settle(status, event, text, self.began)

    # What to write, and where

    def _fields(self, text: str) -> dict[str, str]:
        date = f"2024-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        return {"event_date": date, "title": "팀 회의", "description": text, "time": "오후 2:00"}

    def somewhere(self) -> str:
        # Two departments get half of the writes: there the servers race.
        if random.random() < 0.5:
            return random.choice(self.departments[:2])
        return random.choice([*self.departments, *self.extra])

    def an_event(self) -> tuple[str, str, int] | None:
        """(department, id, version) as this writer believes."""
        department = self.somewhere()
        known = self.ledger.known[department]
        if not known:
            return None
        ids = list(known)[-HOT:] if random.random() < 0.5 else list(known)
        event_id = random.choice(ids)
        return department, event_id, known[event_id]

    def gone(self, department: str, event_id: str) -> None:
        self.ledger.known[department].pop(event_id, None)

    # Ways of writing

    async def create(self) -> None:
        text = self.ledger.new_text()
        status, body = await self.write("POST", f"/api/events/{self.somewhere()}", self._fields(text))
        self.settle(status, body.get("event"), text)

    async def create_with_id(self) -> None:
        """Retried with the same id through any server until the answer is plain."""
        text, path = self.ledger.new_text(), f"/api/events/{self.somewhere()}"
        fields = {**self._fields(text), "id": str(uuid.uuid4())}
        status, body = await self.call("POST", path, fields)
        unsure = 0
        while (status == NO_ANSWER or status >= 500) and unsure < RETRIES:
            await asyncio.sleep(0.2)
            unsure += 1
            status, body = await self.call("POST", path, fields)
        # An earlier try may have been done and undone since, or the department deleted.
        if status >= 400 and unsure:
            status = NO_ANSWER
        self.settle(status, body.get("event"), text)

    async def update(self, **headers: str) -> None:
        found = self.an_event()
        if found is None:
            return
        department, event_id, version = found
        if headers:
            headers = {"If-Match": f'"{version}"'}
        text = self.ledger.new_text()
        status, body = await self.write("PUT", f"/api/events/{event_id}", {"description": text}, **headers)
        self.settle(status, body.get("event"), text)
        if status == 412:
            self.ledger.known[department][event_id] = body["current"]["version"]
        elif status == 404:
            self.gone(department, event_id)

    async def update_if(self) -> None:
        await self.update(**{"If-Match": "the version known"})

    async def delete(self) -> None:
        found = self.an_event()
        if found is None:
            return
        status, _ = await self.write("DELETE", f"/api/events/{found[1]}")
        self.settle(status, None, None)
        if status == 200:
            self.ledger.deleted(*found[:2], self.began)
        if status in (200, 404):
            self.gone(*found[:2])

    async def move(self) -> None:
        found, target = self.an_event(), self.somewhere()
        if found is None:
            return
        status, body = await self.write("POST", f"/api/events/{found[1]}/move", {"department_id": target})
        self.settle(status, body.get("event"), None)
        if status == 200 and target != found[0]:
            self.gone(*found[:2])

    async def restore(self) -> None:
        """Brings back an older state, also of events that are deleted."""
        is_gone = self.ledger.gone and random.random() < 0.4
        found = random.choice(self.ledger.gone) if is_gone else (self.an_event() or ())[:2]
        if found:
            await self.restore_state_of(found[1])

    async def restore_state_of(self, event_id: str) -> None:
        status, body = await self.call("GET", f"/api/events/{event_id}/history")
        if status != 200 or not body["history"]:
            return
        self._check_history(event_id, body["history"])
        step = random.choice(body["history"])
        state = {"revision": step["revision"]}
        if random.random() < 0.5:
            state["department_id"] = step["department_id"]
        self.ledger.restored.add(series_of(event_id))
        path = f"/api/events/{event_id}/restore"
        status, body = await self.write("POST", path, state)
        self.settle(status, body.get("event"), None)

    def _check_history(self, event_id: str, history: list[dict[str, Any]]) -> None:
        """Newest first: each step adds to the version; that an occurrence is deleted has none of its own."""
        steps = [
            step for step in history if "series_id" not in step["event"] or step["kind"] != "event_deleted"
        ]
        versions = [step["event"]["version"] for step in steps]
        if versions != sorted(set(versions), reverse=True) and not self.ledger.unsure_before:
            self.findings.add("history", f"{event_id} has the versions {versions}")

    async def batch(self) -> None:
        department = self.somewhere()
        texts: list[str | None] = []
        operations = [self._operation(department, texts) for _ in range(random.randint(*self.batch_size))]
        body = {"operations": operations, "atomic": random.random() < 0.2}
        status, answer = await self.write("POST", f"/api/events/{department}/batch", body)
        if status != 200:
            for text in texts:
                self.settle(status, None, text)
            return
        for operation, text, result in zip(operations, texts, answer["results"], strict=True):
            event = result.get("event")
            self.settle(result["status"], event, text)
            if operation["op"] == "delete" and (event or result["status"] == 404):
                self.gone(department, operation["id"])

    def _operation(self, department: str, texts: list[str | None]) -> dict[str, Any]:
        if random.random() < 0.15 and (operation := self.series.operation(department, texts)):
            return operation
        known = list(self.ledger.known[department])
        op = random.choices(("create", "update", "delete"), (40, 45, 15))[0] if known else "create"
        texts.append(self.ledger.new_text() if op != "delete" else None)
        if op == "create":
            return {"op": op, "event": self._fields(texts[-1] or "")}
        event_id = random.choice(known[-HOT:] if random.random() < 0.5 else known)
        if op == "delete":
            return {"op": op, "id": event_id}
        return {"op": op, "id": event_id, "event": {"description": texts[-1]}}

    async def department(self) -> None:
        """Makes, renames and deletes departments beside those that stay."""
        if len(self.extra) < 2:
            name = f"임시 {uuid.uuid4()}"
            status, body = await self.write("POST", "/api/departments", {"name": name})
            if status == 201:
                self.extra[body["department"]["id"]] = "made"
                self.ledger.department(body["department"]["id"], "made", self.began)
        elif random.random() < 0.5:
            department = random.choice(list(self.extra))
            await self.write("PUT", f"/api/departments/{department}", {"name": f"임시 {uuid.uuid4()}"})
        else:
            department = next(iter(self.extra))
            del self.extra[department]
            status, _ = await self.write("DELETE", f"/api/departments/{department}")
            self.ledger.department(department, "deleted" if status == 200 else "perhaps", self.began)

    async def read(self) -> None:
        await self.call("GET", f"/api/events/{self.somewhere()}")

    async def archive(self) -> None:
        """Loads a large calendar; now and then it is written to."""
        if not self.archives:
            return
        department = random.choice(self.archives)
        if random.random() < 0.5:
            await self.call("GET", f"/api/events/{department}")
            return
        text = self.ledger.new_text()
        status, body = await self.call("POST", f"/api/events/{department}", self._fields(text))
        self.settle(status, body.get("event"), text)
