"""Runs every operation of the calendar in the real application and counts its units."""

import uuid
from typing import Any

from benchmarks.units import Counted, Units, stored_bytes
from models import DynamoDBDatabase
from teamcal.deadline import within
from teamcal.domain.caller import UNNAMED
from teamcal.settings import Settings
from tests.house import House, Server, right_now

EVENT = {
    "event_date": "2024-01-20",
    "title": "팀 회의",
    "time": "오후 2:00",
    "url": "https://example.com/meeting",
    "description": "이번 주 진행 상황과 다음 주 계획을 이야기합니다.",
}
"""A usual event."""
LARGEST = 700
"""Bytes (UTF-8) of the values of the largest event whose write costs no more than a usual one."""


class Office:
    """A server over new tables, whose calls are counted."""

    def __init__(self) -> None:
        self.house = House()
        self.counted = Counted(self.house.plain, self.house.plain)
        self.server = self.start_server()

    def start_server(self) -> Server:
        """Starts another server over the same tables."""
        settings = Settings(self.house.storage, "only-the-benchmark-knows-it")
        return Server(settings, DynamoDBDatabase(self.house.storage, self.counted), right_now)

    def department(self, name: str, events: int = 1) -> str:
        """Makes a department with `events` usual events, which the server has in memory."""
        department = self.server.department(name)
        records = [_record(department, number) for number in range(events)]
        with within(600):
            self.server.calendar.events.import_many(UNNAMED, department, records)
        self.server.events(department)
        return department

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Units, Any]:
        """Units and answer of a request. Raises RuntimeError if it fails."""
        answers: list[Any] = []

        def send() -> None:
            answers.append(self.server.http.open(path, method=method, json=body, headers=headers))

        units = self.counted.count(send)
        if answers[0].status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answers[0].text}")
        return units, answers[0].json

    def load(self, department: str, size: int) -> Units:
        """A new server loads the department. The deadline is longer than a request's: the engine is slow."""
        calendar = self.start_server().calendar
        calendar.departments.list_all(UNNAMED)

        def list_all() -> None:
            with within(600):
                content, _ = calendar.events.list_json(UNNAMED, department)
                if content.count(b'"event_date"') != size:
                    raise RuntimeError(f"{department} isn't complete")

        return self.counted.count(list_all)

    def join(self, server: Server, department: str, cursor: str | None) -> Units:
        request = {"department_id": department, "cursor": cursor}
        return self.counted.count(lambda: server.member().ask("join_department", request))


def _record(department: str, number: int) -> dict[str, Any]:
    at = "2024-01-15T10:30:00.000Z"
    date = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return {
        **EVENT,
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{department} {number}")),
        "department_id": department,
        "event_date": date,
        "created_at": at,
        "last_modified": at,
        "create_digest": f"{number:032x}",
    }


