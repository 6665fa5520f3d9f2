"""The old application's desk: its files in a folder, and the migration run on them."""

import json
import logging
from collections.abc import Iterator
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
    "Id": 7, "DepartmentId": 1, "Title": "팀 회의", "Description": "주간 팀 회의", "Time": "오후 2:00",
    "Url": "https://example.com", "LastModified": "2024-01-15T10:30:00",
}  # fmt: skip


class Run(NamedTuple):
    """One run of the migration."""

    status: int
    out: str
    err: str


class Desk:
    """`house` has the tables, `folder` the files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.house, self.folder, self._capsys = House(), folder, capsys

    def write(self, events: Any = None, departments: Any = None) -> None:
        """Both files; the two departments unless others are given."""
        if departments is None:
            departments = {"departments": DEPARTMENTS}
        self.put("departments.json", departments)
        self.put("calendar_events.json", {} if events is None else events)

    def put(self, name: str, content: Any) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        (self.folder / name).write_bytes(raw)

    def run(self, *options: str, database: Any = None) -> Run:
        self._capsys.readouterr()
        arguments = ["--data-dir", str(self.folder), *options]
        status = migrate_to_dynamodb.main(arguments, database or self.house.database())
        return Run(status, *self._capsys.readouterr())

    def take(self, *options: str, **fields: Any) -> dict[str, Any]:
        """The event that a record with these fields becomes."""
        self.write({"2024-01-20": [{**MEETING, **fields}]})
        run = self.run(*options)
        assert run.status == 0, run.err
        (event,) = self.events()
        return event

    def refuse(self, **fields: Any) -> str:
        """The line about a record with these fields, which can't be taken."""
        self.write({"2024-01-20": [{**MEETING, **fields}]})
        run = self.run()
        assert run.status == 1
        assert not self.events()
        (line,) = [one for one in run.err.splitlines() if one.startswith("✗ calendar_events.json")]
        assert line.startswith('✗ calendar_events.json: "2024-01-20"[0]: ')
        return line

    def events(self) -> list[dict[str, Any]]:
        stored = self.house.items(self.house.storage.events_table)
        return sorted(stored, key=lambda event: (event.get("event_date", ""), event["title"]))

    def departments(self) -> dict[str, str]:
        """name → id"""
        return {one["name"]: one["id"] for one in self.house.items(self.house.storage.departments_table)}


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Desk(tmp_path, capsys)
    root.handlers[:], root.level = handlers, level
