"""Writes by files: calendars and tables with single events, series and exceptions; again, and changed.

Each entry of a file has texts of its own, as every other write has. Imports run on while their servers are
killed, frozen and refused by their storage.
"""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from teamcal.domain.events import is_series
from tests.convergence.ledger import Ledger
from tests.convergence.series_writers import Ways

if TYPE_CHECKING:
    from tests.convergence.writers import Writer

UIDS = 8
"""Entries of calendars that a department has, and as many of tables: most imports change some of them."""
WAIT = 0.1
EXCEPTION = "SUMMARY:옮긴 회의"


@dataclass
class File:
    """`texts`: those that an event of the file brings, by its title."""

    data: bytes
    texts: dict[str, list[str]] = field(default_factory=dict)


def ics(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def stamp(day: date, clock: str) -> str:
    return f"{day:%Y%m%d}T{clock}00"


class FileWays:
    """`writer`: who asks. One file of a department is on its way at a time, as the servers want it."""

    def __init__(self, writer: "Writer") -> None:
        self._writer = writer
        self._today = date.today()

    @property
    def ledger(self) -> Ledger:
        return self._writer.ledger

    def ways(self) -> Ways:
        return {self.import_calendar: 6, self.import_table: 3, self.import_again: 3}

    # Files

    def _calendar(self) -> File:
        file = File(b"")
        numbers = random.sample(range(UIDS), random.randint(2, 6))
        events = [self._entry(f"{number}@convergence", file) for number in numbers]
        content = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(events) + "END:VCALENDAR\r\n"
        file.data = content.encode()
        return file

    def _entry(self, uid: str, file: File) -> str:
        """A single event, or a series with exceptions, sometimes one that is another from a date on."""
        day = self._today + timedelta(random.randint(-60, 60))
        first = self._text(file)
        own = [f"UID:{uid}", f"SUMMARY:{first}", f"DESCRIPTION:{first}"]
        own += random.choice(([], ["LOCATION:3층"], ["X-MORE:이 서버가 모르는 줄"]))
        if random.random() < 0.3:
            return ics(*own, f"DTSTART;VALUE=DATE:{day:%Y%m%d}")
        every = random.choice((1, 3, 7))
        rule = random.choice((f"FREQ=DAILY;INTERVAL={every};COUNT=12", f"FREQ=DAILY;INTERVAL={every}"))
        days = [day + timedelta(every * number) for number in range(8)]
        series = [*own, f"DTSTART:{stamp(day, '1000')}", f"DTEND:{stamp(day, '1130')}", f"RRULE:{rule}"]
        if random.random() < 0.4:
            series.append(f"EXDATE:{stamp(days[2], '1000')}")
        later = random.random() < 0.25
        title = self._text(file) if later else first
        parts = [ics(*series)]
        if later:
            whole = f"RECURRENCE-ID;RANGE=THISANDFUTURE:{stamp(days[4], '1000')}"
            lines = (f"SUMMARY:{title}", f"DESCRIPTION:{title}", f"DTSTART:{stamp(days[4], '1400')}")
            parts.append(ics(f"UID:{uid}", whole, *lines))
        for original, part in ((days[1], first), (days[6], title)):
            if random.random() < 0.5:
                text = self._text(file, part)
                moved = original + timedelta(random.randint(-2, 2))
                lines = (EXCEPTION, f"DESCRIPTION:{text}", f"DTSTART:{stamp(moved, '1500')}")
                parts.append(ics(f"UID:{uid}", f"RECURRENCE-ID:{stamp(original, '1000')}", *lines))
        return "".join(parts)

    def _table(self) -> File:
        file = File(b"")
        rows = ["날짜,시작,제목,설명,반복,예외,UID"]
        for number in random.sample(range(UIDS), random.randint(2, 5)):
            day, text = self._today + timedelta(random.randint(-60, 60)), self._text(file)
            # Without a UID a row is known by its content: it is always a new one.
            uid = f"{number}@table" if random.random() < 0.8 else ""
            rule, exceptions = "", ""
            if uid and random.random() < 0.5:
                rule, own = "FREQ=WEEKLY", {"description": self._text(file, text), "start_time": "16:00"}
                patches = {(day + timedelta(7)).isoformat(): own}
                exceptions = json.dumps(patches, ensure_ascii=False).replace('"', '""')
            rows.append(f'{day},{random.choice(("", "09:30"))},{text},{text},{rule},"{exceptions}",{uid}')
        file.data = "\r\n".join(rows).encode(random.choice(("utf-8-sig", "cp949")))
        return file

    def _text(self, file: File, title: str = "") -> str:
        text = self.ledger.new_text()
        file.texts.setdefault(title or text, []).append(text)
        return text

    # Ways of writing

    async def import_calendar(self) -> None:
        await self._import(self._calendar)

    async def import_table(self) -> None:
        await self._import(self._table)

    async def import_again(self) -> None:
        """The department's last file once more: of what it brought nothing may come twice."""
        known = self.ledger.files
        if department := random.choice([*known, ""]):
            await self._import(lambda: known[department], department)

    async def _import(self, make: Callable[[], File], department: str = "") -> None:
        department = department or self._writer.somewhere()
        if department in self.ledger.importing:
            return
        self.ledger.importing.add(department)
        try:
            self.ledger.files[department] = file = make()
            await self._send(department, file)
        finally:
            self.ledger.importing.discard(department)

    async def _send(self, department: str, file: File) -> None:
        url = random.choice(self._writer.urls)
        path = f"/api/departments/{department}/import"
        status, body = await self._writer.send("POST", url + path, data=file.data)
        self.ledger.answers[f"import {status}"] += 1
        if status != 202:
            return
        job = await self._ended(f"{url}/api/imports/{body['job']['id']}")
        self.ledger.entries["imports"] += 1
        self.ledger.entries[f"imports {job['state'] if job else 'cut off'}"] += 1
        for row in job["report"] if job else ():
            self.ledger.imported(row["result"], file.texts.get(row["title"], []), self._writer.began)
        if random.random() < 0.5:  # what was edited here stays: the other half goes on with its file
            await self._learn(department, file)

    async def _ended(self, url: str) -> dict[str, Any] | None:
        """Returns the job at its end; None when its server was killed."""
        while True:
            status, body = await self._writer.send("GET", url)
            if status == 200 and body["job"]["state"] != "running":
                job: dict[str, Any] = body["job"]
                return job
            if status in (0, 404):
                return None
            await asyncio.sleep(WAIT)

    async def _learn(self, department: str, file: File) -> None:
        """Everybody writes to what came with the file from now on."""
        status, body = await self._writer.call("GET", f"/api/events/{department}?series=true")
        for event in body["events"] if status == 200 else ():
            if event["title"] in file.texts and not is_series(event):
                self.ledger.known[department][event["id"]] = event["version"]
