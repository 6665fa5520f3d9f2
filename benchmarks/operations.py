"""The calendar's operations, each run through the real application, and the units that each one takes."""

import uuid
from typing import Any

from benchmarks.units import Counted, Units, stored_bytes
from models import DynamoDBDatabase
from teamcal.deadline import within
from teamcal.settings import Settings
from teamcal.sync.watcher import Tail
from tests.house import House, Server, right_now

EVENT = {
    "event_date": "2024-01-20", "title": "팀 회의", "time": "오후 2:00", "url": "https://example.com/meeting",
    "description": "이번 주 진행 상황과 다음 주 계획을 이야기합니다.",
}  # fmt: skip
"""A usual one."""
LARGEST = 700
"""Bytes (UTF-8) of the values of an event that a write should cost no more for."""


class Office:
    """A counted server over fresh tables."""

    def __init__(self) -> None:
        self.house = House()
        self.counted = Counted(self.house.plain, self.house.plain)
        self.server = self.another()

    def another(self) -> Server:
        """A server just started."""
        settings = Settings(self.house.storage, "only-the-benchmark-knows-it")
        return Server(settings, DynamoDBDatabase(self.house.storage, self.counted), right_now)

    def department(self, name: str, events: int = 1) -> str:
        """A department that the server holds, with so many usual events."""
        department = self.server.department(name)
        records = [_record(department, number) for number in range(events)]
        with within(600):
            self.server.calendar.import_events(department, records)
        self.server.events(department)
        return department

    def asked(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Units, Any]:
        """Units and answer of one request."""
        answers: list[Any] = []

        def send() -> None:
            answers.append(self.server.http.open(path, method=method, json=body, headers=headers))

        units = self.counted.count(send)
        if answers[0].status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answers[0].text}")
        return units, answers[0].json

    def loaded(self, department: str, size: int) -> Units:
        """A server just started reads the department; without a request's deadline: the engine is slow."""
        calendar = self.another().calendar
        calendar.list_departments()

        def load() -> None:
            with within(600):
                if len(calendar.list_events(department).records) != size:
                    raise RuntimeError(f"{department} isn't whole")

        return self.counted.count(load)

    def joined(self, server: Server, department: str, cursor: str | None) -> Units:
        request = {"department_id": department, "cursor": cursor}
        return self.counted.count(lambda: server.member().ask("join_department", request))


def _record(department: str, number: int) -> dict[str, Any]:
    at = "2024-01-15T10:30:00.000Z"
    date = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{department} {number}")), "department_id": department,
        **EVENT, "event_date": date, "created_at": at, "last_modified": at, "create_digest": f"{number:032x}",
    }  # fmt: skip


