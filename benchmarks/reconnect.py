"""All members reconnect at once after a crash, each with a cursor that is 20 changes behind."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fanout import makers
from benchmarks.measure import OURS, Report, Target, exponent, rotated
from benchmarks.servers import CalendarServer, Server
from benchmarks.websocket_clients import Members, Room

BEHIND = 20
READS = ("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems")
PAGE = (
    r"^(until the last|of it until|CPU, |CPU of the engine|memory).*5,000 members",
    r"^(calls of (GetItem|Query)|log queries|answers with).*5,000 members",
    r"^growth",
)
METHOD = f"""\
Members in departments of 50 are connected; the server is killed with SIGKILL (the engine goes on, as DynamoDB
would) and started anew at the same address. Every member comes back as soon as it is dropped, and tries again
after 0.1 s, doubled up to 2 s, when it is refused. It joins with a cursor {BEHIND} changes behind (10 made,
7 changed, 3 deleted), and is up to date when the answer to its join has reached the newest revision; one
that has not fails the run. Times are from the kill on and include the start of the server; so does its CPU.
Calls of DynamoDB are counted where botocore sends them, from the start of the new process until the last
member is up to date. The peers' members only connect and join: there is nothing to catch up with.
"""


@dataclass(frozen=True)
class Shape:
    """Number of members, departments, and events of each department before the missed changes."""

    members: int
    departments: int
    events: int

    def __str__(self) -> str:
        return f"{self.members:,} members, {self.departments} departments of {self.events:,} events"


FULL, FEWER, LARGER = Shape(5_000, 100, 200), Shape(500, 10, 200), Shape(500, 10, 2_000)
QUICK = Shape(200, 4, 50)


def run(scratch: Path, runs: int = 5, quick: bool = False) -> Iterator[Report]:
    """`quick`: 200 members."""
    report = Report("Reconnect", METHOD, PAGE)
    shapes = (QUICK,) if quick else (FULL, FEWER, LARGER)
    servers = makers(scratch, report, plain=False)
    servers[OURS] = lambda: CalendarServer(scratch, application="benchmarks.counted:app")
    for number in range(runs):
        for name in rotated(list(servers), number):
            # The smaller shapes are for the growth of ours.
            for shape in shapes if name == OURS else shapes[:1]:
                one_run(report, servers[name], shape, scratch)
        if not quick:
            growth(report)
        report.targets = targets(report, shapes[0])
        yield report


def one_run(report: Report, make: Callable[[], Server], shape: Shape, scratch: Path) -> None:
    with make() as server:
        rooms = prepare(server, shape)
        with Members(server.port, rooms, scratch) as members:
            members.connect(shape.members)
            engine = server.usage("engine")
            members.tell("return 0 120")
            time.sleep(0.2)  # until the client waits for disconnections
            server.kill()
            server.start()
            seen = members.hear()
            web, engines = sum(server.usage().seconds.values()), server.usage("engine").since(engine)
        if seen["back"] != shape.members or seen["behind"]:
            raise RuntimeError(f"not every member is up to date again: {seen}")
        record(report, server, shape, seen, web)
        if isinstance(server, CalendarServer):
            report.figure(f"CPU of the engine, {shape}", "s").add(server.name, engines)
            record_calls(report, server, shape, seen)


def record(report: Report, server: Server, shape: Shape, seen: dict[str, Any], cpu: float) -> None:
    def add(name: str, unit: str, value: float, note: str = "") -> None:
        report.figure(f"{name}, {shape}", unit, note).add(server.name, value)

    add("until the last is up to date", "s", seen["seconds"], "since the kill")
    add("of it until the first is let in", "s", seen["down_s"])
    add("CPU", "s", cpu, "of the web process, its start included")
    add("memory", "MB", server.memory() / 1024**2)
    add("connections refused", "", seen["retries"], "nearly all before the server listens")
    add("joins refused", "", seen["refused"])
    add("CPU of the load client", "s", seen["client_cpu_s"])


def record_calls(report: Report, server: CalendarServer, shape: Shape, seen: dict[str, Any]) -> None:
    _, counted = server.request("GET", "/-/counted")
    operations, log_queries = counted["operations"], counted["log_queries"]
    if not operations:
        raise RuntimeError("no call of DynamoDB was counted; do the calls still go through botocore?")
    for operation in READS:
        if operations.get(operation):
            report.figure(f"calls of {operation}, {shape}", "").add(server.name, operations[operation])
    asked = max((calls for log, calls in log_queries.items() if log != "*"), default=0)
    report.figure(f"log queries of a department at most, {shape}", "").add(server.name, asked)
    report.figure(f"answers with the whole calendar, {shape}", "").add(server.name, seen["full"])


def prepare(server: Server, shape: Shape) -> list[Room]:
    """Rooms with the cursor from before the missed changes and the revision after them, one a department."""
    if not isinstance(server, CalendarServer):
        return [Room(f"department-{number}") for number in range(shape.departments)]
    rooms = []
    for number in range(shape.departments):
        department = server.department(f"부서 {number}")
        for start in range(0, shape.events, 500):
            change(server, department, [created(n) for n in range(start, min(start + 500, shape.events))])
        before = listed(server, department)
        change(server, department, missed(before["events"]))
        rooms.append(Room(department, before["cursor"], listed(server, department)["revision"]))
    return rooms


def created(number: int) -> dict[str, Any]:
    day = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
    event = {
        "event_date": day,
        "title": f"팀 회의 {number}",
        "description": "주간 팀 회의",
        "time": "오후 2:00",
    }
    return {"op": "create", "event": event}


def missed(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """BEHIND changes that the members miss."""
    edits = [{"op": "update", "id": event["id"], "event": {"time": "16:00"}} for event in events[:7]]
    deletions = [{"op": "delete", "id": event["id"]} for event in events[7:10]]
    return [created(number) for number in range(BEHIND - 10)] + edits + deletions


def change(server: CalendarServer, department: str, operations: list[dict[str, Any]]) -> None:
    status, answer = server.request("POST", f"/api/events/{department}/batch", {"operations": operations})
    if status != 200 or any(result["status"] >= 300 for result in answer["results"]):
        raise RuntimeError(f"the calendar can't be prepared: {status} {str(answer)[:300]}")


def listed(server: CalendarServer, department: str) -> dict[str, Any]:
    answer: dict[str, Any] = server.request("GET", f"/api/events/{department}")[1]
    return answer


def growth(report: Report) -> None:
    """Growth of CPU and time at ten times the members and departments, and at ten times the events."""
    note = "1: ten times as much takes ten times as long; 0: it makes no difference"
    steps = {"members and departments": (FEWER, FULL), "events of a department": (FEWER, LARGER)}
    for name in ("CPU", "until the last is up to date"):
        for what, (small, large) in steps.items():
            less = report.figure(f"{name}, {small}", "s").values[OURS]
            more = report.figure(f"{name}, {large}", "s").values[OURS]
            figure = report.figure(f"growth with ten times the {what}: {name}", "exponent", note)
            figure.values[OURS] = [exponent(a, b, 10) for a, b in zip(less, more, strict=True)]


def targets(report: Report, shape: Shape) -> list[Target]:
    def runs_of(name: str) -> list[float]:
        return report.figure(f"{name}, {shape}", "").values.get(OURS, [])

    return [
        Target(f"all up to date: {shape}", 15, runs_of("until the last is up to date"), "s"),
        Target("log queries a department", 1, runs_of("log queries of a department at most"), ""),
    ]
