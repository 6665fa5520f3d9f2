"""Random writes through all servers: every way of writing that REST has."""

import asyncio
import random
import uuid
from typing import Any

import aiohttp

from tests.convergence.ledger import Ledger

NO_ANSWER = 0
RETRIES = 4
# Few dates and often the same events, so that writers meet.
HOT = 12


class Writer:
    """`urls`: the servers; `departments`: those that stay; `batch`: (least, most) operations a batch."""

    def __init__(
        self, http: aiohttp.ClientSession, urls: list[str], departments: list[str], ledger: Ledger,
        batch: tuple[int, int] = (5, 40), pause: float = 0.05,
    ) -> None:  # fmt: skip
        self.http, self.urls, self.departments, self.ledger = http, urls, departments, ledger
        self.batch_size, self.pause = batch, pause
        self.extra: dict[str, str] = {}
        ways = {
            self.batch: 36, self.create: 12, self.create_with_id: 12, self.update: 14, self.update_if: 6,
            self.delete: 6, self.move: 6, self.restore: 4, self.department: 2, self.read: 2,
        }  # fmt: skip
        self._ways, self._weights = list(ways), list(ways.values())

    async def write_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await random.choices(self._ways, self._weights)[0]()
            await asyncio.sleep(random.uniform(0, 2 * self.pause))

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """(status, body); (NO_ANSWER, {}) when the server was lost: perhaps it was done."""
        url = random.choice(self.urls) + path
        timeout = aiohttp.ClientTimeout(12)
        try:
            async with self.http.request(method, url, json=body, headers=headers, timeout=timeout) as answer:
                return answer.status, await answer.json()
        except (aiohttp.ClientError, OSError, TimeoutError):
            await asyncio.sleep(0.05)
            return NO_ANSWER, {}

    # What to write, and where

    def _fields(self, text: str) -> dict[str, str]:
        date = f"2024-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        return {"event_date": date, "title": "팀 회의", "description": text, "time": "오후 2:00"}

    def _somewhere(self) -> str:
        # Two departments get half of the writes: there the servers race.
        if random.random() < 0.5:
            return random.choice(self.departments[:2])
        return random.choice([*self.departments, *self.extra])

    def _event(self) -> tuple[str, str, int] | None:
        """(department, id, version) as this writer believes."""
        department = self._somewhere()
        known = self.ledger.known[department]
        if not known:
            return None
        ids = list(known)[-HOT:] if random.random() < 0.5 else list(known)
        event_id = random.choice(ids)
        return department, event_id, known[event_id]

    def _gone(self, department: str, event_id: str) -> None:
        self.ledger.known[department].pop(event_id, None)

    # Ways of writing

    async def create(self) -> None:
        text = self.ledger.new_text()
        status, body = await self.call("POST", f"/api/events/{self._somewhere()}", self._fields(text))
        self.ledger.settle(status, body.get("event"), text)

    async def create_with_id(self) -> None:
        """Retried with the same id through any server until the answer is plain."""
        text, path = self.ledger.new_text(), f"/api/events/{self._somewhere()}"
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
        self.ledger.settle(status, body.get("event"), text)

    async def update(self, **headers: str) -> None:
        found = self._event()
        if found is None:
            return
        department, event_id, version = found
        if headers:
            headers = {"If-Match": f'"{version}"'}
        text = self.ledger.new_text()
        status, body = await self.call("PUT", f"/api/events/{event_id}", {"description": text}, **headers)
        self.ledger.settle(status, body.get("event"), text)
        if status == 412:
            self.ledger.known[department][event_id] = body["current"]["version"]
        elif status == 404:
            self._gone(department, event_id)

    async def update_if(self) -> None:
        await self.update(**{"If-Match": "the version known"})

    async def delete(self) -> None:
        found = self._event()
        if found is None:
            return
        status, _ = await self.call("DELETE", f"/api/events/{found[1]}")
        self.ledger.settle(status, None, None)
        self.ledger.deletes[found[1]] += status == 200
        if status in (200, 404):
            self._gone(*found[:2])

    async def move(self) -> None:
        found, target = self._event(), self._somewhere()
        if found is None:
            return
        status, body = await self.call("POST", f"/api/events/{found[1]}/move", {"department_id": target})
        self.ledger.settle(status, body.get("event"), None)
        if status == 200 and target != found[0]:
            self._gone(*found[:2])

    async def restore(self) -> None:
        found = self._event()
        if found is None:
            return
        status, body = await self.call("GET", f"/api/events/{found[1]}/history")
        if status != 200 or not body["history"]:
            return
        revision = random.choice(body["history"])["revision"]
        self.ledger.restored.add(found[1])
        path = f"/api/events/{found[1]}/restore"
        status, body = await self.call("POST", path, {"revision": revision})
        self.ledger.settle(status, body.get("event"), None)

    async def batch(self) -> None:
        department = self._somewhere()
        texts: list[str | None] = []
        operations = [self._operation(department, texts) for _ in range(random.randint(*self.batch_size))]
        body = {"operations": operations, "atomic": random.random() < 0.2}
        status, answer = await self.call("POST", f"/api/events/{department}/batch", body)
        if status != 200:
            for text in texts:
                self.ledger.settle(status, None, text)
            return
        for operation, text, result in zip(operations, texts, answer["results"], strict=True):
            event = result.get("event")
            self.ledger.settle(result["status"], event, text)
            if operation["op"] == "delete" and (event or result["status"] == 404):
                self._gone(department, operation["id"])

    def _operation(self, department: str, texts: list[str | None]) -> dict[str, Any]:
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
            status, body = await self.call("POST", "/api/departments", {"name": name})
            if status == 201:
                self.extra[body["department"]["id"]] = "made"
                self.ledger.departments[body["department"]["id"]] = "made"
        elif random.random() < 0.5:
            department = random.choice(list(self.extra))
            await self.call("PUT", f"/api/departments/{department}", {"name": f"임시 {uuid.uuid4()}"})
        else:
            department = next(iter(self.extra))
            del self.extra[department]
            status, _ = await self.call("DELETE", f"/api/departments/{department}")
            self.ledger.departments[department] = "deleted" if status == 200 else "perhaps"

    async def read(self) -> None:
        await self.call("GET", f"/api/events/{self._somewhere()}")
