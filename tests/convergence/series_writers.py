"""Writes about series: what new clients do with whole ones, and both kinds with single occurrences.

A writer sees what a client of this test shows at the moment, which may be old.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tests.convergence.ledger import Ledger
from tests.convergence.members import Member

if TYPE_CHECKING:
    from tests.convergence.writers import Writer

RULES = (
    "FREQ=DAILY;INTERVAL=3;COUNT=15", "FREQ=DAILY;INTERVAL=20", "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=12",
    "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=YEARLY",
)  # fmt: skip
MOST = 12
"""Series that a department has before one is deleted for each that is made."""
Ways = dict[Callable[[], Awaitable[None]], int]


class SeriesWays:
    """`writer`: who asks, and settles what the answers mean. `today`: around it the series are."""

    def __init__(self, writer: "Writer", members: Sequence[Member]) -> None:
        self._writer, self._members = writer, members
        self._today = date.today()

    @property
    def ledger(self) -> Ledger:
        return self._writer.ledger

    def ways(self) -> Ways:
        return {
            self.create: 7, self.edit: 6, self.send_back: 6, self.edit_following: 4, self.edit_all: 4,
            self.delete_one: 2, self.delete_following: 1, self.move_whole: 2, self.restore_whole: 2,
            self.convert: 3, self.change_rule: 3,
        }  # fmt: skip

    # What clients show

    def _shown(self, series: bool) -> dict[str, Any] | None:
        """An occurrence that a client shows, or a whole series."""
        members = [member for member in self._members if member.series == series]
        if not members:
            return None
        calendars = random.choice(members).calendars
        department = self._writer.somewhere()
        events = list(calendars.get(department, {}).values())
        wanted = [one for one in events if ("recurrence" if series else "series_id") in one]
        return random.choice(wanted) if wanted else None

    def _number_of_series(self, department: str) -> int:
        for member in self._members:
            if member.series and department in member.calendars:
                return sum("recurrence" in one for one in list(member.calendars[department].values()))
        return 0

    def _day(self) -> date:
        return self._today + timedelta(random.randint(-60, 100))

    def fields(self, text: str) -> dict[str, Any]:
        """Those of a new series: with times and without, of one day and of several."""
        day = self._day()
        fields: dict[str, Any] = {"title": "정기 회의", "description": text, "event_date": day.isoformat()}
        fields["recurrence"] = random.choice(RULES)
        fields |= random.choice(
            ({}, {"time": "오후 2:00"}, {"start_time": "10:00", "end_time": "11:30"}, {"start_time": "23:00"})
        )
        if random.random() < 0.2:
            fields["end_date"] = (day + timedelta(random.randint(1, 3))).isoformat()
        return fields

    def change(self, event: dict[str, Any], text: str) -> dict[str, Any]:
        """An edit of an occurrence: always its description, and something besides."""
        near = date.fromisoformat(event["event_date"]) + timedelta(random.randint(-3, 3))
        return {"description": text} | random.choice(
            ({}, {"title": "옮긴 회의"}, {"event_date": near.isoformat()}, {"start_time": "15:00"},
             {"time": random.choice(("오후 4시", "점심", ""))}, {"location": "3층"}, {"color": "#112233"})
        )  # fmt: skip

    def operation(self, department: str, texts: list[str | None]) -> dict[str, Any] | None:
        """One of a batch. None: nothing is known that it could be about."""
        if random.random() < 0.15 and self._number_of_series(department) < MOST:
            texts.append(self.ledger.new_text())
            return {"op": "create", "event": self.fields(texts[-1] or "")}
        known = [
            one for member in self._members if not member.series
            for one in member.calendars.get(department, {}).values() if "series_id" in one
        ][:200]  # fmt: skip
        if not known:
            return None
        event = random.choice(known)
        if random.random() < 0.15:
            texts.append(None)
            return {"op": "delete", "id": event["id"]}
        texts.append(self.ledger.new_text())
        return {"op": "update", "id": event["id"], "event": self.change(event, texts[-1] or "")}

    # Ways of writing

    async def create(self) -> None:
        department = self._writer.somewhere()
        if self._number_of_series(department) >= MOST:
            await self._delete_whole()
            return
        text = self.ledger.new_text()
        status, body = await self._writer.write("POST", f"/api/events/{department}", self.fields(text))
        self._writer.settle(status, body.get("event"), text)

    async def _delete_whole(self) -> None:
        series = self._shown(series=True)
        if series is None:
            return
        status, _ = await self._writer.write("DELETE", f"/api/events/{series['id']}?series=true")
        self._settle_deletion(status, series)

    async def _put(self, event: dict[str, Any] | None, query: str = "", **changed: Any) -> None:
        if event is None:
            return
        text = self.ledger.new_text()
        fields = changed or self.change(event, text)
        fields["description"] = text
        status, body = await self._writer.write("PUT", f"/api/events/{event['id']}{query}", fields)
        self._writer.settle(status, body.get("event"), text)

    async def edit(self) -> None:
        await self._put(self._shown(series=False))

    async def send_back(self) -> None:
        """As an old client does: the whole event as it shows it, with another text."""
        if event := self._shown(series=False):
            await self._put(event, **event)

    async def edit_following(self) -> None:
        await self._put(self._shown(series=False), "?scope=following")

    async def edit_all(self) -> None:
        await self._put(self._shown(series=False), "?scope=all")

    async def change_rule(self) -> None:
        await self._put(self._shown(series=True), "?series=true", recurrence=random.choice(RULES))

    async def convert(self) -> None:
        """A series becomes a single event, or a single one a series."""
        if random.random() < 0.5:
            await self._put(self._shown(series=True), "?series=true", recurrence=None)
        elif found := self._writer.an_event():
            await self._put({"id": found[1]}, recurrence=random.choice(RULES))

    async def delete_one(self) -> None:
        await self._delete_occurrence("")

    async def delete_following(self) -> None:
        await self._delete_occurrence("?scope=following")

    async def _delete_occurrence(self, query: str) -> None:
        event = self._shown(series=False)
        if event is None:
            return
        status, _ = await self._writer.write("DELETE", f"/api/events/{event['id']}{query}")
        self._settle_deletion(status, event)

    def _settle_deletion(self, status: int, event: dict[str, Any]) -> None:
        self._writer.settle(status, None, None)
        if status == 200:
            self.ledger.deleted(event["department_id"], event["id"], self._writer.began)
        if status in (200, 404):
            self._writer.gone(event["department_id"], event["id"])

    async def move_whole(self) -> None:
        series = self._shown(series=True)
        if series is None:
            return
        target = {"department_id": self._writer.somewhere()}
        status, body = await self._writer.write(
            "POST", f"/api/events/{series['id']}/move?series=true", target
        )
        self._writer.settle(status, body.get("event"), None)

    async def restore_whole(self) -> None:
        if series := self._shown(series=True):
            await self._writer.restore_state_of(series["id"])
