"""A migration under test: the desktop client's files in a folder, tables, and runs of the command."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import migrate_to_dynamodb
from tests.house import House

DEPARTMENTS = [
    {"id": 1, "name": "개발팀", "description": "소프트웨어 개발"},
    {"id": 2, "name": "마케팅팀", "description": "브랜드와 홍보"},
]
MEETING = {
    "Id": 7,
    "DepartmentId": 1,
    "Title": "팀 회의",
    "Description": "주간 팀 회의",
    "Time": "오후 2:00",
    "Url": "https://example.com",
    "LastModified": "2024-01-15T10:30:00",
}


class Run(NamedTuple):
    """What one run of the command returned and wrote to standard output and standard error."""

    status: int
    out: str
    err: str


class Migration:
    """`house` has the tables, `folder` the files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], house: House | None = None) -> None:
        self.house, self.folder, self._capsys = house or House(), folder, capsys

    def beside(self, name: str) -> "Migration":
        """Returns a migration of another folder into the same tables."""
        folder = self.folder / name
        folder.mkdir()
        return Migration(folder, self._capsys, self.house)

    def write_files(self, events: Any = None, departments: Any = None) -> None:
        """Writes both files; `events` defaults to none, `departments` to DEPARTMENTS."""
        if departments is None:
            departments = {"departments": DEPARTMENTS}
        self.write_file("departments.json", departments)
        self.write_file("calendar_events.json", {} if events is None else events)

    def write_file(self, name: str, content: Any) -> None:
        """Writes bytes as they are, anything else as JSON."""
        raw = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        (self.folder / name).write_bytes(raw)

    def run(self, *options: str, database: Any = None) -> Run:
        self._capsys.readouterr()
        arguments = ["--data-dir", str(self.folder), *options]
        status = migrate_to_dynamodb.main(arguments, database or self.house.database())
        return Run(status, *self._capsys.readouterr())

    def imported_event(self, *options: str, **fields: Any) -> dict[str, Any]:
        """Imports MEETING with these fields changed; returns the stored event."""
        self.write_files({"2024-01-20": [{**MEETING, **fields}]})
        run = self.run(*options)
        assert run.status == 0, run.err
        (event,) = self.events()
        return event

    def refusal(self, **fields: Any) -> str:
        """Imports MEETING with these fields changed, which must fail; returns the line about it."""
        self.write_files({"2024-01-20": [{**MEETING, **fields}]})
        run = self.run()
        assert run.status == 1
        assert not self.events()
        (line,) = [line for line in run.err.splitlines() if line.startswith("✗ calendar_events.json")]
        assert line.startswith('✗ calendar_events.json: "2024-01-20"[0]: ')
        return line

    def events(self) -> list[dict[str, Any]]:
        """Returns the stored events by date and title."""
        stored = self.house.items(self.house.storage.events_table)
        return sorted(stored, key=lambda event: (event.get("event_date", ""), event["title"]))

    def departments(self) -> dict[str, str]:
        """Returns the ids of the stored departments by name."""
        departments = self.house.items(self.house.storage.departments_table)
        return {department["name"]: department["id"] for department in departments}