def largest(character: str, **fields: str) -> dict[str, str]:
    """The usual event with a description of `character`s, 700 bytes together (at most 2 less)."""
    body = {**EVENT, **fields, "description": ""}
    room = LARGEST - sum(len(value.encode()) for value in body.values())
    return {**body, "description": character * (room // len(character.encode()))}


# Operations

Table = dict[str, Units]
"""Operation → its units."""


def reads(sizes: tuple[int, ...]) -> Table:
    """Reading calendars of so many events; `cold`: by a server just started."""
    office, table = Office(), Table()
    for size in sizes:
        department = office.department(f"부서 {size}", size)
        url = f"/api/events/{department}"
        table[f"list an unchanged calendar of {size:,} events"], answer = office.asked("GET", url)
        cursor = answer["cursor"]
        name = f"the same with its ETag (304), {size:,} events"
        table[name], _ = office.asked("GET", url, **{"If-None-Match": f'"{cursor}"'})
        table[f"come back with a cursor, nothing changed, {size:,} events"] = office.joined(
            office.server, department, cursor
        )
        table[f"cold load of {size:,} events, after a restart"] = office.loaded(department, size)
    table["join, without a cursor"] = office.joined(office.server, department, None)
    table["list the departments"], _ = office.asked("GET", "/api/departments")
    return table


def coming_back() -> Table:
    """20 changes behind: where they were made, on another server, and after a restart."""
    office = Office()
    department = office.department("영업팀", 100)
    url = f"/api/events/{department}"
    cursor = office.asked("GET", url)[1]["cursor"]
    other, table = office.another(), Table()
    other.http.get(url)
    for _ in range(20):
        office.asked("POST", url, EVENT)
    table["come back, 20 changes behind, to a server that made them"] = office.joined(
        office.server, department, cursor
    )
    table["come back, 20 changes behind, to one that has to read them"] = office.joined(
        other, department, cursor
    )
    table["the next who comes back to that one"] = office.joined(other, department, cursor)
    office.asked("POST", url, EVENT)
    table["list after a change on another server"] = office.counted.count(lambda: other.http.get(url))
    return table


def writes(event: dict[str, str], edited: dict[str, str]) -> Table:
    """Operations on one event, which becomes `edited`; the title only, so the date stays."""
    office, table = Office(), Table()
    here, there = office.department("기획팀"), office.department("영업팀")
    url = f"/api/events/{here}"
    table["create"], answer = office.asked("POST", url, event)
    with_id = {**event, "id": str(uuid.uuid4())}
    table["create with the client's id"], _ = office.asked("POST", url, with_id)
    table["the same create repeated"], _ = office.asked("POST", url, with_id)
    one = f"/api/events/{answer['event']['id']}"
    table["update, the date stays"], _ = office.asked("PUT", one, edited)
    table["update that changes nothing"], _ = office.asked("PUT", one, edited)
    table["update with a new date"], _ = office.asked("PUT", one, {"event_date": "2024-02-01"})
    table["history of 3 changes"], _ = office.asked("GET", f"{one}/history")
    table["move to another department"], _ = office.asked("POST", f"{one}/move", {"department_id": there})
    table["delete"], _ = office.asked("DELETE", one)
    history = office.asked("GET", f"{one}/history")[1]["history"]
    table["restore, deleted"], _ = office.asked(
        "POST", f"{one}/restore", {"revision": history[0]["revision"]}
    )
    return table | batches(office, here, event, edited)


def batches(office: Office, department: str, event: dict[str, str], edited: dict[str, str]) -> Table:
    url = f"/api/events/{department}/batch"
    creates = {"operations": [{"op": "create", "event": event}] * 10}
    created, answer = office.asked("POST", url, creates)
    ids = [result["event"]["id"] for result in answer["results"]]
    updates = {"operations": [{"op": "update", "id": one, "event": edited} for one in ids]}
    updated, _ = office.asked("POST", url, updates)
    return {"batch of 10 creates, all together": created, "batch of 10 updates, all together": updated}


def departments(events: int = 100) -> Table:
    office, table = Office(), Table()
    table["department: create (the first)"], _ = office.asked("POST", "/api/departments", {"name": "첫 팀"})
    table["department: create"], answer = office.asked("POST", "/api/departments", {"name": "새 팀"})
    url = f"/api/departments/{answer['department']['id']}"
    table["department: rename"], _ = office.asked("PUT", url, {"name": "헌 팀"})
    full = office.department("큰 팀", events)
    table["department: delete"], _ = office.asked("DELETE", f"/api/departments/{full}")
    clean = office.counted.count(office.server.calendar.purge)
    table[f"department: its {events} events go afterwards"] = clean
    table["first event of a new department"], _ = office.asked(
        "POST", f"/api/events/{answer['department']['id']}", EVENT
    )
    return table


def timer(watched: int = 10) -> Units:
    """One round of the timer, for each department with members (the list of departments is one more)."""
    office = Office()
    for number in range(watched):
        office.server.member(office.department(f"부서 {number}"))
    tail = Tail(
        office.server.calendar.replicas,
        office.server.calendar.purge,
        5.0,
        lambda seconds: None,
        lambda task: None,
    )
    return Units(office.counted.count(tail.look).read / (watched + 1))


def stored_sizes() -> tuple[float, float]:
    """Bytes billed for a usual event (with its index) and for a row of the log."""
    office = Office()
    office.department("부서", 200)
    events = stored_bytes(office.house.plain, office.house.storage.events_table) / 200
    before = stored_bytes(office.house.plain, office.house.storage.changes_table)
    office.department("부서 둘", 200)
    # Its 200 rows, its head, and its row in the list of departments.
    return events, (stored_bytes(office.house.plain, office.house.storage.changes_table) - before) / 202