def largest(character: str, **fields: str) -> dict[str, str]:
    """The usual event with a description of `character`s: LARGEST bytes in all, or up to 2 fewer."""
    body = {**EVENT, **fields, "description": ""}
    room = LARGEST - sum(len(value.encode()) for value in body.values())
    return {**body, "description": character * (room // len(character.encode()))}


# Operations

Table = dict[str, Units]
"""Operation → its units."""


def reads(sizes: tuple[int, ...]) -> Table:
    """Reads of calendars with `sizes` events. A cold load is made by a new server."""
    office, table = Office(), Table()
    for size in sizes:
        department = office.department(f"부서 {size}", size)
        url = f"/api/events/{department}"
        table[f"list an unchanged calendar of {size:,} events"], answer = office.request("GET", url)
        cursor = answer["cursor"]
        name = f"the same with its ETag (304), {size:,} events"
        table[name], _ = office.request("GET", url, **{"If-None-Match": f'"{cursor}"'})
        table[f"come back with a cursor, nothing changed, {size:,} events"] = office.join(
            office.server, department, cursor
        )
        table[f"cold load of {size:,} events, after a restart"] = office.load(department, size)
    table["join, without a cursor"] = office.join(office.server, department, None)
    table["list the departments"], _ = office.request("GET", "/api/departments")
    return table


def reconnects() -> Table:
    """Joins 20 changes behind: on the server that made the changes, and on another one."""
    office = Office()
    department = office.department("영업팀", 100)
    url = f"/api/events/{department}"
    cursor = office.request("GET", url)[1]["cursor"]
    other, table = office.start_server(), Table()
    other.http.get(url)
    for _ in range(20):
        office.request("POST", url, EVENT)
    table["come back, 20 changes behind, to a server that made them"] = office.join(
        office.server, department, cursor
    )
    table["come back, 20 changes behind, to one that has to read them"] = office.join(
        other, department, cursor
    )
    table["the next who comes back to that one"] = office.join(other, department, cursor)
    office.request("POST", url, EVENT)
    table["list after a change on another server"] = office.counted.count(lambda: other.http.get(url))
    return table


def writes(event: dict[str, str], edited: dict[str, str]) -> Table:
    """Writes of an event. `edited` differs in its title only, so the date stays."""
    office, table = Office(), Table()
    here, there = office.department("기획팀"), office.department("영업팀")
    url = f"/api/events/{here}"
    table["create"], answer = office.request("POST", url, event)
    with_id = {**event, "id": str(uuid.uuid4())}
    table["create with the client's id"], _ = office.request("POST", url, with_id)
    table["the same create repeated"], _ = office.request("POST", url, with_id)
    event_url = f"/api/events/{answer['event']['id']}"
    table["update, the date stays"], _ = office.request("PUT", event_url, edited)
    table["update that changes nothing"], _ = office.request("PUT", event_url, edited)
    table["update with a new date"], _ = office.request("PUT", event_url, {"event_date": "2024-02-01"})
    table["history of 3 changes"], _ = office.request("GET", f"{event_url}/history")
    table["move to another department"], _ = office.request(
        "POST", f"{event_url}/move", {"department_id": there}
    )
    table["delete"], _ = office.request("DELETE", event_url)
    history = office.request("GET", f"{event_url}/history")[1]["history"]
    table["restore, deleted"], _ = office.request(
        "POST", f"{event_url}/restore", {"revision": history[0]["revision"]}
    )
    return table | batches(office, here, event, edited)


def batches(office: Office, department: str, event: dict[str, str], edited: dict[str, str]) -> Table:
    url = f"/api/events/{department}/batch"
    creates = {"operations": [{"op": "create", "event": event}] * 10}
    created, answer = office.request("POST", url, creates)
    ids = [result["event"]["id"] for result in answer["results"]]
    updates = {"operations": [{"op": "update", "id": event_id, "event": edited} for event_id in ids]}
    updated, _ = office.request("POST", url, updates)
    return {"batch of 10 creates, all together": created, "batch of 10 updates, all together": updated}


def departments(events: int = 100) -> Table:
    office, table = Office(), Table()
    table["department: create (the first)"], _ = office.request("POST", "/api/departments", {"name": "첫 팀"})
    table["department: create"], answer = office.request("POST", "/api/departments", {"name": "새 팀"})
    url = f"/api/departments/{answer['department']['id']}"
    table["department: rename"], _ = office.request("PUT", url, {"name": "헌 팀"})
    full = office.department("큰 팀", events)
    table["department: delete"], _ = office.request("DELETE", f"/api/departments/{full}")
    clean = office.counted.count(office.server.purge)
    table[f"department: its {events} events go afterwards"] = clean
    table["first event of a new department"], _ = office.request(
        "POST", f"/api/events/{answer['department']['id']}", EVENT
    )
    return table


def quiet_second(departments: int = 10) -> Units:
    """A round of a server's watcher in which nobody writes, with members in some departments."""
    office = Office()
    for number in range(departments):
        office.server.member(office.department(f"부서 {number}"))
    watcher = office.server.watcher(3600.0, pulses=True)
    watcher.round()
    return office.counted.count(watcher.round)


def stored_sizes() -> tuple[float, float]:
    """Bytes billed for a usual event (its index included) and for a row of the log."""
    office = Office()
    office.department("부서", 200)
    events = stored_bytes(office.house.plain, office.house.storage.events_table) / 200
    before = stored_bytes(office.house.plain, office.house.storage.changes_table)
    office.department("부서 둘", 200)
    # 202: 200 rows of events, the head, and a row in the list of departments.
    return events, (stored_bytes(office.house.plain, office.house.storage.changes_table) - before) / 202
